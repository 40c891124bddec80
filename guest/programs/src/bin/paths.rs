//! The meaning of paths, through `std::fs`: a table of paths and how opening each ends. Argument 1: a mount where the
//! caller has laid out `file` and `sub/inner`. Argument 2: `plain`, or `links` where it has also laid out the links `rel` (to
//! `sub/inner`), `out` (to `../outside`), `abs` (absolute), `dangling`, `loop`, `dir-link` (to `sub`).

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::ExitCode;

use programs::{Outcome, argument, check, kind_of_reading, run, same};

/// The result of reading a path: its content, or the kind of the error.
type Ending = Result<&'static str, ErrorKind>;

const PLAIN: &[(&str, Ending)] = &[
    ("file", Ok("file")),
    ("./file", Ok("file")),
    (".//./file", Ok("file")),
    ("sub/inner", Ok("inner")),
    ("sub//inner", Ok("inner")),
    ("sub/./inner", Ok("inner")),
    ("sub/../file", Ok("file")),
    ("sub/../sub/../sub/inner", Ok("inner")),
    ("missing", Err(ErrorKind::NotFound)),
    ("missing/file", Err(ErrorKind::NotFound)),
    ("missing/../file", Err(ErrorKind::NotFound)),
    ("file/", Err(ErrorKind::NotADirectory)),
    ("file/.", Err(ErrorKind::NotADirectory)),
    ("file/..", Err(ErrorKind::NotADirectory)),
    ("file/inner", Err(ErrorKind::NotADirectory)),
    ("sub", Err(ErrorKind::IsADirectory)),
    ("sub/", Err(ErrorKind::IsADirectory)),
    (".", Err(ErrorKind::IsADirectory)),
    ("..", Err(ErrorKind::PermissionDenied)),
    ("../", Err(ErrorKind::PermissionDenied)),
    ("../outside/secret", Err(ErrorKind::PermissionDenied)),
    ("sub/../../outside/secret", Err(ErrorKind::PermissionDenied)),
    ("sub/../../data/file", Err(ErrorKind::PermissionDenied)),
    ("../data/file", Err(ErrorKind::PermissionDenied)),
];

const LINKED: &[(&str, Ending)] = &[
    ("rel", Ok("inner")),
    ("dir-link/inner", Ok("inner")),
    ("dir-link/../file", Ok("file")),
    ("dangling", Err(ErrorKind::NotFound)),
    ("rel/", Err(ErrorKind::NotADirectory)),
    ("dir-link", Err(ErrorKind::IsADirectory)),
    ("out", Err(ErrorKind::PermissionDenied)),
    ("out/", Err(ErrorKind::PermissionDenied)),
    ("out/secret", Err(ErrorKind::PermissionDenied)),
    ("out/../data/file", Err(ErrorKind::PermissionDenied)),
    ("abs", Err(ErrorKind::PermissionDenied)),
    ("abs/secret", Err(ErrorKind::PermissionDenied)),
];

/// `ELOOP` and `ENAMETOOLONG` as wasi-libc numbers them; std has no stable kind for the first.
const LOOP: i32 = 32;
const NAME_TOO_LONG: i32 = 37;

fn main() -> ExitCode {
    run(|| {
        let root = argument(1)?;
        let links = argument(2)? == "links";
        let table = || PLAIN.iter().chain(LINKED.iter().filter(|_| links));
        for (path, ending) in table() {
            let path = format!("{root}/{path}");
            let seen = fs::read_to_string(&path).map_err(|error| kind_of_reading(&error));
            same(&path, seen, ending.map(str::to_owned))?;
        }
        by_number(Path::new(&root))?;
        if links {
            loops(Path::new(&root))?;
        }
        elsewhere()?;
        println!("paths: {} as they should be", table().count());
        Ok(())
    })
}

fn number(root: &Path, path: &str) -> Option<i32> {
    fs::read(root.join(path)).err().and_then(|error| error.raw_os_error())
}

fn loops(root: &Path) -> Outcome {
    same("a loop", number(root, "loop"), Some(LOOP))?;
    same("below a loop", number(root, "loop/x"), Some(LOOP))
}

fn by_number(root: &Path) -> Outcome {
    let name = "n".repeat(255);
    fs::write(root.join(&name), "long")?;
    same("a name of 255 bytes", fs::read(root.join(&name))?, b"long".to_vec())?;
    fs::remove_file(root.join(&name))?;
    same("a name of 256 bytes", number(root, &"n".repeat(256)), Some(NAME_TOO_LONG))?;
    same("a middle name of 256 bytes", number(root, &format!("{}/x", "n".repeat(256))), Some(NAME_TOO_LONG))?;
    let nul = fs::read(root.join("fi\0le")).err().map(|error| error.kind());
    same("a name with NUL", nul, Some(ErrorKind::InvalidInput))
}

/// A path under no mount does not exist for the guest, whatever the host has.
fn elsewhere() -> Outcome {
    for path in ["/etc/passwd", "/proc/self/environ", "/../etc/passwd", "C:/Windows", "no/mount", "", "/dev/null"] {
        check(format!("{path:?} cannot be read"), fs::read(path).is_err())?;
        check(format!("{path:?} cannot be listed"), fs::read_dir(path).is_err())?;
        check(format!("{path:?} cannot be made"), fs::write(path, "x").is_err())?;
    }
    Ok(())
}
