//! The command line.

mod broker;
mod limits;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail};
use callgate_trace::{Filter, format::MOST_STRINGS};
use callgate_wasi::{Access, Quota, Rule, RuleError};
use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_lex::OsStrExt;

use crate::audit::{AuditCommand, AuditOptions};
use crate::lockdown::Lockdown;
use crate::trace::TraceCommand;
use crate::{platform, quantity};

pub(crate) use broker::BrokerOptions;
pub(crate) use limits::LimitOptions;

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
    /// Look at policies: check one, show its rules, ask it, test it.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Look at audits that `callgate run --audit FILE` wrote.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Compile a program ahead of time.
    Compile(CompileOptions),
    /// Show what a program imports, and which grants it will need.
    Inspect(InspectOptions),
    /// Show what this machine offers.
    Backends,
    /// Look up names for a run that is locked down.
    #[command(hide = true)]
    ServeLookups,
    /// Show or empty the folder in which compiled code is kept for the next start.
    #[command(subcommand)]
    Cache(CacheCommand),
    /// Look at traces that `callgate run --trace=FILE --trace-format jsonl` recorded.
    #[command(subcommand)]
    Trace(TraceCommand),
}

#[derive(Args)]
pub(crate) struct RunOptions {
    #[command(flatten)]
    pub(crate) grants: Grants,

    /// What may be added to each mount that has no quota of its own: bytes, and, behind a comma, names (one for each 4 KiB where
    /// left out). More fails with `quota`.
    #[arg(long, value_name = "SIZE[,NAMES]", value_parser = |text: &str| quantity::parse_quota(text, ','))]
    pub(crate) quota: Option<Quota>,

    /// Call the export FUNC with ARGS instead of starting the program, and print what it returns; in a component FUNC may be
    /// `interface#function`. `FUNC(1, "text")` has the arguments in itself.
    #[arg(long, value_name = "FUNC")]
    pub(crate) invoke: Option<String>,

    /// The program's name, as it sees it; its file name unless given.
    #[arg(long, value_name = "NAME")]
    pub(crate) argv0: Option<String>,

    /// The guest directory that relative paths start from, for programs that ask for it (today's wasi-libc does not; mount
    /// at `.` for those).
    #[arg(long, value_name = "GUEST")]
    pub(crate) cwd: Option<String>,

    /// The system that the program runs on.
    #[arg(long, value_enum, default_value_t = BackendName::Native)]
    pub(crate) backend: BackendName,

    #[command(flatten)]
    pub(crate) memory: MemoryOptions,

    /// End the run after this time: 500ms, 10s, 5m, 1h. The process is gone within a second of it, also when nobody reads its
    /// standard error or its trace. The time begins when the program is loaded; for that, see --compile-timeout.
    #[arg(long, value_name = "DURATION", value_parser = quantity::parse_limit)]
    pub(crate) timeout: Option<Duration>,

    /// Give up, and reset, a connection that the program has dropped or left by ending, when its peer takes nothing of what
    /// is left to send for this time; 60s unless given.
    #[arg(long, value_name = "DURATION", value_parser = quantity::parse_duration)]
    pub(crate) linger: Option<Duration>,

    /// The memory that the program may take: 512KiB, 64MiB, 1GiB, or bytes. Loading it has a limit of its own, --compile-memory.
    #[arg(long, value_name = "SIZE", value_parser = quantity::parse_size)]
    pub(crate) max_memory: Option<u64>,

    /// The memory that callgate may hold for the program besides: for its handles, directories that it lists, bytes that wait to be
    /// sent, tables. More fails with `insufficient-memory`; 512MiB unless given.
    #[arg(long, value_name = "SIZE", value_parser = quantity::parse_size)]
    pub(crate) max_host_memory: Option<u64>,

    /// The handles (files, streams, timers …) that the program may have open at a time; 100000 unless given.
    #[arg(long, value_name = "N")]
    pub(crate) max_handles: Option<usize>,

    #[command(flatten)]
    pub(crate) trace: TraceOptions,

    #[command(flatten)]
    pub(crate) summary: SummaryOptions,

    /// Show on a terminal, in one line below the output, what the program is doing: time, calls, bytes, the current call and how long it takes. Where
    /// standard error is no terminal, there is no such line. On SIGUSR1 (not on Windows) callgate says the same on standard error, and where the program computes,
    /// in which functions.
    #[arg(long)]
    pub(crate) progress: bool,

    /// Narrow what the other options grant to what the rules in FILE allow. Files, network and environment are then denied unless a rule
    /// allows them. A change of FILE holds at once; a broken one changes nothing. docs/policy.md has the language.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,

    /// Say what --policy would refuse, and refuse nothing.
    #[arg(long, requires = "policy")]
    pub(crate) dry_run: bool,

    /// Write the policy that this run needed to FILE, when it is over, however it ends. Many paths of a folder are folded into patterns. With
    /// --policy only beside --dry-run. FILE is refused where the program could write to it.
    #[arg(long, value_name = "FILE")]
    pub(crate) learn: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) audit: AuditOptions,

    #[command(flatten)]
    pub(crate) broker: BrokerOptions,

    #[command(flatten)]
    pub(crate) limits: LimitOptions,

    /// Have the kernel refuse to callgate itself, before the program begins, what the run does not need: other files, other ports, other
    /// system calls. Linux alone. What the kernel lacks is said; with `=require` the program then does not start. docs/security.md
    /// says what this stops. Not together with --policy-broker, --learn and --progress, which need more of the system.
    #[arg(long, value_enum, value_name = "WHEN", num_args = 0..=1, require_equals = true, default_missing_value = "available",
        conflicts_with_all = ["peer", "learn", "progress"])]
    pub(crate) lockdown: Option<Lockdown>,

    #[command(flatten)]
    pub(crate) loading: LoadOptions,

    /// A component or a module of WASI preview1 (.wasm, .wat), or, with --allow-precompiled, one compiled ahead of time (.cwasm), and its
    /// arguments. Everything after PROGRAM goes to the program.
    #[arg(value_names = ["PROGRAM", "ARGS"], required = true, trailing_var_arg = true, value_parser = OsStringValueParser::new())]
    command: Vec<OsString>,
}

impl RunOptions {
    /// The program's file.
    pub(crate) fn program(&self) -> &Path {
        Path::new(&self.command[0])
    }

    /// The arguments that the program sees, its own name first.
    pub(crate) fn arguments(&self) -> Result<Vec<String>> {
        let mut arguments = vec![self.name()];
        if self.invoke.is_none() {
            arguments.extend(self.rest()?);
        }
        Ok(arguments)
    }

    fn name(&self) -> String {
        let file_name = || self.program().file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.argv0.clone().unwrap_or_else(file_name)
    }

    /// The arguments after the program.
    pub(crate) fn rest(&self) -> Result<Vec<String>> {
        let rest = self.command[1..].iter().map(|argument| match argument.to_str() {
            Some(argument) => Ok(argument.to_owned()),
            None => bail!("{} is not UTF-8; a program's arguments are text", argument.display()),
        });
        rest.collect()
    }
}

/// The summary of a run.
#[derive(Args)]
pub(crate) struct SummaryOptions {
    /// Print a table when the run is over, to standard error or to FILE: what each call cost, which failed and why, where the time went, and
    /// the slowest files and peers. With or without --trace. FILE is refused where the program could write to it; where the summary can't
    /// be written, the exit code is 74.
    #[arg(id = "trace_summary", long = "trace-summary", value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub(crate) file: Option<Option<PathBuf>>,

    /// The form of the summary: for people, or one line of JSON.
    #[arg(id = "summary_format", long = "trace-summary-format", value_enum, default_value_t = SummaryFormat::Text, requires = "trace_summary")]
    pub(crate) format: SummaryFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SummaryFormat {
    /// A table for people.
    Text,
    /// One line of JSON.
    Json,
}

/// What is written down of a run.
#[derive(Args)]
pub(crate) struct TraceOptions {
    /// Write down each call, to standard error or to FILE, and at the end how the run ended; without that the
    /// trace is cut. A run whose trace can't be written ends there, with exit code 74. On standard error the program may print lines
    /// that look like those of a trace; FILE holds nothing else, and is refused where the program could write to it.
    #[arg(id = "trace", long = "trace", value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub(crate) file: Option<Option<PathBuf>>,

    /// The format of the trace.
    #[arg(long = "trace-format", value_enum, default_value_t = TraceFormat::Text, requires = "trace")]
    pub(crate) format: TraceFormat,

    /// Trace only some calls; the trace says so at its beginning. TERMS are, with commas between them, names of calls as the trace has
    /// them (`descriptor.open-at`, or `open-at`), classes of them (`class:read`), either with `!` before it for all others, and `failed`.
    /// `path=GLOB` is an option of its own: calls about what the program knows under such a path, where `*` and `?` stand for parts of a
    /// name and `**` for any number of names (`path=/data/**/*.txt`). Names and classes are alternatives, and so are several GLOBs;
    /// a call has to fit all kinds that are given.
    #[arg(long = "trace-filter", value_name = "TERMS|path=GLOB", requires = "trace")]
    pub(crate) filters: Vec<Filter>,

    /// Show this many bytes of contents that are read or written, at most 65536.
    #[arg(long = "trace-strings", value_name = "N", default_value_t = 32, requires = "trace",
        value_parser = clap::value_parser!(u32).range(..=MOST_STRINGS as i64))]
    pub(crate) strings: u32,

    /// Go on where the trace can't be written, and mark in it how many calls are missing. The run then ends with exit code 74 all the same.
    #[arg(long = "trace-lossy", requires = "trace")]
    pub(crate) lossy: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TraceFormat {
    /// A line a call, for people.
    Text,
    /// A line of JSON a call, for programs, and to be kept; docs/trace.md says what it holds.
    Jsonl,
    /// Events on tracks, for the Perfetto UI; into a FILE only.
    Perfetto,
    /// The stacks of the program's functions with the time spent in each, for tools that draw flame graphs.
    Folded,
}

/// What a run grants to its program.
#[derive(Args)]
pub(crate) struct Grants {
    /// Mount the directory HOST at GUEST, at HOST itself where that is left out. OPTIONS is `ro`: nothing below it can be changed; or
    /// `quota=SIZE[/NAMES]`: no more may be added to it, instead of --quota. What is mounted read-only may not lie within what
    /// is mounted writable.
    #[arg(long = "dir", value_name = "HOST[::GUEST[::OPTIONS]]", value_parser = OsStringValueParser::new().try_map(parse_mount))]
    pub(crate) mounts: Vec<MountOption>,

    /// Mount an empty tree of files in memory at GUEST; gone when the run is over. SIZE is its quota, as of --quota; 256MiB
    /// unless given.
    #[arg(long = "tmpfs", value_name = "GUEST[::SIZE]", value_parser = parse_tmpfs)]
    pub(crate) trees: Vec<TmpfsOption>,

    /// Permit a use of the network; nothing is permitted without a rule. RULE is `all`, `connect=ADDR[:PORT]`,
    /// `listen=ADDR[:PORT]`, `udp=ADDR[:PORT]` or `resolve=NAME`. ADDR is an IP address, a network such as 10.0.0.0/8, or a
    /// host name, for the addresses that the program's own lookup of it returned; PORT a number or a range; NAME may start
    /// with `*.`, and `resolve=*` is every name. A name grants global addresses, and one without `*.` private ones too;
    /// `localhost` grants loopback. What else a name leads to takes NAME@ADDR, such as db.example@127.0.0.1:5432.
    #[arg(long = "net", value_name = "RULE", value_parser = parse_network)]
    pub(crate) network: Vec<NetworkOption>,

    /// Hand a module of WASI preview1 a socket that listens at ADDR (127.0.0.1:8080), as its next descriptor, the first being 3;
    /// it may accept connections there and has no other network. With port 0 the system picks one, which is printed.
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Vec<SocketAddr>,

    /// Set an environment variable; without a value, to what it is here.
    #[arg(long = "env", value_name = "NAME[=VALUE]", value_parser = parse_variable)]
    pub(crate) variables: Vec<Variable>,

    /// Hand on the whole environment.
    #[arg(long)]
    pub(crate) inherit_env: bool,
}

#[derive(Args)]
pub(crate) struct CompileOptions {
    /// A component or a module (.wasm, .wat).
    #[arg(value_name = "PROGRAM")]
    pub(crate) program: PathBuf,

    /// Where the compiled code goes.
    #[arg(short, long, value_name = "OUT.cwasm")]
    pub(crate) output: PathBuf,

    #[command(flatten)]
    pub(crate) limits: CompileLimits,
}

#[derive(Args)]
pub(crate) struct InspectOptions {
    /// A component or a module (.wasm, .wat), or one compiled ahead of time (.cwasm), of which is shown what its compiler recorded.
    #[arg(value_name = "PROGRAM")]
    pub(crate) program: PathBuf,

    #[command(flatten)]
    pub(crate) loading: LoadOptions,
}

/// How a program becomes code.
#[derive(Args)]
pub(crate) struct LoadOptions {
    /// Accept a program that was compiled ahead of time (.cwasm). That is machine code: run, it is not sandboxed by itself, so
    /// trust whoever made it as much as a program of your own.
    #[arg(long)]
    pub(crate) allow_precompiled: bool,

    /// Compile anew, and keep nothing: use no code from the cache.
    #[arg(long)]
    pub(crate) no_cache: bool,

    #[command(flatten)]
    pub(crate) limits: CompileLimits,
}

/// What loading a program may take, apart from the limits of the run.
#[derive(Args, Clone, Copy)]
pub(crate) struct CompileLimits {
    /// Give up where reading and compiling the program takes longer. This does not count against --timeout, nor does --timeout
    /// against this: what a program may do does not depend on whether its code is in the cache. Looking a short program up there takes
    /// milliseconds, and is not counted.
    #[arg(long = "compile-timeout", value_name = "DURATION", default_value = "60s", value_parser = quantity::parse_limit)]
    pub(crate) compile_timeout: Duration,

    /// Give up where reading and compiling the program takes more of the host's memory; apart from --max-memory.
    #[arg(long = "compile-memory", value_name = "SIZE", default_value = "2GiB", value_parser = quantity::parse_size)]
    pub(crate) compile_memory: u64,
}

#[derive(Subcommand)]
pub(crate) enum CacheCommand {
    /// Show where compiled code is kept, and how much there is.
    Info,
    /// Remove all of it.
    Clear,
}

#[derive(Subcommand)]
pub(crate) enum PolicyCommand {
    /// Read a policy, and say what is wrong with it.
    Check {
        /// The policy.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Show the rules of a policy, and those that the options of a run mean.
    Show {
        /// The policy.
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,

        #[command(flatten)]
        grants: Box<Grants>,
    },
    /// Show which rule decides on a call, and why.
    Explain {
        /// The policy.
        #[arg(value_name = "FILE")]
        file: PathBuf,

        /// A call such as open-at, or a class such as class:read.
        #[arg(value_name = "CALL")]
        call: String,

        /// Where it goes: a path as the program sees it, an address with its port, or the name that is looked up.
        #[arg(value_name = "PLACE")]
        place: Option<String>,
    },
    /// Check the expectations in a policy; ends with 1 where one is not met.
    Test {
        /// The policy.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// What `--backend memory` begins with, and leaves.
#[derive(Args)]
pub(crate) struct MemoryOptions {
    /// Where all chance comes from with --backend memory; 0 unless given.
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// Fill the files of --backend memory from a tar file. HOST of --dir is then a path in it, and its etc/hosts has the
    /// names that can be looked up.
    #[arg(long = "memory-image", value_name = "FILE.tar")]
    pub(crate) image: Option<PathBuf>,

    /// Write the files of --backend memory to a tar file when the run is over.
    #[arg(long = "memory-out", value_name = "FILE.tar")]
    pub(crate) out: Option<PathBuf>,
}

impl MemoryOptions {
    /// The first option that was given.
    pub(crate) fn first(&self) -> Option<&'static str> {
        let given = [
            ("--seed", self.seed.is_some()),
            ("--memory-image", self.image.is_some()),
            ("--memory-out", self.out.is_some()),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(option, _)| option)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BackendName {
    /// This operating system's own calls.
    Native,
    /// What every operating system has, through cap-std.
    Portable,
    /// Files, network, time and random bytes in memory, the same in every run.
    Memory,
}

/// `--tmpfs`
#[derive(Clone)]
pub(crate) struct TmpfsOption {
    pub(crate) guest: String,
    pub(crate) quota: Option<Quota>,
}

/// `--dir`
#[derive(Clone)]
pub(crate) struct MountOption {
    pub(crate) host: OsString,
    pub(crate) guest: String,
    pub(crate) access: Access,
}

/// `--net`
#[derive(Clone)]
pub(crate) struct NetworkOption {
    pub(crate) rule: Rule,
    /// The rule as it was written.
    pub(crate) text: String,
}

/// `--env`
#[derive(Clone)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
}

fn parse_mount(text: OsString) -> std::result::Result<MountOption, String> {
    // A host path may hold any byte; the part after the first `::` must be text.
    let (host, rest) = text.split_once("::").map_or((&*text, None), |(host, rest)| (host, Some(rest)));
    if host.is_empty() {
        return Err("no host directory before `::`".to_owned());
    }
    let Some(guest) = rest.map_or_else(|| platform::guest_path(host), |guest| guest.to_str().map(str::to_owned)) else {
        return Err("a program has no such path; write HOST::GUEST, with a GUEST such as /data".to_owned());
    };
    let (guest, access) = match guest.split_once("::") {
        None => (&*guest, Access::ReadWrite),
        Some((guest, options)) => (guest, parse_access(options)?),
    };
    if guest.is_empty() {
        return Err("no guest path behind `::`".to_owned());
    }
    Ok(MountOption { guest: guest.to_owned(), host: host.to_owned(), access })
}

/// `ro`, or `quota=64MiB/1000`; an option says all there is to say of a mount, so one is enough.
fn parse_access(options: &str) -> std::result::Result<Access, String> {
    let mut access = None;
    for option in options.split(',') {
        let next = match option.split_once('=') {
            None if option == "ro" => Access::ReadOnly,
            Some(("quota", quota)) => Access::Within(quantity::parse_quota(quota, '/')?),
            _ => {
                return Err(format!(
                    "`{option}` after the guest path; only `ro` and `quota=SIZE[/NAMES]` can stand there"
                ));
            }
        };
        match access.replace(next) {
            None => {}
            Some(before) if before == next => {}
            Some(Access::Within(_)) if next != Access::ReadOnly => return Err("two quotas of one mount".to_owned()),
            Some(_) => return Err("nothing can be added to a read-only mount; leave out `ro` or the quota".to_owned()),
        }
    }
    access.ok_or_else(|| "no option after the guest path".to_owned())
}

fn parse_tmpfs(text: &str) -> std::result::Result<TmpfsOption, String> {
    let (guest, quota) = match text.split_once("::") {
        None => (text, None),
        Some((guest, size)) => (guest, Some(quantity::parse_quota(size, ',')?)),
    };
    if guest.is_empty() {
        return Err("no guest path".to_owned());
    }
    Ok(TmpfsOption { guest: guest.to_owned(), quota })
}

fn parse_network(text: &str) -> std::result::Result<NetworkOption, RuleError> {
    Ok(NetworkOption { rule: text.parse()?, text: text.to_owned() })
}

fn parse_variable(text: &str) -> std::result::Result<Variable, String> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (text, None),
    };
    if name.is_empty() {
        return Err("no name before `=`".to_owned());
    }
    Ok(Variable { name: name.to_owned(), value })
}
