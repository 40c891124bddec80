//! What `cargo xtask fuzz` and `cargo xtask stress` run.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use callgate_fuzz::backends::Backends;
use callgate_fuzz::files::Files;
use callgate_fuzz::guests::Guests;
use clap::{Parser, Subcommand};

#[cfg(unix)]
mod stress;
#[cfg(not(unix))]
#[path = "stress_nowhere.rs"]
mod stress;

/// Random tests.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Runs both targets, the files and the guests
    Fuzz {
        /// For how long; 1 unless told otherwise, and one case of each with a seed alone
        #[arg(long)]
        minutes: Option<f64>,
        /// The first case; a random one unless told otherwise
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Swaps names under the feet of every backend
    Stress {
        /// Of each kind, on each backend
        #[arg(long, default_value_t = 100_000)]
        rounds: u32,
        /// Mount directories, too; set by the task itself when it is in a mount namespace of its own
        #[arg(long, hide = true)]
        mounts: bool,
    },
}

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Fuzz { minutes, seed } => fuzz(minutes, seed),
        Task::Stress { rounds, mounts } => stress::run(rounds, mounts),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// For how long each target runs before it is the other's turn.
const TURN: Duration = Duration::from_secs(2);

fn fuzz(minutes: Option<f64>, seed: Option<u64>) -> Result<()> {
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
    let (mut files, mut guests) = (Files::new(Backends::all()), Guests::new(&wit)?);
    println!("backends: {}", files.backends().join(", "));
    if let (Some(seed), None) = (seed, minutes) {
        let cases =
            [files.case(seed).map_err(|found| anyhow!("{found}")), guests.component(seed), guests.garbage(seed)];
        return report(&files, &guests, [1; 3], cases.into_iter().filter_map(|case| case.err()).collect());
    }
    let first = seed.unwrap_or_else(|| fastrand::u32(..).into());
    println!("the first seed is {first}");
    let end = Instant::now() + Duration::try_from_secs_f64(minutes.unwrap_or(1.0) * 60.0).context("so many minutes")?;
    let mut counts = [0; 3];
    let mut failures = Vec::new();
    while Instant::now() < end && failures.is_empty() {
        for target in 0..3 {
            let turn = Instant::now() + TURN;
            while Instant::now() < turn.min(end) && failures.is_empty() {
                let seed = first.wrapping_add(counts[target]);
                let (name, case) = match target {
                    0 => ("files", files.case(seed).map_err(|found| anyhow!("{found}"))),
                    1 => ("component", guests.component(seed)),
                    _ => ("garbage", guests.garbage(seed)),
                };
                counts[target] += 1;
                let again = || format!("{name}: to run it again: cargo xtask fuzz --seed {seed}");
                failures.extend(case.with_context(again).err());
            }
        }
    }
    report(&files, &guests, counts, failures)
}

/// How many of the ways that guests ended are shown.
const ENDS: usize = 20;

/// One table of all that was tried.
fn report(files: &Files, guests: &Guests, counts: [u64; 3], failures: Vec<anyhow::Error>) -> Result<()> {
    println!("\n{:>10}  files: sequences on each backend", counts[0]);
    println!("{:>10}    calls that had a handle to work on", files.tally().done());
    for (rule, count) in files.tally().rules() {
        println!("{count:>10}    by the rule `{}`: {}", rule.name, rule.reason);
    }
    println!("{:>10}  components that call the interface at random, on each system", counts[1]);
    println!("{:>10}  broken components", counts[2]);
    let mut ends: Vec<_> = guests.ends().collect();
    ends.sort_by_key(|(.., count)| std::cmp::Reverse(*count));
    for (what, end, count) in ends.iter().take(ENDS) {
        println!("{count:>10}    {what}: {end}");
    }
    println!(
        "{:>10}    {} other ends",
        ends.iter().skip(ENDS).map(|(.., count)| count).sum::<u64>(),
        ends.len().saturating_sub(ENDS)
    );
    println!("{:>10}  failures", failures.len());
    for (rule, _) in files.tally().rules().filter(|(_, count)| *count == 0 && counts[0] > 10_000) {
        println!("the rule `{}` was never needed: remove it", rule.name);
    }
    match failures.len() {
        0 => Ok(()),
        _ => {
            failures.iter().for_each(|failure| eprintln!("\n{failure:#}"));
            bail!("{} cases failed", failures.len())
        }
    }
}
