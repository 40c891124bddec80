//! The memory that the host holds for a guest is bounded (row 27): by a budget of computed sizes, and what is measured stays within it and what
//! the process takes by itself. Under a small budget the guest gets an error, and goes on.

use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use callgate_tests::calls::Calls;
use callgate_tests::needs::PeakMemory;
use callgate_tests::{Host, Output, Run, callgate, each, everywhere, needs};

use crate::places::{Place, write};

/// The bytes that the process takes besides its budget: the engine and its compiler, the values that a call builds, and the memory
/// of the guests here.
const SLACK: u64 = 150 << 20;

/// The budget unless given.
const USUAL: u64 = 512 << 20;

/// A small one.
const SMALL: (&str, u64) = ("16MiB", 16 << 20);

/// As many of each thing as the guest tries to get. An operating system may refuse earlier, for want of descriptors.
const MANY: &str = "19000";

const NOMEM: u32 = 48;

/// Runs a guest that hoards, and looks at the host while it holds all; how many it held, and what it was refused.
fn hoards(run: Run, budget: u64) -> (usize, String) {
    let mut running = run.open_stdin().start();
    assert_eq!(running.line(), "hoarding");
    let line = running.line();
    let peak = running.peak_memory().unwrap_or(u64::MAX);
    running.end_input();
    let end = running.end();
    end.success().says("goes on\n");
    end.claim(&format!("{peak} bytes are no more than {budget} and {SLACK}"), peak <= budget + SLACK);
    let (held, refusal) = line.split_once(" are held, refused was ").unwrap_or(("0", &line));
    (held.parse().unwrap_or(0), refusal.to_owned())
}

/// Hoards within the usual budget, and within a small one, in which there is room for fewer than `most`.
fn hoards_within_both(run: impl Fn() -> Run, most: usize) {
    hoards(run(), USUAL);
    let (held, refusal) = hoards(run().with("--max-host-memory", SMALL.0), SMALL.1);
    assert!((most / 100..most).contains(&held), "{held} are held, of at most {most}");
    let known = ["insufficient-memory", "out-of-memory", "os error 48"];
    assert!(known.iter().any(|word| refusal.contains(word)), "{refusal}");
}

/// More entries than one system call tells, with long names.
fn full_directory() -> Place {
    (0..400).fold(Place::new(), |place, number| place.file(&format!("{}{number:03}", "name".repeat(50)), ""))
}

#[test]
fn directories_that_are_listed() {
    needs!(PeakMemory);
    everywhere(|host| {
        let place = full_directory();
        hoards_within_both(
            || host.guest("hoard").dir(&place.data, "/data").args(&["listings", MANY, "/data"]),
            // At least the place in the table; the backend in memory keeps a name, and no more.
            SMALL.1 as usize / 1024,
        );
        if host != Host::Memory {
            let run = || host.module("hoard_module").dir(&place.data, "/data").args(&["listings", MANY, "/data"]);
            hoards_within_both(run, SMALL.1 as usize / 1024);
        }
    });
}

/// A guest that holds every descriptor still waits for its input, whatever the number that is left over of the last listing.
#[test]
fn descriptors_that_are_all_held() {
    needs!(PeakMemory);
    let place = full_directory();
    for limit in 200..204 {
        each(|host| {
            for run in [host.guest("hoard"), host.module("hoard_module")] {
                let run = run.behind(&format!("ulimit -n {limit}")).dir(&place.data, "/data");
                let (held, _) = hoards(run.args(&["listings", MANY, "/data"]), USUAL);
                assert!((10..limit).contains(&held), "{held} are held");
            }
        });
    }
}

#[test]
fn longest_names() {
    needs!(PeakMemory);
    everywhere(|host| {
        let place = Place::new();
        let run = || host.guest("hoard").dir(&place.data, "/data").args(&["names", MANY, "/data"]);
        hoards_within_both(run, SMALL.1 as usize / 4096);
        if host != Host::Memory {
            let run = || host.module("hoard_module").dir(&place.data, "/data").args(&["names", MANY, "/data"]);
            hoards_within_both(run, SMALL.1 as usize / 4096);
        }
    });
}

/// They share the name of their file, however long that is, and no operating system knows of them.
#[test]
pub(crate) fn hoard() {
    needs!(PeakMemory);
    everywhere(|host| {
        let place = Place::new();
        let run = || host.guest("hoard").dir(&place.data, "/data").args(&["streams", "99000", "/data"]);
        let (held, refusal) = hoards(run(), USUAL / 4);
        assert_eq!((held, &*refusal), (99_000, "nothing"));
        hoards_within_both(run, SMALL.1 as usize / 512);
    });
}

#[test]
fn lookups_that_are_answered() {
    needs!(PeakMemory);
    let run = || Host::Native.guest("hoard").with("--net", "all").args(&["lookups", "60000"]);
    hoards_within_both(run, SMALL.1 as usize / 4096);
}

/// Takes connections and reads none of them, until it is dropped.
struct Silent {
    address: SocketAddr,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Silent {
    fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&over);
        let accept = move || {
            let all: Vec<_> = listener.incoming().take_while(|_| !told.load(Ordering::SeqCst)).collect();
            drop(all);
        };
        Self { address, over, thread: Some(thread::spawn(accept)) }
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // One more, so that it looks.
        TcpStream::connect(self.address).ok();
        self.thread.take().map(JoinHandle::join);
    }
}

#[test]
fn bytes_that_wait_for_peers_who_never_read() {
    needs!(PeakMemory);
    each(|host| {
        let peer = Silent::listen();
        let address = peer.address.to_string();
        let run = || {
            let run = host.guest("hoard").with("--net", format!("connect={address}")).with("--linger", "1ms");
            run.args(&["outboxes", "600", &address])
        };
        hoards_within_both(run, SMALL.1 as usize / (32 << 10));
    });
}

/// Neither waiting nor subscribing has an error in its interface.
#[test]
fn lists_to_wait_for() {
    needs!(PeakMemory);
    let run = |most: &str| Host::Native.guest("hoard").args(&["timers", most]);
    hoards(run("99000"), USUAL);
    hoards(run("10000").with("--max-host-memory", SMALL.0), SMALL.1);
    for most in ["20000", "99000"] {
        run(most).with("--max-host-memory", SMALL.0).run().trapped().complains("insufficient-memory");
    }
    // A list of timers that are over, as many as there may be.
    let list = |count: i64| {
        Calls::new().pages(100).call("poll_oneoff", &[1 << 16, 50 << 16, count, 8], 0).holds(8, count as u32)
    };
    module(&Place::new(), &list(1 << 16)).run().success();
    let small = Calls::new()
        .pages(100)
        .call("poll_oneoff", &[1 << 16, 50 << 16, 1 << 16, 8], NOMEM)
        .call("poll_oneoff", &[1 << 16, 50 << 16, 1_000, 8], 0)
        .holds(8, 1_000);
    let output = module(&Place::new(), &small).with("--max-host-memory", SMALL.0).run();
    output.claim(
        &format!("all is as listed: {}", small.step(output.exit_code().unwrap_or(0))),
        output.exit_code() == Some(0),
    );
}

/// A module of these calls.
fn module(place: &Place, calls: &Calls) -> Run {
    text(place, "module.wat", &calls.text())
}

/// A program made on the spot.
fn text(place: &Place, name: &str, text: &str) -> Run {
    let path = place.outside.join(name);
    write(&path, text);
    Host::Native.program(&path)
}

/// Bytes that are built for one call, and gone with it.
#[test]
fn random_bytes_again_and_again() {
    needs!(PeakMemory);
    each(|host| {
        let run = || host.guest("hoard").with("--max-memory", "100MiB");
        // The guest's own copy is linear memory.
        hoards(run().args(&["random", "20"]), (64 << 20) + (100 << 20));
        let refused = run().with("--max-host-memory", SMALL.0).args(&["random", "1"]).run();
        refused.trapped().complains("get-random-bytes: insufficient-memory");
    });
}

#[test]
fn datagrams_without_measure() {
    needs!(PeakMemory);
    everywhere(|host| {
        let run = || host.guest("hoard").with("--net", "udp=127.0.0.1").args(&["datagrams", "100"]);
        hoards(run(), SMALL.1);
        hoards(run().with("--max-host-memory", "1MiB"), SMALL.1);
    });
}

/// A table grows by 8,192 elements until it can't; the exit code is how often.
const TABLE: &str = r#"(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (table $table 0 funcref)
  (func (export "_start") (local $times i32)
    (loop $again
      (if (i32.ne (table.grow $table (ref.null func) (i32.const 8192)) (i32.const -1))
        (then
          (local.set $times (i32.add (local.get $times) (i32.const 1)))
          (br $again))))
    (call $exit (local.get $times))))"#;

#[test]
fn tables() {
    text(&Place::new(), "table.wat", TABLE).run().code(128);
    text(&Place::new(), "table.wat", TABLE).with("--max-host-memory", "1MiB").run().code(7);
    let large = TABLE.replace("(table $table 0 ", "(table $table 500000 ");
    text(&Place::new(), "table.wat", &large).with("--max-host-memory", "1MiB").run().trapped().complains("table");
}

/// A program of so many hundreds of memories, each of which takes no page and 4 GiB of addresses, and some more.
fn with_memories(hundreds: usize, more: usize) -> Output {
    let module = |name: &str, count: usize| format!("  (core module ${name} {})\n", "(memory 0) ".repeat(count));
    let mut component = String::from("(component\n") + &module("hundred", 100) + &module("more", more);
    for name in vec!["hundred"; hundreds].into_iter().chain(["more"]) {
        writeln!(component, "  (core instance (instantiate ${name}))").ok();
    }
    component += "  (core module $program (func (export \"run\") (result i32) (i32.const 0)))\n";
    component += "  (core instance $program (instantiate $program))\n";
    component += "  (func $run (result (result)) (canon lift (core func $program \"run\")))\n";
    component += "  (instance $command (export \"run\" (func $run)))\n";
    component += "  (export \"wasi:cli/run@0.2.0\" (instance $command)))\n";
    text(&Place::new(), "memories.wat", &component).run()
}

#[test]
fn memories() {
    with_memories(10, 0).well();
    with_memories(10, 1).trapped().complains("memory count too high");
}

/// The table of descriptors does not grow for a number alone.
#[test]
fn a_number_far_away() {
    let calls = Calls::new().whatever("fd_renumber", &[2, 90_000]).call("fd_close", &[0], 0);
    let output = module(&Place::new(), &calls).with("--max-host-memory", SMALL.0).run();
    output.claim("the run goes on", output.exit_code() == Some(0));
}

#[test]
fn a_budget_that_is_too_small() {
    let place = Place::new();
    let run = Host::Native.module("hello").dir(&place.data, "/data").with("--max-host-memory", "1KiB").run();
    run.refused(&["hello.wasm", "host memory"]);
    Host::Native.guest("hello").with("--max-host-memory", "1536").run().trapped().complains("resource limit exceeded");
    callgate(&["run", "--max-host-memory", "much"]).option("x.wasm").run().refused(&["--max-host-memory", "512KiB"]);
}
