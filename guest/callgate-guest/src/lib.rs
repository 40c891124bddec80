//! The information that callgate offers its guests beyond WASI.
//!
//! WASI's error codes are portable, and so they are few: a guest that reports to a person, or that knows one system
//! well, may want the code which the operating system itself gave. This crate asks for it. A program that uses it runs
//! under callgate only: other hosts lack the interface `callgate:system/diagnostics` and refuse to start it.
//!
//! ```no_run
//! match std::fs::File::open("/data/missing.txt") {
//!     Ok(_) => println!("there it is"),
//!     Err(error) => match callgate_guest::last_error() {
//!         // On Linux: `cannot open: No such file or directory (os error 44), linux says ENOENT (errno 2)`
//!         Some(native) => eprintln!("cannot open: {error}, {} says {native}", callgate_guest::backend()),
//!         None => eprintln!("cannot open: {error}"),
//!     },
//! }
//! ```

mod bindings {
    #![allow(missing_docs, unreachable_pub, unsafe_code, clippy::all, reason = "generated from wit/callgate.wit")]
    wit_bindgen::generate!({ path: "../../wit", world: "callgate:system/guest" });
}

use std::fmt;

use bindings::callgate::system::diagnostics;

/// The name of the system that the guest runs on, constant for its life: `"linux"`, `"nt"`, `"portable"`, `"memory"`.
#[must_use]
pub fn backend() -> String {
    diagnostics::backend()
}

/// The native error behind the guest's last failed call.
///
/// `None` when no call has failed yet, and when the last failure had no system's code behind it: a refusal by the
/// sandbox, say. A call that succeeds leaves it as it is, so ask right after a failure.
#[must_use]
pub fn last_error() -> Option<NativeError> {
    let error = diagnostics::last_error()?;
    let family = match error.family {
        diagnostics::Family::Errno => Family::Errno,
        diagnostics::Family::Ntstatus => Family::NtStatus,
        diagnostics::Family::Winsock => Family::Winsock,
    };
    Some(NativeError { family, code: error.code, name: error.name })
}

/// An operating system's own error.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NativeError {
    /// The numbering that `code` belongs to.
    pub family: Family,
    /// The number: an `errno` as a positive value, an `NTSTATUS`, or a Winsock code.
    pub code: u32,
    /// Its symbolic name, such as `"ENOENT"`; where the host knows none, the number in words, such as `"errno 512"`.
    pub name: String,
}

/// The numbering of a native error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// `errno` of a Unix.
    Errno,
    /// `NTSTATUS` of Windows NT.
    NtStatus,
    /// A `WSAE…` code of Winsock.
    Winsock,
}

impl fmt::Display for NativeError {
    /// `ENOENT (errno 2)`, `OBJECT_NAME_NOT_FOUND (NTSTATUS 0xc0000034)`; without a name just `errno 512`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = match self.family {
            Family::Errno => format!("errno {}", self.code),
            Family::NtStatus => format!("NTSTATUS {:#010x}", self.code),
            Family::Winsock => format!("Winsock {}", self.code),
        };
        if self.name.is_empty() || self.name == number {
            f.write_str(&number)
        } else {
            write!(f, "{} ({number})", self.name)
        }
    }
}

impl std::error::Error for NativeError {}

#[cfg(test)]
mod tests {
    use super::{Family, NativeError};

    #[test]
    fn an_error_reads_as_its_name_and_number() {
        let error = |family, code, name: &str| NativeError { family, code, name: name.to_owned() }.to_string();
        assert_eq!(error(Family::Errno, 2, "ENOENT"), "ENOENT (errno 2)");
        assert_eq!(error(Family::Errno, 512, "errno 512"), "errno 512");
        assert_eq!(error(Family::NtStatus, 0xc000_0034, ""), "NTSTATUS 0xc0000034");
        assert_eq!(error(Family::Winsock, 10061, "WSAECONNREFUSED"), "WSAECONNREFUSED (Winsock 10061)");
    }
}
