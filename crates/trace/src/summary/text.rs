//! A summary as a table for people, in the manner of `strace -c` and `perf trace -s`.

use std::fmt::{self, Write};

use callgate_system::{Nanoseconds, Untrusted};

use super::{CallRow, ErrorRow, PlaceRow, Process, Report};

/// Bytes of a name that are shown.
const NAME: usize = 200;

/// Rows of errors that are shown.
const ERRORS: usize = 20;

pub(super) fn show(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a string can't fail.
    write(report, &mut out).ok();
    out
}

fn write(report: &Report, out: &mut String) -> fmt::Result {
    head(report, out)?;
    if !report.by_call.is_empty() {
        calls(&report.by_call, out)?;
    }
    errors(&report.by_call, out)?;
    places("slowest files", &report.paths, out)?;
    places("slowest peers", &report.peers, out)
}

fn head(report: &Report, out: &mut String) -> fmt::Result {
    let (program, time) = (Untrusted::new(&report.program).at_most(NAME), &report.time);
    let end = report.end.as_deref().unwrap_or("end unknown, as the trace is cut");
    let end = Untrusted::new(end).at_most(NAME);
    writeln!(out, "{program} on {}: {end}", Untrusted::new(&report.backend).at_most(NAME))?;
    write!(out, "{} calls, {} failed", report.calls, report.errors)?;
    if report.refused > 0 {
        write!(out, ", {} of them refused", report.refused)?;
    }
    if report.lost > 0 {
        write!(out, "; {} more are missing", report.lost)?;
    }
    if report.filtered > 0 {
        write!(out, "; {} more were filtered out", report.filtered)?;
    }
    writeln!(out, "; {} moved\n", size(report.bytes))?;
    let share = |part| percent(part, time.run);
    let rest = time.between.as_ref().map_or_else(String::new, |between| {
        format!("; {} between two calls (p50), {} at least", show_time(between.p50), show_time(between.least))
    });
    let working = time.calls.saturating_sub(time.waiting);
    let rows = [
        ["run".to_owned(), String::new(), show_time(time.run), String::new()],
        ["calls".to_owned(), share(working), show_time(working), "gate, backend and operating system".to_owned()],
        ["waiting".to_owned(), share(time.waiting), show_time(time.waiting), "poll and pollable.block".to_owned()],
        ["rest".to_owned(), share(time.rest), show_time(time.rest), format!("guest and boundary{rest}")],
    ];
    table(&rows, &[Side::Left, Side::Right, Side::Right, Side::Left], out)?;
    report.process.as_ref().map_or(Ok(()), |process| show_process(process, out))
}

fn show_process(process: &Process, out: &mut String) -> fmt::Result {
    let count = |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
    writeln!(
        out,
        "\nprocess  {} in its own code, {} in the kernel",
        show_time(process.user),
        show_time(process.system)
    )?;
    let (voluntary, involuntary) = (count(process.switches_voluntary), count(process.switches_involuntary));
    writeln!(out, "         context switches: {voluntary} to wait, {involuntary} forced")?;
    let from_disk = count(process.page_faults_from_disk);
    writeln!(out, "         page faults: {}, {from_disk} of them read from disk", process.page_faults)
}

fn calls(rows: &[CallRow], out: &mut String) -> fmt::Result {
    let heads = ["share", "total", "calls", "errors", "average", "p50", "p99", "max", "bytes", "call"];
    let mut lines = vec![heads.map(str::to_owned)];
    lines.extend(rows.iter().map(|row| {
        [
            format!("{:.2}%", row.share * 100.0),
            show_time(row.total),
            row.count.to_string(),
            unless_zero(row.errors, |errors| errors.to_string()),
            show_time(row.average),
            show_time(row.p50),
            show_time(row.p99),
            show_time(row.max),
            unless_zero(row.bytes, size),
            Untrusted::new(&row.call).at_most(NAME).to_string(),
        ]
    }));
    out.push('\n');
    let mut sides = [Side::Right; 10];
    sides[9] = Side::Left;
    table(&lines, &sides, out)
}

fn errors(rows: &[CallRow], out: &mut String) -> fmt::Result {
    let mut all: Vec<_> = rows.iter().flat_map(|row| row.by_error.iter().map(move |error| (row, error))).collect();
    if all.is_empty() {
        return Ok(());
    }
    all.sort_by_key(|(_, error)| std::cmp::Reverse(error.count));
    let mut lines = vec![["errors", "error", "call"].map(str::to_owned)];
    lines.extend(all.iter().take(ERRORS).map(|(row, error)| {
        let call = Untrusted::new(&row.call).at_most(NAME).to_string();
        [error.count.to_string(), show_error(error), call]
    }));
    out.push('\n');
    table(&lines, &[Side::Right, Side::Left, Side::Left], out)?;
    match all.len().checked_sub(ERRORS) {
        None | Some(0) => Ok(()),
        Some(more) => writeln!(out, "and {more} more"),
    }
}

/// `no-entry (ENOENT)`, `access-denied (refused)`
fn show_error(error: &ErrorRow) -> String {
    let code = Untrusted::new(&error.code).at_most(NAME);
    match &error.native {
        Some(native) if native.name.is_empty() => {
            format!("{code} ({} {})", Untrusted::new(&native.family).at_most(NAME), native.code)
        }
        Some(native) => format!("{code} ({})", Untrusted::new(&native.name).at_most(NAME)),
        None if error.refused => format!("{code} (refused)"),
        None => code.to_string(),
    }
}

fn places(title: &str, rows: &[PlaceRow], out: &mut String) -> fmt::Result {
    if rows.is_empty() {
        return Ok(());
    }
    let mut lines = vec![["total", "calls", "errors", "bytes", title].map(str::to_owned)];
    lines.extend(rows.iter().map(|row| {
        let at_least = if row.at_least { " (calls may be missing)" } else { "" };
        [
            show_time(row.time),
            row.calls.to_string(),
            unless_zero(row.errors, |errors| errors.to_string()),
            unless_zero(row.bytes, size),
            format!("{}{at_least}", Untrusted::new(&row.name).at_most(NAME)),
        ]
    }));
    out.push('\n');
    table(&lines, &[Side::Right, Side::Right, Side::Right, Side::Right, Side::Left], out)
}

#[derive(Clone, Copy)]
enum Side {
    Left,
    Right,
}

/// Appends the rows in columns, with nothing behind the last.
fn table<const N: usize>(rows: &[[String; N]], sides: &[Side; N], out: &mut String) -> fmt::Result {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    for row in rows {
        let mut line = String::new();
        for ((cell, width), side) in row.iter().zip(widths).zip(sides) {
            let gap = if line.is_empty() { "" } else { "  " };
            match side {
                Side::Left => write!(line, "{gap}{cell:<width$}")?,
                Side::Right => write!(line, "{gap}{cell:>width$}")?,
            }
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn percent(part: u64, whole: u64) -> String {
    if whole == 0 { "-".to_owned() } else { format!("{:.1}%", part as f64 / whole as f64 * 100.0) }
}

fn unless_zero(number: u64, show: impl FnOnce(u64) -> String) -> String {
    if number == 0 { String::new() } else { show(number) }
}

/// `123 ns`, `1.23 µs`, `12.3 ms`, `123 s`
fn show_time(time: Nanoseconds) -> String {
    if time < 1000 { format!("{time} ns") } else { scaled(time as f64 / 1000.0, 1000.0, &["µs", "ms", "s"]) }
}

/// `123 B`, `1.23 KiB`
fn size(bytes: u64) -> String {
    if bytes < 1024 {
        format!("{bytes} B")
    } else {
        scaled(bytes as f64 / 1024.0, 1024.0, &["KiB", "MiB", "GiB", "TiB"])
    }
}

/// A number of three digits in the unit that fits; each unit is `step` of the one before.
fn scaled(mut number: f64, step: f64, units: &[&str]) -> String {
    let mut unit = 0;
    // What is rounded up to the next unit is shown in that.
    while number >= step - 0.5 && unit + 1 < units.len() {
        number /= step;
        unit += 1;
    }
    let digits = if number < 9.995 { 2 } else { usize::from(number < 99.95) };
    format!("{number:.digits$} {}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_have_three_digits() {
        let times = [
            (0, "0 ns"),
            (999, "999 ns"),
            (1000, "1.00 µs"),
            (9_994, "9.99 µs"),
            (9_996, "10.0 µs"),
            (99_960, "100 µs"),
            (999_499, "999 µs"),
            (999_600, "1.00 ms"),
            (12_345_678, "12.3 ms"),
            (1_000_000_000, "1.00 s"),
            (4_000_000_000_000, "4000 s"),
        ];
        for (time, shown) in times {
            assert_eq!(show_time(time), shown);
        }
        for (bytes, shown) in
            [(0, "0 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (1 << 20, "1.00 MiB"), (1 << 50, "1024 TiB")]
        {
            assert_eq!(size(bytes), shown);
        }
    }
}
