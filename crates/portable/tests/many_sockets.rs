//! Thousands of connections: a program of its own, with one test.

use callgate_conformance::many_sockets;
use callgate_portable::Portable;

#[test]
fn thousands_of_idle_connections_do_not_hide_one() {
    many_sockets(&Portable::new());
}
