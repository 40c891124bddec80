//! The trace: one line a call, as strace writes it.
//!
//! `12:34:56.123456 descriptor.open-at(3</src>, "missing.txt", read) = no-entry (ENOENT) <0.000012>`: the wall time (UTC) at
//! which the call began, the function, its arguments, the result, and how long it took in seconds. A line goes out as
//! one write, so that lines of several guests don't mix.
//!
//! A trace has no gaps: where a line can't be written, nothing comes after it, and the run ends. A whole one ends with a line that
//! says how the run did, `+++ exited with code 0 +++`; one without is cut.
//!
//! Hazard: what is shown is chosen by the guest, lengths included. Each text goes through [`Untrusted`], so that a line is bounded
//! however long a path is.

use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use callgate_system::{
    AddressFamily, Advice, FileType, Follow, NewTimestamp, OpenHow, Shutdown, System, Timestamp, Untrusted,
};

use crate::{Call, Handle, Hook, Outcome, Reply};

/// Bytes of a buffer that are shown.
const SHOWN: usize = 32;

/// A hook that writes a line a call.
pub struct Trace {
    system: Arc<dyn System>,
    page: Mutex<Page>,
}

/// The sink of the lines, and whether it still takes them.
struct Page {
    out: Box<dyn Write + Send>,
    state: State,
}

enum State {
    Open,
    /// The last line is written.
    Whole,
    /// A line is missing, for this reason.
    Cut(io::ErrorKind),
}

impl Trace {
    /// A trace that is written to `out`, each line by one `write`; give it a buffer where that matters.
    #[must_use]
    pub fn new(system: Arc<dyn System>, out: Box<dyn Write + Send>) -> Self {
        Self { system, page: Mutex::new(Page { out, state: State::Open }) }
    }

    fn page(&self) -> MutexGuard<'_, Page> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When a call that began at monotonic time `began` began, in wall time.
    fn wall_time(&self, began: u64) -> Timestamp {
        let clock = self.system.clock();
        let (wall, ago) = (clock.wall(), clock.monotonic().saturating_sub(began));
        let nanoseconds = i128::from(wall.seconds) * 1_000_000_000 + i128::from(wall.nanoseconds) - i128::from(ago);
        Timestamp {
            seconds: i64::try_from(nanoseconds.div_euclid(1_000_000_000)).unwrap_or(i64::MAX),
            nanoseconds: u32::try_from(nanoseconds.rem_euclid(1_000_000_000)).unwrap_or(0),
        }
    }

    fn line(&self, call: &Call<'_>, outcome: &Outcome<'_>) -> Result<String, fmt::Error> {
        let mut line = String::with_capacity(160);
        let at = self.wall_time(outcome.began);
        let of_day = at.seconds.rem_euclid(86_400);
        write!(line, "{:02}:{:02}:{:02}.{:06} ", of_day / 3600, of_day / 60 % 60, of_day % 60, at.nanoseconds / 1000)?;
        line.push_str(call.function());
        line.push('(');
        let (mut separator, mut written) = ("", Ok(()));
        call.arguments(&mut |name, argument| {
            line.push_str(separator);
            separator = ", ";
            written = written.and_then(|()| argument.show(name, &mut line));
        });
        written?;
        line.push_str(") = ");
        match &outcome.result {
            Ok(reply) => show_reply(*reply, &mut line)?,
            Err(error) => write!(line, "{error}")?,
        }
        if let Some(missing) = &outcome.missing {
            write!(line, " ({missing})")?;
        }
        let took = outcome.ended.saturating_sub(outcome.began);
        writeln!(line, " <{}.{:06}>", took / 1_000_000_000, took % 1_000_000_000 / 1000)?;
        Ok(line)
    }
}

impl Page {
    /// Writes, once and never again after a failure: more lines behind the missing one would hide the gap.
    fn write(&mut self, text: &str, flush: bool) -> io::Result<()> {
        if let State::Cut(kind) = self.state {
            return Err(kind.into());
        }
        let mut written = self.out.write_all(text.as_bytes());
        if flush {
            written = written.and_then(|()| self.out.flush());
        }
        written.inspect_err(|error| self.state = State::Cut(error.kind()))
    }
}

impl Hook for Trace {
    fn passed(&self, call: &Call<'_>, outcome: &Outcome<'_>) -> io::Result<()> {
        let line = self.line(call, outcome).map_err(io::Error::other)?;
        let mut page = self.page();
        match page.state {
            State::Whole => Err(io::Error::other("the run was said to be over")),
            State::Open | State::Cut(_) => page.write(&line, false),
        }
    }

    fn finish(&self, how: &dyn fmt::Display) -> io::Result<()> {
        let mut page = self.page();
        if let State::Whole = page.state {
            return Ok(());
        }
        page.write(&format!("+++ {} +++\n", Untrusted::new(how)), true)?;
        page.state = State::Whole;
        Ok(())
    }
}

/// An argument, as a trace shows it.
pub(crate) trait Argument {
    fn show(&self, name: &'static str, line: &mut String) -> fmt::Result;
}

impl Argument for Handle<'_> {
    /// `3</src>`
    fn show(&self, _: &'static str, line: &mut String) -> fmt::Result {
        show_handle(self, line)
    }
}

impl Argument for &str {
    /// `"Cargo.toml"`
    fn show(&self, _: &'static str, line: &mut String) -> fmt::Result {
        write!(line, "{}", Untrusted::new(self).quoted())
    }
}

impl Argument for &[u8] {
    /// `"the first bytes"..., 4096`
    fn show(&self, _: &'static str, line: &mut String) -> fmt::Result {
        show_bytes(self, line)?;
        write!(line, ", {}", self.len())
    }
}

macro_rules! named_arguments {
    ($($type:ty),*) => {
        $(impl Argument for $type {
            /// `size=100`
            fn show(&self, name: &'static str, line: &mut String) -> fmt::Result {
                write!(line, "{name}={self}")
            }
        })*
    };
}

named_arguments!(i64, u64, usize, u8, bool, SocketAddr);

impl Argument for Option<SocketAddr> {
    fn show(&self, name: &'static str, line: &mut String) -> fmt::Result {
        match self {
            Some(address) => address.show(name, line),
            None => write!(line, "{name}=none"),
        }
    }
}

impl Argument for AddressFamily {
    fn show(&self, _: &'static str, line: &mut String) -> fmt::Result {
        line.write_str(match self {
            AddressFamily::Ipv4 => "ipv4",
            AddressFamily::Ipv6 => "ipv6",
        })
    }
}

impl Argument for Shutdown {
    fn show(&self, _: &'static str, line: &mut String) -> fmt::Result {
        line.write_str(match self {
            Shutdown::Receive => "receive",
            Shutdown::Send => "send",
            Shutdown::Both => "both",
        })
    }
}

impl Argument for Follow {
    fn show(&self, _: &'static str, line: &mut String) -> fmt::Result {
        line.write_str(match self {
            Follow::No => "nofollow",
            Follow::Yes => "follow",
        })
    }
}

impl Argument for Advice {
    fn show(&self, _: &'static str, line: &mut String) -> fmt::Result {
        line.write_str(match self {
            Advice::Normal => "normal",
            Advice::Sequential => "sequential",
            Advice::Random => "random",
            Advice::WillNeed => "will-need",
            Advice::DontNeed => "dont-need",
            Advice::NoReuse => "no-reuse",
        })
    }
}

impl Argument for NewTimestamp {
    /// `modified=now`
    fn show(&self, name: &'static str, line: &mut String) -> fmt::Result {
        match self {
            NewTimestamp::NoChange => write!(line, "{name}=no-change"),
            NewTimestamp::Now => write!(line, "{name}=now"),
            NewTimestamp::At(time) => {
                write!(line, "{name}=")?;
                show_time(*time, line)
            }
        }
    }
}

impl Argument for OpenHow {
    /// `read|write|create`
    fn show(&self, _: &'static str, line: &mut String) -> fmt::Result {
        let flags = [
            (self.read, "read"),
            (self.write, "write"),
            (self.create, "create"),
            (self.exclusive, "exclusive"),
            (self.truncate, "truncate"),
            (self.directory, "directory"),
            (self.sync, "sync"),
            (self.sync_data, "sync-data"),
            (self.follow == Follow::No, "nofollow"),
        ];
        let mut separator = "";
        for (_, name) in flags.iter().filter(|(set, _)| *set) {
            write!(line, "{separator}{name}")?;
            separator = "|";
        }
        if separator.is_empty() { line.write_str("attributes") } else { Ok(()) }
    }
}

fn show_handle(handle: &Handle<'_>, line: &mut String) -> fmt::Result {
    write!(line, "{}{}", handle.id, Untrusted::new(handle.name).bracketed())
}

fn show_bytes(bytes: &[u8], line: &mut String) -> fmt::Result {
    write!(line, "\"{}\"", bytes[..bytes.len().min(SHOWN)].escape_ascii())?;
    if bytes.len() > SHOWN { line.write_str("...") } else { Ok(()) }
}

fn show_time(time: Timestamp, line: &mut String) -> fmt::Result {
    write!(line, "{}.{:09}", time.seconds, time.nanoseconds)
}

fn show_reply(reply: Reply<'_>, line: &mut String) -> fmt::Result {
    match reply {
        Reply::Done => line.write_str("ok"),
        Reply::Closed => line.write_str("closed"),
        Reply::Absent => line.write_str("none"),
        Reply::Number(number) => write!(line, "{number}"),
        Reply::Flag(flag) => write!(line, "{flag}"),
        Reply::Bytes(bytes) => {
            show_bytes(bytes, line)?;
            write!(line, ", {}", bytes.len())
        }
        Reply::Text(text) => write!(line, "{}", Untrusted::new(text).quoted()),
        Reply::List(length) => write!(line, "[{length}]"),
        Reply::Handle(handle) => show_handle(&handle, line),
        Reply::Entry(kind, name) => write!(line, "{} {}", Untrusted::new(name).quoted(), kind_name(kind)),
        Reply::Kind(kind) => line.write_str(kind_name(kind)),
        Reply::Stat(stat) => write!(line, "{{{}, size={}, links={}}}", kind_name(stat.kind), stat.size, stat.links),
        Reply::Identity(identity) => write!(line, "{:x}:{:x}", identity.device, identity.file),
        Reply::Time(time) => show_time(time, line),
        Reply::Address(address) => write!(line, "{address}"),
    }
}

fn kind_name(kind: FileType) -> &'static str {
    match kind {
        FileType::Unknown => "unknown",
        FileType::BlockDevice => "block-device",
        FileType::CharacterDevice => "character-device",
        FileType::Directory => "directory",
        FileType::Fifo => "fifo",
        FileType::SymbolicLink => "symbolic-link",
        FileType::RegularFile => "regular-file",
        FileType::Socket => "socket",
    }
}
