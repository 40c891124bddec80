//! Attacks by modules of WASI preview1, and the answers of its functions, one by one. Numbers are those of its `errno`.

mod answers;
mod bounds;
mod files;
mod listing;
mod numbers;
mod polling;
mod process;

use std::fs;

use callgate_tests::calls::Calls;
use callgate_tests::{Host, Output, Run, each};

use crate::places::{Place, write};

const BADF: u32 = 8;
const FAULT: u32 = 21;
const ILSEQ: u32 = 25;
const INVAL: u32 = 28;
const ISDIR: u32 = 31;
const NAMETOOLONG: u32 = 37;
const NOENT: u32 = 44;
const NOMEM: u32 = 48;
const NOTDIR: u32 = 54;
const NOTSOCK: u32 = 57;
const NOTSUP: u32 = 58;
const PERM: u32 = 63;
const ROFS: u32 = 69;
const SPIPE: u32 = 70;
const NOTCAPABLE: u32 = 76;

/// The mount, and the first number that is free behind it.
const DATA: i64 = 3;
const FIRST: i64 = 4;

/// Rights to read and to write.
const READ: i64 = 2;
const WRITE: i64 = 64;
const ALL: i64 = (1 << 30) - 1;

/// Where the tests put what calls are given, and where they want answers.
const PATH: i64 = 16;
const LIST: i64 = 512;
const OUT: i64 = 1024;

/// Flags of `path_open`.
const CREATE: i64 = 1;
const DIRECTORY: i64 = 2;
const TRUNCATE: i64 = 8;

fn start(host: Host, place: &Place, calls: &Calls) -> Run {
    let module = place.outside.join("module.wat");
    write(&module, calls.text());
    host.program(&module)
}

/// Runs a module with the mount at `/data`; every step is as listed.
fn goes_as_listed(host: Host, place: &Place, calls: &Calls) -> Output {
    let output = start(host, place, calls).dir(&place.data, "/data").run();
    all_as_listed(&output, calls);
    output
}

fn all_as_listed(output: &Output, calls: &Calls) {
    let step = calls.step(output.exit_code().unwrap_or(0));
    output.claim(&format!("all steps are as listed, and not wrong at {step}"), output.exit_code() == Some(0));
}

trait Steps {
    /// `path_open` of the path at [`PATH`], of this length.
    fn open(self, path: &str, flags: i64, rights: i64, errno: u32) -> Self;
    /// The number that `path_open` gave.
    fn opened(self, fd: i64) -> Self;
}

impl Steps for Calls {
    fn open(self, path: &str, flags: i64, rights: i64, errno: u32) -> Self {
        let calls = path.bytes().zip(PATH..).fold(self, |calls, (byte, at)| calls.fill(at as u32, byte, 1));
        calls.call("path_open", &[DATA, 1, PATH, path.len() as i64, flags, rights, ALL, 0, OUT], errno)
    }

    fn opened(self, fd: i64) -> Self {
        self.holds(OUT as u32, fd as u32)
    }
}

/// The other tests rest on this: an answer that is not as listed ends the module with its step.
#[test]
fn a_wrong_answer_is_seen() {
    let place = Place::new();
    let calls = Calls::new().call("sched_yield", &[], 0).call("fd_close", &[99], 0);
    let run = start(Host::Native, &place, &calls).run();
    run.code(2).claim("the answer is shown", run.stdout == BADF.to_le_bytes());
    assert!(calls.step(2).starts_with("fd_close[99]"), "{}", calls.step(2));
}
