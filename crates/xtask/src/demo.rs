//! Shows the main job on real input: a published program, unmodified, searches this repository from within the sandbox, while
//! every call that it makes is traced; one call fails, to show the native error in the trace.
//!
//! The demonstration is a test too: it fails unless the search finds what is there, misses what is not, and both are in
//! the trace.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context, Result, bail};

use crate::programs::{Build, RIPGREP};
use crate::{guests, process, setup, trace, workspace};

/// A name that is the same at every step from the interface to the kernel.
const FOUND: Search =
    Search { pattern: "set-size|fn set_size", paths: &["/src"], trace: "found.trace", succeeds: true };
const MISSED: Search = Search {
    pattern: "members",
    paths: &["/src/Cargo.toml", "/src/missing.txt"],
    trace: "missing.trace",
    succeeds: false,
};
const MISSING: &str = "missing.txt";
const LINES_OF_OUTPUT: usize = 8;
const LINES_OF_TRACE: usize = 16;
const LINES_REFUSED: usize = 4;
const LINES_OF_COUNTS: usize = 12;

/// `cargo xtask demo`.
pub(crate) fn run() -> Result<()> {
    heading("setting up");
    setup::guest_target()?;
    let program = RIPGREP.build(Build::Wasm)?;
    guests::build()?;
    heading("building callgate");
    process::run(
        process::cargo().args(["build", "--release", "--package", "callgate"]).current_dir(workspace::root()?),
    )?;

    let folder = workspace::own("demo")?;
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let found = FOUND.run(&program, &folder)?;
    let missed = MISSED.run(&program, &folder)?;
    summary(&found, &missed)
}

/// One run of the program.
struct Search {
    pattern: &'static str,
    paths: &'static [&'static str],
    /// The file that its trace goes to.
    trace: &'static str,
    /// True if the search should succeed. It should fail when a file is missing, whatever else it finds.
    succeeds: bool,
}

impl Search {
    /// Runs the search, shows what it prints and some of what it asked the system for; returns the trace.
    fn run(&self, program: &Path, folder: &Path) -> Result<String> {
        let root = workspace::root()?;
        let relative = |path: &Path| path.strip_prefix(&root).unwrap_or(path).to_path_buf();
        let file = folder.join(self.trace);
        let mut callgate = Command::new(workspace::callgate("release")?);
        callgate.current_dir(&root).args(["run", "--dir", ".::/src::ro"]);
        callgate.arg(format!("--trace={}", relative(&file).display())).arg(relative(program));
        callgate.args(["-j1", "--line-number", self.pattern]).args(self.paths);
        heading(&process::line(&callgate));

        let output = process::output(&mut callgate)?;
        show(&output);
        if output.status.success() != self.succeeds {
            bail!("the search for `{}` ended with {}, which is not expected", self.pattern, output.status);
        }
        if output.stdout.is_empty() {
            bail!("the search for `{}` found nothing in this repository", self.pattern);
        }
        let text = fs::read_to_string(&file).with_context(|| format!("no trace in {}", file.display()))?;
        if !trace::is_whole(&text) {
            bail!("{} is cut: its last line does not say how the run ended", file.display());
        }
        show_trace(&text, &relative(&file));
        Ok(text)
    }
}

fn show(output: &Output) {
    let text = String::from_utf8_lossy(&output.stdout);
    print_some(text.lines(), LINES_OF_OUTPUT);
    for line in String::from_utf8_lossy(&output.stderr).lines() {
        println!("  {line}");
    }
}

/// The first call of each kind, and some of those that the system refused.
fn show_trace(text: &str, file: &Path) {
    println!("\n  some of its calls, one of each kind, from {}:", file.display());
    let lines = trace::lines(text);
    let mut seen = BTreeSet::new();
    let first: Vec<_> = lines.iter().filter(|line| line.native_error.is_none() && seen.insert(line.name)).collect();
    print_some(first.iter().map(|line| line.text), LINES_OF_TRACE);
    let refused: Vec<_> = lines.iter().filter(|line| line.native_error.is_some()).collect();
    println!("\n  refused by the system:");
    print_some(refused.iter().map(|line| line.text), LINES_REFUSED);
}

fn summary(found: &str, missed: &str) -> Result<()> {
    let calls = trace::lines(found);
    let counts = trace::count(&calls);
    heading("the first search, counted");
    print_some(counts.iter().map(|(name, count)| format!("{count:>8}  {name}")), LINES_OF_COUNTS);
    println!("{:>10}  calls in all", calls.len());
    if calls.is_empty() {
        bail!("the trace of the first search holds no call");
    }
    let of_missing = |line: &&trace::Line<'_>| line.text.contains(MISSING) && line.native_error.is_some();
    let missed = trace::lines(missed);
    let refused = missed
        .iter()
        .find(of_missing)
        .with_context(|| format!("the trace of the second search shows no native error for {MISSING}"))?;
    let error = refused.native_error.unwrap_or_default();
    println!(
        "\nThe program is ripgrep as published. It saw this repository as /src, read-only, and nothing else of the"
    );
    println!("machine; the file that is not there was refused by the kernel with {error}, which the trace kept.");
    Ok(())
}

fn print_some<T: std::fmt::Display>(lines: impl Iterator<Item = T>, most: usize) {
    let lines: Vec<T> = lines.collect();
    for line in lines.iter().take(most) {
        println!("  {line}");
    }
    if lines.len() > most {
        println!("  … and {} more", lines.len() - most);
    }
}

fn heading(text: &str) {
    println!("\n== {text}");
}
