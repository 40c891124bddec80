//! A TCP server without threads: several clients at once, by `poll`, none of which can hold up another. Argument 1: the
//! port of 127.0.0.1 to listen on; argument 2: how many connections to serve. Prints its address first, and in the end
//! how many bytes it echoed.

use std::process::ExitCode;

use programs::sockets::{network, port, tcp, v4};
use programs::{Context, Failure, Outcome, argument, run};
use wasip2::io::poll::{Pollable, poll};
use wasip2::io::streams::StreamError;
use wasip2::sockets::network::ErrorCode as Code;
use wasip2::sockets::network::IpAddressFamily::Ipv4;
use wasip2::sockets::tcp::{InputStream, OutputStream, ShutdownType, TcpSocket};

/// Bytes that wait for a client to take them, before no more are read from it.
const MOST: usize = 256 << 10;

/// One connection. Fields are dropped in order: what waits for a stream before it, the socket last.
struct Client {
    readable: Pollable,
    writable: Pollable,
    input: InputStream,
    output: OutputStream,
    socket: TcpSocket,
    waiting: Vec<u8>,
    ended: bool,
    echoed: u64,
}

fn main() -> ExitCode {
    run(|| {
        let listener = tcp(Ipv4)?;
        let local = v4([127, 0, 0, 1], argument(1)?.parse().context("the port")?);
        listener.start_bind(&network(), local).context("start-bind")?;
        listener.finish_bind().context("finish-bind")?;
        listener.start_listen().context("start-listen")?;
        listener.finish_listen().context("finish-listen")?;
        println!("127.0.0.1:{}", port(listener.local_address().context("local-address")?));
        let (echoed, lost) = serve(&listener, argument(2)?.parse().context("the number of connections")?)?;
        println!("tcp_poll_server: {echoed} bytes, {lost} lost");
        Ok(())
    })
}

/// The object that a pollable of a list belongs to.
#[derive(Clone, Copy)]
enum Of {
    Listener,
    Reading(usize),
    Writing(usize),
}

fn serve(listener: &TcpSocket, connections: usize) -> Outcome<(u64, usize)> {
    let mut clients: Vec<Option<Client>> = Vec::new();
    let (mut echoed, mut lost) = (0, 0);
    let somebody = listener.subscribe();
    while clients.len() < connections || clients.iter().any(Option::is_some) {
        let (mut pollables, mut of) = (Vec::new(), Vec::new());
        if clients.len() < connections {
            pollables.push(&somebody);
            of.push(Of::Listener);
        }
        for (index, client) in clients.iter().enumerate() {
            let Some(client) = client else { continue };
            if !client.ended && client.waiting.len() < MOST {
                pollables.push(&client.readable);
                of.push(Of::Reading(index));
            }
            if !client.waiting.is_empty() {
                pollables.push(&client.writable);
                of.push(Of::Writing(index));
            }
        }
        let ready: Vec<Of> = poll(&pollables).into_iter().map(|index| of[index as usize]).collect();
        for of in ready {
            let (index, step) = match of {
                Of::Listener => {
                    accept(listener, &mut clients)?;
                    continue;
                }
                Of::Reading(index) => (index, Client::read as fn(&mut Client) -> Result<(), StreamError>),
                Of::Writing(index) => (index, Client::write as _),
            };
            let Some(client) = &mut clients[index] else { continue };
            let over = match step(client) {
                Ok(()) => client.ended && client.waiting.is_empty(),
                Err(_) => {
                    lost += 1;
                    true
                }
            };
            if over {
                client.socket.shutdown(ShutdownType::Send).ok();
                echoed += client.echoed;
                clients[index] = None;
            }
        }
    }
    Ok((echoed, lost))
}

fn accept(listener: &TcpSocket, clients: &mut Vec<Option<Client>>) -> Outcome {
    match listener.accept() {
        Ok((socket, input, output)) => {
            let (readable, writable) = (input.subscribe(), output.subscribe());
            let client =
                Client { readable, writable, input, output, socket, waiting: Vec::new(), ended: false, echoed: 0 };
            clients.push(Some(client));
            Ok(())
        }
        Err(Code::WouldBlock | Code::ConnectionAborted) => Ok(()),
        Err(error) => Err(Failure::new(format!("accept: {}", error.name()))),
    }
}

impl Client {
    fn read(&mut self) -> Result<(), StreamError> {
        match self.input.read(64 << 10) {
            Ok(bytes) => self.waiting.extend(bytes),
            Err(StreamError::Closed) => self.ended = true,
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), StreamError> {
        let room = usize::try_from(self.output.check_write()?).unwrap_or(usize::MAX).min(self.waiting.len());
        self.output.write(&self.waiting[..room])?;
        self.waiting.drain(..room);
        self.echoed += room as u64;
        Ok(())
    }
}
