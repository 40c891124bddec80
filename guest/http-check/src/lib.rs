//! The report that both clients print of an answer, so that a native run is the oracle of every other run.

use std::fmt::{Debug, Display};
use std::process::ExitCode;

/// Bytes of the body that is sent to be echoed.
pub const SENT: u32 = 1 << 20;

/// Runs `check` with the server's address, which is argument 1, such as `http://127.0.0.1:8080`.
pub fn run(name: &str, check: impl FnOnce(&str)) -> ExitCode {
    let Some(server) = std::env::args().nth(1) else {
        eprintln!("usage: {name} SERVER");
        return ExitCode::from(2);
    };
    check(&server);
    println!("{name}: done");
    ExitCode::SUCCESS
}

/// One line: the status, the length of the body and a checksum, or that there was none; an error's text may name what only
/// one system says.
pub fn print<E: Debug + Display>(what: &str, answer: Result<(u16, Vec<u8>), E>) {
    match answer {
        Ok((status, body)) => println!("{what}: {status}, {} bytes, {:016x}", body.len(), checksum(&body)),
        Err(error) => {
            println!("{what}: no answer");
            eprintln!("{what}: {error}");
        }
    }
}

/// The body that is sent to be echoed: bytes in which no piece could stand for another.
#[must_use]
pub fn sent() -> Vec<u8> {
    (0..SENT).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
