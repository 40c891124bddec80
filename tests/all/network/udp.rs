//! Datagrams, and names.

use super::peers::echo_datagrams;
use super::{guest, loopback, of_each_family};

#[test]
pub(crate) fn udp() {
    for address in loopback() {
        let peer = echo_datagrams(address);
        let rule = format!("udp={}", address.trim_end_matches(":0"));
        guest("udp").with("--net", rule).arg(peer.to_string()).run().well().prints("udp: all well\n");
    }
}

#[test]
pub(crate) fn udp_states() {
    of_each_family("udp_states", &["udp"]);
}

#[test]
pub(crate) fn lookup() {
    // Names that are none are refused as such, so the rules have to let them through.
    guest("lookup").with("--net", "all").run().well().prints("lookup: all well\n");
}
