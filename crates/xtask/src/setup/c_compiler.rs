//! A C compiler for guests. Some published programs have parts in C; clang compiles those for the guest target, given WASI's
//! headers. Where the user has a WASI SDK and says so, in the variables that build scripts read, that is used.
//!
//! C programs of our own are compiled to modules of WASI preview1 with the same compiler and the same C library; they take a
//! linker and the compiler's own run-time library besides.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::from_source::debian;
use super::{Missing, packages};
use crate::{process, workspace};

/// The variable in which build scripts find WASI's headers.
const SYSROOT: &str = "WASI_SYSROOT";
/// The name of preview1 that compilers old and new know.
const C_TARGET: &str = "wasm32-wasi";
const OTHERS: &[&str] = &["WASI_SDK_PATH", "CC_wasm32_wasip2"];

/// Makes sure of the compiler, and sets what `cargo` needs to know of it.
pub(crate) fn for_guests(cargo: &mut Command) -> Result<()> {
    if OTHERS.iter().any(|name| env::var_os(name).is_some()) {
        return Ok(());
    }
    packages::CLANG.ensure()?;
    if env::var_os(SYSROOT).is_none() {
        let headers = format!("include/{}/stdlib.h", workspace::GUEST_TARGET);
        let installed = Path::new("/usr");
        let sysroot = if installed.join(&headers).exists() {
            installed.to_path_buf()
        } else {
            let _lock = super::lock()?;
            debian::wasi_libc(&headers, &workspace::own("setup")?).map_err(|error| {
                Missing::error(format!(
                    "the C headers of {} are missing: {error:#}; set WASI_SDK_PATH to a WASI SDK",
                    workspace::GUEST_TARGET
                ))
            })?
        };
        cargo.env(SYSROOT, sysroot);
    }
    Ok(())
}

/// Compiles C programs to modules of WASI preview1.
pub(crate) struct CProgram {
    sysroot: PathBuf,
}

impl CProgram {
    /// Makes sure of the compiler, the linker and both libraries.
    pub(crate) fn compiler() -> Result<Self> {
        packages::CLANG.ensure()?;
        packages::WASM_LD.ensure()?;
        let version = process::capture(Command::new("clang").arg("-dumpversion"))?;
        let version = version.split('.').next().unwrap_or_default().trim();
        let runtime = process::capture(clang().arg("-print-libgcc-file-name"))?;
        installed(Path::new(runtime.trim()), &format!("libclang-rt-{version}-dev-wasm32"))?;
        // Of the same release as the linker: an older linker lacks what a newer library wants of it.
        let sysroot = env::var_os(SYSROOT).map_or_else(|| PathBuf::from("/usr"), PathBuf::from);
        installed(&sysroot.join("lib").join(C_TARGET).join("libc.a"), "wasi-libc")?;
        Ok(Self { sysroot })
    }

    /// Compiles one source file.
    pub(crate) fn compile(&self, source: &Path, module: &Path) -> Result<()> {
        let mut clang = clang();
        clang.arg("--sysroot").arg(&self.sysroot).args(["-O2", "-Wall", "-Wextra", "-Werror"]);
        process::run(clang.arg(source).arg("-o").arg(module))
    }
}

fn clang() -> Command {
    let mut clang = Command::new("clang");
    clang.arg(format!("--target={C_TARGET}"));
    clang
}

/// Makes sure of a file, which a package of Debian's brings.
fn installed(file: &Path, package: &str) -> Result<()> {
    if file.is_file() {
        return Ok(());
    }
    println!("{package}: installing it");
    match packages::install(package) {
        Ok(()) if file.is_file() => Ok(()),
        Ok(()) => Err(Missing::error(format!("{package} was installed, but does not bring {}", file.display()))),
        Err(error) => Err(Missing::error(format!(
            "C programs take {}, which is missing: {error:#}; install {package}",
            file.display()
        ))),
    }
}
