//! The program that `cargo xtask fuzz` and `cargo xtask stress` run.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use callgate_fuzz::backends::Backends;
use callgate_fuzz::costs::Costs;
use callgate_fuzz::files::Files;
use callgate_fuzz::guests::Guests;
use callgate_fuzz::modules::{Modules, Reference};
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
    /// Runs all targets: files, components, what is nearly one, machine code, both ways to bind, modules, costs of compiling
    Fuzz {
        /// For how long; 1 unless told otherwise, and one case of each with a seed alone
        #[arg(long)]
        minutes: Option<f64>,
        /// The first case; a random one unless told otherwise
        #[arg(long)]
        seed: Option<u64>,
        /// This target alone
        #[arg(long, value_parser = TARGETS)]
        only: Option<String>,
        /// Modules of preview1 alone, which this host is asked to run as well
        #[arg(long, value_name = "PROGRAM", conflicts_with = "only")]
        against: Option<PathBuf>,
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
        Task::Fuzz { minutes, seed, against: Some(program), .. } => against(&program, minutes, seed),
        Task::Fuzz { minutes, seed, only, .. } => fuzz(minutes, seed, only.as_deref()),
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

fn span(minutes: Option<f64>) -> Result<Duration> {
    Duration::try_from_secs_f64(minutes.unwrap_or(1.0) * 60.0).context("so many minutes")
}

fn fuzz(minutes: Option<f64>, seed: Option<u64>, only: Option<&str>) -> Result<()> {
    let is_on = |target: usize| only.is_none_or(|only| only == TARGETS[target]);
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
    let mut targets = Targets {
        files: Files::new(Backends::all()),
        guests: Guests::new(&wit)?,
        modules: Modules::new()?,
        costs: Costs::new()?,
    };
    println!("backends: {}", targets.files.backends().join(", "));
    if let (Some(seed), None) = (seed, minutes) {
        let run = (0..TARGETS.len()).filter(|target| is_on(*target));
        let failures = run.filter_map(|target| targets.case(target, seed).err()).collect();
        return targets.report(std::array::from_fn(|target| is_on(target).into()), failures);
    }
    let first = seed.unwrap_or_else(|| fastrand::u32(..).into());
    println!("the first seed is {first}");
    let end = Instant::now() + span(minutes)?;
    let mut counts = [0_u64; TARGETS.len()];
    let mut failures = Vec::new();
    while Instant::now() < end && failures.is_empty() {
        for (target, count) in counts.iter_mut().enumerate().filter(|(target, _)| is_on(*target)) {
            let turn = Instant::now() + TURN;
            while Instant::now() < turn.min(end) && failures.is_empty() {
                let seed = first.wrapping_add(*count);
                *count += 1;
                failures.extend(targets.case(target, seed).err());
            }
        }
    }
    targets.report(counts, failures)
}

/// Runs modules of preview1 under callgate and under the reference.
fn against(program: &Path, minutes: Option<f64>, seed: Option<u64>) -> Result<()> {
    let reference = Reference::new(program)?;
    let mut failure = None;
    if let (Some(seed), None) = (seed, minutes) {
        failure = reference.case(seed).err();
    } else {
        let first = seed.unwrap_or_else(|| fastrand::u32(..).into());
        println!("the first seed is {first}");
        let end = Instant::now() + span(minutes)?;
        let mut seeds = first..;
        while Instant::now() < end && failure.is_none() {
            failure = seeds.next().and_then(|seed| reference.case(seed).err());
        }
    }
    let tally = reference.tally();
    println!("\n{:>10}  modules of preview1, under callgate and under wasi-common", tally.modules);
    println!("{:>10}    that one of the two did not end", tally.unanswered);
    println!("{:>10}    calls that both answered alike", tally.calls);
    for (deviation, count) in reference.deviations() {
        println!("{count:>10}    calls answered otherwise: {}", deviation.reason);
    }
    for (deviation, _) in reference.deviations().filter(|(_, count)| *count == 0 && tally.modules > LONG) {
        println!("this was never so, remove it: {}", deviation.reason);
    }
    match failure {
        None => Ok(()),
        Some(found) => {
            bail!("{found}\nto run it again: cargo xtask fuzz --against wasi-common --seed {}", found.seed())
        }
    }
}

/// The targets that take turns.
const TARGETS: [&str; 7] = ["files", "component", "garbage", "compiled", "direct", "module", "cost"];

struct Targets {
    files: Files,
    guests: Guests,
    modules: Modules,
    costs: Costs,
}

impl Targets {
    fn case(&mut self, target: usize, seed: u64) -> Result<()> {
        let case = match target {
            0 => self.files.case(seed).map_err(|found| anyhow!("{found}")),
            1 => self.guests.component(seed),
            2 => self.guests.garbage(seed),
            3 => self.guests.compiled(seed),
            4 => self.guests.both_ways(seed),
            5 => self.modules.case(seed).map_err(|found| anyhow!("{found}")),
            _ => self.costs.case(seed),
        };
        case.with_context(|| format!("{}: to run it again: cargo xtask fuzz --seed {seed}", TARGETS[target]))
    }

    /// One table of all that was tried.
    fn report(&self, counts: [u64; TARGETS.len()], failures: Vec<anyhow::Error>) -> Result<()> {
        let (files, modules) = (self.files.tally(), self.modules.tally());
        println!("\n{:>10}  files: sequences on each backend", counts[0]);
        println!("{:>10}    calls that had a handle to work on", files.done());
        for (rule, count) in files.rules() {
            println!("{count:>10}    by the rule `{}`: {}", rule.name, rule.reason);
        }
        println!("{:>10}  components that call the interface at random, on each system", counts[1]);
        println!("{:>10}  broken components", counts[2]);
        println!("{:>10}  files of machine code, whole and broken", counts[3]);
        println!("{:>10}  components that are bound in both ways", counts[4]);
        ends(self.guests.ends().map(|(what, end, count)| (format!("{what}: {end}"), count)).collect());
        println!("{:>10}  modules of preview1, on each system", counts[5]);
        println!("{:>10}    of which the systems had to agree on all answers", modules.modules());
        ends(modules.ends().map(|(end, count)| (end.to_owned(), count)).collect());
        let [run, refused, beyond] = self.costs.ends();
        println!("{:>10}  programs that are costly to compile", counts[6]);
        println!("{run:>10}    ran\n{refused:>10}    were no programs\n{beyond:>10}    were beyond a limit");
        println!("{:>10}  failures", failures.len());
        for (rule, _) in files.rules().filter(|(_, count)| *count == 0 && counts[0] > LONG) {
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
}

/// Cases after which a rule should have been needed.
const LONG: u64 = 10_000;

/// The number of different ends of guests that are shown.
const ENDS: usize = 20;

/// The most frequent ways.
fn ends(mut all: Vec<(String, u64)>) {
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (end, count) in all.iter().take(ENDS) {
        println!("{count:>10}    {end}");
    }
    let others = all.iter().skip(ENDS).map(|(_, count)| count).sum::<u64>();
    println!("{others:>10}    {} other ends", all.len().saturating_sub(ENDS));
}
