//! Lookups of names, once this process may open neither the resolver's files nor its sockets: a helper makes them, which is callgate
//! itself, started before.
//!
//! A question is one message on a socket: the name, and the end of a pipe for the answer. The answer is a letter and, for `a`, the
//! addresses as text. The helper ends when nobody can ask it any more. It serves as many lookups at once as callgate makes.
//!
//! Hazard: what has got out of a guest could ask for any name, so that is all the helper can be asked for, and it has no privileges.

use std::io::{self, IoSlice, IoSliceMut, PipeReader, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::net::IpAddr;
use std::process::{Command, ExitCode, Stdio};
use std::thread;

use anyhow::{Context, Result};
use callgate_system::lookup::{MOST, Resolver, THREADS};
use callgate_system::{Code, Result as Looked};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};

use super::privileges;

/// The hidden command by which callgate becomes the helper.
const COMMAND: &str = "serve-lookups";

/// The longest name, in bytes; DNS has 253.
const NAME: usize = 1024;

/// The longest answer, in bytes: an address of IPv6 takes 40 with what parts it from the next.
const ANSWER: u64 = 64 * MOST as u64;

/// The letters of failures.
const FAILURES: [(u8, Code); 3] =
    [(b't', Code::TemporaryResolverFailure), (b'p', Code::PermanentResolverFailure), (b'n', Code::NameUnresolvable)];

/// Starts the helper.
///
/// # Errors
/// Those of the system.
pub(super) fn start() -> Result<Resolver> {
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
        .context("--lockdown: no socket can be had for lookups")?;
    // It holds no stream of ours open: whoever reads them waits for their end.
    let mut helper = Command::new("/proc/self/exe");
    helper.arg(COMMAND).stdin(theirs).stdout(Stdio::null()).stderr(Stdio::null());
    helper.spawn().context("--lockdown: the helper for lookups can't be started")?;
    Ok(Box::new(move |name| ask(ours.as_fd(), name)))
}

fn ask(helper: BorrowedFd<'_>, name: &str) -> Looked<Vec<IpAddr>> {
    // A helper that is gone can't be had back.
    let failed = |_| Code::PermanentResolverFailure;
    let answer = send(helper, name).map_err(failed)?;
    let mut text = String::new();
    answer.take(ANSWER).read_to_string(&mut text).map_err(failed)?;
    let letter = text.bytes().next().unwrap_or(b'p');
    if let Some((_, code)) = FAILURES.iter().find(|(failure, _)| *failure == letter) {
        return Err((*code).into());
    }
    Ok(text[1..].split_whitespace().filter_map(|address| address.parse().ok()).collect())
}

fn send(helper: BorrowedFd<'_>, name: &str) -> io::Result<PipeReader> {
    let (answer, end) = io::pipe()?;
    let (ends, mut space) = ([end.as_fd()], [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))]);
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(&ends));
    sendmsg(helper, &[IoSlice::new(name.as_bytes())], &mut control, SendFlags::NOSIGNAL)?;
    Ok(answer)
}

/// Is the helper, until nobody can ask any more.
pub(crate) fn serve() -> ExitCode {
    // What it lacks then is the whole of the protection, and it is none of the wall.
    let _ = privileges::give_up();
    for _ in 1..THREADS {
        drop(thread::Builder::new().spawn(serve_one_at_a_time));
    }
    serve_one_at_a_time();
    ExitCode::SUCCESS
}

fn serve_one_at_a_time() {
    while let Some((name, end)) = next() {
        // Nobody wants to know any more, else.
        drop(io::PipeWriter::from(end).write_all(&answer(&name)));
    }
}

/// The next question; `None` where nobody can ask any more.
fn next() -> Option<(String, OwnedFd)> {
    let mut name = [0; NAME];
    loop {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let into = &mut [IoSliceMut::new(&mut name)];
        let got = match recvmsg(rustix::stdio::stdin(), into, &mut control, RecvFlags::CMSG_CLOEXEC) {
            Err(rustix::io::Errno::INTR) => continue,
            got => got.ok().filter(|got| got.bytes > 0)?,
        };
        let end = control.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut ends) => ends.next(),
            _ => None,
        });
        let asked = name[..got.bytes].to_vec();
        if let (Some(end), Ok(asked)) = (end, String::from_utf8(asked)) {
            return Some((asked, end));
        }
    }
}

fn answer(name: &str) -> Vec<u8> {
    match callgate_linux::resolve(name) {
        Ok(found) => {
            let addresses = found.iter().take(MOST).map(|address| format!(" {address}"));
            format!("a{}", addresses.collect::<String>()).into_bytes()
        }
        Err(error) => {
            let letter = FAILURES.iter().find(|(_, code)| *code == error.code).map_or(b'p', |(letter, _)| *letter);
            vec![letter]
        }
    }
}
