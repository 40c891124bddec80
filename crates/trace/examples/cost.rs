//! The cost of an event: calls through the gate with an act that does nothing, without observers, and recorded in each format to a file,
//! summed up, or looked at.
//!
//! `cargo run --release -p callgate-trace --example cost [CALLS [FILE [FORMAT]]]` prints nanoseconds a call. On a busy machine its processor time
//! (`time`) says more, with one FORMAT, and under callgrind the number of its instructions.

use std::ffi::OsStr;
use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use callgate_gate::{Call, Event, Gate, GuestId, Handle, Mount, NetworkRules, Observer};
use callgate_system::{
    Clock, Code, Directory, Error, FileType, Follow, Identity, Nanoseconds, Network, OpenHow, Random, Result, Stat,
    Stdio, System, Timestamp, Waiter,
};
use callgate_trace::format::{Folded, Format, Jsonl, Perfetto, Text};
use callgate_trace::summary::Live;
use callgate_trace::{Flush, Look, Recording};

/// This machine's clock, and nothing else.
struct Real(Instant);

impl Clock for Real {
    fn monotonic(&self) -> Nanoseconds {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn monotonic_resolution(&self) -> Nanoseconds {
        1
    }

    fn wall(&self) -> Timestamp {
        Timestamp { seconds: 1_700_000_000, nanoseconds: 0 }
    }

    fn wall_resolution(&self) -> Nanoseconds {
        1
    }
}

impl System for Real {
    fn name(&self) -> &'static str {
        "clock"
    }

    fn open_root(&self, _: &OsStr) -> Result<Arc<dyn Directory>> {
        Err(Code::Unsupported.into())
    }

    fn clock(&self) -> &dyn Clock {
        self
    }

    fn random(&self) -> &dyn Random {
        unreachable!("nobody asks for random bytes")
    }

    fn network(&self) -> &dyn Network {
        unreachable!("nobody makes sockets")
    }

    fn stdio(&self) -> Stdio {
        unreachable!("nobody uses standard streams")
    }

    fn waiter(&self) -> Box<dyn Waiter> {
        unreachable!("nobody waits")
    }
}

/// An observer that takes no note: what the gate does for any.
struct Nothing;

impl Observer for Nothing {
    fn observe(&self, event: &Event<'_>) -> std::io::Result<()> {
        black_box(event);
        Ok(())
    }

    fn finish(&self, _: &dyn std::fmt::Display) -> std::io::Result<()> {
        Ok(())
    }
}

/// Four calls of the usual kinds.
fn calls(gate: &Gate, mount: &Mount, buffer: &[u8]) {
    let dir = Handle { id: 3, name: &mount.guest_path, mount: Some(mount), denied: None };
    let file = Handle { id: 4, name: "/src/crates/linux/src/resolve.rs", ..dir };
    let (accessed, modified, changed) = (None, None, None);
    let identity = Identity { device: 1, file: 2 };
    let stat =
        Stat { kind: FileType::RegularFile, links: 1, size: 100, allocated: 0, accessed, modified, changed, identity };
    let how = OpenHow { read: true, ..OpenHow::default() };
    let path = "crates/linux/src/resolve.rs";
    let _ = black_box(gate.pass(Call::MonotonicNow, || Ok::<_, Error>(black_box(12_345_678_u64))));
    let _ = black_box(gate.pass(Call::OpenAt { dir, path, how }, || Ok::<_, Error>(black_box(4_u32))));
    let _ = black_box(gate.pass(Call::StatAt { dir, follow: Follow::Yes, path }, || Ok::<_, Error>(black_box(stat))));
    let _ = black_box(gate.pass(Call::Write { file, buffer, offset: 4096 }, || Ok::<_, Error>(black_box(4096_u64))));
}

fn measure(name: &str, count: u64, observer: Option<Arc<dyn Observer>>, system: Arc<dyn System>) -> f64 {
    let gate = Gate::new(GuestId::new(), system, NetworkRules::default())
        .attended_by(Vec::new(), observer.iter().cloned().collect());
    let mount = Mount {
        guest_path: "/src".to_owned(),
        read_only: false,
        quota: None,
        names: callgate_system::Names::default(),
    };
    let buffer = vec![b'x'; 4096];
    let began = Instant::now();
    for _ in 0..count / 4 {
        calls(black_box(&gate), black_box(&mount), black_box(&buffer));
    }
    let each = began.elapsed().as_secs_f64() * 1e9 / count as f64;
    if let Some(observer) = observer {
        drop(observer.finish(&"exited with code 0"));
    }
    println!("{name}: {each:.1} ns");
    each
}

/// Makes a format.
type Make = fn() -> Box<dyn Format>;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let count = arguments.next().and_then(|count| count.parse().ok()).unwrap_or(1_000_000);
    let file = arguments.next();
    let wanted = arguments.next();
    let system: Arc<dyn System> = Arc::new(Real(Instant::now()));
    let untraced = measure("untraced", count, None, system.clone());
    // Of `folded` this is the cost without that of collecting stacks.
    let formats: [(&str, Make); 4] = [
        ("text", || Box::new(Text::default())),
        ("jsonl", || Box::new(Jsonl::default())),
        ("perfetto", || Box::<Perfetto>::default()),
        ("folded", || Box::<Folded>::default()),
    ];
    for (name, format) in formats.into_iter().filter(|(name, _)| wanted.as_ref().is_none_or(|wanted| wanted == name)) {
        let out: Box<dyn Write + Send> = match &file {
            Some(file) => Box::new(File::create(file)?),
            None => Box::new(std::io::sink()),
        };
        let recording = Recording::of(GuestId::new(), "cost", ["cost"]).flush(Flush::Buffered);
        let recorder = recording.start(&system, format(), out);
        let traced = measure(name, count, Some(Arc::new(recorder)), system.clone());
        println!("{name} over untraced: {:.1} ns", traced - untraced);
    }
    if wanted.as_ref().is_none_or(|wanted| wanted == "summary") {
        let live = Live::new(&system, "cost".to_owned(), |_| Ok(()));
        let nothing = measure("nothing", count, Some(Arc::new(Nothing)), system.clone());
        let observed = measure("summary", count, Some(Arc::new(live)), system.clone());
        println!("summary over untraced: {:.1} ns, over nothing: {:.1} ns", observed - untraced, observed - nothing);
    }
    if wanted.is_none_or(|wanted| wanted == "look") {
        let observed = measure("look", count, Some(Arc::new(Look::new())), system.clone());
        println!("look over untraced: {:.1} ns", observed - untraced);
    }
    Ok(())
}
