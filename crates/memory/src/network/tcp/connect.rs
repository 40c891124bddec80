//! The making of a connection: listening, connecting, accepting.

use std::collections::VecDeque;
use std::net::SocketAddr;

use callgate_system::{Code, Kind, Nanoseconds, Result};

use super::{Attempt, End, Queue, Stage};
use crate::network::net::{Net, Role};
use crate::network::ports::{Number, plain, require_reachable};

/// The most that wait to be accepted by one listener: `SOMAXCONN` of Linux.
const BACKLOG: u32 = 4_096;

impl Net {
    pub(in crate::network) fn listen(&mut self, number: Number, backlog: u32, now: Nanoseconds) -> Result<()> {
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
    pub(in crate::network) fn accept(&mut self, number: Number, now: Nanoseconds) -> Result<(Number, SocketAddr)> {
        let Stage::Listening(queue) = self.sock_mut(number)?.stage_mut()? else {
            return Err(Code::InvalidState.into());
        };
        let (accepted, _) = queue.ready.pop_front_if(|(_, due)| *due <= now).ok_or(Code::WouldBlock)?;
        self.admit(number, now);
        self.changed();
        let end = self.sock_mut(accepted)?.stage_mut()?.connected_mut()?;
        Ok((accepted, end.remote))
    }

    pub(in crate::network) fn connect_stream(
        &mut self,
        number: Number,
        remote: SocketAddr,
        now: Nanoseconds,
    ) -> Result<()> {
        match self.sock(number)?.stage()? {
            Stage::Apart => {}
            Stage::Connecting(_) => return Err(Code::Already.into()),
            _ => return Err(Code::InvalidState.into()),
        }
        let begun = self.begin(number, plain(remote));
        let stage = match &begun {
            Ok(Some(listener)) => Stage::Connecting(Attempt::Waiting(*listener, plain(remote))),
            Ok(None) => Stage::Connecting(Attempt::Refused(self.fate.arrival(now))),
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

    /// True if another socket at `source` has the same peer: the two connections could not be distinguished.
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
            let due = self.fate.arrival(now);
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

    pub(in crate::network) fn finish_connect(&mut self, number: Number, now: Nanoseconds) -> Result<()> {
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

    pub(in crate::network) fn remote_address(&self, number: Number) -> Result<SocketAddr> {
        match &self.sock(number)?.role {
            Role::Stream(Stage::Connected(end)) => Ok(end.remote),
            Role::Stream(_) => Err(Code::InvalidState.into()),
            Role::Datagram(mailbox) => mailbox.peer.ok_or(Code::InvalidState.into()),
        }
    }
}
