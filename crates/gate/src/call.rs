//! Every call of the interface, once: its WIT name, its arguments, and whether it changes something below a mount.
//!
//! This is the vocabulary of the trace, and of whatever else comes to stand at the gate.

use callgate_system::{Advice, Follow, Nanoseconds, NewTimestamp, OpenHow};

use crate::Handle;
use crate::trace::Argument;

macro_rules! calls {
    ($($interface:literal {
        $($(#[$doc:meta])* $variant:ident $function:literal $(($($field:ident: $type:ty),+))? $access:ident $([$($changed:expr),+])?;)*
    })*) => {
        /// A call of a guest, before it happens.
        #[derive(Clone, Copy, Debug)]
        #[non_exhaustive]
        #[allow(missing_docs, reason = "the fields are the arguments of the WIT function, under their names")]
        pub enum Call<'a> {
            $($($(#[$doc])* $variant $({ $($field: $type),+ })?,)*)*
        }

        impl<'a> Call<'a> {
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

            /// Whether it would change something below a read-only mount.
            #[must_use]
            #[inline]
            #[allow(unused_variables, reason = "only calls that change something look at their arguments")]
            pub fn is_refused(&self) -> bool {
                match *self {
                    $($(Call::$variant { $($($field),+)? } => calls!(@refused $access $([$($changed),+])?),)*)*
                }
            }

            /// Shows each argument, with its name, in order.
            pub(crate) fn arguments(&self, show: &mut dyn FnMut(&'static str, &dyn Argument)) {
                match self {
                    $($(Call::$variant { $($($field),+)? } => { $($(show(stringify!($field), $field);)+)? })*)*
                }
            }
        }

        /// What the list below says, for tests that must leave nothing out.
        #[cfg(test)]
        pub(crate) mod declared {
            /// The function of every call, and whether it can change something.
            pub(crate) const CALLS: &[(&str, bool)] = &[$($(($function, calls!(@changes $access)),)*)*];
        }
    };
    (@changes reads) => { false };
    (@changes changes) => { true };
    (@refused reads) => { false };
    (@refused changes [$($changed:expr),+]) => { $($changed)||+ };
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
        SubscribeInstant "monotonic-clock.subscribe-instant" (when: Nanoseconds) reads;
        /// Makes a pollable that is ready after a time.
        SubscribeDuration "monotonic-clock.subscribe-duration" (when: Nanoseconds) reads;
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
        CreateDirectoryAt "descriptor.create-directory-at" (dir: Handle<'a>, path: &'a str) changes [dir.is_read_only()];
        /// Asks for the attributes of an open file.
        Stat "descriptor.stat" (file: Handle<'a>) reads;
        /// Asks for the attributes of a path.
        StatAt "descriptor.stat-at" (dir: Handle<'a>, follow: Follow, path: &'a str) reads;
        /// Sets the times of a path.
        SetTimesAt "descriptor.set-times-at"
            (dir: Handle<'a>, follow: Follow, path: &'a str, accessed: NewTimestamp, modified: NewTimestamp)
            changes [dir.is_read_only()];
        /// Makes a hard link; a file must not become writable by a name in another mount, nor a name appear in a read-only one.
        LinkAt "descriptor.link-at"
            (dir: Handle<'a>, follow: Follow, path: &'a str, new_dir: Handle<'a>, new_path: &'a str)
            changes [dir.is_read_only(), new_dir.is_read_only()];
        /// Opens a file or directory.
        OpenAt "descriptor.open-at" (dir: Handle<'a>, path: &'a str, how: OpenHow)
            changes [dir.is_read_only() && (how.write || how.create || how.truncate)];
        /// Reads a symbolic link.
        ReadlinkAt "descriptor.readlink-at" (dir: Handle<'a>, path: &'a str) reads;
        /// Removes an empty directory.
        RemoveDirectoryAt "descriptor.remove-directory-at" (dir: Handle<'a>, path: &'a str) changes [dir.is_read_only()];
        /// Renames.
        RenameAt "descriptor.rename-at" (dir: Handle<'a>, path: &'a str, new_dir: Handle<'a>, new_path: &'a str)
            changes [dir.is_read_only(), new_dir.is_read_only()];
        /// Makes a symbolic link.
        SymlinkAt "descriptor.symlink-at" (dir: Handle<'a>, target: &'a str, path: &'a str) changes [dir.is_read_only()];
        /// Removes a name of a file.
        UnlinkFileAt "descriptor.unlink-file-at" (dir: Handle<'a>, path: &'a str) changes [dir.is_read_only()];
        /// Asks whether two handles are of one file.
        IsSameObject "descriptor.is-same-object" (file: Handle<'a>, other: Handle<'a>) reads;
        /// Asks which file it is.
        MetadataHash "descriptor.metadata-hash" (file: Handle<'a>) reads;
        /// Asks which file a path names.
        MetadataHashAt "descriptor.metadata-hash-at" (dir: Handle<'a>, follow: Follow, path: &'a str) reads;
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
        /// Asks whether a person sits at standard input.
        GetTerminalStdin "terminal-stdin.get-terminal-stdin" reads;
    }
    "wasi:cli/terminal-stdout" {
        /// Asks whether a person sits at standard output.
        GetTerminalStdout "terminal-stdout.get-terminal-stdout" reads;
    }
    "wasi:cli/terminal-stderr" {
        /// Asks whether a person sits at standard error.
        GetTerminalStderr "terminal-stderr.get-terminal-stderr" reads;
    }
    "wasi:sockets/instance-network" {
        /// Asks for the network.
        InstanceNetwork "instance-network.instance-network" reads;
    }
    "wasi:sockets/ip-name-lookup" {
        /// Looks a name up.
        ResolveAddresses "ip-name-lookup.resolve-addresses" (network: Handle<'a>, name: &'a str) reads;
    }
    "wasi:sockets/network" {
        /// Asks for the network's error code behind a stream's error.
        NetworkErrorCode "network-error-code" (error: Handle<'a>) reads;
    }
    "wasi:sockets/tcp-create-socket" {
        /// Makes a TCP socket.
        CreateTcpSocket "tcp-create-socket.create-tcp-socket" reads;
    }
    "wasi:sockets/udp-create-socket" {
        /// Makes a UDP socket.
        CreateUdpSocket "udp-create-socket.create-udp-socket" reads;
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
