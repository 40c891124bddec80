//! A lookup of a name, and how far its answer was read.

use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::sync::Arc;

use callgate_gate::NetworkRules;
use callgate_system::lookup::MOST;
use callgate_system::{Interest, Lookup, Result, System};

use super::{Name, Named};
use crate::budget::{Budget, Charge};

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
    pub(crate) fn begin(name: &str, system: &dyn System, budget: &Budget) -> Result<Self> {
        let charge = budget.charge(ANSWER)?;
        // What is no name, however long, is refused here and not copied.
        let lookup = system.network().resolve(name)?;
        let name = Name::new(name, budget)?;
        Ok(Self { name, lookup, addresses: RefCell::default(), read: Cell::new(0), _charge: charge })
    }

    /// The next address; `None` behind the last. All of them are the guest's to use from the first on.
    pub(crate) fn next(&self, rules: &NetworkRules) -> Result<Option<IpAddr>> {
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
