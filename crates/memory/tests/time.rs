//! Virtual time: what lets it pass, and what ends a wait.

mod common;

use std::sync::mpsc;

use callgate_memory::{BEGINNING, Memory, Options, STEP};
use callgate_system::{Code, Interest, Kind, System, Timestamp};

use common::{CREATE, bound, code, connected, file, receive, stream, wait};

const HOUR: u64 = 3_600_000_000_000;

#[test]
fn reading_a_clock_takes_a_step_and_nothing_else_does() {
    let memory = Memory::default();
    let clock = memory.clock();
    assert_eq!(STEP, clock.monotonic_resolution());
    let first = clock.monotonic();
    assert_eq!(first, STEP, "the tree looked at the clock when it was made");
    memory.random().fill(&mut [0; 100]).unwrap();
    memory.tree().root().metadata().unwrap();
    assert_eq!(clock.monotonic(), first + STEP);
    let wall = clock.wall();
    assert_eq!((wall.seconds, wall.nanoseconds), (BEGINNING.seconds, 3_000));
    // A program that spins until a millisecond has passed comes to an end.
    let until = clock.monotonic() + 1_000_000;
    let turns = (0..).take_while(|_| clock.monotonic() < until).count();
    assert_eq!(turns, 999);
}

/// Observers see the same time, and nobody sees that they look.
#[test]
fn an_observer_takes_no_time() {
    let memory = Memory::default();
    let (clock, observer) = (memory.clock(), memory.observer_clock());
    let first = clock.monotonic();
    assert_eq!([observer.monotonic(), observer.monotonic()], [first + STEP; 2]);
    assert_eq!(observer.wall().nanoseconds, u32::try_from(first + STEP).unwrap());
    assert_eq!(clock.monotonic(), first + STEP);
}

#[test]
fn the_wall_clock_begins_where_it_is_told() {
    let beginning = Timestamp { seconds: -1, nanoseconds: 999_999_500 };
    let memory = Memory::new(Options { beginning, ..Options::default() });
    let root = memory.tree().root().metadata().unwrap();
    assert_eq!(root.modified, Some(beginning));
    assert_eq!(memory.clock().wall(), Timestamp { seconds: 0, nanoseconds: 500 });
}

#[test]
fn an_hour_is_slept_at_once() {
    let memory = Memory::default();
    let (clock, mut waiter) = (memory.clock(), memory.waiter());
    let until = clock.monotonic() + HOUR;
    waiter.wait(&[], Some(until), &mut Vec::new()).unwrap();
    assert_eq!(clock.monotonic(), until);
    waiter.wait(&[], Some(u64::MAX), &mut Vec::new()).unwrap();
    assert_eq!(clock.monotonic(), u64::MAX, "the end of time");
    assert_eq!(clock.monotonic(), u64::MAX);
    assert!(clock.wall().nanoseconds < 1_000_000_000);
}

#[test]
fn waiting_for_what_can_never_come_is_a_deadlock() {
    let memory = Memory::default();
    let mut waiter = memory.waiter();
    let (client, server) = connected(&memory, &mut *waiter);
    let (datagrams, _) = bound(&memory, Kind::Datagram, "[::1]:0");
    for socket in [&client, &server, &datagrams] {
        assert_eq!(code(wait(&mut *waiter, Interest::Receivable(socket.clone()), None)), Some(Code::Deadlock));
    }
    // It is the wait that failed, and no more.
    server.send(b"x").unwrap();
    assert_eq!(wait(&mut *waiter, Interest::Receivable(client.clone()), None), Ok(true));
    let soon = Some(memory.clock().monotonic() + 1);
    assert_eq!(wait(&mut *waiter, Interest::Receivable(datagrams.clone()), soon), Ok(false));
}

#[test]
fn every_guest_that_waits_is_told_of_a_deadlock() {
    let memory = Memory::default();
    let sockets: Vec<_> = (0..3).map(|_| bound(&memory, Kind::Datagram, "127.0.0.1:0").0).collect();
    let mut waiters: Vec<_> = sockets.iter().map(|_| memory.waiter()).collect();
    std::thread::scope(|scope| {
        let waiting: Vec<_> = (waiters.iter_mut().zip(&sockets))
            .map(|(waiter, socket)| scope.spawn(|| wait(&mut **waiter, Interest::Receivable(socket.clone()), None)))
            .collect();
        for thread in waiting {
            assert_eq!(code(thread.join().unwrap()), Some(Code::Deadlock));
        }
    });
}

#[test]
fn time_stands_still_while_a_guest_runs() {
    let memory = Memory::default();
    let (mut sleeper, runner) = (memory.waiter(), memory.waiter());
    let until = memory.clock().monotonic() + HOUR;
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(move || sender.send(sleeper.wait(&[], Some(until), &mut Vec::new())));
        for _ in 0..100 {
            std::thread::yield_now();
            assert!(memory.clock().monotonic() < until);
            assert!(receiver.try_recv().is_err());
        }
        // The last one that runs goes.
        drop(runner);
        assert_eq!(receiver.recv().unwrap(), Ok(()));
    });
    assert!(memory.clock().monotonic() >= until);
}

#[test]
fn a_deadline_that_readings_pass_ends_the_wait() {
    let memory = Memory::default();
    let (mut sleeper, _runner) = (memory.waiter(), memory.waiter());
    let until = memory.clock().monotonic() + 1_000_000;
    std::thread::scope(|scope| {
        let waiting = scope.spawn(move || sleeper.wait(&[], Some(until), &mut Vec::new()));
        while !waiting.is_finished() {
            memory.clock().monotonic();
        }
        assert_eq!(waiting.join().unwrap(), Ok(()));
    });
}

#[test]
fn two_guests_talk_and_sleep_in_turns() {
    let memory = Memory::default();
    let (mut here, mut there) = (memory.waiter(), memory.waiter());
    let (client, server) = connected(&memory, &mut *memory.waiter());
    std::thread::scope(|scope| {
        // It answers each byte an hour later.
        scope.spawn(|| {
            for _ in 0..10 {
                wait(&mut *there, Interest::Receivable(server.clone()), None).unwrap();
                let bytes = receive(&*server, 8).unwrap();
                let until = memory.clock().monotonic() + HOUR;
                there.wait(&[], Some(until), &mut Vec::new()).unwrap();
                server.send(&bytes).unwrap();
            }
            drop(there);
        });
        let begun = memory.clock().monotonic();
        for byte in 0..10 {
            client.send(&[byte]).unwrap();
            assert_eq!(wait(&mut *here, Interest::Receivable(client.clone()), None), Ok(true));
            assert_eq!(receive(&*client, 8).unwrap(), [byte]);
        }
        let took = memory.clock().monotonic() - begun;
        assert!((10 * HOUR..10 * HOUR + 1_000_000).contains(&took), "{took}");
    });
}

#[test]
fn what_is_ready_comes_before_what_is_late() {
    let memory = Memory::default();
    let mut waiter = memory.waiter();
    let socket = stream(&memory);
    assert_eq!(wait(&mut *waiter, Interest::Receivable(socket.clone()), Some(0)), Ok(true));
}

#[test]
fn files_bear_virtual_times() {
    let memory = Memory::default();
    let root = memory.tree().root();
    let f = file(&*root, "f", CREATE).unwrap();
    let made = f.stat().unwrap();
    memory.waiter().wait(&[], Some(HOUR), &mut Vec::new()).unwrap();
    f.write_at(b"x", 0).unwrap();
    let written = f.stat().unwrap();
    assert_eq!(written.accessed, made.accessed);
    assert_eq!(written.modified.unwrap().seconds, BEGINNING.seconds + 3_600);
}
