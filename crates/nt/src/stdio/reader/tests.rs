use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;
use crate::stdio::tests::{Woken, poll_until_ready};

/// A stream that gives what it is sent, and ends when the sender is dropped; and word of each read.
fn stream() -> (Reader, Sender<Vec<u8>>, Receiver<()>) {
    let (sender, pieces) = channel::<Vec<u8>>();
    let (began, begun) = channel();
    let wait = move |buffer: &mut Vec<u8>| {
        let _ = began.send(());
        buffer.extend(pieces.recv().unwrap_or_default());
        Ok(())
    };
    (Reader::new(Box::new(wait)), sender, begun)
}

fn read(reader: &Reader, capacity: usize) -> std::result::Result<Vec<u8>, Code> {
    let mut buffer = Vec::with_capacity(capacity);
    let room = buffer.capacity();
    let count = reader.read(&mut buffer).map_err(|error| error.code)?;
    assert!(count == buffer.len() && count <= room);
    Ok(buffer)
}

#[test]
fn what_comes_is_read_in_any_pieces_and_then_the_end() {
    let (reader, sender, _begun) = stream();
    assert_eq!(read(&reader, 4), Err(Code::WouldBlock));
    sender.send(b"0123456789".to_vec()).unwrap();
    poll_until_ready(|waker| reader.poll(waker));
    assert_eq!(read(&reader, 4).unwrap(), b"0123");
    assert_eq!(read(&reader, 4).unwrap(), b"4567");
    assert_eq!(read(&reader, 4).unwrap(), b"89");
    assert_eq!(read(&reader, 4), Err(Code::WouldBlock));
    drop(sender);
    poll_until_ready(|waker| reader.poll(waker));
    for _ in 0..3 {
        assert_eq!(read(&reader, 4).unwrap(), b"");
    }
}

#[test]
fn nothing_is_taken_that_nobody_asked_for() {
    let (reader, sender, begun) = stream();
    sender.send(b"one".to_vec()).unwrap();
    sender.send(b"two".to_vec()).unwrap();
    assert!(begun.try_recv().is_err());
    poll_until_ready(|waker| reader.poll(waker));
    assert_eq!(read(&reader, 16).unwrap(), b"one");
    // One read so far: the second begins with the wish for more.
    assert_eq!(begun.try_iter().count(), 1);
    poll_until_ready(|waker| reader.poll(waker));
    assert_eq!(read(&reader, 16).unwrap(), b"two");
    drop(sender);
}

#[test]
fn an_error_stays() {
    let reader = Reader::new(Box::new(|_| Err(Status::IO_DEVICE_ERROR)));
    poll_until_ready(|waker| reader.poll(waker));
    for _ in 0..2 {
        assert_eq!(read(&reader, 4), Err(Code::Io));
    }
}

#[test]
fn a_waker_is_woken_only_by_what_it_waits_for() {
    let (reader, sender, _begun) = stream();
    let (waker, woken) = Woken::sleeper();
    assert!(!reader.poll(&waker));
    assert!(woken.try_recv().is_err());
    sender.send(b"x".to_vec()).unwrap();
    woken.recv().unwrap();
    assert!(reader.poll(&waker));
}
