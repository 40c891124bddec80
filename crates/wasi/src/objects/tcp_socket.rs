//! The states of a TCP socket. The interface has each step in two halves, start and finish; a system has one, so the first half
//! does it, or begins it, and the second tells how it went.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};

use callgate_system::{AddressFamily, Code, Interest, Kind, Result, Shutdown, Socket, SocketOption, System};

use super::input::HungUp;
use super::{InputStream, Name, Named, Outbox, OutputStream, lock};
use crate::budget::Budget;

/// Connections that may wait to be accepted, where the guest doesn't say.
const BACKLOG: u32 = 128;

/// The name of a socket without a peer.
static UNCONNECTED: Name = Name::Fixed("tcp");

/// The place of a socket on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Fresh,
    Binding(SocketAddr),
    Bound(SocketAddr),
    StartingToListen,
    Listening,
    Connecting,
    Connected,
    /// Connecting failed; good for nothing any more.
    Failed,
}

/// The part of a socket that changes on its way.
struct Progress {
    state: State,
    /// Connections that may wait, once it listens.
    backlog: u32,
}

/// A TCP socket.
pub(crate) struct TcpSocket {
    socket: Arc<dyn Socket>,
    progress: Mutex<Progress>,
    /// The end of its one long step: of connecting, or of listening for the next connection.
    moves_on: OnceLock<Interest>,
    hung_up: HungUp,
    /// The outgoing bytes, once connected. The end of this side is sent after them.
    outbox: OnceLock<Arc<Outbox>>,
    /// The name that tells the peer, once there is one.
    name: OnceLock<Name>,
}

impl TcpSocket {
    /// A socket without an address.
    pub(crate) fn new(system: &dyn System, family: AddressFamily) -> Result<Self> {
        Ok(Self::in_state(system.network().socket(Kind::Stream, family)?, State::Fresh))
    }

    /// One that listens already.
    pub(crate) fn listening(socket: &Arc<dyn Socket>) -> Self {
        Self::in_state(Arc::clone(socket), State::Listening)
    }

    fn in_state(socket: Arc<dyn Socket>, state: State) -> Self {
        Self {
            socket,
            progress: Mutex::new(Progress { state, backlog: BACKLOG }),
            moves_on: OnceLock::new(),
            hung_up: HungUp::default(),
            outbox: OnceLock::new(),
            name: OnceLock::new(),
        }
    }

    pub(crate) fn family(&self) -> AddressFamily {
        self.socket.family()
    }

    pub(crate) fn start_bind(&self, local: SocketAddr) -> Result<()> {
        let State::Fresh = self.state() else { return Err(self.conflict()) };
        self.socket.bind(local)?;
        self.move_to(State::Binding(local));
        Ok(())
    }

    pub(crate) fn finish_bind(&self) -> Result<()> {
        let State::Binding(local) = self.state() else { return Err(Code::NotInProgress.into()) };
        self.move_to(State::Bound(local));
        Ok(())
    }

    pub(crate) fn start_connect(&self, remote: SocketAddr, budget: &Budget) -> Result<()> {
        let (State::Fresh | State::Bound(_)) = self.state() else { return Err(self.conflict()) };
        // An unsuitable address leaves the socket as it was; a failed `connect` does not.
        self.family().check_remote(Kind::Stream, remote)?;
        self.move_to(State::Failed);
        self.socket.connect(remote)?;
        self.name_after(remote, budget);
        self.move_to(State::Connecting);
        Ok(())
    }

    /// The streams of the connection, once it is there.
    pub(crate) fn finish_connect(&self, budget: &Budget) -> Result<(InputStream, OutputStream)> {
        self.under_way(State::Connecting)?;
        match self.socket.finish_connect() {
            Err(error) if error.code == Code::WouldBlock => Err(error),
            Err(error) => {
                self.move_to(State::Failed);
                Err(error)
            }
            Ok(()) => {
                self.move_to(State::Connected);
                Ok(self.streams(budget))
            }
        }
    }

    /// The address that listening would be at, as the guest asked for it.
    pub(crate) fn bound(&self) -> Option<SocketAddr> {
        match self.state() {
            State::Bound(local) => Some(local),
            _ => None,
        }
    }

    pub(crate) fn start_listen(&self) -> Result<()> {
        let State::Bound(_) = self.state() else { return Err(self.conflict()) };
        self.socket.listen(lock(&self.progress).backlog)?;
        self.move_to(State::StartingToListen);
        Ok(())
    }

    pub(crate) fn finish_listen(&self) -> Result<()> {
        self.under_way(State::StartingToListen)?;
        self.move_to(State::Listening);
        Ok(())
    }

    /// The next connection: its socket and its streams.
    pub(crate) fn accept(&self, budget: &Budget) -> Result<(TcpSocket, InputStream, OutputStream)> {
        self.must_be(State::Listening)?;
        let (socket, remote) = self.socket.accept()?;
        let accepted = Self::in_state(socket, State::Connected);
        accepted.name_after(remote, budget);
        let (input, output) = accepted.streams(budget);
        Ok((accepted, input, output))
    }

    pub(crate) fn local_address(&self) -> Result<SocketAddr> {
        match self.state() {
            State::Fresh | State::Binding(_) => Err(Code::InvalidState.into()),
            _ => self.socket.local_address(),
        }
    }

    pub(crate) fn remote_address(&self) -> Result<SocketAddr> {
        self.must_be(State::Connected)?;
        self.socket.remote_address()
    }

    pub(crate) fn is_listening(&self) -> bool {
        self.state() == State::Listening
    }

    pub(crate) fn set_backlog(&self, value: u64) -> Result<()> {
        if value == 0 {
            return Err(Code::Invalid.into());
        }
        let backlog = u32::try_from(value).unwrap_or(u32::MAX);
        match self.state() {
            State::Connecting | State::Connected | State::Failed => return Err(Code::InvalidState.into()),
            State::StartingToListen | State::Listening => self.socket.listen(backlog)?,
            State::Fresh | State::Binding(_) | State::Bound(_) => {}
        }
        lock(&self.progress).backlog = backlog;
        Ok(())
    }

    pub(crate) fn option(&self, option: SocketOption) -> Result<u64> {
        self.socket.option(option)
    }

    pub(crate) fn set_option(&self, option: SocketOption, value: u64) -> Result<()> {
        self.socket.set_option(option, value)
    }

    pub(crate) fn shutdown(&self, how: Shutdown) -> Result<()> {
        self.must_be(State::Connected)?;
        if how != Shutdown::Send {
            self.socket.shutdown(Shutdown::Receive)?;
            self.hung_up.set(true);
        }
        match self.outbox.get() {
            Some(outbox) if how != Shutdown::Receive => outbox.end(),
            _ => Ok(()),
        }
    }

    /// The event to wait for before the state moves on; `None` where a call would tell now.
    pub(crate) fn moves_on(&self) -> Option<&Interest> {
        let interest = match self.state() {
            State::Listening => Interest::Receivable,
            State::Connecting => Interest::Sendable,
            _ => return None,
        };
        // A socket that listens never connects.
        Some(self.moves_on.get_or_init(|| interest(Arc::clone(&self.socket))))
    }

    fn streams(&self, budget: &Budget) -> (InputStream, OutputStream) {
        let outbox = self.outbox.get_or_init(|| Arc::new(Outbox::of_socket(&self.socket, budget)));
        let name = self.name.get().unwrap_or(&UNCONNECTED);
        (InputStream::of_socket(name, &self.socket, &self.hung_up), OutputStream::of_connection(name, outbox))
    }

    /// Names the socket, and its streams to come, after its peer. Where there is no memory for that, it stays nameless.
    fn name_after(&self, remote: SocketAddr, budget: &Budget) {
        if let Ok(name) = Name::new(&format!("tcp {remote}"), budget) {
            self.name.get_or_init(|| name);
        }
    }

    fn state(&self) -> State {
        lock(&self.progress).state
    }

    fn move_to(&self, state: State) {
        lock(&self.progress).state = state;
    }

    /// For what is no step: there is nothing to conflict with.
    fn must_be(&self, state: State) -> Result<()> {
        if self.state() == state { Ok(()) } else { Err(Code::InvalidState.into()) }
    }

    /// For the second half of a step: nothing of the kind is under way.
    fn under_way(&self, state: State) -> Result<()> {
        if self.state() == state { Ok(()) } else { Err(Code::NotInProgress.into()) }
    }

    /// Why the next step can't begin: another is under way, or the state is wrong.
    fn conflict(&self) -> callgate_system::Error {
        match self.state() {
            State::Binding(_) | State::StartingToListen | State::Connecting => Code::Already.into(),
            _ => Code::InvalidState.into(),
        }
    }
}

impl Named for TcpSocket {
    fn name(&self) -> &str {
        self.name.get().unwrap_or(&UNCONNECTED)
    }
}
