//! `wasi:sockets`: network, instance-network, ip-name-lookup.

use std::net::IpAddr;

use callgate_gate::Call;

use super::Outcome;
use crate::host::Host;
use crate::objects::{AddressStream, Held, Network, Pollable};

pub(crate) fn instance_network(host: &Host) -> Outcome<Held<Network>> {
    host.gate.pass(Call::InstanceNetwork, || host.handles.add(Network))
}

pub(crate) fn resolve_addresses(host: &Host, network: &Held<Network>, name: &str) -> Outcome<Held<AddressStream>> {
    let act = || host.handles.add(AddressStream::begin(name, &*host.system, &host.budget)?);
    host.gate.pass(Call::ResolveAddresses { network: network.handle(), name }, act)
}

pub(crate) fn resolve_next_address(host: &Host, lookup: &Held<AddressStream>) -> Outcome<Option<IpAddr>> {
    let act = || lookup.next(|name, address| host.gate.learn(name, address));
    host.gate.pass(Call::ResolveNextAddress { lookup: lookup.handle() }, act)
}

pub(crate) fn subscribe(host: &Host, lookup: &Held<AddressStream>) -> Outcome<Held<Pollable>> {
    let act = || host.handles.add(Pollable::Resolved(lookup.share()));
    host.gate.pass(Call::LookupSubscribe { lookup: lookup.handle() }, act)
}
