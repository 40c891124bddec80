//! Compile targets, and the toolchain that they are added to. Three ways, in order: the target is there already; rustup downloads it; its std is
//! built from Debian's source package of the same compiler version. Where none works, the error says what is missing and how to
//! mend it.
//!
//! Hazard: a target's folder that holds `libcore` counts as complete, so nothing may put it there before the rest is (see
//! `from_source/install.rs`).

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, anyhow};

use super::{Missing, from_source, lock, rustup};
use crate::{process, workspace};

/// A compile target and what it takes to build its std from source.
pub(super) struct Target {
    pub(super) triple: &'static str,
    /// Crates for cargo's `build-std`.
    pub(super) crates: &'static str,
    /// Files of the C library that the linker looks for in the target's own folder.
    pub(super) libc_files: &'static [&'static str],
    /// Objects that belong to std and that no crate is made of.
    pub(super) startup_objects: &'static [&'static str],
}

const WASI_LIBC: &[&str] = &["crt1-command.o", "crt1-reactor.o", "libc.a"];

pub(super) const WASIP2: Target = Target {
    triple: workspace::GUEST_TARGET,
    crates: "std,panic_abort,test",
    libc_files: WASI_LIBC,
    startup_objects: &[],
};
pub(super) const WASIP1: Target = Target { triple: workspace::MODULE_TARGET, ..WASIP2 };
pub(super) const WINDOWS: Target = Target {
    triple: workspace::WINDOWS_TARGET,
    crates: "std,panic_abort,panic_unwind,test",
    libc_files: &[],
    startup_objects: &["rsbegin", "rsend"],
};

/// The compiler that runs here when somebody types `rustc`.
pub(super) struct Toolchain {
    pub(super) sysroot: PathBuf,
    /// `1.95.0`, or `1.96.0-nightly`.
    pub(super) release: String,
}

impl Toolchain {
    pub(super) fn active() -> Result<Self> {
        let sysroot = process::capture(Command::new("rustc").args(["--print", "sysroot"]))?;
        let version = process::capture(Command::new("rustc").arg("-vV"))?;
        let release = version.lines().find_map(|line| line.strip_prefix("release: "));
        Ok(Self {
            sysroot: PathBuf::from(sysroot.trim()),
            release: release.context("`rustc -vV` names no release")?.trim().to_owned(),
        })
    }

    /// The target's own folder in the sysroot.
    pub(super) fn folder(&self, target: &Target) -> PathBuf {
        self.sysroot.join("lib").join("rustlib").join(target.triple)
    }

    pub(super) fn has(&self, target: &Target) -> bool {
        let Ok(libraries) = fs::read_dir(self.folder(target).join("lib")) else {
            return false;
        };
        libraries.flatten().any(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.starts_with("libcore-") && name.ends_with(".rlib")
        })
    }
}

pub(super) fn ensure(toolchain: &Toolchain, target: &Target) -> Result<()> {
    let own = workspace::own("setup")?;
    let _lock = lock()?;
    let triple = target.triple;
    if toolchain.has(target) {
        println!("{triple}: ready");
        return Ok(());
    }
    println!("{triple}: missing, adding it with rustup");
    let Err(by_rustup) = rustup::add(triple).and_then(|()| verify(toolchain, target)) else {
        println!("{triple}: ready");
        return Ok(());
    };
    println!("{triple}: that failed ({by_rustup:#}); building it from Debian's source package");
    let Err(by_debian) = from_source::add(toolchain, target, &own).and_then(|()| verify(toolchain, target)) else {
        println!("{triple}: ready");
        return Ok(());
    };
    Err(Missing::error(format!(
        "the compile target {triple} is missing and could not be added: with rustup: {by_rustup:#}; \
         from Debian's sources: {by_debian:#}; run `rustup target add {triple}` where it can download, \
         or mend what these say, then start again"
    )))
}

fn verify(toolchain: &Toolchain, target: &Target) -> Result<()> {
    if toolchain.has(target) {
        return Ok(());
    }
    Err(anyhow!("it reported success, but {} holds no libcore", toolchain.folder(target).display()))
}
