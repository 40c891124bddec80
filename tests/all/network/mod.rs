//! The network: guests against peers of this machine, in this process. All on loopback, on ports that the system picks.

mod http_peer;
mod load;
pub(crate) mod peers;
mod published;
mod rules;
mod tcp;
mod udp;
mod waiting;

use std::net::TcpListener;

use callgate_tests::{Host, Run};

pub(crate) use rules::*;
pub(crate) use tcp::*;
pub(crate) use udp::*;
pub(crate) use waiting::*;

const LOOPBACK: [&str; 2] = ["127.0.0.1:0", "[::1]:0"];

/// The way of resolving paths doesn't matter to these guests, so one way is enough.
fn guest(name: &str) -> Run {
    Host::Native.guest(name)
}

/// Those of the loopback addresses that this machine has.
fn loopback() -> impl Iterator<Item = &'static str> {
    LOOPBACK.into_iter().filter(|address| *address == LOOPBACK[0] || TcpListener::bind(address).is_ok())
}

/// A guest that is told the family, and talks to itself.
fn of_each_family(name: &str, uses: &[&str]) {
    for address in loopback() {
        let family = if address == LOOPBACK[0] { "ipv4" } else { "ipv6" };
        // A use that is refused for its address must not be refused for want of a rule.
        let rules = uses.iter().flat_map(|word| [format!("{word}=0.0.0.0/0"), format!("{word}=::/0")]);
        let run = rules.fold(guest(name), |run, rule| run.with("--net", rule));
        run.arg(family).run().well().prints(&format!("{name}: all well\n"));
    }
}
