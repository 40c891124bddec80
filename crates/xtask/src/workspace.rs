//! Where things are in this repository. Paths start from the manifest that cargo names at run time, not from the one that was
//! compiled in, so that a moved or copied checkout works.
//!
//! Guests and published programs have fixed places, whatever `CARGO_TARGET_DIR` says, because tests look for them there.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result};

/// The target that guests are compiled for.
pub(crate) const GUEST_TARGET: &str = "wasm32-wasip2";
/// The target that modules of WASI preview1 are compiled for.
pub(crate) const MODULE_TARGET: &str = "wasm32-wasip1";

/// The target that Linux builds Windows programs for.
pub(crate) const WINDOWS_TARGET: &str = "x86_64-pc-windows-gnu";

/// The top of the repository.
pub(crate) fn root() -> Result<PathBuf> {
    let manifest =
        env::var_os("CARGO_MANIFEST_DIR").context("cannot find the repository: start this program as `cargo xtask`")?;
    let manifest = PathBuf::from(manifest);
    let root = manifest.ancestors().nth(2).context("the manifest's folder has no parents")?;
    Ok(root.to_path_buf())
}

/// The folder where cargo puts what it builds of the host workspace.
pub(crate) fn target() -> Result<PathBuf> {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(directory) => std::path::absolute(directory).context("cannot resolve CARGO_TARGET_DIR"),
        None => own("."),
    }
}

/// A folder below `target/` that belongs to these tasks alone.
pub(crate) fn own(name: &str) -> Result<PathBuf> {
    let target = root()?.join("target");
    Ok(if name == "." { target } else { target.join(name) })
}

/// The guest workspace.
pub(crate) fn guest() -> Result<PathBuf> {
    Ok(root()?.join("guest"))
}

/// The host that `bench` compares with under Wine; a workspace of its own, since it chooses other features of the engine.
pub(crate) fn rival() -> Result<PathBuf> {
    Ok(root()?.join("crates").join("xtask").join("rival"))
}

/// The host over `wasi-common` that preview1 is compared with; a workspace of its own, since it has an engine of its own.
pub(crate) fn reference() -> Result<PathBuf> {
    Ok(root()?.join("crates").join("xtask").join("reference"))
}

/// A guest program, as built by `guests::build`.
pub(crate) fn guest_program(name: &str) -> Result<PathBuf> {
    Ok(guest()?.join("target").join(GUEST_TARGET).join("release").join(format!("{name}.wasm")))
}

/// The same as a module of WASI preview1.
pub(crate) fn guest_module(name: &str) -> Result<PathBuf> {
    Ok(guest()?.join("target").join(MODULE_TARGET).join("release").join(format!("{name}.wasm")))
}

/// The `callgate` program of a profile (`debug` or `release`).
pub(crate) fn callgate(profile: &str) -> Result<PathBuf> {
    Ok(target()?.join(profile).join(executable("callgate")))
}

/// The same, as Linux builds it for Windows.
pub(crate) fn windows_callgate(profile: &str) -> Result<PathBuf> {
    Ok(target()?.join(WINDOWS_TARGET).join(profile).join("callgate.exe"))
}

/// A program's file name on this system.
pub(crate) fn executable(name: &str) -> String {
    format!("{name}{}", env::consts::EXE_SUFFIX)
}
