//! The command line: what it takes, what it says, and how it ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use callgate_tests::{Host, callgate, each, places};

use crate::places::{Place, write};
use crate::platform::odd_names;

#[test]
fn help_and_version() {
    let help = callgate(&["--help"]).run();
    help.well();
    for command in ["run", "compile", "inspect", "backends"] {
        help.says(command);
    }
    let help = callgate(&["run", "--help"]).run();
    help.well();
    let options = ["--dir", "--env", "--inherit-env", "--argv0", "--cwd", "--backend", "--timeout", "--max-memory"];
    for option in options.into_iter().chain(["--max-handles", "--trace"]) {
        help.says(option);
    }
    callgate(&["--version"]).run().well().says("callgate ");
}

#[test]
fn backends() {
    let backends = callgate(&["backends"]).run();
    backends.well().says(&format!("native: {}\n", places::backend())).says("paths: ").says("clocks: ");
    if places::on_linux() {
        // Else every test that runs both ways would prove half of what it says.
        let walker = callgate(&["backends"]).host_env("CALLGATE_NO_OPENAT2", "1").run();
        walker.well().says("component by component");
    }
}

#[test]
fn inspect() {
    let guest = |name| callgate(&["inspect"]).option(places::guest(name)).run();
    guest("hello").well().says("wasi:cli/stdout");
    guest("files").well().says("wasi:filesystem/types").says("--dir");
    guest("diagnostics").well().says("callgate:system/diagnostics");
    let unknown = callgate(&["inspect"]).option(places::fixture("unknown_import.wat")).run();
    unknown.success().says("acme:rocket/engine");
}

#[test]
fn compile() {
    each(|host| {
        let place = Place::new();
        let compiled = place.data.join("hello.cwasm");
        let compile = callgate(&["compile"]).option(places::guest("hello")).with("-o", compiled.as_os_str());
        compile.run().success();
        host.program(&compiled).option("--allow-precompiled").run().well().prints("hello, world\n");
        let text = place.data.join("fails.cwasm");
        let compile = callgate(&["compile"]).option(places::fixture("fails.wat")).with("-o", text.as_os_str());
        compile.run().success();
        host.program(&text).option("--allow-precompiled").run().code(1);
    });
}

/// Compiled code is kept in the user's cache folder; where there is none to be had, it is compiled anew each time.
#[test]
fn a_cache_folder_that_cannot_be_used() {
    each(|host| {
        let place = Place::new().file("file", "x").directory("cache");
        for folder in ["file", "file/below", "cache"] {
            let folder = place.data.join(folder);
            let run = || host.guest("hello").cache(&folder).run();
            run().well().prints("hello, world\n");
            run().well().prints("hello, world\n");
        }
    });
}

/// The second start takes the code that the first one kept. Anything else in its place is not taken for it.
#[test]
fn kept_code_is_run() {
    each(|host| {
        let place = Place::new();
        let cache = place.outside.join("cache");
        let start = || host.guest("hello").cache(&cache);
        let entry = first_entry(&cache.join("callgate"), || {
            start().run().well().prints("hello, world\n");
        });
        start().run().well().prints("hello, world\n");
        assert_eq!(entries(&cache.join("callgate")).len(), 1, "the second start keeps nothing new");

        let other = place.data.join("other.cwasm");
        callgate(&["compile"]).option(places::guest("exit_code")).with("-o", other.as_os_str()).run().success();
        let whole = fs::read(&other).expect("the compiled program can be read");
        for garbage in [&b""[..], b"garbage", &whole, &whole[..whole.len() / 2]] {
            replace(&entry, garbage);
            start().run().well().prints("hello, world\n");
            let kept = fs::read(&entry).expect("the entry is there");
            assert!(kept != garbage, "an entry that cannot be used is replaced");
        }

        // Code that checks the time is other code.
        start().with("--timeout", "5m").run().well().prints("hello, world\n");
        assert_eq!(entries(&cache.join("callgate")).len(), 2);
        start().run().well().prints("hello, world\n");
    });
}

/// Starts it until its code is kept: that of a file which was made a moment ago is not.
fn first_entry(folder: &Path, start: impl Fn()) -> PathBuf {
    for _ in 0..200 {
        start();
        if let [entry] = &*entries(folder) {
            return entry.clone();
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("nothing is kept in {}", folder.display());
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("the folder can be listed").path()).collect();
    paths.sort();
    paths
}

/// Puts another file in the place of `entry`: one that a program has mapped must not change.
fn replace(entry: &Path, content: &[u8]) {
    fs::remove_file(entry).expect("an entry can be removed");
    write(entry, content);
}

#[test]
fn text_is_a_program_too() {
    each(|host| {
        host.program(&places::fixture("fails.wat")).run().code(1).prints("");
    });
}

#[test]
fn the_native_backend_by_name() {
    Host::Native.guest("hello").with("--backend", "native").run().well().prints("hello, world\n");
}

#[test]
fn what_comes_after_the_program_is_the_programs() {
    each(|host| {
        let run = host.guest("args_env").args(&["--dir", "--help", "-V", "--", "x"]).run();
        run.well()
            .says("argv[1] = \"--dir\"\nargv[2] = \"--help\"\nargv[3] = \"-V\"\nargv[4] = \"--\"\nargv[5] = \"x\"\n");
    });
}

#[test]
fn options_that_mean_nothing() {
    let run = |options: &[&str]| {
        let run = options.iter().fold(callgate(&["run"]), |run, option| run.option(*option));
        run.option(places::guest("hello")).run()
    };
    run(&["--no-such-option"]).refused(&["--no-such-option"]);
    for duration in ["soon", "", "-1s", "5", "1e9999s", "5 parsecs", "99999999999999999999s"] {
        run(&[&format!("--timeout={duration}")]).refused(&["--timeout"]);
    }
    for size in ["much", "", "-1", "1XiB", "99999999999999999999GiB", "1.5.5MiB"] {
        run(&[&format!("--max-memory={size}")]).refused(&["--max-memory"]);
    }
    for count in ["many", "", "-1", "99999999999999999999999"] {
        run(&[&format!("--max-handles={count}")]).refused(&["--max-handles"]);
    }
    run(&["--backend", "plan9"]).refused(&["plan9"]);
    run(&["--env", "CALLGATE_TESTS_NOT_SET"]).refused(&["CALLGATE_TESTS_NOT_SET"]);
    run(&["--env", "=value"]).refused(&["--env"]);
    run(&["--dir", ""]).refused(&["--dir"]);
    run(&["--dir", ".::/data::rw::x"]).refused(&["--dir"]);
    run(&["--dir", ".::/data::wo"]).refused(&["wo"]);
    callgate(&["jump"]).run().refused(&["jump"]);
    callgate(&["run"]).run().refused(&["PROGRAM"]);
    callgate(&["compile"]).option(places::guest("hello")).run().refused(&["-o"]);
}

#[test]
fn mounts_that_cannot_be() {
    each(|host| {
        let place = Place::new().file("file", "x");
        host.guest("hello").dir(&place.data.join("missing"), "/data").run().refused(&["missing", "no-entry"]);
        host.guest("hello").dir(&place.data.join("file"), "/data").run().refused(&["file", "not-directory"]);
        host.guest("hello").dir(&place.data, "/data").dir(&place.outside, "/data").run().refused(&["/data"]);
        host.guest("hello").dir(&place.data, "/data").read_only(&place.outside, "/data/").run().refused(&["/data"]);
    });
}

/// A host path is the user's own: whatever the system takes for a name.
#[test]
fn a_mount_whose_host_path_is_not_utf8() {
    each(|host| {
        let place = Place::new();
        for name in odd_names() {
            let path = place.data.join(name);
            if fs::create_dir(&path).is_ok() {
                host.guest("files").dir(&path, "/data").arg("/data").run().well();
            }
        }
    });
}

#[test]
fn output_that_cannot_be_written() {
    let place = Place::new();
    let nowhere = place.data.join("no/where");
    let compile = callgate(&["compile"]).option(places::guest("hello")).with("-o", nowhere.as_os_str());
    compile.run().refused(&["where"]);
    let run = callgate(&["run"]).option(format!("--trace={}", nowhere.display())).option(places::guest("hello"));
    run.run().refused(&["where"]);
}
