//! `callgate inspect`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use callgate_system::Untrusted;
use callgate_wasi::{Bound, Precompiled, Program, ProgramFile, RuntimeOptions};

use crate::arguments::{InspectOptions, LoadOptions};
use crate::{cache, loading, print};

/// The grants of interfaces, and of functions of a module, with the use that each grant allows. The others need none.
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
    let InspectOptions { program, loading: how } = options;
    let recorded = if how.allow_precompiled { None } else { ProgramFile::open(program)?.precompiled() };
    let text = match recorded {
        Some(recorded) => text_of_recorded(&recorded),
        None => {
            let loaded = load(program, how)?;
            text_of(&loaded, &loading::bound(&loaded, program, &how.limits)?)
        }
    };
    print(&text);
    Ok(ExitCode::SUCCESS)
}

fn load(program: &Path, options: &LoadOptions) -> Result<Program> {
    let cache = cache::folder().filter(|_| !options.no_cache);
    let runtime = RuntimeOptions { cache, binding: loading::binding()?, ..RuntimeOptions::default() };
    loading::load(&runtime, program, &options.limits, options.allow_precompiled)
}

fn text_of(program: &Program, bound: &Bound) -> String {
    let runs = program.check().map_or_else(|why| format!("no, {why}"), |()| "yes".to_owned());
    let bound = match bound {
        Bound::Directly => "directly".to_owned(),
        Bound::ByTheEngine(why) => format!("by the engine, because it {}", Untrusted::new(why)),
        Bound::AsModule => "as a module of WASI preview1".to_owned(),
    };
    format!("{}bound: {bound}\nruns here: {runs}\n", imports_and_grants(&program.imports()))
}

/// Machine code is not loaded to be looked at: this is what its compiler recorded, and what anybody could have written.
fn text_of_recorded(recorded: &Precompiled) -> String {
    let imports = match &recorded.imports {
        Some(imports) => format!("recorded when it was compiled:\n{}", imports_and_grants(imports)),
        None => "imports: not recorded, since callgate did not compile it\n".to_owned(),
    };
    let runs = match (&recorded.imports, recorded.fits) {
        (_, true) => "with --allow-precompiled only",
        (Some(_), false) => "no, it was compiled for another machine, release or setting; compile it anew",
        (None, false) => "unknown; try --allow-precompiled, if you trust whoever made it",
    };
    format!(
        "machine code, not sandboxed by itself: whoever made this file decides what it does\n{imports}runs here: {runs}\n"
    )
}

fn imports_and_grants(imports: &[String]) -> String {
    let used = GRANTS.iter().filter(|(prefix, _)| imports.iter().any(|import| import.starts_with(prefix)));
    let grants: Vec<_> = used.map(|(_, grant)| *grant).collect();
    let grants = if grants.is_empty() { vec!["none: it can compute, print, and read the clocks"] } else { grants };
    // The names of imports are whatever the program's author wants.
    let imports: String = imports.iter().map(|import| format!("  {}\n", Untrusted::new(import))).collect();
    let grants: String = grants.iter().map(|grant| format!("  {grant}\n")).collect();
    format!("imports\n{imports}grants\n{grants}")
}
