//! The behaviour suite against this backend, on Windows or under Wine.

#![cfg(windows)]

use std::fs;
use std::sync::LazyLock;

use callgate_conformance::windows::WindowsGround;
use callgate_conformance::{Deviation, Ground, Subject, conformance};
use callgate_nt::Nt;
use callgate_system::{AddressFamily, Code, Kind, System};

/// Names that are taken for others or for devices are refused (`names.rs`).
const DOT: &str = "NT: no name ends in a dot";

/// Without `FileDispositionInformationEx` what is removed while open has a hidden name until it is closed.
const NAME_STAYS: &str = "Wine 8.0 and FAT: a file that was unlinked while open counts its hidden name as a link";
const OPENS: &str = "Wine 8.0 and FAT: a directory that was removed while open is there under its hidden name";

#[rustfmt::skip]
const EVERYWHERE: &[Deviation] = &[
    Deviation { what: "paths_open/dots: open, create ...", reason: DOT },
    Deviation { what: "located/dots: open, create ...", reason: DOT },
    Deviation { what: "paths_open/dots: open, create exclusively ...", reason: DOT },
    Deviation { what: "located/dots: open, create exclusively ...", reason: DOT },
    Deviation { what: "paths_open/dots: open, create, not following ...", reason: DOT },
    Deviation { what: "located/dots: open, create, not following ...", reason: DOT },
    Deviation { what: "paths_links/dots: link to ...", reason: DOT },
    Deviation { what: "located/dots: link to ...", reason: DOT },
    Deviation { what: "paths_names/dots: create directory ...", reason: DOT },
    Deviation { what: "located/dots: create directory ...", reason: DOT },
    Deviation { what: "paths_names/dots: rename a file to ...", reason: DOT },
    Deviation { what: "located/dots: rename a file to ...", reason: DOT },
    Deviation { what: "paths_names/dots: rename a directory to ...", reason: DOT },
    Deviation { what: "located/dots: rename a directory to ...", reason: DOT },
    Deviation { what: "paths_names/dots: symlink ...", reason: DOT },
    Deviation { what: "located/dots: symlink ...", reason: DOT },
];

#[rustfmt::skip]
const IN_STEPS: &[Deviation] = &[
    Deviation { what: "attributes/links are counted", reason: NAME_STAYS },
    Deviation { what: "naming/a rename over an open file leaves its handle the old content", reason: NAME_STAYS },
    Deviation { what: "naming/unlinked while open, the content stays", reason: NAME_STAYS },
    Deviation { what: "directories/a directory removed meanwhile is no entry", reason: OPENS },
    Deviation { what: "handles/a directory removed while open has no entries", reason: OPENS },
];

/// A case that needs a link to begin with is skipped.
const NO_LINKS: &str = "Wine 8.0 and FAT have no reparse points";

#[rustfmt::skip]
const NO_SYMLINKS: &[Deviation] = &[
    Deviation { what: "paths_names/plain names: symlink no", reason: NO_LINKS },
    Deviation { what: "located/plain names: symlink no", reason: NO_LINKS },
    Deviation { what: "paths_names/plain names: symlink d/no", reason: NO_LINKS },
    Deviation { what: "located/plain names: symlink d/no", reason: NO_LINKS },
    Deviation { what: "paths_names/dots: symlink ./no", reason: NO_LINKS },
    Deviation { what: "located/dots: symlink ./no", reason: NO_LINKS },
    Deviation { what: "paths_names/dots: symlink d/../no", reason: NO_LINKS },
    Deviation { what: "located/dots: symlink d/../no", reason: NO_LINKS },
    Deviation { what: "paths_names/limits: symlink <m255>", reason: NO_LINKS },
    Deviation { what: "located/limits: symlink <m255>", reason: NO_LINKS },
    Deviation { what: "paths_names/limits: symlink d/<m255>", reason: NO_LINKS },
    Deviation { what: "located/limits: symlink d/<m255>", reason: NO_LINKS },
];

/// The only trace is `SO_ERROR`, which then says so for ever, also of the next peer.
const UNTOLD: &str = "Wine 8.0: its server takes the error of a datagram socket; no call and no wait tells of it";
const AS_END: &str =
    "Wine 8.0: its server takes the error, and the host's own end, which asks nobody else, reads an end";
/// `bind_to_interface` of its `server/sock.c`; streams and IPv6 are refused as by Windows (`WSAEADDRNOTAVAIL`).
const FILTERED: &str =
    "Wine 8.0: binds a datagram socket of IPv4 to every address, where it finds no interface with the one asked for";

#[rustfmt::skip]
const WINE_SOCKETS: &[Deviation] = &[
    Deviation { what: "udp/v4: a peer that isn't there is told", reason: UNTOLD },
    Deviation { what: "udp/v6: a peer that isn't there is told", reason: UNTOLD },
    Deviation { what: "udp/v4: nobody's address is not bindable", reason: FILTERED },
    Deviation { what: "tcp/v4: dropping an aborted one is a reset to the peer", reason: AS_END },
    Deviation { what: "tcp/v6: dropping an aborted one is a reset to the peer", reason: AS_END },
];

#[rustfmt::skip]
const WINE_PATHS: &[Deviation] = &[
    Deviation {
        what: "identity/a directory that was moved lies where it is now, or that isn't told",
        reason: "Wine 8.0: a handle keeps the path that it was opened by",
    },
];

/// True if this is Wine.
fn is_wine() -> bool {
    Nt::new().substitutes().iter().any(|instead| instead.contains("Wine"))
}

/// True if a datagram socket is bound to its own address, as by any system but Wine's.
fn binds_datagrams() -> bool {
    let network = Nt::new();
    let socket = network.network().socket(Kind::Datagram, AddressFamily::Ipv4).expect("a socket");
    socket.bind(([192, 0, 2, 1], 0).into()).is_err()
}

/// True if a name is free as soon as it is removed, even while its object is open.
fn removes_at_once() -> bool {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let root = Nt::new().open_root(directory.path().as_os_str()).expect("it opens");
    fs::create_dir(directory.path().join("d")).expect("a directory");
    let open = root.open("d", callgate_system::OpenHow { directory: true, ..Default::default() }).expect("it opens");
    root.remove_directory("d").expect("it is removed");
    let is_empty = fs::read_dir(directory.path()).expect("it can be listed").next().is_none();
    drop(open);
    drop(root);
    is_empty
}

/// True if symbolic links can be made here.
fn makes_symlinks() -> bool {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let root = Nt::new().open_root(directory.path().as_os_str()).expect("it opens");
    let made = root.symlink("x", "l");
    drop(root);
    !made.is_err_and(|error| error.code == Code::Unsupported)
}

struct Kernel(Nt);

impl Subject for Kernel {
    fn name(&self) -> &'static str {
        "nt"
    }

    fn system(&self) -> &dyn System {
        &self.0
    }

    fn ground(&self) -> Box<dyn Ground> {
        Box::new(WindowsGround::new(&self.0))
    }

    fn deviations(&self) -> &'static [Deviation] {
        static ALL: LazyLock<Vec<Deviation>> = LazyLock::new(|| {
            let wine = if removes_at_once() { &[][..] } else { IN_STEPS };
            let links = if makes_symlinks() { &[][..] } else { NO_SYMLINKS };
            let datagrams = if binds_datagrams() { &[][..] } else { WINE_SOCKETS };
            let paths = if is_wine() { WINE_PATHS } else { &[][..] };
            [EVERYWHERE, wine, links, datagrams, paths].concat()
        });
        &ALL
    }
}

conformance!(nt, Kernel(Nt::new()));
