//! The values of the interface, and what they are in the words of the portable system.

pub(super) mod filesystem;
pub(super) mod sockets;

use callgate_system::{Family, Nanoseconds, Native, Timestamp};
use wasmtime::component::{ComponentType, Lift, Lower};

use super::component::lowered_as_they_are;

/// `datetime`: a point in wall time, never before 1970.
#[derive(Clone, Copy, Debug, Default, ComponentType, Lift, Lower)]
#[component(record)]
pub(super) struct Datetime {
    seconds: u64,
    nanoseconds: u32,
}

impl Datetime {
    /// `None` before 1970, which the interface has no way to say.
    fn new(time: Timestamp) -> Option<Self> {
        Some(Self { seconds: u64::try_from(time.seconds).ok()?, nanoseconds: time.nanoseconds })
    }

    #[allow(clippy::cast_possible_truncation, reason = "the remainder is below a second")]
    pub(super) fn of_duration(time: Nanoseconds) -> Self {
        Self { seconds: time / 1_000_000_000, nanoseconds: (time % 1_000_000_000) as u32 }
    }
}

impl From<Timestamp> for Datetime {
    /// What is before 1970 is its first moment.
    fn from(time: Timestamp) -> Self {
        Self::new(time).unwrap_or_default()
    }
}

#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
#[allow(dead_code, reason = "the order is the interface's; no Linux call makes the last two")]
pub(super) enum NativeFamily {
    #[component(name = "errno")]
    Errno,
    #[component(name = "ntstatus")]
    NtStatus,
    #[component(name = "winsock")]
    Winsock,
}

/// `native-error`
#[derive(ComponentType, Lower)]
#[component(record)]
pub(super) struct NativeError {
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

lowered_as_they_are!(Datetime, NativeError);
