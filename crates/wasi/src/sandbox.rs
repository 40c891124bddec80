//! One run of a program: its configuration, and its end.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use callgate_gate::{
    CallError, Decider, Gate, GuestId, MissingRule, Mount, NetworkRules, Observer, Rule, RunEnd, quota,
};
use callgate_system::{AddressFamily, Directory, Error, Kind, Names, Quota, Socket, System, Untrusted};
use wasmtime::{Store, UpdateDeadline};

use crate::asking::StackRequest;
use crate::backtrace::backtrace;
use crate::bind::preview1;
use crate::budget::Budget;
use crate::host::{Deadline, GuestStore, Host, Limits, Streams, Surroundings};
use crate::invoke::Invocation;
use crate::limits::{Counts, Memory, engine_handles, handed_over, returned};
use crate::objects::{InputStream, OutputStream};
use crate::program::{LoadError, Program};
use crate::reach;
use crate::start::Start;
use crate::watchdog::Watchdog;

/// Open handles of one guest at a time, unless told otherwise.
const HANDLES: usize = 100_000;

/// Bytes that the host holds for a guest, unless told otherwise.
const HOST_MEMORY: u64 = 512 << 20;

/// The default time that a connection lingers: as long as Linux keeps one that nobody holds (tcp_fin_timeout).
const LINGER: Duration = Duration::from_secs(60);

/// A module finds its streams, sockets and mounts open.
const TOO_FEW_HANDLES: &str =
    "its streams and mounts are more than the limits of handles and of host memory; allow more";

/// Begins the message where rules about paths can't be kept.
const NOT_STRICT: &str = "a mount can't be held to rules about paths";

/// Connections that may wait at a socket which is handed in.
const BACKLOG: u32 = 128;

/// The access that a guest has to the files below a mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Every call that could change anything fails with `read-only`.
    ReadOnly,
    /// It may do what the user who runs it may.
    ReadWrite,
    /// The same, but add no more than this: more fails with `quota`. Instead of the [quota](Sandbox::quota) of all mounts.
    Within(Quota),
}

/// The configuration of one run: all that the program may see and use. That is nothing, to begin with.
pub struct Sandbox {
    id: GuestId,
    system: Arc<dyn System>,
    surroundings: Surroundings,
    network: Vec<Rule>,
    missing: Arc<OnceLock<MissingRule>>,
    quota: Option<Quota>,
    memory: u64,
    host_memory: u64,
    handles: usize,
    instances: usize,
    tables: usize,
    fuel: Option<u64>,
    usage: Arc<OnceLock<Usage>>,
    timeout: Option<Duration>,
    linger: Duration,
    deciders: Vec<Arc<dyn Decider + Send + Sync>>,
    observers: Vec<Arc<dyn Observer>>,
    request: Option<StackRequest>,
    quits: bool,
    invocation: Option<Invocation>,
    listeners: Vec<Arc<dyn Socket>>,
}

/// What a run came to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Units of fuel; none where it had no limit of [fuel](Sandbox::fuel).
    pub fuel: Option<u64>,
    /// Bytes of its linear memories.
    pub memory: u64,
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The program ended by itself: 0 is success.
    Code(u8),
    /// The function that was [invoked](Sandbox::invoke) returned this.
    Returned(Vec<String>),
    /// It did what WebAssembly or the interface forbids.
    Trap(Trap),
    /// Its time was over.
    TimedOut(Trap),
    /// It wrote to a standard output that nobody reads any more; only with [`Sandbox::quit_when_nobody_reads`].
    NobodyReads,
    /// The run could not be recorded, for this reason. Its trace, or another [`Observer`], has a gap, and so the run was ended.
    Unrecorded(String),
}

/// The cause that stopped a run.
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
            Self::Returned(results) => write!(f, "returned {}", Untrusted::new(results.join(", "))),
            Self::Trap(trap) => write!(f, "trapped: {trap}"),
            Self::TimedOut(_) => RunEnd::TimedOut.fmt(f),
            Self::NobodyReads => RunEnd::NobodyReads.fmt(f),
            Self::Unrecorded(why) => write!(f, "{}: {why}", RunEnd::Unrecorded),
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
    /// A directory that is mounted read-only at one guest path could be changed through another.
    Contradiction {
        /// The guest path where it is read-only.
        read_only: String,
        /// The guest path where it, or a directory above it, is writable.
        writable: String,
    },
    /// A directory is limited by a quota of its own at one guest path, and not at another that leads to the same directory, or to one
    /// above it.
    Unlimited {
        /// The guest path where it is limited.
        limited: String,
        /// The guest path where it is not.
        unlimited: String,
    },
    /// The host cannot tell whether what the first one shows could be changed through the second.
    Unclear {
        /// The guest path of the read-only one.
        read_only: String,
        /// The guest path of the writable one.
        writable: String,
        /// Why it can't be told.
        why: Error,
    },
}

impl fmt::Display for MountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken(path) => write!(f, "two mounts at {path}"),
            Self::BadGuestPath(path) => write!(f, "{path:?} is no path that a guest could use"),
            Self::Unopened(error) => error.fmt(f),
            Self::Contradiction { read_only, writable } => {
                write!(f, "what is read-only at {read_only} can be changed at {writable}")
            }
            Self::Unlimited { limited, unlimited } => {
                write!(f, "the quota of {limited} does not hold at {unlimited}, which leads there too")
            }
            Self::Unclear { read_only, writable, why } => {
                write!(f, "whether what is read-only at {read_only} can be changed at {writable} can't be told: {why}")
            }
        }
    }
}

impl std::error::Error for MountError {}

impl Sandbox {
    /// A run on `system` that sees its clocks, random bytes and standard streams, and nothing else.
    #[must_use]
    pub fn new(system: Arc<dyn System>) -> Self {
        Self {
            id: GuestId::new(),
            system,
            surroundings: Surroundings::default(),
            network: Vec::new(),
            missing: Arc::default(),
            quota: None,
            memory: u64::MAX,
            host_memory: HOST_MEMORY,
            handles: HANDLES,
            instances: usize::MAX,
            tables: usize::MAX,
            fuel: None,
            usage: Arc::default(),
            timeout: None,
            linger: LINGER,
            deciders: Vec::new(),
            observers: Vec::new(),
            request: None,
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
    /// If the directory cannot be opened, the guest path is taken, or this mount and another contradict each other: a
    /// read-only one that is, or lies beneath, a writable one would protect nothing. The other way round is fine.
    pub fn mount(&mut self, host_path: &OsStr, guest_path: &str, access: Access) -> Result<&mut Self, MountError> {
        let directory = self.system.open_root(host_path).map_err(MountError::Unopened)?;
        self.mount_directory(directory, guest_path, access)
    }

    /// Mounts an open directory, of whatever system, at `guest_path`.
    ///
    /// # Errors
    /// As [`Sandbox::mount`].
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
        let present = &mut self.surroundings.mounts;
        if present.iter().any(|(mount, _)| mounts::normal(&mount.guest_path).eq(mounts::normal(guest_path))) {
            return Err(MountError::Taken(guest_path.to_owned()));
        }
        let quota = if let Access::Within(quota) = access { Some(quota) } else { None };
        let names = Names::default();
        let mount = Mount { guest_path: guest_path.to_owned(), read_only: access == Access::ReadOnly, quota, names };
        for (other, of_other) in present.iter() {
            mounts::keeps_its_promise((&mount, &*directory), (other, &**of_other))?;
            mounts::keeps_its_promise((other, &**of_other), (&mount, &*directory))?;
        }
        present.push((Arc::new(mount), directory));
        Ok(self)
    }

    /// True if the guest may write to the file or folder of the host at `path`, or make one there, through one of the mounts that it has so far.
    /// Says yes where that can't be told.
    #[must_use]
    pub fn may_write(&self, path: &Path) -> bool {
        let mut writable = self.surroundings.mounts.iter().filter(|(mount, _)| !mount.read_only).peekable();
        writable.peek().is_some() && reach::may_write(&*self.system, writable.map(|(_, directory)| directory), path)
    }

    /// True if the guest may read the file or folder of the host at `path` through one of the mounts that it has so far. Says yes where that
    /// can't be told.
    #[must_use]
    pub fn may_read(&self, path: &Path) -> bool {
        let mounts = &self.surroundings.mounts;
        !mounts.is_empty() && reach::may_write(&*self.system, mounts.iter().map(|(_, directory)| directory), path)
    }

    /// Limits what the guest may add to each of its mounts that has no [quota of its own](Access::Within), those mounted later
    /// included. Without this quota, the system alone sets the limit.
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
    /// [`Exit::Returned`] has what it returns. The arguments may also stand in the function, as `add(1, 2)`.
    pub fn invoke(
        &mut self,
        function: impl Into<String>,
        arguments: impl IntoIterator<Item = impl Into<String>>,
    ) -> &mut Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        self.invocation = Some(Invocation { function: function.into(), arguments });
        self
    }

    /// The rule that its first refused use of the network needs; filled when that happens.
    #[must_use]
    pub fn missing_rule(&self) -> Arc<OnceLock<MissingRule>> {
        Arc::clone(&self.missing)
    }

    /// The bytes that its linear memories may take together; more is refused to the guest, not to the host. Each memory is
    /// below 4 GiB in any case.
    pub fn max_memory(&mut self, bytes: u64) -> &mut Self {
        self.memory = bytes;
        self
    }

    /// The bytes that the host may hold for it besides its linear memories: for handles and their names, directories that are being listed, bytes
    /// that wait to be sent, tables, random bytes; 512 MiB unless told otherwise. A call that would take more fails with
    /// `insufficient-memory`, or traps where the interface has no error. Sizes are computed, not measured; docs/security.md has them.
    pub fn max_host_memory(&mut self, bytes: u64) -> &mut Self {
        self.host_memory = bytes;
        self
    }

    /// The handles that it may have open at a time, of all kinds together; 100,000 unless told otherwise. One more fails
    /// with `insufficient-memory`, or traps where the interface has no error. A list in one call may name twice as many, less
    /// those that are open; more trap.
    pub fn max_handles(&mut self, handles: usize) -> &mut Self {
        self.handles = handles;
        self
    }

    /// The instances of modules that there may be in the run, and the tables of all of them; a program that has more does not start. The
    /// engine allows 10,000 of each in any case, or less, as `max_host_memory` says.
    pub fn max_instances_and_tables(&mut self, instances: usize, tables: usize) -> &mut Self {
        (self.instances, self.tables) = (instances, tables);
        self
    }

    /// Ends the run, [`Exit::Trap`], when the guest has used this number of units of fuel. Most instructions take one unit, and those that
    /// only arrange others (`block`, `loop`, `nop`, `drop`) none; what the host does in a call takes none. Takes a
    /// [metered](crate::RuntimeOptions::metered) runtime.
    pub fn fuel(&mut self, units: u64) -> &mut Self {
        self.fuel = Some(units);
        self
    }

    /// What the run came to use; filled when the guest has ended, before [`Observer::finish`].
    #[must_use]
    pub fn usage(&self) -> Arc<OnceLock<Usage>> {
        Arc::clone(&self.usage)
    }

    /// Ends the run after this time, [`Exit::TimedOut`]. A guest that computes without calling anything is ended only
    /// where its runtime is [interruptible](crate::RuntimeOptions::interruptible). A run that hangs in a call of the operating
    /// system, such as a write to a trace that nobody reads, can only be ended with the process: by a thread that its owner has.
    pub fn timeout(&mut self, time: Duration) -> &mut Self {
        self.timeout = Some(time);
        self
    }

    /// Sets the time that a connection which the guest has dropped, or left by ending, waits for a peer that takes nothing of the
    /// bytes left to send. After that time the connection is reset. The default is 60 seconds.
    pub fn linger(&mut self, time: Duration) -> &mut Self {
        self.linger = time;
        self
    }

    /// Identifies it among the guests of this process; its events have the same.
    #[must_use]
    pub fn id(&self) -> GuestId {
        self.id
    }

    /// Asks `decider` about each call too, after those that were given before, and after mounts, network rules and rights. A call that one
    /// denies never happens, and no other can allow it.
    pub fn decider(&mut self, decider: Arc<dyn Decider + Send + Sync>) -> &mut Self {
        self.deciders.push(decider);
        self
    }

    /// Tells `observer` of each call after it happened, or was refused; all observers in the order in which they were given. A call that
    /// one can't take note of ends the run, [`Exit::Unrecorded`]. The guest notices nothing of being observed but the time that it takes.
    ///
    /// The crate `callgate-trace` has an observer that writes traces. [`Observer::finish`], which the run does by itself, brings out what an
    /// observer holds back; a process that is about to end in another way can do it before.
    ///
    /// ```
    #[doc = include_str!("../examples/observer.rs")]
    /// ```
    pub fn observer(&mut self, observer: Arc<dyn Observer>) -> &mut Self {
        self.observers.push(observer);
        self
    }

    /// Hands the guest's stack to `show` whenever it is [asked for](StackRequest::ask): the functions, innermost first, a line or more each, with
    /// source lines as in the backtrace of a [`Trap`]. Only code that is [interruptible](crate::RuntimeOptions::interruptible) answers. A guest
    /// that computes answers at once; one in a call does when the call is over. `show` runs on the guest's thread, which waits for it.
    pub fn stack_on_request(&mut self, show: impl Fn(String) + Send + Sync + 'static) -> StackRequest {
        self.request.insert(StackRequest::new(Box::new(show))).clone()
    }

    /// Ends the run when the guest writes to a standard output that nobody reads any more, as a signal ends a native
    /// program, instead of telling the guest that the stream is closed.
    pub fn quit_when_nobody_reads(&mut self) -> &mut Self {
        self.quits = true;
        self
    }

    /// Checks, without running it, that `program` can be started as this guest is to: that its imports are there, that it is a command, or
    /// has the function that is to be called, for these arguments.
    ///
    /// # Errors
    /// In a line, where it can't.
    pub fn check(&self, program: &Program) -> Result<(), LoadError> {
        match &self.invocation {
            None => program.check(),
            Some(invocation) => {
                let found = invocation.find(program.link()?, &program.runtime.engine).map(drop);
                found.map_err(|why| program.fail(why))
            }
        }
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
        if guest.deciders.iter().any(|decider| decider.asks_about_paths()) {
            let strict = mounts::make_strict(&mut guest.surroundings.mounts);
            strict.map_err(|error| program.fail(format!("{NOT_STRICT}: {error}")))?;
        }
        let listeners = std::mem::take(&mut guest.listeners);
        let (timeout, observers) = (guest.timeout, guest.observers.clone());
        let (fuel, usage) = (guest.fuel, guest.usage());
        if fuel.is_some() && !program.runtime.metered {
            return Err(program.fail("its code does not count fuel; compile it with a metered runtime".to_owned()));
        }
        let is_called = matches!(start, Start::Invoked(_));
        let mut store = guest.into_store(program);
        if is_called {
            store.set_hostcall_fuel(returned(&store.data().budget));
        }
        if program.is_module() {
            preview1::begin(store.data(), &listeners).map_err(|_| program.fail(TOO_FEW_HANDLES.to_owned()))?;
        }
        let runtime = &program.runtime;
        let limit = timeout.filter(|_| runtime.interruptible);
        let watchdog = limit.map(|time| Watchdog::new(runtime.engine.clone(), time)).transpose();
        let watchdog =
            watchdog.map_err(|error| program.fail(format!("no thread can be had for its time limit: {error}")))?;
        let ended = start.run(&mut store).and_then(|exit| {
            store.data().drain()?;
            Ok(exit)
        });
        drop(watchdog);
        let left = store.get_fuel().ok();
        let used = fuel.zip(left).map(|(fuel, left)| fuel.saturating_sub(left));
        usage.get_or_init(|| Usage { fuel: used, memory: store.data().memory.used() });
        let exit = ended.unwrap_or_else(|error| Exit::of(&error, store.data()));
        match finish(&observers, &exit) {
            Err(error) if !matches!(exit, Exit::Unrecorded(_)) => Ok(Exit::unrecorded(Some(&error))),
            _ => Ok(exit),
        }
    }

    fn into_store(mut self, program: &Program) -> GuestStore {
        quota::limit(&mut self.surroundings.mounts, self.quota);
        let stdio = self.system.stdio();
        let streams = Streams {
            stdin: Arc::new(InputStream::of_source("stdin", stdio.stdin)),
            stdout: Arc::new(OutputStream::of_sink("stdout", stdio.stdout, self.quits)),
            stderr: Arc::new(OutputStream::of_sink("stderr", stdio.stderr, false)),
        };
        let rules = NetworkRules::new(self.network, self.missing);
        let gate = Gate::new(self.id, Arc::clone(&self.system), rules).attended_by(self.deciders, self.observers);
        let linger = u64::try_from(self.linger.as_nanos()).unwrap_or(u64::MAX);
        let budget = Budget::new(self.host_memory);
        let (handed_over, engine_handles) = (handed_over(&budget), engine_handles(self.handles, &budget));
        let counts = Counts::within(&budget, program.largest_instance()).at_most(self.instances, self.tables);
        let memory = Memory::new(self.memory, counts, &budget);
        let limits = Limits { handles: self.handles, memory, budget, linger };
        let mut host = Host::new(self.system, gate, self.surroundings, streams, limits);
        host.deadline = self.timeout.and_then(|time| Deadline::after(time, &*host.system));
        if let Some(deadline) = host.deadline {
            host.gate.end_at(deadline.on_system);
        }
        let mut store = Store::new(&program.runtime.engine, host);
        store.limiter(|host| &mut host.memory);
        store.set_max_component_handles(engine_handles);
        store.set_hostcall_fuel(handed_over);
        if program.runtime.metered {
            // It fails in runtimes that are not metered alone.
            store.set_fuel(self.fuel.unwrap_or(u64::MAX)).ok();
        }
        if program.runtime.interruptible {
            store.set_epoch_deadline(1);
            // The epoch is the engine's, so another guest's watchdog may have moved it on.
            let request = self.request.inspect(|request| request.begin(&program.runtime.engine));
            store.epoch_deadline_callback(move |cx| {
                cx.data().check_deadline()?;
                if let Some(request) = &request {
                    request.answer(cx);
                }
                Ok(UpdateDeadline::Continue(1))
            });
        }
        store
    }
}

impl Exit {
    fn unrecorded(why: Option<&io::Error>) -> Self {
        Self::Unrecorded(why.map_or_else(String::new, ToString::to_string))
    }

    fn of(error: &wasmtime::Error, host: &Host) -> Self {
        let trap = |reason| Trap { reason, backtrace: backtrace(error) };
        match error.downcast_ref::<CallError>() {
            Some(CallError::EndedRun(RunEnd::Exited(code))) => Self::Code(*code),
            Some(CallError::EndedRun(RunEnd::NobodyReads)) => Self::NobodyReads,
            Some(CallError::EndedRun(RunEnd::TimedOut)) => Self::TimedOut(trap(RunEnd::TimedOut.to_string())),
            Some(CallError::EndedRun(RunEnd::Unrecorded)) => Self::unrecorded(host.gate.unrecorded()),
            Some(CallError::EndedRun(wrote @ RunEnd::Overwrote { .. })) => Self::Trap(trap(wrote.to_string())),
            // A call failed whose type has no place for an error.
            Some(CallError::Failed(failed)) => Self::Trap(trap(format!("{}: {failed}", host.gate.last_failed()))),
            None if error.downcast_ref() == Some(&wasmtime::Trap::OutOfFuel) => {
                Self::Trap(trap("its fuel is used up".to_owned()))
            }
            None => Self::Trap(trap(Untrusted::new(error.root_cause()).to_string())),
        }
    }
}

/// Tells every observer how the run ended.
///
/// # Errors
/// The first one's; the others are told all the same.
fn finish(observers: &[Arc<dyn Observer>], exit: &Exit) -> io::Result<()> {
    let finished = observers.iter().map(|observer| observer.finish(exit));
    finished.fold(Ok(()), io::Result::and)
}

mod mounts;
#[cfg(test)]
mod tests;
