//! Wine, in which the tests of the Windows half run on Linux: the program itself, and a Windows of its own below `target/` (a
//! "prefix"), so that neither the user's is touched nor its settings matter.
//!
//! Hazards: the first start of a prefix takes seconds and must not be interrupted, so it is done here, and a stamp says that
//! it was done. A server keeps running after Wine's programs end. It is ours alone, through its prefix, and ended with [`Wine`]. Who
//! starts it must give it no pipe: the server would hold the pipe open, and a reader would wait for its end.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::{Missing, packages};
use crate::{process, workspace};

const SHIM: &str = include_str!("bcryptprimitives.c");

/// Wine, ready to run programs. Dropping it ends what runs in it.
pub(crate) struct Wine {
    program: PathBuf,
    prefix: PathBuf,
}

impl Wine {
    /// Gets it, and starts its Windows, unless both are there.
    pub(crate) fn ready() -> Result<Self> {
        if (std::env::consts::OS, std::env::consts::ARCH) != ("linux", "x86_64") {
            return Err(Missing::error("Wine runs Windows programs for x86-64 on Linux for x86-64 only".to_owned()));
        }
        let _lock = super::lock()?;
        let folder = workspace::own("wine")?;
        let wine = Self { program: packages::WINE.ensure()?, prefix: folder.join("prefix") };
        let stamp = folder.join("stamp");
        let wanted = format!("{}\n{SHIM}", wine.version()?);
        if fs::read_to_string(&stamp).ok().as_ref() != Some(&wanted) {
            println!("wine: starting it for the first time, a few seconds");
            wine.first_start()?;
            wine.add_shim(&folder)?;
            fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
        }
        Ok(wine)
    }

    /// Starts its server, which stays after its last program has ended, longer than anything here takes in between: a program then
    /// starts in 30 ms, not 500, and never while a server ends, which fails. The first program starts Windows' services, which would
    /// hold its output open for as long; so that is one without any.
    pub(crate) fn start(&self) {
        // It fails where a server runs already; and where none can, the first program fails and says so.
        let _ = quietly(&mut self.server("-p600"));
        let mut first = Command::new(&self.program);
        let _ = quietly(self.prepare(first.args(["cmd", "/c", "exit"])));
    }

    /// `wine-8.0`
    pub(crate) fn version(&self) -> Result<String> {
        let text = process::capture(Command::new(&self.program).arg("--version"))?;
        Ok(text.split_whitespace().next().unwrap_or("wine").to_owned())
    }

    /// The program that runs others.
    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// Sets what a command needs that is Wine, or starts it.
    pub(crate) fn prepare<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        // Arguments and names of files are text in the locale's encoding.
        command.env("LC_ALL", "C.UTF-8").env("WINEPREFIX", &self.prefix).env("WINEDEBUG", "-all");
        // Neither windows that ask to download something, nor any other.
        command.env("WINEDLLOVERRIDES", "mscoree,mshtml=").env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY")
    }

    fn first_start(&self) -> Result<()> {
        fs::create_dir_all(&self.prefix).with_context(|| format!("cannot create {}", self.prefix.display()))?;
        let mut boot = Command::new(&self.program);
        quietly(self.prepare(boot.args(["wineboot", "--init"])))?;
        quietly(&mut self.server("--wait"))
    }

    /// Builds `bcryptprimitives.dll` and lays it where Windows has it, unless Wine has its own.
    fn add_shim(&self, folder: &Path) -> Result<()> {
        let place = self.prefix.join("drive_c/windows/system32/bcryptprimitives.dll");
        let built = folder.join("bcryptprimitives.dll");
        if place.exists() && !built.exists() {
            return Ok(());
        }
        let source = folder.join("bcryptprimitives.c");
        fs::write(&source, SHIM).with_context(|| format!("cannot write {}", source.display()))?;
        let compiler = packages::WINDOWS_LINKER.ensure()?;
        let mut compile = Command::new(compiler);
        compile.args(["-O2", "-shared", "-o"]).arg(&built).arg(&source).arg("-ladvapi32");
        process::capture(&mut compile)?;
        fs::copy(&built, &place).with_context(|| format!("cannot write {}", place.display()))?;
        Ok(())
    }

    fn server(&self, argument: &str) -> Command {
        let beside = self.program.with_file_name("wineserver");
        let mut server = Command::new(if beside.is_file() { beside } else { "wineserver".into() });
        self.prepare(server.arg(argument));
        server
    }
}

impl Drop for Wine {
    fn drop(&mut self) {
        // There is nobody to tell when it has ended already.
        let _ = quietly(&mut self.server("--kill"));
    }
}

fn quietly(command: &mut Command) -> Result<()> {
    let line = process::line(command);
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let status = status.with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` failed ({status})");
    }
    Ok(())
}
