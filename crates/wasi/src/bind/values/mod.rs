//! The values of the interface, and what they are in the words of the portable system.

/// Enumerations, which lie in memory as the number of their case and are returned as it.
macro_rules! enumerations {
    ($($type:ty),*) => {
        $(
            impl $crate::abi::Fixed for $type {
                const SIZE: usize = 1;
                const ALIGN: usize = 1;
                const FLAT: Option<$crate::abi::Flat> = Some($crate::abi::Flat::I32);

                fn encode(&self, out: &mut [u8]) {
                    $crate::abi::put(out, 0, [*self as u8]);
                }

                fn flat(&self) -> wasmtime::ValRaw {
                    wasmtime::ValRaw::u32(*self as u32)
                }
            }

            $crate::abi::store_as_they_are!($type);
        )*
    };
}
pub(super) mod filesystem;
pub(super) mod sockets;

use callgate_system::{Family, Nanoseconds, Native, Timestamp};
use wasmtime::component::{ComponentType, Lift, Lower};

use super::component::lowered_as_they_are;
use crate::abi::{Fixed, Pair, Store, Writer, put, store_as_they_are};

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
    /// A time before 1970 becomes the first moment of 1970.
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

impl Fixed for Datetime {
    const SIZE: usize = 16;
    const ALIGN: usize = 8;

    fn encode(&self, out: &mut [u8]) {
        put(out, 0, self.seconds.to_le_bytes());
        put(out, 8, self.nanoseconds.to_le_bytes());
    }
}

store_as_they_are!(Datetime);

/// `native-error` with its name in memory.
pub(super) struct StoredNativeError(NativeFamily, u32, Pair);

impl Fixed for StoredNativeError {
    const SIZE: usize = 16;
    const ALIGN: usize = 4;

    fn encode(&self, out: &mut [u8]) {
        put(out, 0, [self.0 as u8]);
        put(out, 4, self.1.to_le_bytes());
        self.2.encode(&mut out[8..16]);
    }
}

impl Store for NativeError {
    type Fixed = StoredNativeError;

    fn store(self, writer: &mut Writer<'_, '_>) -> wasmtime::Result<StoredNativeError> {
        Ok(StoredNativeError(self.family, self.code, self.name.store(writer)?))
    }
}
