//! `callgate backends`.

use std::process::ExitCode;

use crate::backend;

pub(crate) fn backends() -> ExitCode {
    println!("native: {}", backend::native_name());
    for (name, fact) in backend::native_facts() {
        println!("  {name}: {fact}");
    }
    println!("portable: this machine, by what all operating systems have in common");
    println!("memory: files, network, time and random bytes in memory, the same in every run");
    ExitCode::SUCCESS
}
