//! Waiting for pipes, files, strangers and deadlines, polled and registered. A deadline may be passed by any time, never
//! come early.

mod sockets;

use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

use callgate_system::{Sink, Source};
use rustix::pipe::pipe;

use super::*;
use crate::stdio::Direction;
use crate::stdio::tests::stream;

/// A stream of another system.
struct Stranger;

impl Source for Stranger {
    fn read(&self, _buffer: &mut Vec<u8>) -> Result<usize> {
        Ok(0)
    }

    fn is_terminal(&self) -> bool {
        false
    }
}

fn streams() -> (Arc<Stream>, Arc<Stream>) {
    let (input, output) = pipe().unwrap();
    (Arc::new(stream(input, Direction::In)), Arc::new(stream(output, Direction::Out)))
}

/// A waiter that polls, and one that registers everything.
fn both() -> [LinuxWaiter; 2] {
    [LinuxWaiter::polling(usize::MAX), LinuxWaiter::polling(0)]
}

/// A list, as a waiter takes it.
fn each(interests: &[Interest]) -> Vec<&Interest> {
    interests.iter().collect()
}

/// Waits once each way, the second not again for what the first saw in the past.
fn wait(interests: &[Interest], until: Option<Nanoseconds>) -> Vec<usize> {
    let [polled, registered] = both().map(|mut waiter| {
        let mut ready = vec![usize::MAX];
        waiter.wait(&each(interests), until, &mut ready).unwrap();
        ready
    });
    assert_eq!(polled, registered, "polled and registered");
    polled
}

#[test]
fn nothing_to_wait_for_is_invalid() {
    let mut ready = vec![1];
    let error = LinuxWaiter::default().wait(&[], None, &mut ready).unwrap_err();
    assert_eq!((error.code, ready), (Code::Invalid, vec![]));
}

#[test]
fn a_deadline_is_never_early_and_a_past_one_does_not_wait() {
    for after in [0, 1, 1_000, 2_000_000] {
        let until = clock::monotonic() + after;
        assert_eq!(wait(&[], Some(until)), []);
        assert!(clock::monotonic() >= until);
        let (input, _output) = streams();
        for mut waiter in both() {
            let (until, mut ready) = (clock::monotonic() + after, Vec::new());
            waiter.wait(&[&Interest::Readable(input.clone())], Some(until), &mut ready).unwrap();
            assert_eq!(ready, []);
            assert!(clock::monotonic() >= until);
        }
    }
    let (input, _output) = streams();
    let past = Instant::now();
    for until in [0, 1, clock::monotonic() - 1] {
        assert_eq!(wait(&[Interest::Readable(input.clone())], Some(until)), []);
    }
    assert!(past.elapsed() < Duration::from_secs(5));
}

#[test]
fn what_is_met_is_told_in_order_and_the_rest_is_not() {
    let ((input, output), (silent, _kept)) = (streams(), streams());
    let interests = [
        Interest::Readable(silent.clone()),
        Interest::Writable(output.clone()),
        Interest::Readable(input.clone()),
        Interest::Readable(silent.clone()),
        Interest::Writable(output.clone()),
    ];
    assert_eq!(wait(&interests, None), [1, 4]);
    output.write(b"x").unwrap();
    assert_eq!(wait(&interests, None), [1, 2, 4]);
    // The far future, too, is a time.
    assert_eq!(wait(&interests, Some(u64::MAX)), [1, 2, 4]);
}

#[test]
fn a_file_and_a_stranger_are_always_met_and_hide_no_other() {
    let (input, output) = streams();
    output.write(b"x").unwrap();
    let (silent, _kept) = streams();
    let file = Arc::new(stream(tempfile::tempfile().unwrap(), Direction::In));
    let interests = [
        Interest::Readable(silent.clone()),
        Interest::Readable(file.clone()),
        Interest::Readable(input.clone()),
        Interest::Readable(Arc::new(Stranger)),
        Interest::Writable(file.clone()),
    ];
    assert_eq!(wait(&interests, None), [1, 2, 3, 4]);
    assert_eq!(wait(&interests[3..4], None), [0]);
}

#[test]
fn an_end_is_met() {
    let (input, output) = streams();
    drop(output);
    assert_eq!(wait(&[Interest::Readable(input.clone())], None), [0]);
    let (input, output) = streams();
    drop(input);
    assert_eq!(wait(&[Interest::Writable(output.clone())], None), [0]);
}

#[test]
fn it_wakes_when_something_comes() {
    for mut waiter in both() {
        let (input, output) = streams();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(20));
                output.write(b"x").unwrap();
            });
            let mut ready = Vec::new();
            waiter.wait(&[&Interest::Readable(input.clone())], None, &mut ready).unwrap();
            assert_eq!(ready, [0]);
        });
    }
}

#[test]
fn one_waiter_waits_for_one_thing_after_another() {
    for mut waiter in both() {
        let (a, b) = (streams(), streams());
        let mut ready = Vec::new();
        a.1.write(b"x").unwrap();
        waiter.wait(&[&Interest::Readable(a.0.clone()), &Interest::Readable(b.0.clone())], None, &mut ready).unwrap();
        assert_eq!(ready, [0]);
        waiter.wait(&[&Interest::Readable(b.0.clone()), &Interest::Readable(a.0.clone())], None, &mut ready).unwrap();
        assert_eq!(ready, [1]);
        assert!(waiter.by_number.iter().all(|&place| place == 0));
    }
}

/// Security case 8. There is no quadratic work: the kernel sees each descriptor once.
#[test]
fn thousands_of_interests_are_one_descriptor_each() {
    let (input, output) = streams();
    let null = Arc::new(stream(File::open("/dev/null").unwrap(), Direction::In));
    let mut interests = Vec::new();
    for _ in 0..20_000 {
        interests.extend([Interest::Readable(input.clone()), Interest::Writable(output.clone())]);
    }
    let mut waiter = LinuxWaiter::default();
    assert_eq!(waiter.collect(&each(&interests)).len(), 2);
    let begun = Instant::now();
    assert_eq!(wait(&interests, None).len(), 20_000);
    // Some 200 µs; quadratic work would take minutes.
    assert!(begun.elapsed() < Duration::from_secs(5));
    interests.push(Interest::Readable(null.clone()));
    assert_eq!(wait(&interests, None).len(), 20_001);
}
