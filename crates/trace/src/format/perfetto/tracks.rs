//! The tracks: rows of the picture.
//!
//! A handle's number serves another object once it is free. So a track is of a number and a name, and another name gets another track. A
//! file that is opened again has another track too; the viewer draws tracks of one name as one row.

use callgate_gate::Handle;

use super::fields::{descriptor, packet, process, thread, trace};
use super::shown;
use super::wire::Wire;
use crate::format::Run;

/// Handles with a track of their own, at the most; the viewer has to lay out each of them.
const MOST: u32 = 4096;

/// Numbers of handles, beyond which a handle has no track of its own.
const NUMBERS: u32 = 1 << 17;

/// Bytes of a name that are shown.
const NAME: usize = 256;

/// Handles of a run that have a track.
pub(super) struct Tracks {
    guest: u64,
    /// By number.
    handles: Vec<OfHandle>,
    announced: u32,
    text: String,
}

/// The track of a handle.
#[derive(Clone, Copy, Default)]
struct OfHandle {
    /// 0 for none.
    track: u64,
    name: u64,
}

impl Tracks {
    pub(super) fn new(guest: u64) -> Self {
        Self { guest, handles: Vec::new(), announced: 0, text: String::new() }
    }

    /// The program as a process.
    fn process(&self) -> u64 {
        self.number(1)
    }

    /// Calls that concern no handle.
    pub(super) fn guest(&self) -> u64 {
        self.number(2)
    }

    /// Waits of all kinds.
    pub(super) fn waits(&self) -> u64 {
        self.number(3)
    }

    /// The row that those of all handles stand below.
    fn group(&self) -> u64 {
        self.number(4)
    }

    /// Handles that have no track of their own.
    pub(super) fn others(&self) -> u64 {
        self.number(5)
    }

    /// No track of another guest has this number.
    fn number(&self, number: u32) -> u64 {
        self.guest << 32 | u64::from(number)
    }

    /// Appends the tracks that every run has.
    pub(super) fn announce(&mut self, run: &Run, out: &mut Vec<u8>) {
        // The viewer shows processes and threads by their numbers; 0 would be the idle process.
        let number = self.guest & 0x3fff_ffff;
        let arguments = run.arguments.clone();
        let mut text = String::new();
        self.describe(self.process(), None, out, |out| {
            let of_process = out.open(descriptor::PROCESS, 2);
            out.number(process::PID, number);
            for argument in &arguments {
                out.bytes(process::CMDLINE, shown(argument, NAME, &mut text));
            }
            out.bytes(process::NAME, shown(&run.program, NAME, &mut text));
            out.close(of_process);
            out.number(descriptor::CHILD_ORDERING, descriptor::EXPLICIT);
        });
        self.describe(self.guest(), Some(self.process()), out, |out| {
            let of_thread = out.open(descriptor::THREAD, 1);
            out.number(thread::PID, number);
            out.number(thread::TID, number);
            out.bytes(thread::NAME, b"guest");
            out.close(of_thread);
        });
        for (rank, track, name) in
            [(1, self.waits(), "waits"), (2, self.group(), "handles"), (3, self.others(), "other handles")]
        {
            self.describe(track, Some(self.process()), out, |out| {
                out.bytes(descriptor::NAME, name.as_bytes());
                out.number(descriptor::RANK, rank);
                out.number(descriptor::CHILD_ORDERING, descriptor::CHRONOLOGICAL);
            });
        }
    }

    /// The track of a handle, announced where it is new. `label` is its name, if it has a better one than the handle itself.
    #[inline]
    pub(super) fn of(&mut self, handle: &Handle<'_>, label: Option<&str>, out: &mut Vec<u8>) -> u64 {
        let name = fingerprint(handle.name);
        match self.handles.get(handle.id as usize) {
            Some(known) if known.track != 0 && known.name == name => known.track,
            _ => self.add(handle, name, label, out),
        }
    }

    /// True if the handle has a track.
    pub(super) fn has(&self, handle: &Handle<'_>) -> bool {
        let known = self.handles.get(handle.id as usize);
        known.is_some_and(|known| known.track != 0 && known.name == fingerprint(handle.name))
    }

    #[cold]
    fn add(&mut self, handle: &Handle<'_>, name: u64, label: Option<&str>, out: &mut Vec<u8>) -> u64 {
        if self.announced >= MOST || handle.id >= NUMBERS {
            return self.others();
        }
        self.announced += 1;
        let (index, track) = (handle.id as usize, self.number(15 + self.announced));
        if self.handles.len() <= index {
            self.handles.resize(index + 1, OfHandle::default());
        }
        self.handles[index] = OfHandle { track, name };
        self.name(track, label.unwrap_or(handle.name), out);
        track
    }

    /// Has the track of a handle, if it has one, be called otherwise.
    pub(super) fn rename(&mut self, handle: u32, label: &str, out: &mut Vec<u8>) {
        let track = self.handles.get(handle as usize).map_or(0, |known| known.track);
        if track != 0 {
            self.name(track, label, out);
        }
    }

    /// The number of a handle is free, or serves another one now.
    pub(super) fn forget(&mut self, handle: u32) {
        if let Some(known) = self.handles.get_mut(handle as usize) {
            known.track = 0;
        }
    }

    fn name(&mut self, track: u64, name: &str, out: &mut Vec<u8>) {
        let mut text = std::mem::take(&mut self.text);
        self.describe(track, Some(self.group()), out, |out| {
            out.bytes(descriptor::NAME, shown(name, NAME, &mut text));
        });
        self.text = text;
    }

    /// Appends a description of a track. Of several descriptions of one track the last one counts.
    fn describe(&self, track: u64, parent: Option<u64>, out: &mut Vec<u8>, more: impl FnOnce(&mut Vec<u8>)) {
        let of_packet = out.open(trace::PACKET, 2);
        out.number(packet::SEQUENCE, self.guest & 0xffff_ffff);
        let of_track = out.open(packet::TRACK_DESCRIPTOR, 2);
        out.number(descriptor::UUID, track);
        if let Some(parent) = parent {
            out.number(descriptor::PARENT_UUID, parent);
        }
        more(out);
        out.close(of_track);
        out.close(of_packet);
    }
}

/// A hash of a name: of all of a short one, of both ends of a long one.
#[inline]
fn fingerprint(name: &str) -> u64 {
    const END: usize = 128;
    let bytes = name.as_bytes();
    let (start, end) =
        if bytes.len() <= 2 * END { (bytes, &[][..]) } else { (&bytes[..END], &bytes[bytes.len() - END..]) };
    let seed = (bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mix(mix(seed, start), end)
}

#[inline]
fn mix(seed: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    words
        .iter()
        .chain([&last])
        .fold(seed, |hash, word| (hash.rotate_left(5) ^ u64::from_le_bytes(*word)).wrapping_mul(0x517c_c1b7_2722_0a95))
}
