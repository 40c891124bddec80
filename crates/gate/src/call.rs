//! Every call of the interface, once: its WIT name, its arguments, and whether it changes something below a mount.
//!
//! This is the vocabulary of the trace, and of whatever else comes to stand at the gate.

use std::net::SocketAddr;

use callgate_system::{AddressFamily, Advice, Code, Follow, Nanoseconds, NewTimestamp, OpenHow, Shutdown};

use crate::sample::Sample;
use crate::{Handle, NetworkAccess, Value};

/// Arguments that a call has at most.
const MOST: usize = 5;

macro_rules! calls {
    ($($interface:literal {
        $($(#[$doc:meta])* $variant:ident $function:literal $(($($field:ident: $type:ty $(as $kind:ident)?),+))?
            $access:ident $([$($changed:expr),+])?;)*
    })*) => {
        /// A call of a guest, before it happens.
        #[derive(Clone, Copy, Debug)]
        #[non_exhaustive]
        #[allow(missing_docs, reason = "the fields are the arguments of the WIT function, under their names")]
        pub enum Call<'a> {
            $($($(#[$doc])* $variant $({ $($field: $type),+ })?,)*)*
        }

        /// The functions by number, in the order of their declaration.
        #[derive(Clone, Copy)]
        #[repr(u8)]
        enum Number { $($($variant,)*)* }

        impl Call<'static> {
            /// One call of each function, in the order of their [numbers](Call::number). Its arguments mean nothing.
            pub const EVERY: &'static [Self] = &[$($(Call::$variant $({ $($field: Sample::SAMPLE),+ })?,)*)*];
        }

        impl<'a> Call<'a> {
            /// The interface and the function of every call, in the order of their declaration.
            pub const ALL: &'static [(&'static str, &'static str)] = &[$($(($interface, $function),)*)*];

            /// The number of the function, which is its index in [`Call::EVERY`]. It holds for this build alone.
            #[must_use]
            #[inline(always)]
            pub fn number(&self) -> usize {
                match self { $($(Call::$variant { .. } => Number::$variant as usize,)*)* }
            }

            /// The WIT interface that the function is of, without a version: `wasi:filesystem/types`.
            #[must_use]
            pub fn interface(&self) -> &'static str {
                match self { $($(Call::$variant { .. } => $interface,)*)* }
            }

            /// The function's name: `descriptor.set-size`.
            #[must_use]
            pub fn function(&self) -> &'static str {
                match self { $($(Call::$variant { .. } => $function,)*)* }
            }

            /// True if it would change something below a read-only mount.
            #[must_use]
            #[inline(always)]
            #[allow(unused_variables, reason = "only calls that change something look at their arguments")]
            pub fn changes_read_only_mount(&self) -> bool {
                match *self {
                    $($(Call::$variant { $($($field),+)? } => calls!(@read_only $access $([$($changed),+])?),)*)*
                }
            }

            /// The error for want of a right that the guest gave away on one of its handles.
            #[inline(always)]
            pub(crate) fn missing_right(&self) -> Option<Code> {
                match *self {
                    $($(Call::$variant { $($($field),+)? } => {
                        $($(if let Value::Handle(Handle { denied: Some(code), .. }) = Value::from($field) {
                            return Some(code);
                        })+)?
                        None
                    })*)*
                }
            }

            /// The use of the network that it would make, if any.
            #[must_use]
            #[inline(always)]
            #[allow(unused_variables, reason = "only calls that go to the network look at their arguments")]
            pub fn network_access(&self) -> Option<NetworkAccess<'a>> {
                match *self {
                    $($(Call::$variant { $($($field),+)? } => calls!(@asks $access $([$($changed),+])?),)*)*
                }
            }

            /// Hands each argument with its name to `visit`, in the order of the WIT function. It is for those who are told of every call:
            /// nothing is kept, so it takes a fraction of the time of [`Call::arguments`].
            pub fn visit_arguments(&self, visit: &mut dyn FnMut(&'static str, Value<'a>)) {
                match *self {
                    $($(Call::$variant { $($($field),+)? } => {
                        $($(visit(stringify!($field), calls!(@value $field $($kind)?));)+)?
                    })*)*
                }
            }

            /// Each argument with its name, in the order of the WIT function.
            pub fn arguments(&self) -> impl Iterator<Item = (&'static str, Value<'a>)> + use<'a> {
                let mut all = [None; MOST];
                match *self {
                    $($(Call::$variant { $($($field),+)? } => {
                        const NAMES: &[&str] = &[$($(stringify!($field)),+)?];
                        const { assert!(NAMES.len() <= MOST) };
                        let values: [Value<'a>; NAMES.len()] = [$($(calls!(@value $field $($kind)?)),+)?];
                        for ((place, name), value) in all.iter_mut().zip(NAMES).zip(values) {
                            *place = Some((*name, value));
                        }
                    })*)*
                }
                all.into_iter().flatten()
            }
        }

        /// The declarations of the list below, for tests that must leave nothing out.
        #[cfg(test)]
        pub(crate) mod declared {
            /// The function of every call, and whether it can change something.
            pub(crate) const CALLS: &[(&str, bool)] = &[$($(($function, calls!(@changes $access)),)*)*];
        }
    };
    (@changes changes) => { true };
    (@changes $other:ident) => { false };
    (@read_only changes [$($changed:expr),+]) => { $($changed)||+ };
    (@read_only $other:ident $([$($ignored:expr),+])?) => { false };
    (@value $field:ident) => { Value::from($field) };
    (@value $field:ident $kind:ident) => { Value::$kind($field) };
    (@asks asks [$access:expr]) => { $access };
    (@asks $other:ident $([$($ignored:expr),+])?) => { None };
}

calls! {
    "wasi:io/error" {
        /// Describes a stream's error.
        ErrorToDebugString "error.to-debug-string" (error: Handle<'a>) reads;
    }
    "wasi:io/poll" {
        /// Asks whether a pollable is ready.
        PollableReady "pollable.ready" (pollable: Handle<'a>) reads;
        /// Waits for a pollable.
        PollableBlock "pollable.block" (pollable: Handle<'a>) reads;
        /// Waits for any of several pollables.
        Poll "poll" (count: usize) reads;
    }
    "wasi:io/streams" {
        /// Reads what is there.
        StreamRead "input-stream.read" (stream: Handle<'a>, len: u64) reads;
        /// Reads, waiting for at least a byte.
        StreamBlockingRead "input-stream.blocking-read" (stream: Handle<'a>, len: u64) reads;
        /// Reads what is there, away.
        StreamSkip "input-stream.skip" (stream: Handle<'a>, len: u64) reads;
        /// Reads away, waiting for at least a byte.
        StreamBlockingSkip "input-stream.blocking-skip" (stream: Handle<'a>, len: u64) reads;
        /// Makes a pollable that is ready when there is something to read.
        InputSubscribe "input-stream.subscribe" (stream: Handle<'a>) reads;
        /// Asks how much may be written now.
        StreamCheckWrite "output-stream.check-write" (stream: Handle<'a>) reads;
        /// Writes what was permitted.
        StreamWrite "output-stream.write" (stream: Handle<'a>, contents: &'a [u8]) changes [stream.is_read_only()];
        /// Writes up to 4096 bytes and waits until they are out.
        StreamBlockingWriteAndFlush "output-stream.blocking-write-and-flush" (stream: Handle<'a>, contents: &'a [u8])
            changes [stream.is_read_only()];
        /// Asks for what was written to go out.
        StreamFlush "output-stream.flush" (stream: Handle<'a>) reads;
        /// Waits until what was written is out.
        StreamBlockingFlush "output-stream.blocking-flush" (stream: Handle<'a>) reads;
        /// Makes a pollable that is ready when something may be written.
        OutputSubscribe "output-stream.subscribe" (stream: Handle<'a>) reads;
        /// Writes zeros.
        StreamWriteZeroes "output-stream.write-zeroes" (stream: Handle<'a>, len: u64) changes [stream.is_read_only()];
        /// Writes up to 4096 zeros and waits until they are out.
        StreamBlockingWriteZeroesAndFlush "output-stream.blocking-write-zeroes-and-flush" (stream: Handle<'a>, len: u64)
            changes [stream.is_read_only()];
        /// Moves bytes from one stream to another.
        StreamSplice "output-stream.splice" (stream: Handle<'a>, src: Handle<'a>, len: u64)
            changes [stream.is_read_only()];
        /// Moves bytes from one stream to another, waiting for both.
        StreamBlockingSplice "output-stream.blocking-splice" (stream: Handle<'a>, src: Handle<'a>, len: u64)
            changes [stream.is_read_only()];
    }
    "wasi:clocks/wall-clock" {
        /// Reads the wall clock.
        WallNow "wall-clock.now" reads;
        /// Asks for its step.
        WallResolution "wall-clock.resolution" reads;
    }
    "wasi:clocks/monotonic-clock" {
        /// Reads the monotonic clock.
        MonotonicNow "monotonic-clock.now" reads;
        /// Asks for its step.
        MonotonicResolution "monotonic-clock.resolution" reads;
        /// Makes a pollable that is ready at a point in time.
        SubscribeInstant "monotonic-clock.subscribe-instant" (when: Nanoseconds as Instant) reads;
        /// Makes a pollable that is ready after a time.
        SubscribeDuration "monotonic-clock.subscribe-duration" (when: Nanoseconds as Duration) reads;
    }
    "wasi:random/random" {
        /// Random bytes fit for keys.
        GetRandomBytes "random.get-random-bytes" (len: u64) reads;
        /// A random number fit for keys.
        GetRandomU64 "random.get-random-u64" reads;
    }
    "wasi:random/insecure" {
        /// Random bytes.
        GetInsecureRandomBytes "insecure.get-insecure-random-bytes" (len: u64) reads;
        /// A random number.
        GetInsecureRandomU64 "insecure.get-insecure-random-u64" reads;
    }
    "wasi:random/insecure-seed" {
        /// A seed for hash maps.
        InsecureSeed "insecure-seed.insecure-seed" reads;
    }
    "wasi:filesystem/preopens" {
        /// Lists the mounts.
        GetDirectories "preopens.get-directories" reads;
    }
    "wasi:filesystem/types" {
        /// Makes a stream that reads from an offset.
        ReadViaStream "descriptor.read-via-stream" (file: Handle<'a>, offset: u64) reads;
        /// Makes a stream that writes from an offset.
        WriteViaStream "descriptor.write-via-stream" (file: Handle<'a>, offset: u64) changes [file.is_read_only()];
        /// Makes a stream that writes at the end.
        AppendViaStream "descriptor.append-via-stream" (file: Handle<'a>) changes [file.is_read_only()];
        /// Tells how a range will be used.
        Advise "descriptor.advise" (file: Handle<'a>, offset: u64, length: u64, advice: Advice) reads;
        /// Brings the data to the device.
        SyncData "descriptor.sync-data" (file: Handle<'a>) reads;
        /// Asks what the handle may be used for.
        GetFlags "descriptor.get-flags" (file: Handle<'a>) reads;
        /// Asks for the kind of the file.
        GetType "descriptor.get-type" (file: Handle<'a>) reads;
        /// Cuts or lengthens the file.
        SetSize "descriptor.set-size" (file: Handle<'a>, size: u64) changes [file.is_read_only()];
        /// Sets the times of the file.
        SetTimes "descriptor.set-times" (file: Handle<'a>, accessed: NewTimestamp, modified: NewTimestamp)
            changes [file.is_read_only()];
        /// Reads at an offset.
        Read "descriptor.read" (file: Handle<'a>, length: u64, offset: u64) reads;
        /// Writes at an offset.
        Write "descriptor.write" (file: Handle<'a>, buffer: &'a [u8], offset: u64) changes [file.is_read_only()];
        /// Begins to list a directory.
        ReadDirectory "descriptor.read-directory" (dir: Handle<'a>) reads;
        /// Brings data and attributes to the device.
        Sync "descriptor.sync" (file: Handle<'a>) reads;
        /// Makes a directory.
        CreateDirectoryAt "descriptor.create-directory-at" (dir: Handle<'a>, path: &'a str as Path) changes [dir.is_read_only()];
        /// Asks for the attributes of an open file.
        Stat "descriptor.stat" (file: Handle<'a>) reads;
        /// Asks for the attributes of a path.
        StatAt "descriptor.stat-at" (dir: Handle<'a>, follow: Follow, path: &'a str as Path) reads;
        /// Sets the times of a path.
        SetTimesAt "descriptor.set-times-at"
            (dir: Handle<'a>, follow: Follow, path: &'a str as Path, accessed: NewTimestamp, modified: NewTimestamp)
            changes [dir.is_read_only()];
        /// Makes a hard link; a file must not become writable by a name in another mount, nor a name appear in a read-only one.
        LinkAt "descriptor.link-at"
            (dir: Handle<'a>, follow: Follow, path: &'a str as Path, new_dir: Handle<'a>, new_path: &'a str as Path)
            changes [dir.is_read_only(), new_dir.is_read_only()];
        /// Opens a file or directory.
        OpenAt "descriptor.open-at" (dir: Handle<'a>, path: &'a str as Path, how: OpenHow)
            changes [dir.is_read_only() && (how.write || how.create || how.truncate)];
        /// Reads a symbolic link.
        ReadlinkAt "descriptor.readlink-at" (dir: Handle<'a>, path: &'a str as Path) reads;
        /// Removes an empty directory.
        RemoveDirectoryAt "descriptor.remove-directory-at" (dir: Handle<'a>, path: &'a str as Path) changes [dir.is_read_only()];
        /// Renames.
        RenameAt "descriptor.rename-at" (dir: Handle<'a>, path: &'a str as Path, new_dir: Handle<'a>, new_path: &'a str as Path)
            changes [dir.is_read_only(), new_dir.is_read_only()];
        /// Makes a symbolic link.
        SymlinkAt "descriptor.symlink-at" (dir: Handle<'a>, target: &'a str, path: &'a str as Path) changes [dir.is_read_only()];
        /// Removes a name of a file.
        UnlinkFileAt "descriptor.unlink-file-at" (dir: Handle<'a>, path: &'a str as Path) changes [dir.is_read_only()];
        /// Asks whether two handles are of one file.
        IsSameObject "descriptor.is-same-object" (file: Handle<'a>, other: Handle<'a>) reads;
        /// Asks which file it is.
        MetadataHash "descriptor.metadata-hash" (file: Handle<'a>) reads;
        /// Asks which file a path names.
        MetadataHashAt "descriptor.metadata-hash-at" (dir: Handle<'a>, follow: Follow, path: &'a str as Path) reads;
        /// The next entry of a directory.
        ReadDirectoryEntry "directory-entry-stream.read-directory-entry" (entries: Handle<'a>) reads;
        /// Asks for the error code behind a stream's error.
        FilesystemErrorCode "filesystem-error-code" (error: Handle<'a>) reads;
    }
    "wasi:cli/environment" {
        /// Asks for the environment.
        GetEnvironment "environment.get-environment" reads;
        /// Asks for the arguments.
        GetArguments "environment.get-arguments" reads;
        /// Asks for the working directory.
        InitialCwd "environment.initial-cwd" reads;
    }
    "wasi:cli/exit" {
        /// Ends the run, well or not.
        Exit "exit.exit" (ok: bool) reads;
        /// Ends the run with a code.
        ExitWithCode "exit.exit-with-code" (status_code: u8) reads;
    }
    "wasi:cli/stdin" {
        /// Asks for standard input.
        GetStdin "stdin.get-stdin" reads;
    }
    "wasi:cli/stdout" {
        /// Asks for standard output.
        GetStdout "stdout.get-stdout" reads;
    }
    "wasi:cli/stderr" {
        /// Asks for standard error.
        GetStderr "stderr.get-stderr" reads;
    }
    "wasi:cli/terminal-stdin" {
        /// Asks whether standard input is a terminal.
        GetTerminalStdin "terminal-stdin.get-terminal-stdin" reads;
    }
    "wasi:cli/terminal-stdout" {
        /// Asks whether standard output is a terminal.
        GetTerminalStdout "terminal-stdout.get-terminal-stdout" reads;
    }
    "wasi:cli/terminal-stderr" {
        /// Asks whether standard error is a terminal.
        GetTerminalStderr "terminal-stderr.get-terminal-stderr" reads;
    }
    "wasi:sockets/instance-network" {
        /// Asks for the network.
        InstanceNetwork "instance-network.instance-network" reads;
    }
    "wasi:sockets/ip-name-lookup" {
        /// Begins to look a name up.
        ResolveAddresses "ip-name-lookup.resolve-addresses" (network: Handle<'a>, name: &'a str)
            asks [Some(NetworkAccess::Resolve(name))];
        /// Asks for the next address.
        ResolveNextAddress "resolve-address-stream.resolve-next-address" (lookup: Handle<'a>) reads;
        /// Makes a pollable that is ready when there is an answer.
        LookupSubscribe "resolve-address-stream.subscribe" (lookup: Handle<'a>) reads;
    }
    "wasi:sockets/network" {
        /// Asks for the network's error code behind a stream's error.
        NetworkErrorCode "network-error-code" (error: Handle<'a>) reads;
    }
    "wasi:sockets/tcp-create-socket" {
        /// Makes a TCP socket.
        CreateTcpSocket "tcp-create-socket.create-tcp-socket" (family: AddressFamily) reads;
    }
    "wasi:sockets/tcp" {
        /// Takes a local address.
        TcpStartBind "tcp-socket.start-bind" (socket: Handle<'a>, local_address: SocketAddr)
            asks [Some(NetworkAccess::Bind(local_address))];
        /// Asks how binding went.
        TcpFinishBind "tcp-socket.finish-bind" (socket: Handle<'a>) reads;
        /// Begins to connect.
        TcpStartConnect "tcp-socket.start-connect" (socket: Handle<'a>, remote_address: SocketAddr)
            asks [Some(NetworkAccess::Connect(remote_address))];
        /// Asks how connecting went.
        TcpFinishConnect "tcp-socket.finish-connect" (socket: Handle<'a>) reads;
        /// Lets connections come in, at the address that was bound.
        TcpStartListen "tcp-socket.start-listen" (socket: Handle<'a>, local_address: Option<SocketAddr>)
            asks [local_address.map(NetworkAccess::Listen)];
        /// Asks how that went.
        TcpFinishListen "tcp-socket.finish-listen" (socket: Handle<'a>) reads;
        /// Takes a connection that has come in.
        TcpAccept "tcp-socket.accept" (socket: Handle<'a>) reads;
        /// Asks for the address on this side.
        TcpLocalAddress "tcp-socket.local-address" (socket: Handle<'a>) reads;
        /// Asks for the peer's address.
        TcpRemoteAddress "tcp-socket.remote-address" (socket: Handle<'a>) reads;
        /// Asks whether connections may come in.
        TcpIsListening "tcp-socket.is-listening" (socket: Handle<'a>) reads;
        /// Asks for the family.
        TcpAddressFamily "tcp-socket.address-family" (socket: Handle<'a>) reads;
        /// Sets how many connections may wait.
        TcpSetListenBacklogSize "tcp-socket.set-listen-backlog-size" (socket: Handle<'a>, value: u64) reads;
        /// Asks for an option.
        TcpKeepAliveEnabled "tcp-socket.keep-alive-enabled" (socket: Handle<'a>) reads;
        /// Sets an option.
        TcpSetKeepAliveEnabled "tcp-socket.set-keep-alive-enabled" (socket: Handle<'a>, value: u64) reads;
        /// Asks for an option.
        TcpKeepAliveIdleTime "tcp-socket.keep-alive-idle-time" (socket: Handle<'a>) reads;
        /// Sets an option.
        TcpSetKeepAliveIdleTime "tcp-socket.set-keep-alive-idle-time" (socket: Handle<'a>, value: u64) reads;
        /// Asks for an option.
        TcpKeepAliveInterval "tcp-socket.keep-alive-interval" (socket: Handle<'a>) reads;
        /// Sets an option.
        TcpSetKeepAliveInterval "tcp-socket.set-keep-alive-interval" (socket: Handle<'a>, value: u64) reads;
        /// Asks for an option.
        TcpKeepAliveCount "tcp-socket.keep-alive-count" (socket: Handle<'a>) reads;
        /// Sets an option.
        TcpSetKeepAliveCount "tcp-socket.set-keep-alive-count" (socket: Handle<'a>, value: u64) reads;
        /// Asks for an option.
        TcpHopLimit "tcp-socket.hop-limit" (socket: Handle<'a>) reads;
        /// Sets an option.
        TcpSetHopLimit "tcp-socket.set-hop-limit" (socket: Handle<'a>, value: u64) reads;
        /// Asks for an option.
        TcpReceiveBufferSize "tcp-socket.receive-buffer-size" (socket: Handle<'a>) reads;
        /// Sets an option.
        TcpSetReceiveBufferSize "tcp-socket.set-receive-buffer-size" (socket: Handle<'a>, value: u64) reads;
        /// Asks for an option.
        TcpSendBufferSize "tcp-socket.send-buffer-size" (socket: Handle<'a>) reads;
        /// Sets an option.
        TcpSetSendBufferSize "tcp-socket.set-send-buffer-size" (socket: Handle<'a>, value: u64) reads;
        /// Makes a pollable that is ready when the state moves on.
        TcpSubscribe "tcp-socket.subscribe" (socket: Handle<'a>) reads;
        /// Ends one direction, or both.
        TcpShutdown "tcp-socket.shutdown" (socket: Handle<'a>, how: Shutdown) reads;
    }
    "wasi:sockets/udp-create-socket" {
        /// Makes a UDP socket.
        CreateUdpSocket "udp-create-socket.create-udp-socket" (family: AddressFamily) reads;
    }
    "wasi:sockets/udp" {
        /// Takes a local address.
        UdpStartBind "udp-socket.start-bind" (socket: Handle<'a>, local_address: SocketAddr)
            asks [Some(NetworkAccess::BindUdp(local_address))];
        /// Asks how binding went.
        UdpFinishBind "udp-socket.finish-bind" (socket: Handle<'a>) reads;
        /// Makes the streams of datagrams, with one peer or with all.
        UdpStream "udp-socket.stream" (socket: Handle<'a>, remote_address: Option<SocketAddr>)
            asks [remote_address.map(NetworkAccess::Udp)];
        /// Asks for the address on this side.
        UdpLocalAddress "udp-socket.local-address" (socket: Handle<'a>) reads;
        /// Asks for the peer's address.
        UdpRemoteAddress "udp-socket.remote-address" (socket: Handle<'a>) reads;
        /// Asks for the family.
        UdpAddressFamily "udp-socket.address-family" (socket: Handle<'a>) reads;
        /// Asks for an option.
        UdpUnicastHopLimit "udp-socket.unicast-hop-limit" (socket: Handle<'a>) reads;
        /// Sets an option.
        UdpSetUnicastHopLimit "udp-socket.set-unicast-hop-limit" (socket: Handle<'a>, value: u64) reads;
        /// Asks for an option.
        UdpReceiveBufferSize "udp-socket.receive-buffer-size" (socket: Handle<'a>) reads;
        /// Sets an option.
        UdpSetReceiveBufferSize "udp-socket.set-receive-buffer-size" (socket: Handle<'a>, value: u64) reads;
        /// Asks for an option.
        UdpSendBufferSize "udp-socket.send-buffer-size" (socket: Handle<'a>) reads;
        /// Sets an option.
        UdpSetSendBufferSize "udp-socket.set-send-buffer-size" (socket: Handle<'a>, value: u64) reads;
        /// Makes a pollable that is always ready.
        UdpSubscribe "udp-socket.subscribe" (socket: Handle<'a>) reads;
        /// Receives datagrams.
        UdpReceive "incoming-datagram-stream.receive" (stream: Handle<'a>, max_results: u64) reads;
        /// Makes a pollable that is ready when there is a datagram.
        IncomingSubscribe "incoming-datagram-stream.subscribe" (stream: Handle<'a>) reads;
        /// Asks how many datagrams may be sent now.
        UdpCheckSend "outgoing-datagram-stream.check-send" (stream: Handle<'a>) reads;
        /// Sends one datagram of a batch.
        UdpSend "outgoing-datagram-stream.send" (stream: Handle<'a>, data: &'a [u8], remote_address: Option<SocketAddr>)
            asks [remote_address.map(NetworkAccess::Udp)];
        /// Makes a pollable that is ready when datagrams may be sent.
        OutgoingSubscribe "outgoing-datagram-stream.subscribe" (stream: Handle<'a>) reads;
    }
    "wasi_snapshot_preview1" {
        /// Moves the position of a file, which 0.2 leaves to the guest.
        FdSeek "fd_seek" (file: Handle<'a>, offset: i64, whence: u8) reads;
        /// Asks for the position of a file.
        FdTell "fd_tell" (file: Handle<'a>) reads;
        /// Asks for space before it is written to.
        FdAllocate "fd_allocate" (file: Handle<'a>, offset: u64, length: u64) reads;
        /// Says how a descriptor reads and writes: at the end, without waiting.
        FdFdstatSetFlags "fd_fdstat_set_flags" (file: Handle<'a>, flags: u64) reads;
        /// Gives rights of a descriptor away.
        FdFdstatSetRights "fd_fdstat_set_rights" (file: Handle<'a>, base: u64, inheriting: u64) reads;
        /// Moves a descriptor to another number; what is open there is closed.
        FdRenumber "fd_renumber" (file: Handle<'a>, to: u64) reads;
        /// Ends the run as a signal would.
        ProcRaise "proc_raise" (signal: u8) reads;
        /// Lets others run.
        SchedYield "sched_yield" reads;
    }
    "callgate:system/diagnostics" {
        /// Asks for the backend's name.
        Backend "diagnostics.backend" reads;
        /// Asks for the native error behind the last failed call.
        LastError "diagnostics.last-error" reads;
    }
    "callgate" {
        /// Closes a handle, of any kind.
        Drop "drop" (handle: Handle<'a>) reads;
    }
}
