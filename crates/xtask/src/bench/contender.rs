//! The three ways to run a program that are compared, and the command line of each.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::programs::Programs;
use super::rows::Kind;
use crate::{process, workspace};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Contender {
    Native,
    Callgate,
    Wasmtime,
}

const GUEST_FOLDER: &str = "/bench";

/// Programs and folders of one benchmark.
pub(crate) struct Bench {
    programs: Programs,
    /// What all contenders work in.
    data: PathBuf,
    work: PathBuf,
    pub(crate) contenders: Vec<Contender>,
}

impl Bench {
    /// Makes the data's folder afresh, and compiles ahead of time what is started precompiled.
    pub(crate) fn new(programs: Programs) -> Result<Self> {
        let mut contenders = vec![Contender::Native, Contender::Callgate];
        contenders.extend(programs.wasmtime.is_some().then_some(Contender::Wasmtime));
        let work = workspace::own("bench")?;
        let data = work.join("data");
        let _ = fs::remove_dir_all(&data);
        fs::create_dir_all(&data).with_context(|| format!("cannot create {}", data.display()))?;
        let bench = Self { programs, data, work, contenders };
        let hello = workspace::guest_program("bench-hello")?;
        for &contender in &bench.contenders {
            if let Some(mut host) = bench.host(contender) {
                host.arg("compile").arg(&hello).arg("-o").arg(bench.precompiled(contender));
                process::capture(&mut host)?;
            }
        }
        Ok(bench)
    }

    pub(crate) fn has_wasmtime(&self) -> bool {
        self.contenders.contains(&Contender::Wasmtime)
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
                host.args(match contender {
                    Contender::Wasmtime => ["-S", "inherit-network"],
                    _ => ["--net", "all"],
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

    /// The program that only greets.
    pub(crate) fn hello(&self, contender: Contender, kind: Kind) -> Result<Command> {
        let mut command = match self.host(contender) {
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
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(command)
    }

    fn host(&self, contender: Contender) -> Option<Command> {
        let program = match contender {
            Contender::Native => None,
            Contender::Callgate => Some(&self.programs.callgate),
            Contender::Wasmtime => self.programs.wasmtime.as_ref(),
        };
        program.map(|program| self.programs.command(program))
    }

    fn precompiled(&self, contender: Contender) -> PathBuf {
        self.work.join(format!("hello-{contender:?}.cwasm").to_lowercase())
    }
}

fn mount(folder: &Path) -> String {
    format!("{}::{GUEST_FOLDER}", folder.display())
}
