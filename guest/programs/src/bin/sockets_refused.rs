//! Without a grant there is no network: every try is an error of the call.

use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::process::ExitCode;

use programs::{check, refused, run};

fn main() -> ExitCode {
    run(|| {
        const NO: &[ErrorKind] = &[ErrorKind::PermissionDenied];
        for address in ["127.0.0.1:9", "[::1]:9", "192.0.2.1:80", "0.0.0.0:9"] {
            let kind = |error: std::io::Error| error.kind();
            refused(format!("connecting to {address}"), TcpStream::connect(address).map_err(kind), NO)?;
            refused(format!("listening on {address}"), TcpListener::bind(address).map_err(kind), NO)?;
            refused(format!("a datagram socket on {address}"), UdpSocket::bind(address).map_err(kind), NO)?;
        }
        for name in ["localhost:80", "example.com:80"] {
            check(format!("{name} is not looked up"), name.to_socket_addrs().is_err())?;
        }
        println!("sockets_refused: nothing reached");
        Ok(())
    })
}
