//! A lookup of a name, and how far its answer was read.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use callgate_system::lookup::MOST;
use callgate_system::{Interest, Lookup, Result, System};

use super::{Name, Named, lock};
use crate::budget::{Budget, Charge};

/// A lookup, and how far its answer was read.
pub(crate) struct AddressStream {
    name: Name,
    lookup: Arc<dyn Lookup>,
    resolved: Interest,
    /// Those not read yet, once there is an answer.
    addresses: Mutex<Option<std::vec::IntoIter<IpAddr>>>,
    _charge: Charge,
}

/// Bytes of the longest answer, which the lookup has, and then the stream too. They are charged when the lookup begins: nobody asks
/// the guest before the answer comes.
const ANSWER: usize = 2 * MOST * size_of::<IpAddr>();

impl AddressStream {
    /// Begins to look up `name`.
    pub(crate) fn begin(name: &str, system: &dyn System, budget: &Budget) -> Result<Self> {
        let charge = budget.charge(ANSWER)?;
        // An invalid name, however long, is refused here and not copied.
        let lookup = system.network().resolve(name)?;
        let name = Name::new(name, budget)?;
        let resolved = Interest::Resolved(Arc::clone(&lookup));
        Ok(Self { name, lookup, resolved, addresses: Mutex::default(), _charge: charge })
    }

    /// The next address; `None` after the last. When the answer comes, `learn` is told of it. The guest may use all of them from the first on.
    pub(crate) fn next(&self, learn: impl Fn(&str, IpAddr)) -> Result<Option<IpAddr>> {
        let mut addresses = lock(&self.addresses);
        let addresses = match &mut *addresses {
            Some(addresses) => addresses,
            none => {
                let told = self.lookup.addresses()?;
                told.iter().for_each(|address| learn(&self.name, *address));
                none.insert(told.into_iter())
            }
        };
        Ok(addresses.next())
    }

    /// The event to wait for before there is an answer.
    pub(crate) fn resolved(&self) -> &Interest {
        &self.resolved
    }
}

impl Named for AddressStream {
    fn name(&self) -> &str {
        &self.name
    }
}
