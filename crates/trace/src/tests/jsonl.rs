//! Lines of JSON: of every call and every value, and with whatever a guest could put into them.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use callgate_gate::{
    Call, CallError, Decider, Gate, GuestId, Mount, NetworkRules, Observer, Reason, Reply, Resolved, RunEnd, Value,
    Verdict,
};
use callgate_system::{Code, Entry, Error, Family, FileType, Identity, Native, Result, Stat, Timestamp};
use serde_json::json;

use super::samples::Sample;
use super::{Counter, Page, gate, handle, mount, no_entry, recorded, recording};
use crate::format::{End, Format, Jsonl, MOST_STRINGS};

type Line = serde_json::Value;

fn schema() -> jsonschema::Validator {
    let text = include_str!("../../../../docs/trace.schema.json");
    jsonschema::draft202012::new(&serde_json::from_str(text).unwrap()).unwrap()
}

/// The lines, each of which the schema permits.
#[track_caller]
fn lines(text: &str) -> Vec<Line> {
    assert!(text.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)), "not printable ASCII: {text}");
    let schema = schema();
    let line = |line: &str| {
        let value: Line = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        if let Err(error) = schema.validate(&value) {
            panic!("{error}: {line}");
        }
        value
    };
    text.lines().map(line).collect()
}

/// The line of one call.
#[track_caller]
fn line<T: Reply, E: Into<CallError>>(call: Call<'_>, result: Result<T, E>) -> Line {
    let page = Page::default();
    let (gate, trace) = recorded(recording(), Jsonl::default(), page.clone());
    drop(gate.pass(call, || result));
    trace.finish(&"exited with code 0").unwrap();
    let [_, line, _] = <[Line; 3]>::try_from(lines(&page.text())).unwrap();
    line
}

fn sample<'a>(mount: &'a Mount, text: &'a str, bytes: &'a [u8]) -> Sample<'a> {
    Sample { mount, text, bytes, number: u64::MAX, address: SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 80) }
}

#[test]
fn a_trace_of_one_call() {
    let (system, src, page) = (Counter::at(5, 6), mount(false), Page::default());
    let trace = recording().start(&(system.clone() as _), Box::new(Jsonl::default()), Box::new(page.clone()));
    let trace: Arc<dyn Observer> = Arc::new(trace);
    let gate = gate(system, [Arc::clone(&trace)]);
    let read_link = Call::ReadlinkAt { dir: handle(3, &src), path: "missing.txt" };
    gate.pass(read_link, || Err::<(), _>(no_entry())).unwrap_err();
    trace.finish(&"exited with code 0").unwrap();
    let text = page.text();
    let mut expected = lines(&text);
    assert!(expected[0]["guest"].as_u64().unwrap() > 0);
    expected[0]["guest"] = 1.into();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        expected,
        [
            json!({
                "trace": "callgate", "version": 1, "callgate": version, "guest": 1, "program": "rg.wasm",
                "arguments": ["rg", "-c", "x"], "backend": "counter", "started": {"seconds": 5, "nanoseconds": 6}
            }),
            json!({
                "seq": 1, "at": 12000, "took": 12000, "interface": "wasi:filesystem/types", "call": "descriptor.readlink-at",
                "args": {"dir": {"handle": 3, "name": "/src", "mount": "/src"}, "path": {"path": "missing.txt"}},
                "error": {"code": "no-entry", "native": {"family": "errno", "code": 2, "name": "ENOENT"}}
            }),
            json!({"end": "exited with code 0", "calls": 1, "at": 24000}),
        ]
    );
}

/// Whatever a guest names: none of it ends a string or a line, and all of it is read back.
#[test]
fn every_call_whatever_it_names() {
    let hostile = [
        "plain",
        "",
        "\"},{\"seq\":1}\n{\"end\":\"\"}\r\n",
        "\\\\\" \\u0041 \u{0}\u{1b}[31m\u{7f}\u{85}\u{2028}\u{2029}",
        "</script><img src=x onerror=alert(1)> & '",
        "\u{ffff}\u{fffe}\u{fdd0}\u{10ffff}\u{d7ff}\u{e000}\u{202e}日本🦀",
    ];
    for text in hostile {
        let (page, mount) = (
            Page::default(),
            Mount {
                guest_path: text.to_owned(),
                read_only: false,
                quota: None,
                names: callgate_system::Names::default(),
            },
        );
        let (gate, trace) = recorded(recording(), Jsonl::default(), page.clone());
        let calls = sample(&mount, text, text.as_bytes()).calls();
        let mut functions = BTreeSet::new();
        for call in &calls {
            functions.insert((call.interface(), call.function()));
            drop(gate.pass(*call, || Ok::<_, Error>(text.to_owned())));
        }
        assert_eq!(functions, Call::ALL.iter().copied().collect(), "every call has a sample");
        trace.finish(&text).unwrap();
        let lines = lines(&page.text());
        assert_eq!(lines.len(), calls.len() + 2);
        for (line, call) in lines[1..].iter().zip(&calls) {
            let names: Vec<_> = call.arguments().map(|(name, _)| name).collect();
            assert_eq!(line["args"].as_object().unwrap().len(), names.len(), "{line}");
            for (name, value) in call.arguments() {
                match value {
                    Value::Path(path) => assert_eq!(line["args"][name], json!({ "path": path })),
                    Value::Text(text) => assert_eq!(line["args"][name], json!({ "text": text })),
                    Value::Handle(handle) => assert_eq!(line["args"][name]["name"], handle.name),
                    _ => {}
                }
            }
            if line.get("refused").is_none() {
                assert_eq!(line["ok"], json!({ "text": text }));
            }
        }
        assert_eq!(lines.last().unwrap()["end"], text);
    }
}

#[test]
fn a_line_is_bounded_however_long_the_names_are() {
    for text in ["a".repeat(1 << 20), "\u{1}".repeat(1 << 20), "🦀".repeat(1 << 18), "\"".repeat(1 << 20)] {
        let (page, mount) = (
            Page::default(),
            Mount { guest_path: text.clone(), read_only: false, quota: None, names: callgate_system::Names::default() },
        );
        let (gate, trace) = recorded(recording(), Jsonl::new(usize::MAX), page.clone());
        for call in sample(&mount, &text, text.as_bytes()).calls() {
            drop(gate.pass(call, || Ok::<_, Error>(text.clone())));
        }
        trace.finish(&text).unwrap();
        let longest = page.text().lines().map(str::len).max().unwrap();
        assert!(longest < 5 * MOST_STRINGS + 8 * 6 * 4100, "{longest} bytes");
        let lines = lines(&page.text());
        let end = lines.last().unwrap()["end"].as_str().unwrap();
        assert!(end.ends_with('…') && text.starts_with(end.trim_end_matches('…')), "{end}");
    }
}

#[test]
fn every_value() {
    let (accessed, modified, changed) = (None, None, None);
    let identity = Identity { device: 0xfe00, file: 0x52_c10e };
    let kind = FileType::RegularFile;
    let stat = Stat { kind, links: 1, size: 100, allocated: 0, accessed, modified, changed, identity };
    let entry = Entry { kind: FileType::Directory, name: "a\"".to_owned(), listed: None };
    let v6 = SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 443);
    let time = Timestamp { seconds: i64::MIN, nanoseconds: 999_999_999 };
    let ok = |value: &dyn Reply| {
        struct Of<'a>(&'a dyn Reply);
        impl Reply for Of<'_> {
            fn value(&self) -> Value<'_> {
                self.0.value()
            }
        }
        line(Call::GetStdin, Ok::<_, Error>(Of(value)))["ok"].clone()
    };
    struct Is(Value<'static>);
    impl Reply for Is {
        fn value(&self) -> Value<'_> {
            self.0
        }
    }
    assert_eq!(ok(&()), json!("done"));
    assert_eq!(ok(&Is(Value::Closed)), json!("closed"));
    assert_eq!(ok(&None::<u64>), json!(null));
    assert_eq!(ok(&u64::MAX), json!(u64::MAX));
    assert_eq!(ok(&Is(Value::Signed(i64::MIN))), json!(i64::MIN));
    assert_eq!(ok(&true), json!(true));
    assert_eq!(ok(&b"a\\x41\"\xff\n".to_vec()), json!({"bytes": 8, "data": r#"a\x5cx41"\xff\x0a"#}));
    assert_eq!(ok(&vec![b'a'; 4096]), json!({"bytes": 4096, "data": "a".repeat(32)}));
    assert_eq!(ok(&FileType::Socket), json!("socket"));
    assert_eq!(ok(&Is(Value::Duration(7))), json!({"duration": 7}));
    assert_eq!(ok(&Is(Value::Instant(8))), json!({"instant": 8}));
    assert_eq!(ok(&time), json!({"seconds": i64::MIN, "nanoseconds": 999_999_999}));
    assert_eq!(ok(&Is(Value::NewTime(callgate_system::NewTimestamp::NoChange))), json!("no-change"));
    assert_eq!(ok(&v6), json!({"address": "[::1]:443"}));
    assert_eq!(ok(&vec![1_u32, 2, 3]), json!({"count": 3}));
    assert_eq!(ok(&Is(Value::Datagrams { count: 3, bytes: 300 })), json!({"count": 3, "bytes": 300}));
    assert_eq!(ok(&entry), json!({"entry": "a\"", "kind": "directory"}));
    assert_eq!(ok(&stat), json!({"kind": "regular-file", "size": 100, "links": 1}));
    assert_eq!(ok(&identity), json!({"device": "fe00", "file": "52c10e"}));
}

#[test]
fn errors_and_refusals() {
    let free = mount(false);
    let unlink = Call::UnlinkFileAt { dir: handle(3, &free), path: "f" };
    let io = |family, code, name| {
        line(unlink, Err::<(), _>(Error { code: Code::Io, native: Some(Native { family, code, name }) }))
    };
    assert_eq!(
        io(Family::NtStatus, 0xc000_0123, "")["error"],
        json!({"code": "io", "native": {"family": "ntstatus", "code": 0xc000_0123_u32}})
    );
    assert_eq!(io(Family::Winsock, 10_054, "WSAECONNRESET")["error"]["native"]["name"], "WSAECONNRESET");

    let exit = line(Call::Exit { ok: true }, Err::<(), _>(RunEnd::Exited(0)));
    assert_eq!((&exit["error"], &exit["ended"]), (&json!({"code": "interrupted"}), &json!("exited with code 0")));

    let fixed = mount(true);
    let refused = line(Call::SetSize { file: handle(3, &fixed), size: 0 }, Ok::<_, Error>(()));
    assert_eq!(refused["refused"], json!({"reason": "read-only-mount"}));
    let socket = callgate_gate::Handle { id: 3, name: "tcp", mount: None, denied: None };
    let connect = Call::TcpStartConnect { socket, remote_address: "10.0.0.5:443".parse().unwrap() };
    let refused = line(connect, Ok::<_, Error>(()));
    assert_eq!(refused["refused"], json!({"reason": "missing-rule", "add": "--net connect=10.0.0.5:443"}));
    assert_eq!(refused["error"], json!({"code": "access-denied"}));
}

#[test]
fn a_refusal_by_a_rule_tells_its_number() {
    struct Never;
    impl Decider for Never {
        fn decide(&self, _: &Call<'_>, _: Option<&Resolved<'_>>) -> Verdict {
            Verdict::Deny { code: Code::NotPermitted, reason: Reason::Rule(7) }
        }
    }

    let (system, page) = (Counter::at(0, 0), Page::default());
    let trace = recording().start(&(system.clone() as _), Box::new(Jsonl::default()), Box::new(page.clone()));
    let gate = Gate::new(GuestId::new(), system, NetworkRules::default());
    let gate = gate.attended_by(vec![Arc::new(Never)], vec![Arc::new(trace)]);
    gate.pass(Call::WallNow, || Ok::<_, Error>(())).unwrap_err();
    assert_eq!(lines(&page.text())[1]["refused"], json!({"reason": "rule", "rule": 7}));
}

#[test]
fn bytes_that_moved_and_bytes_that_are_shown() {
    let free = mount(false);
    let write = Call::Write { file: handle(3, &free), buffer: b"hello", offset: 9 };
    let line = line(write, Ok::<_, Error>(3_u64));
    assert_eq!((&line["bytes"], &line["ok"]), (&json!(3), &json!(3)));
    let page = Page::default();
    let (gate, _) = recorded(recording(), Jsonl::new(2), page.clone());
    gate.pass(write, || Ok::<_, Error>(3_u64)).unwrap();
    assert_eq!(lines(&page.text())[1]["args"]["buffer"], json!({"bytes": 5, "data": "he"}));
}

/// What the schema says of the marks of a gap.
#[test]
fn a_gap_and_an_end_after_it() {
    let mut out = Vec::new();
    let mut format = Jsonl::default();
    format.lost(12, &mut out);
    format.end(&End { how: "timed out", calls: 20, recorded: 8, lost: 12, at: 5 }, &mut out);
    let expected = [json!({"lost": 12}), json!({"end": "timed out", "calls": 20, "lost": 12, "at": 5})];
    assert_eq!(lines(std::str::from_utf8(&out).unwrap()), expected);
}
