//! `callgate audit`: what an audit file shows; and the options of a run that make one.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use callgate_audit::{Key, Report, verify};
use callgate_system::Untrusted;
use clap::{Args, Subcommand};

use crate::print;

/// The file was changed.
const CHANGED: u8 = 1;

/// The audit of a run.
#[derive(Args)]
pub(crate) struct AuditOptions {
    /// Note each refusal in FILE, and each call that `[[log]]` of the policy names, before it happens: lines of JSON, each with the hash of the
    /// line before. What can't be noted does not happen: the run ends there, with exit code 74. A FILE that is there is continued. At the
    /// end the hash of the last line is printed; keep it, since a chain without a key proves nothing without it.
    #[arg(id = "audit", long = "audit", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// Chain the lines with the 32 bytes in KEYFILE, so that nobody without them can write the file anew.
    #[arg(id = "audit_key", long = "audit-key", value_name = "KEYFILE", requires = "audit")]
    pub(crate) key: Option<PathBuf>,

    /// Wait after each line until the device has it. Otherwise a loss of power can take the last lines; the end of the process can't.
    #[arg(id = "audit_sync", long = "audit-sync", requires = "audit")]
    pub(crate) sync: bool,
}

#[derive(Subcommand)]
pub(crate) enum AuditCommand {
    /// Look for lines that were removed, changed, moved or cut. The exit code is 0 where there are none, 1 where there are.
    Verify {
        /// The audit.
        #[arg(value_name = "FILE")]
        file: PathBuf,

        /// The key that it was made with.
        #[arg(long, value_name = "KEYFILE")]
        key: Option<PathBuf>,

        /// The hash that the last run, or one before, printed at its end.
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
    },
}

pub(crate) fn audit(command: &AuditCommand) -> Result<ExitCode> {
    let AuditCommand::Verify { file, key, head } = command;
    let key = key.as_deref().map(|key| read_key("--key", key)).transpose()?;
    if let Some(head) =
        head.as_ref().filter(|head| head.len() != 64 || !head.bytes().all(|byte| byte.is_ascii_hexdigit()))
    {
        bail!("--head {}: no hash; give the 64 digits that a run printed", Untrusted::new(head).at_most(100));
    }
    let shown = Untrusted::new(file.display());
    let opened = File::open(file).with_context(|| format!("{shown} can't be read"))?;
    let report = verify(BufReader::new(opened), key.as_ref(), head.as_deref())
        .with_context(|| format!("{shown} can't be read"))?;
    print(&text(&shown.to_string(), &report, key.is_some()));
    Ok(if report.found == 0 { ExitCode::SUCCESS } else { ExitCode::from(CHANGED) })
}

fn text(file: &str, report: &Report, has_key: bool) -> String {
    let count = |number: u64, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    if report.found > 0 {
        let mut text =
            report.findings.iter().fold(String::new(), |text, finding| text + &format!("{file}: {finding}\n"));
        let more = report.found - report.findings.len() as u64;
        if more > 0 {
            text += &format!("{file}: {} more\n", count(more, "finding"));
        }
        return text;
    }
    let proof = match (report.covered, has_key) {
        (Some(line), false) if line < report.lines => {
            format!("as they were up to line {line}, where the head stands; those after it may have been written anew")
        }
        (Some(_), _) => "as they were when the head was told".to_owned(),
        (None, true) => {
            "as they were written; without --head nobody can tell whether whole runs are missing at the end".to_owned()
        }
        (None, false) => {
            "one chain; without --key or --head nobody can tell whether it was cut or written anew".to_owned()
        }
    };
    let (lines, runs) = (count(report.lines, "line"), count(report.runs, "run"));
    format!("{file}: {lines} of {runs}, {proof}\nhead {}\n", report.head)
}

/// The key in a file, which `option` names.
pub(crate) fn read_key(option: &str, file: &Path) -> Result<Key> {
    let shown = Untrusted::new(file.display());
    let opened = File::open(file).with_context(|| format!("{option} {shown}"))?;
    Key::read(opened).map_err(|error| anyhow!("{option} {shown}: {error}"))
}
