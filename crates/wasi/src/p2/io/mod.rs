//! `wasi:io`: error, poll, streams.

mod error;
mod input;
mod outbox;
mod output;
mod poll;
mod streams;

pub(crate) use error::Failure;
pub(crate) use input::{HungUp, InputStream};
pub(crate) use outbox::Outbox;
pub(crate) use output::OutputStream;
pub(crate) use poll::Pollable;
pub(crate) use streams::{and_flush, blocking_read, watch};

use callgate_gate::{AsReply, Reply};
use wasmtime::component::Linker;

use crate::host::Host;

/// What a stream operation yields: something, or the word that the stream is at its end.
pub(crate) enum Flow<T> {
    Open(T),
    Closed,
}

impl<T: AsReply> AsReply for Flow<T> {
    fn as_reply(&self) -> Reply<'_> {
        match self {
            Self::Open(inner) => inner.as_reply(),
            Self::Closed => Reply::Closed,
        }
    }
}

pub(super) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    error::link(linker)?;
    poll::link(linker)?;
    streams::link(linker)
}
