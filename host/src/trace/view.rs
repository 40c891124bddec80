//! `callgate trace view`: a stored trace as a page for the browser.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use callgate_trace::view::Page;
use clap::Args;

use crate::{output, print};

#[derive(Args)]
pub(crate) struct ViewOptions {
    /// A trace that `callgate run --trace=FILE --trace-format jsonl` wrote.
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Where the page goes; beside the trace unless given, with `.html` as the end of its name. It is one file of at most 30 MB, and needs no
    /// network.
    #[arg(short, long, value_name = "PAGE.html")]
    output: Option<PathBuf>,
}

pub(super) fn view(options: &ViewOptions) -> Result<ExitCode> {
    let ViewOptions { file, output } = options;
    let path = output.clone().unwrap_or_else(|| file.with_extension("html"));
    // The trace is still read when the page appears, and a user may name it twice by mistake.
    if same_file(&path, file) {
        bail!("{} is the trace itself; name another file with -o", path.display());
    }
    let page = read(file)?;
    write(&page, &path).with_context(|| format!("{} can't be written", path.display()))?;
    let mut line = format!("{}: {} calls", path.display(), page.calls());
    if page.shown() < page.calls() {
        line += &format!(", of which it shows the first {}", page.shown());
    }
    if page.is_cut() {
        line += "; the trace is cut";
    }
    print(&format!("{line}\n"));
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path) -> Result<Page> {
    let mut reader = super::open(file)?;
    Page::read(&mut reader).map_err(|error| super::unreadable(file, &error))
}

fn write(page: &Page, path: &Path) -> Result<()> {
    // A device or a pipe is written to, not replaced.
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        return fill(page, File::options().write(true).open(path)?).map(drop);
    }
    let file = fill(page, output::beside(path)?)?;
    Ok(output::persist(file, path)?)
}

/// Writes the page to a file, and hands the file back.
fn fill<W: Write>(page: &Page, file: W) -> Result<W> {
    let mut out = BufWriter::new(file);
    page.write(&mut out)?;
    Ok(out.into_inner().map_err(std::io::IntoInnerError::into_error)?)
}

fn same_file(one: &Path, other: &Path) -> bool {
    let [one, other] = [one, other].map(|path| path.canonicalize().ok());
    one.is_some() && one == other
}
