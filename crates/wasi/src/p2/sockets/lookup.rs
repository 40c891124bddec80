//! `wasi:sockets/ip-name-lookup`.

use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::sync::Arc;

use callgate_gate::{Call, NetworkRules};
use callgate_system::lookup::MOST;
use callgate_system::{Interest, Lookup, Result, System};
use wasmtime::component::{Linker, Resource, WasmStr};

use super::values::IpAddress;
use super::{Network, answer};
use crate::budget::{Budget, Charge};
use crate::handles::Named;
use crate::host::{Context, Host};
use crate::name::Name;
use crate::p2::io::Pollable;
use crate::p2::{interface, resource};

/// A lookup, and how far its answer was read.
pub(crate) struct AddressStream {
    name: Name,
    lookup: Arc<dyn Lookup>,
    addresses: RefCell<Option<Vec<IpAddr>>>,
    read: Cell<usize>,
    _charge: Charge,
}

/// Bytes of the longest answer, which the lookup has, and then the stream too. They are charged when the lookup begins: nobody asks
/// the guest before the answer comes.
const ANSWER: usize = 2 * MOST * size_of::<IpAddr>();

impl AddressStream {
    /// Begins to look up `name`.
    fn begin(name: &str, system: &dyn System, budget: &Budget) -> Result<Self> {
        let charge = budget.charge(ANSWER)?;
        // What is no name, however long, is refused here and not copied.
        let lookup = system.network().resolve(name)?;
        let name = Name::new(name, budget)?;
        Ok(Self { name, lookup, addresses: RefCell::default(), read: Cell::new(0), _charge: charge })
    }

    /// The next address; `None` behind the last. All of them are the guest's to use from the first on.
    fn next(&self, rules: &NetworkRules) -> Result<Option<IpAddr>> {
        let mut addresses = self.addresses.borrow_mut();
        if addresses.is_none() {
            let told = self.lookup.addresses()?;
            told.iter().for_each(|address| rules.learn(&self.name, *address));
            *addresses = Some(told);
        }
        let next = addresses.as_ref().and_then(|addresses| addresses.get(self.read.get())).copied();
        self.read.set(self.read.get() + usize::from(next.is_some()));
        Ok(next)
    }

    /// What to wait for before there is an answer.
    pub(crate) fn resolved(&self) -> Interest<'_> {
        Interest::Resolved(&*self.lookup)
    }
}

impl Named for AddressStream {
    fn name(&self) -> &str {
        &self.name
    }
}

pub(super) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    let mut lookups = interface(linker, "wasi:sockets/ip-name-lookup")?;
    resource::<AddressStream>(&mut lookups, "resolve-address-stream")?;
    lookups.func_wrap("resolve-addresses", |cx: Context<'_>, (network, name): (Resource<Network>, WasmStr)| {
        let host = cx.data();
        let (network, name) = (host.find(&network)?, name.to_str(&cx)?);
        let act = || host.handles.add(AddressStream::begin(&name, &*host.system, &host.budget)?);
        let call = Call::ResolveAddresses { network: network.handle(), name: &name };
        answer(host.gate.pass(call, act).map(Resource::from))
    })?;
    lookups.func_wrap(
        "[method]resolve-address-stream.resolve-next-address",
        |cx: Context<'_>, (lookup,): (Resource<AddressStream>,)| {
            let host = cx.data();
            let lookup = host.find(&lookup)?;
            let act = || lookup.next(host.gate.network());
            let next = host.gate.pass(Call::ResolveNextAddress { lookup: lookup.handle() }, act);
            answer(next.map(|next| next.map(IpAddress::from)))
        },
    )?;
    lookups.func_wrap(
        "[method]resolve-address-stream.subscribe",
        |cx: Context<'_>, (lookup,): (Resource<AddressStream>,)| {
            let host = cx.data();
            let lookup = host.find(&lookup)?;
            let act = || host.handles.add(Pollable::Resolved(lookup.share()));
            Ok((Resource::from(host.gate.pass(Call::LookupSubscribe { lookup: lookup.handle() }, act)?),))
        },
    )
}
