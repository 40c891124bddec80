//! Flows: which receive took what a send sent, where both ends are the guest's own.
//!
//! A trace knows calls, not packets, so ends are matched by what calls say. A TCP connection to an address at which the guest listens is
//! matched with the next one that the guest accepts there, in the order of both. A datagram to an address that a socket of the guest is
//! bound to is matched with what that socket receives, in order. So flows are wrong where somebody else connects or sends to the
//! same address at the same time, or where datagrams are lost.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use callgate_gate::{Call, Event, Handle, Streams, Value};

/// Sockets that are kept in mind, of each kind.
const SOCKETS: usize = 1024;

/// Sends of one connection or socket that nobody has received yet; of more the oldest are forgotten.
const UNRECEIVED: usize = 256;

/// Flows of one event.
const SHOWN: usize = 8;

/// What is known of the guest's sockets.
#[derive(Default)]
pub(super) struct Sockets {
    /// Local addresses of sockets.
    bound: HashMap<u32, SocketAddr>,
    labels: HashMap<u32, String>,
    connecting: Vec<Connecting>,
    channels: HashMap<u64, Channel>,
    /// The channel of each stream of a connection.
    inputs: HashMap<u32, u64>,
    outputs: HashMap<u32, u64>,
    /// The socket of each incoming stream of datagrams.
    datagrams: HashMap<u32, u32>,
    /// The flows of datagrams on their way to a socket.
    coming: HashMap<u32, VecDeque<u64>>,
    last: u64,
}

/// A connection that the guest makes to an address at which it listens.
struct Connecting {
    socket: u32,
    remote: SocketAddr,
    /// To the other side and from it.
    channels: (u64, u64),
    is_connected: bool,
    is_accepted: bool,
}

/// One direction of a connection.
#[derive(Default)]
struct Channel {
    sent: u64,
    received: u64,
    /// The first byte of each send, the one after its last, and its flow.
    flows: VecDeque<(u64, u64, u64)>,
}

/// The flows that an event takes part in.
#[derive(Debug, Default)]
pub(super) struct Flows {
    /// The one that begins there.
    pub(super) begins: Option<u64>,
    /// One of which a part comes there.
    pub(super) passes: Option<u64>,
    /// Those that end there.
    pub(super) ends: Vec<u64>,
}

impl Sockets {
    /// The name of a socket or a stream, if an address is known.
    pub(super) fn label(&self, handle: u32) -> Option<&str> {
        self.labels.get(&handle).map(String::as_str)
    }

    /// Notes what a call says of sockets. Returns the number of a handle that has a new label.
    pub(super) fn note(&mut self, event: &Event<'_>) -> Option<u32> {
        let Ok(value) = event.outcome.result else {
            if let (Call::TcpFinishConnect { socket }, Err(error)) = (event.call, event.outcome.result)
                && error.code != callgate_system::Code::WouldBlock
            {
                self.give_up(|connecting| connecting.socket == socket.id);
            }
            return None;
        };
        match (*event.call, value) {
            (Call::TcpStartBind { socket, local_address }, _) => self.is_bound(socket.id, "tcp at", local_address),
            (Call::UdpStartBind { socket, local_address }, _) => self.is_bound(socket.id, "udp at", local_address),
            (Call::TcpLocalAddress { socket }, Value::Address(local)) if self.is_new(socket.id, local) => {
                self.is_bound(socket.id, "tcp at", local)
            }
            (Call::UdpLocalAddress { socket }, Value::Address(local)) if self.is_new(socket.id, local) => {
                self.is_bound(socket.id, "udp at", local)
            }
            (Call::TcpStartConnect { socket, remote_address }, _) => self.connects(socket.id, remote_address),
            (Call::TcpFinishConnect { socket }, _) => self.connected(socket.id, event.outcome.streams?),
            (Call::TcpAccept { socket }, _) => self.accepted(socket.id, event.outcome.streams?),
            (Call::UdpStream { socket, .. }, _) => self.has_datagrams(socket.id, event.outcome.streams?),
            (Call::Drop { handle }, _) => {
                self.forget(handle.id);
                None
            }
            _ => None,
        }
    }

    /// True if a socket has another address than it was bound to, as with port 0. One that was never bound is a connection's, whose label
    /// names the other side.
    fn is_new(&self, socket: u32, local: SocketAddr) -> bool {
        self.bound.get(&socket).is_some_and(|bound| *bound != local)
    }

    fn is_bound(&mut self, socket: u32, prefix: &str, local: SocketAddr) -> Option<u32> {
        if self.bound.len() < SOCKETS || self.bound.contains_key(&socket) {
            self.bound.insert(socket, local);
        }
        self.set_label(socket, format!("{prefix} {local}"))
    }

    fn set_label(&mut self, handle: u32, label: String) -> Option<u32> {
        if self.labels.len() >= 4 * SOCKETS && !self.labels.contains_key(&handle) {
            return None;
        }
        self.labels.insert(handle, label);
        Some(handle)
    }

    fn label_streams(&mut self, socket: u32, streams: Streams) {
        if let Some(label) = self.labels.get(&socket).cloned() {
            for handle in [Some(streams.input), Some(streams.output), streams.socket].into_iter().flatten() {
                self.set_label(handle, label.clone());
            }
        }
    }

    fn connects(&mut self, socket: u32, remote: SocketAddr) -> Option<u32> {
        if self.bound.values().any(|bound| leads_to(remote, *bound)) && self.channels.len() < 2 * SOCKETS {
            let channels @ (to, from) = (self.next(), self.next());
            self.channels.extend([to, from].map(|channel| (channel, Channel::default())));
            let connecting = Connecting { socket, remote, channels, is_connected: false, is_accepted: false };
            self.connecting.push(connecting);
        }
        self.set_label(socket, format!("tcp to {remote}"))
    }

    fn connected(&mut self, socket: u32, streams: Streams) -> Option<u32> {
        self.label_streams(socket, streams);
        let mut known = self.connecting.iter_mut();
        let connecting = known.find(|connecting| connecting.socket == socket && !connecting.is_connected)?;
        connecting.is_connected = true;
        let (to, from) = connecting.channels;
        self.outputs.insert(streams.output, to);
        self.inputs.insert(streams.input, from);
        self.connecting.retain(|connecting| !connecting.is_connected || !connecting.is_accepted);
        None
    }

    fn accepted(&mut self, listener: u32, streams: Streams) -> Option<u32> {
        self.label_streams(listener, streams);
        let bound = *self.bound.get(&listener)?;
        let mut known = self.connecting.iter_mut();
        let connecting = known.find(|connecting| !connecting.is_accepted && leads_to(connecting.remote, bound))?;
        connecting.is_accepted = true;
        let (to, from) = connecting.channels;
        self.inputs.insert(streams.input, to);
        self.outputs.insert(streams.output, from);
        self.connecting.retain(|connecting| !connecting.is_connected || !connecting.is_accepted);
        None
    }

    /// Forgets connections that come to nothing.
    fn give_up(&mut self, is_it: impl Fn(&Connecting) -> bool) {
        for connecting in self.connecting.extract_if(.., |connecting| is_it(connecting)) {
            self.channels.remove(&connecting.channels.0);
            self.channels.remove(&connecting.channels.1);
        }
    }

    fn has_datagrams(&mut self, socket: u32, streams: Streams) -> Option<u32> {
        self.label_streams(socket, streams);
        if self.bound.contains_key(&socket) && self.datagrams.len() < SOCKETS {
            self.datagrams.insert(streams.input, socket);
            self.coming.entry(socket).or_default();
        }
        None
    }

    /// The number of a handle is free, or serves another one now.
    pub(super) fn forget(&mut self, handle: u32) {
        self.bound.remove(&handle);
        self.labels.remove(&handle);
        self.outputs.remove(&handle);
        self.datagrams.remove(&handle);
        self.coming.remove(&handle);
        // One that is connected goes on without its socket.
        self.give_up(|connecting| connecting.socket == handle && !connecting.is_connected);
        if let Some(channel) = self.inputs.remove(&handle) {
            self.channels.remove(&channel);
        }
    }

    /// The flows of a call that sent or received something.
    pub(super) fn flows(&mut self, event: &Event<'_>, handle: Option<Handle<'_>>) -> Flows {
        if self.channels.is_empty() && self.coming.is_empty() {
            return Flows::default();
        }
        match (*event.call, event.outcome.result) {
            (Call::UdpSend { remote_address: Some(to), .. }, Ok(Value::Flag(true))) => self.sends_datagram(to),
            (Call::UdpReceive { stream, .. }, Ok(Value::Datagrams { count, .. })) => {
                self.receives_datagrams(stream.id, count)
            }
            (Call::StreamSplice { stream, src, .. } | Call::StreamBlockingSplice { stream, src, .. }, _)
                if event.bytes() > 0 =>
            {
                let flows = self.receives(src.id, event.bytes());
                Flows { begins: self.sends(stream.id, event.bytes()), ..flows }
            }
            _ => self.of_stream(event, handle),
        }
    }

    fn of_stream(&mut self, event: &Event<'_>, handle: Option<Handle<'_>>) -> Flows {
        let bytes = event.bytes();
        match handle {
            Some(handle) if bytes > 0 && handle.mount.is_none() => {
                let flows = self.receives(handle.id, bytes);
                Flows { begins: self.sends(handle.id, bytes), ..flows }
            }
            _ => Flows::default(),
        }
    }

    fn sends(&mut self, output: u32, bytes: u64) -> Option<u64> {
        let flow = self.next();
        let channel = self.channels.get_mut(self.outputs.get(&output)?)?;
        if channel.flows.len() >= UNRECEIVED {
            channel.flows.pop_front();
        }
        channel.flows.push_back((channel.sent, channel.sent + bytes, flow));
        channel.sent += bytes;
        Some(flow)
    }

    fn receives(&mut self, input: u32, bytes: u64) -> Flows {
        let mut flows = Flows::default();
        let channel = self.inputs.get(&input).and_then(|channel| self.channels.get_mut(channel));
        let Some(channel) = channel else { return flows };
        channel.received += bytes;
        while let Some((.., flow)) = channel.flows.pop_front_if(|(_, end, _)| *end <= channel.received) {
            flows.ends.push(flow);
        }
        flows.ends.truncate(SHOWN);
        let next = channel.flows.front().filter(|(first, ..)| *first < channel.received);
        flows.passes = next.map(|(.., flow)| *flow);
        flows
    }

    fn sends_datagram(&mut self, to: SocketAddr) -> Flows {
        let flow = self.next();
        let receiver =
            self.bound.iter().find(|(socket, bound)| self.coming.contains_key(socket) && leads_to(to, **bound));
        let Some(coming) = receiver.and_then(|(socket, _)| self.coming.get_mut(socket)) else {
            return Flows::default();
        };
        if coming.len() >= UNRECEIVED {
            coming.pop_front();
        }
        coming.push_back(flow);
        Flows { begins: Some(flow), ..Flows::default() }
    }

    fn receives_datagrams(&mut self, input: u32, count: usize) -> Flows {
        let coming = self.datagrams.get(&input).and_then(|socket| self.coming.get_mut(socket));
        let ends = coming.map(|coming| coming.drain(..count.min(coming.len())).take(SHOWN).collect());
        Flows { ends: ends.unwrap_or_default(), ..Flows::default() }
    }

    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}

/// True if what goes to `address` comes to a socket that is bound to `bound`.
fn leads_to(address: SocketAddr, bound: SocketAddr) -> bool {
    address.port() == bound.port() && (bound.ip().is_unspecified() || address.ip() == bound.ip())
}
