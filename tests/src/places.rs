//! Where programs are.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The top of the repository: as cargo says it while it runs the tests, so that a moved checkout works.
#[must_use]
pub fn repository() -> PathBuf {
    let tests = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| OsString::from(env!("CARGO_MANIFEST_DIR")));
    let tests = PathBuf::from(tests);
    tests.parent().map_or_else(|| tests.clone(), Path::to_path_buf)
}

/// The command that starts callgate: the program, behind the runner's words if there is one.
#[must_use]
pub fn callgate() -> Vec<OsString> {
    let runner = env::var("CALLGATE_RUNNER").unwrap_or_default();
    let mut command: Vec<OsString> = runner.split_whitespace().map(OsString::from).collect();
    command.push(match env::var_os("CALLGATE_BIN") {
        Some(program) => existing(program.into()).into(),
        None => {
            // target/debug/deps/all-0123456789abcdef
            let test = env::current_exe().unwrap_or_default();
            let profile = test.ancestors().nth(2).unwrap_or(&test).to_path_buf();
            existing(profile.join(format!("callgate{}", env::consts::EXE_SUFFIX))).into()
        }
    });
    command
}

/// True if callgate is run on Linux itself, not in an emulator of another system.
#[must_use]
pub fn on_linux() -> bool {
    cfg!(target_os = "linux") && env::var_os("CALLGATE_RUNNER").is_none()
}

/// True if callgate is run under Wine.
#[must_use]
pub fn on_wine() -> bool {
    cfg!(unix) && env::var_os("CALLGATE_RUNNER").is_some()
}

/// The native backend of what callgate runs on, by name.
#[must_use]
pub fn backend() -> &'static str {
    match env::consts::OS {
        _ if on_wine() => "nt",
        "linux" => "linux",
        "windows" => "nt",
        _ => "portable",
    }
}

/// A path, such that it is absolute to callgate as well: to Windows' programs, Wine shows the whole machine as a drive.
#[must_use]
pub fn absolute(path: &Path) -> OsString {
    let mut absolute = OsString::from(if on_wine() { "Z:" } else { "" });
    absolute.push(path);
    absolute
}

/// A program of `guest/`, compiled for the guest target.
#[must_use]
pub fn guest(name: &str) -> PathBuf {
    existing(repository().join("guest/target/wasm32-wasip2/release").join(format!("{name}.wasm")))
}

/// The same, compiled as a module of WASI preview1.
#[must_use]
pub fn module(name: &str) -> PathBuf {
    existing(repository().join("guest/target/wasm32-wasip1/release").join(format!("{name}.wasm")))
}

/// The same, compiled for this machine.
#[must_use]
pub fn native_guest(name: &str) -> PathBuf {
    existing(repository().join("guest/target/release").join(format!("{name}{}", env::consts::EXE_SUFFIX)))
}

/// A published program, compiled for the guest target.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    existing(repository().join("target/programs/wasm/bin").join(format!("{name}.wasm")))
}

/// The same, compiled for this machine.
#[must_use]
pub fn native_program(name: &str) -> PathBuf {
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    existing(repository().join("target/programs/native/bin").join(file))
}

/// A published program, compiled as a module of WASI preview1.
#[must_use]
pub fn module_program(name: &str) -> PathBuf {
    existing(repository().join("target/programs/module/bin").join(format!("{name}.wasm")))
}

/// A C program of `guest/c`, compiled as a module of WASI preview1.
#[must_use]
pub fn c_program(name: &str) -> PathBuf {
    existing(repository().join("guest/target/c").join(format!("{name}.wasm")))
}

/// The folder of an unpacked Python package.
#[must_use]
pub fn wheel(package: &str) -> PathBuf {
    repository().join("target/programs/wheels").join(package)
}

/// The cache folder that callgate is given, unless a test gives it another: not the user's own.
#[must_use]
pub fn cache() -> PathBuf {
    repository().join("target/cache-of-tests")
}

/// A file of `tests/fixtures`.
#[must_use]
pub fn fixture(name: &str) -> PathBuf {
    existing(repository().join("tests/fixtures").join(name))
}

/// The components of `tests/hostile`, by name.
#[must_use]
pub fn hostile() -> Vec<(String, PathBuf)> {
    let folder = repository().join("tests/hostile");
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found: Vec<_> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wat"))
        .map(|path| (path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), path))
        .collect();
    found.sort();
    found
}

fn existing(path: PathBuf) -> PathBuf {
    assert!(path.is_file(), "{} is not there: `cargo xtask test` builds it", path.display());
    path
}
