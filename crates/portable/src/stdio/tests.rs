//! Standard input, of pipes of the tests' own; nothing here reads the process's.

use std::io::{PipeWriter, Write as _, pipe};

use callgate_system::{Interest, Waiter as _};

use super::*;
use crate::wait::PortableWaiter;

/// An input, and the end that somebody writes to.
fn input() -> (Arc<Input>, PipeWriter, PortableWaiter) {
    let (reader, writer) = pipe().unwrap();
    let bell = Arc::new(Bell::default());
    let input = Input::of(move || Box::new(reader.try_clone().unwrap()), false, &bell);
    (Arc::new(input), writer, PortableWaiter::new(&bell))
}

/// Reads once something is there.
fn read(input: &Arc<Input>, waiter: &mut PortableWaiter, room: usize) -> Result<Vec<u8>> {
    let mut ready = Vec::new();
    waiter.wait(&[&Interest::Readable(input.clone())], None, &mut ready).unwrap();
    assert_eq!(ready, [0]);
    let mut buffer = Vec::with_capacity(room);
    let length = input.read(&mut buffer)?;
    assert_eq!(length, buffer.len());
    Ok(buffer)
}

#[test]
fn nothing_there_yet_is_said_and_what_comes_wakes_the_waiter() {
    let (input, mut writer, mut waiter) = input();
    assert_eq!(input.read(&mut Vec::new()), Ok(0), "no room is no end");
    assert_eq!(input.read(&mut Vec::with_capacity(8)).unwrap_err().code, Code::WouldBlock);
    let mut ready = vec![7];
    waiter.wait(&[&Interest::Readable(input.clone())], Some(0), &mut ready).unwrap();
    assert_eq!(ready, []);
    for _ in 0..50 {
        std::thread::scope(|scope| {
            scope.spawn(|| writer.write_all(b"hello").unwrap());
            assert_eq!(read(&input, &mut waiter, 3).unwrap(), b"hel");
            assert_eq!(read(&input, &mut waiter, 8).unwrap(), b"lo");
        });
    }
}

#[test]
fn all_of_a_long_input_comes_in_order_then_the_end_for_ever() {
    let (input, mut writer, mut waiter) = input();
    let all: Vec<u8> = (0..500_000_u32).map(|number| (number % 251) as u8).collect();
    let mut got = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut writer = writer.try_clone().unwrap();
            writer.write_all(&all).unwrap();
        });
        while got.len() < all.len() {
            got.extend(read(&input, &mut waiter, 10_000).unwrap());
        }
    });
    assert!(got == all);
    writer.write_all(b".").unwrap();
    drop(writer);
    assert_eq!(read(&input, &mut waiter, 8).unwrap(), b".");
    for _ in 0..3 {
        assert_eq!(read(&input, &mut waiter, 8).unwrap(), b"");
    }
}

#[test]
fn an_error_stays_an_error() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::OutOfMemory.into())
        }
    }
    let bell = Arc::new(Bell::default());
    let input = Arc::new(Input::of(|| Box::new(Broken), true, &bell));
    let mut waiter = PortableWaiter::new(&bell);
    for _ in 0..3 {
        assert_eq!(read(&input, &mut waiter, 8).unwrap_err().code, Code::InsufficientMemory);
    }
    assert!(input.is_terminal());
}

#[test]
fn two_waiters_and_other_interests_do_not_hide_it() {
    let (input, mut writer, mut first) = input();
    let mut second = PortableWaiter::new(&input.shared.bell);
    let (silent, _silent_writer, _) = self::input();
    writer.write_all(b"x").unwrap();
    let interests = [&Interest::Readable(silent), &Interest::Readable(input)];
    for waiter in [&mut first, &mut second] {
        let mut ready = Vec::new();
        // The other input rings another bell.
        waiter.wait(&interests[1..], None, &mut ready).unwrap();
        assert_eq!(ready, [0]);
        waiter.wait(&interests, Some(0), &mut ready).unwrap();
        assert_eq!(ready, [1]);
    }
}
