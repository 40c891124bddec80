//! Takes ever more of one thing and keeps it, until the host refuses or there are as many as were asked for; says how many there are, and
//! waits for the end of stdin, so that somebody can look at the host. Then it lets go of all, and has one more.
//!
//! Argument 1: of which thing; argument 2: how many at the most; argument 3: a mount, or an address.

use std::net::SocketAddr;
use std::process::ExitCode;

use programs::sockets::{bound_udp, connect, loopback, v4};
use programs::{Context, Failure, Outcome, Word, argument, check, create, mount, open, run};
use wasip2::clocks::monotonic_clock::{subscribe_duration, subscribe_instant};
use wasip2::filesystem::types::{Descriptor, ErrorCode};
use wasip2::io::poll::poll;
use wasip2::io::streams::StreamError;
use wasip2::random::random::get_random_bytes;
use wasip2::sockets::network::IpAddressFamily::Ipv4;
use wasip2::sockets::tcp_create_socket::create_tcp_socket;
use wasip2::sockets::udp::OutgoingDatagram;

fn main() -> ExitCode {
    run(|| {
        let most: usize = argument(2)?.parse().context("how many")?;
        match argument(1)?.as_str() {
            "listings" => listings(most),
            "names" => names(most),
            "streams" => streams(most),
            "lookups" => lookups(most),
            "outboxes" => outboxes(most),
            "timers" => timers(most),
            "random" => random(most),
            "datagrams" => datagrams(most),
            other => Err(Failure::new(format!("`{other}` is nothing to hoard"))),
        }
    })
}

/// Makes things until one is refused, has somebody look, and shows that letting go of them helps.
fn hoard<T, E: Word>(most: usize, mut make: impl FnMut() -> Result<T, E>) -> Outcome {
    let mut all = Vec::with_capacity(most);
    // The handles of stdout and stdin are taken here, while there are some to be had.
    println!("hoarding");
    let stdin = wasip2::cli::stdin::get_stdin();
    let refusal = loop {
        if all.len() == most {
            break "nothing".to_owned();
        }
        match make() {
            Ok(one) => all.push(one),
            Err(error) => break error.word(),
        }
    };
    println!("{} are held, refused was {refusal}", all.len());
    while stdin.blocking_read(1).is_ok() {}
    drop(all);
    // While the guest waits, data that connections still have to send goes out or is given up.
    for _ in 0..1_000 {
        if make().is_ok() {
            println!("goes on");
            return Ok(());
        }
        subscribe_duration(10_000_000).block();
    }
    Err(Failure::new("not one more can be had, with nothing held"))
}

fn listings(most: usize) -> Outcome {
    let root = mount(&argument(3)?)?;
    hoard(most, || {
        let entries = root.read_directory()?;
        entries.read_directory_entry()?;
        Ok::<_, ErrorCode>(entries)
    })
}

/// A file that has almost the longest path that there is.
fn long_path(root: &Descriptor) -> Outcome<String> {
    let mut path = String::new();
    for _ in 0..15 {
        path += &"d".repeat(255);
        match root.create_directory_at(&path) {
            Ok(()) | Err(ErrorCode::Exist) => {}
            Err(error) => return Err(error).context("a directory"),
        }
        path += "/";
    }
    path += "file";
    drop(create(root, &path).context("a file")?);
    Ok(path)
}

fn names(most: usize) -> Outcome {
    let root = mount(&argument(3)?)?;
    let path = long_path(&root)?;
    hoard(most, || open(&root, &path))
}

fn streams(most: usize) -> Outcome {
    let root = mount(&argument(3)?)?;
    let file = open(&root, &long_path(&root)?).context("the file")?;
    hoard(most, || file.read_via_stream(0))
}

fn lookups(most: usize) -> Outcome {
    let network = programs::sockets::network();
    hoard(most, || wasip2::sockets::ip_name_lookup::resolve_addresses(&network, "127.0.0.1"))
}

/// Connections whose peer reads nothing, each with as much written as it takes.
fn outboxes(most: usize) -> Outcome {
    let address: SocketAddr = argument(3)?.parse().context("an address")?;
    let remote = v4([127, 0, 0, 1], address.port());
    let zeros = vec![0; 64 << 10];
    hoard(most, || {
        let socket = create_tcp_socket(Ipv4).map_err(|error| Refused(error.word()))?;
        // The system's own send buffer isn't part of what is held here, so it should be small.
        socket.set_send_buffer_size(4096).map_err(|error| Refused(error.word()))?;
        let (input, output) = connect(&socket, remote).map_err(|error| Refused(error.word()))?;
        loop {
            match output.check_write().map_err(Refused::from)? {
                0 => return Ok::<_, Refused>((input, output, socket)),
                room => output.write(&zeros[..zeros.len().min(room as usize)]).map_err(Refused::from)?,
            }
        }
    })
}

/// In the host's words.
struct Refused(String);

impl Word for Refused {
    fn word(&self) -> String {
        self.0.clone()
    }
}

impl From<StreamError> for Refused {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::Closed => Self("closed".to_owned()),
            StreamError::LastOperationFailed(error) => Self(error.to_debug_string()),
        }
    }
}

/// No call of these has a place for an error.
enum Never {}

impl Word for Never {
    fn word(&self) -> String {
        match *self {}
    }
}

/// Timers, all waited for at once.
fn timers(most: usize) -> Outcome {
    let all: Vec<_> = (0..most).map(|_| subscribe_instant(0)).collect();
    let list: Vec<_> = all.iter().collect();
    hoard(1, || {
        let ready = poll(&list).len();
        Ok::<_, Never>(ready)
    })
}

/// 64 MiB, the most that there are in one call, again and again.
fn random(most: usize) -> Outcome {
    for _ in 0..most {
        check("as many as were asked for", get_random_bytes(64 << 20).len() == 64 << 20)?;
    }
    hoard(1, || Ok::<_, Never>(()))
}

/// Datagrams to itself, received in one call without measure.
fn datagrams(most: usize) -> Outcome {
    let (receiver, port) = bound_udp(Ipv4)?;
    let (sender, _) = bound_udp(Ipv4)?;
    let (incoming, _unused) = receiver.stream(None).context("stream")?;
    let (_unused_too, outgoing) = sender.stream(Some(loopback(Ipv4, port))).context("stream")?;
    hoard(1, || {
        let mut received = Vec::new();
        for _ in 0..most {
            let datagrams: Vec<_> =
                (0..16).map(|_| OutgoingDatagram { data: vec![7; 8_000], remote_address: None }).collect();
            outgoing.check_send()?;
            outgoing.send(&datagrams)?;
            received = incoming.receive(u64::MAX)?;
        }
        Ok::<_, wasip2::sockets::network::ErrorCode>(received)
    })
}
