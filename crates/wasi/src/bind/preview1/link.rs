//! The functions by name and type, as a module imports them: a linker of its own for each module, with what that one asks for.

use callgate_gate::CallError;
use wasmtime::{Caller, Extern, Linker, Memory, Module};

use super::errno::Stop;
use super::memory::GuestMemory;
use super::paths::How;
use super::values::Snapshot::{self, Preview0, Preview1};
use super::{files, listing, paths, poll, process, sockets, transfer};
use crate::host::Host;
use crate::stacks;

/// A linker for what `module` imports.
pub(crate) fn linker(module: &Module) -> wasmtime::Result<Linker<Host>> {
    let mut linker = Linker::new(module.engine());
    for (name, snapshot) in [("wasi_snapshot_preview1", Preview1), ("wasi_unstable", Preview0)] {
        if module.imports().any(|import| import.module() == name) {
            link_process(&mut linker, name, snapshot)?;
            link_transfer(&mut linker, name, snapshot)?;
            link_descriptors(&mut linker, name, snapshot)?;
            link_paths(&mut linker, name, snapshot)?;
            link_names(&mut linker, name)?;
            link_sockets(&mut linker, name, snapshot)?;
        }
    }
    Ok(linker)
}

/// The caller of a host function, as the engine hands it over.
type Guest<'a> = Caller<'a, Host>;

/// The answer of a host function to the engine: an error number, or the end of the run.
type Answer = wasmtime::Result<u32>;

/// Runs a host function that works on guest memory.
#[inline]
fn call(
    mut guest: Guest<'_>,
    act: impl FnOnce(&Host, &mut GuestMemory<'_>) -> std::result::Result<(), Stop>,
) -> Answer {
    stacks::show(&guest);
    let memory = match guest.data().preview1.memory.get() {
        Some(memory) => memory,
        None => find_memory(&mut guest)?,
    };
    let (bytes, host) = memory.data_and_store_mut(&mut guest);
    answer(act(host, &mut GuestMemory::new(bytes)))
}

/// Runs a host function that needs no guest memory.
#[inline]
fn plain(guest: Guest<'_>, act: impl FnOnce(&Host) -> std::result::Result<(), Stop>) -> Answer {
    stacks::show(&guest);
    answer(act(guest.data()))
}

#[inline]
fn answer(result: std::result::Result<(), Stop>) -> Answer {
    match result {
        Ok(()) => Ok(0),
        Err(Stop::Errno(errno)) => Ok(errno as u32),
        Err(Stop::EndedRun(end)) => Err(CallError::from(end).into()),
    }
}

#[cold]
fn find_memory(guest: &mut Guest<'_>) -> wasmtime::Result<Memory> {
    let Some(Extern::Memory(memory)) = guest.get_export("memory") else {
        return Err(wasmtime::format_err!("it exports no `memory`, which a call of WASI preview1 works on"));
    };
    guest.data().preview1.memory.set(Some(memory));
    Ok(memory)
}

fn link_process(linker: &mut Linker<Host>, module: &str, snapshot: Snapshot) -> wasmtime::Result<()> {
    linker.func_wrap(module, "args_get", |guest: Guest<'_>, list: u32, texts: u32| {
        call(guest, |host, memory| process::args_get(host, memory, list, texts))
    })?;
    linker.func_wrap(module, "args_sizes_get", |guest: Guest<'_>, count: u32, size: u32| {
        call(guest, |host, memory| process::args_sizes_get(host, memory, count, size))
    })?;
    linker.func_wrap(module, "environ_get", |guest: Guest<'_>, list: u32, texts: u32| {
        call(guest, |host, memory| process::environ_get(host, memory, list, texts))
    })?;
    linker.func_wrap(module, "environ_sizes_get", |guest: Guest<'_>, count: u32, size: u32| {
        call(guest, |host, memory| process::environ_sizes_get(host, memory, count, size))
    })?;
    linker.func_wrap(module, "clock_res_get", |guest: Guest<'_>, id: u32, out: u32| {
        call(guest, |host, memory| process::clock_res_get(host, memory, id, out))
    })?;
    linker.func_wrap(module, "clock_time_get", |guest: Guest<'_>, id: u32, _precision: u64, out: u32| {
        call(guest, |host, memory| process::clock_time_get(host, memory, id, out))
    })?;
    linker.func_wrap(module, "random_get", |guest: Guest<'_>, at: u32, len: u32| {
        call(guest, |host, memory| process::random_get(host, memory, at, len))
    })?;
    linker.func_wrap(
        module,
        "poll_oneoff",
        move |guest: Guest<'_>, list: u32, events: u32, count: u32, out: u32| {
            call(guest, |host, memory| poll::poll_oneoff(host, memory, snapshot, (list, events), count, out))
        },
    )?;
    linker.func_wrap(module, "proc_exit", |guest: Guest<'_>, code: u32| -> wasmtime::Result<()> {
        stacks::show(&guest);
        Err(process::proc_exit(guest.data(), code))
    })?;
    linker.func_wrap(module, "proc_raise", |guest: Guest<'_>, signal: u32| {
        plain(guest, |host| process::proc_raise(host, signal))
    })?;
    linker.func_wrap(module, "sched_yield", |guest: Guest<'_>| plain(guest, process::sched_yield))?;
    Ok(())
}

fn link_transfer(linker: &mut Linker<Host>, module: &str, snapshot: Snapshot) -> wasmtime::Result<()> {
    linker.func_wrap(module, "fd_read", |guest: Guest<'_>, fd: u32, list: u32, count: u32, out: u32| {
        call(guest, |host, memory| transfer::fd_read(host, memory, fd, (list, count), out))
    })?;
    linker.func_wrap(module, "fd_write", |guest: Guest<'_>, fd: u32, list: u32, count: u32, out: u32| {
        call(guest, |host, memory| transfer::fd_write(host, memory, fd, (list, count), out))
    })?;
    linker.func_wrap(
        module,
        "fd_pread",
        |guest: Guest<'_>, fd: u32, list: u32, count: u32, offset: u64, out: u32| {
            call(guest, |host, memory| transfer::fd_pread(host, memory, fd, (list, count), offset, out))
        },
    )?;
    linker.func_wrap(
        module,
        "fd_pwrite",
        |guest: Guest<'_>, fd: u32, list: u32, count: u32, offset: u64, out: u32| {
            call(guest, |host, memory| transfer::fd_pwrite(host, memory, fd, (list, count), offset, out))
        },
    )?;
    linker.func_wrap(module, "fd_seek", move |guest: Guest<'_>, fd: u32, offset: i64, whence: u32, out: u32| {
        call(guest, |host, memory| transfer::fd_seek(host, memory, snapshot, fd, offset, whence, out))
    })?;
    linker.func_wrap(module, "fd_tell", |guest: Guest<'_>, fd: u32, out: u32| {
        call(guest, |host, memory| transfer::fd_tell(host, memory, fd, out))
    })?;
    linker.func_wrap(module, "fd_readdir", |guest: Guest<'_>, fd: u32, at: u32, len: u32, cookie: u64, out: u32| {
        call(guest, |host, memory| listing::fd_readdir(host, memory, fd, (at, len), cookie, out))
    })?;
    Ok(())
}

fn link_descriptors(linker: &mut Linker<Host>, module: &str, snapshot: Snapshot) -> wasmtime::Result<()> {
    linker.func_wrap(module, "fd_close", |guest: Guest<'_>, fd: u32| plain(guest, |host| files::fd_close(host, fd)))?;
    linker.func_wrap(module, "fd_renumber", |guest: Guest<'_>, from: u32, to: u32| {
        plain(guest, |host| files::fd_renumber(host, from, to))
    })?;
    linker.func_wrap(module, "fd_sync", |guest: Guest<'_>, fd: u32| plain(guest, |host| files::fd_sync(host, fd)))?;
    linker.func_wrap(module, "fd_datasync", |guest: Guest<'_>, fd: u32| {
        plain(guest, |host| files::fd_datasync(host, fd))
    })?;
    linker.func_wrap(module, "fd_advise", |guest: Guest<'_>, fd: u32, offset: u64, length: u64, advice: u32| {
        plain(guest, |host| files::fd_advise(host, fd, offset, length, advice))
    })?;
    linker.func_wrap(module, "fd_allocate", |guest: Guest<'_>, fd: u32, offset: u64, length: u64| {
        plain(guest, |host| files::fd_allocate(host, fd, offset, length))
    })?;
    linker.func_wrap(module, "fd_fdstat_get", |guest: Guest<'_>, fd: u32, out: u32| {
        call(guest, |host, memory| files::fd_fdstat_get(host, memory, fd, out))
    })?;
    linker.func_wrap(module, "fd_fdstat_set_flags", |guest: Guest<'_>, fd: u32, flags: u32| {
        plain(guest, |host| files::fd_fdstat_set_flags(host, fd, flags))
    })?;
    linker.func_wrap(module, "fd_fdstat_set_rights", |guest: Guest<'_>, fd: u32, base: u64, inheriting: u64| {
        plain(guest, |host| files::fd_fdstat_set_rights(host, fd, base, inheriting))
    })?;
    linker.func_wrap(module, "fd_filestat_get", move |guest: Guest<'_>, fd: u32, out: u32| {
        call(guest, |host, memory| files::fd_filestat_get(host, memory, snapshot, fd, out))
    })?;
    linker.func_wrap(module, "fd_filestat_set_size", |guest: Guest<'_>, fd: u32, size: u64| {
        plain(guest, |host| files::fd_filestat_set_size(host, fd, size))
    })?;
    linker.func_wrap(
        module,
        "fd_filestat_set_times",
        |guest: Guest<'_>, fd: u32, accessed: u64, modified: u64, flags: u32| {
            plain(guest, |host| files::fd_filestat_set_times(host, fd, accessed, modified, flags))
        },
    )?;
    linker.func_wrap(module, "fd_prestat_get", |guest: Guest<'_>, fd: u32, out: u32| {
        call(guest, |host, memory| files::fd_prestat_get(host, memory, fd, out))
    })?;
    linker.func_wrap(module, "fd_prestat_dir_name", |guest: Guest<'_>, fd: u32, at: u32, len: u32| {
        call(guest, |host, memory| files::fd_prestat_dir_name(host, memory, fd, at, len))
    })?;
    Ok(())
}

fn link_paths(linker: &mut Linker<Host>, module: &str, snapshot: Snapshot) -> wasmtime::Result<()> {
    linker.func_wrap(
        module,
        "path_open",
        |guest: Guest<'_>,
         dir: u32,
         lookup: u32,
         path: u32,
         len: u32,
         open: u32,
         rights: u64,
         _inheriting: u64,
         flags: u32,
         out: u32| {
            let how = How { lookup, open, rights, flags };
            call(guest, |host, memory| paths::path_open(host, memory, dir, (path, len), &how, out))
        },
    )?;
    linker.func_wrap(
        module,
        "path_filestat_get",
        move |guest: Guest<'_>, dir: u32, lookup: u32, path: u32, len: u32, out: u32| {
            let path = (path, len);
            call(guest, |host, memory| paths::path_filestat_get(host, memory, snapshot, dir, lookup, path, out))
        },
    )?;
    linker.func_wrap(
        module,
        "path_filestat_set_times",
        |guest: Guest<'_>, dir: u32, lookup: u32, path: u32, len: u32, accessed: u64, modified: u64, flags: u32| {
            let (path, times) = ((path, len), (accessed, modified, flags));
            call(guest, |host, memory| paths::path_filestat_set_times(host, memory, dir, lookup, path, times))
        },
    )?;
    linker.func_wrap(
        module,
        "path_readlink",
        |guest: Guest<'_>, dir: u32, path: u32, len: u32, at: u32, room: u32, out: u32| {
            call(guest, |host, memory| paths::path_readlink(host, memory, dir, (path, len), (at, room), out))
        },
    )?;
    Ok(())
}

fn link_names(linker: &mut Linker<Host>, module: &str) -> wasmtime::Result<()> {
    linker.func_wrap(module, "path_create_directory", |guest: Guest<'_>, dir: u32, path: u32, len: u32| {
        call(guest, |host, memory| paths::path_create_directory(host, memory, dir, (path, len)))
    })?;
    linker.func_wrap(module, "path_remove_directory", |guest: Guest<'_>, dir: u32, path: u32, len: u32| {
        call(guest, |host, memory| paths::path_remove_directory(host, memory, dir, (path, len)))
    })?;
    linker.func_wrap(module, "path_unlink_file", |guest: Guest<'_>, dir: u32, path: u32, len: u32| {
        call(guest, |host, memory| paths::path_unlink_file(host, memory, dir, (path, len)))
    })?;
    linker.func_wrap(
        module,
        "path_rename",
        |guest: Guest<'_>, dir: u32, path: u32, len: u32, new_dir: u32, new_path: u32, new_len: u32| {
            let (from, to) = ((dir, (path, len)), (new_dir, (new_path, new_len)));
            call(guest, |host, memory| paths::path_rename(host, memory, from, to))
        },
    )?;
    linker.func_wrap(
        module,
        "path_link",
        |guest: Guest<'_>, dir: u32, lookup: u32, path: u32, len: u32, new_dir: u32, new_path: u32, new_len: u32| {
            let (from, to) = ((dir, (path, len)), (new_dir, (new_path, new_len)));
            call(guest, |host, memory| paths::path_link(host, memory, lookup, from, to))
        },
    )?;
    linker.func_wrap(
        module,
        "path_symlink",
        |guest: Guest<'_>, target: u32, target_len: u32, dir: u32, path: u32, len: u32| {
            call(guest, |host, memory| paths::path_symlink(host, memory, (target, target_len), dir, (path, len)))
        },
    )?;
    Ok(())
}

fn link_sockets(linker: &mut Linker<Host>, module: &str, snapshot: Snapshot) -> wasmtime::Result<()> {
    if snapshot == Preview1 {
        linker.func_wrap(module, "sock_accept", |guest: Guest<'_>, fd: u32, flags: u32, out: u32| {
            call(guest, |host, memory| sockets::sock_accept(host, memory, fd, flags, out))
        })?;
    }
    linker.func_wrap(
        module,
        "sock_recv",
        |guest: Guest<'_>, fd: u32, list: u32, count: u32, flags: u32, out: u32, out_flags: u32| {
            let (list, outs) = ((list, count), (out, out_flags));
            call(guest, |host, memory| sockets::sock_recv(host, memory, fd, list, flags, outs))
        },
    )?;
    linker.func_wrap(
        module,
        "sock_send",
        |guest: Guest<'_>, fd: u32, list: u32, count: u32, flags: u32, out: u32| {
            call(guest, |host, memory| sockets::sock_send(host, memory, fd, (list, count), flags, out))
        },
    )?;
    linker.func_wrap(module, "sock_shutdown", |guest: Guest<'_>, fd: u32, how: u32| {
        plain(guest, |host| sockets::sock_shutdown(host, fd, how))
    })?;
    Ok(())
}
