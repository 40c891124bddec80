//! The calls: a named function for each function of the interface, over the guest's objects and plain values. Each passes the gate
//! and acts. How arguments come from a guest and answers get back to it is `bind/`.

pub(crate) mod cli;
pub(crate) mod clocks;
pub(crate) mod diagnostics;
pub(crate) mod filesystem;
pub(crate) mod io;
pub(crate) mod network;
pub(crate) mod poll;
pub(crate) mod random;
pub(crate) mod tcp;
pub(crate) mod udp;

use callgate_gate::{Break, Call};

use crate::host::Host;
use crate::objects::Closing;

/// The outcome of a call: a value, an error that the guest is told, or the end of the run.
pub(crate) type Outcome<T> = Result<T, Break>;

/// Closes a handle of any kind. What a stream has not sent yet still goes out; where much of that has come together, closing
/// waits for some to go.
pub(crate) fn close(host: &Host, closing: &Closing) -> Outcome<()> {
    host.gate.pass(Call::Drop { handle: closing.handle() }, || host.close(closing))
}
