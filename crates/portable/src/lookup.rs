//! Names to addresses: the system's resolver, which waits, on a few threads of its own; the bell rings with each answer.
//!
//! Hazards: a resolver that hangs holds a thread for as long as it likes, so there are at most [`THREADS`], and a lookup
//! that is dropped is taken out of the queue or its answer thrown away; nobody waits for the thread. On Unix the standard
//! library keeps only the text of the resolver's error, which is read here ([`classified`]).

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use callgate_system::{Code, Lookup, Result};

use crate::bell::Bell;
use crate::error::{coded, portable};
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
    bell: Arc<Bell>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<(String, Weak<PortableLookup>)>,
    threads: usize,
}

/// One lookup.
#[derive(Default)]
pub(crate) struct PortableLookup {
    answer: OnceLock<Answer>,
}

impl Lookups {
    /// Lookups by the system's resolver.
    pub(crate) fn new(bell: &Arc<Bell>) -> Self {
        Self::by(resolve, bell)
    }

    fn by(resolve: impl Fn(&str) -> Answer + Send + Sync + 'static, bell: &Arc<Bell>) -> Self {
        let (resolve, bell) = (Box::new(resolve), Arc::clone(bell));
        Self { shared: Arc::new(Shared { resolve, queue: Mutex::default(), bell }) }
    }

    /// Begins one.
    pub(crate) fn begin(&self, name: &str) -> Result<Arc<PortableLookup>> {
        let lookup = Arc::new(PortableLookup::default());
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
                let _ = lookup.answer.set(answer);
                self.bell.ring();
            }
        }
    }

    /// The next one that somebody still wants to know; else, one thread less.
    fn next(&self) -> Option<(String, Weak<PortableLookup>)> {
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

impl PortableLookup {
    /// One that needs no resolver.
    pub(crate) fn answered(address: IpAddr) -> Self {
        Self { answer: OnceLock::from(Ok(vec![address])) }
    }

    pub(crate) fn is_answered(&self) -> bool {
        self.answer.get().is_some()
    }
}

impl Lookup for PortableLookup {
    fn addresses(&self) -> Result<Vec<IpAddr>> {
        self.answer.get().cloned().unwrap_or_else(|| Err(Code::WouldBlock.into()))
    }
}

/// Asks the system.
fn resolve(name: &str) -> Answer {
    match (name, 0).to_socket_addrs() {
        Ok(found) => {
            let addresses = distinct(found.map(|address: SocketAddr| address.ip()));
            if addresses.is_empty() { Err(Code::NameUnresolvable.into()) } else { Ok(addresses) }
        }
        Err(error) => Err(classified(error)),
    }
}

/// The resolver's error: by its number (Windows), or from the text of `gai_strerror`: glibc's, musl's and macOS's, which
/// no locale changes, because the process never sets one.
fn classified(error: io::Error) -> callgate_system::Error {
    if error.raw_os_error().is_some() {
        let error = portable(error);
        let is_answer = matches!(error.code, Code::NameUnresolvable | Code::PermanentResolverFailure);
        return if is_answer { error } else { coded(Code::TemporaryResolverFailure, error) };
    }
    let text = error.to_string().to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|words| text.contains(words));
    let code = if says(&["temporary failure", "try again", "memory allocation", "out of memory"]) {
        Code::TemporaryResolverFailure
    } else if says(&["non-recoverable", "unrecoverable"]) {
        Code::PermanentResolverFailure
    } else {
        Code::NameUnresolvable
    };
    code.into()
}

#[cfg(test)]
mod tests;
