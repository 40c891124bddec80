//! What a process may do beyond what its user may: nothing from now on. And no picture of its memory is kept.

use rustix::io::Result;
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities, set_no_new_privs};

/// Gives up all capabilities of this thread, and of those that it starts; and core dumps, which would write down what the guest had
/// in memory, and other processes' right to look into this one.
///
/// # Errors
/// Those of the system.
pub(super) fn give_up() -> Result<()> {
    set_no_new_privs(true)?;
    let none = CapabilitySet::empty();
    // The ambient set goes with the permitted one.
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
}
