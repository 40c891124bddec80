//! The functions of preview1, each with what its parameters are for: a value is made by its purpose, and so is its type.

use wasm_encoder::ValType;

use Parameter as P;

/// The purpose of a parameter, or of a few that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parameter {
    /// A descriptor: any, one that is a directory, a socket.
    Descriptor,
    Directory,
    Socket,
    /// A number that a descriptor may be moved to.
    Number,
    /// A text: its address and length.
    Path,
    /// A list of buffers that are written from, or read into: its address and how many there are.
    Gathered,
    Scattered,
    /// `poll_oneoff`'s: the address of its list, that of the events, and how many there are.
    Subscriptions,
    /// The address of an answer of which this word, so many bytes on, is the same on every system.
    Told(u32),
    /// The same, of an answer whose other words are not.
    ToldAmong(u32),
    /// Of an answer that is the same everywhere and not looked at; of one that is not.
    Out,
    Untold,
    /// Room: an address and a length, for what is the same everywhere or not.
    Room,
    UntoldRoom,
    Lookup,
    OpenFlags,
    DescriptorFlags,
    TimeFlags,
    Whence,
    Advice,
    Clock,
    Signal,
    Code,
    ReceiveFlags,
    SendFlags,
    ShutdownFlags,
    Offset,
    Length,
    Distance,
    Cookie,
    Rights,
    /// Rights for what is opened below.
    Inheriting,
    Time,
    /// Pages that the memory is to grow by.
    Pages,
}

impl Parameter {
    /// The types of WebAssembly.
    pub(crate) fn types(self) -> &'static [ValType] {
        match self {
            P::Path | P::Gathered | P::Scattered | P::Room | P::UntoldRoom => &[ValType::I32; 2],
            P::Subscriptions => &[ValType::I32; 3],
            P::Offset | P::Length | P::Distance | P::Cookie | P::Rights | P::Inheriting | P::Time => &[ValType::I64],
            _ => &[ValType::I32],
        }
    }
}

/// A function.
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) parameters: &'static [Parameter],
    /// The frequency of its calls, relative to other functions.
    pub(crate) weight: u32,
}

/// Not of the host, but made of the instruction of this name.
pub(crate) const GROW: &str = "memory.grow";

/// Not in `wasi_unstable`.
pub(crate) const ACCEPT: &str = "sock_accept";

/// Does not return.
pub(crate) const EXIT: &str = "proc_exit";

/// Does not return for most signals.
pub(crate) const RAISE: &str = "proc_raise";

const fn function(name: &'static str, weight: u32, parameters: &'static [Parameter]) -> Function {
    Function { name, parameters, weight }
}

/// All of them.
pub(crate) const FUNCTIONS: &[Function] = &[
    function("args_get", 2, &[P::Out, P::Out]),
    function("args_sizes_get", 2, &[P::Told(0), P::Out]),
    function("environ_get", 2, &[P::Out, P::Out]),
    function("environ_sizes_get", 2, &[P::Out, P::Told(0)]),
    function("clock_res_get", 2, &[P::Clock, P::Untold]),
    function("clock_time_get", 2, &[P::Clock, P::Time, P::Untold]),
    function("fd_advise", 4, &[P::Descriptor, P::Offset, P::Length, P::Advice]),
    function("fd_allocate", 2, &[P::Descriptor, P::Offset, P::Length]),
    function("fd_close", 8, &[P::Descriptor]),
    // Seldom: a disk takes longer for one than for all else.
    function("fd_datasync", 1, &[P::Descriptor]),
    function("fd_fdstat_get", 6, &[P::Descriptor, P::Told(0)]),
    function("fd_fdstat_set_flags", 6, &[P::Descriptor, P::DescriptorFlags]),
    function("fd_fdstat_set_rights", 3, &[P::Descriptor, P::Rights, P::Inheriting]),
    function("fd_filestat_get", 6, &[P::Descriptor, P::ToldAmong(16)]),
    function("fd_filestat_set_size", 8, &[P::Descriptor, P::Offset]),
    function("fd_filestat_set_times", 8, &[P::Descriptor, P::Time, P::Time, P::TimeFlags]),
    function("fd_pread", 10, &[P::Descriptor, P::Scattered, P::Offset, P::Told(0)]),
    function("fd_prestat_get", 3, &[P::Descriptor, P::Told(4)]),
    function("fd_prestat_dir_name", 3, &[P::Descriptor, P::Room]),
    function("fd_pwrite", 10, &[P::Descriptor, P::Gathered, P::Offset, P::Told(0)]),
    function("fd_read", 10, &[P::Descriptor, P::Scattered, P::Told(0)]),
    function("fd_readdir", 15, &[P::Directory, P::UntoldRoom, P::Cookie, P::Told(0)]),
    function("fd_renumber", 6, &[P::Descriptor, P::Number]),
    function("fd_seek", 10, &[P::Descriptor, P::Distance, P::Whence, P::Told(0)]),
    function("fd_sync", 1, &[P::Descriptor]),
    function("fd_tell", 4, &[P::Descriptor, P::Told(0)]),
    function("fd_write", 15, &[P::Descriptor, P::Gathered, P::Told(0)]),
    function("path_create_directory", 10, &[P::Directory, P::Path]),
    function("path_filestat_get", 10, &[P::Directory, P::Lookup, P::Path, P::ToldAmong(16)]),
    function("path_filestat_set_times", 8, &[P::Directory, P::Lookup, P::Path, P::Time, P::Time, P::TimeFlags]),
    function("path_link", 10, &[P::Directory, P::Lookup, P::Path, P::Directory, P::Path]),
    function(
        "path_open",
        40,
        &[P::Directory, P::Lookup, P::Path, P::OpenFlags, P::Rights, P::Inheriting, P::DescriptorFlags, P::Told(0)],
    ),
    function("path_readlink", 8, &[P::Directory, P::Path, P::Room, P::Told(0)]),
    function("path_remove_directory", 10, &[P::Directory, P::Path]),
    function("path_rename", 15, &[P::Directory, P::Path, P::Directory, P::Path]),
    function("path_symlink", 10, &[P::Path, P::Directory, P::Path]),
    function("path_unlink_file", 10, &[P::Directory, P::Path]),
    function("poll_oneoff", 8, &[P::Subscriptions, P::Untold]),
    function(EXIT, 1, &[P::Code]),
    function(RAISE, 1, &[P::Signal]),
    function("random_get", 4, &[P::UntoldRoom]),
    function("sched_yield", 1, &[]),
    function(ACCEPT, 4, &[P::Socket, P::DescriptorFlags, P::Told(0)]),
    function("sock_recv", 4, &[P::Socket, P::Scattered, P::ReceiveFlags, P::Told(0), P::Out]),
    function("sock_send", 4, &[P::Socket, P::Gathered, P::SendFlags, P::Told(0)]),
    function("sock_shutdown", 3, &[P::Socket, P::ShutdownFlags]),
    function(GROW, 3, &[P::Pages]),
];

/// The one of this name.
pub(crate) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}
