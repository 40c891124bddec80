//! The command line.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use callgate_wasi::Access;
use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::quantity;

/// Runs sandboxed WebAssembly programs on a portable system interface of its own.
#[derive(Parser)]
#[command(name = "callgate", version, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run a program. Without options it can compute and print: no file, no network, no environment.
    Run(Box<RunOptions>),
    /// Compile a program ahead of time.
    Compile(CompileOptions),
    /// Show what a program imports, and which grants it will need.
    Inspect(InspectOptions),
    /// Show what this machine offers.
    Backends,
}

#[derive(Args)]
pub(crate) struct RunOptions {
    /// Mount the directory HOST at GUEST, `HOST` itself where it is left out; with `ro`, nothing below it can be changed.
    #[arg(long = "dir", value_name = "HOST[::GUEST[::ro]]", value_parser = OsStringValueParser::new().try_map(parse_mount))]
    pub(crate) mounts: Vec<MountOption>,

    /// Set an environment variable; without a value, to what it is here.
    #[arg(long = "env", value_name = "NAME[=VALUE]", value_parser = parse_variable)]
    pub(crate) variables: Vec<Variable>,

    /// Hand on the whole environment.
    #[arg(long)]
    pub(crate) inherit_env: bool,

    /// The program's name, as it sees it; its file name unless given.
    #[arg(long, value_name = "NAME")]
    pub(crate) argv0: Option<String>,

    /// The guest directory that relative paths start from.
    #[arg(long, value_name = "GUEST")]
    pub(crate) cwd: Option<String>,

    /// The system that the program runs on.
    #[arg(long, value_enum, default_value_t = BackendName::Native)]
    pub(crate) backend: BackendName,

    /// End the run after this time: 500ms, 10s, 5m, 1h.
    #[arg(long, value_name = "DURATION", value_parser = quantity::parse_duration)]
    pub(crate) timeout: Option<Duration>,

    /// The memory that the program may take: 512KiB, 64MiB, 1GiB, or bytes.
    #[arg(long, value_name = "SIZE", value_parser = quantity::parse_size)]
    pub(crate) max_memory: Option<u64>,

    /// The handles (files, streams, timers …) that the program may have open at a time; 100000 unless given.
    #[arg(long, value_name = "N")]
    pub(crate) max_handles: Option<usize>,

    /// Print a line for each call, to standard error or to FILE.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub(crate) trace: Option<Option<PathBuf>>,

    /// A component (.wasm, .wat), or one compiled ahead of time (.cwasm, which is trusted: it is machine code).
    #[arg(value_name = "PROGRAM")]
    pub(crate) program: PathBuf,

    /// Its arguments.
    #[arg(value_name = "ARGS", trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) arguments: Vec<String>,
}

#[derive(Args)]
pub(crate) struct CompileOptions {
    /// A component (.wasm, .wat).
    #[arg(value_name = "PROGRAM")]
    pub(crate) program: PathBuf,

    /// Where the compiled code goes.
    #[arg(short, long, value_name = "OUT.cwasm")]
    pub(crate) output: PathBuf,
}

#[derive(Args)]
pub(crate) struct InspectOptions {
    /// A component (.wasm, .wat), or one compiled ahead of time (.cwasm).
    #[arg(value_name = "PROGRAM")]
    pub(crate) program: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum BackendName {
    /// This operating system's own calls.
    Native,
}

/// `--dir`
#[derive(Clone)]
pub(crate) struct MountOption {
    pub(crate) host: OsString,
    pub(crate) guest: String,
    pub(crate) access: Access,
}

/// `--env`
#[derive(Clone)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
}

fn parse_mount(text: OsString) -> Result<MountOption, String> {
    // Host paths may hold any byte; only what stands behind the first `::` must be text.
    let (host, rest) = split_at_colons(&text);
    if host.is_empty() {
        return Err("no host directory before `::`".to_owned());
    }
    let rest = rest.map(|rest| rest.into_string().map_err(|_| "the guest path is not UTF-8".to_owned())).transpose()?;
    let (guest, access) = match rest.as_deref().map(|rest| rest.split_once("::").unwrap_or((rest, ""))) {
        None => (host.to_str().ok_or("the path is not UTF-8; add `::GUEST`")?, ""),
        Some((guest, access)) => (guest, access),
    };
    let access = match access {
        "" => Access::ReadWrite,
        "ro" => Access::ReadOnly,
        other => return Err(format!("`{other}` after the guest path; only `ro` can stand there")),
    };
    if guest.is_empty() {
        return Err("no guest path behind `::`".to_owned());
    }
    Ok(MountOption { guest: guest.to_owned(), host, access })
}

fn split_at_colons(text: &OsStr) -> (OsString, Option<OsString>) {
    let bytes = text.as_encoded_bytes();
    let Some(at) = bytes.windows(2).position(|pair| pair == b"::") else { return (text.to_owned(), None) };
    let part = |bytes: &[u8]| OsString::from(String::from_utf8_lossy(bytes).into_owned());
    match text.to_str() {
        Some(text) => (text[..at].into(), Some(text[at + 2..].into())),
        None => (part(&bytes[..at]), Some(part(&bytes[at + 2..]))),
    }
}

fn parse_variable(text: &str) -> Result<Variable, String> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (text, None),
    };
    if name.is_empty() {
        return Err("no name before `=`".to_owned());
    }
    Ok(Variable { name: name.to_owned(), value })
}
