//! Programs whose cost of compiling explodes, against the command line: it has to end by itself, within its limits of time and
//! memory, with an exit code of its own.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use fastrand::Rng;
use tempfile::TempDir;

/// The limits of compiling.
const TIME: &str = "1s";
const MEMORY: &str = "64MiB";

/// The limits of the process: those of compiling, its own needs, and room to spare on a busy machine.
const MOST_TIME: Duration = Duration::from_secs(60);
const MOST_MEMORY: u64 = 256 << 20;

/// The time between two looks at the process.
const LOOK: Duration = Duration::from_millis(2);

/// The target: the command line, which stands beside this program.
pub struct Costs {
    callgate: PathBuf,
    folder: TempDir,
    ends: [u64; 3],
}

impl Costs {
    /// Finds the command line.
    ///
    /// # Errors
    /// If it isn't built, or there is no temporary folder.
    pub fn new() -> Result<Self> {
        // target/debug/fuzz or target/debug/deps/few-0123456789abcdef
        let this = env::current_exe()?;
        let name = format!("callgate{}", env::consts::EXE_SUFFIX);
        let callgate = this.ancestors().skip(1).take(2).map(|folder| folder.join(&name)).find(|path| path.is_file());
        let callgate = callgate.context("the program `callgate` is not built")?;
        Ok(Self { callgate, folder: TempDir::new()?, ends: [0; 3] })
    }

    /// The numbers of programs that were run, were refused, and were beyond a limit.
    #[must_use]
    pub fn ends(&self) -> [u64; 3] {
        self.ends
    }

    /// Has the program of `seed` compiled.
    ///
    /// # Errors
    /// If the host did something wrong.
    pub fn case(&mut self, seed: u64) -> Result<()> {
        let program = self.folder.path().join("program.wat");
        fs::write(&program, text(&mut Rng::with_seed(seed))).context("the program can't be written")?;
        let said = self.folder.path().join("said");
        let mut callgate = Command::new(&self.callgate);
        callgate.args(["run", "--no-cache", "--timeout", "1s", "--compile-timeout", TIME, "--compile-memory", MEMORY]);
        callgate.arg(&program).env("HOME", self.folder.path().join("none"));
        callgate.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&said)?);
        let (code, peak) = watched(callgate.spawn()?)?;
        let said = fs::read_to_string(&said)?;
        ensure!(peak < MOST_MEMORY, "{} MiB were taken: {said}", peak >> 20);
        ensure!(!said.contains("panicked"), "it panicked: {said}");
        let end = match code {
            Some(2) if said.contains("--compile-") => 2,
            Some(2) => 1,
            // Its own end, or that of its time.
            Some(0 | 134) => 0,
            other => bail!("it ended with {other:?}: {said}"),
        };
        self.ends[end] += 1;
        Ok(())
    }
}

/// The end of the process, and the most memory that it was seen to hold.
fn watched(mut process: Child) -> Result<(Option<i32>, u64)> {
    let status = PathBuf::from(format!("/proc/{}/status", process.id()));
    let (began, mut peak) = (Instant::now(), 0);
    loop {
        peak = peak.max(held(&status).unwrap_or(0));
        if let Some(status) = process.try_wait()? {
            return Ok((status.code(), peak));
        }
        if began.elapsed() > MOST_TIME {
            process.kill()?;
            process.wait()?;
            bail!("it was still running after {} s", MOST_TIME.as_secs());
        }
        thread::sleep(LOOK);
    }
}

/// In bytes; `None` where the system doesn't tell.
fn held(status: &Path) -> Option<u64> {
    let status = fs::read_to_string(status).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib << 10)
}

/// A program of one of the shapes that cost more than their length, of a random size.
fn text(random: &mut Rng) -> String {
    // As many small ones as large ones: the limits are to be met, and to be kept.
    let size = 1_usize << random.u32(2..13);
    match random.u32(0..10) {
        0..=2 => nested_loops(size.min(1 << 11), random.usize(1..3_000)),
        3 => body("", &"(block ".repeat(size), &")".repeat(size)),
        4 => table(size),
        5 => {
            (0..size)
                .map(|_| "(func (param i64) (result i64) (i64.mul (local.get 0) (local.get 0)))")
                .collect::<Module>()
                .0
        }
        6 => calls(size),
        7 => format!(
            "(module (memory (export \"memory\") 1) (func (export \"_start\") (local {})))",
            "i64 ".repeat(size * 8)
        ),
        8 => components(size.min(1 << 10)),
        _ => format!("{}module{}", "(".repeat(size * 16), ")".repeat(size * 16)),
    }
}

/// Fields of a module that is a command.
struct Module(String);

impl<'a> FromIterator<&'a str> for Module {
    fn from_iter<T: IntoIterator<Item = &'a str>>(fields: T) -> Self {
        let fields: String = fields.into_iter().collect();
        Self(format!("(module (memory (export \"memory\") 1) (func (export \"_start\")) {fields})"))
    }
}

/// A function of one body, between `open` and `close`.
fn body(locals: &str, open: &str, close: &str) -> String {
    format!("(module (memory (export \"memory\") 1) (func (export \"_start\") {locals} {open} {close}))")
}

/// Loops in loops, and many variables that change in the innermost.
fn nested_loops(loops: usize, variables: usize) -> String {
    let step = |variable| format!("(local.set {variable} (i32.add (local.get {variable}) (i32.const 1)))");
    let steps: String = (0..variables).map(step).collect();
    let open = "(loop (br_if 0 (local.get 0)) ".repeat(loops) + &steps;
    body(&format!("(local {})", "i32 ".repeat(variables)), &open, &")".repeat(loops))
}

/// A jump with very many targets.
fn table(size: usize) -> String {
    let targets = "0 ".repeat(size * 16);
    body("", &format!("(block (br_table {targets} (i32.const 0)))"), "")
}

/// Calls with as many arguments as a function may have, which all are alive at once.
fn calls(size: usize) -> String {
    const ARGUMENTS: usize = 100;
    let arguments = "(i64.const 1)".repeat(ARGUMENTS);
    let call = format!("(call $f {arguments})");
    let function = format!("(func $f (param {}))", "i64 ".repeat(ARGUMENTS));
    [function.as_str(), "(func ", &call.repeat(size.min(1 << 9)), ")"].into_iter().collect::<Module>().0
}

/// Components in components, each with a module of its own.
fn components(size: usize) -> String {
    let inner = "(core module (func (export \"f\")))(component)".repeat(size);
    format!("(component {}{inner}{})", "(component ".repeat(size.min(90)), ")".repeat(size.min(90)))
}
