//! The life of a connection: bytes both ways, and its end, orderly or by a reset.

use callgate_system::{Code, Nanoseconds, Result, Shutdown};

use super::{Attempt, End, Queue, Stage};
use crate::network::net::{Net, Role};
use crate::network::ports::Number;

impl Net {
    pub(in crate::network) fn is_stream_sendable(&self, number: Number, stage: &Stage, now: Nanoseconds) -> bool {
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

    pub(in crate::network) fn send_stream(&mut self, number: Number, bytes: &[u8], now: Nanoseconds) -> Result<usize> {
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
            end.inbox.push(part, due, now);
            self.hold(part.len());
            self.changed();
        }
        Ok(part.len())
    }

    pub(in crate::network) fn receive_stream(
        &mut self,
        number: Number,
        buffer: &mut Vec<u8>,
        now: Nanoseconds,
    ) -> Result<usize> {
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

    pub(in crate::network) fn shutdown(&mut self, number: Number, how: Shutdown) -> Result<()> {
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

    pub(in crate::network) fn abort(&mut self, number: Number) -> Result<()> {
        self.sock_mut(number)?.stage_mut()?.connected_mut()?.aborts = true;
        Ok(())
    }

    /// Takes a socket away, and tells those who deal with it.
    pub(in crate::network) fn close(&mut self, number: Number) {
        let Some(sock) = self.remove(number) else { return };
        let space = sock.space();
        let stage = match sock.role {
            Role::Stream(stage) => stage,
            Role::Datagram(mailbox) => return self.release(mailbox.held()),
        };
        match stage {
            Stage::Apart | Stage::Failed | Stage::Connecting(Attempt::Refused(_)) => {}
            Stage::Connecting(Attempt::Made(_, end)) | Stage::Connected(end) => {
                let reset = end.aborts || end.inbox.len() > 0;
                self.hang_up(end, reset);
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
