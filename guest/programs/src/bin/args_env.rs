//! Prints what the program was started with: arguments, environment and working directory.

use std::env;
use std::process::ExitCode;

use programs::{Context, run, same};
use wasip2::cli::environment::{get_arguments, get_environment, initial_cwd};

fn main() -> ExitCode {
    run(|| {
        let arguments: Vec<_> = env::args().collect();
        same("std's arguments and the interface's", &arguments, &get_arguments())?;
        for (index, argument) in arguments.iter().enumerate() {
            println!("argv[{index}] = {argument:?}");
        }
        let mut variables: Vec<_> = env::vars().collect();
        variables.sort();
        let mut raw = get_environment();
        raw.sort();
        same("std's environment and the interface's", &variables, &raw)?;
        for (name, value) in variables {
            println!("env {name} = {value:?}");
        }
        println!("initial-cwd = {:?}", initial_cwd());
        println!("current_dir = {:?}", env::current_dir().context("current_dir")?);
        Ok(())
    })
}
