use std::sync::{Arc, Mutex};

use callgate_gate::{Call, Gate, GuestId, Handle, Mount, NetworkRules, Observer};
use callgate_memory::Memory;
use callgate_system::{Code, Error, Family, Native, System};
use serde_json::Value as Json;

use super::*;
use crate::stored::Reader;

const TRACE: &str = r#"{"trace":"callgate","version":1,"callgate":"0.1.0","guest":1,"program":"a.wasm","arguments":[],"backend":"linux","started":{"seconds":0,"nanoseconds":0}}
{"seq":1,"at":1000,"took":500,"interface":"wasi:filesystem/types","call":"descriptor.open-at","args":{"dir":{"handle":3,"name":"/src","mount":"/src"},"path":{"path":"a"}},"error":{"code":"no-entry","native":{"family":"errno","code":2,"name":"ENOENT"}}}
{"seq":2,"at":1600,"took":300,"interface":"wasi:filesystem/types","call":"descriptor.open-at","args":{"dir":{"handle":3,"name":"/src","mount":"/src"},"path":{"path":"b"}},"ok":{"handle":4,"name":"/src/b","mount":"/src"}}
{"seq":3,"at":2000,"took":5000,"interface":"wasi:filesystem/types","call":"descriptor.read","args":{"file":{"handle":4,"name":"/src/b","mount":"/src"},"length":4096,"offset":0},"ok":{"bytes":4096,"data":""},"bytes":4096}
{"seq":4,"at":7500,"took":40,"interface":"wasi:sockets/tcp","call":"tcp-socket.start-connect","args":{"socket":{"handle":5,"name":"tcp"},"remote_address":{"address":"127.0.0.1:80"}},"error":{"code":"access-denied"},"refused":{"reason":"missing-rule","add":"--net connect=127.0.0.1:80"}}
{"lost":7}
{"seq":12,"at":8000,"took":1000,"interface":"wasi:io/poll","call":"poll","args":{"count":1},"ok":{"count":1}}
"#;

const END: &str = "{\"end\":\"exited with code 0\",\"calls\":12,\"at\":10000,\"lost\":7}\n";

fn report(trace: &str) -> Report {
    of_trace(Reader::new(trace.as_bytes()).unwrap()).unwrap()
}

#[test]
fn of_a_stored_trace() {
    let report = report(&format!("{TRACE}{END}"));
    assert_eq!(report.end.as_deref(), Some("exited with code 0"));
    assert_eq!((report.calls, report.errors, report.refused, report.bytes, report.lost), (5, 2, 1, 4096, 7));
    let between = Some(Between { least: 100, p50: 102 });
    assert_eq!(report.time, Time { run: 10_000, calls: 6840, waiting: 1000, rest: 3160, between });
    let names: Vec<_> = report.by_call.iter().map(|row| (&*row.call, row.count, row.total)).collect();
    let expected = [
        ("descriptor.read", 1, 5000),
        ("poll", 1, 1000),
        ("descriptor.open-at", 2, 800),
        ("tcp-socket.start-connect", 1, 40),
    ];
    assert_eq!(names, expected);
    let opened = &report.by_call[2];
    assert_eq!((opened.errors, opened.average, opened.max, opened.share), (1, 400, 500, 0.08));
    let native = super::Native { family: "errno".to_owned(), code: 2, name: "ENOENT".to_owned() };
    let no_entry = ErrorRow { code: "no-entry".to_owned(), native: Some(native), refused: false, count: 1 };
    assert_eq!(opened.by_error, [no_entry]);
    let paths: Vec<_> =
        report.paths.iter().map(|row| (&*row.name, row.calls, row.errors, row.bytes, row.time)).collect();
    assert_eq!(paths, [("/src/b", 2, 0, 4096, 5300), ("/src/a", 1, 1, 0, 500)]);
    let peers: Vec<_> = report.peers.iter().map(|row| (&*row.name, row.calls, row.errors)).collect();
    assert_eq!(peers, [("tcp 127.0.0.1:80", 1, 1)]);
}

#[test]
fn a_table_for_people() {
    let mut report = report(&format!("{TRACE}{END}"));
    report.process = Some(Process { user: 1_500_000, system: 700, page_faults: 120, ..Process::default() });
    let expected = "\
a.wasm on linux: exited with code 0
5 calls, 2 failed, 1 of them refused; 7 more are missing; 4.00 KiB moved

run             10.0 µs
calls    58.4%  5.84 µs  gate, backend and operating system
waiting  10.0%  1.00 µs  poll and pollable.block
rest     31.6%  3.16 µs  guest and boundary; 102 ns between two calls (p50), 100 ns at least

process  1.50 ms in its own code, 700 ns in the kernel
         context switches: - to wait, - forced
         page faults: 120, - of them read from disk

 share    total  calls  errors  average      p50      p99      max     bytes  call
50.00%  5.00 µs      1          5.00 µs  5.00 µs  5.00 µs  5.00 µs  4.00 KiB  descriptor.read
10.00%  1.00 µs      1          1.00 µs  1.00 µs  1.00 µs  1.00 µs            poll
 8.00%   800 ns      2       1   400 ns   300 ns   500 ns   500 ns            descriptor.open-at
 0.40%    40 ns      1       1    40 ns    40 ns    40 ns    40 ns            tcp-socket.start-connect

errors  error                    call
     1  no-entry (ENOENT)        descriptor.open-at
     1  access-denied (refused)  tcp-socket.start-connect

  total  calls  errors     bytes  slowest files
5.30 µs      2          4.00 KiB  /src/b
 500 ns      1       1            /src/a

total  calls  errors  bytes  slowest peers
40 ns      1       1         tcp 127.0.0.1:80
";
    let text = report.text();
    assert_eq!(text, expected, "{text}");
}

#[test]
fn of_a_filtered_trace() {
    let report = report(&format!("{TRACE}{}", END.replace("\"calls\":12", "\"calls\":1000,\"recorded\":12")));
    assert_eq!((report.calls, report.lost, report.filtered), (5, 7, 988));
    assert!(report.text().contains("; 7 more are missing; 988 more were filtered out; "), "{}", report.text());
}

#[test]
fn of_a_cut_trace() {
    let report = report(TRACE);
    assert_eq!((report.end, report.time.run, report.calls), (None, 9000, 5));
    let header = TRACE.lines().next().unwrap();
    let report = self::report(header);
    assert_eq!((report.calls, report.time.run, report.time.between.is_none()), (0, 0, true));
    assert!(report.text().contains("end unknown, as the trace is cut"), "{}", report.text());
}

/// Names are the guest's, or come from a file that anybody may have made.
#[test]
fn hostile_names_are_escaped() {
    let name = r"\u001b[31m\n<b>\u202e\u0000\u009b\ud83e\udd80";
    let trace = TRACE.replace("/src/b", name).replace("a.wasm", name).replace("poll", name).replace("linux", name);
    let trace = trace.replace("no-entry", name).replace("ENOENT", name).replace("127.0.0.1:80", name);
    let report = report(&format!("{trace}{}", END.replace("exited", name)));
    let (text, json) = (report.text(), report.json());
    assert!(text.lines().all(|line| !line.contains(|c: char| c.is_control() || c == '\u{202e}')), "{text}");
    assert!(text.contains(r"\u{1b}[31m\n<b>\u{202e}\u{0}\u{9b}🦀"), "{text}");
    assert!(json.ends_with('\n') && json.trim_end().bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{json}");
    let read: Json = serde_json::from_str(&json).unwrap();
    assert_eq!(read["program"], "\u{1b}[31m\n<b>\u{202e}\0\u{9b}🦀");
}

#[test]
fn huge_numbers_end_at_the_largest() {
    let most = u64::MAX.to_string();
    let trace = TRACE
        .replace("\"took\":500,", &format!("\"took\":{most},"))
        .replace("\"bytes\":4096", &format!("\"bytes\":{most}"));
    let report = report(&trace.replace("\"seq\":3", &format!("\"seq\":{most}")));
    assert_eq!((report.bytes, report.time.calls, report.time.run), (u64::MAX, u64::MAX, u64::MAX));
    assert!(report.text().contains("18446744074 s"), "{}", report.text());
}

fn no_entry() -> Error {
    Error { code: Code::NoEntry, native: Some(Native { family: Family::Errno, code: 2, name: "ENOENT" }) }
}

fn watched(program: &str, finish: impl FnOnce(Report) -> std::io::Result<()> + Send + 'static) -> (Gate, Arc<Live>) {
    let system: Arc<dyn System> = Arc::new(Memory::default());
    let live = Arc::new(Live::new(&system, program.to_owned(), finish));
    let observer: Arc<dyn Observer> = Arc::clone(&live) as _;
    (Gate::new(GuestId::new(), system, NetworkRules::default()).attended_by(Vec::new(), vec![observer]), live)
}

#[test]
fn of_a_run_under_way() {
    let kept = Arc::new(Mutex::new(None));
    let (gate, live) = watched("b.wasm", {
        let kept = Arc::clone(&kept);
        move |report| {
            *kept.lock().unwrap() = Some(report);
            Ok(())
        }
    });
    let mount = Mount {
        guest_path: "/src".to_owned(),
        read_only: false,
        quota: None,
        names: callgate_system::Names::default(),
    };
    let (dir, tcp) = (
        Handle { id: 3, name: "/src", mount: Some(&mount), denied: None },
        Handle { id: 4, name: "tcp", mount: None, denied: None },
    );
    for _ in 0..3 {
        let call = Call::StatAt { dir, follow: callgate_system::Follow::No, path: "a" };
        gate.pass(call, || Err::<(), _>(no_entry())).unwrap_err();
    }
    gate.pass(Call::Write { file: dir, buffer: b"1234", offset: 0 }, || Ok::<_, Error>(4_u64)).unwrap();
    let remote_address = "127.0.0.1:80".parse().unwrap();
    gate.pass(Call::TcpStartConnect { socket: tcp, remote_address }, || Ok::<_, Error>(())).unwrap_err();

    live.finish(&"exited with code 3").unwrap();
    live.finish(&"ended by SIGTERM").unwrap();
    let report: Report = kept.lock().unwrap().take().unwrap();
    assert_eq!(
        (&*report.program, &*report.backend, report.end.as_deref()),
        ("b.wasm", "memory", Some("exited with code 3"))
    );
    assert_eq!((report.calls, report.errors, report.refused, report.bytes), (5, 4, 1, 4));
    let stat = report.by_call.iter().find(|row| row.call == "descriptor.stat-at").unwrap();
    assert_eq!((stat.count, stat.by_error[0].count, &*stat.interface), (3, 3, "wasi:filesystem/types"));
    let paths: Vec<_> = report.paths.iter().map(|row| (&*row.name, row.calls, row.bytes)).collect();
    assert_eq!(paths, [("/src", 1, 4), ("/src/a", 3, 0)]);
    assert_eq!(report.peers[0].name, "tcp 127.0.0.1:80");
    let after = gate.pass(Call::MonotonicNow, || Ok::<_, Error>(0_u64));
    assert!(after.is_err(), "nothing goes on uncounted");
}

/// Whoever comes second learns that it failed too.
#[test]
fn a_report_that_fails() {
    let (_, live) = watched("b.wasm", |_| Err(std::io::ErrorKind::StorageFull.into()));
    for _ in 0..2 {
        assert_eq!(live.finish(&"x").unwrap_err().kind(), std::io::ErrorKind::StorageFull);
    }
}
