//! The properties and operations of a descriptor besides data. Argument 1: a mount.

use std::process::ExitCode;

use programs::{Context, Outcome, argument, check, create, mount, open, open_directory, refused, run, same};
use wasip2::filesystem::types::{
    Advice, Descriptor, DescriptorFlags as Flags, DescriptorType, ErrorCode as Code, MetadataHashValue, OpenFlags,
    PathFlags,
};

const FOLLOW: PathFlags = PathFlags::SYMLINK_FOLLOW;

fn main() -> ExitCode {
    run(|| {
        let root = mount(&argument(1)?)?;
        kinds(&root)?;
        rights(&root)?;
        identity(&root)?;
        durability(&root)?;
        sizes(&root)?;
        listing(&root)?;
        println!("descriptors: all well");
        Ok(())
    })
}

fn kinds(root: &Descriptor) -> Outcome {
    let file = create(root, "file")?;
    same("a file's type", file.get_type().context("get-type")?, DescriptorType::RegularFile)?;
    same("a mount's type", root.get_type().context("get-type")?, DescriptorType::Directory)?;
    same("a directory's type in stat", root.stat().context("stat")?.type_, DescriptorType::Directory)?;
    let here = open_directory(root, ".").context("open-at .")?;
    check("`.` is the mount", here.is_same_object(root))?;
    refused("a file as a directory", open_directory(root, "file").map(drop), &[Code::NotDirectory])?;
    let both = OpenFlags::DIRECTORY | OpenFlags::CREATE;
    refused(
        "creating a directory by open-at",
        root.open_at(FOLLOW, "x", both, Flags::READ).map(drop),
        &[Code::Invalid],
    )?;
    let write = Flags::READ | Flags::WRITE;
    let writable = root.open_at(FOLLOW, ".", OpenFlags::empty(), write).map(drop);
    refused("a directory opened for writing", writable, &[Code::IsDirectory])?;
    let exclusive = OpenFlags::CREATE | OpenFlags::EXCLUSIVE;
    refused("create what is there", root.open_at(FOLLOW, "file", exclusive, write).map(drop), &[Code::Exist])
}

fn rights(root: &Descriptor) -> Outcome {
    let flags = |rights| root.open_at(FOLLOW, "file", OpenFlags::empty(), rights)?.get_flags();
    let direction = Flags::READ | Flags::WRITE;
    for rights in [Flags::READ, Flags::WRITE, direction] {
        same(format!("the rights of {rights:?}"), flags(rights).context("get-flags")? & direction, rights)?;
    }
    let mount = root.get_flags().context("get-flags of the mount")?;
    check("a writable mount may be read and changed", mount.contains(Flags::READ | Flags::MUTATE_DIRECTORY))?;
    let only = |rights| root.open_at(FOLLOW, "file", OpenFlags::empty(), rights);
    refused("reading what is open for writing", only(Flags::WRITE)?.read(1, 0), &[Code::BadDescriptor])?;
    refused("writing what is open for reading", only(Flags::READ)?.write(b"x", 0), &[Code::BadDescriptor])?;
    let sync = Flags::FILE_INTEGRITY_SYNC | Flags::DATA_INTEGRITY_SYNC | Flags::REQUESTED_WRITE_SYNC;
    match only(direction | sync) {
        Ok(file) => same("a write to a synced file", file.write(b"x", 0).context("write")?, 1),
        Err(error) => same("what a host says that syncs no writes", error, Code::Unsupported),
    }
}

fn identity(root: &Descriptor) -> Outcome {
    let pair = |hash: MetadataHashValue| (hash.lower, hash.upper);
    let (file, other) = (create(root, "file")?, create(root, "other")?);
    let hash = pair(file.metadata_hash().context("metadata-hash")?);
    same("the hash of a file, asked again", pair(file.metadata_hash()?), hash)?;
    same("the hash by name", pair(root.metadata_hash_at(FOLLOW, "file").context("metadata-hash-at")?), hash)?;
    check("another file, another hash", pair(other.metadata_hash()?) != hash)?;
    check("a directory has a hash", pair(root.metadata_hash()?) != hash)?;
    check("one file opened twice is one object", file.is_same_object(&open(root, "file")?))?;
    check("two files are two", !file.is_same_object(&other) && !file.is_same_object(root))?;
    refused("the hash of nothing", root.metadata_hash_at(FOLLOW, "none").map(drop), &[Code::NoEntry])?;
    root.rename_at("other", root, "renamed").context("rename-at")?;
    check("a rename changes no identity", other.is_same_object(&open(root, "renamed")?))
}

fn durability(root: &Descriptor) -> Outcome {
    let file = create(root, "file")?;
    file.sync().context("sync")?;
    file.sync_data().context("sync-data")?;
    root.sync().context("sync of a directory")?;
    root.sync_data().context("sync-data of a directory")?;
    let advices =
        [Advice::Normal, Advice::Sequential, Advice::Random, Advice::WillNeed, Advice::DontNeed, Advice::NoReuse];
    for advice in advices {
        file.advise(0, 0, advice).context("advise")?;
        file.advise(10, 4096, advice).context("advise")?;
    }
    check("advice for a directory is refused", root.advise(0, 0, Advice::Normal).is_err())
}

fn sizes(root: &Descriptor) -> Outcome {
    let file = create(root, "sized")?;
    file.set_size(100).context("set-size")?;
    let stat = file.stat().context("stat")?;
    same("size and links", (stat.size, stat.link_count), (100, 1))?;
    same("by name", root.stat_at(FOLLOW, "sized").context("stat-at")?.size, 100)?;
    file.set_size(0).context("set-size 0")?;
    same("emptied", file.read(1, 0).context("read")?, (Vec::new(), true))?;
    refused("set-size of a file open for reading", open(root, "sized")?.set_size(1), &[Code::Invalid])?;
    file.set_size(100).context("set-size")?;
    let cut = root.open_at(FOLLOW, "sized", OpenFlags::TRUNCATE, Flags::READ).context("truncating for reading")?;
    same("cut", (cut.stat().context("stat")?.size, cut.get_flags().context("get-flags")?), (0, Flags::READ))?;
    refused("and not to be written", cut.write(b"x", 0), &[Code::BadDescriptor])?;
    refused("nor cut again", cut.set_size(0), &[Code::Invalid])?;
    check("set-size of a directory is refused", root.set_size(0).is_err())?;
    check("read of a directory is refused", root.read(1, 0).is_err())?;
    check("write of a directory is refused", root.write(b"x", 0).is_err())
}

fn listing(root: &Descriptor) -> Outcome {
    root.create_directory_at("listed").context("create-directory-at")?;
    let directory = open_directory(root, "listed")?;
    create(&directory, "one")?;
    directory.create_directory_at("two").context("create-directory-at")?;
    let (first, second) = (directory.read_directory().context("read-directory")?, directory.read_directory()?);
    let mut seen = Vec::new();
    while let Some(entry) = first.read_directory_entry().context("read-directory-entry")? {
        seen.push((entry.name, entry.type_ == DescriptorType::Directory));
    }
    seen.sort();
    same("the entries", seen, vec![("one".to_owned(), false), ("two".to_owned(), true)])?;
    check("nothing after the last", first.read_directory_entry()?.is_none())?;
    check("another stream starts at the first", second.read_directory_entry()?.is_some())?;
    let file = open(root, "file")?;
    refused("listing a file", file.read_directory().map(drop), &[Code::NotDirectory])?;
    refused(
        "open-at by a file",
        file.open_at(FOLLOW, "x", OpenFlags::empty(), Flags::READ).map(drop),
        &[Code::NotDirectory],
    )?;
    refused("stat-at by a file", file.stat_at(FOLLOW, "x").map(drop), &[Code::NotDirectory])
}
