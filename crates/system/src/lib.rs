//! The portable system that a guest runs on: traits, plain types, one error type, one path walker, one queue of lookups.
//!
//! Every backend implements [`System`]; nothing here knows an operating system, the engine or WIT. A contract that a
//! caller may rely on is written at the trait method and tested in `callgate-conformance`; what is not written there
//! is not promised.
//!
//! Handles are objects (`Arc<dyn File>`, `Arc<dyn Directory>`, `Arc<dyn Socket>`), so one guest can hold handles of several systems at
//! once. Closing is `Drop`.

mod clock;
mod directory;
mod error;
mod file;
mod host_name;
mod locate;
pub mod lookup;
mod network;
pub mod path;
mod quota;
mod random;
mod seal;
mod socket;
mod stat;
mod stdio;
mod untrusted;
mod wait;

pub use clock::{Clock, Nanoseconds, Timestamp};
pub use directory::{Directory, Entries, Entry, Follow, Listed, Names, OpenHow, Opened};
pub use error::{Code, Error, Family, Native, Result};
pub use file::{Advice, File};
pub use host_name::HostName;
pub use locate::{Ending, Located, Unlocated, find_listed, is_told_by_text, locate};
pub use network::{AddressFamily, Kind, Lookup, Network};
pub use quota::Quota;
pub use random::Random;
pub use seal::{SEAL, is_sealed};
pub use socket::{Shutdown, Socket, SocketOption};
pub use stat::{FileType, Identity, NewTimestamp, Stat};
pub use stdio::{Sink, Source, Stdio};
pub use untrusted::Untrusted;
pub use wait::{Interest, Waiter};

use std::ffi::OsStr;
use std::sync::Arc;

/// One operating system, real or made up, as a guest sees it.
pub trait System: Send + Sync {
    /// The backend's name, constant for the life of the process: `"linux"`, `"nt"`, `"portable"`, `"memory"`.
    fn name(&self) -> &'static str;

    /// Opens the host directory that becomes the root of a mount. The only place where a host path is taken.
    ///
    /// Symbolic links in `host_path` are followed: the path is the user's, not the guest's.
    ///
    /// # Errors
    /// [`Code::NoEntry`], [`Code::NotDirectory`], [`Code::Access`], as the system says them.
    fn open_root(&self, host_path: &OsStr) -> Result<Arc<dyn Directory>>;

    /// The wall and the monotonic clock.
    fn clock(&self) -> &dyn Clock;

    /// The clock by which observers of a guest tell when its calls happened. Reading it changes nothing that the guest could notice;
    /// a system whose time passes by being read has another one here than [`System::clock`], of the same time.
    fn observer_clock(&self) -> &dyn Clock {
        self.clock()
    }

    /// The source of random bytes.
    fn random(&self) -> &dyn Random;

    /// The network: sockets, and addresses of names.
    fn network(&self) -> &dyn Network;

    /// The standard streams of the process.
    fn stdio(&self) -> Stdio;

    /// A place to wait. Each guest has one of its own.
    fn waiter(&self) -> Box<dyn Waiter>;
}
