//! Tests of behaviour that only this backend has. `callgate-conformance` tests the behaviour of every call.

#[cfg(unix)]
mod sealed;
#[cfg(unix)]
mod swap;

use callgate_system::{AddressFamily, Code, Kind, System as _};
use cap_std::ambient_authority;

use super::*;

/// The pool is a fence of its own, whoever has decided before.
#[test]
fn an_address_outside_of_the_pool_is_not_permitted() {
    let mut pool = Pool::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let inside = listener.local_addr().unwrap();
    pool.insert_socket_addr(inside, ambient_authority());
    let portable = Portable::with_pool(pool);
    let outside = "127.0.0.1:9".parse().unwrap();

    let stream = portable.network().socket(Kind::Stream, AddressFamily::Ipv4).unwrap();
    assert_eq!(stream.bind(outside).unwrap_err().to_string(), "not-permitted");
    assert_eq!(stream.connect(outside).unwrap_err().code, Code::NotPermitted);
    let stream = portable.network().socket(Kind::Stream, AddressFamily::Ipv4).unwrap();
    stream.connect(inside).unwrap();
    listener.accept().unwrap();

    let datagrams = portable.network().socket(Kind::Datagram, AddressFamily::Ipv4).unwrap();
    for refused in [datagrams.bind(outside), datagrams.connect(outside), datagrams.send_to(b"x", outside)] {
        assert_eq!(refused.unwrap_err().code, Code::NotPermitted);
    }
    datagrams.send_to(b"x", inside).unwrap();
}
