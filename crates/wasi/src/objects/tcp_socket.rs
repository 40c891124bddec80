//! The states of a TCP socket. The interface has each step in two halves, start and finish; a system has one, so the first half
//! does it, or begins it, and the second tells how it went.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use callgate_system::{AddressFamily, Code, Interest, Kind, Result, Shutdown, Socket, SocketOption, System};

use super::input::HungUp;
use super::{InputStream, Named, Outbox, OutputStream};
use crate::budget::Budget;

/// Connections that may wait to be accepted, where the guest doesn't say.
const BACKLOG: u32 = 128;

/// Where a socket is on its way.
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

/// A TCP socket.
pub(crate) struct TcpSocket {
    socket: Arc<dyn Socket>,
    state: Cell<State>,
    backlog: Cell<u32>,
    hung_up: HungUp,
    /// What goes out, once connected; so that ending this side comes behind it.
    outbox: RefCell<Option<Rc<Outbox>>>,
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
        let (state, backlog) = (Cell::new(state), Cell::new(BACKLOG));
        Self { socket, state, backlog, hung_up: HungUp::default(), outbox: RefCell::default() }
    }

    pub(crate) fn family(&self) -> AddressFamily {
        self.socket.family()
    }

    pub(crate) fn start_bind(&self, local: SocketAddr) -> Result<()> {
        let State::Fresh = self.state.get() else { return Err(self.conflict()) };
        self.socket.bind(local)?;
        self.state.set(State::Binding(local));
        Ok(())
    }

    pub(crate) fn finish_bind(&self) -> Result<()> {
        let State::Binding(local) = self.state.get() else { return Err(Code::NotInProgress.into()) };
        self.state.set(State::Bound(local));
        Ok(())
    }

    pub(crate) fn start_connect(&self, remote: SocketAddr) -> Result<()> {
        let (State::Fresh | State::Bound(_)) = self.state.get() else { return Err(self.conflict()) };
        // What is wrong with the address leaves the socket as it was; what the way there says does not.
        self.family().check_remote(Kind::Stream, remote)?;
        self.state.set(State::Failed);
        self.socket.connect(remote)?;
        self.state.set(State::Connecting);
        Ok(())
    }

    /// The streams of the connection, once it is there.
    pub(crate) fn finish_connect(&self, budget: &Budget) -> Result<(InputStream, OutputStream)> {
        self.under_way(State::Connecting)?;
        match self.socket.finish_connect() {
            Err(error) if error.code == Code::WouldBlock => Err(error),
            Err(error) => {
                self.state.set(State::Failed);
                Err(error)
            }
            Ok(()) => {
                self.state.set(State::Connected);
                Ok(self.streams(budget))
            }
        }
    }

    /// The address that listening would be at, as the guest asked for it.
    pub(crate) fn bound(&self) -> Option<SocketAddr> {
        match self.state.get() {
            State::Bound(local) => Some(local),
            _ => None,
        }
    }

    pub(crate) fn start_listen(&self) -> Result<()> {
        let State::Bound(_) = self.state.get() else { return Err(self.conflict()) };
        self.socket.listen(self.backlog.get())?;
        self.state.set(State::StartingToListen);
        Ok(())
    }

    pub(crate) fn finish_listen(&self) -> Result<()> {
        self.under_way(State::StartingToListen)?;
        self.state.set(State::Listening);
        Ok(())
    }

    /// The next connection: its socket and its streams.
    pub(crate) fn accept(&self, budget: &Budget) -> Result<(TcpSocket, InputStream, OutputStream)> {
        self.must_be(State::Listening)?;
        let (socket, _) = self.socket.accept()?;
        let accepted = Self::in_state(socket, State::Connected);
        let (input, output) = accepted.streams(budget);
        Ok((accepted, input, output))
    }

    pub(crate) fn local_address(&self) -> Result<SocketAddr> {
        match self.state.get() {
            State::Fresh | State::Binding(_) => Err(Code::InvalidState.into()),
            _ => self.socket.local_address(),
        }
    }

    pub(crate) fn remote_address(&self) -> Result<SocketAddr> {
        self.must_be(State::Connected)?;
        self.socket.remote_address()
    }

    pub(crate) fn is_listening(&self) -> bool {
        self.state.get() == State::Listening
    }

    pub(crate) fn set_backlog(&self, value: u64) -> Result<()> {
        if value == 0 {
            return Err(Code::Invalid.into());
        }
        let backlog = u32::try_from(value).unwrap_or(u32::MAX);
        match self.state.get() {
            State::Connecting | State::Connected | State::Failed => return Err(Code::InvalidState.into()),
            State::StartingToListen | State::Listening => self.socket.listen(backlog)?,
            State::Fresh | State::Binding(_) | State::Bound(_) => {}
        }
        self.backlog.set(backlog);
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
        match &*self.outbox.borrow() {
            Some(outbox) if how != Shutdown::Receive => outbox.end(),
            _ => Ok(()),
        }
    }

    /// What to wait for before the state moves on; nothing, where a call would tell now.
    pub(crate) fn moves_on(&self) -> Option<Interest<'_>> {
        match self.state.get() {
            State::Listening => Some(Interest::Receivable(&*self.socket)),
            State::Connecting => Some(Interest::Sendable(&*self.socket)),
            _ => None,
        }
    }

    fn streams(&self, budget: &Budget) -> (InputStream, OutputStream) {
        let outbox = Rc::new(Outbox::of_socket(Arc::clone(&self.socket), budget));
        let streams = (InputStream::of_socket(&self.socket, &self.hung_up), OutputStream::of_connection(&outbox));
        *self.outbox.borrow_mut() = Some(outbox);
        streams
    }

    /// For what is no step: there is nothing to conflict with.
    fn must_be(&self, state: State) -> Result<()> {
        if self.state.get() == state { Ok(()) } else { Err(Code::InvalidState.into()) }
    }

    /// For the second half of a step: nothing of the kind is under way.
    fn under_way(&self, state: State) -> Result<()> {
        if self.state.get() == state { Ok(()) } else { Err(Code::NotInProgress.into()) }
    }

    /// Why the next step can't begin: another is under way, or the state is wrong.
    fn conflict(&self) -> callgate_system::Error {
        match self.state.get() {
            State::Binding(_) | State::StartingToListen | State::Connecting => Code::Already.into(),
            _ => Code::InvalidState.into(),
        }
    }
}

impl Named for TcpSocket {
    fn name(&self) -> &str {
        "tcp"
    }
}
