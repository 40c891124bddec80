//! Nothing passes beside the gate: hostile components and modules on a system that counts each operation, and asks whether a call
//! was under way at the gate when it happened. Outside of calls there are a few at the start and at the end of a run (`tally.rs`), and none
//! between.

mod counted;
mod files;
mod network;
mod tally;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use callgate_system::{OpenHow, System};
use callgate_wasi::{Access, Binding, Program, Runtime, RuntimeOptions, Sandbox};
use proptest::strategy::BoxedStrategy;
use tempfile::TempDir;

use crate::backends::{Host, Hosts};
use crate::guests::Components;
use crate::modules::{Script, generate, wasm};
use crate::seeded;
use counted::Counted;
use tally::Tally;

/// The port that guests know of; nobody listens there but they themselves.
const PORT: u16 = 4_000;

/// The time limit of a guest.
const TIMEOUT: Duration = Duration::from_millis(50);

/// The target: engines, and programs for them.
pub struct Passing {
    components: Components,
    modules: BoxedStrategy<Script>,
    direct: Runtime,
    engine: Runtime,
    folder: TempDir,
    seen: BTreeSet<&'static str>,
}

impl Passing {
    /// The engines, set up; the interface is read from the folder `wit`.
    ///
    /// # Errors
    /// If an engine or a temporary folder can't be had.
    pub fn new(wit: &Path) -> Result<Self> {
        let options = RuntimeOptions { interruptible: true, ..RuntimeOptions::default() };
        Ok(Self {
            components: Components::read(wit)?,
            modules: generate::scripts(false),
            direct: Runtime::new(&options)?,
            engine: Runtime::new(&RuntimeOptions { binding: Binding::Engine, ..options })?,
            folder: TempDir::new()?,
            seen: BTreeSet::new(),
        })
    }

    /// The operations of the system that happened in calls so far.
    #[must_use]
    pub fn seen(&self) -> &BTreeSet<&'static str> {
        &self.seen
    }

    /// Runs the component of `seed`, bound in both ways.
    ///
    /// # Errors
    /// Names what passed beside the gate.
    pub fn component(&mut self, seed: u64) -> Result<()> {
        let path = self.file(&self.components.of_seed(seed, PORT)?)?;
        for runtime in [&self.direct, &self.engine] {
            let seen = run(&runtime.load(&path)?, |_| Ok(()))?;
            self.seen.extend(seen);
        }
        Ok(())
    }

    /// Runs the module of `seed`.
    ///
    /// # Errors
    /// Names what passed beside the gate.
    pub fn module(&mut self, seed: u64) -> Result<()> {
        let seen = RefCell::new(BTreeSet::new());
        let case = |script: Script| {
            let path = self.file(&wasm::module(&script).map_err(text)?).map_err(text)?;
            let Ok(program) = self.direct.load(&path) else { return Ok(()) };
            let prepare = |guest: &mut Sandbox| {
                guest.listen((Ipv4Addr::LOCALHOST, 0).into())?;
                if script.is_invoked() {
                    guest.invoke(wasm::RUN, [] as [&str; 0]);
                }
                Ok(())
            };
            seen.replace(run(&program, prepare).map_err(text)?);
            Ok(())
        };
        seeded::case(seed, &self.modules, 0, case).map_err(|wrong| anyhow::anyhow!("{}", wrong.what))?;
        self.seen.extend(seen.into_inner());
        Ok(())
    }

    fn file(&self, bytes: &[u8]) -> Result<std::path::PathBuf> {
        let path = self.folder.path().join("program.wasm");
        fs::write(&path, bytes).context("the program can't be written")?;
        Ok(path)
    }
}

fn text(error: anyhow::Error) -> String {
    format!("{error:#}")
}

/// Runs a guest that may do everything; the operations that it caused.
fn run(program: &Program, prepare: impl Fn(&mut Sandbox) -> Result<()>) -> Result<BTreeSet<&'static str>> {
    if program.check().is_err() {
        return Ok(BTreeSet::new());
    }
    let Host { system, ground, .. } = Hosts::in_memory();
    let tally = Arc::new(Tally::default());
    let root = ground.root();
    root.open("f", OpenHow { write: true, create: true, ..OpenHow::default() })?;
    root.create_directory("a")?;
    let mut guest = Sandbox::new(Counted::new(system as Arc<dyn System>, &tally));
    guest.arguments(["hostile", "argument"]).environment("NAME", "value").timeout(TIMEOUT).max_memory(16 << 20);
    guest.mount_directory(Counted::new(root, &tally), "/", Access::ReadWrite)?;
    guest.permit("all".parse()?);
    guest.decider(tally.clone()).observer(tally.clone());
    prepare(&mut guest)?;
    // Not every module can be started, which is no matter of the gate.
    let _ = guest.run(program);
    tally.checked()
}

#[cfg(test)]
mod tests {
    use callgate_system::{Code, Error};

    use super::*;

    /// A counted operation is seen, inside of a call and outside.
    #[test]
    fn an_operation_beside_the_gate_is_seen() {
        let tally = Arc::new(Tally::default());
        let system = Counted::new(Hosts::in_memory().system, &tally);
        let clock = || Ok::<_, Error>(system.clock().wall().nanoseconds);
        let call = |act: &dyn Fn() -> Result<u32, Error>| tally.pass(act);
        call(&clock).expect("it is allowed");
        call(&clock).expect("it is allowed");
        assert_eq!(tally.checked().expect("all is inside"), BTreeSet::from(["clock.wall"]));
        clock().expect("a time");
        call(&|| Err(Code::Io.into())).expect_err("it fails");
        let wrong = tally.checked().expect_err("a clock was read between two calls").to_string();
        assert!(wrong.contains("clock.wall after call 2"), "{wrong}");
    }
}
