//! Lookups of names, for systems whose resolver waits: it is asked on a few threads of its own.
//!
//! A backend supplies the resolver, and a [`Notify`] that wakes the thread that sleeps for an answer. The promises of a lookup
//! ([`Lookup`]) are kept here.
//!
//! Hazard: a resolver that hangs holds a thread for as long as it likes, so there are few, and a lookup that is dropped is
//! taken out of the queue or its answer thrown away; nobody waits for the thread.

use std::collections::{HashSet, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use crate::{Code, HostName, Lookup, Result};

#[cfg(test)]
mod tests;

/// As many lookups run at once.
pub const THREADS: usize = 4;

/// As many wait for a thread.
const WAITING: usize = 1024;

/// Addresses of an answer at the most; the owner of a name decides how many it has. The rest of an answer is left out.
pub const MOST: usize = 256;

type Answer = Result<Vec<IpAddr>>;

/// What is asked for the addresses of a name; it may wait. They may be none, come twice, or be IPv4 written as IPv6.
pub type Resolver = Box<dyn Fn(&str) -> Result<Vec<IpAddr>> + Send + Sync>;

/// Wakes the thread that waits for a lookup.
pub trait Notify: Send + Sync + 'static {
    /// The answer is there. Called once at most, from another thread; never waits.
    fn notify(&self);
}

impl<N: Notify> Notify for Arc<N> {
    fn notify(&self) {
        (**self).notify();
    }
}

/// All lookups of a network.
pub struct Lookups<N> {
    shared: Arc<Shared<N>>,
}

struct Shared<N> {
    resolve: Resolver,
    queue: Mutex<Queue<N>>,
}

struct Queue<N> {
    waiting: VecDeque<(String, Weak<QueuedLookup<N>>)>,
    threads: usize,
}

/// A lookup that the resolver comes to.
pub struct QueuedLookup<N> {
    answer: OnceLock<Answer>,
    notify: N,
}

/// A lookup that was answered from the beginning. It is no system's own, so that every waiter takes it for met.
pub struct Answered(pub Result<Vec<IpAddr>>);

impl<N: Notify> Lookups<N> {
    /// Lookups by `resolve`, which may wait. Its addresses may be none, come twice, or be IPv4 written as IPv6.
    pub fn new(resolve: impl Fn(&str) -> Result<Vec<IpAddr>> + Send + Sync + 'static) -> Self {
        let queue = Mutex::new(Queue { waiting: VecDeque::new(), threads: 0 });
        Self { shared: Arc::new(Shared { resolve: Box::new(resolve), queue }) }
    }

    /// [`Network::resolve`](crate::Network::resolve). `notify` is called only where there is something to wait for. The notifier that
    /// it makes is dropped with the lookup.
    ///
    /// # Errors
    /// As [`Network::resolve`](crate::Network::resolve), and those of `notify`.
    pub fn resolve(&self, name: &str, notify: impl FnOnce() -> Result<N>) -> Result<Arc<dyn Lookup>> {
        match HostName::parse(name)? {
            HostName::Address(address) => Ok(Arc::new(Answered(Ok(vec![address])))),
            HostName::Name(name) => Ok(self.begin(name, notify()?)?),
        }
    }

    fn begin(&self, name: &str, notify: N) -> Result<Arc<QueuedLookup<N>>> {
        let lookup = Arc::new(QueuedLookup { answer: OnceLock::new(), notify });
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

impl<N: Notify> Shared<N> {
    fn queue(&self) -> MutexGuard<'_, Queue<N>> {
        // No panic leaves a queue half changed.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers, until nothing waits.
    fn serve(&self) {
        while let Some((name, lookup)) = self.next() {
            let answer = (self.resolve)(&name).and_then(distinct);
            if let Some(lookup) = lookup.upgrade() {
                let _ = lookup.answer.set(answer);
                lookup.notify.notify();
            }
        }
    }

    /// The next one that somebody still wants to know; else, one thread less.
    fn next(&self) -> Option<(String, Weak<QueuedLookup<N>>)> {
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

impl<N> QueuedLookup<N> {
    /// The notifier that is still to be called; `None` once the answer is there.
    pub fn pending(&self) -> Option<&N> {
        if self.answer.get().is_some() { None } else { Some(&self.notify) }
    }
}

impl<N: Notify> Lookup for QueuedLookup<N> {
    fn addresses(&self) -> Result<Vec<IpAddr>> {
        self.answer.get().cloned().unwrap_or_else(|| Err(Code::WouldBlock.into()))
    }
}

impl Lookup for Answered {
    fn addresses(&self) -> Result<Vec<IpAddr>> {
        self.0.clone()
    }
}

/// Each address once, none of IPv4 written as IPv6, in the order given; at least one, and at most [`MOST`].
fn distinct(found: Vec<IpAddr>) -> Answer {
    let mut seen = HashSet::new();
    let canonical = found.iter().map(IpAddr::to_canonical);
    let addresses: Vec<_> = canonical.filter(|address| seen.insert(*address)).take(MOST).collect();
    if addresses.is_empty() { Err(Code::NameUnresolvable.into()) } else { Ok(addresses) }
}
