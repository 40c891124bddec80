//! Thousands of connections: a program of its own, with one test.

#![cfg(target_os = "linux")]

use callgate_conformance::many_sockets;
use callgate_linux::Linux;

#[test]
fn thousands_of_idle_connections_do_not_hide_one() {
    many_sockets(&Linux::new());
}
