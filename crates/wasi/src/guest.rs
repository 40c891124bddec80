//! One run of a program: what it may see and use, and how it ended.

use std::ffi::OsStr;
use std::fmt;
use std::io::Write;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use callgate_gate::{Gate, Hook, Mount, NetworkRules, Rule, Trace, quota};
use callgate_system::{AddressFamily, Directory, Error, Kind, Quota, Socket, System};
use wasmtime::{Store, UpdateDeadline, WasmBacktrace};

use crate::ended::Ended;
use crate::handles::Handles;
use crate::host::{Deadline, GuestStore, Host, Streams, Surroundings};
use crate::invoke::Invocation;
use crate::limits::Memory;
use crate::p1;
use crate::p2::io::{InputStream, OutputStream};
use crate::program::{LoadError, Program};
use crate::start::Start;
use crate::watchdog::{Stuck, Watchdog};

/// Open handles of one guest at a time, unless told otherwise.
const HANDLES: usize = 100_000;

/// How long a connection lingers, unless told otherwise: as long as Linux keeps one that nobody holds (tcp_fin_timeout).
const LINGER: Duration = Duration::from_secs(60);

/// A module finds its streams, sockets and mounts open.
const TOO_FEW_HANDLES: &str = "its streams and mounts are more than the limit of handles; allow more";

/// Connections that may wait at a socket which is handed in.
const BACKLOG: u32 = 128;

/// Whether a guest may change what is below a mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Every call that could change anything fails with `read-only`.
    ReadOnly,
    /// It may do what the user who runs it may.
    ReadWrite,
}

/// What one run of a program may see and use. Nothing, to begin with.
pub struct Guest {
    system: Arc<dyn System>,
    surroundings: Surroundings,
    network: Vec<Rule>,
    missing: Arc<OnceLock<String>>,
    quota: Option<Quota>,
    memory: u64,
    handles: usize,
    timeout: Option<Duration>,
    linger: Duration,
    stuck: Option<Stuck>,
    hook: Option<Arc<dyn Hook>>,
    quits: bool,
    invocation: Option<Invocation>,
    listeners: Vec<Arc<dyn Socket>>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The program ended by itself: 0 is success.
    Code(u8),
    /// The function that was [invoked](Guest::invoke) returned this.
    Returned(Vec<String>),
    /// It did what WebAssembly or the interface forbids.
    Trap(Trap),
    /// Its time was over.
    TimedOut(Trap),
    /// It wrote to a standard output that nobody reads any more; only with [`Guest::quit_when_nobody_reads`].
    NobodyReads,
}

/// What a run was stopped by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trap {
    /// One line.
    pub reason: String,
    /// The functions it was in, innermost first, a line or more each; empty where there were none.
    pub backtrace: String,
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exited with code {code}"),
            Self::Returned(results) => write!(f, "returned {}", results.join(", ")),
            Self::Trap(trap) => write!(f, "trapped: {trap}"),
            Self::TimedOut(_) => Ended::TimedOut.fmt(f),
            Self::NobodyReads => Ended::NobodyReads.fmt(f),
        }
    }
}

/// Why a directory cannot be mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MountError {
    /// Another mount has this guest path.
    Taken(String),
    /// The guest path is empty, has a NUL byte, or a `..` in it.
    BadGuestPath(String),
    /// The host directory cannot be opened.
    Unopened(Error),
}

impl fmt::Display for MountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken(path) => write!(f, "two mounts at {path}"),
            Self::BadGuestPath(path) => write!(f, "{path:?} is no path that a guest could use"),
            Self::Unopened(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for MountError {}

impl Guest {
    /// A run on `system` that sees its clocks, random bytes and standard streams, and nothing else.
    #[must_use]
    pub fn new(system: Arc<dyn System>) -> Self {
        Self {
            system,
            surroundings: Surroundings::default(),
            network: Vec::new(),
            missing: Arc::default(),
            quota: None,
            memory: u64::MAX,
            handles: HANDLES,
            timeout: None,
            linger: LINGER,
            stuck: None,
            hook: None,
            quits: false,
            invocation: None,
            listeners: Vec::new(),
        }
    }

    /// The arguments, the program's own name first.
    pub fn arguments(&mut self, arguments: impl IntoIterator<Item = impl Into<String>>) -> &mut Self {
        self.surroundings.arguments = arguments.into_iter().map(Into::into).collect();
        self
    }

    /// Sets an environment variable; the last value of a name holds.
    pub fn environment(&mut self, name: impl Into<String>, value: impl Into<String>) -> &mut Self {
        let (name, value) = (name.into(), value.into());
        self.surroundings.environment.retain(|(known, _)| *known != name);
        self.surroundings.environment.push((name, value));
        self
    }

    /// The guest path that relative paths start from.
    pub fn working_directory(&mut self, path: impl Into<String>) -> &mut Self {
        self.surroundings.working_directory = Some(path.into());
        self
    }

    /// Mounts a host directory of the system at `guest_path`.
    ///
    /// # Errors
    /// Where the directory cannot be opened, or the guest path is taken.
    pub fn mount(&mut self, host_path: &OsStr, guest_path: &str, access: Access) -> Result<&mut Self, MountError> {
        let directory = self.system.open_root(host_path).map_err(MountError::Unopened)?;
        self.mount_directory(directory, guest_path, access)
    }

    /// Mounts an open directory, of whatever system, at `guest_path`.
    ///
    /// # Errors
    /// Where the guest path is taken.
    pub fn mount_directory(
        &mut self,
        directory: Arc<dyn Directory>,
        guest_path: &str,
        access: Access,
    ) -> Result<&mut Self, MountError> {
        if guest_path.is_empty()
            || guest_path.contains('\0')
            || guest_path.split('/').any(|component| component == "..")
        {
            return Err(MountError::BadGuestPath(guest_path.to_owned()));
        }
        let mounts = &mut self.surroundings.mounts;
        if mounts.iter().any(|(mount, _)| normal(&mount.guest_path).eq(normal(guest_path))) {
            return Err(MountError::Taken(guest_path.to_owned()));
        }
        let mount = Mount { guest_path: guest_path.to_owned(), read_only: access == Access::ReadOnly };
        mounts.push((Arc::new(mount), directory));
        Ok(self)
    }

    /// What the guest may add to each of its mounts, those mounted later included; without, what the system gives.
    pub fn quota(&mut self, quota: Quota) -> &mut Self {
        self.quota = Some(quota);
        self
    }

    /// Permits a use of the network; nothing is permitted without a rule.
    pub fn permit(&mut self, rule: Rule) -> &mut Self {
        self.network.push(rule);
        self
    }

    /// Opens a socket that listens at `address`, and hands it to a module of preview1 as its next descriptor, the first being
    /// 3, before the mounts; the address that it has, which tells the port where none was named. Components make sockets
    /// of their own, and get none of these.
    ///
    /// # Errors
    /// As [`Socket::bind`](callgate_system::Socket::bind) says them.
    pub fn listen(&mut self, address: SocketAddr) -> Result<SocketAddr, Error> {
        let family = AddressFamily::of(address.ip());
        let socket = self.system.network().socket(Kind::Stream, family)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)?;
        let bound = socket.local_address()?;
        self.listeners.push(socket);
        Ok(bound)
    }

    /// Calls the export `function`, in a component also `interface#function`, instead of starting the program as a command;
    /// [`Exit::Returned`] has what it returns.
    pub fn invoke(
        &mut self,
        function: impl Into<String>,
        arguments: impl IntoIterator<Item = impl Into<String>>,
    ) -> &mut Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        self.invocation = Some(Invocation { function: function.into(), arguments });
        self
    }

    /// The rule that its first refused use of the network needs, such as `connect=10.0.0.5:443`; filled when that happens.
    #[must_use]
    pub fn missing_rule(&self) -> Arc<OnceLock<String>> {
        Arc::clone(&self.missing)
    }

    /// The bytes that its linear memories may take together; more is refused to the guest, not to the host. Each memory is
    /// below 4 GiB in any case.
    pub fn max_memory(&mut self, bytes: u64) -> &mut Self {
        self.memory = bytes;
        self
    }

    /// The handles that it may have open at a time, of all kinds together; 100,000 unless told otherwise. One more fails
    /// with `insufficient-memory`, or traps where the interface has no error. A list in one call may name twice as many, less
    /// those that are open; more trap.
    pub fn max_handles(&mut self, handles: usize) -> &mut Self {
        self.handles = handles;
        self
    }

    /// Ends the run after this time, [`Exit::TimedOut`]. A guest that computes without calling anything is ended only
    /// where its runtime is [interruptible](crate::RuntimeOptions::interruptible).
    pub fn timeout(&mut self, time: Duration) -> &mut Self {
        self.timeout = Some(time);
        self
    }

    /// How long a connection that the guest has dropped, or left by ending, waits for a peer that takes nothing of what is
    /// left to send; after that it is reset. 60 seconds unless told otherwise.
    pub fn linger(&mut self, time: Duration) -> &mut Self {
        self.linger = time;
        self
    }

    /// Called, from another thread, when the time is over and the run still has not ended a quarter of a second later: a
    /// system call hangs, or the code is not interruptible. There is no way on for the thread that runs the guest; what is
    /// called may end the process.
    pub fn when_stuck(&mut self, stuck: impl FnOnce() + Send + 'static) -> &mut Self {
        self.stuck = Some(Box::new(stuck));
        self
    }

    /// Writes a line for each call to `out`. Each is one write; [`Hook::finish`] flushes.
    pub fn trace(&mut self, out: Box<dyn Write + Send>) -> Arc<dyn Hook> {
        let trace: Arc<dyn Hook> = Arc::new(Trace::new(Arc::clone(&self.system), out));
        self.hook = Some(Arc::clone(&trace));
        trace
    }

    /// Ends the run when the guest writes to a standard output that nobody reads any more, as a signal ends a native
    /// program, instead of telling the guest that the stream is closed.
    pub fn quit_when_nobody_reads(&mut self) -> &mut Self {
        self.quits = true;
        self
    }

    /// Runs `program` on this thread until it ends.
    ///
    /// # Errors
    /// Where the program cannot be started: it imports what is not there, or is no command.
    pub fn run(self, program: &Program) -> Result<Exit, LoadError> {
        let mut guest = self;
        let (linked, engine) = (program.link()?, &program.runtime.engine);
        let start = match guest.invocation.take() {
            Some(invocation) => invocation.find(linked, engine).map(Start::Invoked),
            None => linked.command().map(Start::Command).map_err(str::to_owned),
        };
        let start = start.map_err(|why| program.fail(why))?;
        let listeners = std::mem::take(&mut guest.listeners);
        let (timeout, stuck, hook) = (guest.timeout, guest.stuck.take(), guest.hook.clone());
        let mut store = guest.into_store(program);
        if program.is_module() {
            p1::begin(store.data(), &listeners).map_err(|_| program.fail(TOO_FEW_HANDLES.to_owned()))?;
        }
        let runtime = &program.runtime;
        let watchdog =
            timeout.and_then(|timeout| Watchdog::new(runtime.engine.clone(), timeout, runtime.interruptible, stuck));
        let ended = start.run(&mut store).and_then(|exit| {
            store.data().drain()?;
            Ok(exit)
        });
        drop(watchdog);
        if let Some(hook) = hook {
            hook.finish();
        }
        Ok(ended.unwrap_or_else(|error| Exit::of(&error, store.data())))
    }

    fn into_store(mut self, program: &Program) -> GuestStore {
        if let Some(quota) = self.quota {
            quota::limit(&mut self.surroundings.mounts, quota);
        }
        let stdio = self.system.stdio();
        let streams = Streams {
            stdin: Rc::new(InputStream::of_source("stdin", stdio.stdin)),
            stdout: Rc::new(OutputStream::of_sink("stdout", stdio.stdout, self.quits)),
            stderr: Rc::new(OutputStream::of_sink("stderr", stdio.stderr, false)),
        };
        let rules = NetworkRules::new(self.network, self.missing);
        let gate = Gate::new(Arc::clone(&self.system), rules, self.hook);
        let linger = u64::try_from(self.linger.as_nanos()).unwrap_or(u64::MAX);
        let (handles, memory) = (Handles::new(self.handles), Memory::new(self.memory));
        let mut host = Host::new(self.system, gate, handles, self.surroundings, streams, memory, linger);
        host.deadline = self.timeout.and_then(|time| Deadline::after(time, &*host.system));
        let mut store = Store::new(&program.runtime.engine, host);
        store.limiter(|host| &mut host.memory);
        // The engine counts a handle once more for each call that it is lent to: all of them fit into one list for `poll`.
        store.set_max_component_handles(self.handles.saturating_mul(2));
        if program.runtime.interruptible {
            store.set_epoch_deadline(1);
            // The epoch is the engine's, so another guest's watchdog may have moved it on.
            store.epoch_deadline_callback(|cx| {
                cx.data().check_deadline()?;
                Ok(UpdateDeadline::Continue(1))
            });
        }
        store
    }
}

impl Exit {
    fn of(error: &wasmtime::Error, host: &Host) -> Self {
        let trap = |reason| Trap { reason, backtrace: backtrace(error) };
        match error.downcast_ref::<Ended>() {
            Some(Ended::Exited(code)) => Self::Code(*code),
            Some(Ended::NobodyReads) => Self::NobodyReads,
            Some(Ended::TimedOut) => Self::TimedOut(trap(Ended::TimedOut.to_string())),
            // A call failed whose type has no place for an error.
            None if error.is::<Error>() => {
                Self::Trap(trap(format!("{}: {}", host.gate.last_failed(), error.root_cause())))
            }
            None => Self::Trap(trap(error.root_cause().to_string())),
        }
    }
}

/// The functions that the guest was in, without the engine's heading and its hints at its own settings.
fn backtrace(error: &wasmtime::Error) -> String {
    let backtrace = error.downcast_ref::<WasmBacktrace>().map(ToString::to_string).unwrap_or_default();
    let frames = backtrace.split("\nnote: ").next().unwrap_or_default();
    frames.split_once('\n').map_or(frames, |(_, frames)| frames).to_owned()
}

/// The components of a guest path that say where it is, so that `/data` and `/data/` are the same place.
fn normal(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|component| !component.is_empty() && *component != ".")
}
