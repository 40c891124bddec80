//! Running other programs: say what runs, run it, and fail with one line that names it.
//!
//! Hazard: a program started by `cargo run` inherits variables that describe *this* package. Build scripts of others may
//! watch them, and then rebuild each time somebody changes between `cargo build` and `cargo xtask`. `cargo` below drops them.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, anyhow, bail};

/// The cargo that started us, in an environment such as a shell would give it.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let ours = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_PRIMARY_"];
    for (name, _) in env::vars_os() {
        let name_text = name.to_string_lossy();
        if ours.iter().any(|prefix| name_text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command
}

/// Says the command, runs it with our own output, and fails unless it succeeds.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    println!("    $ {}", line(command));
    let status = command.status().map_err(|error| cannot_start(command, &error))?;
    if !status.success() {
        bail!("`{}` failed ({status})", line(command));
    }
    Ok(())
}

/// Runs a command without showing it and returns its standard output; a failure carries what it complained about.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let output = output(command)?;
    if !output.status.success() {
        let complaint = complaint(&String::from_utf8_lossy(&output.stderr));
        bail!("`{}` failed: {}", short(command), complaint.unwrap_or(output.status.to_string()));
    }
    String::from_utf8(output.stdout).with_context(|| format!("the output of `{}` is not text", short(command)))
}

/// Runs a command without showing it, whatever its exit code.
pub(crate) fn output(command: &mut Command) -> Result<Output> {
    command.stdin(Stdio::null()).output().map_err(|error| cannot_start(command, &error))
}

/// True if a program of this name can be started from the PATH.
pub(crate) fn exists(program: &str) -> bool {
    find(program).is_some()
}

/// The file of the program of this name, found through the PATH.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let file = format!("{program}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(&file)).find(|path| path.is_file())
}

fn cannot_start(command: &Command, error: &io::Error) -> anyhow::Error {
    let program = command.get_program().to_string_lossy();
    if error.kind() == io::ErrorKind::NotFound {
        return anyhow!("cannot start `{program}`: there is no such program; install it or correct the PATH");
    }
    anyhow!("cannot start `{program}`: {error}")
}

/// The command as one would type it.
pub(crate) fn line(command: &Command) -> String {
    let mut text = name(command);
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&quoted(argument));
    }
    text
}

/// The command's name and its first few words that are neither options nor paths, for messages.
fn short(command: &Command) -> String {
    let words = command.get_args().map(|word| word.to_string_lossy().into_owned());
    let words = words.filter(|word| !word.starts_with('-') && !word.contains(['=', '/']));
    let words: Vec<_> = words.take(3).collect();
    format!("{} {}", name(command), words.join(" ")).trim_end().to_owned()
}

fn name(command: &Command) -> String {
    let program = Path::new(command.get_program());
    program.file_stem().unwrap_or(program.as_os_str()).to_string_lossy().into_owned()
}

fn quoted(argument: &OsStr) -> String {
    let text = argument.to_string_lossy();
    if text.is_empty() || text.contains(|c: char| c.is_whitespace() || "'\"$*?&|;<>()`\\".contains(c)) {
        format!("'{}'", text.replace('\'', r"'\''"))
    } else {
        text.into_owned()
    }
}

/// The line of a standard error output that says most: the first that starts as an error, with the deepest of its causes,
/// else the last line there is.
pub(crate) fn complaint(stderr: &str) -> Option<String> {
    let lines = || stderr.lines().map(str::trim).filter(|line| !line.is_empty());
    let error = lines().find_map(|line| line.strip_prefix("error: ").or(line.strip_prefix("E: ")));
    let Some(error) = error else {
        return lines().next_back().map(str::to_owned);
    };
    let mut causes = lines().skip_while(|line| *line != "Caused by:").skip(1);
    let mut deepest = None;
    while let Some((number, cause)) = causes.next().and_then(|line| line.split_once(": ")) {
        if number.parse::<u32>().is_err() {
            break;
        }
        deepest = Some(cause);
    }
    Some(deepest.map_or(error.to_owned(), |cause| format!("{error}: {cause}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_reads_as_typed() {
        let mut command = Command::new("/opt/bin/rg");
        command.args(["-n", "a b", "it's", ""]);
        assert_eq!(line(&command), r"rg -n 'a b' 'it'\''s' ''");
    }

    #[test]
    fn the_complaint_is_the_error_and_its_deepest_cause() {
        let stderr =
            "info: downloading\nerror: download failed\n\nCaused by:\n    0: no file\n    1: dns error\n\nmore: 2\n";
        assert_eq!(complaint(stderr).as_deref(), Some("download failed: dns error"));
        assert_eq!(complaint("W: old\nE: no such suite\n").as_deref(), Some("no such suite"));
        assert_eq!(complaint("first\nlast\n\n").as_deref(), Some("last"));
        assert_eq!(complaint(""), None);
    }
}
