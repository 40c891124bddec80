//! Shows the medians as a table for people (that can be pasted into a document as it is) and as JSON for programs.

use super::contender::Contender::{self, Callgate, Native, Wasmtime};
use super::rounds::Samples;
use super::rows::Row;

const HEADER: [&str; 8] =
    ["operation", "native ns", "callgate ns", "wasmtime ns", "of wasmtime", "target", "of native", "then"];

/// The table; a target that is met has a check mark behind it. The last column is there only where a row has such a goal.
pub(crate) fn text(rows: &[Row], samples: &Samples) -> String {
    let columns = if rows.iter().any(|row| row.of_native.is_some()) { HEADER.len() } else { HEADER.len() - 1 };
    let mut lines = vec![HEADER.map(str::to_owned)];
    lines.extend(rows.iter().map(|row| cells(row, samples)));
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

fn cells(row: &Row, samples: &Samples) -> [String; 8] {
    let median = |contender| samples.median(row, contender);
    let number = |contender| median(contender).map_or("–".to_owned(), |value| grouped(value.round() as u64));
    let ratio = |rival| Some(median(Callgate)? / median(rival)?);
    let shown = |ratio: Option<f64>| ratio.map_or("–".to_owned(), |ratio| format!("{ratio:.2}"));
    let goal = |goal: Option<f64>, ratio: Option<f64>| match (goal, ratio) {
        (Some(goal), Some(ratio)) => format!("{goal:.2} {}", if ratio <= goal { "✓" } else { "✗" }),
        (Some(goal), None) => format!("{goal:.2}  "),
        (None, _) => "–  ".to_owned(),
    };
    [
        row.title.to_owned(),
        number(Native),
        number(Callgate),
        number(Wasmtime),
        shown(ratio(Wasmtime)),
        goal(Some(row.of_wasmtime), ratio(Wasmtime)),
        shown(ratio(Native)),
        goal(row.of_native, ratio(Native)),
    ]
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

/// The medians as JSON: nanoseconds, or KiB where the row's name says memory; `null` where not measured.
pub(crate) fn json(rows: &[Row], samples: &Samples) -> String {
    let value = |row: &Row, contender: Contender| {
        samples.median(row, contender).map_or("null".to_owned(), |value| format!("{value:.1}"))
    };
    let object = |row: &Row| {
        format!(
            "  {{\"row\": \"{}\", \"native\": {}, \"callgate\": {}, \"wasmtime\": {}, \"target\": {:.2}}}",
            row.key,
            value(row, Native),
            value(row, Callgate),
            value(row, Wasmtime),
            row.of_wasmtime
        )
    };
    let objects: Vec<_> = rows.iter().map(object).collect();
    format!("[\n{}\n]\n", objects.join(",\n"))
}

#[cfg(test)]
mod tests {
    use super::super::rows::ROWS;
    use super::*;

    fn samples() -> Samples {
        let mut samples = Samples::default();
        samples.add("instant-now", Native, 24.0);
        samples.add("instant-now", Callgate, 96.0);
        samples.add("instant-now", Wasmtime, 240.0);
        samples.add("read-dir-100", Native, 32_552.0);
        samples
    }

    #[test]
    fn ratios_and_marks() {
        assert_eq!(
            cells(&ROWS[0], &samples()),
            ["Instant::now", "24", "96", "240", "0.40", "0.45 ✓", "4.00", "2.00 ✗"]
        );
        let read_dir = ROWS.iter().find(|row| row.key == "read-dir-100").unwrap();
        assert_eq!(
            cells(read_dir, &samples()),
            ["read_dir of 100 entries", "32,552", "–", "–", "–", "0.35  ", "–", "2.50  "]
        );
    }

    #[test]
    fn columns_line_up() {
        let text = text(&[ROWS[0], ROWS[6]], &samples());
        let widths: Vec<_> = text.lines().map(|line| line.chars().count()).collect();
        assert_eq!(widths.len(), 4);
        assert!(widths.iter().all(|width| *width == widths[0]), "{text}");
    }

    #[test]
    fn rows_without_a_further_goal_have_no_column_for_it() {
        let row = ROWS[0].under_wine().unwrap();
        let text = text(&[row], &samples());
        assert!(text.lines().next().unwrap().ends_with("| of native |"), "{text}");
        assert!(text.ends_with("| 0.50 ✓ |      4.00 |"), "{text}");
    }

    #[test]
    fn json_has_a_null_for_what_was_not_measured() {
        let text = json(&[ROWS[0], ROWS[6]], &samples());
        assert!(text.contains("\"row\": \"instant-now\", \"native\": 24.0, \"callgate\": 96.0, \"wasmtime\": 240.0"));
        assert!(text.contains("\"callgate\": null, \"wasmtime\": null, \"target\": 0.35}\n]\n"));
    }

    #[test]
    fn thousands() {
        assert_eq!(["1", "999", "1,000", "1,234,567"], [1, 999, 1000, 1_234_567].map(grouped).as_slice());
    }
}
