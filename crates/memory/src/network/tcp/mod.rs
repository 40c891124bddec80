//! Streams: from fresh over bound to listening, or to connecting and connected, as Linux has them.
//!
//! A connection is there as soon as it finds room in a listener's queue, and both ends can send from then on. If the queue is
//! full, the socket that connects waits for its turn. The bytes that one end sends stand in the other's inbox at once, or, with a
//! delay, on their way there: the two buffers of a direction, the sender's and the receiver's, are one.
//!
//! `connect` makes connections, `talk` is their life.

mod connect;
mod talk;

use std::collections::VecDeque;
use std::net::SocketAddr;

use callgate_system::{Code, Nanoseconds, Result};

use super::inbox::Inbox;
use super::ports::Number;

/// The state of a stream.
pub(super) enum Stage {
    /// Fresh or bound.
    Apart,
    Listening(Queue),
    Connecting(Attempt),
    /// Has a peer, or had one.
    Connected(End),
    /// Found nobody.
    Failed,
}

/// The connections and sockets that wait at a listener.
pub(super) struct Queue {
    backlog: usize,
    /// Connections, each with the time from which on it can be accepted.
    ready: VecDeque<(Number, Nanoseconds)>,
    /// Sockets that connect, and wait for room among the ready.
    turned_away: VecDeque<Number>,
}

/// The state of an attempt to connect.
pub(super) enum Attempt {
    /// The listener, and the address it is wanted at; its queue is full.
    Waiting(Number, SocketAddr),
    /// Told from this time on.
    Refused(Nanoseconds),
    /// Told from this time on.
    Made(Nanoseconds, End),
}

/// One end of a connection.
pub(super) struct End {
    remote: SocketAddr,
    /// The socket at the other end; none once that is dropped, or the connection reset.
    peer: Option<Number>,
    inbox: Inbox,
    /// The peer sends no more.
    ended: bool,
    /// Not shut down.
    sends: bool,
    receives: bool,
    /// Dropping it is a reset.
    aborts: bool,
    /// The connection is gone: whatever is sent, nobody gets it.
    broken: bool,
    /// Still to be told.
    error: Option<Code>,
}

impl End {
    fn new(remote: SocketAddr, peer: Number) -> Self {
        let peer = Some(peer);
        Self {
            remote,
            peer,
            inbox: Inbox::default(),
            ended: false,
            sends: true,
            receives: true,
            aborts: false,
            broken: false,
            error: None,
        }
    }

    fn is_over(&self) -> bool {
        self.ended || self.broken || !self.receives
    }

    fn is_receivable(&self, now: Nanoseconds) -> bool {
        self.inbox.ready(now) > 0 || (self.inbox.len() == 0 && (self.error.is_some() || self.is_over()))
    }
}

impl Stage {
    pub(super) fn is_receivable(&self, now: Nanoseconds) -> bool {
        match self {
            Self::Apart | Self::Failed => true,
            Self::Listening(queue) => queue.ready.front().is_some_and(|(_, due)| *due <= now),
            Self::Connecting(Attempt::Waiting(..)) => false,
            Self::Connecting(Attempt::Refused(due)) => *due <= now,
            Self::Connecting(Attempt::Made(due, end)) => *due <= now && end.is_receivable(now),
            Self::Connected(end) => end.is_receivable(now),
        }
    }

    /// When the next thing arrives that had not by `after`.
    pub(super) fn next_due(&self, after: Nanoseconds) -> Option<Nanoseconds> {
        let (told, end) = match self {
            Self::Apart | Self::Failed | Self::Connecting(Attempt::Waiting(..)) => return None,
            Self::Listening(queue) => (queue.ready.iter().map(|(_, due)| *due).find(|due| *due > after), None),
            Self::Connecting(Attempt::Refused(due)) => (Some(*due), None),
            Self::Connecting(Attempt::Made(due, end)) => (Some(*due), Some(end)),
            Self::Connected(end) => (None, Some(end)),
        };
        let bytes = end.and_then(|end| end.inbox.next_due(after));
        told.filter(|due| *due > after).into_iter().chain(bytes).min()
    }

    /// The end of a connection, be it told of yet or not.
    fn end_mut(&mut self) -> Option<&mut End> {
        match self {
            Self::Connecting(Attempt::Made(_, end)) | Self::Connected(end) => Some(end),
            _ => None,
        }
    }

    fn connected_mut(&mut self) -> Result<&mut End> {
        match self {
            Self::Connected(end) => Ok(end),
            _ => Err(Code::InvalidState.into()),
        }
    }
}
