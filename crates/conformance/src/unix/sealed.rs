//! Sealed files ([`SEAL`]): nobody writes them through a directory, whoever runs the guest.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use callgate_system::{Code, Follow, OpenHow, SEAL, System};
use tempfile::TempDir;

use crate::stage::{BOTH, CREATE, READ, WRITE, open_file, read_all};

/// Tries every way to open a sealed file for writing; then opens and cuts files that are nearly sealed.
///
/// # Panics
/// Where one is opened, or changed; or where the host can't make such files.
pub fn sealed(system: &dyn System) {
    let folder = TempDir::new().expect("a temporary directory");
    let make = |name: &str, mode| {
        let path = folder.path().join(name);
        fs::write(&path, "text").expect("a file");
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("a mode");
    };
    fs::create_dir(folder.path().join("d")).expect("a directory");
    make("d/sealed", SEAL);
    let root = system.open_root(folder.path().as_os_str()).expect("the root opens");
    root.symlink("d/sealed", "link").expect("a link");
    root.link("d/sealed", Follow::No, &*root, "hard").expect("another name");
    let text = |path: &str| open_file(&*root, path, READ).and_then(|file| read_all(&*file));
    let cut = |how| OpenHow { truncate: true, ..how };
    for path in ["d/sealed", "./d/../d/sealed", "link", "hard"] {
        for how in [WRITE, BOTH, CREATE, cut(WRITE), cut(CREATE), OpenHow { sync: true, ..WRITE }] {
            let opened = root.open(path, how).map(drop).map_err(|error| error.code);
            assert_eq!(opened, Err(Code::Access), "{path} {how:?}");
        }
        assert_eq!(text(path).as_deref(), Ok(&b"text"[..]), "{path}");
    }
    for mode in [0o1700, 0o600, 0o4700, 0o700] {
        let name = format!("{mode:o}");
        make(&name, mode);
        open_file(&*root, &name, cut(WRITE)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(text(&name).as_deref(), Ok(&b""[..]), "{name}");
    }
}
