//! `wasi:io/error`: the error that a stream's operation ended with.

use callgate_gate::Call;
use callgate_system::Error;
use wasmtime::component::{Linker, Resource};

use crate::handles::Named;
use crate::host::{Context, Host};
use crate::p2::{interface, resource};

/// A stream's error, with its native code.
pub(crate) struct Failure(pub(crate) Error);

impl Named for Failure {
    fn name(&self) -> &str {
        self.0.code.name()
    }
}

pub(super) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    let mut errors = interface(linker, "wasi:io/error")?;
    resource::<Failure>(&mut errors, "error")?;
    errors.func_wrap("[method]error.to-debug-string", |cx: Context<'_>, (error,): (Resource<Failure>,)| {
        let host = cx.data();
        let error = host.find(&error)?;
        let act = || Ok::<_, Error>(error.0.to_string());
        Ok((host.gate.pass(Call::ErrorToDebugString { error: error.handle() }, act)?,))
    })
}
