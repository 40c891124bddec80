//! Sums what test programs report, by suite. Their form for machines is not stable yet, so the lines for people are read,
//! cargo's among them, which say whose turn it is:
//!
//! ```text
//!      Running tests/conformance.rs (target/debug/deps/conformance-0123456789abcdef)
//! test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s
//! ```

use std::ops::AddAssign;

/// The beginning of the line that a test prints when it can't run here. The test's name and the reason follow. The harness counts
/// such a test as passed.
const SKIPPED: &str = "test skipped: ";

/// The numbers of tests, by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// As reported; those that skipped themselves are among them until the suite's end.
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// One test program.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Suite {
    pub(crate) name: String,
    pub(crate) counts: Counts,
    /// True if the program came to its end.
    ended: bool,
}

/// Tests, by suite, in the order in which they ran.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Results {
    pub(crate) suites: Vec<Suite>,
    /// The tests that skipped themselves, each with its reason.
    pub(crate) skipped: Vec<String>,
    /// The package whose library or program was tested last. The other suites of that package follow.
    package: String,
}

impl Results {
    /// No results yet, of the tests of `package`. After the tests of a library or a program, those that follow count as that package's.
    pub(crate) fn of(package: &str) -> Self {
        Self { package: package.to_owned(), ..Self::default() }
    }

    /// All suites together. One that did not come to its end, as a program that dies before it can report, has a failure.
    pub(crate) fn all(&self) -> Counts {
        let mut all = Counts::default();
        for Suite { counts, ended, .. } in &self.suites {
            all += *counts;
            all.failed += usize::from(!ended);
        }
        all
    }

    /// The suites that did not come to their end.
    pub(crate) fn died(&self) -> impl Iterator<Item = &str> {
        self.suites.iter().filter(|suite| !suite.ended).map(|suite| &*suite.name)
    }

    /// Adds what another run of tests found.
    pub(crate) fn extend(&mut self, other: Self) {
        self.suites.extend(other.suites);
        self.skipped.extend(other.skipped);
    }

    /// Takes in a line of a test run.
    pub(crate) fn add(&mut self, line: &str) {
        if let Some(name) = self.suite(line) {
            self.suites.push(Suite { name, counts: Counts::default(), ended: false });
        }
        let Some(suite) = self.suites.last_mut() else {
            return;
        };
        // A test may have printed something without ending its line.
        if let Some((_, skipped)) = line.split_once(SKIPPED) {
            suite.counts.skipped += 1;
            self.skipped.push(skipped.trim_end().to_owned());
        }
        // The harness counts these itself.
        if let Some((name, why)) = ignored(line) {
            self.skipped.push(format!("{name}: {why}"));
        }
        if let Some(reported) = reported(line) {
            let skipped = suite.counts.skipped;
            suite.counts.passed = reported.passed.saturating_sub(skipped);
            suite.counts.failed = reported.failed;
            suite.counts.skipped = skipped + reported.skipped;
            suite.ended = true;
        }
    }

    /// The name of the suite that a line of cargo's announces.
    fn suite(&mut self, line: &str) -> Option<String> {
        let line = line.trim();
        if let Some(library) = line.strip_prefix("Doc-tests ") {
            return Some(format!("{}, documentation", library.replace('_', "-")));
        }
        let (source, program) = line.strip_prefix("Running ")?.strip_suffix(')')?.split_once(" (")?;
        let file = program.rsplit(['/', '\\']).next()?;
        let (name, _hash) = file.rsplit_once('-')?;
        if source.starts_with("unittests ") {
            self.package = name.replace('_', "-");
            return Some(self.package.clone());
        }
        Some(format!("{}, {name}", self.package))
    }
}

/// The name of a test that is marked as not to be run, and why.
fn ignored(line: &str) -> Option<(&str, &str)> {
    let (name, why) = line.strip_prefix("test ")?.split_once(" ... ignored, ")?;
    Some((name.trim_end_matches(" - should panic"), why.trim_end()))
}

/// The counts of a line, if it reports any.
fn reported(line: &str) -> Option<Counts> {
    let (_, counts) = line.split_once("test result: ")?;
    let (_verdict, counts) = counts.split_once(". ")?;
    let mut reported = Counts::default();
    for count in counts.split(';') {
        let mut words = count.split_whitespace();
        let (Some(number), Some(what)) = (words.next(), words.next()) else {
            continue;
        };
        let number = number.parse().unwrap_or(0);
        match what {
            "passed" => reported.passed = number,
            "failed" => reported.failed = number,
            "ignored" => reported.skipped = number,
            _ => {}
        }
    }
    Some(reported)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(text: &str) -> Results {
        let mut results = Results::default();
        text.lines().for_each(|line| results.add(line));
        results
    }

    #[test]
    fn suites_are_told_apart_and_summed() {
        let results = results(
            "     Running unittests src/lib.rs (target/debug/deps/callgate_nt-0123456789abcdef)\n\
             running 13 tests\n\
             test names::short ... ignored, there are none here\n\
             test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.01s\n\
             \x20    Running tests/conformance.rs (target\\debug\\deps\\conformance-0123.exe)\n\
             test programs::some ... test skipped: programs::some: could not be built here\n\
             test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.01s\n\
             test result: nonsense\n\
             \x20  Doc-tests callgate_nt\n\
             test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n",
        );
        let suites: Vec<_> = results.suites.iter().map(|suite| (&*suite.name, suite.counts)).collect();
        let counts = |passed, failed, skipped| Counts { passed, failed, skipped };
        assert_eq!(
            suites,
            [
                ("callgate-nt", counts(12, 0, 1)),
                ("callgate-nt, conformance", counts(2, 2, 1)),
                ("callgate-nt, documentation", counts(1, 0, 0))
            ]
        );
        let mut guests = Results::of("callgate-tests");
        guests.add("     Running all/main.rs (target/debug/deps/all-01)");
        assert_eq!(guests.suites[0].name, "callgate-tests, all");
        assert_eq!(results.skipped, ["names::short: there are none here", "programs::some: could not be built here"]);
        assert_eq!(results.all(), counts(15, 2, 2));
    }

    #[test]
    fn a_program_that_dies_has_failed() {
        let results = results("     Running unittests src/main.rs (target/debug/deps/callgate-01)\nrunning 2 tests\n");
        assert_eq!(results.all(), Counts { failed: 1, ..Counts::default() });
        assert_eq!(results.died().collect::<Vec<_>>(), ["callgate"]);
    }
}
