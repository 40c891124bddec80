//! The summary at the end of a test run. It has the numbers of tests of each suite by how they ended, with the systems side by side,
//! and what was skipped and why.

use super::results::{Counts, Results, Suite};

const HEADER: &str = " passed failed skipped";

/// The tests of one system.
pub(crate) struct Half {
    /// `linux`, `wine-8.0 …`.
    pub(crate) system: String,
    pub(crate) results: Results,
}

/// Suites × systems.
pub(crate) fn table(halves: &[Half]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for suite in halves.iter().flat_map(|half| &half.results.suites) {
        if !names.contains(&&*suite.name) {
            names.push(&suite.name);
        }
    }
    let first = names.iter().map(|name| name.len()).max().unwrap_or(0).max("suite".len());
    let mut lines = vec![format!("{:first$}", ""), format!("{:first$}", "suite")];
    for half in halves {
        lines[0] += &format!("   {:<1$}", half.system, HEADER.len());
        lines[1] += &format!("   {HEADER}");
    }
    for name in names {
        lines.push(row(name, first, halves, &|half| of_suite(&half.results.suites, name)));
    }
    lines.push(row("all", first, halves, &|half| Some(half.results.all())));
    lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
}

/// Suites of one name are the same tests, run more than once.
fn of_suite(suites: &[Suite], name: &str) -> Option<Counts> {
    suites.iter().filter(|suite| suite.name == name).map(|suite| suite.counts).reduce(|mut sum, counts| {
        sum += counts;
        sum
    })
}

fn row(name: &str, first: usize, halves: &[Half], counts: &dyn Fn(&Half) -> Option<Counts>) -> String {
    let mut line = format!("{name:first$}");
    for half in halves {
        line += &match counts(half) {
            Some(Counts { passed, failed, skipped }) => format!("    {passed:>6} {failed:>6} {skipped:>7}"),
            None => format!("    {:>6} {:>6} {:>7}", "–", "–", "–"),
        };
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_stand_side_by_side() {
        let half = |system: &str, crates: &[&str]| {
            let mut results = Results::default();
            for name in crates {
                results.add(&format!("     Running unittests src/lib.rs (target/debug/deps/{name}-01)"));
                results.add("test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out");
            }
            Half { system: system.to_owned(), results }
        };
        let table = table(&[half("linux", &["callgate_gate", "callgate_linux"]), half("wine", &["callgate_gate"])]);
        let rows: Vec<Vec<_>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[0], ["linux", "wine"]);
        assert_eq!(rows[2], ["callgate-gate", "2", "0", "1", "2", "0", "1"]);
        assert_eq!(rows[3], ["callgate-linux", "2", "0", "1", "–", "–", "–"]);
        assert_eq!(rows[4], ["all", "4", "0", "2", "2", "0", "1"]);
    }
}
