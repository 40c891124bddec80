//! The program file as the attacker, and the code cache as the target: machine code that nobody asked for never runs (rows 21, 22,
//! 29 and 30).

use std::fs;
use std::path::{Path, PathBuf};

use callgate_tests::needs::{NamedHome, Signals, SpecialFiles, Symlinks, Tool};
use callgate_tests::{Host, callgate, each, needs, places};

use crate::places::{Place, write};
use crate::platform;

/// The words that say that a file holds machine code, and how to run it all the same.
const REFUSED: &[&str] = &["machine code", "--allow-precompiled"];

fn compile(program: &Path, compiled: &Path) {
    callgate(&["compile"]).option(program).with("-o", compiled.as_os_str()).run().well();
}

#[test]
fn machine_code_is_refused_under_every_name() {
    let place = Place::new();
    let compiled = place.outside.join("hello.cwasm");
    compile(&places::guest("hello"), &compiled);
    for name in ["hello.cwasm", "hello.wasm", "hello.wat", "hello"] {
        let path = place.data.join(name);
        fs::copy(&compiled, &path).expect("it can be copied");
        each(|host| {
            host.program(&path).run().refused(REFUSED);
            host.program(&path).with("--timeout", "5m").run().refused(REFUSED);
            host.program(&path).with("--invoke", "run").run().refused(REFUSED);
            host.program(&path).option("--allow-precompiled").run().well().prints("hello, world\n");
        });
    }
    callgate(&["compile"]).option(&compiled).with("-o", place.data.join("x")).run().refused(&["compiled already"]);
}

#[test]
fn the_option_is_no_order() {
    each(|host| {
        host.guest("hello").option("--allow-precompiled").run().well().prints("hello, world\n");
    });
}

#[test]
fn machine_code_is_shown_as_what_it_is() {
    let place = Place::new();
    for (program, import) in [
        (places::guest("hello"), "  wasi:cli/stdout@0.2."),
        (places::module("hello"), "  wasi_snapshot_preview1.fd_write\n"),
        (places::fixture("no_command.wat"), "grants\n"),
    ] {
        let compiled = place.data.join("program.wasm");
        let made = callgate(&["compile"]).option(&program).with("-o", compiled.as_os_str()).run();
        if made.exit_code() != Some(0) {
            continue;
        }
        let shown = callgate(&["inspect"]).option(&compiled).run();
        shown.well().says("machine code, not sandboxed by itself").says(import);
        shown.says("runs here: with --allow-precompiled only\n");
        shown.claim("it isn't called harmless", !shown.out().contains("runs here: yes"));
        let loaded = callgate(&["inspect"]).option("--allow-precompiled").option(&compiled).run();
        loaded.well().says(import).says("runs here: yes\n");
    }
}

#[test]
fn what_machine_code_says_of_itself_may_be_anything() {
    let place = Place::new();
    let compiled = place.data.join("hello.cwasm");
    compile(&places::guest("hello"), &compiled);
    let whole = fs::read(&compiled).expect("it can be read");
    let broken = place.data.join("broken.wasm");
    // The record stands at the end, its lengths and counts among it; the image has its tables at both ends.
    let places = (1..200).chain([whole.len() / 2, whole.len() - 5, whole.len() - 40]);
    for at in places.map(|back| whole.len() - back) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        write(&broken, &bytes);
        let shown = callgate(&["inspect"]).option(&broken).run();
        shown.claim("it is shown, or refused in a line", matches!(shown.exit_code(), Some(0 | 2)));
        Host::Native.program(&broken).run().claim("it doesn't run", true).code(2);
    }
    for end in [4, 64, 1000, whole.len() - 1] {
        write(&broken, &whole[..end]);
        callgate(&["inspect"]).option(&broken).run().claim("cut off", true).well().says("machine code");
        Host::Native.program(&broken).run().refused(REFUSED);
    }
}

/// The files of a cache.
fn entries(cache: &Path) -> Vec<PathBuf> {
    let Ok(folder) = fs::read_dir(cache.join("callgate")) else { return Vec::new() };
    let mut entries: Vec<_> = folder.map(|entry| entry.expect("an entry can be read").path()).collect();
    entries.sort();
    entries
}

fn hello(host: Host, cache: &Path) {
    host.guest("hello").cache(cache).run().well().prints("hello, world\n");
}

#[test]
pub(crate) fn forger() {
    each(|host| {
        let place = Place::new();
        let cache = place.data.join("cache");
        // Another program's code, which a guest can bring along, and as an entry, as which it would be believed.
        let forged = place.data.join("forged");
        compile(&places::guest("trap"), &forged);
        hello(host, &cache);
        host.guest("stderr_write").cache(&cache).run().success();
        let run = host.guest("forger").cache(&cache).dir(&place.data, "/home");
        let run = run.args(&["/home/cache/callgate", "/home/forged"]).run();
        run.well().says(" 0 overwritten");
        run.claim("there was something to forge", !run.out().starts_with("0 files"));
        for _ in 0..2 {
            hello(host, &cache);
        }
    });
}

#[test]
pub(crate) fn self_change() {
    each(|host| {
        for change in [false, true] {
            let place = Place::new();
            let compiled = place.data.join("self.cwasm");
            compile(&places::guest("self_change"), &compiled);
            // By a second name in the mount, too, where links are told.
            let program = if change { place.outside.join("other.cwasm") } else { compiled.clone() };
            if change {
                fs::hard_link(&compiled, &program).expect("it can be linked");
            }
            let run = host.program(&program).option("--allow-precompiled").dir(&place.data, "/data");
            run.arg("/data/self.cwasm").run().well().says("still here");
        }
    });
}

#[test]
fn an_entry_is_named_by_the_content() {
    let place = Place::new();
    let cache = place.outside.join("cache");
    let program = place.data.join("program.wat");
    // Same file, same length.
    for code in [7, 9, 7] {
        let text = format!(
            "(module (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $x (param i32))) (func (export \"_start\") (call $x (i32.const {code}))) (memory (export \"memory\") 1))"
        );
        write(&program, text);
        Host::Native.program(&program).cache(&cache).run().code(code);
    }
    assert_eq!(entries(&cache).len(), 2, "one for each content");
}

#[test]
fn without_a_cache_nothing_is_kept() {
    let place = Place::new();
    let cache = place.data.join("cache");
    Host::Native.guest("hello").option("--no-cache").cache(&cache).run().well().prints("hello, world\n");
    callgate(&["inspect"]).option("--no-cache").cache(&cache).option(places::guest("hello")).run().well();
    assert!(!cache.exists(), "nothing is made");
}

#[test]
fn the_cache_is_shown_and_emptied() {
    let place = Place::new();
    let cache = place.data.join("cache");
    let info = || callgate(&["cache", "info"]).cache(&cache).run();
    info().well().says("entries: 0\n");
    hello(Host::Native, &cache);
    info().well().says("entries: 1\n").says("callgate");
    callgate(&["cache", "clear"]).cache(&cache).run().well().says("removed 1 entries, ");
    info().well().says("entries: 0\n").says("bytes: 0\n");
    assert_eq!(entries(&cache), Vec::<PathBuf>::new());
    hello(Host::Native, &cache);
}

#[test]
fn a_writable_home_is_named() {
    needs!(NamedHome);
    let home = Place::new();
    let sub = home.data.join("sub");
    fs::create_dir(&sub).expect("a directory can be made");
    let run = |mount: &Path| {
        let path = home.data.to_str().expect("a path of text");
        Host::Native.guest("hello").host_env("HOME", path).host_env("USERPROFILE", path).dir(mount, "/data").run()
    };
    run(&home.data).success().complains("such as .bashrc");
    run(home.data.parent().expect("it has a parent")).success().complains("such as .bashrc");
    run(&sub).well();
    let path = home.data.to_str().expect("a path of text");
    Host::Native.guest("hello").host_env("HOME", path).read_only(&home.data, "/data").run().well();
}

/// It would have callgate count and remove the user's files there.
#[test]
fn a_link_in_the_place_of_the_cache() {
    needs!(Symlinks);
    let place = Place::new().directory("Documents").file("Documents/thesis.txt", "all of it");
    platform::symlink("Documents", place.data.join("callgate")).expect("a link can be made");
    hello(Host::Native, &place.data);
    callgate(&["cache", "clear"]).cache(&place.data).run().refused(&["is not used as a cache"]);
    let documents = fs::read_dir(place.data.join("Documents")).expect("it is there");
    assert_eq!(documents.count(), 1, "nothing is kept there, and nothing removed");
}

/// Neither opened nor waited for.
#[test]
fn a_program_that_is_a_fifo() {
    needs!(Tool("mkfifo"), SpecialFiles);
    let place = Place::new();
    let fifo = place.outside.join("fifo.wasm");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status().expect("mkfifo can be started");
    assert!(made.success(), "it can't be made");
    callgate(&["run", "--allow-precompiled"]).option(&fifo).run().refused(&["not a regular file"]);
    callgate(&["inspect"]).option(&fifo).run().refused(&["not a regular file"]);
    let output = place.outside.join("out.cwasm");
    callgate(&["compile"]).option(&fifo).with("-o", output.as_os_str()).run().refused(&["not a regular file"]);
}

/// The old file stays until the new one is whole.
#[test]
fn a_compiled_file_that_finds_no_room() {
    needs!(Signals, Tool("sh"));
    let place = Place::new().file("old.cwasm", "old");
    let old = place.data.join("old.cwasm");
    let compile = callgate(&["compile"]).option(places::guest("hello")).with("-o", old.as_os_str());
    compile.behind("ulimit -f 4").run().refused(&["old.cwasm"]);
    assert_eq!(fs::read_to_string(&old).expect("it is there"), "old");
    assert_eq!(fs::read_dir(&place.data).expect("it is there").count(), 1, "nothing half done");
}
