//! A TCP client by `std::net`. Argument 1: the server's address, which may be a name; argument 2: how many bytes to send.
//! It ends sending, and reads to the end: an echo of what it sent.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::ExitCode;

use programs::{Context, argument, check, run, same};

fn main() -> ExitCode {
    run(|| {
        let address = argument(1)?;
        let count: usize = argument(2)?.parse().context("the number of bytes")?;
        let sent: Vec<u8> = (0..count).map(|index| (index % 251) as u8).collect();
        let mut stream = TcpStream::connect(&address).context("connect")?;
        let (here, there) = (stream.local_addr().context("local_addr")?, stream.peer_addr().context("peer_addr")?);
        check("the local port is a real one", here.port() != 0 && !here.ip().is_unspecified())?;
        if let Ok(expected) = address.parse() {
            same("the peer's address", there, expected)?;
        }
        stream.set_nodelay(true).context("set_nodelay")?;
        stream.write_all(&sent).context("write")?;
        stream.flush().context("flush")?;
        stream.shutdown(Shutdown::Write).context("shutdown")?;
        let mut received = Vec::new();
        stream.read_to_end(&mut received).context("read")?;
        same("what came back", received, sent)?;
        same("at the end there is nothing more", stream.read(&mut [0; 16]).context("read at the end")?, 0)?;
        check("nothing can be sent any more", stream.write(b"x").is_err())?;
        println!("tcp_client: {count} bytes there and back");
        Ok(())
    })
}
