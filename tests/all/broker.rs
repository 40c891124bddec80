//! `--policy-broker`, with brokers that are programs of this system or threads of the test's own.

use callgate_tests::each;
use callgate_tests::needs;
use callgate_tests::needs::TriedHere;

use crate::places::{Place, write};
use crate::platform;

/// Answers as the words in each question say.
const ANSWERS: &str = "while read -r line; do\n\
    id=${line#*:}; id=${id%%,*}\n\
    case $line in\n\
    *'\"places\":[\"/src/closed\"]'*) rest='\"verdict\":\"deny\",\"error\":\"no-entry\"' ;;\n\
    *) rest='\"verdict\":\"allow\",\"cache\":\"path\"' ;;\n\
    esac\n\
    echo \"{\\\"id\\\":$id,$rest}\"\n\
    done\n";

/// A script as a broker, or none where this system has no shell.
fn broker(place: &Place, script: &str) -> Option<String> {
    let file = place.outside.join("broker");
    write(&file, script);
    platform::shell().map(|shell| format!("{shell} {}", file.display()))
}

#[test]
fn a_broker_decides_after_everybody_else() {
    needs!(TriedHere);
    each(|host| {
        let place = Place::new().file("open", "hello").file("closed", "secret");
        let Some(broker) = broker(&place, ANSWERS) else { return };
        let run = host.guest("asks").with("--policy-broker", &broker).read_only(&place.data, "/src");
        let run = run.stdin("read /src/open\nread /src/closed\nwrite /src/new\n").run();
        run.success().prints(
            "read /src/open: hello\nread /src/closed: entity not found\nwrite /src/new: read-only filesystem or storage medium\n",
        );
        run.complains("denies descriptor.open-at of \"/src/closed\"\n");
    });
}

#[test]
fn a_broker_that_is_gone_denies_all() {
    needs!(TriedHere);
    each(|host| {
        let place = Place::new().file("open", "hello");
        let Some(broker) = broker(&place, "exit 1\n") else { return };
        let run = host.guest("asks").with("--policy-broker", &broker).dir(&place.data, "/src");
        let run = run.stdin("read /src/open\nread /src/open\n").run();
        run.success().prints("read /src/open: permission denied\nread /src/open: permission denied\n");
        run.complains("failed: it").complains("; what it is asked about is denied from now on\n");
    });
}

#[test]
fn only_the_classes_that_were_named_are_asked_about() {
    needs!(TriedHere);
    each(|host| {
        let place = Place::new().file("open", "hello");
        let Some(broker) = broker(&place, "exit 1\n") else { return };
        let run = host.guest("asks").with("--policy-broker", &broker).with("--broker-asks", "delete,class:udp");
        let run = run.dir(&place.data, "/src").stdin("read /src/open\nremove /src/open\n").run();
        run.success().prints("read /src/open: hello\nremove /src/open: permission denied\n");
    });
}

#[test]
fn a_broker_within_reach_and_one_that_is_nowhere_are_refused() {
    needs!(TriedHere);
    each(|host| {
        let place = Place::new();
        let inside = place.data.join("broker");
        let run = host.guest("hello").with("--policy-broker", &inside).dir(&place.data, "/src").run();
        run.code(2).complains("the program could replace it there");
        let run = host.guest("hello").with("--policy-broker", place.outside.join("none")).run();
        run.code(2).complains("--policy-broker ");
        host.guest("hello").with("--broker-asks", "read").run().code(2);
        let run = host.guest("hello").with("--policy-broker", "x").with("--broker-asks", "reed").run();
        run.code(2).complains("the classes are read, write");
    });
}
