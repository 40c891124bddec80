//! `callgate:system/diagnostics`: which backend this is, and the native error behind the last error.

use callgate_gate::Call;
use callgate_system::{Error, Native};

use super::Outcome;
use crate::host::Host;

pub(crate) fn backend(host: &Host) -> Outcome<&'static str> {
    host.gate.pass(Call::Backend, || Ok::<_, Error>(host.system.name()))
}

pub(crate) fn last_error(host: &Host) -> Outcome<Option<Native>> {
    let native = host.gate.last_native();
    host.gate.pass(Call::LastError, || Ok::<_, Error>(native.map(|native| native.to_string())))?;
    Ok(native)
}
