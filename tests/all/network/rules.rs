//! The uses that `--net` permits, and the message about those that it doesn't.

use super::peers::{serve, silent};
use super::{LOOPBACK, guest};

/// The uses that each set of rules permits.
#[test]
pub(crate) fn net_rules() {
    let server = serve(LOOPBACK[0], silent);
    let port = server.port();
    let rows: &[(&[&str], &str, &str)] = &[
        // Nothing is permitted without a rule.
        (&[], "connect=127.0.0.1:PORT", "access-denied"),
        (&[], "listen=127.0.0.1:0", "access-denied"),
        (&[], "udp-bind=127.0.0.1:0", "access-denied"),
        (&[], "resolve=localhost", "access-denied"),
        (&[], "resolve=127.0.0.1", "access-denied"),
        (&["all"], "connect=127.0.0.1:PORT", "ok"),
        (&["all"], "listen=127.0.0.1:0", "ok"),
        (&["all"], "udp=127.0.0.1:PORT", "ok"),
        (&["all"], "resolve=localhost", "ok"),
        // Addresses, networks, ports and ranges.
        (&["connect=127.0.0.1"], "connect=127.0.0.1:PORT", "ok"),
        (&["connect=127.0.0.1:PORT"], "connect=127.0.0.1:PORT", "ok"),
        (&["connect=127.0.0.1:PORT-65535"], "connect=127.0.0.1:PORT", "ok"),
        (&["connect=127.0.0.0/8:1-65535"], "connect=127.0.0.1:PORT", "ok"),
        (&["connect=0.0.0.0/0"], "connect=127.0.0.1:PORT", "ok"),
        (&["connect=127.0.0.1:1"], "connect=127.0.0.1:PORT", "access-denied"),
        (&["connect=127.0.0.2"], "connect=127.0.0.1:PORT", "access-denied"),
        (&["connect=126.0.0.0/8"], "connect=127.0.0.1:PORT", "access-denied"),
        (&["connect=::/0"], "connect=127.0.0.1:PORT", "access-denied"),
        (&["connect=10.0.0.0/8", "connect=127.0.0.1:PORT"], "connect=127.0.0.1:PORT", "ok"),
        // A rule is for its own use only.
        (&["listen=127.0.0.1", "udp=127.0.0.1"], "connect=127.0.0.1:PORT", "access-denied"),
        (&["connect=127.0.0.1", "udp=127.0.0.1"], "listen=127.0.0.1:0", "access-denied"),
        (&["connect=127.0.0.1", "listen=127.0.0.1"], "udp=127.0.0.1:PORT", "access-denied"),
        (&["connect=127.0.0.1", "listen=127.0.0.1"], "udp-bind=127.0.0.1:0", "access-denied"),
        (&["connect=localhost"], "resolve=localhost", "access-denied"),
        (&["resolve=other.example"], "resolve=localhost", "access-denied"),
        (&["resolve=localhost"], "connect=127.0.0.1:PORT", "access-denied"),
        // Listening; port 0 is its own.
        (&["listen=127.0.0.1:0"], "listen=127.0.0.1:0", "ok"),
        (&["listen=127.0.0.1:PORT"], "listen=127.0.0.1:0", "access-denied"),
        (&["listen=127.0.0.1:0"], "listen=0.0.0.0:0", "access-denied"),
        // Datagrams, with a peer and without, from any port.
        (&["udp=127.0.0.1:PORT"], "udp=127.0.0.1:PORT", "ok"),
        (&["udp=127.0.0.1:PORT"], "udp-to-peer=127.0.0.1:PORT", "ok"),
        (&["udp=127.0.0.1:PORT"], "udp=127.0.0.1:1", "access-denied"),
        (&["udp=127.0.0.1:PORT"], "udp-to-peer=127.0.0.1:1", "access-denied"),
        (&["udp=127.0.0.1:PORT"], "udp-bind=127.0.0.1:PORT", "ok"),
        (&["udp=127.0.0.1:PORT"], "udp-bind=0.0.0.0:PORT", "access-denied"),
        // An implied use needs its rule too: a port of one's own is for connecting only.
        (&["connect=127.0.0.1:PORT"], "listen-without-bind", "invalid-state"),
        (&["connect=127.0.0.1:PORT"], "listen-after-bind-to-any", "access-denied"),
        (&["listen=127.0.0.1"], "listen-after-bind-to-any", "access-denied"),
        (&["listen=0.0.0.0:0"], "listen-after-bind-to-any", "ok"),
        (&["all"], "listen-without-bind", "invalid-state"),
        (&["all"], "send-before-bind", "invalid-state"),
        // A name is for those who may look it up, and may connect to it.
        (&["connect=localhost:PORT", "resolve=localhost"], "connect=localhost:PORT", "ok"),
        (&["connect=localhost", "resolve=*"], "connect=localhost:PORT", "ok"),
        (&["resolve=*"], "resolve=localhost", "ok"),
        (&["resolve=*"], "connect=localhost:PORT", "access-denied"),
        (&["connect=*", "resolve=*"], "", "exit 2"),
        (&["connect=localhost:1", "resolve=localhost"], "connect=localhost:PORT", "access-denied"),
        (&["connect=localhost:PORT"], "connect=localhost:PORT", "name-unresolvable"),
        // Names are compared, and looked up, as they are encoded.
        (&["all"], "resolve=b\u{fc}cher.invalid", "invalid-argument"),
        (&["resolve=xn--bcher-kva.invalid"], "resolve=b\u{fc}cher.invalid", "invalid-argument"),
        (&["resolve=xn--bcher-kva.invalid"], "resolve=xn--other.invalid", "access-denied"),
        (&["resolve=b\u{fc}cher.invalid"], "", "exit 2"),
        (&["connect=127.0.0.1:PORT", "resolve=localhost"], "connect=localhost:PORT", "ok"),
    ];
    for (rules, wish, expected) in rows {
        let fill = |text: &str| text.replace("PORT", &port.to_string());
        let run = rules.iter().fold(guest("net_rules"), |run, rule| run.with("--net", fill(rule)));
        if *expected == "exit 2" {
            run.run().refused(&["--net"]);
        } else {
            run.arg(fill(wish)).run().well().prints(&format!("{}: {expected}\n", fill(wish)));
        }
    }
}

/// A name grants what the guest's own lookup told, from then on.
#[test]
fn a_name_is_granted_by_its_lookup() {
    let address = serve(LOOPBACK[0], silent);
    let (connect, rule) = (format!("connect={address}"), format!("connect=localhost:{}", address.port()));
    let run = guest("net_rules").with("--net", rule).with("--net", "resolve=localhost");
    let run = run.args(&[&connect, "resolve=localhost", &connect, "connect=127.0.0.1:1"]).run();
    run.well().prints(&format!(
        "{connect}: access-denied\nresolve=localhost: ok\n{connect}: ok\nconnect=127.0.0.1:1: access-denied\n"
    ));
}

/// The trace says which rule was missing, and that rule is enough.
#[test]
fn the_rule_to_add() {
    let address = serve(LOOPBACK[0], silent);
    let wishes = [format!("connect={address}"), "listen=127.0.0.1:0".into(), "resolve=localhost".into()];
    for wish in wishes.iter().chain([&"udp-bind=127.0.0.1:0".to_owned()]) {
        let run = guest("net_rules").option("--trace").arg(wish).run();
        let rule = wish.replace("udp-bind", "udp");
        run.success().prints(&format!("{wish}: access-denied\n")).complains(&format!("(add --net {rule})"));
        guest("net_rules").with("--net", rule).arg(wish).run().well().prints(&format!("{wish}: ok\n"));
    }
}

#[test]
fn rules_that_mean_nothing() {
    let rules = [
        "",
        "everything",
        "connect",
        "connect=",
        "tcp=127.0.0.1",
        "connect=127.0.0.1:",
        "connect=127.0.0.1:70000",
        "connect=127.0.0.1:9-8",
        "connect=127.0.0.1/33",
        "connect=::1/129",
        "connect=a..b",
        "connect=a b",
        "resolve=",
        "connect=*",
        "resolve=**",
        "listen=name/8",
        "udp=[::1",
    ];
    for rule in rules {
        guest("hello").with("--net", rule).run().refused(&["--net", rule]);
    }
}
