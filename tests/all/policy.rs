//! `--policy`, and the command `policy`.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;

use callgate_tests::needs::{Package, Symlinks, TriedHere};
use callgate_tests::{Host, Run, callgate, each, everywhere, needs, places};

use crate::places::{Place, write};
use crate::platform::symlink;

const READ_ALL_BUT_GIT: &str = "version = 1\n[[allow]]\ncall = [\"class:stat\", \"class:read\"]\npath = \"/src/**\"\n\
                                [[deny]]\npath = \"/src/.git/**\"\n";

/// A policy of these rules, out of reach of the guest.
fn policy(place: &Place, rules: &str) -> PathBuf {
    let file = place.outside.join("p.toml");
    write(&file, rules);
    file
}

fn under(run: Run, place: &Place, rules: &str) -> Run {
    run.with("--policy", policy(place, rules)).dir(&place.data, "/src")
}

/// The rules are about the place that a path leads to, whoever made the links.
#[test]
fn a_link_leads_where_it_leads() {
    needs!(TriedHere);
    needs!(Symlinks);
    everywhere(|host| {
        let place = Place::new().file("a", "hello").directory(".git").file(".git/config", "secret");
        let place = place.link("file", ".git/config").link("folder", ".git").link("allowed", "a");
        let asked = "read /src/file\nread /src/folder/config\nread /src/folder/../a\nread /src/allowed\n";
        let run = under(host.guest("asks"), &place, READ_ALL_BUT_GIT).stdin(asked).run();
        run.success().prints(
            "read /src/file: permission denied\nread /src/folder/config: permission denied\nread /src/folder/../a: hello\n\
             read /src/allowed: hello\n",
        );
    });
}

#[test]
pub(crate) fn asks() {
    needs!(TriedHere);
    everywhere(|host| {
        let place = Place::new().file("a", "hello").directory(".git").file(".git/config", "secret");
        let asked = "read /src/a\nread /src/.git/config\nread /src/./.git//config\nread /src/.git/../.git/config\nwrite /src/b\n\
                     remove /src/a\nvariables\n";
        let run = under(host.guest("asks"), &place, READ_ALL_BUT_GIT).with("--env", "A=1").stdin(asked).run();
        run.success().prints(
            "read /src/a: hello\nread /src/.git/config: permission denied\nread /src/./.git//config: permission denied\n\
             read /src/.git/../.git/config: permission denied\nwrite /src/b: permission denied\nremove /src/a: permission denied\n\
             variables: 0\n",
        );
        let file = place.outside.join("p.toml");
        run.complains(&format!(
            "callgate: {}:5 denies descriptor.open-at of \"/src/.git/config\" to read; ",
            file.display()
        ));
        run.complains(&format!("callgate: {} allows no descriptor.unlink-file-at of \"/src/a\"; ", file.display()));
        run.complains(
            "to permit it, add [[allow]] with call = [\"class:write\", \"class:create\"] and path = \"/src/b\"\n",
        );
        run.complains("to permit it, add [[allow]] with call = \"class:env\"\n");
        run.complains(&format!("{} refused 6 calls; 4 different ones are told above\n", file.display()));
        run.claim("nothing was made", !place.data.join("b").exists() && place.data.join("a").exists());
    });
}

#[test]
fn what_a_run_says_to_add_is_enough() {
    needs!(TriedHere);
    each(|host| {
        let place = Place::new().file("a", "hello");
        let refused = under(host.guest("asks"), &place, "version = 1\n").stdin("read /src/a\n").run();
        refused.success().prints("read /src/a: permission denied\n");
        refused.complains("add [[allow]] with call = \"class:read\" and path = \"/src/a\"\n");
        let rules = "version = 1\n[[allow]]\ncall = \"class:read\"\npath = \"/src/a\"\n[[allow]]\ncall = \"class:stat\"\npath = \"/src/a\"\n";
        under(host.guest("asks"), &place, rules).stdin("read /src/a\n").run().well().prints("read /src/a: hello\n");
    });
}

#[test]
fn a_policy_never_widens() {
    needs!(TriedHere);
    each(|host| {
        let place = Place::new().file("a", "hello");
        let all = "version = 1\n[[allow]]\ncall = \"*\"\n";
        let file = policy(&place, all);
        let run = host.guest("asks").with("--policy", &file).read_only(&place.data, "/src");
        let run = run.stdin("read /src/a\nwrite /src/b\nvariables\n").run();
        run.success()
            .prints("read /src/a: hello\nwrite /src/b: read-only filesystem or storage medium\nvariables: 0\n");
        let run = host.guest("net_rules").with("--policy", file).arg("connect=127.0.0.1:9").run();
        run.success().prints("connect=127.0.0.1:9: access-denied\n");
    });
}

#[test]
fn the_network_by_address() {
    needs!(TriedHere);
    each(|host| {
        let place = Place::new();
        let (open, closed) = (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
        let (open, closed) =
            (open.local_addr().map(|it| (it, open)).unwrap(), closed.local_addr().map(|it| (it, closed)).unwrap());
        let rules = format!("version = 1\n[[allow]]\ncall = \"class:connect\"\nto = \"{}\"\n", open.0);
        let run = host.guest("asks").with("--policy", policy(&place, &rules)).with("--net", "all");
        let run = run.stdin(format!("connect {}\nconnect {}\n", open.0, closed.0)).run();
        run.success().prints(&format!("connect {}: ok\nconnect {}: permission denied\n", open.0, closed.0));
        run.complains(&format!(
            "allows no tcp-socket.start-connect of {}; to permit it, add [[allow]] with call = \"class:connect\" and to = \"{}\"\n",
            closed.0, closed.0
        ));
    });
}

#[test]
fn what_has_no_error_traps() {
    needs!(TriedHere);
    everywhere(|host| {
        let place = Place::new();
        let rules = "version = 1\n[[deny]]\ncall = \"class:stdio\"\n";
        let run = host.guest("hello").with("--policy", policy(&place, rules)).run();
        run.trapped().complains("get-stdout").complains(":2 denies ").prints("");
    });
}

#[test]
fn a_rename_does_not_lead_to_other_rules() {
    needs!(TriedHere);
    each(|host| {
        let place = Place::new().file("closed", "secret").file("a", "a").directory("d").file("d/secret", "secret");
        let rules = "version = 1\n[[allow]]\npath = \"/src/**\"\n[[deny]]\ncall = \"class:read\"\npath = [\"/src/closed\", \"/src/d/secret\"]\n";
        let asked =
            "rename /src/closed /src/open\nlink /src/closed /src/open\nrename /src/d /src/e\nrename /src/a /src/b\n";
        let run = under(host.guest("asks"), &place, rules).stdin(asked).run();
        run.success().prints(
            "rename /src/closed /src/open: permission denied\nlink /src/closed /src/open: permission denied\n\
             rename /src/d /src/e: permission denied\nrename /src/a /src/b: ok\n",
        );
        run.complains("other rules hold at the new place, so copy the file instead\n");
    });
}

#[test]
fn a_dry_run_refuses_nothing() {
    needs!(TriedHere);
    everywhere(|host| {
        let place = Place::new().file("a", "hello");
        let run = under(host.guest("asks"), &place, "version = 1\n").option("--dry-run").stdin("read /src/a\n").run();
        run.success().prints("read /src/a: hello\n").complains("callgate: would refuse: ");
    });
    callgate(&["run", "--dry-run", "x.wasm"]).run().refused(&["--policy"]);
}

/// The guest waits for its input between the steps, and each step waits for the line that says that the file was read.
#[test]
fn a_change_holds_at_once() {
    needs!(TriedHere);
    each(|host| {
        let place = Place::new().file("a", "hello");
        let file = policy(&place, "version = 1\n");
        let mut run = under(host.guest("asks"), &place, "version = 1\n").open_stdin().start();
        run.send("read /src/a");
        assert_eq!(run.line(), "read /src/a: permission denied");
        assert!(run.error_line().contains("allows no descriptor.open-at"));

        write(&file, READ_ALL_BUT_GIT);
        assert_eq!(run.error_line(), format!("callgate: {} was read again, and holds now", file.display()));
        run.send("read /src/a");
        assert_eq!(run.line(), "read /src/a: hello");

        write(&file, "version = 1\n[[alow]]\n");
        let broken = format!(
            "callgate: {}:2: unknown key `alow`; the nearest is `allow`; the rules of before hold on",
            file.display()
        );
        assert_eq!(run.error_line(), broken);
        run.send("read /src/a");
        assert_eq!(run.line(), "read /src/a: hello");

        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        let mut line = run.error_line();
        if line.ends_with("no such file; the rules of before hold on") {
            line = run.error_line();
        }
        assert_eq!(
            line,
            format!("callgate: {}: a directory; give a file; the rules of before hold on", file.display())
        );
        run.send("read /src/a");
        assert_eq!(run.line(), "read /src/a: hello");
        run.end_input();
        run.end().success();
    });
}

#[test]
fn a_policy_that_becomes_a_link() {
    needs!(TriedHere);
    needs!(Symlinks);
    each(|host| {
        let place = Place::new().file("a", "hello");
        let other = place.outside.join("other.toml");
        write(&other, READ_ALL_BUT_GIT);
        let mut run = under(host.guest("asks"), &place, "version = 1\n").open_stdin().start();
        run.send("read /src/a");
        assert_eq!(run.line(), "read /src/a: permission denied");
        run.error_line();
        let next = place.outside.join("next");
        symlink("other.toml", &next).unwrap();
        fs::rename(&next, place.outside.join("p.toml")).unwrap();
        assert!(run.error_line().ends_with("was read again, and holds now"));
        run.send("read /src/a");
        assert_eq!(run.line(), "read /src/a: hello");
        run.end_input();
        run.end().success();
    });
}

#[test]
fn a_total_refuses_and_a_rate_delays() {
    needs!(TriedHere);
    everywhere(|host| {
        let place = Place::new().file("a", "hello");
        let rules = "version = 1\n[[allow]]\ncall = \"*\"\n[[allow]]\ncall = \"open-at\"\npath = \"/src/a\"\ntotal = \"2 calls\"\n";
        let run = under(host.guest("asks"), &place, rules).stdin("read /src/a\n".repeat(4)).run();
        run.success().prints(
            "read /src/a: hello\nread /src/a: hello\nread /src/a: quota exceeded\nread /src/a: quota exceeded\n",
        );
        run.complains(
            "p.toml:4 refuses descriptor.open-at of \"/src/a\" to read; its total of 2 calls has no room for it",
        );
    });
    let place = Place::new().file("a", "hello");
    let rules = "version = 1\n[[allow]]\ncall = \"*\"\n[[allow]]\ncall = \"open-at\"\nrate = \"2 calls/s\"\n";
    let reads = |times| under(Host::Memory.guest("asks"), &place, rules).stdin("read /src/a\n".repeat(times));
    // Virtual time: what has to wait waits for none of the world's.
    reads(100).run().well();
    reads(100).with("--timeout", "10s").run().code(134).complains("timed out after 10s");
    reads(2).with("--timeout", "10s").run().well();
}

#[test]
fn ripgrep_under_a_policy() {
    needs!(TriedHere);
    needs!(Package("ripgrep"));
    each(|host| {
        let place =
            Place::new().file("one", "words\n").file("two", "no\n").directory("closed").file("closed/three", "words\n");
        let rules = "version = 1\n[[allow]]\ncall = [\"class:stat\", \"class:read\", \"class:list\"]\npath = \"/src/**\"\n\
                     [[allow]]\ncall = \"class:env\"\n";
        let search = |rules: &str| {
            let run = host
                .program(&places::program("rg"))
                .with("--policy", policy(&place, rules))
                .read_only(&place.data, "/src");
            run.args(&["-j1", "--sort", "path", "words", "/src"]).run()
        };
        search(rules).well().prints("/src/closed/three:words\n/src/one:words\n");
        let run = search(&format!("{rules}[[deny]]\npath = \"/src/closed/three\"\n"));
        run.prints("/src/one:words\n").complains("p.toml:7 denies descriptor.").complains("rg: ");
        run.claim("it says that it failed", run.exit_code() != Some(0));
    });
}

#[test]
fn hostile_files() {
    needs!(TriedHere);
    let place = Place::new();
    let check = |name: &str, contents: &[u8]| {
        let file = place.outside.join(name);
        fs::write(&file, contents).unwrap();
        callgate(&["policy", "check"]).option(&file).run()
    };
    for (name, contents, word) in [
        ("empty", &b""[..], ":1: no version"),
        ("utf16", b"\xff\xfev\0e\0", ":1: not UTF-8"),
        ("nul", b"version = 1\n\0", ":2: "),
        ("keys", b"version = 1\nversoin = 2\n", ":2: unknown key `versoin`; the nearest is `version`"),
        ("self", b"version = 1\ninclude = \"self\"\n", "includes itself"),
        ("gone", b"version = 1\ninclude = [\"nowhere.toml\"]\n", ":2: include: "),
        ("up", b"version = 1\ninclude = \".\"\n", "a directory"),
    ] {
        check(name, contents).refused(&[word]);
    }
    for (name, contents) in [
        ("long", vec![b'#'; 5 << 20]),
        ("deep", [b"version = 1\nallow = ".to_vec(), vec![b'['; 1 << 20]].concat()),
        ("name", [b"version = 1\n[[allow]]\npath = \"/".to_vec(), vec![b'x'; 1 << 20], b"\"".to_vec()].concat()),
        ("stars", [b"version = 1\n[[allow]]\npath = \"/".to_vec(), b"*a".repeat(400), b"\"".to_vec()].concat()),
        ("folders", [b"version = 1\n[[allow]]\npath = \"".to_vec(), b"/**/a".repeat(200), b"\"".to_vec()].concat()),
    ] {
        let run = check(name, &contents);
        run.refused(&[]).claim("the line is short", run.err().len() < 600);
    }
    for n in 0..10 {
        write(&place.outside.join(format!("{n}.toml")), format!("version = 1\ninclude = \"{}.toml\"\n", n + 1));
    }
    callgate(&["policy", "check"]).option(place.outside.join("0.toml")).run().refused(&["more than 8 files"]);
    callgate(&["policy", "check"]).option(&place.outside).run().refused(&["a directory; give a file"]);
}

#[test]
fn a_policy_within_reach_is_refused() {
    needs!(TriedHere);
    each(|host| {
        let place = Place::new();
        write(&place.data.join("p.toml"), "version = 1\n");
        let within = |run: Run| run.with("--policy", place.data.join("p.toml"));
        within(host.guest("hello")).dir(&place.data, "/src").run().refused(&["the program could change it there"]);
        within(host.guest("hello")).read_only(&place.data, "/src").run().well();
        let file = policy(&place, "version = 1\ninclude = \"../data/p.toml\"\n");
        let run = host.guest("hello").with("--policy", file).dir(&place.data, "/src").run();
        run.refused(&["the program could change it there"]);
    });
}

#[test]
fn what_a_policy_says() {
    needs!(TriedHere);
    let place = Place::new();
    let file = policy(
        &place,
        &format!("{READ_ALL_BUT_GIT}[[expect]]\ncall = \"class:read\"\npath = \"/src/.git/a\"\nverdict = \"deny\"\n"),
    );
    let shown = file.display().to_string();
    let ask = |word: &str| callgate(&["policy", word]).option(&file);
    ask("check").run().well().prints(&format!("{shown}: 2 rules, 1 expectation\n"));
    ask("test").run().well().prints(&format!("{shown}: 1 expectation met\n"));
    let deny = format!("deny  {shown}:5: deny path = \"/src/.git/**\"  for descriptor.stat-at\n");
    ask("explain").option("stat-at").option("/src/.git/x").run().well().prints(&deny);
    ask("explain")
        .option("stat-aat")
        .option("/src")
        .run()
        .refused(&["unknown call `stat-aat`; the nearest is `stat-at`"]);
    let show = ask("show").with("--dir", "x::/src::ro").with("--net", "connect=10.0.0.0/8:443").run();
    show.well().says(
        "# --dir x::/src::ro\n[[allow]]\ncall = [\"class:read\", \"class:stat\", \"class:list\"]\npath = \"/src/**\"\n",
    );
    show.says("call = \"class:connect\"\nto = \"10.0.0.0/8:443\"\n").says(&format!("{shown}:5: deny path = "));
    write(
        &file,
        format!("{READ_ALL_BUT_GIT}[[expect]]\ncall = \"class:read\"\npath = \"/src/a\"\nverdict = \"deny\"\n"),
    );
    ask("test")
        .run()
        .code(1)
        .says(&format!("{shown}:7: expected deny for "))
        .says(&format!("{shown}:2: allow call = "));
}

/// What `show` prints for options is a policy.
#[test]
fn shown_options_are_a_policy() {
    needs!(TriedHere);
    let place = Place::new();
    let options = [
        "--dir",
        "x::/a*b",
        "--dir",
        "y::/r::ro",
        "--tmpfs",
        "/t",
        "--net",
        "all",
        "--net",
        "udp=[::1]:53",
        "--net",
        "resolve=*.x.org",
        "--env",
        "A=1",
    ];
    let shown = options.iter().fold(callgate(&["policy", "show"]), Run::option).run();
    let file = policy(&place, &format!("version = 1\n{}", shown.well().out()));
    callgate(&["policy", "check"]).option(&file).run().well().says(": 7 rules, 0 expectations\n");
    let explained = |path: &str| callgate(&["policy", "explain"]).option(&file).option("stat-at").option(path).run();
    explained("/a*b/c").well().says("allow  ");
    explained("/axb/c").well().says("deny  ");
}
