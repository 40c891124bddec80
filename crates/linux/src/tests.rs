//! Tests of behaviour that only this backend has: swapped links, calls by number, handles without rights. `callgate-conformance`
//! tests the behaviour of every call on every path.

mod identities;
mod open;
mod parity;
mod procfs;
mod sealed;
mod strict;
mod swap;

use std::path::Path;
use std::sync::Arc;

use callgate_system::{Directory, File, OpenHow, Opened, System as _};

use crate::Linux;

/// Runs `test` on `path` as a root, with the kernel's resolution and with the walker's.
fn both_ways(path: &Path, test: impl Fn(&str, Arc<dyn Directory>)) {
    for openat2 in [true, false] {
        let root = Linux::with_openat2(openat2).open_root(path.as_os_str()).expect("the root opens");
        test(if openat2 { "openat2" } else { "walker" }, root);
    }
}

const READ: OpenHow = OpenHow {
    read: true,
    write: false,
    follow: callgate_system::Follow::Yes,
    create: false,
    exclusive: false,
    truncate: false,
    directory: false,
    sync: false,
    sync_data: false,
};

fn file(opened: Opened) -> Arc<dyn File> {
    match opened {
        Opened::File(file) => file,
        Opened::Directory(_) => panic!("a directory where a file was expected"),
    }
}

fn directory(opened: Opened) -> Arc<dyn Directory> {
    match opened {
        Opened::Directory(directory) => directory,
        Opened::File(_) => panic!("a file where a directory was expected"),
    }
}

fn text(file: &dyn File) -> String {
    let mut buffer = Vec::with_capacity(64);
    file.read_at(&mut buffer, 0).expect("it can be read");
    String::from_utf8(buffer).expect("it is text")
}

/// Runs `test` on a thread that modes of files apply to, even when root runs the tests.
fn unprivileged(test: impl FnOnce() + Send) {
    use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut sets = capabilities(None).expect("they can be read");
            sets.effective -= CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH | CapabilitySet::FOWNER;
            set_capabilities(None, sets).expect("they can be given up");
            test();
        });
    });
}
