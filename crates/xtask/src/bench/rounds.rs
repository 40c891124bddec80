//! Takes the measurements, the contenders in turn.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::contender::{Bench, Contender};
use super::memory;
use super::rows::{Kind, MODULE, Row};
use crate::process;

/// How long to measure.
pub(crate) struct Effort {
    rounds: usize,
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
        let mut samples = self.0.get(&(row.key.to_owned(), contender))?.clone();
        samples.sort_by(f64::total_cmp);
        let middle = samples.len() / 2;
        Some(if samples.len() % 2 == 1 { samples[middle] } else { (samples[middle - 1] + samples[middle]) / 2.0 })
    }
}

/// Measures the rows under every contender.
pub(crate) fn measure(bench: &Bench, rows: &[Row], effort: &Effort) -> Result<Samples> {
    let mut samples = Samples::default();
    let of_kind = |kind: Kind| rows.iter().filter(move |row| row.kind == kind).map(|row| row.key);
    let component: Vec<_> = of_kind(Kind::Inside).collect();
    let module: Vec<_> = of_kind(Kind::InsideModule).map(|key| key.trim_start_matches(MODULE)).collect();
    let whole: Vec<_> = rows.iter().filter(|row| !matches!(row.kind, Kind::Inside | Kind::InsideModule)).collect();
    for row in &whole {
        // The first start fills the code cache.
        for &contender in &bench.contenders {
            start(&mut bench.hello(contender, row.kind)?)?;
        }
    }
    for round in 0..effort.rounds {
        println!("round {} of {}", round + 1, effort.rounds);
        let mut order = bench.contenders.clone();
        order.rotate_left(round % bench.contenders.len());
        for (kind, keys, prefix) in [(Kind::Inside, &component, ""), (Kind::InsideModule, &module, MODULE)] {
            for &contender in order.iter().filter(|_| !keys.is_empty()) {
                let output = program(&mut bench.program(contender, kind, effort.milliseconds, keys)?)?;
                for (row, value) in output {
                    samples.add(&format!("{prefix}{row}"), contender, value);
                }
            }
        }
        for row in &whole {
            for _ in 0..effort.starts {
                for &contender in &order {
                    let mut hello = bench.hello(contender, row.kind)?;
                    let value = match row.kind {
                        Kind::PeakMemory => memory::peak(&hello)?,
                        _ => Some(start(&mut hello)?),
                    };
                    if let Some(value) = value {
                        samples.add(row.key, contender, value);
                    }
                }
            }
        }
    }
    Ok(samples)
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

/// Runs the bench program and returns its rows.
fn program(command: &mut Command) -> Result<Vec<(String, f64)>> {
    let line = process::line(command);
    let output = command.stdout(std::process::Stdio::piped()).spawn().and_then(std::process::Child::wait_with_output);
    let output = output.with_context(|| format!("cannot start `{line}`"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        let reason = text.lines().find_map(|line| line.strip_prefix("error\t"));
        let reason = reason.unwrap_or("run it yourself to see why");
        bail!("`{line}` failed ({}): {reason}", output.status);
    }
    parse(&text).with_context(|| format!("cannot read what `{line}` printed"))
}

fn parse(text: &str) -> Result<Vec<(String, f64)>> {
    let row = |line: &str| {
        let (row, value) = line.split_once('\t').with_context(|| format!("no tab in `{line}`"))?;
        let value = value.trim().parse().with_context(|| format!("no number in `{line}`"))?;
        Ok((row.to_owned(), value))
    };
    text.lines().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::super::rows::ROWS;
    use super::*;

    #[test]
    fn rows_of_the_program() {
        let rows = parse("read-1\t655.5\nread-4k\t774.0\n").unwrap();
        assert_eq!(rows, [("read-1".to_owned(), 655.5), ("read-4k".to_owned(), 774.0)]);
        assert!(parse("read-1 655\n").is_err());
        assert!(parse("read-1\tfast\n").is_err());
    }

    #[test]
    fn medians() {
        let mut samples = Samples::default();
        let row = &ROWS[0];
        assert_eq!(samples.median(row, Contender::Native), None);
        for value in [9.0, 1.0, 2.0] {
            samples.add(row.key, Contender::Native, value);
        }
        assert_eq!(samples.median(row, Contender::Native), Some(2.0));
        samples.add(row.key, Contender::Native, 3.0);
        assert_eq!(samples.median(row, Contender::Native), Some(2.5));
    }
}
