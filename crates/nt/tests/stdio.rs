//! The standard streams of a process of its own: this program starts itself with pipes and files in their places.

#![cfg(windows)]

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio, exit};
use std::sync::Arc;

use callgate_nt::Nt;
use callgate_system::{Code, Interest, Sink, System};

/// The environment variable that tells the child what to do.
const ROLE: &str = "CALLGATE_NT_CHILD";

/// Where the child's own output begins: before it stands what the test harness prints.
const BEGIN: &[u8] = b"<<<begin>>>";

/// This program, as a child that runs only [`child`].
fn child_as(role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a path"));
    command.args(["--exact", "child", "--nocapture"]).env(ROLE, role);
    command
}

#[test]
fn child() {
    let nt = Nt::new();
    match std::env::var(ROLE).as_deref() {
        Ok("echo") => exit(echo(&nt)),
        Ok("patient") => exit(patient(&nt)),
        // Not a child.
        _ => {}
    }
}

/// Copies input to output to the end; 7 where nobody reads it any more.
fn echo(nt: &Nt) -> i32 {
    let (stdio, mut waiter, mut ready) = (nt.stdio(), nt.waiter(), Vec::new());
    if put(nt, &stdio.stdout, BEGIN).is_err() {
        return 7;
    }
    loop {
        let mut bytes = Vec::with_capacity(10_000);
        match stdio.stdin.read(&mut bytes) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if error.code == Code::WouldBlock => {
                waiter.wait(&[&Interest::Readable(stdio.stdin.clone())], None, &mut ready).expect("a wait");
                assert_eq!(ready, [0]);
                continue;
            }
            Err(error) => panic!("{error}"),
        }
        match put(nt, &stdio.stdout, &bytes) {
            Ok(()) => {}
            Err(Code::Pipe) => return 7,
            Err(code) => panic!("{code:?}"),
        }
    }
    while !stdio.stdout.is_settled() {
        waiter.wait(&[&Interest::Writable(stdio.stdout.clone())], None, &mut ready).expect("a wait");
    }
    0
}

fn put(nt: &Nt, to: &Arc<dyn Sink>, mut bytes: &[u8]) -> Result<(), Code> {
    let (mut waiter, mut ready) = (nt.waiter(), Vec::new());
    while !bytes.is_empty() {
        match to.write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.code == Code::WouldBlock => {
                waiter.wait(&[&Interest::Writable(to.clone())], None, &mut ready).expect("a wait");
            }
            Err(error) => return Err(error.code),
        }
    }
    Ok(())
}

/// Finds nothing to read, and a wait for it that ends at its deadline.
fn patient(nt: &Nt) -> i32 {
    let stdin = nt.stdio().stdin;
    let blocked = |()| stdin.read(&mut Vec::with_capacity(16)).is_err_and(|error| error.code == Code::WouldBlock);
    let (mut waiter, mut ready) = (nt.waiter(), vec![9]);
    let until = nt.clock().monotonic() + 20_000_000;
    let waited = waiter.wait(&[&Interest::Readable(stdin.clone())], Some(until), &mut ready);
    i32::from(!(blocked(()) && waited.is_ok() && ready.is_empty() && blocked(()) && !stdin.is_terminal()))
}

fn echoed(output: &[u8]) -> &[u8] {
    let at = output.windows(BEGIN.len()).position(|window| window == BEGIN).expect("the child began");
    &output[at + BEGIN.len()..]
}

fn piped(role: &str) -> Child {
    child_as(role).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a child")
}

#[test]
fn everything_goes_through_pipes_to_the_end() {
    let mut child = piped("echo");
    let bytes: Vec<u8> = (0..=255).cycle().take(300_001).collect();
    let (mut input, mut output) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
    let got = std::thread::scope(|scope| {
        scope.spawn(|| {
            bytes.chunks(70_000).for_each(|piece| input.write_all(piece).expect("it reads"));
            drop(input);
        });
        let mut got = Vec::new();
        output.read_to_end(&mut got).expect("it can be read");
        got
    });
    assert!(echoed(&got) == bytes);
    assert_eq!(child.wait().expect("an end").code(), Some(0));
}

#[test]
fn nobody_reading_any_more_ends_the_writing() {
    let mut child = piped("echo");
    let (mut output, mut begun) = (child.stdout.take().expect("a pipe"), Vec::new());
    while !begun.ends_with(BEGIN) {
        let mut byte = [0];
        output.read_exact(&mut byte).expect("the child begins");
        begun.extend(byte);
    }
    drop(output);
    let mut input = child.stdin.take().expect("a pipe");
    // Until it has seen that.
    while input.write_all(&[b'x'; 1000]).is_ok() {}
    assert_eq!(child.wait().expect("an end").code(), Some(7));
}

#[test]
fn files_and_the_null_device_are_streams_too() {
    let directory = tempfile::tempdir().expect("a directory");
    let (from, to) = (directory.path().join("from"), directory.path().join("to"));
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    fs::write(&from, &bytes).expect("a file");
    let status = child_as("echo")
        .stdin(File::open(&from).expect("it is there"))
        .stdout(File::create(&to).expect("a file"))
        .status()
        .expect("a child");
    assert_eq!(status.code(), Some(0));
    assert!(echoed(&fs::read(&to).expect("it is there")) == bytes);
    let status = child_as("echo").stdin(Stdio::null()).stdout(Stdio::null()).status().expect("a child");
    assert_eq!(status.code(), Some(0));
}

#[test]
fn an_empty_pipe_makes_nobody_wait_beyond_a_deadline() {
    let mut child = piped("patient");
    let input = child.stdin.take();
    assert_eq!(child.wait().expect("an end").code(), Some(0));
    drop(input);
}
