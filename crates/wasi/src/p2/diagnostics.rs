//! `callgate:system/diagnostics`: which backend this is, and what stood behind the last error.

use callgate_gate::Call;
use callgate_system::{Error, Family, Native};
use wasmtime::component::{ComponentType, Lift, Linker, Lower};

use crate::host::{Context, Host};

const INTERFACE: &str = "callgate:system/diagnostics@0.1.0";

#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
#[allow(dead_code, reason = "the order is the interface's; no Linux call makes the last two")]
enum NativeFamily {
    #[component(name = "errno")]
    Errno,
    #[component(name = "ntstatus")]
    NtStatus,
    #[component(name = "winsock")]
    Winsock,
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct NativeError {
    family: NativeFamily,
    code: u32,
    name: String,
}

impl From<Native> for NativeError {
    fn from(native: Native) -> Self {
        let family = match native.family {
            Family::Errno => NativeFamily::Errno,
            Family::NtStatus => NativeFamily::NtStatus,
            Family::Winsock => NativeFamily::Winsock,
        };
        Self { family, code: native.code, name: native.to_string() }
    }
}

pub(super) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    let mut diagnostics = linker.instance(INTERFACE)?;
    diagnostics.func_wrap("backend", |cx: Context<'_>, (): ()| {
        let host = cx.data();
        Ok((host.gate.pass(Call::Backend, || Ok::<_, Error>(host.system.name()))?,))
    })?;
    diagnostics.func_wrap("last-error", |cx: Context<'_>, (): ()| {
        let host = cx.data();
        let act = || Ok::<_, Error>(host.gate.last_native().map(|native| native.to_string()));
        host.gate.pass(Call::LastError, act)?;
        Ok((host.gate.last_native().map(NativeError::from),))
    })
}
