//! Fills a connection until there is no room, says how many bytes were taken, and leaves: all of them arrive all the same.
//! Argument 1: the address; argument 2: how to leave: `drop`, `shutdown` or `exit`.

use std::io::{ErrorKind, Write};
use std::net::{Shutdown, TcpStream};
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use programs::{Context, Failure, argument, run};

fn main() -> ExitCode {
    run(|| {
        let mut stream = TcpStream::connect(argument(1)?).context("connect")?;
        stream.set_nonblocking(true).context("set_nonblocking")?;
        let chunk: Vec<u8> = (0..251_u8).cycle().take(251 * 256).collect();
        let (mut taken, mut at, mut full) = (0_u64, 0, 0);
        // Bytes that were sent may still be on their way into the peer's buffer. So the buffer counts as full only after four answers
        // in a row without room.
        while full < 4 {
            match stream.write(&chunk[at..]) {
                Ok(count) => {
                    taken += count as u64;
                    at = (at + count) % chunk.len();
                    full = 0;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    full += 1;
                    sleep(Duration::from_millis(30));
                }
                Err(error) => return Err(error).context("write"),
            }
        }
        println!("{taken}");
        match argument(2)?.as_str() {
            "drop" => drop(stream),
            "shutdown" => stream.shutdown(Shutdown::Write).context("shutdown")?,
            "exit" => std::process::exit(0),
            other => return Err(Failure::new(format!("`{other}` is no way to leave"))),
        }
        println!("left");
        Ok(())
    })
}
