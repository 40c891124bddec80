//! The results of the behaviour suites, read from the files that the suites leave. They become a table of suites for people, and a
//! table of calls for the documentation.
//!
//! A test of one suite on one backend leaves two files: `BACKEND.SUITE.tsv`, with a line for each call: backend, call,
//! support, and how many cases passed, deviate, were skipped and failed; and `BACKEND.SUITE.notes`, with a line for each case that
//! was skipped or deviates: backend, which of both, the case, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::calls::Calls;

/// The extent to which a backend supports a call. Where suites differ, the first of these holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Support {
    Broken,
    Unsupported,
    Partly,
    Works,
    Untested,
}

use Support::{Broken, Partly, Unsupported, Untested, Works};

impl Support {
    const ALL: [Self; 5] = [Broken, Unsupported, Partly, Works, Untested];

    fn name(self) -> &'static str {
        match self {
            Broken => "broken",
            Unsupported => "unsupported",
            Partly => "partly",
            Works => super::calls::WORKS,
            Untested => "untested",
        }
    }
}

/// The numbers of cases, by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: usize,
    deviating: usize,
    skipped: usize,
    failed: usize,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.deviating += other.deviating;
        self.skipped += other.skipped;
        self.failed += other.failed;
    }

    fn all(self) -> usize {
        self.passed + self.deviating + self.skipped + self.failed
    }
}

/// The results of one backend.
#[derive(Debug, Default)]
struct Backend {
    suites: BTreeMap<String, Counts>,
    calls: BTreeMap<String, Support>,
    /// Skipped and deviating cases, by what they are and why.
    notes: BTreeMap<String, Vec<String>>,
    total: Counts,
}

/// The results of all backends.
#[derive(Debug, Default)]
pub(crate) struct Cases {
    backends: BTreeMap<String, Backend>,
}

impl Cases {
    /// Reads every file of `folder`; one that is missing holds none. `column` names a backend in tables by its own name.
    pub(crate) fn read(folder: &Path, column: &dyn Fn(&str) -> String) -> Result<Self> {
        let mut cases = Self::default();
        for path in files(folder)? {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let suite = name.rsplit_once('.').map_or(&*name, |(_, suite)| suite);
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let added = match path.extension().and_then(OsStr::to_str) {
                Some("tsv") => cases.add(suite, &text, column),
                Some("notes") => cases.add_notes(&text, column),
                _ => Ok(()),
            };
            added.with_context(|| format!("cannot use {}", path.display()))?;
        }
        Ok(cases)
    }

    /// Adds what another run found, on other backends.
    pub(crate) fn extend(&mut self, other: Self) {
        self.backends.extend(other.backends);
    }

    fn add_notes(&mut self, text: &str, column: &dyn Fn(&str) -> String) -> Result<()> {
        for line in text.lines() {
            let fields: Vec<_> = line.split('\t').collect();
            let [backend, what, case, why] = *fields else {
                bail!("`{line}` has not four fields");
            };
            let notes = &mut self.backends.entry(column(backend)).or_default().notes;
            notes.entry(format!("{what}: {why}")).or_default().push(case.to_owned());
        }
        Ok(())
    }

    fn add(&mut self, suite: &str, text: &str, column: &dyn Fn(&str) -> String) -> Result<()> {
        for line in text.lines() {
            let fields: Vec<_> = line.split('\t').collect();
            let [backend, call, support, numbers @ ..] = &*fields else {
                bail!("`{line}` is too short");
            };
            let Some(support) = Support::ALL.into_iter().find(|known| known.name() == *support) else {
                bail!("`{support}` is no kind of support");
            };
            let numbers: Vec<_> = numbers.iter().filter_map(|number| number.parse().ok()).collect();
            let [passed, deviating, skipped, failed] = *numbers else {
                bail!("`{line}` does not end with four numbers");
            };
            let counts = Counts { passed, deviating, skipped, failed };
            let backend = self.backends.entry(column(backend)).or_default();
            backend.total.add(counts);
            backend.suites.entry(suite.to_owned()).or_default().add(counts);
            let call = backend.calls.entry((*call).to_owned()).or_insert(Untested);
            *call = support.min(*call);
        }
        Ok(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.backends.is_empty()
    }

    /// Cases that failed, on all backends.
    pub(crate) fn failed(&self) -> usize {
        self.backends.values().map(|backend| backend.total.failed).sum()
    }

    /// Suites × backends, for a terminal.
    pub(crate) fn suites(&self) -> String {
        const HEADER: &str = " passed failed skipped deviating";
        let names: BTreeSet<_> = self.backends.values().flat_map(|backend| backend.suites.keys()).collect();
        let first = names.iter().map(|name| name.len()).max().unwrap_or(0).max("suite".len());
        let mut lines = vec![format!("{:first$}", ""), format!("{:first$}", "suite")];
        for name in self.backends.keys() {
            lines[0] += &format!("   {name:<0$}", HEADER.len());
            lines[1] += &format!("   {HEADER}");
        }
        let mut row = |name: &str, counts: &dyn Fn(&Backend) -> Counts| {
            let mut line = format!("{name:first$}");
            for Counts { passed, failed, skipped, deviating } in self.backends.values().map(counts) {
                line += &format!("    {passed:>6} {failed:>6} {skipped:>7} {deviating:>9}");
            }
            lines.push(line);
        };
        for name in names {
            row(name, &|backend| backend.suites.get(name).copied().unwrap_or_default());
        }
        row("all", &|backend| backend.total);
        lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
    }

    /// Calls × backends, with a last line of how many cases each backend was put to.
    pub(crate) fn calls(&self) -> Calls {
        let column = |backend: &Backend| {
            let cells = backend.calls.iter().map(|(call, support)| (format!("`{call}`"), support.name().to_owned()));
            cells.chain([("cases".to_owned(), backend.total.all().to_string())]).collect()
        };
        Calls::new(self.backends.iter().map(|(name, backend)| (name.clone(), column(backend))))
    }

    /// The cases that were skipped or deviate, by backend and reason: how many, and with `each`, which.
    pub(crate) fn notes(&self, each: bool) -> Vec<String> {
        let mut lines = Vec::new();
        for (name, backend) in &self.backends {
            for (what, cases) in &backend.notes {
                lines.push(format!(
                    "{name}: {what}: {} {}",
                    cases.len(),
                    if cases.len() == 1 { "case" } else { "cases" }
                ));
                lines.extend(cases.iter().filter(|_| each).map(|case| format!("    {case}")));
            }
        }
        lines
    }
}

/// The files of `folder`, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>();
    let mut paths = paths.with_context(|| format!("cannot list {}", folder.display()))?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cases() -> Cases {
        let mut cases = Cases::default();
        let mut add = |suite, text| cases.add(suite, text, &str::to_owned).unwrap();
        add("reading", "linux\tFile::stat\tworks\t3\t0\t0\t0\nlinux\tFile::read_at\tworks\t10\t0\t1\t0\n");
        add("sizes", "linux\tFile::stat\tpartly\t2\t1\t0\t0\n");
        add("sizes", "nt\tFile::stat\tbroken\t1\t0\t0\t2\n");
        cases
    }

    #[test]
    fn calls_are_joined_over_the_suites() {
        let table = "| call | linux | nt |\n\
                     | --- | --- | --- |\n\
                     | `File::read_at` | works | untested |\n\
                     | `File::stat` | partly | broken |\n\
                     | cases | 17 | 3 |\n";
        assert_eq!(cases().calls().markdown(), table);
        assert_eq!(cases().failed(), 2);
    }

    #[test]
    fn suites_are_told_apart() {
        let suites = cases().suites();
        let rows: Vec<Vec<_>> = suites.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[0], ["linux", "nt"]);
        assert_eq!(rows[2], ["reading", "13", "0", "1", "0", "0", "0", "0", "0"]);
        assert_eq!(rows[3], ["sizes", "2", "0", "0", "1", "1", "2", "0", "0"]);
        assert_eq!(rows[4], ["all", "15", "0", "1", "1", "1", "2", "0", "0"]);
    }

    #[test]
    fn the_file_names_the_suite() {
        let folder = tempfile::tempdir().unwrap();
        let read = |folder: &Path| Cases::read(folder, &|name| format!("{name} (here)"));
        assert!(read(&folder.path().join("missing")).unwrap().is_empty());
        let file = folder.path().join("linux without openat2.paths_open.tsv");
        fs::write(&file, "linux without openat2\tDirectory::open\tworks\t5\t0\t0\t0\n").unwrap();
        let notes = folder.path().join("linux without openat2.paths_open.notes");
        fs::write(&notes, "linux without openat2\tskipped\tpaths_open/a\tno reason\n").unwrap();
        let cases = read(folder.path()).unwrap();
        assert!(cases.suites().contains("paths_open"), "{}", cases.suites());
        assert_eq!(cases.notes(true), ["linux without openat2 (here): skipped: no reason: 1 case", "    paths_open/a"]);
        assert_eq!(cases.notes(false).len(), 1);
        fs::write(&file, "linux\tDirectory::open\tworks\t5\n").unwrap();
        let error = read(folder.path()).unwrap_err();
        assert!(format!("{error:#}").ends_with("does not end with four numbers"), "{error:#}");
    }
}
