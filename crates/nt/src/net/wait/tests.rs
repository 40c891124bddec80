//! Tests of the polls that lie with the kernel between waits, and what becomes of them: counted in polls, not in time.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use callgate_system::{AddressFamily, Kind, Network as _, Socket};

use super::*;
use crate::net::NtNetwork;
use crate::net::lookup::tests::held;

/// A datagram socket on a port of its own.
fn bound() -> Arc<dyn Socket> {
    let socket = NtNetwork::default().socket(Kind::Datagram, AddressFamily::Ipv4).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    socket
}

fn send_to(socket: &dyn Socket) {
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    assert_eq!(sender.send_to(b"x", socket.local_address().unwrap()).unwrap(), 1);
}

fn receivable(sockets: &[Arc<dyn Socket>]) -> Vec<Interest> {
    sockets.iter().map(|socket| Interest::Receivable(socket.clone())).collect()
}

fn ready(waiter: &mut NtWaiter, interests: &[Interest], until: Option<Nanoseconds>) -> Vec<usize> {
    let mut ready = vec![7];
    waiter.wait(&interests.iter().collect::<Vec<_>>(), until, &mut ready).unwrap();
    ready
}

/// The number of polls that lie with the kernel and were begun in the last wait, and the number of all that lie there.
fn begun(waiter: &NtWaiter) -> (usize, usize) {
    let polls = &waiter.polls;
    let now = polls.by_token.values().filter(|poll| poll.begun == polls.round).count();
    assert_eq!(waiter.poller.as_ref().map_or(0, Poller::in_flight), polls.by_token.len());
    (now, polls.by_token.len())
}

#[test]
fn idle_sockets_are_polled_once() {
    let sockets: Vec<_> = (0..300).map(|_| bound()).collect();
    let interests = receivable(&sockets);
    let mut waiter = NtWaiter::default();
    assert_eq!(ready(&mut waiter, &interests, Some(0)), []);
    assert_eq!(begun(&waiter), (300, 300));
    for active in [17, 250, 0] {
        assert_eq!(ready(&mut waiter, &interests, Some(0)), []);
        assert!(begun(&waiter).0 <= 1, "only that which was ready");
        send_to(&*sockets[active]);
        assert_eq!(ready(&mut waiter, &interests, None), [active]);
        assert_eq!(begun(&waiter), (0, 299));
        // It stays so until it is received.
        assert_eq!(ready(&mut waiter, &interests, None), [active]);
        sockets[active].receive_from(&mut Vec::with_capacity(8)).unwrap();
    }
    // Part of the list, or another order, is nothing new; another direction is.
    assert_eq!(ready(&mut waiter, &interests, Some(0)), []);
    assert_eq!(ready(&mut waiter, &interests[100..], Some(0)), []);
    let backwards: Vec<_> = interests.iter().rev().cloned().collect();
    assert_eq!(ready(&mut waiter, &backwards, Some(0)), []);
    assert_eq!(begun(&waiter), (0, 300));
    assert_eq!(ready(&mut waiter, &[Interest::Sendable(sockets[5].clone())], None), [0]);
    assert_eq!(begun(&waiter), (0, 300));
}

/// An event that an earlier poll tells of may be over by now.
#[test]
fn what_was_received_since_is_not_told() {
    let sockets: Vec<_> = (0..3).map(|_| bound()).collect();
    let interests = receivable(&sockets);
    let (mut waiter, mut other) = (NtWaiter::default(), NtWaiter::default());
    assert_eq!(ready(&mut waiter, &interests, Some(0)), []);
    for _ in 0..3 {
        send_to(&*sockets[1]);
        assert_eq!(ready(&mut other, &interests, None), [1]);
        sockets[1].receive_from(&mut Vec::with_capacity(8)).unwrap();
        assert_eq!(ready(&mut waiter, &interests, Some(0)), []);
        let until = clock::monotonic() + 2_000_000;
        assert_eq!(ready(&mut waiter, &interests, Some(until)), []);
        assert!(clock::monotonic() >= until);
    }
    send_to(&*sockets[2]);
    assert_eq!(ready(&mut waiter, &interests, None), [2]);
}

#[test]
fn what_is_dropped_gives_its_memory_back() {
    let kept = bound();
    let mut waiter = NtWaiter::default();
    for round in 0..20 {
        let sockets: Vec<_> = (0..50).map(|_| bound()).collect();
        let interests: Vec<_> = receivable(&sockets).into_iter().chain([Interest::Receivable(kept.clone())]).collect();
        assert_eq!(ready(&mut waiter, &interests, Some(0)), []);
        for socket in &sockets[..round] {
            send_to(&**socket);
        }
    }
    // Each wait takes what came of those dropped before, as soon as the kernel has told of it.
    for _ in 0..10_000 {
        if begun(&waiter).1 == 1 {
            break;
        }
        let until = clock::monotonic() + 1_000_000;
        assert_eq!(ready(&mut waiter, &[Interest::Receivable(kept.clone())], Some(until)), []);
    }
    assert_eq!(begun(&waiter).1, 1);
    send_to(&*kept);
    assert_eq!(ready(&mut waiter, &[Interest::Receivable(kept.clone())], None), [0]);
}

#[test]
fn a_waiter_may_be_dropped_with_polls_in_flight() {
    let sockets: Vec<_> = (0..100).map(|_| bound()).collect();
    let interests = receivable(&sockets);
    for round in 0..10 {
        let mut waiter = NtWaiter::default();
        assert_eq!(ready(&mut waiter, &interests[round * 10..], Some(0)), []);
        send_to(&*sockets[99]);
        let mut poller = waiter.poller.take().unwrap();
        assert_eq!(poller.in_flight(), 100 - round * 10);
        assert_eq!(poller.cancel(), 0, "memory that didn't come back");
        sockets[99].receive_from(&mut Vec::with_capacity(8)).unwrap();
    }
}

#[test]
fn sockets_are_dropped_on_another_thread_while_it_waits_for_others() {
    let (waited, sender) = (bound(), UdpSocket::bind("127.0.0.1:0").unwrap());
    let to = waited.local_address().unwrap();
    let mut waiter = NtWaiter::default();
    let sockets: Vec<_> = (0..50).map(|_| bound()).collect();
    assert_eq!(ready(&mut waiter, &receivable(&sockets), Some(0)), []);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| ready(&mut waiter, &[Interest::Receivable(waited.clone())], None));
        drop(sockets);
        sender.send_to(b"x", to).unwrap();
        assert_eq!(waiting.join().unwrap(), [0]);
    });
}

#[test]
fn a_deadline_is_never_early_and_a_past_one_does_not_wait() {
    let (socket, mut waiter) = (bound(), NtWaiter::default());
    for after in [0, 1, 1_000, 2_000_000] {
        for interests in [&[][..], &[Interest::Receivable(socket.clone())]] {
            let until = clock::monotonic() + after;
            assert_eq!(ready(&mut waiter, interests, Some(until)), []);
            assert!(clock::monotonic() >= until);
        }
    }
    let past = Instant::now();
    for until in [0, 1, clock::monotonic() - 1] {
        assert_eq!(ready(&mut waiter, &[Interest::Receivable(socket.clone())], Some(until)), []);
    }
    assert!(past.elapsed() < Duration::from_secs(5));
}

/// Beyond what a timer can hold, and with something that comes before.
#[test]
fn the_far_future_is_a_time() {
    let (socket, mut waiter) = (bound(), NtWaiter::default());
    send_to(&*socket);
    for until in [u64::MAX, u64::MAX / 2, clock::monotonic() + (1 << 60)] {
        assert_eq!(ready(&mut waiter, &[Interest::Receivable(socket.clone())], Some(until)), [0]);
    }
}

#[test]
fn a_lookup_wakes_every_waiter() {
    let (lookup, hold) = held();
    let socket = bound();
    let interests = [Interest::Resolved(lookup.clone()), Interest::Receivable(socket.clone())];
    let mut waiters: Vec<_> = (0..4).map(|_| NtWaiter::default()).collect();
    for waiter in &mut waiters {
        let until = clock::monotonic() + 1_000_000;
        assert_eq!(ready(waiter, &interests, Some(until)), []);
    }
    std::thread::scope(|scope| {
        let waiting: Vec<_> =
            waiters.iter_mut().map(|waiter| scope.spawn(|| ready(waiter, &interests, None))).collect();
        hold.send(()).unwrap();
        for waiting in waiting {
            assert_eq!(waiting.join().unwrap(), [0]);
        }
    });
    for waiter in &mut waiters {
        assert_eq!(ready(waiter, &interests, Some(0)), [0]);
    }
}

/// A wake-up that nobody needs ends no wait.
#[test]
fn a_wake_up_to_no_use_is_slept_over() {
    let ((lookup, hold), mut waiter) = (held(), NtWaiter::default());
    let interests = [Interest::Resolved(lookup.clone())];
    assert_eq!(ready(&mut waiter, &interests, Some(0)), []);
    let waker = waiter.poller.as_ref().unwrap().waker();
    for _ in 0..100 {
        waker.wake();
    }
    let until = clock::monotonic() + 1_000_000;
    assert_eq!(ready(&mut waiter, &interests, Some(until)), []);
    assert!(clock::monotonic() >= until);
    waker.wake();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| ready(&mut waiter, &interests, None));
        waker.wake();
        hold.send(()).unwrap();
        assert_eq!(waiting.join().unwrap(), [0]);
    });
}

#[test]
fn many_waiters_do_not_disturb_each_other() {
    let sockets: Vec<_> = (0..20).map(|_| bound()).collect();
    std::thread::scope(|scope| {
        for (number, socket) in sockets.iter().enumerate() {
            let interests = receivable(&sockets);
            scope.spawn(move || {
                let mut waiters: Vec<_> = (0..4).map(|_| NtWaiter::default()).collect();
                for waiter in &mut waiters {
                    let before = ready(waiter, &interests, Some(0));
                    assert!(!before.contains(&number), "{before:?}");
                }
                send_to(&**socket);
                for waiter in &mut waiters {
                    assert_eq!(ready(waiter, &interests[number..=number], None), [0]);
                }
            });
        }
    });
}

/// Security case 8. There is no quadratic work: the kernel sees each direction of a socket once.
#[test]
fn thousands_of_interests_are_one_poll() {
    let (socket, mut waiter) = (bound(), NtWaiter::default());
    let mut interests = vec![Interest::Receivable(socket.clone()); 20_000];
    assert_eq!(ready(&mut waiter, &interests, Some(0)), []);
    assert_eq!(begun(&waiter), (1, 1));
    interests.push(Interest::Sendable(socket.clone()));
    let begun = Instant::now();
    assert_eq!(ready(&mut waiter, &interests, None), [20_000]);
    send_to(&*socket);
    assert_eq!(ready(&mut waiter, &interests[..20_000], None).len(), 20_000);
    // Quadratic work would take minutes.
    assert!(begun.elapsed() < Duration::from_secs(5));
}
