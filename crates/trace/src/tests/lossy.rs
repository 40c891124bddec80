//! A lossy recording: the run goes on, and the gap is marked.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use callgate_gate::{Call, Gate, Observer};
use callgate_system::Error;

use super::{Page, recorded, recording};
use crate::Flush;
use crate::format::{Jsonl, Text};

/// A disk with a number of bytes left. It takes a part of a write where it has no room for all of it.
#[derive(Clone, Default)]
struct Disk {
    page: Page,
    left: Arc<AtomicUsize>,
}

impl Disk {
    fn with(left: usize) -> Self {
        let disk = Self::default();
        disk.make_room(left);
        disk
    }

    fn make_room(&self, bytes: usize) {
        self.left.store(bytes, Ordering::Relaxed);
    }
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.left.load(Ordering::Relaxed));
        if taken == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.left.fetch_sub(taken, Ordering::Relaxed);
        self.page.write(&bytes[..taken])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn call(gate: &Gate, times: usize) {
    for _ in 0..times {
        assert_eq!(gate.pass(Call::GetStdin, || Ok::<_, Error>(())), Ok(()), "the run goes on");
    }
}

#[test]
fn a_gap_is_marked_where_it_is() {
    let disk = Disk::with(120);
    let (gate, trace) = recorded(recording().lossy(), Text::default(), disk.clone());
    // The third line is written in part, and waits.
    call(&gate, 2 + 1 + 256);
    assert_eq!(trace.loss().unwrap().calls, 256);
    disk.make_room(1 << 20);
    call(&gate, 1 + 3);
    trace.finish(&"exited with code 0").unwrap();
    let text = disk.page.text();
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[..3].iter().all(|line| line.ends_with('>')), "{text}");
    assert_eq!(lines[3], "+++ lost 256 calls +++");
    assert_eq!(lines.len(), 3 + 1 + 4 + 1, "{text}");
    assert_eq!(lines[8], "+++ exited with code 0 +++");
    let loss = trace.loss().unwrap();
    assert_eq!((loss.calls, loss.is_cut), (256, false));
    assert!(!loss.why.is_empty());
}

#[test]
fn room_in_time_loses_nothing() {
    let disk = Disk::with(100);
    let (gate, trace) = recorded(recording().lossy(), Text::default(), disk.clone());
    call(&gate, 3);
    disk.make_room(1 << 20);
    call(&gate, 1);
    trace.finish(&"exited with code 0").unwrap();
    assert_eq!((disk.page.text().lines().count(), trace.loss()), (5, None));
}

#[test]
fn the_end_tells_how_many_calls_are_lost() {
    let disk = Disk::with(10);
    let (gate, trace) = recorded(recording().lossy().flush(Flush::Buffered), Jsonl::default(), disk.clone());
    call(&gate, 2000);
    let lost = trace.loss().unwrap().calls;
    assert!(lost > 0 && lost < 2000);
    disk.make_room(1 << 20);
    trace.finish(&"exited with code 0").unwrap();
    let text = disk.page.text();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [.., gap, end] = &lines[..] else { panic!("{text}") };
    assert_eq!((&gap["lost"], &end["lost"], &end["calls"]), (&lost.into(), &lost.into(), &2000.into()));
    assert_eq!(lines.len() as u64, 1 + 2000 - lost + 2);
}

#[test]
fn a_disk_that_stays_full_holds_nothing_up_and_no_memory() {
    let disk = Disk::with(0);
    let (gate, trace) = recorded(recording().lossy().flush(Flush::Buffered), Jsonl::default(), disk.clone());
    call(&gate, 10_000);
    assert!(trace.capacity() <= 256 << 10, "{} bytes are held", trace.capacity());
    trace.finish(&"exited with code 0").unwrap();
    let loss = trace.loss().unwrap();
    assert_eq!((loss.calls, loss.is_cut), (10_000, true));
    assert_eq!(disk.page.text(), "");
    trace.finish(&"ended by SIGTERM").unwrap();
}
