//! `perfetto`, read by the public definition.

mod definition;
mod read;

use callgate_gate::{Call, CallError, Handle, Mount, NetworkRules, Reply, Streams, Value};
use callgate_system::{Code, Error, Family, Follow, Native, OpenHow};
use callgate_trace::format::Perfetto;

use crate::guest::{BEGAN, Guest, handle};
use read::{Seen, View};

fn new(rules: &[&str]) -> Guest {
    let rules = rules.iter().map(|rule| rule.parse().expect("a rule")).collect();
    Guest::new(Box::<Perfetto>::default(), NetworkRules::new(rules, std::sync::Arc::default()))
}

fn done() -> Result<(), CallError> {
    Ok(())
}

fn mount() -> Mount {
    Mount { guest_path: "/src".to_owned(), read_only: true, quota: None, names: callgate_system::Names::default() }
}

fn file<'a>(id: u32, name: &'a str, mount: &'a Mount) -> Handle<'a> {
    Handle { mount: Some(mount), ..handle(id, name) }
}

/// A value that a call yields.
struct Yields<'a>(Value<'a>, Option<Streams>);

impl Reply for Yields<'_> {
    fn value(&self) -> Value<'_> {
        self.0
    }

    fn made_streams(&self) -> Option<Streams> {
        self.1
    }
}

fn yields(value: Value<'_>) -> Result<Yields<'_>, CallError> {
    Ok(Yields(value, None))
}

fn annotated(event: &Seen, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        assert_eq!(event.annotations.get(*name).map(String::as_str), Some(*value), "{name} of {event:?}");
    }
}

#[test]
fn a_call_is_a_slice_on_the_track_of_its_handle() {
    let (guest, mount) = (new(&[]), mount());
    guest.compute(50);
    let dir = file(3, "/src", &mount);
    let native = Native { family: Family::Errno, code: 2, name: "ENOENT" };
    let no_entry = Error { code: Code::NoEntry, native: Some(native) };
    let how = OpenHow { read: true, directory: true, ..OpenHow::default() };
    guest.call(Call::OpenAt { dir, path: "missing", how }, 200, Err::<(), _>(no_entry.into()));
    let stream = file(4, "/src/a", &mount);
    guest.call(Call::StreamRead { stream, len: 9 }, 30, yields(Value::Bytes(b"one\ntwo\\\xff")));
    guest.call(Call::MonotonicNow, 1, Ok(7_u64));
    let view = View::of(&guest.end());

    let open = view.of_name("descriptor.open-at")[0];
    assert_eq!((open.began, open.ended), (BEGAN + 50, Some(BEGAN + 250)));
    assert_eq!((&*open.track_name, &*open.categories), ("/src", &["read".to_owned()][..]));
    annotated(open, &[("seq", "1"), ("dir", "3"), ("path", "missing"), ("how", "read|directory")]);
    annotated(open, &[("error", "no-entry"), ("native", "ENOENT")]);
    let read = view.of_name("input-stream.read")[0];
    assert_eq!(read.track_name, "/src/a");
    annotated(read, &[("stream", "4"), ("len", "9"), ("bytes", "9"), ("result", r"one\ntwo\\\xff")]);
    let now = view.of_name("monotonic-clock.now")[0];
    assert_eq!(now.track_name, "guest");
    let end = view.events.last().expect("an end");
    assert_eq!((&*end.name, end.ended, end.began), ("end", None, BEGAN + 281));
    annotated(end, &[("how", "exited with code 0")]);

    let process = view.tracks.values().find_map(|track| track.process.as_ref()).expect("a process");
    assert_eq!(process.process_name.as_deref(), Some("a program.wasm"));
    assert_eq!(process.cmdline, ["a program", "x"]);
    // Handles are below their group, which is below the process.
    let parent = |track: u64| view.tracks[&track].parent_uuid.expect("a parent");
    assert_eq!(view.tracks[&parent(open.track)].name.as_deref(), Some("handles"));
    assert!(
        view.tracks[&parent(parent(open.track))].process.is_some() && view.tracks[&parent(now.track)].process.is_some()
    );
}

#[test]
fn the_wall_time_is_told_once() {
    use prost::Message as _;
    let guest = new(&[]);
    guest.call(Call::MonotonicNow, 1, Ok(7_u64));
    guest.call(Call::MonotonicNow, 1, Ok(7_u64));
    let trace = definition::Trace::decode(&*guest.end()).expect("it is a trace");
    let snapshots: Vec<_> = trace.packet.iter().filter_map(|packet| packet.clock_snapshot.as_ref()).collect();
    let [snapshot] = snapshots[..] else { panic!("{snapshots:?}") };
    let clocks: Vec<_> = snapshot.clocks.iter().map(|clock| (clock.clock_id(), clock.timestamp())).collect();
    assert_eq!(clocks, [(3, BEGAN), (1, 1_700_000_000_000_000_005)]);
    assert_eq!(snapshot.primary_trace_clock(), 3);
}

#[test]
fn waits_are_on_a_track_of_their_own() {
    let (guest, mount) = (new(&[]), mount());
    guest.call(Call::Poll { count: 2 }, 1, yields(Value::Count(1)));
    guest.call(Call::StreamBlockingRead { stream: handle(1, "stdin"), len: 1 }, 1, yields(Value::Bytes(b"x")));
    guest.call(Call::StreamBlockingRead { stream: file(2, "/src/a", &mount), len: 1 }, 1, yields(Value::Bytes(b"x")));
    guest.call(Call::PollableBlock { pollable: handle(3, "pollable") }, 1, done());
    let view = View::of(&guest.end());
    let tracks: Vec<_> = view.events.iter().map(|event| &*event.track_name).collect();
    assert_eq!(tracks, ["waits", "waits", "/src/a", "waits", "guest"]);
    annotated(&view.events[1], &[("stream", "1 stdin")]);
}

#[test]
fn a_refused_call_is_an_instant() {
    let (guest, mount) = (new(&[]), mount());
    guest.call(Call::UnlinkFileAt { dir: file(3, "/src", &mount), path: "a" }, 1, done());
    let socket = handle(4, "tcp");
    let remote_address = "10.0.0.5:443".parse().expect("an address");
    guest.call(Call::TcpStartConnect { socket, remote_address }, 1, done());
    let view = View::of(&guest.end());
    let [unlink, connect, _] = &view.events[..] else { panic!("{:?}", view.events) };
    assert_eq!((unlink.ended, &*unlink.categories), (None, &["delete".to_owned(), "refused".to_owned()][..]));
    annotated(unlink, &[("error", "read-only"), ("reason", "read-only-mount")]);
    assert_eq!(connect.ended, None);
    annotated(connect, &[("reason", "missing-rule"), ("add", "connect=10.0.0.5:443")]);
}

#[test]
fn another_object_of_a_number_has_another_track() {
    let (guest, mount) = (new(&[]), mount());
    let sync = |name: &str| guest.call(Call::SyncData { file: file(5, name, &mount) }, 1, done());
    sync("/src/a");
    sync("/src/a");
    // Without a call that closes it, as in a trace of some calls only.
    sync("/src/b");
    guest.call(Call::Drop { handle: file(5, "/src/b", &mount) }, 1, done());
    sync("/src/b");
    let view = View::of(&guest.end());
    let events = view.of_name("descriptor.sync-data");
    let names: Vec<_> = events.iter().map(|event| &*event.track_name).collect();
    assert_eq!(names, ["/src/a", "/src/a", "/src/b", "/src/b"]);
    assert!(
        events[0].track == events[1].track && events[2].track != events[1].track && events[3].track != events[2].track
    );
    assert_eq!(view.of_name("drop")[0].track, events[2].track);
}

/// Those that only come and go have no track.
#[test]
fn a_handle_that_is_only_closed_has_no_track() {
    let guest = new(&[]);
    guest.call(Call::Drop { handle: handle(7, "pollable") }, 1, done());
    assert_eq!(View::of(&guest.end()).of_name("drop")[0].track_name, "guest");
}

#[test]
fn of_very_many_handles_most_share_a_track() {
    let (guest, mount) = (new(&[]), mount());
    for number in 0..100_000 {
        let name = format!("/src/{number}");
        guest.call(Call::SyncData { file: file(number, &name, &mount) }, 1, done());
        guest.call(Call::SyncData { file: file(number, &name, &mount) }, 1, done());
    }
    let view = View::of(&guest.end());
    assert!(view.tracks.len() < 4200, "{}", view.tracks.len());
    assert_eq!(view.events.len(), 200_001);
    let last = &view.events[199_999];
    assert_eq!(last.track_name, "other handles");
    annotated(last, &[("file", "99999 /src/99999")]);
    assert!(view.words < 10, "{} words of ours", view.words);
}

#[test]
fn what_a_guest_chooses_is_escaped_and_cut() {
    let (guest, mount) = (new(&[]), mount());
    let long = "ä".repeat(9_000);
    let names = ["a\n\u{1b}[31m", "\u{202e}gpj.exe", &long, "", "</script>"];
    for (id, name) in (10..).zip(names) {
        let (dir, new_dir) = (file(id, name, &mount), file(id + 100, name, &mount));
        guest.call(Call::LinkAt { dir, follow: Follow::No, path: name, new_dir, new_path: name }, 1, done());
    }
    let view = View::of(&guest.end());
    let seen: Vec<_> = view.of_name("descriptor.link-at");
    assert_eq!(seen[0].track_name, r"a\n\u{1b}[31m");
    annotated(seen[1], &[("path", r"\u{202e}gpj.exe"), ("new_dir", r"111 \u{202e}gpj.exe")]);
    for text in seen.iter().flat_map(|event| event.annotations.values().chain([&event.track_name])) {
        assert!(text.len() <= 2100 && !text.chars().any(char::is_control), "{text}");
    }
}

#[test]
fn flows_lead_from_what_is_sent_to_where_it_comes() {
    let guest = new(&["all"]);
    let at = "127.0.0.1:8080".parse().expect("an address");
    let (listener, client) = (handle(1, "tcp"), handle(2, "tcp"));
    guest.call(Call::TcpStartBind { socket: listener, local_address: at }, 1, done());
    guest.call(Call::TcpStartConnect { socket: client, remote_address: at }, 1, done());
    let streams = Streams { socket: None, input: 3, output: 4 };
    let connected = || Ok(Yields(Value::Handle(handle(3, "tcp")), Some(streams)));
    guest.call(Call::TcpFinishConnect { socket: client }, 1, connected());
    let sent = |id, contents: &'static [u8]| {
        guest.call(Call::StreamWrite { stream: handle(id, "tcp"), contents }, 1, done());
    };
    // The first bytes are on their way before the other end is there.
    sent(4, b"hello");
    let streams = Streams { socket: Some(5), input: 6, output: 7 };
    let accepted = || Ok(Yields(Value::Handle(handle(5, "tcp")), Some(streams)));
    guest.call(Call::TcpAccept { socket: listener }, 1, accepted());
    sent(4, b"world");
    let received = |id, bytes: &'static [u8]| {
        guest.call(Call::StreamRead { stream: handle(id, "tcp"), len: 99 }, 1, yields(Value::Bytes(bytes)));
    };
    received(6, b"hellowo");
    received(6, b"rld");
    sent(7, b"answer");
    received(3, b"answer");
    let view = View::of(&guest.end());
    let (writes, reads) = (view.of_name("output-stream.write"), view.of_name("input-stream.read"));
    let ids: Vec<u64> = writes.iter().flat_map(|event| event.flows.clone()).collect();
    assert_eq!(ids.len(), 3, "each send begins a flow");
    assert_eq!((&reads[0].ending_flows[..], &reads[0].flows[..]), (&ids[..1], &ids[1..2]));
    assert_eq!((&reads[1].ending_flows[..], &reads[2].ending_flows[..]), (&ids[1..2], &ids[2..]));
    let names: Vec<_> = writes.iter().map(|event| &*event.track_name).collect();
    assert_eq!(names, ["tcp to 127.0.0.1:8080", "tcp to 127.0.0.1:8080", "tcp at 127.0.0.1:8080"]);
}

#[test]
fn a_datagram_flows_to_the_socket_that_it_is_for() {
    let guest = new(&["all"]);
    let at = "127.0.0.1:53".parse().expect("an address");
    let socket = handle(1, "udp");
    guest.call(Call::UdpStartBind { socket, local_address: at }, 1, done());
    let streams = Streams { socket: None, input: 2, output: 3 };
    let made = Ok(Yields(Value::Handle(handle(2, "udp")), Some(streams)));
    guest.call(Call::UdpStream { socket, remote_address: None }, 1, made);
    for remote_address in [Some(at), Some("127.0.0.1:54".parse().expect("an address")), Some(at)] {
        let send = Call::UdpSend { stream: handle(9, "udp"), data: b"x", remote_address };
        guest.call(send, 1, yields(Value::Flag(true)));
    }
    let receive = Call::UdpReceive { stream: handle(2, "udp"), max_results: 9 };
    guest.call(receive, 1, yields(Value::Datagrams { count: 2, bytes: 2 }));
    let view = View::of(&guest.end());
    let sends = view.of_name("outgoing-datagram-stream.send");
    assert_eq!(sends.iter().map(|event| event.flows.len()).collect::<Vec<_>>(), [1, 0, 1]);
    let received = view.of_name("incoming-datagram-stream.receive")[0];
    assert_eq!(received.ending_flows, [sends[0].flows[0], sends[2].flows[0]]);
}

/// A connection to somebody else is no flow.
#[test]
fn what_leaves_the_guest_has_no_flow() {
    let guest = new(&["all"]);
    let socket = handle(2, "tcp");
    let remote_address = "10.0.0.5:443".parse().expect("an address");
    guest.call(Call::TcpStartConnect { socket, remote_address }, 1, done());
    let streams = Streams { socket: None, input: 3, output: 4 };
    guest.call(Call::TcpFinishConnect { socket }, 1, Ok(Yields(Value::Handle(handle(3, "tcp")), Some(streams))));
    guest.call(Call::StreamWrite { stream: handle(4, "tcp"), contents: b"x" }, 1, done());
    let view = View::of(&guest.end());
    let write = view.of_name("output-stream.write")[0];
    assert!(write.flows.is_empty() && write.track_name == "tcp to 10.0.0.5:443", "{write:?}");
}
