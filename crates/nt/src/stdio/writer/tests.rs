use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::*;
use crate::stdio::tests::{Woken, poll_until_ready};

/// A pipe that takes up to 1000 bytes at a time, each time somebody receives; and what it took.
fn pipe() -> (Writer, Receiver<Vec<u8>>) {
    let (sender, receiver): (SyncSender<Vec<u8>>, _) = sync_channel(0);
    let wait = move |bytes: &[u8]| {
        let part = &bytes[..bytes.len().min(1000)];
        sender.send(part.to_vec()).map(|()| part.len()).map_err(|_| Status::PIPE_BROKEN)
    };
    (Writer::new(Box::new(wait)), receiver)
}

#[test]
fn a_piece_goes_out_whole_before_the_next_is_taken() {
    let (writer, receiver) = pipe();
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    assert!(writer.is_settled());
    let count = writer.write(&bytes).unwrap();
    assert_eq!(count, CHUNK);
    assert!(!writer.is_settled());
    assert_eq!(writer.write(b"x").unwrap_err().code, Code::WouldBlock);
    let mut got = Vec::new();
    while got.len() < count {
        got.extend(receiver.recv().unwrap());
    }
    assert_eq!(got, bytes[..count]);
    poll_until_ready(|waker| writer.poll(waker));
    assert!(writer.is_settled());
    assert_eq!(writer.write(&bytes[count..]).unwrap(), bytes.len() - count);
}

#[test]
fn nobody_reading_any_more_is_told_at_every_write() {
    let (writer, receiver) = pipe();
    writer.write(b"text").unwrap();
    drop(receiver);
    poll_until_ready(|waker| writer.poll(waker));
    for _ in 0..2 {
        assert_eq!(writer.write(b"text").unwrap_err().code, Code::Pipe);
    }
    // Nothing can go out any more, so nothing is waited for.
    assert!(writer.is_settled());
}

#[test]
fn a_waker_is_woken_when_there_is_room() {
    let (writer, receiver) = pipe();
    let (waker, woken) = Woken::sleeper();
    assert!(writer.poll(&waker));
    writer.write(b"text").unwrap();
    assert!(!writer.poll(&waker));
    assert!(woken.try_recv().is_err());
    assert_eq!(receiver.recv().unwrap(), b"text");
    woken.recv().unwrap();
    assert!(writer.poll(&waker));
}
