//! Waiting. The only place that sleeps; every other call returns at once.

use std::sync::Arc;

use crate::{Lookup, Nanoseconds, Result, Sink, Socket, Source};

/// A condition to wait for. It owns its stream, socket or lookup, so that it can be kept from wait to wait, shared, and handed to another
/// thread. The stream, socket or lookup stays open as long as the interest is kept.
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
    /// The kernel's work for a wait does not grow with idle sockets that were in the lists of earlier waits, too. A stream, socket or
    /// lookup that is dropped between two waits is forgotten without a call.
    ///
    /// # Errors
    /// `Invalid` where there is nothing to wait for (no interest, no deadline); `InsufficientMemory`; `Deadlock` of a system
    /// whose time is virtual, where every guest of it waits and nothing can ever happen.
    fn wait(&mut self, interests: &[&Interest], until: Option<Nanoseconds>, ready: &mut Vec<usize>) -> Result<()>;
}
