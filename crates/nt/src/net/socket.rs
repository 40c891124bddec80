//! Sockets of IPv4 or of IPv6 alone, that never wait.
//!
//! Winsock's answers differ from those of other systems mostly after an end: it says a reset again and again, resets the
//! connection where bytes come after `shutdown(SD_RECEIVE)`, and takes a second `listen` for nothing. So the stage of a socket and
//! its ends are kept here, and a guest is answered as on Linux.
//!
//! Every socket is bound with `SO_EXCLUSIVEADDRUSE`. Without, a listener on one address and one on every address share a port,
//! and anybody who sets `SO_REUSEADDR` takes it over. Connections that linger in TIME_WAIT don't keep anybody from binding there.
//!
//! Hazards: Winsock takes the whole of a buffer as long as its own isn't full, however long it is; so a stream is given at most
//! [`AT_ONCE`]. The system below it finds a datagram socket's unreachable peer also where there is none; that is told only
//! with a peer.

mod options;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use callgate_system::{AddressFamily, Code, Error, Kind, Result, Shutdown, Socket, SocketOption};

use self::options::Kept;
use super::address::Address;
use super::meaning::{is_loss, is_unreachable, missing, no_socket, not_accepted, not_reached, not_sent};
use super::readiness::{Direction, Readiness, Stage, event};
use crate::error::{Portable as _, Winsock};
use crate::nt::afd;
use crate::nt::winsock::{Base, Descriptor, INET, INET6, Setting, Species};

/// One socket.
pub(super) struct NtSocket {
    descriptor: Descriptor,
    base: Base,
    /// Tells it from all others that this process has, or had: handles are given out again.
    number: u64,
    kind: Kind,
    family: AddressFamily,
    stage: AtomicU8,
    /// True once receiving was shut down, or came to the end. Winsock isn't told of the shutdown.
    receive_ended: AtomicBool,
    send_ended: AtomicBool,
    /// True once the loss of the connection was told. From then on there is only its end.
    lost: AtomicBool,
    /// The peer of a connected stream: constant, also when the connection is gone.
    remote: OnceLock<SocketAddr>,
    kept: Mutex<Kept>,
}

/// As many bytes go out at once.
const AT_ONCE: usize = 64 * 1024;

/// Beyond this, `listen` takes a backlog as a negative number (`SOMAXCONN_HINT`).
const PLAIN_BACKLOG: u32 = 200;

/// The longest backlog there is.
const LONGEST_BACKLOG: u32 = 65_535;

impl NtSocket {
    /// Makes one.
    pub(super) fn new(kind: Kind, family: AddressFamily) -> Result<Self> {
        let of = match family {
            AddressFamily::Ipv4 => INET,
            AddressFamily::Ipv6 => INET6,
        };
        let species = match kind {
            Kind::Stream => Species::stream(of),
            Kind::Datagram => Species::datagram(of),
        };
        let descriptor = Descriptor::new(species).map_err(no_socket)?;
        if family == AddressFamily::Ipv6 {
            descriptor.set(Setting::V6_ONLY, 1).portable()?;
        }
        if kind == Kind::Datagram {
            // Sending may bind it.
            descriptor.set(Setting::EXCLUSIVE_ADDRESS, 1).portable()?;
            descriptor.tell_unreachable(false).or_else(missing).portable()?;
        }
        Ok(Self::of(descriptor, kind, family))
    }

    fn of(descriptor: Descriptor, kind: Kind, family: AddressFamily) -> Self {
        static NUMBERS: AtomicU64 = AtomicU64::new(0);
        Self {
            base: descriptor.base(),
            descriptor,
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            kind,
            family,
            stage: AtomicU8::new(Stage::Apart as u8),
            receive_ended: AtomicBool::new(false),
            send_ended: AtomicBool::new(false),
            lost: AtomicBool::new(false),
            remote: OnceLock::new(),
            kept: Mutex::default(),
        }
    }

    /// The socket that AFD is asked about.
    pub(super) fn base(&self) -> Base {
        self.base
    }

    /// Its number, constant.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The readiness of the socket in `direction` now.
    pub(super) fn readiness(&self, direction: Direction) -> Readiness {
        let ended = match direction {
            Direction::Receive => &self.receive_ended,
            Direction::Send => &self.send_ended,
        };
        let ended = ended.load(Ordering::Acquire) || self.lost.load(Ordering::Acquire);
        self.stage().readiness(self.kind, direction, ended)
    }

    /// True if the peer broke the connection off. Under Wine receiving may find an end there, because Wine's server has taken the error.
    fn is_broken_off(&self) -> bool {
        afd::ask(self.base, event::ABORT).is_ok_and(|events| events != 0)
    }

    /// Connecting is over, and came to nothing.
    fn failed<T>(&self, error: Error) -> Result<T> {
        self.enter(Stage::Failed);
        Err(error)
    }

    /// Refuses calls of the other kind.
    fn only(&self, kind: Kind) -> Result<()> {
        if self.kind == kind { Ok(()) } else { Err(Code::Unsupported.into()) }
    }

    fn stage(&self) -> Stage {
        Stage::of(self.stage.load(Ordering::Acquire))
    }

    fn enter(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Release);
    }

    fn in_stage(&self, stage: Stage) -> Result<()> {
        if self.stage() == stage { Ok(()) } else { Err(Code::InvalidState.into()) }
    }

    /// A connection has come about.
    fn connected(&self, remote: SocketAddr) {
        let _ = self.remote.set(remote);
        self.enter(Stage::Connected);
        options::begin(self);
    }

    fn connect_stream(&self, remote: SocketAddr) -> Result<()> {
        // Of two threads that try, one begins.
        let (apart, connecting) = (Stage::Apart as u8, Stage::Connecting as u8);
        match self.stage.compare_exchange(apart, connecting, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => {}
            Err(stage) if stage == connecting => return Err(Code::Already.into()),
            Err(_) => return Err(Code::InvalidState.into()),
        }
        if remote.ip().is_loopback() {
            // Windows asks three times, in two seconds, before it believes a refusal. Before Windows 10 there is no way to tell it.
            let _ = self.descriptor.ask_once();
        }
        match self.descriptor.connect(&remote.into()) {
            Ok(()) | Err(Winsock::WSAEWOULDBLOCK) => Ok(()),
            Err(code) => self.failed(not_reached(code)),
        }
    }

    /// Winsock takes a second peer in place of the first, but where its address on this side doesn't fit there; then by way of
    /// none.
    fn connect_datagram(&self, remote: SocketAddr) -> Result<()> {
        let to = remote.into();
        let mut connected = self.descriptor.connect(&to);
        if connected.is_err() && self.stage() == Stage::Connected {
            self.disconnect()?;
            connected = self.descriptor.connect(&to);
        }
        connected.map_err(not_reached)?;
        self.enter(Stage::Connected);
        self.descriptor.tell_unreachable(true).or_else(missing).portable()
    }

    /// Translates `code`, from receiving or sending on a connection. The loss of the connection is told once.
    fn not_moved(&self, code: Winsock) -> Error {
        if is_loss(code) {
            self.lost.store(true, Ordering::Release);
        }
        code.portable()
    }

    /// True if `code` comes from an earlier message to somebody else.
    fn is_of_nobody(&self, code: Winsock) -> bool {
        is_unreachable(code) && self.stage() != Stage::Connected
    }
}

impl Socket for NtSocket {
    fn kind(&self) -> Kind {
        self.kind
    }

    fn family(&self) -> AddressFamily {
        self.family
    }

    fn bind(&self, local: SocketAddr) -> Result<()> {
        self.family.check_local(self.kind, local)?;
        if self.kind == Kind::Stream {
            match self.descriptor.set(Setting::EXCLUSIVE_ADDRESS, 1) {
                // It has an address, and so says `bind`.
                Ok(()) | Err(Winsock::WSAEINVAL) => {}
                Err(code) => return Err(code.portable()),
            }
        }
        self.descriptor.bind(&local.into()).map_err(|code| match code {
            // It has an address; or an address of one link came without the link.
            Winsock::WSAEINVAL if self.local_address().is_ok() => code.meaning(Code::InvalidState),
            // Somebody has it for himself alone; or it is set apart for somebody. No port is for the privileged here.
            Winsock::WSAEACCES => code.meaning(Code::AddressInUse),
            _ => code.portable(),
        })
    }

    fn connect(&self, remote: SocketAddr) -> Result<()> {
        self.family.check_remote(self.kind, remote)?;
        match self.kind {
            Kind::Stream => self.connect_stream(remote),
            Kind::Datagram => self.connect_datagram(remote),
        }
    }

    fn finish_connect(&self) -> Result<()> {
        self.only(Kind::Stream)?;
        if self.stage() != Stage::Connecting {
            return Err(Code::NotInProgress.into());
        }
        if afd::ask(self.base, Direction::Send.events()).portable()? == 0 {
            return Err(Code::WouldBlock.into());
        }
        match self.descriptor.get(Setting::ERROR).portable()? {
            0 => match self.descriptor.remote_address() {
                Ok(Some(remote)) => {
                    self.connected(remote);
                    Ok(())
                }
                Ok(None) => self.failed(Code::ConnectionAborted.into()),
                // It has come and gone.
                Err(code) => self.failed(code.meaning(Code::ConnectionAborted)),
            },
            code => self.failed(not_reached(Winsock(code))),
        }
    }

    fn disconnect(&self) -> Result<()> {
        self.only(Kind::Datagram)?;
        if self.stage() != Stage::Connected {
            return Ok(());
        }
        self.descriptor.connect(&Address::nobody(self.family)).portable()?;
        self.enter(Stage::Apart);
        self.descriptor.tell_unreachable(false).or_else(missing).portable()
    }

    fn listen(&self, backlog: u32) -> Result<()> {
        self.only(Kind::Stream)?;
        if self.stage() == Stage::Listening {
            // It would succeed, and change nothing.
            return Err(Code::Unsupported.into());
        }
        self.in_stage(Stage::Apart)?;
        self.local_address()?;
        let backlog = backlog.clamp(1, LONGEST_BACKLOG);
        let number = i32::try_from(backlog).unwrap_or(i32::MAX);
        self.descriptor.listen(if backlog <= PLAIN_BACKLOG { number } else { -number }).portable()?;
        self.enter(Stage::Listening);
        Ok(())
    }

    fn accept(&self) -> Result<(Arc<dyn Socket>, SocketAddr)> {
        self.only(Kind::Stream)?;
        self.in_stage(Stage::Listening)?;
        let (descriptor, peer) = self.descriptor.accept().map_err(not_accepted)?;
        let peer = peer.ok_or(Code::ConnectionAborted)?;
        let accepted = Self::of(descriptor, Kind::Stream, self.family);
        options::inherit(self, &accepted);
        accepted.connected(peer);
        Ok((Arc::new(accepted), peer))
    }

    fn receive(&self, buffer: &mut Vec<u8>) -> Result<usize> {
        self.only(Kind::Stream)?;
        self.in_stage(Stage::Connected)?;
        if buffer.len() == buffer.capacity() {
            return Ok(0);
        }
        let is_over = self.receive_ended.load(Ordering::Acquire) || self.lost.load(Ordering::Acquire);
        match self.descriptor.receive(buffer) {
            Ok(0) | Err(_) if is_over => Ok(0),
            Ok(0) if self.is_broken_off() => Err(self.not_moved(Winsock::WSAECONNRESET)),
            Ok(0) => {
                // A reset that comes after is none any more.
                self.receive_ended.store(true, Ordering::Release);
                Ok(0)
            }
            result => result.map_err(|code| self.not_moved(code)),
        }
    }

    fn send(&self, buffer: &[u8]) -> Result<usize> {
        self.in_stage(Stage::Connected)?;
        if self.kind == Kind::Datagram {
            return self.descriptor.send(buffer).map_err(not_sent);
        }
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.send_ended.load(Ordering::Acquire) || self.lost.load(Ordering::Acquire) {
            return Err(Code::Pipe.into());
        }
        let part = buffer.get(..AT_ONCE).unwrap_or(buffer);
        self.descriptor.send(part).map_err(|code| self.not_moved(code))
    }

    fn receive_from(&self, buffer: &mut Vec<u8>) -> Result<(usize, SocketAddr)> {
        self.only(Kind::Datagram)?;
        match again(|| self.descriptor.receive_from(buffer), |code| self.is_of_nobody(code)) {
            Ok((length, from)) => Ok((length, from.ok_or(Code::Unknown)?)),
            // It has no address, so nothing comes.
            Err(Winsock::WSAEINVAL) => Err(Code::WouldBlock.into()),
            Err(code) if is_unreachable(code) => Err(code.meaning(Code::ConnectionRefused)),
            Err(code) => Err(code.portable()),
        }
    }

    fn send_to(&self, buffer: &[u8], remote: SocketAddr) -> Result<()> {
        self.only(Kind::Datagram)?;
        self.family.check_remote(self.kind, remote)?;
        let to = remote.into();
        // A message goes as a whole or not at all.
        again(|| self.descriptor.send_to(buffer, &to), |code| self.is_of_nobody(code)).map(drop).map_err(not_sent)
    }

    fn local_address(&self) -> Result<SocketAddr> {
        match self.descriptor.local_address() {
            Ok(Some(local)) if local.port() != 0 => Ok(local),
            // Winsock's word for a fresh one.
            Err(Winsock::WSAEINVAL) | Ok(_) => Err(Code::InvalidState.into()),
            Err(code) => Err(code.portable()),
        }
    }

    fn remote_address(&self) -> Result<SocketAddr> {
        self.in_stage(Stage::Connected)?;
        match (self.kind, self.remote.get()) {
            (Kind::Stream, Some(remote)) => Ok(*remote),
            _ => Ok(self.descriptor.remote_address().portable()?.ok_or(Code::InvalidState)?),
        }
    }

    fn option(&self, option: SocketOption) -> Result<u64> {
        self.has(option)?;
        options::get(self, option)
    }

    fn set_option(&self, option: SocketOption, value: u64) -> Result<()> {
        self.has(option)?;
        options::set(self, option, value)
    }

    fn shutdown(&self, how: Shutdown) -> Result<()> {
        self.only(Kind::Stream)?;
        self.in_stage(Stage::Connected)?;
        if how != Shutdown::Send {
            self.receive_ended.store(true, Ordering::Release);
        }
        if how == Shutdown::Receive || self.send_ended.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        match self.descriptor.end_sending() {
            // The connection is gone, and both directions with it.
            Err(code) if is_loss(code) || code == Winsock::WSAENOTCONN => Ok(()),
            result => result.portable(),
        }
    }

    fn abort(&self) -> Result<()> {
        self.only(Kind::Stream)?;
        self.in_stage(Stage::Connected)?;
        self.descriptor.reset_when_closed().portable()
    }
}

impl NtSocket {
    fn has(&self, option: SocketOption) -> Result<()> {
        if option.is_of_streams() { self.only(Kind::Stream) } else { Ok(()) }
    }
}

/// Repeats a call as long as its error is one to pass over; the call that said it has taken it away.
fn again<T>(mut call: impl FnMut() -> Result<T, Winsock>, pass_over: impl Fn(Winsock) -> bool) -> Result<T, Winsock> {
    loop {
        match call() {
            Err(code) if pass_over(code) => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests;
