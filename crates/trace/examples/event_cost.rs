//! The time that a format takes for an event: calls of several kinds through a gate, whose acts and clock cost nothing.
//!
//! `cargo run --release -p callgate-trace --example event_cost`

use std::hint::black_box;
use std::io::sink;
use std::sync::Arc;
use std::time::Instant;

use callgate_gate::{Call, Gate, GuestId, Handle, Mount, NetworkRules, Observer};
use callgate_system::{Error, Follow, System};
use callgate_trace::format::{Folded, Format, Jsonl, Perfetto, Text};
use callgate_trace::{Flush, Recording};

#[allow(dead_code, reason = "it is for tests too")]
#[path = "../tests/formats/guest.rs"]
mod guest;

const CALLS: u32 = 2_000_000;

fn main() {
    let none = measure(None);
    println!("no observer: {none:.0} ns a call");
    let formats: [(&str, Box<dyn Format>); 4] = [
        ("text", Box::new(Text::new(32))),
        ("jsonl", Box::new(Jsonl::new(32))),
        ("perfetto", Box::new(Perfetto::new(32))),
        ("folded, without its samples", Box::<Folded>::default()),
    ];
    for (name, format) in formats {
        println!("{name}: {:.0} ns a call more", measure(Some(format)) - none);
    }
}

/// Nanoseconds a call.
fn measure(format: Option<Box<dyn Format>>) -> f64 {
    let (id, system) = (GuestId::new(), guest::system() as Arc<dyn System>);
    let recorder = format.map(|format| {
        let recording = Recording::of(id, "program", ["program"]).flush(Flush::Buffered);
        Arc::new(recording.start(&system, format, Box::new(sink()))) as Arc<dyn Observer>
    });
    let gate = Gate::new(id, system, NetworkRules::default()).attended_by(Vec::new(), recorder.into_iter().collect());
    let mount = Mount { guest_path: "/src".to_owned(), read_only: false, quota: None };
    let dir = Handle { id: 3, name: "/src", mount: Some(&mount), denied: None };
    let file = Handle { id: 4, name: "/src/library/core/src/iter/mod.rs", mount: Some(&mount), denied: None };
    let contents = [b'x'; 4096];
    let began = Instant::now();
    for number in 0..CALLS / 4 {
        let path = "library/core/src/iter/mod.rs";
        let _ = black_box(gate.pass(Call::StatAt { dir, follow: Follow::Yes, path }, || Ok::<_, Error>(1_u64)));
        let _ = black_box(gate.pass(Call::StreamRead { stream: file, len: 4096 }, || Ok::<_, Error>(&contents[..])));
        let offset = u64::from(number) * 4096;
        let _ = black_box(gate.pass(Call::Write { file, buffer: &contents, offset }, || Ok::<_, Error>(4096_u64)));
        let _ = black_box(gate.pass(Call::MonotonicNow, || Ok::<_, Error>(u64::from(number))));
    }
    began.elapsed().as_nanos() as f64 / f64::from(CALLS)
}
