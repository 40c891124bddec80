//! Real work for a file system: a database of 100,000 records, written, opened again, verified and compacted.
//!
//! `redb-check FILE` prints the same lines wherever it runs, so a native run is the oracle of every other.

use std::path::Path;
use std::process::ExitCode;

use redb::{Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition};

const RECORDS: u64 = 100_000;
/// Records in one transaction.
const BATCH: u64 = 10_000;
const TABLE: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("records");

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: redb-check FILE");
        return ExitCode::from(2);
    };
    match check(Path::new(&path)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn check(path: &Path) -> Outcome {
    write(path)?;
    println!("written {RECORDS}");
    let (records, sum) = verify(path)?;
    println!("verified {records}, checksum {sum:016x}");
    remove_odd(path)?;
    let (records, sum) = verify(path)?;
    println!("left {records}, checksum {sum:016x}");
    Ok(())
}

fn write(path: &Path) -> Outcome {
    let database = Database::create(path)?;
    for batch in 0..RECORDS / BATCH {
        let transaction = database.begin_write()?;
        {
            let mut table = transaction.open_table(TABLE)?;
            for index in batch * BATCH..(batch + 1) * BATCH {
                let (key, value) = record(index);
                table.insert(key, value.as_slice())?;
            }
        }
        transaction.commit()?;
    }
    Ok(())
}

/// Reads everything by a database opened anew; the number of records and a checksum over keys and values.
fn verify(path: &Path) -> Outcome<(u64, u64)> {
    let database = Database::open(path)?;
    let table = database.begin_read()?.open_table(TABLE)?;
    let mut sum = 0xcbf2_9ce4_8422_2325_u64;
    for entry in table.iter()? {
        let (key, value) = entry?;
        let bytes = key.value().to_le_bytes();
        for byte in bytes.iter().chain(value.value()) {
            sum = (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    for index in (1..RECORDS).step_by(977) {
        let (key, expected) = record(index);
        if let Some(value) = table.get(key)?
            && value.value() != expected
        {
            return Err(format!("record {index} has another value than was written").into());
        }
    }
    Ok((table.len()?, sum))
}

fn remove_odd(path: &Path) -> Outcome {
    let mut database = Database::open(path)?;
    let transaction = database.begin_write()?;
    {
        let mut table = transaction.open_table(TABLE)?;
        table.retain(|key, _| key % 2 == 0)?;
    }
    transaction.commit()?;
    database.compact()?;
    Ok(())
}

/// Record number `index`: keys in no order, values of 0 to 96 bytes.
fn record(index: u64) -> (u64, Vec<u8>) {
    let key = index.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let length = usize::try_from(key >> 57).unwrap_or(0) % 97;
    (key, key.to_be_bytes().into_iter().cycle().take(length).collect())
}
