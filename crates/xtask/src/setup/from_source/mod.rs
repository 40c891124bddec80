//! A target's std, built from Debian's source package of the compiler's own version: the way where rustup can't be had.

mod apt_sources;
mod build_std;
pub(super) mod debian;
mod install;

use std::path::Path;

use anyhow::Result;

use super::packages;
use super::targets::{Target, Toolchain};

/// Gets the source, builds it, and puts the libraries into the toolchain. Everything that is fetched and built stays below `own`.
pub(super) fn add(toolchain: &Toolchain, target: &Target, own: &Path) -> Result<()> {
    let packages = debian::packages(&toolchain.release, own)?;
    if !target.startup_objects.is_empty() {
        packages::WINDOWS_LINKER.ensure()?;
    }
    let libraries = build_std::build(toolchain, target, &packages.source, own)?;
    let libc = target.libc_files.iter().map(|file| packages.libc(target.triple).join(file)).collect();
    install::install(&toolchain.folder(target), libraries, libc)
}
