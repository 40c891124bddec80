//! Promises of the network beyond the behaviour suite: its bounds, its faults, and that the same seed tells the same story.

mod common;

use std::fmt::Write as _;

use callgate_memory::{Faults, Memory, Options};
use callgate_system::{AddressFamily, Code, Interest, Kind, Socket, SocketOption, System};

use common::{bound, code, connected, memory, receive, stream, wait};

fn faulty(seed: u64, faults: Faults) -> Memory {
    Memory::new(Options { seed, faults, ..Options::default() })
}

#[test]
fn ports_are_given_in_order() {
    let memory = memory(0);
    let ports: Vec<u16> = (0..3).map(|_| bound(&memory, Kind::Stream, "127.0.0.1:0").1.port()).collect();
    assert_eq!(ports, [32_768, 32_769, 32_770]);
    // TCP and UDP, IPv4 and IPv6 have their own.
    assert_eq!(bound(&memory, Kind::Datagram, "127.0.0.1:0").1.port(), 32_768);
    assert_eq!(bound(&memory, Kind::Stream, "[::1]:0").1.port(), 32_768);
}

#[test]
fn sockets_are_bounded_and_come_back() {
    let memory = memory(0);
    let sockets: Vec<_> = (0..16_384).map(|_| bound(&memory, Kind::Datagram, "127.0.0.1:0").0).collect();
    let refused = memory.network().socket(Kind::Datagram, AddressFamily::Ipv4);
    assert_eq!(code(refused), Some(Code::NewSocketLimit));
    drop(sockets);
    stream(&memory);
}

#[test]
fn other_machines_are_out_of_reach() {
    let memory = memory(0);
    for remote in ["10.0.0.1:80", "192.0.2.1:80", "255.255.255.255:80", "224.0.0.1:80"] {
        let socket = memory.network().socket(Kind::Datagram, AddressFamily::Ipv4).unwrap();
        assert_eq!(code(socket.send_to(b"x", remote.parse().unwrap())), Some(Code::RemoteUnreachable), "{remote}");
        assert_eq!(code(socket.connect(remote.parse().unwrap())), Some(Code::RemoteUnreachable), "{remote}");
    }
    assert_eq!(code(stream(&memory).connect("10.0.0.1:80".parse().unwrap())), Some(Code::RemoteUnreachable));
    assert_eq!(code(stream(&memory).bind("10.0.0.1:80".parse().unwrap())), Some(Code::AddressNotBindable));
    for local in ["127.1.2.3:80", "127.255.255.254:1"] {
        bound(&memory, Kind::Stream, local);
    }
}

#[test]
fn names_are_those_of_the_tree() {
    let memory = memory(0);
    let ask = |name: &str| memory.network().resolve(name).unwrap().addresses();
    assert_eq!(ask("localhost."), ask("LocalHost"));
    assert_eq!(ask("localhost").unwrap().iter().map(ToString::to_string).collect::<Vec<_>>(), ["::1", "127.0.0.1"]);
    assert_eq!(code(ask("example.com")), Some(Code::NameUnresolvable));
    let hosts = b"10.0.0.1 example.com localhost\n10.0.0.2 a.example Example.com.org\n10.0.0.1 example.com\nfd00::1 example.com";
    memory.tree().add_file(b"etc/hosts", hosts).unwrap();
    assert_eq!(ask("Example.com."), Ok(vec!["10.0.0.1".parse().unwrap(), "fd00::1".parse().unwrap()]));
    assert_eq!(ask("a.example"), Ok(vec!["10.0.0.2".parse().unwrap()]));
    assert_eq!(code(ask("com")), Some(Code::NameUnresolvable));
    // This machine stays this machine.
    assert_eq!(ask("localhost").unwrap().len(), 2);
    memory.tree().add_file(b"etc/hosts", &vec![b'x'; 200_000]).unwrap();
    assert_eq!(code(ask("example.com")), Some(Code::NameUnresolvable));
}

#[test]
fn who_finds_the_queue_full_waits_for_a_place() {
    let memory = memory(0);
    let mut waiter = memory.waiter();
    let (listener, local) = bound(&memory, Kind::Stream, "127.0.0.1:0");
    listener.listen(2).unwrap();
    let clients: Vec<_> = (0..4).map(|_| stream(&memory)).collect();
    clients.iter().for_each(|client| client.connect(local).unwrap());
    let finished = || clients.iter().map(|client| code(client.finish_connect())).collect::<Vec<_>>();
    let (waits, told) = (Some(Code::WouldBlock), Some(Code::NotInProgress));
    assert_eq!(finished(), [None, None, waits, waits]);
    assert_eq!(code(wait(&mut *waiter, Interest::Sendable(clients[2].clone()), None)), Some(Code::Deadlock));
    listener.accept().unwrap();
    assert_eq!(finished(), [told, told, None, waits]);
    drop(listener);
    assert_eq!(finished(), [told, told, told, Some(Code::ConnectionRefused)]);
    // Those that nobody accepted were reset.
    assert_eq!(code(receive(&*clients[2], 1)), Some(Code::ConnectionReset));
}

#[test]
fn who_sends_to_a_peer_that_is_gone_is_told_the_next_time() {
    let memory = memory(0);
    let (client, server) = connected(&memory, &mut *memory.waiter());
    client.send(b"last").unwrap();
    drop(client);
    assert_eq!(server.send(b"nobody reads this"), Ok(17));
    assert_eq!(code(server.send(b"x")), Some(Code::Pipe));
    assert_eq!(receive(&*server, 8).unwrap(), b"last");
    assert_eq!(receive(&*server, 8).unwrap(), b"");
}

#[test]
fn two_connections_never_have_the_same_ends() {
    let memory = memory(0);
    let (listener, remote) = bound(&memory, Kind::Stream, "127.0.0.1:0");
    listener.listen(8).unwrap();
    let (first, local) = bound(&memory, Kind::Stream, "127.0.0.1:0");
    let (second, _) = bound(&memory, Kind::Stream, &local.to_string());
    first.connect(remote).unwrap();
    assert_eq!(code(second.connect(remote)), Some(Code::AddressInUse));
    drop(first);
    assert_eq!(bound(&memory, Kind::Stream, &local.to_string()).0.connect(remote), Ok(()));
    // A port that connecting chose is nobody else's.
    let third = stream(&memory);
    third.connect(remote).unwrap();
    let fourth = stream(&memory);
    assert_eq!(code(fourth.bind(third.local_address().unwrap())), Some(Code::AddressInUse));
}

#[test]
fn what_all_sockets_hold_together_is_bounded() {
    let memory = memory(0);
    let mut waiter = memory.waiter();
    let mut held = 0;
    let mut ends = Vec::new();
    for _ in 0..100 {
        let (client, server) = connected(&memory, &mut *waiter);
        for option in [SocketOption::SendBufferSize, SocketOption::ReceiveBufferSize] {
            client.set_option(option, u64::MAX).unwrap();
            server.set_option(option, u64::MAX).unwrap();
        }
        while let Ok(sent) = client.send(&[0; 1 << 20]) {
            held += sent;
        }
        ends.push((client, server));
    }
    assert_eq!(held, 64 << 20);
    let (client, server) = ends.pop().unwrap();
    assert_eq!(code(client.send(b"x")), Some(Code::WouldBlock));
    assert_eq!(wait(&mut *waiter, Interest::Sendable(client.clone()), Some(0)), Ok(false));
    // Messages find no room either, and are lost.
    let ((from, _), (to, address)) =
        (bound(&memory, Kind::Datagram, "127.0.0.1:0"), bound(&memory, Kind::Datagram, "127.0.0.1:0"));
    from.send_to(b"lost", address).unwrap();
    assert_eq!(code(to.receive_from(&mut Vec::new())), Some(Code::WouldBlock));
    receive(&*ends[0].1, 1_000).unwrap();
    assert_eq!(wait(&mut *waiter, Interest::Sendable(client.clone()), None), Ok(true));
    assert_eq!(client.send(&[0; 2_000]), Ok(1_000));
    drop((server, ends));
    from.send_to(b"comes", address).unwrap();
    assert_eq!(to.receive_from(&mut Vec::with_capacity(8)).unwrap().0, 5);
}

#[test]
fn a_full_mailbox_drops_what_comes() {
    let memory = memory(0);
    let ((from, _), (to, address)) =
        (bound(&memory, Kind::Datagram, "127.0.0.1:0"), bound(&memory, Kind::Datagram, "127.0.0.1:0"));
    to.set_option(SocketOption::ReceiveBufferSize, 10_000).unwrap();
    for number in 0..100_000_u32 {
        from.send_to(&number.to_le_bytes(), address).unwrap();
    }
    let mut received = 0_u32;
    let mut bytes = Vec::with_capacity(4);
    while to.receive_from(&mut bytes).is_ok() {
        assert_eq!(bytes, received.to_le_bytes(), "the first ones, in order");
        bytes.clear();
        received += 1;
    }
    assert_eq!(received, 20, "each is charged for 516 bytes");
}

#[test]
fn a_buffer_that_was_full_goes_on_byte_by_byte() {
    let memory = memory(0);
    let (client, server) = connected(&memory, &mut *memory.waiter());
    let mut sent = 0;
    while let Ok(more) = client.send(&[1; 100_000]) {
        sent += more;
    }
    assert_eq!(sent, 2 * 212_992);
    assert_eq!(receive(&*server, 3).unwrap().len(), 3);
    assert_eq!(client.send(&[1; 10]), Ok(3));
    assert_eq!(code(client.send(b"x")), Some(Code::WouldBlock));
}

const SLOW: u64 = 5_000_000;

#[test]
fn a_delay_is_waited_for_in_virtual_time() {
    let memory = faulty(1, Faults { delay: SLOW..=SLOW, ..Faults::default() });
    let (clock, mut waiter) = (memory.clock(), memory.waiter());
    let begun = clock.monotonic();
    let (client, server) = connected(&memory, &mut *waiter);
    assert!((SLOW..2 * SLOW).contains(&(clock.monotonic() - begun)));
    let begun = clock.monotonic();
    client.send(b"one ").unwrap();
    client.send(b"two").unwrap();
    drop(client);
    assert_eq!(code(receive(&*server, 8)), Some(Code::WouldBlock), "on its way");
    assert_eq!(wait(&mut *waiter, Interest::Receivable(server.clone()), None), Ok(true));
    assert!((SLOW..2 * SLOW).contains(&(clock.monotonic() - begun)));
    assert_eq!(receive(&*server, 8).unwrap(), b"one two");
    assert_eq!(receive(&*server, 8).unwrap(), b"");
}

#[test]
fn delayed_bytes_stay_in_order() {
    let memory = faulty(2, Faults { delay: 0..=SLOW, ..Faults::default() });
    let mut waiter = memory.waiter();
    let (client, server) = connected(&memory, &mut *waiter);
    // More pieces than are told apart.
    let sent: Vec<u8> = (0..3_000_u32).map(|n| n as u8).collect();
    for byte in &sent {
        assert_eq!(client.send(std::slice::from_ref(byte)), Ok(1));
    }
    let mut received = Vec::new();
    while received.len() < sent.len() {
        wait(&mut *waiter, Interest::Receivable(server.clone()), None).unwrap();
        received.extend(receive(&*server, 7).unwrap());
    }
    assert_eq!(received, sent);
}

/// Everything that a sender and a receiver see of 200 messages and 200 pieces of a stream.
fn story(seed: u64, faults: Faults) -> String {
    let memory = faulty(seed, faults);
    let (clock, mut waiter, mut story) = (memory.clock(), memory.waiter(), String::new());
    let ((from, _), (to, address)) =
        (bound(&memory, Kind::Datagram, "[::1]:0"), bound(&memory, Kind::Datagram, "[::1]:0"));
    for number in 0..200_u8 {
        from.send_to(&[number], address).unwrap();
    }
    let until = Some(clock.monotonic() + 1_000_000_000);
    while wait(&mut *waiter, Interest::Receivable(to.clone()), until).unwrap() {
        let mut bytes = Vec::with_capacity(1);
        to.receive_from(&mut bytes).unwrap();
        writeln!(story, "{} {bytes:?}", clock.monotonic()).unwrap();
    }
    let (client, server) = connected(&memory, &mut *waiter);
    for number in 0..200_u8 {
        writeln!(story, "{number} {:?}", client.send(&[number])).unwrap();
        let until = Some(clock.monotonic() + 1_000_000_000);
        if wait(&mut *waiter, Interest::Receivable(server.clone()), until).unwrap() {
            writeln!(story, "{} {:?}", clock.monotonic(), receive(&*server, 8)).unwrap();
        }
    }
    story
}

#[test]
fn the_same_seed_tells_the_same_story() {
    let faults = || Faults { delay: 1_000..=SLOW, loss: 100_000, reset: 10_000 };
    let first = story(7, faults());
    assert_eq!(first, story(7, faults()));
    assert_ne!(first, story(8, faults()));
    let lost = 200 - first.lines().take_while(|line| line.contains(" [")).count();
    assert!((5..50).contains(&lost), "about a tenth: {lost}");
    assert!(first.contains("ConnectionReset"), "{first}");
    let calm = story(7, Faults::default());
    assert_eq!(calm, story(8, Faults::default()), "without faults a seed changes nothing");
    assert!(!calm.contains("Reset"));
}

#[test]
fn a_reset_by_fault_is_told_at_both_ends() {
    let memory = faulty(0, Faults { reset: 1_000_000, ..Faults::default() });
    let (client, server) = connected(&memory, &mut *memory.waiter());
    let both: [&dyn Socket; 2] = [&*client, &*server];
    assert_eq!(code(client.send(b"x")), Some(Code::ConnectionReset));
    assert_eq!(code(client.send(b"x")), Some(Code::Pipe));
    assert_eq!(code(receive(&*server, 8)), Some(Code::ConnectionReset));
    for end in both {
        assert_eq!(receive(end, 8).unwrap(), b"");
    }
}

#[test]
fn faults_and_random_bytes_do_not_disturb_each_other() {
    let bytes = |faults: Faults| {
        let memory = faulty(3, faults);
        let ((from, _), (_to, address)) =
            (bound(&memory, Kind::Datagram, "127.0.0.1:0"), bound(&memory, Kind::Datagram, "127.0.0.1:0"));
        for _ in 0..10 {
            from.send_to(b"x", address).unwrap();
        }
        let mut bytes = [0; 32];
        memory.random().fill(&mut bytes).unwrap();
        bytes
    };
    assert_eq!(bytes(Faults::default()), bytes(Faults { loss: 500_000, ..Faults::default() }));
}
