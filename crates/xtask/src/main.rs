//! `cargo xtask …`: everything that a newcomer or a CI machine runs, in one program, so that no shell dialect, no `make`
//! and no list of steps in a README can differ from what is tested.
//!
//! Exit codes: 0 done, 1 something failed, 2 the machine lacks something that only its user can supply.

mod bench;
mod demo;
mod fuzz;
mod guests;
mod picture;
mod process;
mod programs;
mod reference;
mod setup;
mod test;
mod trace;
mod wheels;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The tasks of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Gets the compile targets that guests need, and the browser of the tests, whichever way this machine allows
    Setup {
        /// Also what building for Windows and running it on Linux takes: target, linker and Wine
        #[arg(long)]
        windows: bool,
    },
    /// Builds the guest programs of `guest/`
    Guests,
    /// Builds published programs, unmodified, for the guest target and natively
    Programs,
    /// Builds everything and shows a published program at work under callgate, with its trace
    Demo,
    /// Makes the pictures of the README: the page of a trace of a published program, in a browser
    Picture,
    /// Runs every check and every test, on Linux also those for Windows, under Wine
    Test(test::Options),
    /// Compares native, callgate, wasi-common and, where installed, wasmtime, row by row
    Bench(bench::Options),
    /// Compares the backends on random calls, and lets hostile guests loose on the host
    Fuzz(fuzz::FuzzOptions),
    /// Swaps names while every backend that serves real files uses them
    Stress(fuzz::StressOptions),
    /// Runs a command, then prints the most memory that it held, in KiB (`bench` calls this)
    #[command(hide = true)]
    PeakMemory {
        /// The command and its arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<PathBuf>,
    },
}

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Setup { windows } => setup::all(windows),
        Task::Guests => setup::guest_target().and_then(|()| guests::build()),
        Task::Programs => setup::guest_target().and_then(|()| programs::run()),
        Task::Demo => demo::run(),
        Task::Picture => picture::run(),
        Task::Test(options) => test::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Fuzz(options) => fuzz::fuzz(&options),
        Task::Stress(options) => fuzz::stress(&options),
        Task::PeakMemory { command } => bench::memory::child(&command),
    };
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    eprintln!("xtask: {error:#}");
    if error.is::<setup::Missing>() { ExitCode::from(2) } else { ExitCode::FAILURE }
}
