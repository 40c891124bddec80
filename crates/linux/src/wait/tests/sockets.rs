//! Many sockets: what a wait asks of the kernel is counted in registrations, not in time.

use std::net::UdpSocket;
use std::sync::Arc;

use callgate_system::lookup::Lookups;
use callgate_system::{AddressFamily, Kind, Socket};

use super::*;
use crate::lookup::Eventfd;

/// A datagram socket on a port of its own, and one to send to it.
fn bound() -> Arc<dyn Socket> {
    let socket = LinuxSocket::new(Kind::Datagram, AddressFamily::Ipv4).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    Arc::new(socket)
}

fn send_to(socket: &dyn Socket) {
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    assert_eq!(sender.send_to(b"x", socket.local_address().unwrap()).unwrap(), 1);
}

fn receivable(sockets: &[Arc<dyn Socket>]) -> Vec<Interest> {
    sockets.iter().map(|socket| Interest::Receivable(socket.clone())).collect()
}

fn ready(waiter: &mut LinuxWaiter, interests: &[Interest], until: Option<Nanoseconds>) -> Vec<usize> {
    let mut ready = vec![7];
    waiter.wait(&each(interests), until, &mut ready).unwrap();
    ready
}

/// The number of registrations that a wait for these would have to make or change.
fn to_register(waiter: &mut LinuxWaiter, interests: &[Interest]) -> usize {
    let interests = each(interests);
    let asked = waiter.collect(&interests);
    for Asked { descriptor, .. } in &asked {
        waiter.by_number[descriptor.number()] = 0;
    }
    waiter.registered.missing(&asked).len()
}

#[test]
fn idle_sockets_are_registered_once() {
    let sockets: Vec<_> = (0..300).map(|_| bound()).collect();
    let interests = receivable(&sockets);
    let mut waiter = LinuxWaiter::default();
    assert_eq!(to_register(&mut waiter, &interests), 300);
    assert_eq!(ready(&mut waiter, &interests, Some(0)), []);
    for active in [17, 250, 0] {
        assert_eq!(to_register(&mut waiter, &interests), 0);
        send_to(&*sockets[active]);
        assert_eq!(ready(&mut waiter, &interests, None), [active]);
        // Level-triggered: it stays so until it is received.
        assert_eq!(ready(&mut waiter, &interests, None), [active]);
        sockets[active].receive_from(&mut Vec::with_capacity(8)).unwrap();
        assert_eq!(ready(&mut waiter, &interests, Some(0)), []);
    }
    // Part of the list, or another order, is nothing new, and one more is one.
    assert_eq!(to_register(&mut waiter, &interests[100..]), 0);
    assert_eq!(ready(&mut waiter, &interests[100..], Some(0)), []);
    assert_eq!(to_register(&mut waiter, &interests.iter().rev().cloned().collect::<Vec<_>>()), 0);
    let another = bound();
    let more: Vec<_> = interests.iter().cloned().chain([Interest::Receivable(another.clone())]).collect();
    assert_eq!(to_register(&mut waiter, &more), 1);
}

#[test]
fn one_that_nobody_asks_for_is_silenced_and_comes_back() {
    let sockets: Vec<_> = (0..20).map(|_| bound()).collect();
    let interests = receivable(&sockets);
    let mut waiter = LinuxWaiter::default();
    assert_eq!(ready(&mut waiter, &interests, Some(0)), []);
    send_to(&*sockets[0]);
    send_to(&*sockets[5]);
    assert_eq!(ready(&mut waiter, &interests[1..], None), [4]);
    // Number 0 was dropped from the list that the kernel keeps, nothing else was.
    assert_eq!(to_register(&mut waiter, &interests), 1);
    assert_eq!(ready(&mut waiter, &interests, None), [0, 5]);
    assert_eq!(to_register(&mut waiter, &interests), 0);
}

#[test]
fn other_events_of_the_same_socket_do_not_spin() {
    let sockets: Vec<_> = (0..20).map(|_| bound()).collect();
    let sendable: Vec<_> = sockets.iter().map(|socket| Interest::Sendable(socket.clone())).collect();
    let mut waiter = LinuxWaiter::default();
    assert_eq!(ready(&mut waiter, &sendable, None), (0..20).collect::<Vec<_>>());
    // All are registered for sending, which is always possible; now only receiving is asked for.
    let interests = receivable(&sockets);
    let until = clock::monotonic() + 2_000_000;
    assert_eq!(ready(&mut waiter, &interests, Some(until)), []);
    assert!(clock::monotonic() >= until);
    // Narrowed to that: asking for receiving is nothing to register any more, for sending it is.
    assert_eq!((to_register(&mut waiter, &interests), to_register(&mut waiter, &sendable)), (0, 20));
    send_to(&*sockets[3]);
    let both: Vec<_> = interests.iter().chain(&sendable).cloned().collect();
    assert_eq!(ready(&mut waiter, &both, None), [3].into_iter().chain(20..40).collect::<Vec<_>>());
}

#[test]
fn a_number_that_comes_again_is_another_socket() {
    let mut waiter = LinuxWaiter::polling(0);
    let mut sockets: Vec<_> = (0..20).map(|_| bound()).collect();
    assert_eq!(ready(&mut waiter, &receivable(&sockets), Some(0)), []);
    for round in 0..10 {
        let index = round * 2;
        send_to(&*sockets[index]);
        sockets[index] = {
            // The last of the old one; its number is the lowest free, and given out again, if no other thread is faster.
            drop(std::mem::replace(&mut sockets[index], bound()));
            bound()
        };
        assert_eq!(ready(&mut waiter, &receivable(&sockets), Some(0)), [], "{round}");
        send_to(&*sockets[index]);
        assert_eq!(ready(&mut waiter, &receivable(&sockets), None), [index], "{round}");
        sockets[index].receive_from(&mut Vec::with_capacity(8)).unwrap();
    }
}

#[test]
fn a_registration_that_outlives_its_socket_is_got_rid_of() {
    let mut waiter = LinuxWaiter::polling(0);
    let orphan = Arc::new(LinuxSocket::new(Kind::Datagram, AddressFamily::Ipv4).unwrap());
    orphan.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    assert_eq!(ready(&mut waiter, &[Interest::Receivable(orphan.clone())], Some(0)), []);
    // As a child process between `fork` and `exec` does.
    let copy = orphan.descriptor().as_fd().try_clone_to_owned().unwrap();
    send_to(&*orphan);
    drop(orphan);
    let sockets: Vec<_> = (0..3).map(|_| bound()).collect();
    let interests = receivable(&sockets);
    for _ in 0..3 {
        let until = clock::monotonic() + 1_000_000;
        assert_eq!(ready(&mut waiter, &interests, Some(until)), []);
        assert!(clock::monotonic() >= until);
    }
    send_to(&*sockets[1]);
    assert_eq!(ready(&mut waiter, &interests, None), [1]);
    drop(copy);
}

/// A descriptor that epoll refuses is one that poll calls ready.
#[test]
fn what_cannot_be_registered_is_ready() {
    let file = Descriptor::own(tempfile::tempfile().unwrap().into());
    let sockets: Vec<_> = (0..3).map(|_| bound()).collect();
    let interests = receivable(&sockets);
    let mut asked = vec![Asked { descriptor: &file, events: PollFlags::IN }];
    asked.extend(
        interests.iter().map(|interest| Asked { descriptor: descriptor(interest).unwrap(), events: PollFlags::IN }),
    );
    let mut by_number = vec![0; 1 + asked.iter().map(|asked| asked.descriptor.number()).max().unwrap()];
    for (place, asked) in (1..).zip(&asked) {
        by_number[asked.descriptor.number()] = place;
    }
    let mut registered = Registered::default();
    for _ in 0..2 {
        let mut happened = vec![PollFlags::empty(); 4];
        registered.wait(&asked, &by_number, None, &mut happened).unwrap();
        assert_eq!(happened, [PollFlags::IN, PollFlags::empty(), PollFlags::empty(), PollFlags::empty()]);
    }
}

#[test]
fn two_waiters_see_the_same_socket() {
    let sockets: Vec<_> = (0..20).map(|_| bound()).collect();
    let interests = receivable(&sockets);
    let mut waiters = [LinuxWaiter::default(), LinuxWaiter::default(), LinuxWaiter::polling(usize::MAX)];
    for waiter in &mut waiters {
        assert_eq!(ready(waiter, &interests, Some(0)), []);
    }
    send_to(&*sockets[9]);
    for waiter in &mut waiters {
        assert_eq!(ready(waiter, &interests, None), [9]);
    }
}

#[test]
fn sockets_pipes_lookups_and_deadlines_are_waited_for_together() {
    let (hold, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let lookups = Lookups::new(move |_| {
        let _ = held.lock().unwrap().recv();
        Ok(vec!["127.0.0.1".parse().unwrap()])
    });
    let lookup = lookups.resolve("name", Eventfd::new).unwrap();
    let (input, output) = streams();
    let socket = bound();
    let interests =
        [Interest::Readable(input), Interest::Receivable(socket.clone()), Interest::Resolved(lookup.clone())];
    let mut waiters = both();
    for waiter in &mut waiters {
        assert_eq!(ready(waiter, &interests, Some(clock::monotonic() + 1_000_000)), []);
    }
    hold.send(()).unwrap();
    for waiter in &mut waiters {
        assert_eq!(ready(waiter, &interests, None), [2]);
    }
    assert_eq!(lookup.addresses().unwrap().len(), 1);
    output.write(b"x").unwrap();
    send_to(&*socket);
    for waiter in &mut waiters {
        assert_eq!(ready(waiter, &interests, None), [0, 1, 2]);
    }
}
