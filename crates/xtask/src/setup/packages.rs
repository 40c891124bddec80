//! Programs of the system that a build needs. On Debian as root they are installed; elsewhere only the user can do that, and
//! is told what.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use super::Missing;
use crate::process;

/// A program that has to be on the PATH, or where its package puts it.
pub(crate) struct Needed {
    pub(crate) program: &'static str,
    /// Where its package puts it, if that is not on the PATH.
    pub(crate) aside: Option<&'static str>,
    /// The purpose of the program, phrased to follow "which …".
    pub(crate) purpose: &'static str,
    /// The Debian package that brings it.
    pub(crate) package: &'static str,
}

/// Links Windows programs on other systems.
pub(crate) const WINDOWS_LINKER: Needed = Needed {
    program: "x86_64-w64-mingw32-gcc",
    aside: None,
    purpose: "links Windows programs",
    package: "gcc-mingw-w64-x86-64-posix",
};

/// Compiles the C parts of published programs for the guest target.
pub(crate) const CLANG: Needed =
    Needed { program: "clang", aside: None, purpose: "compiles the C parts of published programs", package: "clang" };

/// Runs Windows programs on Linux.
pub(crate) const WINE: Needed = Needed {
    program: "wine64",
    aside: Some("/usr/lib/wine/wine64"),
    purpose: "runs what is built for Windows",
    package: "wine64",
};

/// Looks at pages, without a window.
pub(crate) const BROWSER: Needed =
    Needed { program: "chromium", aside: None, purpose: "looks at the pages of traces", package: "chromium" };

/// Links modules that clang compiles.
pub(crate) const WASM_LD: Needed =
    Needed { program: "wasm-ld", aside: None, purpose: "links C programs for WebAssembly", package: "lld" };

/// Installs a package, where this is a Debian and we are root.
pub(crate) fn install(package: &str) -> Result<()> {
    if !Path::new("/etc/debian_version").exists() || !process::exists("apt-get") {
        bail!("this is no Debian, so it is not installed for you");
    }
    if process::capture(Command::new("id").arg("-u"))?.trim() != "0" {
        bail!("installing takes root");
    }
    let apt = |arguments: &[&str]| {
        let mut apt = Command::new("apt-get");
        apt.arg("-qq").args(arguments).env("DEBIAN_FRONTEND", "noninteractive").env("LC_ALL", "C");
        process::capture(&mut apt).map(drop)
    };
    let install = ["install", "--yes", "--no-install-recommends", package];
    // The machine's package lists may be old, or absent, as they are in container images.
    apt(&install).or_else(|_| apt(&["update"]).and_then(|()| apt(&install)))
}

impl Needed {
    /// Makes sure of the program, or says how to; returns where it is.
    pub(crate) fn ensure(&self) -> Result<PathBuf> {
        if let Some(path) = self.find() {
            return Ok(path);
        }
        println!("{}: installing {}", self.program, self.package);
        match install(self.package) {
            Ok(()) => self.find().ok_or_else(|| self.missing("its package was installed, but does not bring it")),
            Err(error) => Err(self.missing(&format!("{error:#}"))),
        }
    }

    fn find(&self) -> Option<PathBuf> {
        let aside = self.aside.map(PathBuf::from).filter(|path| path.is_file());
        process::find(self.program).or(aside)
    }

    fn missing(&self, why: &str) -> anyhow::Error {
        let Self { program, purpose, package, .. } = self;
        Missing::error(format!(
            "`{program}` is missing, which {purpose}: {why}; install it (on Debian: `apt-get install {package}`)"
        ))
    }
}
