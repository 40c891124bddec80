//! A TCP server by `std::net`, one connection after the other: each gets back what it sends. Argument 1: the address to
//! listen on; argument 2: how many connections to serve. Prints its address first.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;

use programs::{Context, argument, check, run, same};

fn main() -> ExitCode {
    run(|| {
        let listener = TcpListener::bind(argument(1)?).context("bind")?;
        let connections: usize = argument(2)?.parse().context("the number of connections")?;
        let here = listener.local_addr().context("local_addr")?;
        println!("{here}");
        for (index, stream) in listener.incoming().take(connections).enumerate() {
            let mut stream = stream.context("accept")?;
            same("an accepted connection's port", stream.local_addr().context("local_addr")?.port(), here.port())?;
            check("the peer has a port", stream.peer_addr().context("peer_addr")?.port() != 0)?;
            match echo(&mut stream) {
                Ok(bytes) => println!("{index}: {bytes} bytes"),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => println!("{index}: reset"),
                Err(error) => println!("{index}: {error}"),
            }
        }
        Ok(())
    })
}

fn echo(stream: &mut TcpStream) -> std::io::Result<u64> {
    let (mut buffer, mut bytes) = (vec![0; 16 << 10], 0);
    loop {
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            return Ok(bytes);
        }
        stream.write_all(&buffer[..read])?;
        bytes += read as u64;
    }
}
