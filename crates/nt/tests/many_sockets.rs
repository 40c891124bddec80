//! Thousands of connections: a program of its own, with one test.

#![cfg(windows)]

use callgate_conformance::many_sockets;
use callgate_nt::Nt;

#[test]
fn thousands_of_idle_connections_do_not_hide_one() {
    many_sockets(&Nt::new());
}
