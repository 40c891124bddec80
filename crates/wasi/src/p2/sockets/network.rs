//! `wasi:sockets/network` and `instance-network`.

use callgate_gate::Call;
use callgate_system::Error;
use wasmtime::component::{Linker, Resource};

use super::values::ErrorCode;
use crate::handles::Named;
use crate::host::{Context, Host};
use crate::p2::io::Failure;
use crate::p2::{interface, resource};

/// The network, as a capability. Having it permits nothing: rules do.
pub(crate) struct Network;

impl Named for Network {
    fn name(&self) -> &str {
        "network"
    }
}

pub(super) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    let mut network = interface(linker, "wasi:sockets/network")?;
    resource::<Network>(&mut network, "network")?;
    network.func_wrap("network-error-code", |cx: Context<'_>, (error,): (Resource<Failure>,)| {
        let host = cx.data();
        let error = host.find(&error)?;
        let act = || Ok::<_, Error>(error.0.code.name());
        host.gate.pass(Call::NetworkErrorCode { error: error.handle() }, act)?;
        Ok((Some(ErrorCode::from(error.0)),))
    })?;
    interface(linker, "wasi:sockets/instance-network")?.func_wrap("instance-network", |cx: Context<'_>, (): ()| {
        let host = cx.data();
        let act = || host.handles.add(Network);
        Ok((Resource::from(host.gate.pass(Call::InstanceNetwork, act)?),))
    })
}
