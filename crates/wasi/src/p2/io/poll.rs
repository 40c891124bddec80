//! `wasi:io/poll`: waiting for any of several things. The only host functions that sleep, with `blocking-*` of streams;
//! all of them sleep in [`Host::wait`].

use std::rc::Rc;

use callgate_gate::{Break, Call};
use callgate_system::{Code, Error, Interest, Nanoseconds};
use wasmtime::component::{Linker, Resource};

use super::{InputStream, OutputStream};
use crate::handles::{Held, Named};
use crate::host::{Context, Host};
use crate::limits::WAITED;
use crate::p2::{AddressStream, IncomingDatagrams, OutgoingDatagrams, TcpSocket, interface, resource};

/// Something that may become ready.
pub(crate) enum Pollable {
    /// At a time on the monotonic clock.
    At(Nanoseconds),
    /// When there is something to read, or nothing more ever.
    Readable(Rc<InputStream>),
    /// When something may be written.
    Writable(Rc<OutputStream>),
    /// When a socket's state moves on: connected, or a connection to accept.
    Tcp(Rc<TcpSocket>),
    /// When there is a datagram.
    Incoming(Rc<IncomingDatagrams>),
    /// When a datagram may be sent.
    Outgoing(Rc<OutgoingDatagrams>),
    /// When a lookup has its answer.
    Resolved(Rc<AddressStream>),
    /// At any time; of what the name says.
    Always(&'static str),
}

/// What a pollable waits for.
enum Wait<'a> {
    /// Nothing: it is ready.
    Over,
    Until(Nanoseconds),
    For(Interest<'a>),
}

impl Pollable {
    fn wait(&self) -> Wait<'_> {
        match self {
            Self::At(when) => Wait::Until(*when),
            Self::Readable(stream) => stream.readable().map_or(Wait::Over, Wait::For),
            Self::Writable(stream) => stream.writable().map_or(Wait::Over, Wait::For),
            Self::Tcp(socket) => socket.moves_on().map_or(Wait::Over, Wait::For),
            Self::Incoming(stream) => Wait::For(stream.receivable()),
            Self::Outgoing(stream) => Wait::For(stream.sendable()),
            Self::Resolved(lookup) => Wait::For(lookup.resolved()),
            Self::Always(_) => Wait::Over,
        }
    }
}

impl Named for Pollable {
    fn name(&self) -> &str {
        match self {
            Self::At(_) => "timer",
            Self::Readable(stream) => stream.name(),
            Self::Writable(stream) => stream.name(),
            Self::Tcp(socket) => socket.name(),
            Self::Incoming(stream) => stream.name(),
            Self::Outgoing(stream) => stream.name(),
            Self::Resolved(lookup) => lookup.name(),
            Self::Always(name) => name,
        }
    }
}

pub(super) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    let mut polls = interface(linker, "wasi:io/poll")?;
    resource::<Pollable>(&mut polls, "pollable")?;
    polls.func_wrap("[method]pollable.ready", |cx: Context<'_>, (pollable,): (Resource<Pollable>,)| {
        let host = cx.data();
        let pollable = host.find(&pollable)?;
        let act = || is_ready(host, &pollable);
        Ok((host.gate.pass(Call::PollableReady { pollable: pollable.handle() }, act)?,))
    })?;
    polls.func_wrap("[method]pollable.block", |cx: Context<'_>, (pollable,): (Resource<Pollable>,)| {
        let host = cx.data();
        let pollable = host.find(&pollable)?;
        let act = || wait_for_any(host, std::slice::from_ref(&pollable)).map(drop);
        Ok(host.gate.pass(Call::PollableBlock { pollable: pollable.handle() }, act)?)
    })?;
    polls.func_wrap("poll", |cx: Context<'_>, (list,): (Vec<Resource<Pollable>>,)| {
        let host = cx.data();
        // The engine's list is bounded by the number of handles; ours, and those of the wait, are not made before they are charged.
        let _charge = host.budget.charge_call(list.len().saturating_mul(WAITED)).map_err(Break::from)?;
        let pollables = list.iter().map(|pollable| host.find(pollable)).collect::<wasmtime::Result<Vec<_>>>()?;
        Ok((host.gate.pass(Call::Poll { count: list.len() }, || wait_for_any(host, &pollables))?,))
    })
}

fn is_ready(host: &Host, pollable: &Pollable) -> Result<bool, Break> {
    match pollable.wait() {
        Wait::Over => Ok(true),
        Wait::Until(when) => Ok(host.system.clock().monotonic() >= when),
        Wait::For(interest) => {
            let mut ready = Vec::new();
            host.wait(&[interest], Some(0), &mut ready)?;
            Ok(!ready.is_empty())
        }
    }
}

/// Waits until at least one is ready; the indices of all that are, ascending.
///
/// # Errors
/// `Invalid` for an empty list, which the standard has trap.
fn wait_for_any(host: &Host, pollables: &[Held<Pollable>]) -> Result<Vec<u32>, Break> {
    if pollables.is_empty() {
        return Err(Error::new(Code::Invalid).into());
    }
    let mut interests = Vec::new();
    let mut of_interest = Vec::new();
    let mut until = None::<Nanoseconds>;
    for (index, pollable) in pollables.iter().enumerate() {
        match pollable.wait() {
            Wait::Over => until = Some(0),
            Wait::Until(when) => until = Some(until.map_or(when, |until| until.min(when))),
            Wait::For(interest) => {
                interests.push(interest);
                of_interest.push(index);
            }
        }
    }
    let mut met = Vec::new();
    loop {
        host.wait(&interests, until, &mut met)?;
        let now = host.system.clock().monotonic();
        let mut met = met.iter().map(|&interest| of_interest[interest]).peekable();
        let is_ready = |(index, pollable): (usize, &Held<Pollable>)| {
            let ready = match pollable.wait() {
                Wait::Over => true,
                Wait::Until(when) => now >= when,
                Wait::For(_) => met.next_if_eq(&index).is_some(),
            };
            #[allow(clippy::cast_possible_truncation, reason = "a guest's list has fewer than 2^32 elements")]
            ready.then_some(index as u32)
        };
        let ready: Vec<u32> = pollables.iter().enumerate().filter_map(is_ready).collect();
        if !ready.is_empty() {
            return Ok(ready);
        }
    }
}

/// Waits for one interest; used by the `blocking-*` functions of streams.
pub(super) fn wait_for(host: &Host, interest: Option<Interest<'_>>) -> Result<(), Break> {
    match interest {
        Some(interest) => host.wait(&[interest], None, &mut Vec::new()),
        None => Ok(()),
    }
}
