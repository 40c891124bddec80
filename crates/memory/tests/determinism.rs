//! Two runs with the same seed, program and input are the same, byte for byte.

mod common;

use std::fmt::Write as _;
use std::io::Write;
use std::sync::{Arc, Mutex};

use callgate_memory::{Faults, Memory, Options};
use callgate_system::{Follow, Interest, Kind, System};

use common::{CREATE, bound, connected, content, file, receive, wait};

/// Keeps what is written.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A program that does something of everything, and tells all it sees: that, its output, and its files.
fn run(seed: u64) -> (String, Vec<u8>, Vec<u8>) {
    let kept = Kept::default();
    let memory = Memory::new(Options {
        seed,
        faults: Faults { delay: 0..=1_000_000, loss: 200_000, reset: 1_000 },
        stdin: Box::new(&b"some input"[..]),
        stdout: Box::new(kept.clone()),
        ..Options::default()
    });
    let (mut seen, mut waiter) = (String::new(), memory.waiter());
    let mut input = Vec::with_capacity(64);
    memory.stdio().stdin.read(&mut input).unwrap();
    let mut random = [0; 16];
    memory.random().fill(&mut random).unwrap();
    memory.stdio().stdout.write(&random).unwrap();
    let root = memory.open_root("/".as_ref()).unwrap();
    for byte in random {
        let name = format!("{byte:x}");
        file(&*root, &name, CREATE).unwrap().append(&input).unwrap();
        writeln!(seen, "{:?}", root.stat(&name, Follow::No)).unwrap();
    }
    let mut entries = root.read_entries().unwrap();
    while let Some(entry) = entries.next().unwrap() {
        writeln!(seen, "{} {:?}", entry.name, content(&*root, &entry.name)).unwrap();
    }
    let (client, server) = connected(&memory, &mut *waiter);
    let (datagrams, local) = bound(&memory, Kind::Datagram, "127.0.0.1:0");
    for byte in random {
        writeln!(seen, "{:?} {:?}", client.send(&[byte]), datagrams.send_to(&[byte], local)).unwrap();
        let until = Some(memory.clock().monotonic() + 2_000_000);
        let came = wait(&mut *waiter, Interest::Receivable(datagrams.clone()), until);
        let received = datagrams.receive_from(&mut Vec::with_capacity(1));
        writeln!(seen, "{came:?} {received:?} {:?} {:?}", receive(&*server, 9), memory.clock().wall()).unwrap();
    }
    let mut image = Vec::new();
    memory.tree().save_tar(&mut image).unwrap();
    let output = kept.0.lock().unwrap().clone();
    (seen, output, image)
}

#[test]
fn the_same_seed_is_the_same_run() {
    let first = run(42);
    for _ in 0..3 {
        assert_eq!(run(42), first);
    }
    assert_ne!(run(43), first);
}

#[test]
fn a_seed_gives_the_same_bytes_for_ever() {
    let mut bytes = [0; 8];
    common::memory(0).random().fill(&mut bytes).unwrap();
    assert_eq!(bytes, SEED_0);
}

/// The first bytes of seed 0. Recorded runs rest on them.
const SEED_0: [u8; 8] = [127, 111, 44, 205, 178, 63, 42, 187];
