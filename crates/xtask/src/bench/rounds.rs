//! Takes the measurements, the contenders in turn.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};

use super::contender::{Bench, Contender};
use super::memory;
use super::rows::{Kind, Row};
use crate::process;

/// The effort of a measurement: its rounds, and the time that each takes.
pub(crate) struct Effort {
    pub(crate) rounds: usize,
    /// For each row that the program measures, in each round.
    milliseconds: u32,
    /// Starts of a program, in each round.
    starts: usize,
}

pub(crate) const FULL: Effort = Effort { rounds: 7, milliseconds: 100, starts: 15 };
/// A call of Wine's server takes 10 µs or 50, by where the scheduler has put the two, and that stays for a while: many short rounds.
pub(crate) const UNDER_WINE: Effort = Effort { rounds: 21, milliseconds: 30, starts: 5 };
pub(crate) const QUICK: Effort = Effort { rounds: 3, milliseconds: 20, starts: 5 };

/// Samples of rows, by key.
#[derive(Default)]
pub(crate) struct Samples(BTreeMap<(String, Contender), Vec<f64>>);

impl Samples {
    pub(crate) fn add(&mut self, row: &str, contender: Contender, value: f64) {
        self.0.entry((row.to_owned(), contender)).or_default().push(value);
    }

    pub(crate) fn median(&self, row: &Row, contender: Contender) -> Option<f64> {
        self.quantile(row, contender, 0.5)
    }

    /// The quartiles of the samples: a quarter is below the first, a quarter above the second.
    pub(crate) fn quartiles(&self, row: &Row, contender: Contender) -> Option<[f64; 2]> {
        Some([self.quantile(row, contender, 0.25)?, self.quantile(row, contender, 0.75)?])
    }

    /// The value that this part of the samples is below. Between two samples it is interpolated.
    fn quantile(&self, row: &Row, contender: Contender, part: f64) -> Option<f64> {
        let mut samples = self.0.get(&(row.key.to_owned(), contender))?.clone();
        samples.sort_by(f64::total_cmp);
        let place = (samples.len() - 1) as f64 * part;
        let [low, high] = [place.floor(), place.ceil()].map(|place| samples[place as usize]);
        Some(low + (high - low) * place.fract())
    }
}

/// The failures of contenders, each with its rounds and the first reason.
#[derive(Default)]
pub(crate) struct Failures(BTreeMap<(Kind, Contender), Failure>);

struct Failure {
    rounds: BTreeSet<usize>,
    reason: String,
}

impl Failures {
    /// The value of `result`. A failure is recorded, and the first of a kind and contender is printed.
    pub(crate) fn unless<T>(&mut self, result: Result<T>, kind: Kind, contender: Contender, round: usize) -> Option<T> {
        let reason = match result {
            Ok(value) => return Some(value),
            Err(error) => format!("{error:#}"),
        };
        let failure = self.0.entry((kind, contender)).or_insert_with(|| {
            println!("{contender} failed: {reason}");
            Failure { rounds: BTreeSet::new(), reason }
        });
        failure.rounds.insert(round);
        None
    }

    pub(crate) fn has(&self, kind: Kind, contender: Contender) -> bool {
        self.0.contains_key(&(kind, contender))
    }

    pub(crate) fn by(&self, contender: Contender) -> bool {
        self.0.keys().any(|(_, failed)| *failed == contender)
    }

    /// A line for each.
    pub(crate) fn lines(&self, rounds: usize) -> Vec<String> {
        let line = |((kind, contender), failure): (&(Kind, Contender), &Failure)| {
            let Failure { rounds: failed, reason } = failure;
            format!("{contender} failed in {} of {rounds} rounds of {kind}: {reason}", failed.len())
        };
        self.0.iter().map(line).collect()
    }
}

/// All that was measured.
#[derive(Default)]
pub(crate) struct Measured {
    pub(crate) samples: Samples,
    pub(crate) failures: Failures,
}

/// Measures the rows under every contender; one that fails is left out where it does.
pub(crate) fn measure(bench: &Bench, rows: &[Row], effort: &Effort) -> Result<Measured> {
    let mut measured = Measured::default();
    let whole: Vec<_> = rows.iter().filter(|row| !row.kind.is_inside()).collect();
    for row in &whole {
        for contender in bench.contenders(row.kind) {
            // The first start fills the code cache. A contender that fails here will fail again.
            let ready = bench.prepare(contender, row.kind).and_then(|()| start(&mut bench.whole(contender, row.kind)?));
            let _ = measured.failures.unless(ready, row.kind, contender, 0);
        }
    }
    for round in 0..effort.rounds {
        println!("round {} of {}", round + 1, effort.rounds);
        for kind in [Kind::Inside, Kind::InsideModule, Kind::InsideText, Kind::InsideJsonl] {
            inside(bench, rows, kind, effort, round, &mut measured)?;
        }
        for row in &whole {
            from_start_to_end(bench, row, effort.starts, round, &mut measured)?;
        }
    }
    Ok(measured)
}

/// Those that can do it, in another order each round.
fn turns(bench: &Bench, kind: Kind, round: usize) -> Vec<Contender> {
    let mut order = bench.contenders(kind);
    let first = round % order.len();
    order.rotate_left(first);
    order
}

/// A round of the rows that the bench program measures.
fn inside(
    bench: &Bench,
    rows: &[Row],
    kind: Kind,
    effort: &Effort,
    round: usize,
    measured: &mut Measured,
) -> Result<()> {
    let names: Vec<_> = rows.iter().filter(|row| row.kind == kind).map(Row::name).collect();
    if names.is_empty() {
        return Ok(());
    }
    for contender in turns(bench, kind, round) {
        let (rows, ended) = program(&mut bench.program(contender, kind, effort.milliseconds, &names)?);
        for (row, value) in rows {
            measured.samples.add(&format!("{}{row}", kind.prefix()), contender, value);
        }
        let _ = measured.failures.unless(ended, kind, contender, round);
    }
    Ok(())
}

/// A round of a row that is a whole program.
fn from_start_to_end(bench: &Bench, row: &Row, starts: usize, round: usize, measured: &mut Measured) -> Result<()> {
    for _ in 0..starts {
        for contender in turns(bench, row.kind, round) {
            let mut command = bench.whole(contender, row.kind)?;
            let value = match row.kind {
                Kind::PeakMemory => memory::peak(&command),
                _ => start(&mut command).map(Some),
            };
            if let Some(value) = measured.failures.unless(value, row.kind, contender, round).flatten() {
                measured.samples.add(row.key, contender, value);
            }
        }
    }
    Ok(())
}

/// Runs a program and returns how long it took, in nanoseconds.
fn start(command: &mut Command) -> Result<f64> {
    let begin = Instant::now();
    let status = command.status();
    let taken = begin.elapsed();
    let line = process::line(command);
    let status = status.with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` failed ({status}); run it yourself to see why");
    }
    Ok(taken.as_secs_f64() * 1e9)
}

/// Runs the bench program and returns its rows, those that it came to, and how it ended.
fn program(command: &mut Command) -> (Vec<(String, f64)>, Result<()>) {
    let line = process::line(command);
    let output = command.stdout(std::process::Stdio::piped()).spawn().and_then(std::process::Child::wait_with_output);
    let output = match output.with_context(|| format!("cannot start `{line}`")) {
        Ok(output) => output,
        Err(error) => return (Vec::new(), Err(error)),
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let reason = text.lines().find_map(|line| line.strip_prefix(ERROR)).unwrap_or("run it yourself to see why");
    match parse(&text).with_context(|| format!("cannot read what `{line}` printed")) {
        Err(error) => (Vec::new(), Err(error)),
        Ok(rows) if output.status.success() => (rows, Ok(())),
        Ok(rows) => (rows, Err(anyhow!("`{line}` failed ({}): {reason}", output.status))),
    }
}

/// The beginning of a line that reports an error and is no row.
const ERROR: &str = "error\t";

fn parse(text: &str) -> Result<Vec<(String, f64)>> {
    let row = |line: &str| {
        let (row, value) = line.split_once('\t').with_context(|| format!("no tab in `{line}`"))?;
        let value = value.trim().parse().with_context(|| format!("no number in `{line}`"))?;
        Ok((row.to_owned(), value))
    };
    text.lines().filter(|line| !line.starts_with(ERROR)).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::super::rows::ROWS;
    use super::*;

    #[test]
    fn rows_of_the_program() {
        let rows = parse("read-1\t655.5\nread-4k\t774.0\n").unwrap();
        assert_eq!(rows, [("read-1".to_owned(), 655.5), ("read-4k".to_owned(), 774.0)]);
        // Those that it came to, where it failed.
        assert_eq!(parse("read-1\t655.5\nerror\tno disk\n").unwrap(), rows[..1]);
        assert!(parse("read-1 655\n").is_err());
        assert!(parse("read-1\tfast\n").is_err());
    }

    #[test]
    fn medians_and_quartiles() {
        let mut samples = Samples::default();
        let row = &ROWS[0];
        assert_eq!(samples.median(row, Contender::Native), None);
        for value in [9.0, 1.0, 2.0] {
            samples.add(row.key, Contender::Native, value);
        }
        assert_eq!(samples.median(row, Contender::Native), Some(2.0));
        samples.add(row.key, Contender::Native, 3.0);
        assert_eq!(samples.median(row, Contender::Native), Some(2.5));
        assert_eq!(samples.quartiles(row, Contender::Native), Some([1.75, 4.5]));
        samples.add(row.key, Contender::Native, 4.0);
        assert_eq!(samples.quartiles(row, Contender::Native), Some([2.0, 4.0]));
    }

    #[test]
    fn failures_are_counted_by_round() {
        let mut failures = Failures::default();
        let of = |round: usize| -> Result<()> { bail!("no disk in round {round}") };
        for round in [1, 1, 4] {
            assert_eq!(failures.unless(of(round), Kind::StartCached, Contender::Wasmtime, round), None);
        }
        assert_eq!(failures.unless(Ok(7), Kind::Inside, Contender::Callgate, 2), Some(7));
        assert_eq!(failures.lines(7), ["wasmtime failed in 2 of 7 rounds of hello, code cached: no disk in round 1"]);
        assert!(
            failures.has(Kind::StartCached, Contender::Wasmtime) && !failures.has(Kind::Inside, Contender::Wasmtime)
        );
        assert!(failures.by(Contender::Wasmtime) && !failures.by(Contender::Callgate));
    }

    #[cfg(unix)]
    #[test]
    fn a_program_that_fails_leaves_the_rows_that_it_came_to() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "printf 'read-1\\t5\\nerror\\tno disk\\n'; exit 3"]);
        let (rows, ended) = program(&mut shell);
        assert_eq!(rows, [("read-1".to_owned(), 5.0)]);
        assert!(ended.unwrap_err().to_string().ends_with("no disk"));
    }
}
