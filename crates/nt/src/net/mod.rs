//! The network and the one place that sleeps: Winsock for what is done, AFD for what is waited for.
//!
//! Where things are: `socket` is a socket and its states, `meaning` its errors, `readiness` what it is ready for, `wait` the
//! sleeping, `lookup` the names, `address` the bytes of addresses.

mod address;
mod lookup;
mod meaning;
#[cfg(windows)]
mod network;
mod readiness;
#[cfg(windows)]
mod socket;
#[cfg(windows)]
mod wait;

#[cfg(windows)]
pub(crate) use self::address::Address;
#[cfg(windows)]
pub(crate) use self::network::NtNetwork;
#[cfg(windows)]
pub(crate) use self::wait::NtWaiter;
