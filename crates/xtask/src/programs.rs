//! Programs that others published, built from the registry as they are, twice: for the guest target and natively, so that
//! tests can compare what the two do. They are the proof that callgate runs what people have, not what we wrote for it.
//!
//! Versions are pinned, their lock files are used. A program is built once: a stamp beside it says of what it was made. Both
//! builds share one build folder, and so their dependencies.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{process, setup, workspace};

/// A published program.
pub(crate) struct Program {
    /// The package's name.
    package: &'static str,
    version: &'static str,
    /// The program's name.
    binary: &'static str,
    /// Options for cargo, such as a choice of features.
    options: &'static [&'static str],
    /// Whether parts of it are in C.
    has_c: bool,
}

pub(crate) const RIPGREP: Program =
    Program { package: "ripgrep", version: "15.2.0", binary: "rg", options: &[], has_c: false };
const HTMLQ: Program = Program { package: "htmlq", version: "0.4.0", binary: "htmlq", options: &[], has_c: false };
const OXIPNG: Program = Program {
    package: "oxipng",
    version: "10.2.1",
    binary: "oxipng",
    options: &["--no-default-features", "--features", "binary"],
    has_c: true,
};
const ALL: &[Program] = &[RIPGREP, HTMLQ, OXIPNG];

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    Wasm,
    Native,
}

/// A program that could not be built here, for want of something that only the user can supply.
pub(crate) struct Skipped {
    pub(crate) package: &'static str,
    pub(crate) why: String,
}

/// Every program, both ways; returns those that were skipped.
pub(crate) fn build_all() -> Result<Vec<Skipped>> {
    let mut skipped = Vec::new();
    for program in ALL {
        match program.build(Build::Wasm).and_then(|_| program.build(Build::Native)) {
            Ok(_) => {}
            Err(error) if error.is::<setup::Missing>() => {
                skipped.push(Skipped { package: program.package, why: format!("{error:#}") });
            }
            Err(error) => return Err(error),
        }
    }
    Ok(skipped)
}

/// `cargo xtask programs`, which skips nothing.
pub(crate) fn run() -> Result<()> {
    match build_all()?.pop() {
        None => Ok(()),
        Some(skipped) => Err(setup::Missing::error(skipped.why)),
    }
}

impl Program {
    /// Builds the program unless it is there, and returns its path.
    pub(crate) fn build(&self, build: Build) -> Result<PathBuf> {
        let programs = workspace::own("programs")?;
        let root = programs.join(if build == Build::Wasm { "wasm" } else { "native" });
        let file = match build {
            Build::Wasm => format!("{}.wasm", self.binary),
            Build::Native => workspace::executable(self.binary),
        };
        let file = root.join("bin").join(file);
        let stamp = root.join(format!("{}.stamp", self.package));
        if self.is_built(&file, &stamp) {
            return Ok(file);
        }
        let mut cargo = process::cargo();
        cargo.args(["install", self.package, "--version", self.version, "--locked", "--force"]);
        cargo.args(self.options);
        if build == Build::Wasm {
            cargo.args(["--target", workspace::GUEST_TARGET]);
            if self.has_c {
                setup::c_compiler(&mut cargo).with_context(|| format!("cannot build {}", self.package))?;
            }
        }
        cargo.arg("--root").arg(&root).arg("--target-dir").arg(programs.join("build"));
        process::run(&mut cargo)
            .with_context(|| format!("cannot build {} {} from the registry", self.package, self.version))?;
        fs::write(&stamp, self.stamp()).with_context(|| format!("cannot write {}", stamp.display()))?;
        Ok(file)
    }

    fn is_built(&self, file: &Path, stamp: &Path) -> bool {
        file.is_file() && fs::read_to_string(stamp).is_ok_and(|text| text == self.stamp())
    }

    fn stamp(&self) -> String {
        format!("{} {} {}", self.package, self.version, self.options.join(" ")).trim_end().to_owned() + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_names_version_and_features() {
        assert_eq!(RIPGREP.stamp(), "ripgrep 15.2.0\n");
        assert_eq!(OXIPNG.stamp(), "oxipng 10.2.1 --no-default-features --features binary\n");
    }
}
