//! Names of hosts whose owner answers with an inner address (row 33).
//!
//! The machine in memory has the names that a test gives it, and only loopback: what passes the gate is refused there by nobody
//! listening, or cannot be reached.

use callgate_tests::needs::{NameOfLoopback, name_of_loopback};
use callgate_tests::{Host, Run, each, needs};

const HOSTS: &str = "\
127.0.0.1 loop.example
::1 loop6.example
169.254.169.254 meta.example
fd00:ec2::254 meta6.example
100.100.100.200 meta100.example
0.0.0.0 none.example
:: none6.example
fe80::1 link6.example
255.255.255.255 all.example
10.0.0.1 private.example
fd12::1 private6.example
100.64.0.1 shared.example
2002:7f00:1::1 tunnel.example
64:ff9b::7f00:1 translated.example
::127.0.0.1 compatible.example
9.9.9.9 global.example
2620:fe::fe global6.example
127.0.0.1 app.localhost
127.0.0.1 private.example
";

fn guest() -> Run {
    Host::Memory.guest("net_rules").names(HOSTS)
}

/// Checks the answer to a guest that has these rules and may look up every name.
fn told(rules: &[&str], wish: &str, answer: &str) {
    let run = rules.iter().fold(guest().with("--net", "resolve=*"), |run, rule| run.with("--net", *rule));
    run.arg(wish).run().success().prints(&format!("{wish}: {answer}\n"));
}

/// An answer of the name's owner opens nothing that the user did not mean.
#[test]
fn a_name_leads_to_no_inner_address() {
    let inner = [
        "loop",
        "loop6",
        "meta",
        "meta6",
        "meta100",
        "none",
        "none6",
        "link6",
        "all",
        "tunnel",
        "translated",
        "compatible",
    ];
    for name in inner {
        let wish = format!("connect={name}.example:9");
        for rule in [wish.clone(), format!("connect={name}.example"), "connect=*.example".to_owned()] {
            told(&[&rule], &wish, "access-denied");
        }
    }
}

#[test]
fn a_name_in_full_leads_into_networks_of_ones_own() {
    for name in ["private6", "shared", "global", "global6"] {
        let wish = format!("connect={name}.example:9");
        told(&[&wish], &wish, "remote-unreachable");
    }
    for (name, answer) in [("private6", "access-denied"), ("shared", "access-denied"), ("global", "remote-unreachable")]
    {
        told(&["connect=*.example:9"], &format!("connect={name}.example:9"), answer);
    }
    // Of two answers of one name each counts for itself: the guest tries both, and the second is loopback.
    told(&["connect=private.example"], "connect=private.example:9", "access-denied");
}

#[test]
fn localhost_leads_to_this_machine() {
    for name in ["localhost", "LOCALHOST.", "app.localhost"] {
        let wish = format!("connect={name}:9");
        told(&[&format!("connect={}", name.trim_end_matches('.'))], &wish, "connection-refused");
    }
    told(&["connect=*.localhost"], "connect=app.localhost:9", "connection-refused");
}

/// Listening and datagrams are no way around.
#[test]
fn other_uses_are_no_way_around() {
    for (rules, wishes, answers) in [
        (["listen=loop.example"], ["resolve=loop.example", "listen=127.0.0.1:0"], ["ok", "access-denied"]),
        (["listen=none.example"], ["resolve=none.example", "listen=0.0.0.0:0"], ["ok", "access-denied"]),
        (["listen=localhost"], ["resolve=localhost", "listen=127.0.0.1:0"], ["ok", "ok"]),
        (["listen=loop.example@127.0.0.1"], ["resolve=loop.example", "listen=127.0.0.1:0"], ["ok", "ok"]),
        (["udp=loop.example"], ["resolve=loop.example", "udp=127.0.0.1:9"], ["ok", "access-denied"]),
        (["udp=loop.example"], ["resolve=loop.example", "udp-to-peer=127.0.0.1:9"], ["ok", "access-denied"]),
        (["udp=loop.example"], ["resolve=loop.example", "udp-bind=127.0.0.1:9"], ["ok", "access-denied"]),
        (["udp=loop.example@127.0.0.0/8"], ["resolve=loop.example", "udp=127.0.0.1:9"], ["ok", "ok"]),
    ] {
        let run = rules.iter().fold(guest().with("--net", "resolve=*"), |run, rule| run.with("--net", *rule));
        let [first, second] = [0, 1].map(|index| format!("{}: {}\n", wishes[index], answers[index]));
        run.args(&wishes).run().success().prints(&format!("{first}{second}"));
    }
}

/// The refusal names the reason and the rule, and that rule is enough, and no more than enough.
#[test]
fn name_and_network_in_one_rule() {
    for (name, address, answer) in [
        ("loop.example", "127.0.0.1", "connection-refused"),
        ("loop6.example", "[::1]", "connection-refused"),
        ("meta.example", "169.254.169.254", "remote-unreachable"),
    ] {
        let (wish, rule) = (format!("connect={name}:9"), format!("connect={name}@{address}:9"));
        let refused = guest().option("--trace").with("--net", "resolve=*").with("--net", "connect=*.example:9");
        let said = format!(" address, which its name alone does not grant; add --net {rule})");
        refused.arg(&wish).run().success().complains(&format!("({name} led to a ")).complains(&said);
        told(&[&rule], &wish, answer);
        told(&[&rule], &format!("connect={name}:10"), "access-denied");
        told(&[&rule], &format!("connect={address}:9"), "access-denied");
    }
    told(&["connect=*.example@127.0.0.0/8"], "connect=loop.example:9", "connection-refused");
    told(&["connect=*.example@127.0.0.0/8"], "connect=meta.example:9", "access-denied");
    for rule in
        ["connect=@127.0.0.1", "connect=name@", "connect=name@other", "connect=10.0.0.1@10.0.0.0/8", "connect=*"]
    {
        guest().with("--net", rule).run().refused(&["--net", rule]);
    }
    for rule in ["connect=fe80::1%2", "connect=[fe80::1%eth0]:80", "connect=name@fe80::1%2"] {
        guest().with("--net", rule).run().refused(&["--net"]);
    }
}

/// The same by this machine's own resolver and network.
#[test]
fn a_name_of_this_machine() {
    needs!(NameOfLoopback);
    each(|host| {
        let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = server.local_addr().expect("its address").port();
        let name = name_of_loopback().expect("it was there");
        let wish = format!("connect={name}:{port}");
        let run = |rule: &str| {
            let run = host.guest("net_rules").with("--net", rule).with("--net", "resolve=*");
            run.arg(&wish).run()
        };
        run(&wish).success().prints(&format!("{wish}: access-denied\n"));
        run(&format!("connect={name}@127.0.0.1:{port}")).success().prints(&format!("{wish}: ok\n"));
    });
}
