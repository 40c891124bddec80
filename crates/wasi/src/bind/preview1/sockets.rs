//! `sock_*`: connections that come in at a socket which the user handed in. preview1 can make none of its own.

use callgate_gate::{Call, CallError};
use callgate_system::{Code, Error, Shutdown};

use super::errno::{Errno, Stop};
use super::fd::{Connection, Object};
use super::fds::HeldFd;
use super::memory::GuestMemory;
use super::rights::{FD_READ, FD_WRITE, SOCK_ACCEPT, SOCK_SHUTDOWN};
use super::transfer::{self, List, read_stream, write_stream};
use super::values::{FdFlags, flags};
use crate::calls::{poll, tcp};
use crate::host::Host;

type Done = Result<(), Stop>;

pub(super) fn sock_accept(host: &Host, memory: &mut GuestMemory<'_>, fd: u32, flags: u32, out: u32) -> Done {
    memory.check(out, 4)?;
    let flags = FdFlags::from_bits(flags)?;
    let held = host.preview1.fds.find(fd)?.needing(SOCK_ACCEPT);
    let Object::Listener(listener) = &held.object else { return Err(not_that(&held).into()) };
    let act = || loop {
        match listener.accept(&host.budget) {
            Ok(accepted) => return Ok(host.preview1.fds.add_connection(&host.handles, accepted, flags)?),
            Err(Error { code: Code::ConnectionAborted, .. }) => {}
            Err(Error { code: Code::WouldBlock, .. }) if !held.is_nonblocking() => {
                poll::wait_for(host, listener.moves_on())?;
            }
            Err(error) => return Err(error.into()),
        }
    };
    let accepted = host.gate.pass::<_, CallError>(Call::TcpAccept { socket: held.handle() }, act)?;
    Ok(memory.put_u32(out, accepted.number)?)
}

pub(super) fn sock_recv(
    host: &Host,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    list: List,
    bits: u32,
    (out, out_flags): (u32, u32),
) -> Done {
    memory.check(out, 4)?;
    memory.check(out_flags, 2)?;
    // Neither is there on 0.2, and no C library of preview1 promises them.
    let [peek, wait_for_all] = flags(bits)?;
    let held = host.preview1.fds.find(fd)?.needing(FD_READ);
    let connection = connection(&held)?;
    if peek || wait_for_all {
        return Err(Errno::Notsup.into());
    }
    let buffers = memory.buffers(list.0, list.1)?;
    let read = read_stream(host, memory, &held.as_held(&connection.input), held.is_nonblocking(), &buffers)?;
    memory.put_u32(out, read)?;
    Ok(memory.put(out_flags, [0; 2])?)
}

pub(super) fn sock_send(host: &Host, memory: &mut GuestMemory<'_>, fd: u32, list: List, bits: u32, out: u32) -> Done {
    memory.check(out, 4)?;
    let [] = flags(bits)?;
    let held = host.preview1.fds.find(fd)?.needing(FD_WRITE);
    let connection = connection(&held)?;
    let (output, contents) = (held.as_held(&connection.output), transfer::contents(memory, list)?);
    let sent = write_stream(host, &output, held.is_nonblocking(), &contents)?;
    drop(contents);
    Ok(memory.put_u32(out, sent)?)
}

pub(super) fn sock_shutdown(host: &Host, fd: u32, bits: u32) -> Done {
    let how = match flags(bits)? {
        [true, false] => Shutdown::Receive,
        [false, true] => Shutdown::Send,
        [true, true] => Shutdown::Both,
        [false, false] => return Err(Errno::Inval.into()),
    };
    let held = host.preview1.fds.find(fd)?.needing(SOCK_SHUTDOWN);
    let connection = connection(&held)?;
    Ok(tcp::shutdown(host, &held.as_held(&connection.socket), how)?)
}

fn connection(held: &HeldFd) -> Result<&Connection, Errno> {
    match &held.object {
        Object::Connection(connection) => Ok(connection),
        _ => Err(not_that(held)),
    }
}

/// Why it is no socket of the right kind.
fn not_that(held: &HeldFd) -> Errno {
    match held.object {
        Object::Listener(_) => Errno::Notconn,
        Object::Connection(_) => Errno::Inval,
        _ => Errno::Notsock,
    }
}
