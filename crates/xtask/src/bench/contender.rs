//! The ways to run a program that are compared, and the command line of each.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::corpus::{self, NEEDLE};
use super::programs::{Programs, Ripgrep};
use super::rows::Kind;
use crate::{process, workspace};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Contender {
    Native,
    Callgate,
    Wasmtime,
    /// The reference for preview1.
    WasiCommon,
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Native => "native",
            Self::Callgate => "callgate",
            Self::Wasmtime => "wasmtime",
            Self::WasiCommon => "wasi-common",
        })
    }
}

const GUEST_FOLDER: &str = "/bench";

/// Programs and folders of one benchmark.
pub(crate) struct Bench {
    programs: Programs,
    /// The folder that all contenders work in.
    data: PathBuf,
    work: PathBuf,
    contenders: Vec<Contender>,
}

impl Bench {
    /// Makes the data's folder afresh, with the files that ripgrep is to search.
    pub(crate) fn new(programs: Programs) -> Result<Self> {
        let mut contenders = vec![Contender::Native, Contender::Callgate];
        contenders.extend(programs.wasmtime.is_some().then_some(Contender::Wasmtime));
        contenders.extend(programs.reference.is_some().then_some(Contender::WasiCommon));
        let work = workspace::own("bench")?;
        let data = work.join("data");
        let _ = fs::remove_dir_all(&data);
        fs::create_dir_all(&data).with_context(|| format!("cannot create {}", data.display()))?;
        let bench = Self { programs, data, work, contenders };
        if bench.programs.ripgrep.is_some() {
            corpus::make(&bench.corpus())?;
        }
        Ok(bench)
    }

    pub(crate) fn has_wasmtime(&self) -> bool {
        self.contenders.contains(&Contender::Wasmtime)
    }

    /// Those that can do it.
    pub(crate) fn contenders(&self, kind: Kind) -> Vec<Contender> {
        self.contenders.iter().copied().filter(|contender| kind.is_for(*contender)).collect()
    }

    /// Does what has to be done once before a row of this kind is measured.
    pub(crate) fn prepare(&self, contender: Contender, kind: Kind) -> Result<()> {
        if let (Kind::StartPrecompiled | Kind::PeakMemory, Some(mut host)) = (kind, self.host(contender)) {
            host.arg("compile")
                .arg(workspace::guest_program("bench-hello")?)
                .arg("-o")
                .arg(self.precompiled(contender));
            process::capture(&mut host)?;
        }
        Ok(())
    }

    /// The bench program, a component or a module, over some rows.
    pub(crate) fn program(
        &self,
        contender: Contender,
        kind: Kind,
        milliseconds: u32,
        rows: &[&str],
    ) -> Result<Command> {
        let mut command = match self.host(contender) {
            None => {
                let mut command = self.programs.command(&self.programs.bench);
                command.arg(&self.data);
                command
            }
            Some(mut host) => {
                host.args(["run", "--dir"]).arg(mount(&self.data));
                self.trace(&mut host, contender, kind);
                host.args(match contender {
                    Contender::Wasmtime => &["-S", "inherit-network"][..],
                    Contender::WasiCommon => &[],
                    _ => &["--net", "all"],
                });
                let program = match kind {
                    Kind::InsideModule => workspace::guest_module("bench")?,
                    _ => workspace::guest_program("bench")?,
                };
                host.arg(program).arg(GUEST_FOLDER);
                host
            }
        };
        command.arg(milliseconds.to_string()).args(rows).stdin(Stdio::null()).stderr(Stdio::null());
        Ok(command)
    }

    /// A program that is measured from start to end.
    pub(crate) fn whole(&self, contender: Contender, kind: Kind) -> Result<Command> {
        let mut command = match &self.programs.ripgrep {
            Some(ripgrep) if kind.is_ripgrep() => self.ripgrep(ripgrep, contender, kind),
            _ => self.hello(contender, kind)?,
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(command)
    }

    fn ripgrep(&self, ripgrep: &Ripgrep, contender: Contender, kind: Kind) -> Command {
        let (mut command, folder) = match self.host(contender) {
            None => (self.programs.command(&ripgrep.native), self.corpus()),
            Some(mut host) => {
                host.args(["run", "--dir"]).arg(mount(&self.corpus()));
                self.trace(&mut host, contender, kind);
                host.arg(&ripgrep.guest);
                (host, GUEST_FOLDER.into())
            }
        };
        // Only the host's program could find an `.ignore` above the folder.
        command.args(["-j1", "-c", "--no-ignore-parent", NEEDLE]).arg(folder);
        command
    }

    /// The options of callgate for a row of a traced program.
    fn trace(&self, host: &mut Command, contender: Contender, kind: Kind) {
        if let (Contender::Callgate, Some(format)) = (contender, kind.trace_format()) {
            host.arg(format!("--trace={}", self.work.join("trace").display())).args(["--trace-format", format]);
        }
    }

    /// The program that only greets.
    fn hello(&self, contender: Contender, kind: Kind) -> Result<Command> {
        Ok(match self.host(contender) {
            None => self.programs.command(&self.programs.hello),
            Some(mut host) => {
                host.arg("run");
                if kind == Kind::StartCached {
                    host.arg(workspace::guest_program("bench-hello")?);
                } else {
                    host.arg("--allow-precompiled").arg(self.precompiled(contender));
                }
                host
            }
        })
    }

    fn corpus(&self) -> PathBuf {
        self.work.join("corpus")
    }

    fn host(&self, contender: Contender) -> Option<Command> {
        let program = match contender {
            Contender::Native => None,
            Contender::Callgate => Some(&self.programs.callgate),
            Contender::Wasmtime => self.programs.wasmtime.as_ref(),
            Contender::WasiCommon => self.programs.reference.as_ref(),
        };
        program.map(|program| self.programs.command(program))
    }

    fn precompiled(&self, contender: Contender) -> PathBuf {
        self.work.join(format!("hello-{contender}.cwasm"))
    }
}

fn mount(folder: &Path) -> String {
    format!("{}::{GUEST_FOLDER}", folder.display())
}
