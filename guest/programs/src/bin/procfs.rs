//! Everything that can be done with a path, on paths that lead to processes; none of it may succeed. Arguments: what is tried; a
//! directory of the guest's own, with a file `f`; and the paths. By the standard library alone, so that it is also a module of preview1.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::process::ExitCode;

use programs::{Failure, Outcome, argument, run};

fn main() -> ExitCode {
    run(|| {
        let (what, own) = (argument(1)?, argument(2)?);
        for path in std::env::args().skip(3) {
            let (follows, is_named) = match what.as_str() {
                "all" => (true, true),
                // The last name is a link of the guest's own.
                "through" => (true, false),
                // It may be looked at.
                "open" => (false, false),
                "write" => {
                    writes(&path)?;
                    continue;
                }
                _ => return Err(Failure::new("what is to be tried?")),
            };
            reads(&path)?;
            writes(&path)?;
            if follows && !is_mount(&path) {
                fails("metadata", &path, fs::metadata(&path))?;
            }
            if is_named {
                names(&path, &own)?;
            }
        }
        println!("procfs: out of reach");
        Ok(())
    })
}

/// A call that must fail, for whatever reason.
fn fails<T>(what: &str, path: &str, result: io::Result<T>) -> Outcome {
    match result {
        Ok(_) => Err(Failure::new(format!("{what} of {path} succeeded"))),
        Err(_) => Ok(()),
    }
}

fn reads(path: &str) -> Outcome {
    let mut text = Vec::new();
    if File::open(path).and_then(|mut file| file.read_to_end(&mut text)).is_ok() {
        return Err(Failure::new(format!("{path} was read: {}", String::from_utf8_lossy(&text[..text.len().min(60)]))));
    }
    fails("open", path, File::open(path))?;
    fails("listing", path, fs::read_dir(path))?;
    fails("listing", path, fs::read_dir(format!("{path}/")))
}

fn writes(path: &str) -> Outcome {
    let how = OpenOptions::new;
    fails("open to write", path, how().write(true).open(path))?;
    fails("open to read and write", path, how().read(true).write(true).open(path))?;
    fails("open to append", path, how().append(true).open(path))?;
    fails("truncation", path, how().write(true).truncate(true).open(path))?;
    fails("creation", path, how().write(true).create(true).open(path))?;
    fails("creation anew", path, how().write(true).create_new(true).open(path))
}

fn names(path: &str, own: &str) -> Outcome {
    let (file, new) = (format!("{own}/f"), format!("{own}/new"));
    if !is_mount(path) {
        fails("symlink_metadata", path, fs::symlink_metadata(path))?;
    }
    fails("read_link", path, fs::read_link(path))?;
    fails("rename", path, fs::rename(path, &new))?;
    fails("rename onto", path, fs::rename(&file, path))?;
    fails("link", path, fs::hard_link(path, &new))?;
    fails("link onto", path, fs::hard_link(&file, path))?;
    fails("link below", path, fs::hard_link(&file, format!("{path}/new")))?;
    fails("directory below", path, fs::create_dir(format!("{path}/new")))?;
    fails("unlink", path, fs::remove_file(path))?;
    fails("remove_dir", path, fs::remove_dir(path))
}

/// The directory that a procfs is mounted on may be seen; it does not open.
fn is_mount(path: &str) -> bool {
    path.trim_end_matches('/').rsplit('/').next() == Some("proc")
}
