//! Shows the medians as a table for people (that can be pasted into a document as it is) and as JSON for programs.

use super::contender::Contender::{self, Callgate, Native, WasiCommon, Wasmtime};
use super::rounds::Measured;
use super::rows::Row;

const ALL: [Contender; 4] = [Native, Callgate, Wasmtime, WasiCommon];

/// The medians. A target that is met has a check mark after it. A median that some rounds failed to measure has an exclamation mark.
/// A column is there only where a row has something for it.
pub(crate) fn text(rows: &[Row], measured: &Measured) -> String {
    let contenders = shown(rows, measured);
    let has_goals = rows.iter().any(|row| row.of_native.is_some());
    let mut header = vec!["operation".to_owned()];
    header.extend(contenders.iter().map(|contender| format!("{contender} ns")));
    header.extend(["of wasmtime", "target", "of native"].map(str::to_owned));
    header.extend(has_goals.then(|| "then".to_owned()));
    let mut lines = vec![header];
    for row in rows {
        let mut line = vec![row.title.to_owned()];
        line.extend(contenders.iter().map(|contender| median(row, *contender, measured)));
        let of = |rival| Some(measured.samples.median(row, Callgate)? / measured.samples.median(row, rival)?);
        line.extend([ratio(of(Wasmtime)), goal(Some(row.of_wasmtime), of(Wasmtime)), ratio(of(Native))]);
        line.extend(has_goals.then(|| goal(row.of_native, of(Native))));
        lines.push(line);
    }
    lined_up(&lines)
}

/// The spread of the samples: a quarter of them is below the first value, a quarter above the second.
pub(crate) fn spread(rows: &[Row], measured: &Measured) -> String {
    let contenders = shown(rows, measured);
    let mut header = vec!["the middle half of".to_owned()];
    header.extend(contenders.iter().map(|contender| format!("{contender} ns")));
    let mut lines = vec![header];
    for row in rows {
        let mut line = vec![row.title.to_owned()];
        line.extend(contenders.iter().map(|contender| match measured.samples.quartiles(row, *contender) {
            Some(quartiles) => quartiles.map(|value| grouped(value.round() as u64)).join(" – "),
            None => NOTHING.to_owned(),
        }));
        lines.push(line);
    }
    lined_up(&lines)
}

/// The cost of a trace: nanoseconds of a traced call over the untraced one; a line for each row that was measured in both ways.
pub(crate) fn traced(rows: &[Row], measured: &Measured) -> Vec<String> {
    let line = |row: &Row| {
        row.kind.trace_format().filter(|_| row.kind.is_inside())?;
        let untraced = rows.iter().find(|untraced| untraced.key == row.name())?;
        let over = measured.samples.median(row, Callgate)? - measured.samples.median(untraced, Callgate)?;
        Some(format!("{}: {:.0} ns a call over the untraced one", row.title, over / row.calls()?))
    };
    rows.iter().filter_map(line).collect()
}

/// The three that every table has, and the reference where it took part.
fn shown(rows: &[Row], measured: &Measured) -> Vec<Contender> {
    let took_part = |row: &Row| median(row, WasiCommon, measured) != NOTHING;
    let is_shown = |contender: &Contender| *contender != WasiCommon || rows.iter().any(took_part);
    ALL.into_iter().filter(is_shown).collect()
}

/// A cell of what was not measured.
const NOTHING: &str = "–";

fn lined_up(lines: &[Vec<String>]) -> String {
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            // The first column is text, the others are numbers.
            let cell = if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") };
            text.push_str(&format!("| {cell} "));
        }
        text.push_str("|\n");
        if number == 0 {
            for (column, width) in widths.iter().enumerate() {
                let dashes = "-".repeat(width + 1);
                text.push_str(&if column == 0 { format!("|{dashes}-") } else { format!("|{dashes}:") });
            }
            text.push_str("|\n");
        }
    }
    text.trim_end().to_owned()
}

fn median(row: &Row, contender: Contender, measured: &Measured) -> String {
    let median = measured.samples.median(row, contender).map(|value| grouped(value.round() as u64));
    match (median, measured.failures.has(row.kind, contender)) {
        (Some(median), false) => median,
        (Some(median), true) => format!("{median} !"),
        (None, true) => "failed".to_owned(),
        (None, false) => NOTHING.to_owned(),
    }
}

fn ratio(ratio: Option<f64>) -> String {
    ratio.map_or(NOTHING.to_owned(), |ratio| format!("{ratio:.2}"))
}

fn goal(goal: Option<f64>, ratio: Option<f64>) -> String {
    match (goal, ratio) {
        (Some(goal), Some(ratio)) => format!("{goal:.2} {}", if ratio <= goal { "✓" } else { "✗" }),
        (Some(goal), None) => format!("{goal:.2}  "),
        (None, _) => "–  ".to_owned(),
    }
}

/// `1234567` as `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The medians and their quartiles as JSON: nanoseconds, or KiB where the row's name says memory; `null` where not measured.
pub(crate) fn json(rows: &[Row], measured: &Measured) -> String {
    let value = |row: &Row, contender: Contender| {
        let median = measured.samples.median(row, contender).map_or("null".to_owned(), |value| format!("{value:.1}"));
        format!("\"{contender}\": {median}")
    };
    let quartiles = |row: &Row, contender: Contender| {
        let [low, high] = measured.samples.quartiles(row, contender)?;
        Some(format!("\"{contender}\": [{low:.1}, {high:.1}]"))
    };
    let object = |row: &Row| {
        let medians = ALL.map(|contender| value(row, contender)).join(", ");
        let quartiles: Vec<_> = ALL.into_iter().filter_map(|contender| quartiles(row, contender)).collect();
        let (key, target) = (row.key, row.of_wasmtime);
        let quartiles = quartiles.join(", ");
        format!("  {{\"row\": \"{key}\", {medians}, \"target\": {target:.2}, \"quartiles\": {{{quartiles}}}}}")
    };
    let objects: Vec<_> = rows.iter().map(object).collect();
    format!("[\n{}\n]\n", objects.join(",\n"))
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::super::rows::{Kind, ROWS};
    use super::*;

    fn row(key: &str) -> Row {
        *ROWS.iter().find(|row| row.key == key).unwrap()
    }

    fn measured() -> Measured {
        let mut measured = Measured::default();
        for (key, contender, value) in [
            ("instant-now", Native, 24.0),
            ("instant-now", Callgate, 96.0),
            ("instant-now", Wasmtime, 240.0),
            ("instant-now", Wasmtime, 280.0),
            ("read-dir-100", Native, 32_552.0),
            ("p1-read-1", WasiCommon, 900.0),
        ] {
            measured.samples.add(key, contender, value);
        }
        measured
    }

    fn cells(text: &str, line: usize) -> Vec<&str> {
        text.lines().nth(line).unwrap().trim_matches('|').split('|').map(str::trim).collect()
    }

    #[test]
    fn ratios_and_marks() {
        let text = text(&[row("instant-now"), row("read-dir-100")], &measured());
        assert_eq!(cells(&text, 2), ["Instant::now", "24", "96", "260", "0.37", "0.45 ✓", "4.00", "1.60 ✗"]);
        assert_eq!(cells(&text, 3), ["read_dir of 100 entries", "32,552", "–", "–", "–", "0.35", "–", "4.50"]);
    }

    #[test]
    fn the_reference_has_a_column_where_a_module_has_a_row() {
        let text = text(&[row("instant-now"), row("p1-read-1")], &measured());
        assert_eq!(cells(&text, 0)[3..6], ["wasmtime ns", "wasi-common ns", "of wasmtime"]);
        assert_eq!([cells(&text, 2)[4], cells(&text, 3)[4]], ["–", "900"]);
    }

    #[test]
    fn a_failure_marks_its_cell_alone() {
        let mut measured = measured();
        for (kind, contender) in [(Kind::Inside, Wasmtime), (Kind::StartCached, Callgate)] {
            let failed: Option<()> = measured.failures.unless(Err(anyhow!("no disk")), kind, contender, 0);
            assert_eq!(failed, None);
        }
        let text = text(&[row("instant-now"), row("hello-cached")], &measured);
        assert_eq!(cells(&text, 2)[1..4], ["24", "96", "260 !"]);
        assert_eq!(cells(&text, 3)[1..4], ["–", "failed", "–"]);
    }

    #[test]
    fn spreads_are_quartiles() {
        let text = spread(&[row("instant-now"), row("read-dir-100")], &measured());
        assert_eq!(cells(&text, 2), ["Instant::now", "24 – 24", "96 – 96", "250 – 270"]);
        assert_eq!(cells(&text, 3)[1..3], ["32,552 – 32,552", "–"]);
    }

    #[test]
    fn columns_line_up() {
        let text = text(&[ROWS[0], ROWS[6]], &measured());
        let widths: Vec<_> = text.lines().map(|line| line.chars().count()).collect();
        assert_eq!(widths.len(), 4);
        assert!(widths.iter().all(|width| *width == widths[0]), "{text}");
    }

    #[test]
    fn rows_without_a_further_goal_have_no_column_for_it() {
        let row = ROWS[0].under_wine().unwrap();
        let text = text(&[row], &measured());
        assert!(text.lines().next().unwrap().ends_with("| of native |"), "{text}");
        assert!(text.ends_with("| 0.50 ✓ |      4.00 |"), "{text}");
    }

    #[test]
    fn json_has_a_null_for_what_was_not_measured() {
        let text = json(&[ROWS[0], ROWS[6]], &measured());
        assert!(text.contains("\"row\": \"instant-now\", \"native\": 24.0, \"callgate\": 96.0, \"wasmtime\": 260.0"));
        assert!(text.contains(
            "\"quartiles\": {\"native\": [24.0, 24.0], \"callgate\": [96.0, 96.0], \"wasmtime\": [250.0, 270.0]}}"
        ));
        assert!(text.contains("\"callgate\": null, \"wasmtime\": null, \"wasi-common\": null, \"target\": 0.35"));
    }

    #[test]
    fn a_trace_costs_what_it_adds_to_a_call() {
        let mut measured = measured();
        for (key, value) in [("text-instant-now", 316.0), ("metadata-1", 1000.0), ("jsonl-metadata-1", 1500.0)] {
            measured.samples.add(key, Callgate, value);
        }
        let lines = traced(ROWS, &measured);
        let expected = ["Instant::now, traced as text: 220", "fs::metadata, traced as jsonl: 250"];
        assert_eq!(lines, expected.map(|line| format!("{line} ns a call over the untraced one")));
    }

    #[test]
    fn thousands() {
        assert_eq!(["1", "999", "1,000", "1,234,567"], [1, 999, 1000, 1_234_567].map(grouped).as_slice());
    }
}
