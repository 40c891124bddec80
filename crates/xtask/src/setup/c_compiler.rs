//! A C compiler for guests. Some published programs have parts in C; clang compiles those for the guest target, given WASI's
//! headers. Where the user has a WASI SDK and says so, in the variables that build scripts read, that is used.

use std::env;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{debian, packages};
use crate::workspace;

/// What build scripts read to find WASI's headers.
const SYSROOT: &str = "WASI_SYSROOT";
const OTHERS: &[&str] = &["WASI_SDK_PATH", "CC_wasm32_wasip2"];

/// Makes sure of the compiler, and sets what `cargo` needs to know of it.
pub(crate) fn for_guests(cargo: &mut Command) -> Result<()> {
    if OTHERS.iter().any(|name| env::var_os(name).is_some()) {
        return Ok(());
    }
    packages::CLANG.ensure()?;
    if env::var_os(SYSROOT).is_some() {
        return Ok(());
    }
    let headers = format!("include/{}/stdlib.h", workspace::GUEST_TARGET);
    let installed = Path::new("/usr");
    let sysroot = if installed.join(&headers).exists() {
        installed.to_path_buf()
    } else {
        let _lock = super::lock()?;
        debian::wasi_libc(&headers, &workspace::own("setup")?).map_err(|error| {
            super::Missing::error(format!(
                "the C headers of {} are missing: {error:#}; set WASI_SDK_PATH to a WASI SDK",
                workspace::GUEST_TARGET
            ))
        })?
    };
    cargo.env(SYSROOT, sysroot);
    Ok(())
}
