//! Quotas and the holes of sparse files (row 28).

use std::fs::{self, File};
use std::path::Path;

use callgate_tests::calls::Calls;
use callgate_tests::needs::Holes;
use callgate_tests::{Host, each, needs};

use crate::places::{Place, write};

/// Bytes of each of the files that are nothing but a hole.
const SIZE: u64 = 8 << 20;

/// `errno`s of preview1.
const DQUOT: u32 = 19;

fn place() -> Place {
    let place = Place::new().file("dense", &"d".repeat(100_000)).file("tiny", "0123456789");
    for name in ["a", "b"] {
        make_hole(&place.data.join(name));
    }
    place
}

fn make_hole(path: &Path) {
    let file = File::create(path).expect("a file can be made");
    file.set_len(SIZE).expect("it can be made longer");
}

/// Every way to fill holes for nothing that a component has.
#[test]
pub(crate) fn holes() {
    needs!(Holes);
    each(|host| {
        for way in ["pieces", "bytes", "mounts", "sizes", "cut", "unlinked", "own", "dense"] {
            let place = place();
            let run = host.guest("holes").with("--quota", "64KiB").dir(&place.data, "/data").dir(&place.data, "/again");
            run.args(&["/data", "/again", way]).run().well().prints("holes: paid\n");
        }
    });
}

/// From a module: `path_open`, and `fd_pwrite` of 64 KiB at a time.
#[test]
fn holes_from_a_module() {
    needs!(Holes);
    each(|host| {
        let place = place();
        let (path, list, out, right_to_write) = (16, 512, 1024, 64);
        let calls = Calls::new().pages(3).data(path as u32, "a");
        let words = [u32::to_le_bytes(1 << 16), u32::to_le_bytes(1 << 16)].concat();
        let calls = calls.data(list as u32, words);
        let calls = calls.call("path_open", &[3, 1, path, 1, 0, right_to_write, 0, 0, out], 0);
        let put = |calls: Calls, offset: i64, errno| calls.call("fd_pwrite", &[4, list, 1, offset, out], errno);
        let calls = put(calls, 0, 0).holds(out as u32, 1 << 16);
        let calls = (1..100).fold(calls, |calls, number| put(calls, number << 16, DQUOT));
        let module = place.outside.join("module.wat");
        write(&module, calls.text());
        let run = host.program(&module).with("--quota", "64KiB").dir(&place.data, "/data").run();
        run.claim(calls.step(run.exit_code().unwrap_or(0)), run.exit_code() == Some(0));
    });
}

/// The guest's own judgement is that of its calls; this is the disk's.
#[test]
fn the_disk_is_not_filled() {
    needs!(Holes);
    let place = place();
    let run = Host::Native.guest("holes").with("--quota", "64KiB").dir(&place.data, "/data").dir(&place.data, "/again");
    run.args(&["/data", "/again", "bytes"]).run().well();
    let written = fs::read(place.data.join("a")).expect("it can be read").iter().filter(|byte| **byte != 0).count();
    assert_eq!(written, 16);
}

/// A second mount of the same directory, or of one above it, would make the first one's quota mean nothing.
#[test]
fn a_quota_beside_none() {
    each(|host| {
        let place = Place::new().directory("sub");
        let limited = |folder: &Path| host.guest("hello").dir(folder, "/a::quota=1MiB");
        for folder in [place.data.clone(), place.data.join("sub")] {
            limited(&folder).dir(&place.data, "/b").run().refused(&["/a", "/b", "quota"]);
            limited(&folder).dir(&place.data, "/b::quota=2MiB").run().well();
        }
        limited(&place.data).dir(&place.outside, "/b").run().well();
    });
}
