//! Sums what test programs report. Their form for machines is not stable yet, so the line for people is read:
//!
//! ```text
//! test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s
//! ```

/// What a test prints that could not be run here: its harness takes it for passed.
const SKIPPED: &str = "test skipped: ";

/// Tests, counted over all test programs so far.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Results {
    /// As reported; those that skipped themselves are among them.
    reported: usize,
    skipped: usize,
    ignored: usize,
    pub(crate) failed: usize,
}

impl Results {
    pub(crate) fn passed(&self) -> usize {
        self.reported.saturating_sub(self.skipped)
    }

    pub(crate) fn skipped(&self) -> usize {
        self.ignored + self.skipped
    }

    /// Adds the counts of a line, if it reports any.
    pub(crate) fn add(&mut self, line: &str) {
        // A test may have printed something without ending its line.
        self.skipped += usize::from(line.contains(SKIPPED));
        let Some((_, counts)) = line.split_once("test result: ") else {
            return;
        };
        let Some((_verdict, counts)) = counts.split_once(". ") else {
            return;
        };
        for count in counts.split(';') {
            let mut words = count.split_whitespace();
            let (Some(number), Some(what)) = (words.next(), words.next()) else {
                continue;
            };
            let number = number.parse().unwrap_or(0);
            match what {
                "passed" => self.reported += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_summed() {
        let mut results = Results::default();
        results.add("running 13 tests\n");
        results.add("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.01s\n");
        results
            .add("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.01s\n");
        results.add("test result: nonsense\n");
        results.add("test programs::some ... test skipped: some could not be built here\n");
        assert_eq!(results, Results { reported: 15, skipped: 1, ignored: 1, failed: 2 });
        assert_eq!((results.passed(), results.skipped()), (14, 2));
    }
}
