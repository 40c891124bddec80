//! The system in memory, and trees of files in memory for others.

use std::fs::File;
use std::io::{self, BufReader, BufWriter};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use callgate_memory::{ClockOf, Memory, Options, Tree};
use callgate_system::{Directory, Quota, System};

use crate::arguments::MemoryOptions;
use crate::output;

/// Opens it, with this process's standard streams.
pub(super) fn open(options: &MemoryOptions) -> Result<Arc<Memory>> {
    let memory = Memory::new(Options {
        seed: options.seed.unwrap_or_default(),
        stdin: Box::new(io::stdin()),
        stdout: Box::new(io::stdout()),
        stderr: Box::new(io::stderr()),
        ..Options::default()
    });
    if let Some(path) = &options.image {
        load(&memory, path).with_context(|| format!("--memory-image {}", path.display()))?;
    }
    Ok(Arc::new(memory))
}

fn load(memory: &Memory, path: &Path) -> Result<()> {
    memory.tree().load_tar(BufReader::new(File::open(path)?))?;
    Ok(())
}

/// The destination of the tree when the run is over. That the place can be written to is tried before the run, and nothing is left
/// there: the run may be ended by a signal.
pub(crate) struct Out<'a> {
    path: &'a Path,
    memory: Arc<Memory>,
}

impl<'a> Out<'a> {
    pub(super) fn new(path: &'a Path, memory: &Arc<Memory>) -> Result<Self> {
        drop(output::beside(path).with_context(|| format!("--memory-out {}", path.display()))?);
        Ok(Self { path, memory: Arc::clone(memory) })
    }

    pub(crate) fn save(self) -> Result<()> {
        let Self { path, memory } = self;
        let save = || {
            let file = output::beside(path)?;
            memory.tree().save_tar(BufWriter::new(&file))?;
            output::persist(file, path)?;
            Ok::<_, anyhow::Error>(())
        };
        save().with_context(|| format!("--memory-out {}", path.display()))
    }
}

/// An empty tree beside `system`, whose clock it uses; `number` tells it from others of the same run.
pub(super) fn tree(number: u32, system: &Arc<dyn System>, quota: Quota) -> Arc<dyn Directory> {
    Tree::new(number, Arc::new(ClockOf(Arc::clone(system))), quota).root()
}
