//! `wasi:filesystem`: types, preopens.

use callgate_system::{Error, File, Follow};

use crate::bind::component::{Answer, Borrow, Bytes, Fallible as Result, Give as _, Own, Parameter, Plain, Text};
use crate::bind::values::filesystem::{
    Advice, DescriptorFlags, DescriptorStat, DescriptorType, Directories, DirectoryEntry, ErrorCode, MetadataHash,
    NewTimestamp, OpenFlags, Opening, PathFlags, Transfer,
};
use crate::calls::{filesystem, io};
use crate::host::Host;
use crate::limits;
use crate::objects::{Descriptor, DirectoryEntries, Failure, Flags, Held, InputStream, OutputStream};

type Fallible<T> = Result<T, ErrorCode>;

super::interfaces! {
    "wasi:filesystem/types" {
        resource "descriptor": Descriptor;
        resource "directory-entry-stream": DirectoryEntries;
        "[method]descriptor.open-at"
            (dir: Borrow<Descriptor>, path_flags: PathFlags, path: Text, open: OpenFlags, flags: DescriptorFlags)
            -> Fallible<Own<Descriptor>> = open_at;
        "[method]descriptor.get-flags" (file: Borrow<Descriptor>) -> Fallible<DescriptorFlags> = filesystem::get_flags;
        "[method]descriptor.get-type" (file: Borrow<Descriptor>) -> Fallible<DescriptorType> = filesystem::get_type;
        "[method]descriptor.read-via-stream" (file: Borrow<Descriptor>, offset: u64) -> Fallible<Own<InputStream>>
            = filesystem::read_via_stream;
        "[method]descriptor.write-via-stream" (file: Borrow<Descriptor>, offset: u64) -> Fallible<Own<OutputStream>>
            = filesystem::write_via_stream;
        "[method]descriptor.append-via-stream" (file: Borrow<Descriptor>) -> Fallible<Own<OutputStream>>
            = filesystem::append_via_stream;
        "[method]descriptor.read" (file: Borrow<Descriptor>, length: u64, offset: u64) -> Fallible<(Vec<u8>, bool)>
            = read;
        "[method]descriptor.write" (file: Borrow<Descriptor>, buffer: Bytes, offset: u64) -> Fallible<u64>
            = filesystem::write;
        "[method]descriptor.advise" (file: Borrow<Descriptor>, offset: u64, length: u64, advice: Advice)
            -> Fallible<()> = filesystem::advise;
        "[method]descriptor.stat" (file: Borrow<Descriptor>) -> Fallible<DescriptorStat> = filesystem::stat;
        "[method]descriptor.stat-at" (dir: Borrow<Descriptor>, flags: PathFlags, path: Text) -> Fallible<DescriptorStat>
            = filesystem::stat_at;
        "[method]descriptor.set-size" (file: Borrow<Descriptor>, size: u64) -> Fallible<()> = filesystem::set_size;
        "[method]descriptor.set-times" (file: Borrow<Descriptor>, accessed: NewTimestamp, modified: NewTimestamp)
            -> Fallible<()> = filesystem::set_times;
        "[method]descriptor.set-times-at"
            (dir: Borrow<Descriptor>, flags: PathFlags, path: Text, accessed: NewTimestamp, modified: NewTimestamp)
            -> Fallible<()> = filesystem::set_times_at;
        "[method]descriptor.is-same-object" (file: Borrow<Descriptor>, other: Borrow<Descriptor>) -> Plain<bool>
            = filesystem::is_same_object;
        "[method]descriptor.metadata-hash" (file: Borrow<Descriptor>) -> Fallible<MetadataHash>
            = filesystem::metadata_hash;
        "[method]descriptor.metadata-hash-at" (dir: Borrow<Descriptor>, flags: PathFlags, path: Text)
            -> Fallible<MetadataHash> = filesystem::metadata_hash_at;
        "[method]descriptor.sync" (file: Borrow<Descriptor>) -> Fallible<()> = filesystem::sync;
        "[method]descriptor.sync-data" (file: Borrow<Descriptor>) -> Fallible<()> = filesystem::sync_data;
        "[method]descriptor.read-directory" (dir: Borrow<Descriptor>) -> Fallible<Own<DirectoryEntries>>
            = |host: &Host, dir: &Held<_>| {
                filesystem::read_directory(host, dir, |entries| host.handles.add(entries))
            };
        "[method]directory-entry-stream.read-directory-entry" (entries: Borrow<DirectoryEntries>)
            -> Fallible<Option<DirectoryEntry>>
            = |host: &Host, entries: &Held<_>| {
                filesystem::read_directory_entry(host, entries).map(|entry| entry.map(DirectoryEntry::from))
            };
        "[method]descriptor.create-directory-at" (dir: Borrow<Descriptor>, path: Text) -> Fallible<()>
            = filesystem::create_directory_at;
        "[method]descriptor.remove-directory-at" (dir: Borrow<Descriptor>, path: Text) -> Fallible<()>
            = filesystem::remove_directory_at;
        "[method]descriptor.unlink-file-at" (dir: Borrow<Descriptor>, path: Text) -> Fallible<()>
            = filesystem::unlink_file_at;
        "[method]descriptor.rename-at"
            (dir: Borrow<Descriptor>, path: Text, new_dir: Borrow<Descriptor>, new_path: Text)
            -> Fallible<()> = filesystem::rename_at;
        "[method]descriptor.link-at"
            (dir: Borrow<Descriptor>, flags: PathFlags, path: Text, new_dir: Borrow<Descriptor>, new_path: Text)
            -> Fallible<()> = filesystem::link_at;
        "[method]descriptor.symlink-at" (dir: Borrow<Descriptor>, target: Text, path: Text) -> Fallible<()>
            = filesystem::symlink_at;
        "[method]descriptor.readlink-at" (dir: Borrow<Descriptor>, path: Text) -> Fallible<String>
            = filesystem::readlink_at;
        "filesystem-error-code" (error: Borrow<Failure>) -> Plain<Option<ErrorCode>>
            = |host: &Host, error: &Held<_>| {
                io::filesystem_error_code(host, error).map(|error| error.map(ErrorCode::from))
            };
    }
    "wasi:filesystem/preopens" {
        "get-directories" () -> Plain<Directories> = filesystem::get_directories;
    }
}

fn open_at(
    host: &Host,
    dir: &Held<Descriptor>,
    follow: Follow,
    path: &str,
    open: Opening,
    flags: Flags,
) -> crate::calls::Outcome<Held<Descriptor>> {
    filesystem::open_at(host, dir, path, open.how(follow, flags), flags, |opened| host.handles.add_shared(opened))
}

fn read(host: &Host, file: &Held<Descriptor>, length: u64, offset: u64) -> crate::calls::Outcome<Transfer> {
    filesystem::read(host, file, length, offset, |file: &dyn File| {
        #[allow(clippy::cast_possible_truncation, reason = "bounded by the limit")]
        let mut bytes = Vec::with_capacity(length.min(limits::TRANSFER) as usize);
        let read = file.read_at(&mut bytes, offset)?;
        Ok::<_, Error>(Transfer(bytes, read == 0 && length > 0))
    })
}
