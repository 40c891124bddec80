//! Limits of a run: `--fuel` and its like, and `[limits]` of a policy.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use callgate_tests::needs::TriedHere;
use callgate_tests::{each, everywhere, needs};

use crate::places::{Place, write};

#[test]
fn fuel_is_used_up() {
    needs!(TriedHere);
    everywhere(|host| {
        let run = host.guest("hello").with("--fuel", "10").run();
        run.trapped().complains("its fuel is used up").prints("");
        host.guest("hello").with("--fuel", "100000000").run().well();
    });
}

#[test]
fn of_two_limits_the_smaller_holds() {
    needs!(TriedHere);
    each(|host| {
        let place = Place::new();
        let file = place.outside.join("p.toml");
        for (policy, option, ends) in
            [("10", "100000000", true), ("100000000", "10", true), ("100000000", "100000000", false)]
        {
            write(&file, format!("version = 1\n[limits]\nfuel = {policy}\n"));
            let run = host.guest("hello").with("--policy", &file).with("--fuel", option).run();
            if ends {
                run.trapped().complains("its fuel is used up")
            } else {
                run.well()
            };
        }
        write(&file, "version = 1\n[limits]\nfuel = 10\n");
        host.guest("hello").with("--policy", &file).option("--dry-run").run().success();
    });
}

#[test]
fn code_that_counts_fuel_is_cached_apart() {
    needs!(TriedHere);
    each(|host| {
        let cache = tempfile::TempDir::new().unwrap();
        for fuel in [None, Some("10"), None, Some("10"), Some("100000000")] {
            let run = host.guest("hello").cache(cache.path());
            match fuel {
                None => run.run().well(),
                Some("10") => run.with("--fuel", "10").run().trapped().complains("its fuel is used up"),
                Some(fuel) => run.with("--fuel", fuel).run().well(),
            };
        }
    });
}

#[test]
fn calls_are_counted() {
    needs!(TriedHere);
    everywhere(|host| {
        let run = host.guest("asks").with("--max-calls", "1").stdin("variables\n").run();
        run.trapped().complains("callgate: the limit `calls` of 1 calls has no room for ");
        let place = Place::new();
        let summary = place.outside.join("s");
        let run = host.guest("hello").with("--max-calls", "1000").with("--max-memory", "1GiB");
        run.option(format!("--trace-summary={}", summary.display())).run().well();
        let text = fs::read_to_string(&summary).unwrap();
        assert!(text.contains("  1000  calls\n") && text.contains("  1073741824  memory\n"), "{text}");
    });
}

#[test]
fn bytes_sent_are_counted_before_they_go() {
    needs!(TriedHere);
    each(|host| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let peer = thread::spawn(move || {
            let mut bytes = Vec::new();
            for _ in 0..2 {
                // A connection that is reset has nothing more to say either.
                drop(listener.accept().unwrap().0.read_to_end(&mut bytes));
            }
            bytes
        });
        let run = host.guest("asks").with("--net", "all").with("--max-sent", "5");
        let run = run.stdin(format!("send {address} abc\nsend {address} abcdef\n")).run();
        run.success().prints(&format!("send {address} abc: ok\nsend {address} abcdef: uncategorized error\n"));
        run.complains("callgate: the limit `sent` of 5 B has no room for ");
        assert_eq!(peer.join().unwrap(), b"abc");
    });
}

#[test]
fn bytes_received_are_counted() {
    needs!(TriedHere);
    each(|host| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let peer = thread::spawn(move || {
            for _ in 0..2 {
                listener.accept().unwrap().0.write_all(b"abcdef").unwrap();
            }
        });
        let run = host.guest("asks").with("--net", "all").with("--max-received", "7");
        let run = run.stdin(format!("receive {address}\nreceive {address}\n")).run();
        run.success().prints(&format!("receive {address}: abcdef\nreceive {address}: uncategorized error\n"));
        peer.join().unwrap();
    });
}

#[test]
fn random_bytes_are_counted() {
    needs!(TriedHere);
    everywhere(|host| {
        let run = host.guest("asks").with("--max-random", "8").stdin("hash\n").run();
        run.trapped().complains("callgate: the limit `random` of 8 B has no room for ");
    });
}

#[test]
fn a_wrong_limit_is_told() {
    needs!(TriedHere);
    each(|host| {
        let place = Place::new();
        let file = place.outside.join("p.toml");
        for (limits, complaint) in [
            ("fule = 1", "p.toml:3: unknown key `fule`"),
            ("fuel = -1", "p.toml:3: `fuel` takes a number"),
            ("fuel = \"1\"", "p.toml:3: `fuel` takes a number"),
            ("sent = 1", "p.toml:3: `sent` takes a text"),
            ("sent = \"5 calls\"", "p.toml:3: sent: no size"),
            ("rate = \"5 B/s\"", "p.toml:3: rate: a rate of bytes"),
        ] {
            write(&file, format!("version = 1\n[limits]\n{limits}\n"));
            host.guest("hello").with("--policy", &file).run().code(2).complains(complaint);
        }
        host.guest("hello").with("--call-rate", "0 calls/s").run().code(2).complains("no rate of calls");
    });
}
