//! Streams of every kind, in every way a kernel may leave to them.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::net::UnixStream;

use callgate_system::Code;
use rustix::pipe::pipe;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::*;

/// A stream of a test's own, which it closes.
pub(crate) fn stream(fd: impl Into<OwnedFd>, direction: Direction) -> Stream {
    Stream::new(Descriptor::own(fd.into()), direction)
}

fn forced(stream: Stream, way: Way) -> Stream {
    stream.way.store(way as u8, Ordering::Relaxed);
    stream
}

fn read(stream: &Stream, room: usize) -> Result<Vec<u8>, Code> {
    let mut buffer = Vec::with_capacity(room);
    let read = Source::read(stream, &mut buffer).map_err(|error| error.code)?;
    assert_eq!(read, buffer.len());
    Ok(buffer)
}

fn write(stream: &Stream, buffer: &[u8]) -> Result<usize, Code> {
    Sink::write(stream, buffer).map_err(|error| error.code)
}

/// Both ends of a pipe and of a socket, each in both ways.
fn pairs() -> Vec<(String, Stream, Stream)> {
    let mut pairs = Vec::new();
    for (way, named) in [(Way::NoWait, "RWF_NOWAIT"), (Way::Polled, "poll")] {
        let sockets = UnixStream::pair().unwrap();
        for (kind, (input, output)) in [("pipe", pipe().unwrap()), ("socket", (sockets.0.into(), sockets.1.into()))] {
            let streams = (stream(input, Direction::In), stream(output, Direction::Out));
            pairs.push((format!("{kind} by {named}"), forced(streams.0, way), forced(streams.1, way)));
        }
    }
    pairs
}

#[test]
fn what_would_wait_says_so() {
    for (name, input, output) in pairs() {
        assert_eq!(read(&input, 8), Err(Code::WouldBlock), "{name}");
        assert_eq!(write(&output, b"hello"), Ok(5), "{name}");
        assert_eq!(read(&input, 3), Ok(b"hel".to_vec()), "{name}");
        assert_eq!(read(&input, 0), Ok(Vec::new()), "{name}: no room is no end");
        assert_eq!(read(&input, 8), Ok(b"lo".to_vec()), "{name}");
        assert_eq!(read(&input, 8), Err(Code::WouldBlock), "{name}");
        // Fill it. Neither way waits in the middle of a large buffer.
        let large = vec![7; 1 << 20];
        let mut written = 0;
        let end = loop {
            match write(&output, &large) {
                Ok(0) => panic!("{name}: a write of nothing"),
                Ok(more) => written += more,
                Err(code) => break code,
            }
        };
        assert_eq!(end, Code::WouldBlock, "{name}");
        let mut drained = 0;
        while let Ok(bytes) = read(&input, 100_000) {
            assert!(bytes.iter().all(|&byte| byte == 7), "{name}");
            drained += bytes.len();
        }
        assert_eq!(drained, written, "{name}");
        assert_eq!(write(&output, b""), Ok(0), "{name}");
    }
}

#[test]
fn the_end_is_the_end_and_a_closed_reader_is_a_broken_pipe() {
    for (name, input, output) in pairs() {
        assert_eq!(write(&output, b"x"), Ok(1), "{name}");
        drop(output);
        assert_eq!(read(&input, 8), Ok(b"x".to_vec()), "{name}");
        assert_eq!((read(&input, 8), read(&input, 8)), (Ok(Vec::new()), Ok(Vec::new())), "{name}");
    }
    for (name, input, output) in pairs() {
        drop(input);
        assert_eq!(write(&output, b"x"), Err(Code::Pipe), "{name}");
    }
}

#[test]
fn a_read_appends_and_keeps_what_was_there_when_it_fails() {
    for (name, input, output) in pairs() {
        let mut buffer = Vec::with_capacity(64);
        buffer.extend_from_slice(b"kept");
        assert_eq!(Source::read(&input, &mut buffer).unwrap_err().code, Code::WouldBlock, "{name}");
        assert_eq!(buffer, b"kept", "{name}");
        write(&output, b" and more").unwrap();
        assert_eq!(Source::read(&input, &mut buffer), Ok(9), "{name}");
        assert_eq!(buffer, b"kept and more", "{name}");
    }
}

#[test]
fn the_mode_of_what_is_shared_stays() {
    let (input, output) = pipe().unwrap();
    let (shared_input, shared_output) = (input.try_clone().unwrap(), output.try_clone().unwrap());
    let (input, output) = (stream(input, Direction::In), stream(output, Direction::Out));
    assert_eq!(read(&input, 1), Err(Code::WouldBlock));
    assert_eq!(write(&output, b"x"), Ok(1));
    for shared in [shared_input, shared_output] {
        assert!(!rustix::fs::fcntl_getfl(shared).unwrap().contains(OFlags::NONBLOCK));
    }
}

#[test]
fn files_share_their_position_with_the_parent() {
    let mut file = tempfile::tempfile().unwrap();
    let output = stream(file.try_clone().unwrap(), Direction::Out);
    assert!(output.pollable().is_none());
    file.write_all(b"before ").unwrap();
    assert_eq!(write(&output, b"during "), Ok(7));
    file.write_all(b"after").unwrap();
    rustix::fs::seek(&file, rustix::fs::SeekFrom::Start(0)).unwrap();
    let input = stream(file, Direction::In);
    assert_eq!(read(&input, 64), Ok(b"before during after".to_vec()));
    assert_eq!(read(&input, 64), Ok(Vec::new()));
}

#[test]
fn memory_devices_never_wait() {
    let null = File::options().read(true).write(true).open("/dev/null").unwrap();
    let null = stream(null, Direction::In);
    assert_eq!((read(&null, 8), write(&null, &[0; 100_000])), (Ok(Vec::new()), Ok(100_000)));
    assert!(null.pollable().is_none() && !null.terminal);
    let full = stream(File::options().write(true).open("/dev/full").unwrap(), Direction::Out);
    assert_eq!(write(&full, b"x"), Err(Code::InsufficientSpace));
}

#[test]
fn a_stream_that_is_not_open_for_this_ends_or_fails() {
    let (input, output) = pipe().unwrap();
    let (input, output) = (stream(input, Direction::Out), stream(output, Direction::In));
    assert_eq!(read(&output, 8), Ok(Vec::new()));
    assert_eq!(write(&input, b"x"), Err(Code::BadDescriptor));
    let directory = stream(File::open("/").unwrap(), Direction::In);
    assert_eq!(read(&directory, 8), Err(Code::IsDirectory));
}

/// A terminal, and the end that a person would sit at.
fn terminal() -> (OwnedFd, OwnedFd) {
    let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&person).unwrap();
    unlockpt(&person).unwrap();
    let name = ptsname(&person, Vec::new()).unwrap();
    let terminal = rustix::fs::open(name.as_c_str(), OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    (person, terminal)
}

#[test]
fn a_terminal_is_told_and_does_not_wait_either() {
    for way in [Way::Plain, Way::Polled] {
        let (person, terminal) = terminal();
        let shared = terminal.try_clone().unwrap();
        let mut input = stream(terminal.try_clone().unwrap(), Direction::In);
        let mut output = stream(terminal, Direction::Out);
        assert!(Source::is_terminal(&input) && Sink::is_terminal(&output));
        assert!(input.way() == Way::Plain && output.way() == Way::Plain, "it was opened again");
        if way == Way::Polled {
            // As if it had not been.
            let unopened = || Descriptor::own(shared.try_clone().unwrap());
            (input, output) = (Stream::of(unopened(), way, true, false), Stream::of(unopened(), way, true, false));
        }
        assert_eq!(read(&input, 8), Err(Code::WouldBlock));
        rustix::io::write(&person, b"no line yet").unwrap();
        assert_eq!(read(&input, 80), Err(Code::WouldBlock));
        rustix::io::write(&person, b", now\n").unwrap();
        assert_eq!(read(&input, 80), Ok(b"no line yet, now\n".to_vec()));
        assert_eq!(write(&output, b"answer"), Ok(6));
        if way == Way::Plain {
            // Nobody reads: at some point it is full, and says so.
            let large = vec![b'x'; 1 << 20];
            let end = (0..1_000).find_map(|_| write(&output, &large).err());
            assert_eq!(end, Some(Code::WouldBlock));
        }
        assert!(!rustix::fs::fcntl_getfl(&shared).unwrap().contains(OFlags::NONBLOCK));
    }
}
