//! Lists a directory, asks for the identity of each entry right after it, and asks again when the listing is over. Both times the
//! entry must be the same file. A file that is removed, or comes again, in the middle of a listing must be so at once. Argument 1:
//! a mount.

use std::process::ExitCode;

use programs::{Context, Failure, Outcome, argument, check, create, mount, run, same};
use wasip2::filesystem::types::{Descriptor, ErrorCode, PathFlags};

const NOFOLLOW: PathFlags = PathFlags::empty();

fn main() -> ExitCode {
    run(|| {
        let root = mount(&argument(1)?)?;
        let listed = listing(&root)?;
        for (name, identity) in &listed {
            same(format!("which file {name} is"), identity_of(&root, name).context(name)?, *identity)?;
        }
        println!("{} entries", listed.len());
        changes(&root)?;
        println!("identities: all well");
        Ok(())
    })
}

fn identity_of(root: &Descriptor, name: &str) -> Result<(u64, u64), ErrorCode> {
    root.metadata_hash_at(NOFOLLOW, name).map(|hash| (hash.lower, hash.upper))
}

fn listing(root: &Descriptor) -> Outcome<Vec<(String, (u64, u64))>> {
    let entries = root.read_directory().context("read-directory")?;
    let mut listed = Vec::new();
    while let Some(entry) = entries.read_directory_entry().context("an entry")? {
        let identity = identity_of(root, &entry.name).context(&entry.name)?;
        listed.push((entry.name, identity));
    }
    Ok(listed)
}

/// A change that the guest makes between two entries shows in the identities of the entries after it.
fn changes(root: &Descriptor) -> Outcome {
    // Some make no directory there: then there is nothing to change.
    if root.create_directory_at("fresh").is_err() {
        return Ok(());
    }
    for number in 0..40 {
        drop(create(root, &format!("fresh/{number:02}")).context("a file")?);
    }
    let fresh = programs::open_directory(root, "fresh").context("the directory")?;
    let entries = fresh.read_directory().context("read-directory")?;
    let mut changed = None;
    while let Some(entry) = entries.read_directory_entry().context("an entry")? {
        let identity = identity_of(&fresh, &entry.name);
        match &changed {
            None => {
                // Every other file gives its place to the one that was just told.
                let identity = identity.context("the first")?;
                for number in 0..40 {
                    let name = format!("{number:02}");
                    if name != entry.name {
                        fresh.rename_at(&name, &fresh, &format!("away {name}")).context("rename-at")?;
                    }
                }
                changed = Some((entry.name, identity));
            }
            // An entry that was listed before it went, or one of those that came.
            Some(_) if !entry.name.starts_with("away") => {
                check(format!("{} is gone", entry.name), identity == Err(ErrorCode::NoEntry))?;
            }
            Some((first, known)) => {
                check(format!("{} is not {first}", entry.name), identity.context("one of the others")? != *known)?;
            }
        }
    }
    check("there was an entry", changed.is_some())?;
    remove_all(root, &fresh)
}

fn remove_all(root: &Descriptor, fresh: &Descriptor) -> Outcome {
    let entries = fresh.read_directory().context("read-directory")?;
    let mut names = Vec::new();
    while let Some(entry) = entries.read_directory_entry().context("an entry")? {
        names.push(entry.name);
    }
    for name in names {
        fresh.unlink_file_at(&name).context("unlink-file-at")?;
    }
    root.remove_directory_at("fresh").map_err(|error| Failure::new(format!("remove-directory-at: {error:?}")))
}
