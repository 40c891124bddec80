//! Does what each line of its standard input says, and prints what became of it.

use std::fs;
use std::io::{self, BufRead as _};
use std::net::TcpStream;
use std::process::ExitCode;

use programs::{Failure, Outcome, run};

fn main() -> ExitCode {
    run(|| {
        for line in io::stdin().lock().lines() {
            let line = line.map_err(|error| Failure::new(error.to_string()))?;
            let became = attempt(&line)?;
            println!("{line}: {}", became.unwrap_or_else(|error| error.kind().to_string()));
        }
        Ok(())
    })
}

fn attempt(line: &str) -> Outcome<io::Result<String>> {
    let words: Vec<&str> = line.split(' ').collect();
    let done = |result: io::Result<()>| result.map(|()| "ok".to_owned());
    Ok(match *words {
        ["read", path] => fs::read_to_string(path).map(|text| text.trim_end().to_owned()),
        ["write", path] => done(fs::write(path, "written")),
        ["list", path] => fs::read_dir(path).map(|entries| entries.count().to_string()),
        ["remove", path] => done(fs::remove_file(path)),
        ["rename", from, to] => done(fs::rename(from, to)),
        ["link", from, to] => done(fs::hard_link(from, to)),
        ["connect", address] => TcpStream::connect(address).map(|_| "ok".to_owned()),
        ["variables"] => Ok(std::env::vars().count().to_string()),
        _ => return Err(Failure::new(format!("`{line}` is nothing to do"))),
    })
}
