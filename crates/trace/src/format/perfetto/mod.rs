//! Perfetto's trace format: a `Trace` of packets with track events, as the Perfetto UI and its trace processor read it.
//!
//! A run is a process. Its tracks are: the guest, with calls that concern no handle; one for all waits; and one for each handle, by the
//! name of the handle. A call is a slice with its arguments; a refused call is an instant. Times are those of the system's monotonic clock.
//!
//! Words of ours are written once and named by numbers. Whatever a guest chooses stands in the packet itself, cut and escaped, so no table
//! grows with it.

mod fields;
mod flows;
mod tracks;
mod value;
mod wire;
mod words;

use std::fmt::Write as _;

use callgate_gate::{Call, Class, Event, Handle, Reason, Value};
use callgate_system::{Nanoseconds, Timestamp, Untrusted};

use super::{End, Format, Run, STRINGS};
use fields::{annotation, clocks, defaults, event as fields_of_event, interned, packet, trace};
use flows::{Flows, Sockets};
use tracks::Tracks;
use value::{Room, show};
use wire::Wire;
use words::Words;

/// Bytes of text that are shown of an argument or a reply.
const TEXT: usize = 1024;

/// The format.
pub struct Perfetto {
    /// Packets of other guests' traces have another number, so traces may be put one after the other.
    sequence: u64,
    started: Timestamp,
    has_clock: bool,
    /// The time at which the last call ended.
    ended: Nanoseconds,
    tracks: Tracks,
    sockets: Sockets,
    functions: Words,
    classes: Words,
    names: Words,
    room: Room,
}

impl Default for Perfetto {
    fn default() -> Self {
        Self {
            sequence: 1,
            started: Timestamp { seconds: 0, nanoseconds: 0 },
            has_clock: false,
            ended: 0,
            tracks: Tracks::new(1),
            sockets: Sockets::default(),
            functions: Words::new(interned::EVENT_NAMES),
            classes: Words::new(interned::CATEGORIES),
            names: Words::new(interned::ANNOTATION_NAMES),
            room: Room { text: String::new(), contents: STRINGS },
        }
    }
}

impl Format for Perfetto {
    fn begin(&mut self, run: &Run, out: &mut Vec<u8>) {
        let guest = run.guest.number();
        *self =
            Self { sequence: guest & 0xffff_ffff, started: run.started, tracks: Tracks::new(guest), ..Self::default() };
        let first = out.open(trace::PACKET, 1);
        out.number(packet::SEQUENCE, self.sequence);
        out.number(packet::SEQUENCE_FLAGS, packet::CLEARED);
        out.number(packet::FIRST_ON_SEQUENCE, 1);
        let defaults = out.open(packet::DEFAULTS, 1);
        out.number(defaults::CLOCK, clocks::MONOTONIC);
        out.close(defaults);
        out.close(first);
        self.tracks.announce(run, out);
    }

    fn event(&mut self, event: &Event<'_>, at: Nanoseconds, out: &mut Vec<u8>) {
        if !self.has_clock {
            self.tell_clock(event.outcome.began.saturating_sub(at), out);
        }
        // Looked for once: it stands among the arguments.
        let handle = event.handle();
        let (track, is_on_track) = self.track(event, handle, out);
        let is_refused = event.outcome.refusal.is_some();
        let kind = if is_refused { fields_of_event::INSTANT } else { fields_of_event::SLICE_BEGIN };
        self.packet(event.outcome.began, out, |this, out| {
            out.number(fields_of_event::TYPE, kind);
            out.number(fields_of_event::TRACK, track);
            this.describe(event, handle, is_on_track, out);
        });
        if !is_refused {
            self.packet(event.outcome.ended, out, |_, out| {
                out.number(fields_of_event::TYPE, fields_of_event::SLICE_END);
                out.number(fields_of_event::TRACK, track);
            });
        }
        self.ended = event.outcome.ended;
        self.free(event);
    }

    fn lost(&mut self, calls: u64, out: &mut Vec<u8>) {
        self.mark("lost", out, |this, out| {
            this.annotate("calls", out, |out, _| out.number(annotation::UINT, calls));
        });
    }

    fn end(&mut self, end: &End<'_>, out: &mut Vec<u8>) {
        self.mark("end", out, |this, out| {
            this.annotate_text("how", end.how, out);
            this.annotate("calls", out, |out, _| out.number(annotation::UINT, end.calls));
        });
    }
}

impl Perfetto {
    /// One that shows this many bytes of contents.
    #[must_use]
    pub fn new(contents: usize) -> Self {
        Self { room: Room { text: String::new(), contents }, ..Self::default() }
    }

    /// Appends an instant of the guest as a whole. A run without any call has no time that is known.
    fn mark(&mut self, name: &'static str, out: &mut Vec<u8>, more: impl FnOnce(&mut Self, &mut Vec<u8>)) {
        if self.has_clock {
            let guest = self.tracks.guest();
            self.packet(self.ended, out, |this, out| {
                out.number(fields_of_event::TYPE, fields_of_event::INSTANT);
                out.number(fields_of_event::TRACK, guest);
                this.name(name, out);
                more(this, out);
            });
        }
    }

    /// Says which wall time a time of the monotonic clock is.
    #[cold]
    fn tell_clock(&mut self, began: Nanoseconds, out: &mut Vec<u8>) {
        self.has_clock = true;
        let seconds = u64::try_from(self.started.seconds).unwrap_or(0);
        let wall = seconds.saturating_mul(1_000_000_000).saturating_add(self.started.nanoseconds.into());
        let of_packet = out.open(trace::PACKET, 1);
        out.number(packet::SEQUENCE, self.sequence);
        let snapshot = out.open(packet::CLOCK_SNAPSHOT, 1);
        for (clock, time) in [(clocks::MONOTONIC, began), (clocks::REALTIME, wall)] {
            let of_clock = out.open(clocks::CLOCKS, 1);
            out.number(clocks::ID, clock);
            out.number(clocks::TIME, time);
            out.close(of_clock);
        }
        out.number(clocks::PRIMARY, clocks::MONOTONIC);
        out.close(snapshot);
        out.close(of_packet);
    }

    /// Appends a packet with a track event, and the words that it is the first to use.
    #[inline]
    fn packet(&mut self, time: Nanoseconds, out: &mut Vec<u8>, fill: impl FnOnce(&mut Self, &mut Vec<u8>)) {
        let of_packet = out.open(trace::PACKET, 2);
        out.number(packet::TIMESTAMP, time);
        out.number(packet::SEQUENCE, self.sequence);
        out.number(packet::SEQUENCE_FLAGS, packet::NEEDS_STATE);
        let of_event = out.open(packet::TRACK_EVENT, 2);
        fill(self, out);
        out.close(of_event);
        if [&self.functions, &self.classes, &self.names].into_iter().any(Words::has_fresh) {
            let words = out.open(packet::INTERNED_DATA, 1);
            for kind in [&mut self.functions, &mut self.classes, &mut self.names] {
                kind.write_fresh(out);
            }
            out.close(words);
        }
        out.close(of_packet);
    }

    /// The track of a call, announced before it where it is new, and whether it is that of the call's handle.
    fn track(&mut self, event: &Event<'_>, handle: Option<Handle<'_>>, out: &mut Vec<u8>) -> (u64, bool) {
        if let Some(handle) = self.sockets.note(event)
            && let Some(label) = self.sockets.label(handle)
        {
            self.tracks.rename(handle, label, out);
        }
        match handle {
            _ if waits(event) => (self.tracks.waits(), false),
            // Nobody wants to see a track where nothing happened but its end.
            Some(handle) if !matches!(event.call, Call::Drop { .. }) || self.tracks.has(&handle) => {
                let label = handle.mount.map_or_else(|| self.sockets.label(handle.id), |_| None);
                let track = self.tracks.of(&handle, label, out);
                (track, track != self.tracks.others())
            }
            _ => (self.tracks.guest(), false),
        }
    }

    /// After a call: numbers of handles that it freed or gave to new objects.
    fn free(&mut self, event: &Event<'_>) {
        if event.outcome.result.is_err() {
            return;
        }
        if let Call::Drop { handle } = event.call {
            self.tracks.forget(handle.id);
        }
        if let Some(streams) = event.outcome.streams {
            let made = [Some(streams.input), Some(streams.output), streams.socket];
            made.into_iter().flatten().for_each(|handle| self.tracks.forget(handle));
        } else if let Ok(Value::Handle(handle)) = event.outcome.result {
            self.sockets.forget(handle.id);
            self.tracks.forget(handle.id);
        }
    }

    fn describe(&mut self, event: &Event<'_>, handle: Option<Handle<'_>>, is_on_track: bool, out: &mut Vec<u8>) {
        self.name(event.call.function(), out);
        for class in event.call.classes().iter() {
            self.category(class.word(), out);
        }
        self.annotate("seq", out, |out, _| out.number(annotation::UINT, event.sequence));
        let mut on_track = is_on_track;
        for (name, value) in event.call.arguments() {
            match value {
                // The track tells its name.
                Value::Handle(handle) if std::mem::take(&mut on_track) => {
                    self.annotate(name, out, |out, _| out.number(annotation::UINT, handle.id.into()));
                }
                value => self.annotate(name, out, |out, room| show(value, out, room)),
            }
        }
        self.describe_outcome(event, out);
        let Flows { begins, passes, ends } = self.sockets.flows(event, handle);
        for flow in begins.into_iter().chain(passes) {
            out.fixed(fields_of_event::FLOWS, self.sequence << 32 | flow);
        }
        for flow in ends {
            out.fixed(fields_of_event::ENDING_FLOWS, self.sequence << 32 | flow);
        }
    }

    fn describe_outcome(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match &event.outcome.result {
            Ok(Value::Done) => {}
            Ok(value) => self.annotate("result", out, |out, room| show(*value, out, room)),
            Err(error) => {
                self.annotate("error", out, |out, _| out.bytes(annotation::STRING, error.code.name().as_bytes()));
                if let Some(native) = error.native {
                    self.annotate_shown("native", native, out);
                }
            }
        }
        let bytes = event.bytes();
        if bytes > 0 {
            self.annotate("bytes", out, |out, _| out.number(annotation::UINT, bytes));
        }
        if let Some(refusal) = &event.outcome.refusal {
            self.category("refused", out);
            match refusal.reason {
                Reason::Rule(number) => {
                    self.annotate("rule", out, |out, _| out.number(annotation::UINT, number.into()));
                }
                reason => {
                    self.annotate("reason", out, |out, _| out.bytes(annotation::STRING, word(reason).as_bytes()));
                }
            }
            if let Some(missing) = &refusal.missing {
                self.annotate_text("add", &missing.rule, out);
            }
        }
        if let Some(ended) = event.outcome.ended_run {
            self.annotate_shown("ended", ended, out);
        }
    }

    #[inline]
    fn name(&mut self, name: &'static str, out: &mut Vec<u8>) {
        match self.functions.number(name) {
            Some(number) => out.number(fields_of_event::NAME_NUMBER, number),
            None => out.bytes(fields_of_event::NAME, name.as_bytes()),
        }
    }

    #[inline]
    fn category(&mut self, word: &'static str, out: &mut Vec<u8>) {
        match self.classes.number(word) {
            Some(number) => out.number(fields_of_event::CATEGORY_NUMBERS, number),
            None => out.bytes(fields_of_event::CATEGORIES, word.as_bytes()),
        }
    }

    #[inline]
    fn annotate(&mut self, name: &'static str, out: &mut Vec<u8>, value: impl FnOnce(&mut Vec<u8>, &mut Room)) {
        let of_annotation = out.open(fields_of_event::ANNOTATIONS, 1);
        match self.names.number(name) {
            Some(number) => out.number(annotation::NAME_NUMBER, number),
            None => out.bytes(annotation::NAME, name.as_bytes()),
        }
        value(out, &mut self.room);
        out.close(of_annotation);
    }

    fn annotate_text(&mut self, name: &'static str, value: &str, out: &mut Vec<u8>) {
        self.annotate(name, out, |out, room| out.bytes(annotation::STRING, shown(value, TEXT, &mut room.text)));
    }

    fn annotate_shown(&mut self, name: &'static str, value: impl std::fmt::Display, out: &mut Vec<u8>) {
        self.annotate(name, out, |out, room| {
            room.text.clear();
            // Writing to a string can't fail.
            write!(room.text, "{value}").ok();
            out.bytes(annotation::STRING, room.text.as_bytes());
        });
    }
}

/// True if the call does nothing but wait, or may have to: files never make a call wait.
fn waits(event: &Event<'_>) -> bool {
    match event.call {
        Call::StreamBlockingRead { stream, .. }
        | Call::StreamBlockingSkip { stream, .. }
        | Call::StreamBlockingWriteAndFlush { stream, .. }
        | Call::StreamBlockingFlush { stream }
        | Call::StreamBlockingWriteZeroesAndFlush { stream, .. } => stream.mount.is_none(),
        Call::StreamBlockingSplice { stream, src, .. } => stream.mount.is_none() || src.mount.is_none(),
        call => call.classes().contains(Class::Wait),
    }
}

fn word(reason: Reason) -> &'static str {
    match reason {
        Reason::MissingRight => "missing-right",
        Reason::ReadOnlyMount => "read-only-mount",
        Reason::InvalidName => "invalid-name",
        Reason::MissingRule => "missing-rule",
        _ => "rule",
    }
}

/// The text as it may be shown: as it is, where it is plain, else escaped and cut, in `room`.
fn shown<'a>(text: &'a str, most: usize, room: &'a mut String) -> &'a [u8] {
    if text.len() <= most && is_plain(text.as_bytes()) {
        return text.as_bytes();
    }
    room.clear();
    // Writing to a string can't fail.
    write!(room, "{}", Untrusted::new(text).at_most(most)).ok();
    room.as_bytes()
}

/// True if all of it is printable ASCII. Every byte is looked at, many at a time.
fn is_plain(bytes: &[u8]) -> bool {
    bytes.iter().fold(true, |plain, byte| plain & (b' '..=b'~').contains(byte))
}
