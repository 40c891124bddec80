//! The calls: a named function for each function of the interface, over the guest's objects and plain values. Each passes the gate
//! and acts. `bind/` takes the arguments from a guest and hands the answers back.

pub(crate) mod cli;
pub(crate) mod clocks;
pub(crate) mod diagnostics;
pub(crate) mod filesystem;
pub(crate) mod io;
pub(crate) mod network;
pub(crate) mod poll;
pub(crate) mod random;
mod reach;
pub(crate) mod tcp;
pub(crate) mod udp;

use std::ptr;

use callgate_gate::{Call, CallError, Handle, Mount};

use crate::host::Host;
use crate::objects::Closing;

/// The outcome of a call: a value, an error that the guest is told, or the end of the run.
pub(crate) type Outcome<T> = Result<T, CallError>;

/// Closes a handle of any kind. Bytes that a stream has not sent yet still go out. Where many such streams have come together,
/// closing waits for some to go.
pub(crate) fn close(host: &Host, closing: Closing) -> Outcome<()> {
    close_after(host, closing, || ())
}

/// The same, after `first`, which is part of the call.
pub(crate) fn close_after(host: &Host, closing: Closing, first: impl FnOnce()) -> Outcome<()> {
    let kept = if host.gate.is_attended() { Some(Kept::of(host, &closing)) } else { None };
    let handle = kept.as_ref().map_or_else(|| closing.nameless(), Kept::handle);
    host.gate.pass(Call::Drop { handle }, || {
        first();
        host.close(closing)
    })
}

/// The handle of an object that is closed, kept because the object is gone by the time it is told of. Kept only where there is
/// somebody to be told.
struct Kept<'a> {
    id: u32,
    name: String,
    mount: Option<&'a Mount>,
}

impl<'a> Kept<'a> {
    fn of(host: &'a Host, closing: &Closing) -> Self {
        let mut mounts = host.surroundings.mounts.iter().map(|(mount, _)| &**mount);
        host.handles.show(closing, |Handle { id, name, mount, .. }| {
            let mount = mount.and_then(|mount| mounts.find(|known| ptr::eq(*known, mount)));
            Self { id, name: name.to_owned(), mount }
        })
    }

    fn handle(&self) -> Handle<'_> {
        Handle { id: self.id, name: &self.name, mount: self.mount, denied: None }
    }
}
