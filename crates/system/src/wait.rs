//! Waiting. The only place that sleeps; every other call returns at once.

use std::sync::Arc;

use crate::{Lookup, Nanoseconds, Result, Sink, Socket, Source};

/// What to wait for. It owns that, so that it can be kept from wait to wait, shared, and handed to another thread; and what it owns stays open
/// as long as it is kept.
///
/// Met means so at that moment: another that reads the same stream or socket may come before.
#[derive(Clone)]
pub enum Interest {
    /// Bytes to read, or the end of them.
    Readable(Arc<dyn Source>),
    /// Room to write, or an error that a write would meet.
    Writable(Arc<dyn Sink>),
    /// Of a connected stream: bytes to receive, the end, or an error. Of a listening one: a connection to accept. Of a
    /// datagram socket: a message or an error. Of a stream that is none of these and not connecting either: met.
    Receivable(Arc<dyn Socket>),
    /// Of a connecting stream: the outcome. Of a connected one: room to send, or an error that a send would meet. Of a
    /// datagram socket: room for a message, or an error. Of a fresh or bound stream: met. Of a listening one: never
    /// promised.
    Sendable(Arc<dyn Socket>),
    /// The answer, be it an error.
    Resolved(Arc<dyn Lookup>),
}

/// A place to wait.
pub trait Waiter: Send {
    /// Returns as soon as one of `interests` is met or the monotonic clock reaches `until` (never, where `None`), and
    /// pushes the indices of those met, ascending, onto `ready`, which it clears first. A deadline in the past asks
    /// without waiting; then `ready` may be empty. A stream, socket or lookup of another system counts as met.
    ///
    /// What the kernel has to do for a wait does not grow with the sockets that the waits before had in their lists, too,
    /// and on which nothing happens. What is dropped between two waits is forgotten by itself.
    ///
    /// # Errors
    /// `Invalid` where there is nothing to wait for (no interest, no deadline); `InsufficientMemory`; `Deadlock` of a system
    /// whose time is virtual, where every guest of it waits and nothing can ever happen.
    fn wait(&mut self, interests: &[&Interest], until: Option<Nanoseconds>, ready: &mut Vec<usize>) -> Result<()>;
}
