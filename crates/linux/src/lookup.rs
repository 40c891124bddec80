//! Names to addresses: the C library's resolver, which waits, on a few threads of its own, and for each lookup an
//! eventfd that becomes readable with the answer.
//!
//! Hazards: a resolver that hangs holds a thread for as long as it likes, so there are at most [`THREADS`], and a lookup
//! that is dropped is taken out of the queue or its answer thrown away; nobody waits for the thread. The standard library
//! keeps only the text of the resolver's error, which is read here ([`classified`]).

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use callgate_system::{Code, Lookup, Result};
use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;

use crate::descriptor::Descriptor;
use crate::error::{Portable as _, portable};
use crate::network::distinct;

/// As many lookups run at once.
const THREADS: usize = 4;

/// As many wait for a thread.
const WAITING: usize = 1024;

type Answer = Result<Vec<IpAddr>>;
type Resolve = dyn Fn(&str) -> Answer + Send + Sync;

/// All lookups of a network.
pub(crate) struct Lookups {
    shared: Arc<Shared>,
}

struct Shared {
    resolve: Box<Resolve>,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<(String, Weak<LinuxLookup>)>,
    threads: usize,
}

/// One lookup.
pub(crate) struct LinuxLookup {
    answer: OnceLock<Answer>,
    /// Readable once the answer is there; `None` where it was from the start.
    signal: Option<Descriptor>,
}

impl Default for Lookups {
    fn default() -> Self {
        Self::by(resolve)
    }
}

impl Lookups {
    /// Lookups by any resolver.
    pub(crate) fn by(resolve: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        Self { shared: Arc::new(Shared { resolve: Box::new(resolve), queue: Mutex::default() }) }
    }

    /// Begins one.
    pub(crate) fn begin(&self, name: &str) -> Result<Arc<LinuxLookup>> {
        let signal = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).portable()?;
        let lookup = Arc::new(LinuxLookup { answer: OnceLock::new(), signal: Some(Descriptor::own(signal)) });
        let mut queue = self.shared.queue();
        if queue.waiting.len() >= WAITING {
            queue.waiting.retain(|(_, lookup)| lookup.strong_count() > 0);
        }
        if queue.waiting.len() >= WAITING {
            return Err(Code::TemporaryResolverFailure.into());
        }
        if queue.threads < THREADS {
            let shared = Arc::clone(&self.shared);
            match std::thread::Builder::new().name("lookup".into()).spawn(move || shared.serve()) {
                Ok(_) => queue.threads += 1,
                // One that runs will come to it.
                Err(_) if queue.threads > 0 => {}
                Err(_) => return Err(Code::InsufficientMemory.into()),
            }
        }
        queue.waiting.push_back((name.to_owned(), Arc::downgrade(&lookup)));
        Ok(lookup)
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        // No panic leaves a queue half changed.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers, until nothing waits.
    fn serve(&self) {
        while let Some((name, lookup)) = self.next() {
            let answer = (self.resolve)(&name);
            if let Some(lookup) = lookup.upgrade() {
                lookup.end(answer);
            }
        }
    }

    /// The next one that somebody still wants to know; else, one thread less.
    fn next(&self) -> Option<(String, Weak<LinuxLookup>)> {
        let mut queue = self.queue();
        loop {
            match queue.waiting.pop_front() {
                Some((_, lookup)) if lookup.strong_count() == 0 => {}
                Some(next) => return Some(next),
                None => {
                    queue.threads -= 1;
                    return None;
                }
            }
        }
    }
}

impl LinuxLookup {
    /// One that needs no resolver.
    pub(crate) fn answered(address: IpAddr) -> Self {
        Self { answer: OnceLock::from(Ok(vec![address])), signal: None }
    }

    /// What to poll; `None` where the answer is there.
    pub(crate) fn pending(&self) -> Option<&Descriptor> {
        if self.answer.get().is_some() { None } else { self.signal.as_ref() }
    }

    fn end(&self, answer: Answer) {
        let _ = self.answer.set(answer);
        if let Some(signal) = &self.signal {
            // From 0, 1 always fits.
            let _ = rustix::io::write(signal, &1_u64.to_ne_bytes());
        }
    }
}

impl Lookup for LinuxLookup {
    fn addresses(&self) -> Result<Vec<IpAddr>> {
        self.answer.get().cloned().unwrap_or_else(|| Err(Code::WouldBlock.into()))
    }
}

/// Asks the C library.
fn resolve(name: &str) -> Answer {
    match (name, 0).to_socket_addrs() {
        Ok(found) => {
            let addresses = distinct(found.map(|address: SocketAddr| address.ip()));
            if addresses.is_empty() { Err(Code::NameUnresolvable.into()) } else { Ok(addresses) }
        }
        Err(error) => Err(classified(&error)),
    }
}

/// The resolver's error, from the text of `gai_strerror`: glibc's and musl's, which no locale changes, because the
/// process never sets one.
fn classified(error: &io::Error) -> callgate_system::Error {
    if let Some(errno) = Errno::from_io_error(error) {
        return callgate_system::Error { code: Code::TemporaryResolverFailure, ..portable(errno) };
    }
    let text = error.to_string();
    let says = |words: &[&str]| words.iter().any(|words| text.contains(words));
    let code = if says(&["Temporary failure", "Try again", "Memory allocation", "Out of memory"]) {
        Code::TemporaryResolverFailure
    } else if says(&["Non-recoverable", "Unrecoverable"]) {
        Code::PermanentResolverFailure
    } else {
        Code::NameUnresolvable
    };
    code.into()
}

#[cfg(test)]
mod tests;
