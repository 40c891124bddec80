//! The system in memory, and trees of files in memory for others.

use std::fs::File;
use std::io::{self, BufReader, BufWriter};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use callgate_memory::{ClockOf, Memory, Options, Tree};
use callgate_system::{Directory, Quota, System};
use tempfile::NamedTempFile;

use crate::arguments::MemoryOptions;
use crate::platform;

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

/// Where the tree goes when the run is over. Made before the run, so that a place that cannot be written to is told at once;
/// the file itself appears when it is whole.
pub(crate) struct Out<'a> {
    path: &'a Path,
    file: NamedTempFile,
    memory: Arc<Memory>,
}

impl<'a> Out<'a> {
    pub(super) fn new(path: &'a Path, memory: &Arc<Memory>) -> Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut like_others = tempfile::Builder::new();
        platform::readable_by_others(&mut like_others);
        let file = like_others.tempfile_in(folder).with_context(|| format!("--memory-out {}", path.display()))?;
        Ok(Self { path, file, memory: Arc::clone(memory) })
    }

    pub(crate) fn save(self) -> Result<()> {
        let Self { path, file, memory } = self;
        let context = || format!("--memory-out {}", path.display());
        memory.tree().save_tar(BufWriter::new(&file)).with_context(context)?;
        file.persist(path).with_context(context)?;
        Ok(())
    }
}

/// An empty tree beside `system`, whose clock it uses; `number` tells it from others of the same run.
pub(super) fn tree(number: u32, system: &Arc<dyn System>, quota: Quota) -> Arc<dyn Directory> {
    Tree::new(number, Arc::new(ClockOf(Arc::clone(system))), quota).root()
}
