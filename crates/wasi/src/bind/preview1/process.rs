//! The functions that concern the run as a whole: arguments, environment, clocks, random bytes, its end.

use std::thread;

use callgate_gate::{Call, CallError, RunEnd};

use super::errno::{Errno, Stop};
use super::memory::GuestMemory;
use super::values;
use crate::calls::{cli, clocks, random};
use crate::host::Host;

type Done = Result<(), Stop>;

pub(super) fn args_sizes_get(host: &Host, memory: &mut GuestMemory<'_>, count: u32, size: u32) -> Done {
    let arguments = cli::get_arguments(host)?;
    put_sizes(memory, count, size, arguments.iter().map(String::len))
}

pub(super) fn args_get(host: &Host, memory: &mut GuestMemory<'_>, list: u32, texts: u32) -> Done {
    let arguments = cli::get_arguments(host)?;
    put_texts(memory, list, texts, arguments.iter().map(|argument| [argument.as_bytes(), b"", b""]))
}

pub(super) fn environ_sizes_get(host: &Host, memory: &mut GuestMemory<'_>, count: u32, size: u32) -> Done {
    let variables = cli::get_environment(host)?;
    put_sizes(memory, count, size, variables.iter().map(|(name, value)| name.len() + 1 + value.len()))
}

pub(super) fn environ_get(host: &Host, memory: &mut GuestMemory<'_>, list: u32, texts: u32) -> Done {
    let variables = cli::get_environment(host)?;
    put_texts(memory, list, texts, variables.iter().map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes()]))
}

/// Writes the number of texts, and the number of bytes that they take with a NUL after each.
fn put_sizes(
    memory: &mut GuestMemory<'_>,
    count: u32,
    size: u32,
    lengths: impl ExactSizeIterator<Item = usize>,
) -> Done {
    let number = u32::try_from(lengths.len()).map_err(|_| Errno::Overflow)?;
    let bytes = lengths.fold(0_usize, |sum, length| sum.saturating_add(length + 1));
    memory.put_u32(count, number)?;
    Ok(memory.put_u32(size, u32::try_from(bytes).map_err(|_| Errno::Overflow)?)?)
}

/// Writes the texts, each given in three parts, one after the other with a NUL after each, and the address of each.
fn put_texts<'a>(
    memory: &mut GuestMemory<'_>,
    list: u32,
    texts: u32,
    all: impl Iterator<Item = [&'a [u8]; 3]>,
) -> Done {
    // The position after the last text may be no address.
    let address = |at: u64| u32::try_from(at).map_err(|_| Errno::Fault);
    let (mut list, mut at) = (u64::from(list), u64::from(texts));
    for text in all {
        memory.put_u32(address(list)?, address(at)?)?;
        list += 4;
        for part in text.into_iter().chain([&b"\0"[..]]) {
            let len = u32::try_from(part.len()).map_err(|_| Errno::Fault)?;
            memory.bytes_mut(address(at)?, len)?.copy_from_slice(part);
            at += u64::from(len);
        }
    }
    Ok(())
}

/// A clock; those of processor time are none here, since a guest has no time of its own.
enum ClockId {
    Realtime,
    Monotonic,
}

fn clock_id(number: u32) -> Result<ClockId, Errno> {
    match number {
        0 => Ok(ClockId::Realtime),
        1 => Ok(ClockId::Monotonic),
        _ => Err(Errno::Inval),
    }
}

pub(super) fn clock_res_get(host: &Host, memory: &mut GuestMemory<'_>, id: u32, out: u32) -> Done {
    let step = match clock_id(id)? {
        ClockId::Realtime => clocks::wall_resolution(host)?,
        ClockId::Monotonic => clocks::monotonic_resolution(host)?,
    };
    Ok(memory.put_u64(out, step)?)
}

pub(super) fn clock_time_get(host: &Host, memory: &mut GuestMemory<'_>, id: u32, out: u32) -> Done {
    let now = match clock_id(id)? {
        ClockId::Realtime => values::nanoseconds(clocks::wall_now(host)?),
        ClockId::Monotonic => clocks::monotonic_now(host)?,
    };
    Ok(memory.put_u64(out, now)?)
}

pub(super) fn random_get(host: &Host, memory: &mut GuestMemory<'_>, at: u32, len: u32) -> Done {
    Ok(random::fill(host, memory.bytes_mut(at, len)?)?)
}

/// Ends the run; of the code, the low byte counts, as for a process.
pub(super) fn proc_exit(host: &Host, code: u32) -> wasmtime::Error {
    #[allow(clippy::cast_possible_truncation, reason = "as for a process")]
    let ended = cli::exit_with_code(host, code as u8);
    ended.err().unwrap_or(CallError::EndedRun(RunEnd::Exited(code as u8))).into()
}

/// Signals that nobody handles, by what they do then: end the process, or nothing.
pub(super) fn proc_raise(host: &Host, signal: u32) -> Done {
    /// `chld`, `cont`, `stop`, `tstp`, `ttin`, `ttou`, `urg` and `winch`; nobody could continue what was stopped.
    const HARMLESS: [u8; 9] = [0, 16, 17, 18, 19, 20, 21, 22, 27];
    let signal = u8::try_from(signal).ok().filter(|signal| *signal <= 30).ok_or(Errno::Inval)?;
    let act = || {
        if HARMLESS.contains(&signal) { Ok(()) } else { Err(CallError::EndedRun(RunEnd::Exited(128 + signal))) }
    };
    Ok(host.gate.pass(Call::ProcRaise { signal }, act)?)
}

pub(super) fn sched_yield(host: &Host) -> Done {
    let act = || {
        thread::yield_now();
        host.check_deadline()
    };
    Ok(host.gate.pass(Call::SchedYield, act)?)
}
