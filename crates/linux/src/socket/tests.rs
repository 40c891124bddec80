//! Tests of behaviour that only this backend has: flags of the kernel, ports that it loses.
//! `callgate-conformance` tests the behaviour of every call.

use rustix::fs::{OFlags, fcntl_getfl};
use rustix::io::{FdFlags, fcntl_getfd};

use super::*;

fn socket(kind: Kind, family: AddressFamily) -> LinuxSocket {
    LinuxSocket::new(kind, family).unwrap()
}

#[test]
fn every_socket_never_waits_and_is_no_childs() {
    let listener = socket(Kind::Stream, AddressFamily::Ipv4);
    listener.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    listener.listen(4).unwrap();
    let _peer = std::net::TcpStream::connect(listener.local_address().unwrap()).unwrap();
    let (accepted, _) = listener.accept().unwrap();
    let accepted: &dyn std::any::Any = &*accepted;
    let accepted = accepted.downcast_ref::<LinuxSocket>().unwrap();
    for fd in [listener.fd(), accepted.fd()] {
        assert!(fcntl_getfl(fd).unwrap().contains(OFlags::NONBLOCK));
        assert!(fcntl_getfd(fd).unwrap().contains(FdFlags::CLOEXEC));
    }
}

#[test]
fn a_port_that_the_kernel_chose_survives_its_peer() {
    for (family, any) in [(AddressFamily::Ipv4, "127.0.0.1:0"), (AddressFamily::Ipv6, "[::1]:0")] {
        for bound in [false, true] {
            let datagrams = socket(Kind::Datagram, family);
            let Ok(peer) = std::net::UdpSocket::bind(any) else { continue };
            if bound {
                datagrams.bind(any.parse().unwrap()).unwrap();
            }
            datagrams.connect(peer.local_addr().unwrap()).unwrap();
            let port = datagrams.local_address().unwrap().port();
            datagrams.disconnect().unwrap();
            let local = datagrams.local_address().unwrap();
            assert_eq!((local.port(), local.ip().is_unspecified()), (port, !bound));
            datagrams.disconnect().unwrap();
            datagrams.connect(peer.local_addr().unwrap()).unwrap();
            assert_eq!(datagrams.local_address().unwrap().port(), port);
        }
    }
}
