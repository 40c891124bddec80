//! Builds Rust's std for one target, with cargo's `build-std`, as a dependency of an empty crate.
//!
//! Hazards: `build-std` is an unstable feature, so the compiler is told to allow those, in this one build only; all else stays
//! on stable. Without bitcode in the libraries, guests that are built with link-time optimisation do not link. cargo finds the
//! source in one place only, within the sysroot; it is linked there for the time of the build and the link is taken away
//! again, because it points below `target/`, which anybody may delete.
//!
//! The dependencies of std come from the registry, like everything else here. The copies in Debian's package lack the precompiled
//! files without which `wit-bindgen` does not build.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::setup::targets::{Target, Toolchain};

const CRATE: &str = "callgate_empty";

/// Builds the libraries, and the objects that the linker puts around a program, and returns their paths.
pub(crate) fn build(toolchain: &Toolchain, target: &Target, source: &Path, own: &Path) -> Result<Vec<PathBuf>> {
    let folder = own.join("std");
    let work = own.join("std-build");
    let _ = fs::remove_dir_all(work.join(target.triple));
    write_crate(&folder)?;
    let _link = SourceLink::new(&toolchain.sysroot.join("lib/rustlib/src/rust"), source, own)?;

    let mut cargo = process::cargo();
    cargo.current_dir(&folder).args(["build", "--release", "--target", target.triple]);
    cargo.arg(format!("-Zbuild-std={}", target.crates)).arg("--target-dir").arg(&work);
    cargo.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Cembed-bitcode=yes");
    for inherited in ["CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_TARGET_DIR", "RUSTC_WRAPPER"] {
        cargo.env_remove(inherited);
    }
    println!("    compiling std, about half a minute");
    process::capture(&mut cargo)?;
    let mut found = libraries(&work.join(target.triple).join("release/deps"))?;
    for name in target.startup_objects {
        found.push(startup_object(name, target.triple, source, &work)?);
    }
    Ok(found)
}

/// An object that a target's every program begins or ends with. No crate is made of them: each is one file of the source.
fn startup_object(name: &str, triple: &str, source: &Path, work: &Path) -> Result<PathBuf> {
    let object = work.join(triple).join(format!("{name}.o"));
    let mut rustc = Command::new("rustc");
    rustc.args(["--target", triple, "--emit", "obj", "-o"]).arg(&object);
    rustc.arg(source.join(format!("library/rtstartup/{name}.rs"))).env("RUSTC_BOOTSTRAP", "1");
    process::capture(&mut rustc)?;
    Ok(object)
}

fn write_crate(folder: &Path) -> Result<()> {
    let manifest = format!(
        "[package]\nname = \"{CRATE}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[lib]\npath = \"lib.rs\"\n\n[workspace]\n"
    );
    let written = fs::create_dir_all(folder)
        .and_then(|()| fs::write(folder.join("Cargo.toml"), manifest))
        .and_then(|()| fs::write(folder.join("lib.rs"), "#![no_std]\n"));
    written.with_context(|| format!("cannot write an empty crate into {}", folder.display()))
}

fn libraries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let ours = format!("lib{CRATE}-");
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let is_ours = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&ours));
        if path.extension() == Some(OsStr::new("rlib")) && !is_ours {
            found.push(path);
        }
    }
    if found.is_empty() {
        bail!("the build of std left no library in {}", folder.display());
    }
    Ok(found)
}

/// A link to the source, where cargo looks for it, for as long as this value lives.
struct SourceLink(Option<PathBuf>);

impl SourceLink {
    fn new(place: &Path, source: &Path, own: &Path) -> Result<Self> {
        if place.is_symlink() {
            // Ours, left by a build that was interrupted, or dangling: it goes. Else it is somebody's own, and stays.
            let ours = fs::read_link(place).is_ok_and(|to| to.starts_with(own));
            if !ours && place.exists() {
                return Ok(Self(None));
            }
            fs::remove_file(place).with_context(|| format!("cannot remove {}", place.display()))?;
        } else if place.join("library").is_dir() {
            return Ok(Self(None));
        } else if place.exists() {
            // Only its `etc` folder, for instance, comes with some compilers.
            bail!("{} is in the way of the source: remove it, then start again", place.display());
        }
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent).with_context(|| format!("cannot write into {}", parent.display()))?;
        }
        process::capture(Command::new("ln").arg("-s").arg(source).arg(place))?;
        Ok(Self(Some(place.to_path_buf())))
    }
}

impl Drop for SourceLink {
    fn drop(&mut self) {
        if let Some(place) = &self.0 {
            // Left behind, it does no harm to a build; the next set-up replaces it when it dangles.
            let _ = fs::remove_file(place);
            // Its folder goes too when nothing else is in it.
            let _ = place.parent().map(fs::remove_dir);
        }
    }
}
