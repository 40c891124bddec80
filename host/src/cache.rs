//! `callgate cache`, and where the cache is.

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use callgate_system::Untrusted;
use callgate_wasi::CodeCache;

use crate::arguments::CacheCommand;
use crate::print;

/// The folder for compiled code; none where the user has no cache folder.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = folder("XDG_CACHE_HOME")
        .or_else(|| folder("LOCALAPPDATA"))
        .or_else(|| folder("HOME").map(|home| home.join(".cache")))?;
    Some(base.join("callgate"))
}

pub(crate) fn cache(command: &CacheCommand) -> Result<ExitCode> {
    let Some(folder) = folder() else {
        bail!("nothing is kept, since you have no cache folder; set XDG_CACHE_HOME, or HOME, to an absolute path");
    };
    let cache = CodeCache::new(&folder);
    let shown = Untrusted::new(folder.display());
    let unused = || format!("{shown} is not used as a cache");
    match command {
        CacheCommand::Info => {
            let contents = cache.contents().with_context(unused)?;
            print(&format!("folder: {shown}\nentries: {}\nbytes: {}\n", contents.entries, contents.bytes));
        }
        CacheCommand::Clear => {
            let removed = cache.clear().with_context(unused)?;
            print(&format!("removed {} entries, {} bytes, from {shown}\n", removed.entries, removed.bytes));
        }
    }
    Ok(ExitCode::SUCCESS)
}
