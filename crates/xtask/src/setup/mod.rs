//! Gets the compile targets into the toolchain that `rustc` and `cargo` use here, so that plain `cargo build --target …`
//! works afterwards. Three ways, in order: it is there already; rustup downloads it; std is built from Debian's source
//! package of the same compiler version. Where none works, say what is missing and how to mend it.
//!
//! Hazards: a target's folder that holds `libcore` counts as complete, so nothing may put it there before the rest is (see
//! `install`). Two set-ups at once would unpack and build in one folder, so the whole is done under a file lock.

mod apt_sources;
mod build_std;
mod c_compiler;
mod debian;
mod install;
mod packages;
mod rustup;
mod wine;

use std::fmt;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, anyhow};

use crate::{process, workspace};

/// A compile target and what it takes to build its std from source.
struct Target {
    triple: &'static str,
    /// Crates for cargo's `build-std`.
    crates: &'static str,
    /// Files of the C library that the linker looks for in the target's own folder.
    libc_files: &'static [&'static str],
    /// Objects that belong to std and that no crate is made of.
    startup_objects: &'static [&'static str],
}

const WASI_LIBC: &[&str] = &["crt1-command.o", "crt1-reactor.o", "libc.a"];

const WASIP2: Target = Target {
    triple: workspace::GUEST_TARGET,
    crates: "std,panic_abort,test",
    libc_files: WASI_LIBC,
    startup_objects: &[],
};
const WASIP1: Target = Target { triple: workspace::MODULE_TARGET, ..WASIP2 };
const WINDOWS: Target = Target {
    triple: workspace::WINDOWS_TARGET,
    crates: "std,panic_abort,panic_unwind,test",
    libc_files: &[],
    startup_objects: &["rsbegin", "rsend"],
};

/// Something that this machine lacks and that we cannot get; the text says what the user can do.
#[derive(Debug)]
pub(crate) struct Missing(String);

impl Missing {
    pub(crate) fn error(what_to_do: String) -> anyhow::Error {
        Self(what_to_do).into()
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Missing {}

/// `cargo xtask setup`.
pub(crate) fn all(windows: bool) -> Result<()> {
    let toolchain = Toolchain::active()?;
    println!("toolchain: rustc {} in {}", toolchain.release, toolchain.sysroot.display());
    ensure(&toolchain, &WASIP2)?;
    ensure(&toolchain, &WASIP1)?;
    if windows {
        windows_target()?;
        println!("wine: {}", Wine::ready()?.version()?);
    }
    Ok(())
}

pub(crate) use c_compiler::{CProgram, for_guests as c_compiler};
pub(crate) use wine::Wine;

/// What building for Windows takes, on another system; quiet when it is there.
pub(crate) fn windows_target() -> Result<()> {
    let toolchain = Toolchain::active()?;
    if !toolchain.has(&WINDOWS) {
        ensure(&toolchain, &WINDOWS)?;
    }
    packages::WINDOWS_LINKER.ensure().map(drop)
}

/// What building guests takes; quiet when it is there.
pub(crate) fn guest_target() -> Result<()> {
    let toolchain = Toolchain::active()?;
    let mut missing = [&WASIP2, &WASIP1].into_iter().filter(|target| !toolchain.has(target));
    missing.try_for_each(|target| ensure(&toolchain, target))
}

/// The compiler that runs here when somebody types `rustc`.
struct Toolchain {
    sysroot: PathBuf,
    /// `1.95.0`, or `1.96.0-nightly`.
    release: String,
}

impl Toolchain {
    fn active() -> Result<Self> {
        let sysroot = process::capture(Command::new("rustc").args(["--print", "sysroot"]))?;
        let version = process::capture(Command::new("rustc").arg("-vV"))?;
        let release = version.lines().find_map(|line| line.strip_prefix("release: "));
        Ok(Self {
            sysroot: PathBuf::from(sysroot.trim()),
            release: release.context("`rustc -vV` names no release")?.trim().to_owned(),
        })
    }

    /// The target's own folder in the sysroot.
    fn folder(&self, target: &Target) -> PathBuf {
        self.sysroot.join("lib").join("rustlib").join(target.triple)
    }

    fn has(&self, target: &Target) -> bool {
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

fn ensure(toolchain: &Toolchain, target: &Target) -> Result<()> {
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
    let Err(by_debian) = from_source(toolchain, target, &own).and_then(|()| verify(toolchain, target)) else {
        println!("{triple}: ready");
        return Ok(());
    };
    Err(Missing::error(format!(
        "the compile target {triple} is missing and could not be added: with rustup: {by_rustup:#}; \
         from Debian's sources: {by_debian:#}; run `rustup target add {triple}` where it can download, \
         or mend what these say, then start again"
    )))
}

/// Keeps a second set-up out for as long as the file is open.
fn lock() -> Result<File> {
    let own = workspace::own("setup")?;
    fs::create_dir_all(&own).with_context(|| format!("cannot create {}", own.display()))?;
    let lock = File::create(own.join("lock")).context("cannot create the lock file of the set-up")?;
    lock.lock().context("cannot lock the set-up against a second one")?;
    Ok(lock)
}

fn from_source(toolchain: &Toolchain, target: &Target, own: &std::path::Path) -> Result<()> {
    let packages = debian::packages(&toolchain.release, own)?;
    if !target.startup_objects.is_empty() {
        packages::WINDOWS_LINKER.ensure()?;
    }
    let libraries = build_std::build(toolchain, target, &packages.source, own)?;
    let libc = target.libc_files.iter().map(|file| packages.libc(target.triple).join(file)).collect();
    install::install(&toolchain.folder(target), libraries, libc)
}

fn verify(toolchain: &Toolchain, target: &Target) -> Result<()> {
    if toolchain.has(target) {
        return Ok(());
    }
    Err(anyhow!("it reported success, but {} holds no libcore", toolchain.folder(target).display()))
}
