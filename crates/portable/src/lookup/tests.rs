//! The bell, and the resolver's errors. Lookups themselves are tested where their queue is.

use std::sync::Mutex;
use std::sync::mpsc::channel;

use callgate_system::lookup::Lookups;
use callgate_system::{Interest, Waiter as _};
use rustix::event::{PollFd, PollFlags, poll};

use super::*;
use crate::wait::PortableWaiter;

#[test]
fn the_bell_rings_with_the_answer() {
    let (hold, held) = channel::<()>();
    let held = Mutex::new(held);
    let lookups = Lookups::new(move |_| {
        let _ = held.lock().unwrap().recv();
        Ok(vec!["127.0.0.1".parse().unwrap()])
    });
    let bell = Arc::<Bell>::default();
    let (waker, mut waiter) = (bell.waker().unwrap(), PortableWaiter::new(&bell));
    let lookup = lookups.resolve("name", || Ok(Arc::clone(&bell))).unwrap();
    let (interests, mut ready) = ([&Interest::Resolved(lookup.clone())], vec![7]);
    waiter.wait(&interests, Some(0), &mut ready).unwrap();
    assert_eq!(ready, []);
    hold.send(()).unwrap();
    poll(&mut [PollFd::from_borrowed_fd(waker.fd(), PollFlags::IN)], None).unwrap();
    assert_eq!(lookup.addresses().unwrap().len(), 1);
    waiter.wait(&interests, None, &mut ready).unwrap();
    assert_eq!(ready, [0]);
}

#[test]
fn errors_are_told_apart_by_their_text() {
    let said = |text: &str| classified(io::Error::other(format!("failed to lookup address information: {text}"))).code;
    // glibc, musl, macOS.
    for (text, code) in [
        ("Name or service not known", Code::NameUnresolvable),
        ("Temporary failure in name resolution", Code::TemporaryResolverFailure),
        ("Non-recoverable failure in name resolution", Code::PermanentResolverFailure),
        ("Memory allocation failure", Code::TemporaryResolverFailure),
        ("Name does not resolve", Code::NameUnresolvable),
        ("Try again", Code::TemporaryResolverFailure),
        ("Unrecoverable error", Code::PermanentResolverFailure),
        ("nodename nor servname provided, or not known", Code::NameUnresolvable),
    ] {
        assert_eq!(said(text), code, "{text}");
    }
}
