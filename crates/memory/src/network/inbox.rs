//! The bytes of one direction of a stream, sent and not received yet; the last of them perhaps still on their way.

use std::collections::VecDeque;

use callgate_system::Nanoseconds;

/// The number of pieces on their way that arrive separately. More arrive together with the last of them.
const PIECES: usize = 1_024;

/// A buffer that is less than a quarter full, and larger than this, gives memory back.
const SMALL: usize = 4_096;

#[derive(Default)]
pub(super) struct Inbox {
    bytes: VecDeque<u8>,
    /// Pieces on their way: when they arrive, and how long they are. They are the last of `bytes`, in order.
    coming: VecDeque<(Nanoseconds, usize)>,
    /// Bytes that have arrived.
    arrived: usize,
}

impl Inbox {
    /// All bytes, those on their way too.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes that can be received now.
    pub(super) fn ready(&self, now: Nanoseconds) -> usize {
        let arrived = self.coming.iter().take_while(|(due, _)| *due <= now);
        self.arrived + arrived.map(|(_, length)| length).sum::<usize>()
    }

    /// When the next bytes arrive that had not by `after`.
    pub(super) fn next_due(&self, after: Nanoseconds) -> Option<Nanoseconds> {
        self.coming.iter().map(|(due, _)| *due).find(|due| *due > after)
    }

    /// Adds bytes that arrive at `due`, or when those before them do.
    pub(super) fn push(&mut self, bytes: &[u8], due: Nanoseconds, now: Nanoseconds) {
        self.arrive(now);
        self.bytes.extend(bytes);
        let due = due.max(self.coming.back().map_or(0, |(last, _)| *last));
        let is_full = self.coming.len() >= PIECES;
        match self.coming.back_mut() {
            Some((last, length)) if *last == due || is_full => {
                (*last, *length) = (due, *length + bytes.len());
            }
            None if due <= now => self.arrived += bytes.len(),
            _ => self.coming.push_back((due, bytes.len())),
        }
    }

    /// Moves what has arrived into the spare capacity of `buffer`; how much.
    pub(super) fn take(&mut self, buffer: &mut Vec<u8>, now: Nanoseconds) -> usize {
        self.arrive(now);
        let length = self.arrived.min(buffer.capacity() - buffer.len());
        buffer.extend(self.bytes.drain(..length));
        self.arrived -= length;
        if self.bytes.capacity() > SMALL && self.bytes.len() < self.bytes.capacity() / 4 {
            self.bytes.shrink_to(self.bytes.len() * 2);
        }
        length
    }

    fn arrive(&mut self, now: Nanoseconds) {
        while let Some((_, length)) = self.coming.pop_front_if(|(due, _)| *due <= now) {
            self.arrived += length;
        }
    }
}
