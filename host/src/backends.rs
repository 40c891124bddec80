//! `callgate backends`.

use std::process::ExitCode;

use anyhow::Result;

use crate::backend;

pub(crate) fn backends() -> Result<ExitCode> {
    match backend::native_facts() {
        Ok((name, facts)) => {
            println!("native: {name}");
            for (name, fact) in facts {
                println!("  {name}: {fact}");
            }
        }
        Err(why) => println!("native: none ({why})"),
    }
    println!("portable: this machine, through cap-std");
    println!("memory: files, network, time and random bytes in memory; the same every time");
    Ok(ExitCode::SUCCESS)
}
