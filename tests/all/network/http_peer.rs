//! A server of HTTP/1.1 for clients in the sandbox: a path for each thing that a client has to cope with.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::LOOPBACK;
use super::peers::{noise, serve, silent};

/// A request: its path, its lines of headers in small letters, and its body.
struct Request {
    path: String,
    headers: Vec<String>,
    body: Vec<u8>,
}

/// Serves until the test ends.
pub(super) fn http_server() -> SocketAddr {
    let connections = Arc::new(AtomicUsize::new(0));
    serve(LOOPBACK[0], move |stream| {
        connections.fetch_add(1, Ordering::Relaxed);
        // A client that goes in the middle is one of the things to try.
        converse(stream, &connections).ok();
    })
}

/// Answers one request after another, while the client wants to.
fn converse(mut stream: TcpStream, connections: &AtomicUsize) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some(request) = Request::read(&mut reader)? {
        let close = request.header("connection") == Some("close");
        match request.path.as_str() {
            "/small" => plain(&mut stream, "200 OK", b"a small body\n")?,
            "/large" => plain(&mut stream, "200 OK", &noise(1, 3_000_000))?,
            "/chunked" => chunked(&mut stream)?,
            "/redirect" => {
                stream.write_all(b"HTTP/1.1 302 Found\r\nLocation: /small\r\nContent-Length: 0\r\n\r\n")?;
            }
            "/echo" => plain(&mut stream, "200 OK", &request.body)?,
            "/header" => plain(&mut stream, "200 OK", request.header("x-asked").unwrap_or("none").as_bytes())?,
            "/connections" => {
                plain(&mut stream, "200 OK", connections.load(Ordering::Relaxed).to_string().as_bytes())?;
            }
            // Its end is the end of the connection.
            "/close" => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
                return stream.write_all(&noise(2, 100_000));
            }
            "/cut" => return stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nthe start"),
            "/nothing" => return Ok(()),
            "/silent" => {
                silent(stream);
                return Ok(());
            }
            _ => plain(&mut stream, "404 Not Found", b"there is no such thing\n")?,
        }
        if close {
            break;
        }
    }
    Ok(())
}

fn plain(stream: &mut TcpStream, status: &str, body: &[u8]) -> std::io::Result<()> {
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len())?;
    stream.write_all(body)
}

/// Chunks of all sizes, down to one byte, and a trailer.
fn chunked(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
    for size in (1..200).map(|step| step * step) {
        let chunk = noise(3, size);
        write!(stream, "{size:x}\r\n")?;
        stream.write_all(&chunk)?;
        stream.write_all(b"\r\n")?;
    }
    stream.write_all(b"0\r\n\r\n")
}

impl Request {
    /// The next one; `None` at the end of the connection.
    fn read(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Self>> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(None);
            }
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let path = lines.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default().to_owned();
        let mut request = Self { path, headers: lines.split_off(1), body: Vec::new() };
        let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        request.body.resize(length, 0);
        reader.read_exact(&mut request.body)?;
        Ok(Some(request))
    }

    /// The value of a header, as it came.
    fn header(&self, name: &str) -> Option<&str> {
        let value = |line: &'_ String| line.split_once(": ").is_some_and(|(key, _)| key.eq_ignore_ascii_case(name));
        self.headers.iter().find(|line| value(line)).and_then(|line| line.split_once(": ")).map(|(_, value)| value)
    }
}
