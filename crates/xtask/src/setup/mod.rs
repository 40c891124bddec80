//! Gets what a clean machine lacks: the compile targets of guests and of Windows, a C compiler, Wine. Plain `cargo build --target …` works
//! afterwards, since targets go into the toolchain that `rustc` and `cargo` use here.
//!
//! Hazard: two set-ups at once would unpack and build in one folder, so the whole is done under a file lock.

mod c_compiler;
mod from_source;
mod packages;
mod rustup;
mod targets;
mod wine;

use std::fmt;
use std::fs::{self, File};
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::workspace;
use targets::{Toolchain, WASIP1, WASIP2, WINDOWS, ensure};

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
    match browser() {
        Ok(browser) => println!("browser: {}", browser.display()),
        // Tests that lack it are skipped, by name.
        Err(error) => println!("browser: {error:#}"),
    }
    if windows {
        windows_target()?;
        println!("wine: {}", Wine::ready()?.version()?);
    }
    Ok(())
}

pub(crate) use c_compiler::{CProgram, for_guests as c_compiler};
pub(crate) use wine::Wine;

/// Makes sure of the target and the linker for building Windows programs on another system. Prints nothing when they are there.
pub(crate) fn windows_target() -> Result<()> {
    let toolchain = Toolchain::active()?;
    if !toolchain.has(&WINDOWS) {
        ensure(&toolchain, &WINDOWS)?;
    }
    packages::WINDOWS_LINKER.ensure().map(drop)
}

/// Makes sure of the browser that tests and pictures are made with.
pub(crate) fn browser() -> Result<PathBuf> {
    packages::BROWSER.ensure()
}

/// Makes sure of the targets that guests are built for. Prints nothing when they are there.
pub(crate) fn guest_target() -> Result<()> {
    let toolchain = Toolchain::active()?;
    let mut missing = [&WASIP2, &WASIP1].into_iter().filter(|target| !toolchain.has(target));
    missing.try_for_each(|target| ensure(&toolchain, target))
}

/// Keeps a second set-up out for as long as the file is open.
fn lock() -> Result<File> {
    let own = workspace::own("setup")?;
    fs::create_dir_all(&own).with_context(|| format!("cannot create {}", own.display()))?;
    let lock = File::create(own.join("lock")).context("cannot create the lock file of the set-up")?;
    lock.lock().context("cannot lock the set-up against a second one")?;
    Ok(lock)
}
