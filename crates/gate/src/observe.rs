//! Telling of a call, after it happened or was refused.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use callgate_system::{Nanoseconds, Native, Result};

use crate::{Call, Handle, MissingRule, Reason, Resolved, RunEnd, Streams, Value};

/// Sees every call after it happened.
pub trait Observer: Send + Sync {
    /// A call has ended, or was refused. Runs on the guest's thread, before the guest goes on. Events come in the order of the
    /// calls, and none is left out.
    ///
    /// # Errors
    /// If it can't take note of the call: the guest must not go on unseen, so its run ends, [`RunEnd::Unrecorded`]. Other observers see
    /// that call too.
    fn observe(&self, event: &Event<'_>) -> io::Result<()>;

    /// The run is over, and `how` says in few words how it ended: `exited with code 0`. Everything held back must be out when this
    /// returns. May come twice, and from another thread, when the process is about to end; the first one tells how.
    ///
    /// # Errors
    /// If something of what happened could not be noted, whenever that was.
    fn finish(&self, how: &dyn fmt::Display) -> io::Result<()>;

    /// The number of the next call, `from` or a later one, at which it wants to see the guest's stack ([`Event::stack`]). The gate asks before
    /// the first call, and after each call that had a stack. Looking at the stack takes microseconds, so an observer of many calls samples.
    fn next_stack(&self, from: u64) -> Option<u64> {
        let _ = from;
        None
    }
}

/// Identifies a guest among all of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GuestId(u64);

impl GuestId {
    /// One that no other guest has; they begin at 1.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "each is another")]
    pub fn new() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }
}

/// A call that has ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct Event<'a> {
    /// The guest that made the call.
    pub guest: GuestId,
    /// Its number among the calls of that guest, which count from 1 without a gap.
    pub sequence: u64,
    /// The call.
    pub call: &'a Call<'a>,
    /// The place that it reached, where the gate knew it.
    pub resolved: Option<&'a Resolved<'a>>,
    /// The way it ended.
    pub outcome: Outcome<'a>,
    /// The functions of the guest that led to the call, where an observer [asked for them](Observer::next_stack).
    pub stack: Option<&'a Stack>,
}

/// The functions of the guest that were running when it made a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stack {
    /// Their names, the outermost first. They are demangled and escaped, and each has at most a few kilobytes. They are whatever the
    /// program's author wanted.
    pub functions: Vec<Arc<str>>,
    /// True if there were more functions on the outer side than are listed.
    pub is_cut: bool,
}

/// The end of a call.
#[derive(Debug)]
#[non_exhaustive]
pub struct Outcome<'a> {
    /// The value that it yielded, or the error. An error carries the native code, where there is one.
    pub result: Result<Value<'a>>,
    /// The streams that it made, if it connected a socket, accepted a connection, or made the streams of a UDP socket.
    pub streams: Option<Streams>,
    /// Why it was refused, if it was; then it never happened.
    pub refusal: Option<Refusal>,
    /// The rule of a decider that wants it noted ([`Verdict::Log`](crate::Verdict::Log)), by its number there.
    pub logged: Option<u32>,
    /// Why the run is over, if the call ended it.
    pub ended_run: Option<RunEnd>,
    /// The time at which it began, on the [observers' clock](callgate_system::System::observer_clock) of the system.
    pub began: Nanoseconds,
    /// The time at which it ended.
    pub ended: Nanoseconds,
}

/// The refusal of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The reason.
    pub reason: Reason,
    /// The rule for want of which it was refused.
    pub missing: Option<MissingRule>,
}

impl<'a> Event<'a> {
    /// The handle that the call acted on, with its mount and name; the first one of several.
    #[must_use]
    pub fn handle(&self) -> Option<Handle<'a>> {
        self.call.arguments().find_map(|(_, value)| if let Value::Handle(handle) = value { Some(handle) } else { None })
    }

    /// The operating system's own error code, where one is behind the failure.
    #[must_use]
    pub fn native(&self) -> Option<Native> {
        self.outcome.result.as_ref().err().and_then(|error| error.native)
    }

    /// The time that it took, waits included.
    #[must_use]
    pub fn duration(&self) -> Nanoseconds {
        self.outcome.ended.saturating_sub(self.outcome.began)
    }

    /// Bytes of contents that it moved, from the guest or to it. Names, paths and attributes don't count.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let Ok(value) = self.outcome.result else { return 0 };
        match (self.call, value) {
            (_, Value::Bytes(bytes)) => bytes.len() as u64,
            (_, Value::Datagrams { bytes, .. }) => bytes,
            (Call::StreamWrite { contents, .. } | Call::StreamBlockingWriteAndFlush { contents, .. }, Value::Done) => {
                contents.len() as u64
            }
            (
                Call::StreamWriteZeroes { len, .. } | Call::StreamBlockingWriteZeroesAndFlush { len, .. },
                Value::Done,
            ) => *len,
            (Call::UdpSend { data, .. }, Value::Flag(true)) => data.len() as u64,
            // Those that tell how much they moved; of an appending write preview1 tells it too.
            (
                Call::Write { .. }
                | Call::StreamWrite { .. }
                | Call::StreamSkip { .. }
                | Call::StreamBlockingSkip { .. }
                | Call::StreamSplice { .. }
                | Call::StreamBlockingSplice { .. },
                Value::Unsigned(bytes),
            ) => bytes,
            _ => 0,
        }
    }
}
