//! Two mounts of different systems in one guest: each works, files pass from one to the other by copying alone. Arguments: the
//! two mounts, both writable and empty.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use programs::{Context, Outcome, argument, check, create, mount, refused, run, same};
use wasip2::filesystem::types::{Descriptor, ErrorCode as Code, PathFlags};

fn main() -> ExitCode {
    run(|| {
        let paths = [argument(1)?, argument(2)?];
        let mounts = [mount(&paths[0])?, mount(&paths[1])?];
        names_stay(&mounts[0], &mounts[1])?;
        names_stay(&mounts[1], &mounts[0])?;
        let [here, there] = paths.each_ref().map(|path| Path::new(path).join("file"));
        fs::write(&here, "text").context("write")?;
        same("bytes copied", fs::copy(&here, &there).context("copy")?, 4)?;
        fs::write(&here, "other").context("write")?;
        same("the copy", fs::read_to_string(&there).context("read")?, "text".to_owned())?;
        println!("mixed_mounts: all well");
        Ok(())
    })
}

/// Neither a name nor an identity is shared.
fn names_stay(here: &Descriptor, there: &Descriptor) -> Outcome {
    let file = create(here, "file").context("create")?;
    let other = create(there, "file").context("create")?;
    let hash = |file: &Descriptor| file.metadata_hash().map(|hash| (hash.lower, hash.upper));
    check("they are two files", !file.is_same_object(&other) && hash(&file)? != hash(&other)?)?;
    refused("rename", here.rename_at("file", there, "new"), &[Code::CrossDevice])?;
    refused("rename over a file", here.rename_at("file", there, "file"), &[Code::CrossDevice])?;
    refused("link", here.link_at(PathFlags::empty(), "file", there, "new"), &[Code::CrossDevice])?;
    here.unlink_file_at("file").context("unlink")?;
    there.unlink_file_at("file").context("unlink")
}
