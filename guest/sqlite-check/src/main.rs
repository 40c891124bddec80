//! Real work for a file system: SQLite, with its journal, its temporary files and its own check of the file.
//!
//! `sqlite-check FILE` prints the same lines wherever it runs, so a native run is the oracle of every other.

use std::process::ExitCode;

use rusqlite::{Connection, Result};

const RECORDS: u32 = 20_000;

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: sqlite-check FILE");
        return ExitCode::from(2);
    };
    match check(&path) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn check(path: &str) -> Result<()> {
    // Nobody else has the file, and a guest can't lock it.
    let uri = format!("file:{path}?nolock=1");
    write(&mut Connection::open(&uri)?)?;
    let mut connection = Connection::open(&uri)?;
    report(&connection)?;
    roll_back(&mut connection)?;
    connection.execute("DELETE FROM records WHERE id % 3 = 0", [])?;
    connection.execute_batch("VACUUM")?;
    report(&connection)
}

fn write(connection: &mut Connection) -> Result<()> {
    connection.execute_batch("CREATE TABLE records (id INTEGER PRIMARY KEY, name TEXT NOT NULL, size INTEGER)")?;
    let transaction = connection.transaction()?;
    {
        let mut insert = transaction.prepare("INSERT INTO records (id, name, size) VALUES (?1, ?2, ?3)")?;
        for id in 0..RECORDS {
            let key = id.wrapping_mul(2_654_435_761);
            insert.execute((id, format!("record {key:08x}"), key % 1000))?;
        }
    }
    transaction.commit()?;
    connection.execute_batch("CREATE INDEX by_size ON records (size, name)")
}

/// A transaction that is given up leaves nothing.
fn roll_back(connection: &mut Connection) -> Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute("UPDATE records SET size = -1", [])?;
    transaction.rollback()?;
    let spoilt: u32 = connection.query_row("SELECT count(*) FROM records WHERE size < 0", [], |row| row.get(0))?;
    println!("spoilt {spoilt}");
    Ok(())
}

fn report(connection: &Connection) -> Result<()> {
    let ask =
        "SELECT count(*), sum(size), group_concat(name) FROM (SELECT * FROM records WHERE size = 77 ORDER BY name)";
    let (count, sum, names): (u32, i64, String) =
        connection.query_row(ask, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let all: u32 = connection.query_row("SELECT count(*) FROM records", [], |row| row.get(0))?;
    let verdict: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    println!(
        "{all} records, {count} of size 77 ({sum} together), the first {}",
        names.split(',').next().unwrap_or("none")
    );
    println!("integrity: {verdict}");
    Ok(())
}
