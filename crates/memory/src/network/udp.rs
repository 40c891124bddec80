//! Messages. One finds the socket that has its address, and among those the one whose peer sent it; it is lost where the
//! receiver's buffer is full. To a sender with a peer, that nobody is there is told with the next call.

use std::collections::VecDeque;
use std::net::SocketAddr;

use callgate_system::{AddressFamily, Code, Nanoseconds, Result};

use super::net::{Net, Sock};
use super::ports::{Number, plain, require_reachable};

/// The bytes that a message is charged for beside its own.
const OVERHEAD: usize = 512;

/// The messages of one socket.
#[derive(Default)]
pub(super) struct Mailbox {
    /// By the time of their arrival.
    messages: VecDeque<Message>,
    /// The bytes that they are charged for.
    held: usize,
    pub(super) peer: Option<SocketAddr>,
    /// Nobody was there, and that is still to be told.
    refused: bool,
}

struct Message {
    due: Nanoseconds,
    from: SocketAddr,
    bytes: Box<[u8]>,
}

impl Mailbox {
    pub(super) fn is_receivable(&self, now: Nanoseconds) -> bool {
        self.refused || self.messages.front().is_some_and(|message| message.due <= now)
    }

    /// When the next message arrives that had not by `after`.
    pub(super) fn next_due(&self, after: Nanoseconds) -> Option<Nanoseconds> {
        let arrived = self.messages.partition_point(|message| message.due <= after);
        self.messages.get(arrived).map(|message| message.due)
    }

    /// The bytes that it is charged for, as [`Net::hold`] counts them.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    fn tell_refused(&mut self) -> Result<()> {
        if std::mem::take(&mut self.refused) { Err(Code::ConnectionRefused.into()) } else { Ok(()) }
    }

    fn put(&mut self, message: Message) {
        self.held += message.bytes.len() + OVERHEAD;
        let place = self.messages.partition_point(|other| other.due <= message.due);
        self.messages.insert(place, message);
    }
}

/// The longest message: what an IP packet carries, less the headers.
fn longest(family: AddressFamily) -> usize {
    match family {
        AddressFamily::Ipv4 => 65_535 - 20 - 8,
        AddressFamily::Ipv6 => 65_535 - 8,
    }
}

impl Net {
    /// Takes one peer in place of another.
    pub(super) fn connect_datagram(&mut self, number: Number, remote: SocketAddr) -> Result<()> {
        self.disconnect(number)?;
        require_reachable(remote)?;
        self.bind_anywhere(number)?;
        self.sock_mut(number)?.mailbox_mut()?.peer = Some(plain(remote));
        self.changed();
        Ok(())
    }

    /// Takes its peer away, and what was still to be told of it.
    pub(super) fn disconnect(&mut self, number: Number) -> Result<()> {
        let mailbox = self.sock_mut(number)?.mailbox_mut()?;
        (mailbox.peer, mailbox.refused) = (None, false);
        Ok(())
    }

    fn bind_anywhere(&mut self, number: Number) -> Result<()> {
        let sock = self.sock(number)?;
        match sock.local {
            Some(_) => Ok(()),
            None => self.take_address(number, SocketAddr::new(sock.anywhere(), 0)),
        }
    }

    pub(super) fn send_to(&mut self, number: Number, bytes: &[u8], to: SocketAddr, now: Nanoseconds) -> Result<()> {
        let sock = self.sock_mut(number)?;
        if bytes.len() > longest(sock.family) {
            return Err(Code::MessageSize.into());
        }
        sock.mailbox_mut()?.tell_refused()?;
        require_reachable(to)?;
        // A message has no words for this.
        self.bind_anywhere(number).map_err(|_| Code::InsufficientMemory)?;
        if self.fate.loses() {
            return Ok(());
        }
        let sock = self.sock(number)?;
        let (from, has_peer) = (sock.source().ok_or(Code::InvalidState)?, sock.mailbox()?.peer == Some(to));
        match self.receiver(sock, from, to) {
            Some(receiver) => self.deliver(receiver, bytes, from, now),
            None if has_peer => {
                self.sock_mut(number)?.mailbox_mut()?.refused = true;
                self.changed();
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The receiver of a message: a socket whose peer is the sender, else one bound to the address itself, else one bound to
    /// all addresses.
    fn receiver(&self, sender: &Sock, from: SocketAddr, to: SocketAddr) -> Option<Number> {
        let rank = |(number, sock): (Number, &Sock)| {
            let fit = match sock.mailbox().ok()?.peer {
                Some(peer) if peer == from && sock.source() == Some(to) => 3,
                Some(_) => return None,
                None if sock.local == Some(to) => 2,
                None => 1,
            };
            Some((fit, number))
        };
        self.at(sender.space(), to).filter_map(rank).max().map(|(_, number)| number)
    }

    fn deliver(&mut self, receiver: Number, bytes: &[u8], from: SocketAddr, now: Nanoseconds) -> Result<()> {
        let due = self.fate.arrival(now);
        let charged = bytes.len() + OVERHEAD;
        let is_left = charged <= self.left();
        let sock = self.sock_mut(receiver)?;
        let room = sock.options.receive_buffer();
        let mailbox = sock.mailbox_mut()?;
        if mailbox.held < room && is_left {
            mailbox.put(Message { due, from, bytes: bytes.into() });
            self.hold(charged);
            self.changed();
        }
        Ok(())
    }

    pub(super) fn receive_from(
        &mut self,
        number: Number,
        buffer: &mut Vec<u8>,
        now: Nanoseconds,
    ) -> Result<(usize, SocketAddr)> {
        let mailbox = self.sock_mut(number)?.mailbox_mut()?;
        mailbox.tell_refused()?;
        let message = mailbox.messages.pop_front_if(|message| message.due <= now).ok_or(Code::WouldBlock)?;
        let charged = message.bytes.len() + OVERHEAD;
        mailbox.held -= charged;
        if mailbox.messages.is_empty() {
            mailbox.messages = VecDeque::new();
        }
        self.release(charged);
        if message.bytes.len() > buffer.capacity() - buffer.len() {
            return Err(Code::MessageSize.into());
        }
        buffer.extend_from_slice(&message.bytes);
        Ok((message.bytes.len(), message.from))
    }
}
