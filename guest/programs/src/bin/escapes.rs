//! Ways out of a mount, through every call that takes a path. Argument 1: a mount where the caller has laid out the
//! directory `a` and the file `own`. Argument 2: `plain`, or, where it has laid out symbolic links, `links`: `a/evil` (to
//! `../../outside`), `a/link` (to `evil/`, the slash being part of its text), `a/direct` (to `../../outside/secret`), `a/new` (to
//! `../../outside/new`, which is not there), and `abs` (to `/`). Outside there is `secret`, and the directory `full/`.

use std::process::ExitCode;

use programs::{Context, Outcome, argument, check, mount, open, refused, run};
use wasip2::filesystem::types::{Descriptor, DescriptorFlags, ErrorCode as Code, NewTimestamp, OpenFlags, PathFlags};

const NO: &[Code] = &[Code::NotPermitted];
/// By a call that acts on the name, a link with a slash after it is no directory.
const NO_NAME: &[Code] = &[Code::NotPermitted, Code::NotDirectory];
/// Ways to the directory outside.
const PLAIN: &[&str] = &["../outside", "a/../../outside"];
const LINKED: &[&str] = &["a/evil", "a/link", "a/link/.", "a/../a/evil", "abs"];
const FLAGS: [PathFlags; 2] = [PathFlags::empty(), PathFlags::SYMLINK_FOLLOW];

fn main() -> ExitCode {
    run(|| {
        let root = mount(&argument(1)?)?;
        let links = argument(2)? == "links";
        for directory in PLAIN.iter().chain(LINKED.iter().filter(|_| links)) {
            below(&root, directory)?;
            itself(&root, directory)?;
        }
        if links {
            through_files(&root)?;
        }
        check("what is inside stays", open(&root, "own").is_ok())?;
        println!("escapes: none");
        Ok(())
    })
}

fn open_at(
    root: &Descriptor,
    flags: PathFlags,
    path: &str,
    how: OpenFlags,
    rights: DescriptorFlags,
) -> Result<(), Code> {
    root.open_at(flags, path, how, rights).map(drop)
}

/// Paths that lead through `directory`, which is outside.
fn below(root: &Descriptor, directory: &str) -> Outcome {
    let (read, write) = (DescriptorFlags::READ, DescriptorFlags::READ | DescriptorFlags::WRITE);
    let at = |name: &str| format!("{directory}/{name}");
    let (secret, full, new) = (&at("secret"), &at("full"), &at("new"));
    for flags in FLAGS {
        refused(format!("reading {secret}"), open_at(root, flags, secret, OpenFlags::empty(), read), NO)?;
        refused(format!("writing {secret}"), open_at(root, flags, secret, OpenFlags::empty(), write), NO)?;
        refused(format!("truncating {secret}"), open_at(root, flags, secret, OpenFlags::TRUNCATE, write), NO)?;
        refused(format!("creating {new}"), open_at(root, flags, new, OpenFlags::CREATE, write), NO)?;
        let exclusive = OpenFlags::CREATE | OpenFlags::EXCLUSIVE;
        refused(format!("creating only {new}"), open_at(root, flags, new, exclusive, write), NO)?;
        refused(format!("opening {full}"), open_at(root, flags, full, OpenFlags::DIRECTORY, read), NO)?;
        refused(format!("stat-at {secret}"), root.stat_at(flags, secret).map(drop), NO)?;
        refused(format!("metadata-hash-at {secret}"), root.metadata_hash_at(flags, secret).map(drop), NO)?;
        let times = root.set_times_at(flags, secret, NewTimestamp::Now, NewTimestamp::Now);
        refused(format!("set-times-at {secret}"), times, NO)?;
        refused(format!("link-at from {secret}"), root.link_at(flags, secret, root, "stolen"), NO)?;
        refused(format!("link-at to {new}"), root.link_at(flags, "own", root, new), NO)?;
    }
    refused(format!("create-directory-at {new}"), root.create_directory_at(new), NO)?;
    refused(format!("remove-directory-at {full}"), root.remove_directory_at(full), NO)?;
    refused(format!("unlink-file-at {secret}"), root.unlink_file_at(secret), NO)?;
    refused(format!("rename-at from {secret}"), root.rename_at(secret, root, "stolen"), NO)?;
    refused(format!("rename-at to {new}"), root.rename_at("own", root, new), NO)?;
    refused(format!("rename-at over {secret}"), root.rename_at("own", root, secret), NO)?;
    refused(format!("symlink-at {new}"), root.symlink_at("x", new), NO)?;
    refused(format!("readlink-at {secret}"), root.readlink_at(secret).map(drop), NO)
}

/// `directory/` itself: the slash asks for what the link points to, also where links are not to be followed.
fn itself(root: &Descriptor, directory: &str) -> Outcome {
    let slash = &format!("{directory}/");
    let read = DescriptorFlags::READ;
    for flags in FLAGS {
        refused(format!("opening {slash}"), open_at(root, flags, slash, OpenFlags::DIRECTORY, read), NO)?;
        refused(format!("opening {slash} as anything"), open_at(root, flags, slash, OpenFlags::empty(), read), NO)?;
        refused(format!("stat-at {slash}"), root.stat_at(flags, slash).map(drop), NO)?;
        let times = root.set_times_at(flags, slash, NewTimestamp::Now, NewTimestamp::Now);
        refused(format!("set-times-at {slash}"), times, NO)?;
    }
    let any = &[Code::NotPermitted, Code::NotDirectory, Code::Exist, Code::IsDirectory, Code::Invalid, Code::Busy][..];
    refused(format!("create-directory-at {slash}"), root.create_directory_at(slash), any)?;
    refused(format!("remove-directory-at {slash}"), root.remove_directory_at(slash), any)?;
    refused(format!("unlink-file-at {slash}"), root.unlink_file_at(slash), any)?;
    refused(format!("rename-at from {slash}"), root.rename_at(slash, root, "stolen"), any)?;
    refused(format!("rename-at to {slash}"), root.rename_at("own", root, slash), any)?;
    refused(format!("link-at from {slash}"), root.link_at(PathFlags::empty(), slash, root, "stolen"), any)
}

/// Links whose last step leaves: to a file that is there, and to one that a call would make.
fn through_files(root: &Descriptor) -> Outcome {
    let (follow, write) = (PathFlags::SYMLINK_FOLLOW, DescriptorFlags::READ | DescriptorFlags::WRITE);
    refused("reading through a link", open(root, "a/direct").map(drop), NO)?;
    refused("writing through a link", open_at(root, follow, "a/direct", OpenFlags::empty(), write), NO)?;
    refused("truncating through a link", open_at(root, follow, "a/direct", OpenFlags::TRUNCATE, write), NO)?;
    refused("creating through a link", open_at(root, follow, "a/new", OpenFlags::CREATE, write), NO)?;
    refused("stat-at through a link", root.stat_at(follow, "a/direct").map(drop), NO)?;
    refused(
        "set-times-at through a link",
        root.set_times_at(follow, "a/direct", NewTimestamp::Now, NewTimestamp::Now),
        NO,
    )?;
    refused("link-at through a link", root.link_at(follow, "a/direct", root, "stolen"), NO)?;
    refused("mkdir below a link to a file", root.create_directory_at("a/direct/x"), NO_NAME)?;
    // The guest's own links are no better than those it finds.
    root.symlink_at("../outside/secret", "mine").context("a link that leaves may be made")?;
    refused("and not be followed", open(root, "mine").map(drop), NO)?;
    root.unlink_file_at("mine").context("unlink-file-at")?;
    Ok(())
}
