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
        // A read-only mount has nothing to change.
        if root.create_directory_at("fresh").is_ok() {
            let fresh = programs::open_directory(&root, "fresh").context("the directory")?;
            renamed(&fresh)?;
            of_another_directory(&fresh)?;
            removed_after_a_directory(&fresh)?;
            drop(fresh);
            root.remove_directory_at("fresh").context("remove-directory-at")?;
        }
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

/// Renaming files in the middle of a listing shows in the identities after it.
fn renamed(fresh: &Descriptor) -> Outcome {
    for number in 0..40 {
        drop(create(fresh, &format!("{number:02}")).context("a file")?);
    }
    let entries = fresh.read_directory().context("read-directory")?;
    let mut changed = None;
    while let Some(entry) = entries.read_directory_entry().context("an entry")? {
        let identity = identity_of(fresh, &entry.name);
        match &changed {
            None => {
                // Every other file gives its place to the one that was just told.
                let identity = identity.context("the first")?;
                for number in 0..40 {
                    let name = format!("{number:02}");
                    if name != entry.name {
                        fresh.rename_at(&name, fresh, &format!("away {name}")).context("rename-at")?;
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
    drop(entries);
    clear(fresh)
}

/// A listing goes on when its directory is closed, and another directory gets its number: that has none of the names.
fn of_another_directory(fresh: &Descriptor) -> Outcome {
    fresh.create_directory_at("full").and_then(|()| fresh.create_directory_at("empty")).context("directories")?;
    let full = programs::open_directory(fresh, "full").context("the full one")?;
    for number in 0..900 {
        drop(create(&full, &format!("{number:03}")).context("a file")?);
    }
    let entries = full.read_directory().context("read-directory")?;
    drop(full);
    let empty = programs::open_directory(fresh, "empty").context("the empty one")?;
    while let Some(entry) = entries.read_directory_entry().context("an entry")? {
        let identity = identity_of(&empty, &entry.name);
        check(format!("{} is not in the other", entry.name), identity == Err(ErrorCode::NoEntry))?;
    }
    drop((entries, empty));
    let full = programs::open_directory(fresh, "full").context("the full one again")?;
    clear(&full)?;
    drop(full);
    clear(fresh)
}

/// A file that is removed once a directory was told before it is gone, wherever the system's pieces of the listing begin.
fn removed_after_a_directory(fresh: &Descriptor) -> Outcome {
    for number in 0..300 {
        drop(create(fresh, &format!("file {number:03}")).context("a file")?);
        fresh.create_directory_at(&format!("directory {number:03}")).context("a directory")?;
    }
    let order: Vec<_> = listing(fresh)?.into_iter().map(|(name, _)| name).collect();
    let entries = fresh.read_directory().context("read-directory")?;
    let mut removed: Option<String> = None;
    while let Some(entry) = entries.read_directory_entry().context("an entry")? {
        // Nothing is asked between the directory and the file.
        if entry.name.starts_with("directory") {
            let next = order.iter().skip_while(|name| **name != entry.name).nth(1);
            if let Some(next) = next.filter(|next| next.starts_with("file")) {
                fresh.unlink_file_at(next).context("unlink-file-at")?;
                removed = Some(next.clone());
            }
            continue;
        }
        let identity = identity_of(fresh, &entry.name);
        if removed.take().is_some_and(|removed| removed == entry.name) {
            check(format!("{} is gone", entry.name), identity == Err(ErrorCode::NoEntry))?;
        }
    }
    drop(entries);
    clear(fresh)
}

/// Removes all that is in a directory.
fn clear(directory: &Descriptor) -> Outcome {
    for (name, _) in listing(directory)? {
        let removed = directory.unlink_file_at(&name).or_else(|_| directory.remove_directory_at(&name));
        removed.map_err(|error| Failure::new(format!("{name} can't be removed: {error:?}")))?;
    }
    Ok(())
}
