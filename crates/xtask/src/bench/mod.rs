//! Compares one program, run natively, under callgate and under wasmtime, against the project's targets, its module of preview1
//! under wasi-common, too, and ripgrep over many files; with `--windows` what is built for Windows, under Wine.
//!
//! Hazards: the machine's other work disturbs; so all take turns, round by round, each round in another order, and
//! medians are compared, with their quartiles beside. Only ratios of one run mean something. All work in the same folder, on one disk,
//! and write their standard error to the same place, which is measured too. One that fails costs its own cells only.

mod contender;
mod corpus;
#[cfg(unix)]
pub(crate) mod memory;
#[cfg(not(unix))]
#[path = "memory_unknown.rs"]
pub(crate) mod memory;
mod programs;
mod rounds;
mod rows;
mod table;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::{guests, setup};
use contender::{Bench, Contender};
use programs::Programs;
use rows::{ROWS, Row};

/// Options of `cargo xtask bench`.
#[derive(Args)]
pub(crate) struct Options {
    /// What is built for Windows, under Wine, against a small host over wasmtime's library
    #[arg(long)]
    windows: bool,
    /// Fewer and shorter rounds, to see whether it works
    #[arg(long)]
    quick: bool,
    /// Also write the medians into this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Only rows whose name contains this
    filter: Option<String>,
}

/// `cargo xtask bench`.
pub(crate) fn run(options: &Options) -> Result<()> {
    let rows = selected(options)?;
    setup::guest_target()?;
    let programs = if options.windows { Programs::windows()? } else { Programs::here(&rows)? };
    guests::wasm("bench")?;

    let bench = Bench::new(programs)?;
    let effort = match options {
        Options { quick: true, .. } => rounds::QUICK,
        Options { windows: true, .. } => rounds::UNDER_WINE,
        _ => rounds::FULL,
    };
    let measured = rounds::measure(&bench, &rows, &effort)?;
    println!("\n{}", table::text(&rows, &measured));
    println!("\n{}", table::spread(&rows, &measured));
    let traced = table::traced(&rows, &measured);
    if !traced.is_empty() {
        println!("\n{}", traced.join("\n"));
    }
    let failures = measured.failures.lines(effort.rounds);
    if !failures.is_empty() {
        println!("\n{}", failures.join("\n"));
    }
    if !bench.has_wasmtime() {
        println!("\nwasmtime is not on the PATH, so there is nothing to hold the targets against; to install it:");
        println!("cargo install wasmtime-cli --version 48.0.8 --locked");
    }
    if let Some(file) = &options.json {
        fs::write(file, table::json(&rows, &measured)).with_context(|| format!("cannot write {}", file.display()))?;
    }
    if measured.failures.by(Contender::Callgate) {
        bail!("callgate failed in some rounds");
    }
    Ok(())
}

fn selected(options: &Options) -> Result<Vec<Row>> {
    let all: Vec<_> = if options.windows { ROWS.iter().filter_map(Row::under_wine).collect() } else { ROWS.to_vec() };
    let wanted = options.filter.as_deref().unwrap_or_default().to_lowercase();
    let matches = |row: &&Row| row.key.contains(&wanted) || row.title.to_lowercase().contains(&wanted);
    let rows: Vec<_> = all.iter().filter(matches).copied().collect();
    if rows.is_empty() {
        let all: Vec<_> = all.iter().map(|row| row.key).collect();
        bail!("no row's name contains `{wanted}`; the rows are {}", all.join(", "));
    }
    Ok(rows)
}
