//! Hard and symbolic links. Argument 1: a mount; argument 2: `hard` or `symbolic`.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use programs::{Context, Outcome, argument, check, create, mount, open, refused, run, same};
use wasip2::filesystem::types::{Descriptor, DescriptorFlags, DescriptorType, ErrorCode as Code, OpenFlags, PathFlags};

const FOLLOW: PathFlags = PathFlags::SYMLINK_FOLLOW;
const NO_FOLLOW: PathFlags = PathFlags::empty();

fn main() -> ExitCode {
    run(|| {
        let path = argument(1)?;
        let root = mount(&path)?;
        if argument(2)? == "hard" {
            hard(Path::new(&path), &root)?;
        } else {
            symbolic(&root)?;
            chains(&root)?;
            symbolic_refusals(&root)?;
        }
        println!("links: all well");
        Ok(())
    })
}

fn hard(path: &Path, root: &Descriptor) -> Outcome {
    fs::write(path.join("one"), "content").context("write")?;
    fs::hard_link(path.join("one"), path.join("two")).context("hard_link")?;
    same("links to it", root.stat_at(FOLLOW, "two").context("stat-at")?.link_count, 2)?;
    check("two names, one object", open(root, "one")?.is_same_object(&open(root, "two")?))?;
    fs::remove_file(path.join("one")).context("remove_file")?;
    same("the other name stays", fs::read(path.join("two")).context("read")?, b"content".to_vec())?;
    same("links to it now", root.stat_at(FOLLOW, "two").context("stat-at")?.link_count, 1)?;
    refused("readlink-at of a file", root.readlink_at("two"), &[Code::Invalid])?;
    refused("readlink-at of nothing", root.readlink_at("none"), &[Code::NoEntry])?;
    refused("a hard link to nothing", root.link_at(NO_FOLLOW, "none", root, "x"), &[Code::NoEntry])?;
    create(root, "three")?;
    refused("a hard link over a file", root.link_at(NO_FOLLOW, "two", root, "three"), &[Code::Exist])?;
    root.create_directory_at("directory").context("create-directory-at")?;
    refused("a hard link to a directory", root.link_at(NO_FOLLOW, "directory", root, "x"), &[Code::NotPermitted])
}

fn symbolic(root: &Descriptor) -> Outcome {
    create(root, "target")?.write(b"12345", 0).context("write")?;
    root.symlink_at("target", "link").context("symlink-at")?;
    same("its text", root.readlink_at("link").context("readlink-at")?, "target".to_owned())?;
    let link = root.stat_at(NO_FOLLOW, "link").context("stat-at of the link")?;
    same("its type", link.type_, DescriptorType::SymbolicLink)?;
    same("its size", link.size, "target".len() as u64)?;
    let target = root.stat_at(FOLLOW, "link").context("stat-at through the link")?;
    same("type and size behind it", (target.type_, target.size), (DescriptorType::RegularFile, 5))?;
    same("reading through it", open(root, "link")?.read(9, 0).context("read")?.0, b"12345".to_vec())?;
    let flags = DescriptorFlags::READ;
    refused("opening the link itself", root.open_at(NO_FOLLOW, "link", OpenFlags::empty(), flags), &[Code::Loop])?;

    root.link_at(NO_FOLLOW, "link", root, "link too").context("link-at of a link")?;
    same("its type", root.stat_at(NO_FOLLOW, "link too")?.type_, DescriptorType::SymbolicLink)?;
    root.rename_at("link too", root, "renamed").context("rename-at of a link")?;
    same("the text after a rename", root.readlink_at("renamed").context("readlink-at")?, "target".to_owned())?;
    root.unlink_file_at("renamed").context("unlink-file-at of a link")?;
    check("the target stays", root.stat_at(FOLLOW, "target").is_ok())
}

fn chains(root: &Descriptor) -> Outcome {
    root.create_directory_at("d").context("create-directory-at")?;
    root.create_directory_at("d/e").context("create-directory-at")?;
    root.symlink_at("d/e", "to-e").context("symlink-at")?;
    root.symlink_at("../../target", "to-e/up").context("symlink-at below a link")?;
    root.symlink_at("to-e/up", "chain").context("symlink-at")?;
    same("through a chain", open(root, "chain")?.read(9, 0).context("read")?.0, b"12345".to_vec())?;
    root.symlink_at("nowhere", "dangling").context("a dangling link")?;
    refused("what dangles", open(root, "dangling"), &[Code::NoEntry])?;
    create(root, "dangling").context("creating through a dangling link")?;
    check("made where it points", root.stat_at(NO_FOLLOW, "nowhere").is_ok())?;
    root.symlink_at("loop-b", "loop-a").context("symlink-at")?;
    root.symlink_at("loop-a", "loop-b").context("symlink-at")?;
    refused("a loop", open(root, "loop-a"), &[Code::Loop])?;
    refused("a loop on the way", open(root, "loop-a/x"), &[Code::Loop])
}

fn symbolic_refusals(root: &Descriptor) -> Outcome {
    refused("a link over a file", root.symlink_at("x", "target"), &[Code::Exist])?;
    refused("a link with no text", root.symlink_at("", "empty"), &[Code::NoEntry])?;
    refused("an absolute text", root.symlink_at("/etc/passwd", "absolute"), &[Code::NotPermitted])
}
