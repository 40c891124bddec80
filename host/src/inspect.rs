//! `callgate inspect`.

use std::process::ExitCode;

use anyhow::Result;
use callgate_wasi::{Runtime, RuntimeOptions};

use crate::arguments::InspectOptions;
use crate::run::cache;

/// What an interface, or a function of a module, can be used for with which grant. The others need none.
const GRANTS: &[(&str, &str)] = &[
    ("wasi_snapshot_preview1.path_", "files: only those below a --dir"),
    ("wasi_snapshot_preview1.sock_", "network: only connections to a --listen"),
    ("wasi_snapshot_preview1.environ_", "environment: only what --env or --inherit-env hand on"),
    ("wasi_unstable.path_", "files: only those below a --dir"),
    ("wasi_unstable.environ_", "environment: only what --env or --inherit-env hand on"),
    ("wasi:filesystem/", "files: only those below a --dir"),
    ("wasi:sockets/", "network: only what a --net permits"),
    ("wasi:cli/environment", "environment: only what --env or --inherit-env hand on"),
];

pub(crate) fn inspect(options: &InspectOptions) -> Result<ExitCode> {
    let runtime = Runtime::new(&RuntimeOptions { cache: cache(), ..RuntimeOptions::default() })?;
    let program = runtime.load(&options.program)?;
    let imports = program.imports();
    println!("imports");
    for import in &imports {
        println!("  {import}");
    }
    println!("grants");
    let used = GRANTS.iter().filter(|(prefix, _)| imports.iter().any(|import| import.starts_with(prefix)));
    let mut none = true;
    for (_, grant) in used {
        println!("  {grant}");
        none = false;
    }
    if none {
        println!("  none: it can compute, print, and read the clocks");
    }
    match program.check() {
        Ok(()) => println!("runs here: yes"),
        Err(why) => println!("runs here: no, {why}"),
    }
    Ok(ExitCode::SUCCESS)
}
