//! Takes ever more of one thing and keeps it, until the host refuses or there are as many as were asked for; says how many there are, and
//! waits for the end of stdin, so that somebody can look at the host. Then it lets go of all, and has one more.
//!
//! Argument 1: of which thing, `listings` or `names`; argument 2: how many at the most; argument 3: a mount.

use std::fs::{self, File};
use std::io::{self, Error, ErrorKind};
use std::path::PathBuf;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let most = arguments.next().and_then(|most| most.parse().ok()).unwrap_or(1);
    let directory = PathBuf::from(arguments.next().unwrap_or_default());
    match what.as_str() {
        "listings" => hoard(most, || {
            let mut entries = fs::read_dir(&directory)?;
            entries.next().transpose()?;
            Ok(entries)
        }),
        "names" => {
            // Almost the longest path that there is.
            let directory = directory.join(vec!["d".repeat(255); 15].join("/"));
            fs::create_dir_all(&directory)?;
            let path = directory.join("file");
            fs::write(&path, "")?;
            hoard(most, || File::open(&path))
        }
        _ => Err(Error::new(ErrorKind::InvalidInput, format!("`{what}` is nothing to hoard"))),
    }
}

fn hoard<T>(most: usize, mut make: impl FnMut() -> io::Result<T>) -> io::Result<()> {
    let mut all = Vec::with_capacity(most);
    println!("hoarding");
    let refusal = loop {
        if all.len() == most {
            break "nothing".to_owned();
        }
        match make() {
            Ok(one) => all.push(one),
            Err(error) => break error.to_string(),
        }
    };
    println!("{} are held, refused was {refusal}", all.len());
    io::stdin().read_line(&mut String::new())?;
    drop(all);
    make()?;
    println!("goes on");
    Ok(())
}
