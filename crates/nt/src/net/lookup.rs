//! Names to addresses: the system's resolver (`GetAddrInfoW`, behind the standard library), which waits, on a few threads of its
//! own.
//!
//! Not `GetAddrInfoExW`, which doesn't wait: it takes as many lookups as it is given, on threads of its own, so the queue here
//! would be needed all the same, and the memory that it writes to would have to outlive a lookup that nobody wants any more.
//!
//! Hazard: a resolver that hangs holds a thread for as long as it likes, so there are at most [`THREADS`], and a lookup
//! that is dropped is taken out of the queue or its answer thrown away; nobody waits for the thread.

use std::collections::{HashSet, VecDeque};
use std::io;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use callgate_system::{Code, Error, Lookup, Result};

use crate::error::Winsock;
use crate::wake::{Wake, Wakers};

/// As many lookups run at once.
const THREADS: usize = 4;

/// As many wait for a thread.
const WAITING: usize = 1024;

type Answer = Result<Vec<IpAddr>>;
type Resolve = dyn Fn(&str) -> Answer + Send + Sync;

/// All lookups of a network.
pub(super) struct Lookups {
    shared: Arc<Shared>,
}

struct Shared {
    resolve: Box<Resolve>,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<(String, Weak<NtLookup>)>,
    threads: usize,
}

/// One lookup.
pub(super) struct NtLookup {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    answer: Option<Answer>,
    wakers: Wakers,
}

/// Locks what no panic leaves half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for Lookups {
    fn default() -> Self {
        Self::by(resolve)
    }
}

impl Lookups {
    /// Lookups by any resolver.
    fn by(resolve: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        Self { shared: Arc::new(Shared { resolve: Box::new(resolve), queue: Mutex::default() }) }
    }

    /// Begins one.
    pub(super) fn begin(&self, name: &str) -> Result<Arc<NtLookup>> {
        let lookup = NtLookup::unanswered();
        let mut queue = lock(&self.shared.queue);
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
    fn next(&self) -> Option<(String, Weak<NtLookup>)> {
        let mut queue = lock(&self.queue);
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

impl NtLookup {
    /// One that needs no resolver.
    pub(super) fn answered(address: IpAddr) -> Self {
        Self { state: Mutex::new(State { answer: Some(Ok(vec![address])), wakers: Wakers::default() }) }
    }

    /// One that the resolver will come to.
    pub(super) fn unanswered() -> Arc<Self> {
        Arc::new(Self { state: Mutex::default() })
    }

    /// Whether the answer is there; if not, `waker` is woken with it.
    pub(super) fn poll(&self, waker: &Arc<dyn Wake>) -> bool {
        let mut state = lock(&self.state);
        if state.answer.is_none() {
            state.wakers.register(waker);
        }
        state.answer.is_some()
    }

    /// Keeps the answer, and wakes who waits for it.
    pub(super) fn end(&self, answer: Answer) {
        let mut state = lock(&self.state);
        state.answer = Some(answer);
        state.wakers.wake_all();
    }
}

impl Lookup for NtLookup {
    fn addresses(&self) -> Result<Vec<IpAddr>> {
        lock(&self.state).answer.clone().unwrap_or_else(|| Err(Code::WouldBlock.into()))
    }
}

/// Asks the system.
fn resolve(name: &str) -> Answer {
    match (name, 0).to_socket_addrs() {
        Ok(found) => {
            let addresses = distinct(found.map(|address| address.ip()));
            if addresses.is_empty() { Err(Code::NameUnresolvable.into()) } else { Ok(addresses) }
        }
        Err(error) => Err(not_resolved(&error)),
    }
}

/// Each address once, none of IPv4 written as IPv6, in the order given.
fn distinct(addresses: impl Iterator<Item = IpAddr>) -> Vec<IpAddr> {
    let mut seen = HashSet::new();
    addresses.map(|address| address.to_canonical()).filter(|address| seen.insert(*address)).collect()
}

/// The resolver's error: Winsock's code. What isn't about names at all (no memory, no network) may be over next time.
fn not_resolved(error: &io::Error) -> Error {
    let Some(number) = error.raw_os_error() else { return Code::NameUnresolvable.into() };
    let said = Winsock(number.unsigned_abs());
    let portable = said.portable();
    match portable.code {
        Code::NameUnresolvable | Code::TemporaryResolverFailure | Code::PermanentResolverFailure => portable,
        _ => said.meaning(Code::TemporaryResolverFailure),
    }
}

#[cfg(test)]
mod tests;
