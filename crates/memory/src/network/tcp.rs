//! Streams: from fresh over bound to listening, or to connecting and connected, as Linux has them.
//!
//! A connection is there as soon as it finds room in a listener's queue, and both ends can send from then on; where the queue
//! is full, who connects waits for its turn. What one end sends stands in the other's inbox at once, or, with a delay, on its
//! way there: the two buffers of a direction, the sender's and the receiver's, are one.

use std::collections::VecDeque;
use std::net::SocketAddr;

use callgate_system::{Code, Kind, Nanoseconds, Result, Shutdown};

use super::inbox::Inbox;
use super::net::{Net, Role};
use super::ports::{Number, plain, require_reachable};

/// The most that wait to be accepted by one listener: `SOMAXCONN` of Linux.
const BACKLOG: u32 = 4_096;

/// How far a stream has come.
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

/// Who waits at a listener.
pub(super) struct Queue {
    backlog: usize,
    /// Connections, each with the time from which on it can be accepted.
    ready: VecDeque<(Number, Nanoseconds)>,
    /// Sockets that connect, and wait for room among the ready.
    turned_away: VecDeque<Number>,
}

/// How connecting goes.
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

/// Listening and connecting.
impl Net {
    pub(super) fn listen(&mut self, number: Number, backlog: u32, now: Nanoseconds) -> Result<()> {
        let backlog = backlog.clamp(1, BACKLOG) as usize;
        let sock = self.sock_mut(number)?;
        let (space, local) = (sock.space(), sock.local);
        match (sock.stage_mut()?, local) {
            (Stage::Listening(queue), _) => queue.backlog = backlog,
            (Stage::Apart, Some(local)) => {
                let is_listener = |stage: &Stage| matches!(stage, Stage::Listening(_));
                if self.at(space, local).any(|(_, other)| other.stage().is_ok_and(is_listener)) {
                    return Err(Code::AddressInUse.into());
                }
                let queue = Queue { backlog, ready: VecDeque::new(), turned_away: VecDeque::new() };
                *self.sock_mut(number)?.stage_mut()? = Stage::Listening(queue);
                self.listeners.insert((space, local.port(), number));
            }
            _ => return Err(Code::InvalidState.into()),
        }
        self.admit(number, now);
        self.changed();
        Ok(())
    }

    /// The next connection: its socket, and the peer's address.
    pub(super) fn accept(&mut self, number: Number, now: Nanoseconds) -> Result<(Number, SocketAddr)> {
        let Stage::Listening(queue) = self.sock_mut(number)?.stage_mut()? else {
            return Err(Code::InvalidState.into());
        };
        let (accepted, _) = queue.ready.pop_front_if(|(_, due)| *due <= now).ok_or(Code::WouldBlock)?;
        self.admit(number, now);
        self.changed();
        let end = self.sock_mut(accepted)?.stage_mut()?.connected_mut()?;
        Ok((accepted, end.remote))
    }

    pub(super) fn connect_stream(&mut self, number: Number, remote: SocketAddr, now: Nanoseconds) -> Result<()> {
        match self.sock(number)?.stage()? {
            Stage::Apart => {}
            Stage::Connecting(_) => return Err(Code::Already.into()),
            _ => return Err(Code::InvalidState.into()),
        }
        let begun = self.begin(number, plain(remote));
        let stage = match &begun {
            Ok(Some(listener)) => Stage::Connecting(Attempt::Waiting(*listener, plain(remote))),
            Ok(None) => Stage::Connecting(Attempt::Refused(self.arrival(now))),
            Err(_) => Stage::Failed,
        };
        *self.sock_mut(number)?.stage_mut()? = stage;
        if let Some(listener) = begun? {
            if let Ok(Stage::Listening(queue)) = self.sock_mut(listener)?.stage_mut() {
                queue.turned_away.push_back(number);
            }
            self.admit(listener, now);
        }
        self.changed();
        Ok(())
    }

    /// Takes an address, and finds who listens at `remote`.
    fn begin(&mut self, number: Number, remote: SocketAddr) -> Result<Option<Number>> {
        require_reachable(remote)?;
        let sock = self.sock_mut(number)?;
        let (space, here) = (sock.space(), sock.here());
        match sock.source() {
            None => {
                sock.implicit = true;
                self.take_address(number, SocketAddr::new(here, 0))?;
            }
            Some(source) => {
                sock.local = Some(source);
                if self.is_connected(number, source, remote) {
                    return Err(Code::AddressInUse.into());
                }
            }
        }
        let at_port = (space, remote.port(), Number::MIN)..=(space, remote.port(), Number::MAX);
        let mut listeners = self.listeners.range(at_port).map(|(_, _, listener)| *listener);
        let hears = |listener: &Number| {
            let local = self.sock(*listener).ok().and_then(|sock| sock.local);
            local.is_some_and(|local| local.ip() == remote.ip() || local.ip().is_unspecified())
        };
        Ok(listeners.find(hears))
    }

    /// Whether another socket at `source` has the same peer: the two could not be told apart.
    fn is_connected(&self, number: Number, source: SocketAddr, remote: SocketAddr) -> bool {
        let Ok(sock) = self.sock(number) else { return false };
        self.at(sock.space(), source).any(|(other, user)| {
            let Ok(stage) = user.stage() else { return false };
            let peer = match stage {
                Stage::Connected(end) | Stage::Connecting(Attempt::Made(_, end)) => end.remote,
                Stage::Connecting(Attempt::Waiting(_, remote)) => *remote,
                _ => return false,
            };
            other != number && user.local == Some(source) && peer == remote
        })
    }

    /// Makes connections of those that wait at a listener, as many as there is room for.
    fn admit(&mut self, listener: Number, now: Nanoseconds) {
        loop {
            let Ok(Stage::Listening(queue)) = self.sock_mut(listener).and_then(|sock| sock.stage_mut()) else { return };
            if queue.ready.len() >= queue.backlog {
                return;
            }
            let Some(client) = queue.turned_away.pop_front() else { return };
            let due = self.arrival(now);
            let attempt = match self.establish(client, listener, due) {
                Ok(end) => Attempt::Made(due, end),
                // There are no more sockets.
                Err(_) => Attempt::Refused(due),
            };
            if let Ok(stage) = self.sock_mut(client).and_then(|sock| sock.stage_mut()) {
                *stage = Stage::Connecting(attempt);
            }
        }
    }

    /// Makes the listener's end of a connection; the other one is returned.
    fn establish(&mut self, client: Number, listener: Number, due: Nanoseconds) -> Result<End> {
        let sock = self.sock(client)?;
        let Stage::Connecting(Attempt::Waiting(_, at)) = *sock.stage()? else { return Err(Code::InvalidState.into()) };
        let (space, family, from) = (sock.space(), sock.family, sock.source().ok_or(Code::InvalidState)?);
        let options = self.sock(listener)?.options.clone();
        let server = self.add(Kind::Stream, family)?;
        self.ports.take(space, at.port(), server);
        let sock = self.sock_mut(server)?;
        (sock.local, sock.options) = (Some(at), options);
        *sock.stage_mut()? = Stage::Connected(End::new(from, client));
        if let Stage::Listening(queue) = self.sock_mut(listener)?.stage_mut()? {
            let last = queue.ready.back().map_or(0, |(_, last)| *last);
            queue.ready.push_back((server, due.max(last)));
        }
        Ok(End::new(at, server))
    }

    /// When what leaves now arrives; it will be waited for.
    fn arrival(&mut self, now: Nanoseconds) -> Nanoseconds {
        let due = self.fate.arrival(now);
        self.expect(due, now);
        due
    }

    pub(super) fn finish_connect(&mut self, number: Number, now: Nanoseconds) -> Result<()> {
        let stage = self.sock_mut(number)?.stage_mut()?;
        let (next, outcome) = match std::mem::replace(stage, Stage::Failed) {
            Stage::Connecting(Attempt::Made(due, mut end)) if due <= now => match end.error.take() {
                Some(code) => (Stage::Failed, Err(code)),
                None => (Stage::Connected(end), Ok(())),
            },
            Stage::Connecting(Attempt::Refused(due)) if due <= now => (Stage::Failed, Err(Code::ConnectionRefused)),
            other @ Stage::Connecting(_) => (other, Err(Code::WouldBlock)),
            other => (other, Err(Code::NotInProgress)),
        };
        *stage = next;
        Ok(outcome?)
    }

    pub(super) fn remote_address(&self, number: Number) -> Result<SocketAddr> {
        match &self.sock(number)?.role {
            Role::Stream(Stage::Connected(end)) => Ok(end.remote),
            Role::Stream(_) => Err(Code::InvalidState.into()),
            Role::Datagram(mailbox) => mailbox.peer.ok_or(Code::InvalidState.into()),
        }
    }
}

/// Talking and ending.
impl Net {
    pub(super) fn is_stream_sendable(&self, number: Number, stage: &Stage, now: Nanoseconds) -> bool {
        match stage {
            Stage::Apart | Stage::Failed => true,
            Stage::Listening(_) | Stage::Connecting(Attempt::Waiting(..)) => false,
            Stage::Connecting(Attempt::Refused(due) | Attempt::Made(due, _)) => *due <= now,
            Stage::Connected(end) => {
                end.error.is_some()
                    || !end.sends
                    || end.broken
                    || end.peer.is_none_or(|peer| self.room(number, peer) > 0)
            }
        }
    }

    /// Bytes that can go from one end to the other now.
    fn room(&self, from: Number, to: Number) -> usize {
        let (Ok(from), Ok(to)) = (self.sock(from), self.sock(to)) else { return 0 };
        let Role::Stream(Stage::Connected(end) | Stage::Connecting(Attempt::Made(_, end))) = &to.role else { return 0 };
        let buffers = from.options.send_buffer() + to.options.receive_buffer();
        buffers.saturating_sub(end.inbox.len()).min(self.left())
    }

    pub(super) fn send_stream(&mut self, number: Number, bytes: &[u8], now: Nanoseconds) -> Result<usize> {
        let end = self.sock_mut(number)?.stage_mut()?.connected_mut()?;
        if bytes.is_empty() {
            return Ok(0);
        }
        if let Some(error) = end.error.take() {
            return Err(error.into());
        }
        if !end.sends || end.broken {
            return Err(Code::Pipe.into());
        }
        let Some(peer) = end.peer else {
            // Nobody is there to take it; the answer to it breaks the connection.
            end.broken = true;
            self.changed();
            return Ok(bytes.len());
        };
        let room = self.room(number, peer);
        if room == 0 {
            return Err(Code::WouldBlock.into());
        }
        if self.fate.resets() {
            self.reset(number, peer);
            return Err(Code::ConnectionReset.into());
        }
        let part = bytes.get(..room).unwrap_or(bytes);
        let due = self.fate.arrival(now);
        if let Some(end) = self.sock_mut(peer)?.stage_mut()?.end_mut() {
            let due = end.inbox.push(part, due, now);
            self.expect(due, now);
            self.hold(part.len());
            self.changed();
        }
        Ok(part.len())
    }

    pub(super) fn receive_stream(&mut self, number: Number, buffer: &mut Vec<u8>, now: Nanoseconds) -> Result<usize> {
        let end = self.sock_mut(number)?.stage_mut()?.connected_mut()?;
        if buffer.len() == buffer.capacity() {
            return Ok(0);
        }
        match end.inbox.take(buffer, now) {
            0 if end.inbox.len() > 0 => Err(Code::WouldBlock.into()),
            0 => match end.error.take() {
                Some(error) => Err(error.into()),
                None if end.is_over() => Ok(0),
                None => Err(Code::WouldBlock.into()),
            },
            length => {
                self.release(length);
                Ok(length)
            }
        }
    }

    pub(super) fn shutdown(&mut self, number: Number, how: Shutdown) -> Result<()> {
        let end = self.sock_mut(number)?.stage_mut()?.connected_mut()?;
        end.receives &= how == Shutdown::Send;
        if how != Shutdown::Receive {
            end.sends = false;
            if let Some(peer) = end.peer {
                self.with_end(peer, |end| end.ended = true);
            }
        }
        self.changed();
        Ok(())
    }

    /// Takes a socket away, and tells those who deal with it.
    pub(super) fn close(&mut self, number: Number) {
        let Some(sock) = self.remove(number) else { return };
        let space = sock.space();
        let stage = match sock.role {
            Role::Stream(stage) => stage,
            Role::Datagram(mailbox) => return self.release(mailbox.held()),
        };
        match stage {
            Stage::Apart | Stage::Failed | Stage::Connecting(Attempt::Refused(_)) => {}
            Stage::Connecting(Attempt::Made(_, end)) | Stage::Connected(end) => {
                let is_unread = end.inbox.len() > 0;
                self.hang_up(end, is_unread);
            }
            Stage::Connecting(Attempt::Waiting(listener, _)) => {
                if let Ok(Stage::Listening(queue)) = self.sock_mut(listener).and_then(|sock| sock.stage_mut()) {
                    queue.turned_away.retain(|other| *other != number);
                }
            }
            Stage::Listening(queue) => {
                if let Some(local) = sock.local {
                    self.listeners.remove(&(space, local.port(), number));
                }
                self.dismiss(queue);
            }
        }
    }

    /// Ends all that waits at a listener that is gone.
    fn dismiss(&mut self, queue: Queue) {
        for (server, _) in queue.ready {
            if let Some(Role::Stream(Stage::Connected(end))) = self.remove(server).map(|sock| sock.role) {
                self.hang_up(end, true);
            }
        }
        for client in queue.turned_away {
            if let Ok(stage) = self.sock_mut(client).and_then(|sock| sock.stage_mut()) {
                *stage = Stage::Connecting(Attempt::Refused(0));
            }
        }
    }

    /// Tells the other end that this one is gone, in peace or by a reset.
    fn hang_up(&mut self, end: End, reset: bool) {
        self.release(end.inbox.len());
        let Some(peer) = end.peer else { return };
        self.with_end(peer, |end| {
            (end.peer, end.ended) = (None, true);
            if reset {
                (end.broken, end.error) = (true, Some(Code::ConnectionReset));
            }
        });
    }

    /// Breaks a connection; the first end knows already.
    fn reset(&mut self, one: Number, other: Number) {
        self.with_end(one, |end| (end.peer, end.ended, end.broken) = (None, true, true));
        self.with_end(other, |end| {
            (end.peer, end.ended, end.broken, end.error) = (None, true, true, Some(Code::ConnectionReset));
        });
        self.changed();
    }

    fn with_end(&mut self, number: Number, change: impl FnOnce(&mut End)) {
        let stage = self.sock_mut(number).and_then(|sock| sock.stage_mut());
        if let Some(end) = stage.ok().and_then(Stage::end_mut) {
            change(end);
        }
    }
}
