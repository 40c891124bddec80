//! The behaviour of `tokio` with sockets and clocks, without a listener. Arguments: the addresses of a TCP server that echoes, of one
//! that says nothing, of a port where nobody listens, and of a UDP server that echoes.

use std::io::ErrorKind;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpStream, UdpSocket};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Connections at once, and bytes on each way of each.
const CONNECTIONS: usize = 40;
const BYTES: usize = 200_000;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let addresses: Vec<String> = std::env::args().skip(1).collect();
    let [echo, silent, nobody, datagrams] = &addresses[..] else {
        eprintln!("usage: tokio-client ECHO SILENT NOBODY DATAGRAMS");
        return ExitCode::from(2);
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = runtime.map_err(Into::into).and_then(|runtime| {
        runtime.block_on(async {
            streams(echo).await?;
            lines(echo).await?;
            waits(silent, nobody).await?;
            messages(datagrams).await
        })
    });
    match done {
        Ok(()) => {
            println!("tokio-client: all well");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("tokio-client: {error}");
            ExitCode::FAILURE
        }
    }
}

fn claim(claim: &str, holds: bool) -> Outcome {
    if holds { Ok(()) } else { Err(format!("this should hold and does not: {claim}").into()) }
}

/// Many at once, each way of each by itself.
async fn streams(echo: &str) -> Outcome {
    let mut tasks = JoinSet::new();
    for seed in 0..CONNECTIONS {
        let stream = TcpStream::connect(echo).await?;
        tasks.spawn(async move {
            let sent = tokio_check::bytes(seed, BYTES);
            let (mut input, mut output) = stream.into_split();
            let mut received = Vec::new();
            let (read, written) = tokio::join!(input.read_to_end(&mut received), async {
                output.write_all(&sent).await?;
                output.shutdown().await
            });
            std::io::Result::Ok(read.is_ok() && written.is_ok() && received == sent)
        });
    }
    let mut well = 0;
    while let Some(task) = tasks.join_next().await {
        well += usize::from(task??);
    }
    println!("{well} connections, {BYTES} bytes there and back on each");
    claim("each gets back what it sent", well == CONNECTIONS)
}

async fn lines(echo: &str) -> Outcome {
    let stream = TcpStream::connect(echo).await?;
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    for number in 0..100 {
        let sent = format!("line {number}\n");
        stream.write_all(sent.as_bytes()).await?;
        stream.flush().await?;
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        claim("a line comes back", line == sent)?;
    }
    Ok(())
}

async fn waits(silent: &str, nobody: &str) -> Outcome {
    let limit = Duration::from_millis(30);
    let mut stream = TcpStream::connect(silent).await?;
    let start = Instant::now();
    claim("a read of nothing is cut off", timeout(limit, stream.read_u8()).await.is_err())?;
    claim("in time", start.elapsed() >= limit)?;
    let first = tokio::select! {
        _ = stream.read_u8() => "read",
        () = sleep(limit) => "sleep",
    };
    claim("the clock comes first", first == "sleep")?;
    let refused = TcpStream::connect(nobody).await.map_err(|error| error.kind());
    claim("nobody listens", refused.err() == Some(ErrorKind::ConnectionRefused))
}

async fn messages(echo: &str) -> Outcome {
    let socket = UdpSocket::bind("0.0.0.0:0").await?;
    socket.connect(echo).await?;
    for length in [1, 1000, 60_000] {
        let sent = tokio_check::bytes(length, length);
        socket.send(&sent).await?;
        let mut received = vec![0; 65_536];
        let count = socket.recv(&mut received).await?;
        claim("a message comes back", received[..count] == sent)?;
    }
    let nothing = timeout(Duration::from_millis(30), socket.recv(&mut [0; 1])).await;
    claim("then nothing comes", nothing.is_err())
}
