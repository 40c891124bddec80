//! Takes connections at the socket that it was handed as descriptor 3, answers each in capitals, and notes it in a file.
//!
//! Arguments: `blocking` or `polling`, and how many connections.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::FromRawFd;
use std::thread;
use std::time::Duration;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let polling = arguments.next().is_some_and(|how| how == "polling");
    let most = arguments.next().and_then(|most| most.parse().ok()).unwrap_or(1);
    // SAFETY: descriptor 3 is this program's own, and nobody else closes it.
    #[allow(unsafe_code, reason = "std has no other way to take a descriptor that was handed in")]
    let listener = unsafe { TcpListener::from_raw_fd(3) };
    listener.set_nonblocking(polling)?;
    for _ in 0..most {
        let mut stream = accept(&listener)?;
        let mut message = String::new();
        stream.read_to_string(&mut message)?;
        stream.write_all(message.to_uppercase().as_bytes())?;
        stream.shutdown(Shutdown::Write)?;
        writeln!(OpenOptions::new().append(true).create(true).open("/data/log")?, "{message}")?;
    }
    println!("served {most}");
    Ok(())
}

/// A connection, when there is one.
fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
    loop {
        match listener.accept() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(Duration::from_millis(1)),
            other => return other.map(|(stream, _)| stream),
        }
    }
}
