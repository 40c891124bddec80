//! `callgate backends`.

use std::process::ExitCode;

use crate::{backend, lockdown, print};

pub(crate) fn backends() -> ExitCode {
    let facts =
        backend::native_facts().into_iter().chain(lockdown::facts()).map(|(name, fact)| format!("  {name}: {fact}\n"));
    print(&format!(
        "native: {}\n{}portable: this machine, by what all operating systems have in common\n\
         memory: files, network, time and random bytes in memory, the same in every run\n",
        backend::native_name(),
        facts.collect::<String>(),
    ));
    ExitCode::SUCCESS
}
