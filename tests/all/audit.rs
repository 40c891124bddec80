//! `--audit`, and the command `audit`.

use std::fs;
use std::path::Path;

use callgate_tests::needs::{FullDevice, TriedHere};
use callgate_tests::{Host, Output, Run, callgate, everywhere, needs};

use crate::places::{Place, write};

const RULES: &str = "version = 1\n[[allow]]\ncall = \"*\"\n[[deny]]\ncall = \"class:read\"\npath = \"/src/closed\"\n\
                     [[log]]\ncall = \"open-at\"\npath = \"/src/noted\"\n";

fn audited(host: Host, place: &Place, file: &Path) -> Run {
    let policy = place.outside.join("p.toml");
    write(&policy, RULES);
    let run = host.guest("asks").with("--policy", policy).with("--audit", file).dir(&place.data, "/src");
    run.stdin("read /src/a\nread /src/closed\nread /src/noted\n")
}

/// The head that a run printed.
fn head(run: &Output) -> String {
    run.err().lines().find_map(|line| Some(line.split_once(", head ")?.1.to_owned())).expect("a head is printed")
}

fn verify(file: &Path) -> Run {
    callgate(&["audit", "verify"]).option(file)
}

#[test]
fn refusals_and_noted_calls() {
    needs!(TriedHere);
    everywhere(|host| {
        let place = Place::new().file("a", "a").file("closed", "c").file("noted", "n");
        let file = place.outside.join("audit");
        let first = head(audited(host, &place, &file).run().success());
        let second = head(audited(host, &place, &file).run().success());
        let text = fs::read_to_string(&file).unwrap();
        let of = |kind: &str| text.lines().filter(|line| line.contains(&format!("\"kind\":\"{kind}\""))).count();
        assert_eq!(["begin", "refused", "intent", "outcome", "end"].map(of), [2; 5], "{text}");
        assert!(text.contains("p.toml:4\",\"event\":") && text.contains("p.toml:7\",\"event\":"), "{text}");
        verify(&file).run().well().says(": 10 lines of 2 runs, one chain; without --key or --head");
        verify(&file).with("--head", second).run().well().says("as they were when the head was told\n");
        verify(&file).with("--head", &first).run().well().says("as they were up to line 5");
        let lines: Vec<&str> = text.lines().collect();
        write(&file, [&lines[..3], &lines[4..]].concat().join("\n") + "\n");
        verify(&file).run().code(1).says("before line 4: the line with number 4 was removed or moved\n");
        write(&file, lines[..4].join("\n") + "\n");
        verify(&file).with("--head", first).run().code(1).says("the last run has no end");
        write(&file, &text[..text.len() - 1]);
        audited(host, &place, &file).run().refused(&["its last line is cut"]);
    });
}

#[test]
fn with_a_key() {
    needs!(TriedHere);
    let place = Place::new().file("a", "a");
    let (file, key) = (place.outside.join("audit"), place.outside.join("key"));
    write(&key, "0123456789abcdef0123456789abcdef");
    audited(Host::Native, &place, &file).with("--audit-key", &key).run().success();
    verify(&file).with("--key", &key).run().well().says("as they were written");
    verify(&file).run().code(1).says("line 1 was changed, or the file has another key, or none\n");
    audited(Host::Native, &place, &file).run().refused(&["made with another key"]);
    write(&key, "short");
    audited(Host::Native, &place, &file).with("--audit-key", &key).run().refused(&["5 bytes; a key has exactly 32"]);
    verify(&file).with("--key", &key).run().refused(&["5 bytes"]);
    let within = place.data.join("key");
    write(&within, "0123456789abcdef0123456789abcdef");
    audited(Host::Native, &place, &file)
        .with("--audit-key", within)
        .run()
        .refused(&["the program could read it there"]);
}

#[test]
fn where_it_cannot_be() {
    needs!(TriedHere);
    let place = Place::new();
    audited(Host::Native, &place, &place.data.join("audit"))
        .run()
        .refused(&["--audit", "the program could change it there"]);
    let foreign = place.outside.join("foreign");
    write(&foreign, "text\n");
    audited(Host::Native, &place, &foreign).run().refused(&["its last line is none of an audit"]);
    let trace = format!("--trace={}", foreign.display());
    audited(Host::Native, &place, &foreign).option(trace).run().refused(&["that is the file of --audit"]);
    verify(&foreign).with("--head", "12").run().refused(&["give the 64 digits"]);
    verify(&place.outside.join("nowhere")).run().refused(&["can't be read"]);
    Host::Native.guest("hello").with("--audit-key", &foreign).run().refused(&["--audit"]);
}

#[test]
fn a_disk_that_is_full() {
    needs!(TriedHere);
    needs!(FullDevice);
    everywhere(|host| {
        let run = host.guest("hello").with("--audit", Path::new("/dev/full")).run();
        run.code(74).prints("").complains("No space left on device").complains("nothing was run");
    });
}
