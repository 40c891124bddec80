use std::io::{self, BufReader, Read};

use callgate_system::Timestamp;

use super::*;
use crate::diff::diff;
use crate::summary::of_trace;

const HEADER_LINE: &str = r#"{"trace":"callgate","version":1,"callgate":"0.1.0","guest":1,"program":"a.wasm","arguments":["a","\u00fc"],"backend":"linux","started":{"seconds":1795679857,"nanoseconds":506412123}}"#;

const CALLS: &str = r#"{"seq":1,"at":10,"took":5,"interface":"wasi:filesystem/types","call":"descriptor.open-at","args":{"dir":{"handle":3,"name":"/src","mount":"/src"},"path":{"path":"missing\u0000.txt"},"how":["read"]},"error":{"code":"no-entry","native":{"family":"errno","code":2,"name":"ENOENT"}}}
{"seq":2,"at":20,"took":6,"interface":"wasi:filesystem/types","call":"descriptor.read","args":{"file":{"handle":4,"name":"a"},"length":4096,"offset":0},"ok":{"bytes":3,"data":"a\\x00b"},"bytes":3}
{"lost":12}
{"seq":15,"at":30,"took":7,"interface":"wasi:sockets/tcp","call":"tcp-socket.start-connect","args":{"socket":{"handle":5,"name":"tcp"},"remote_address":{"address":"127.0.0.1:80"}},"error":{"code":"access"},"refused":{"reason":"missing-rule","add":"--net connect=127.0.0.1:80"},"later":{"than":["version",1]}}
{"seq":16,"at":40,"took":8,"interface":"wasi:cli/exit","call":"exit.exit","args":{"ok":true},"ok":null,"ended":"exited with code 0"}
"#;

const END: &str = "{\"end\":\"exited with code 0\",\"calls\":16,\"at\":99,\"lost\":12}\n";

fn whole() -> String {
    format!("{HEADER_LINE}\n{CALLS}{END}")
}

/// The number of records, and whether the trace is cut.
fn count(trace: &[u8]) -> Result<(usize, bool), ReadError> {
    let mut reader = Reader::new(trace)?;
    let mut records = 0;
    while reader.next()?.is_some() {
        records += 1;
    }
    Ok((records, reader.is_cut()))
}

fn fails(trace: impl AsRef<[u8]>) -> String {
    count(trace.as_ref()).unwrap_err().to_string()
}

#[test]
fn every_record_is_read() {
    let trace = whole();
    let mut reader = Reader::new(trace.as_bytes()).unwrap();
    assert_eq!(reader.header().arguments, ["a", "ü"]);
    assert_eq!(reader.header().started, Timestamp { seconds: 1_795_679_857, nanoseconds: 506_412_123 });

    let Some(Record::Call(call)) = reader.next().unwrap() else { panic!() };
    assert_eq!((call.seq, call.at, call.took, call.bytes), (1, 10, 5, 0));
    assert_eq!(call.args.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["dir", "path", "how"]);
    let dir = Value::Handle { id: 3, name: "/src".into(), mount: Some("/src".into()) };
    assert_eq!(call.args.get("dir"), Some(&dir));
    assert_eq!(call.args.get("path"), Some(&Value::Path("missing\0.txt".into())));
    assert_eq!(call.args.get("how"), Some(&Value::Words(vec!["read".into()])));
    let native = Native { family: "errno".into(), code: 2, name: Some("ENOENT".into()) };
    assert_eq!(call.outcome, Outcome::Failed(Failure { code: "no-entry".into(), native: Some(native) }));

    let Some(Record::Call(call)) = reader.next().unwrap() else { panic!() };
    assert_eq!(call.outcome, Outcome::Ok(Value::Contents { bytes: 3, data: r"a\x00b".into() }));
    assert_eq!(call.bytes, 3);
    assert_eq!(reader.next().unwrap(), Some(Record::Lost(12)));

    let Some(Record::Call(call)) = reader.next().unwrap() else { panic!() };
    let add = Some("--net connect=127.0.0.1:80".into());
    assert_eq!(call.refused, Some(Refused { reason: "missing-rule".into(), add, why: None, rule: None }));

    let Some(Record::Call(call)) = reader.next().unwrap() else { panic!() };
    assert_eq!((call.outcome, call.ended), (Outcome::Ok(Value::Absent), Some("exited with code 0".into())));

    let ending = Ending { how: "exited with code 0".into(), calls: 16, recorded: None, at: 99, lost: 12 };
    assert_eq!(reader.next().unwrap(), Some(Record::End(ending)));
    assert_eq!(reader.next().unwrap(), None);
    assert!(!reader.is_cut());
}

#[test]
fn every_kind_of_value_is_read() {
    let cases = [
        ("null", Value::Absent),
        ("true", Value::Flag(true)),
        ("18446744073709551615", Value::Unsigned(u64::MAX)),
        ("-9223372036854775808", Value::Signed(i64::MIN)),
        (r#""done""#, Value::Word("done".into())),
        ("[]", Value::Words(vec![])),
        (r#"{"text":"a\nb"}"#, Value::Text("a\nb".into())),
        (r#"{"handle":1,"name":"stdout"}"#, Value::Handle { id: 1, name: "stdout".into(), mount: None }),
        (r#"{"duration":7}"#, Value::Duration(7)),
        (r#"{"instant":7}"#, Value::Instant(7)),
        (r#"{"seconds":-1,"nanoseconds":9}"#, Value::Time(Timestamp { seconds: -1, nanoseconds: 9 })),
        (r#"{"address":"[::1]:80"}"#, Value::Address("[::1]:80".into())),
        (r#"{"count":3}"#, Value::Count(3)),
        (r#"{"count":3,"bytes":300}"#, Value::Datagrams { count: 3, bytes: 300 }),
        (r#"{"entry":"a","kind":"regular-file"}"#, Value::Entry { name: "a".into(), kind: "regular-file".into() }),
        (
            r#"{"kind":"directory","size":100,"links":1}"#,
            Value::Attributes { kind: "directory".into(), size: 100, links: 1 },
        ),
        (r#"{"device":"fe00","file":"52c10e"}"#, Value::Identity { device: "fe00".into(), file: "52c10e".into() }),
        (r#"{"of":{"a":["later","version"]}}"#, Value::Unknown),
        ("1e400", Value::Unknown),
        ("123456789012345678901234567890", Value::Unknown),
    ];
    for (json, value) in cases {
        if json == "1e400" {
            assert!(serde_json::from_str::<Value<'_>>(json).is_err(), "beyond every number of JSON's");
        } else {
            assert_eq!(serde_json::from_str::<Value<'_>>(json).unwrap(), value, "{json}");
        }
    }
}

#[test]
fn a_file_of_something_else_is_refused_with_what_to_do() {
    let foreign: &[(&[u8], &str)] = &[
        (b"", "is empty; record one with `callgate run --trace=FILE --trace-format jsonl`"),
        (b"12:34:56.123456 descriptor.stat(3</a>) = ok <0.000012>\n", "is a trace in text, which can't be read back; "),
        (b"\x0a\x12\x08\x00\n", "is a trace for Perfetto, or no trace; "),
        (b"{}\n", "is no trace of callgate's; "),
        (b"{\"trace\":\"strace\",\"version\":1}\n", "is no trace of callgate's; "),
        (b"[1,2]", "is no trace of callgate's; "),
        (b"\x7fELF\x02\x01\n\xff\xfe", "is no trace of callgate's; "),
        (b"{\"trace\":\"callgate\",\"vers", "is cut off within its first line; "),
    ];
    for (file, what) in foreign {
        let error = fails(file);
        assert!(error.starts_with(what) && error.ends_with("--trace-format jsonl`"), "{error}");
    }
    assert!(fails("x".repeat((HEADER + 1) as usize)).starts_with("is no trace of callgate's; "));
}

#[test]
fn another_version_is_refused() {
    let error = fails(r#"{"trace":"callgate","version":2,"format":"of the future"}"#);
    assert!(error.starts_with("is a trace of version 2, and this callgate reads version 1; "), "{error}");
}

#[test]
fn a_damaged_line_is_told_by_its_number() {
    let call = r#""at":1,"took":1,"interface":"i","call":"c""#;
    let deep = format!("{{\"seq\":1,{call},\"ok\":{}", "[".repeat(10_000));
    let ignored = format!("{{\"seq\":1,{call},\"ok\":null,\"x\":{}1{}", "[".repeat(10_000), "}".repeat(10_000));
    let lines = [
        ("garbage".to_owned(), "expected value"),
        ("{}".to_owned(), "no `seq`"),
        (format!("{{\"seq\":1,{call}}}"), "no `ok`"),
        (r#"{"end":"x"}"#.to_owned(), "no `calls`"),
        (format!("{{\"seq\":-1,{call}}}"), "invalid value: integer `-1`, expected u64"),
        (format!("{{\"seq\":1,\"seq\":2,{call}}}"), "duplicate field `seq`"),
        (format!("{{\"seq\":1,{call},\"ok\":[1]}}"), "invalid type: integer `1`, expected text"),
        (deep, "invalid type: sequence, expected text"),
        (ignored, "expected `,` or `]`"),
        ("{\"end\":\"\u{1b}[31m\",\"calls\":1,\"at\":1}".to_owned(), "control character"),
        ("\0".to_owned(), "expected value"),
    ];
    for (line, why) in lines {
        let error = fails(format!("{HEADER_LINE}\n{CALLS}{line}\n{END}"));
        assert!(error.starts_with("is damaged at line 7: ") && error.contains(why), "{error}");
        assert!(error.len() < 400 && !error.contains(char::is_control), "{error}");
    }
    assert!(fails(format!("{}{END}", whole())).starts_with("is damaged at line 8: comes after the last line"));
}

/// A line that never ends is not read to its end.
#[test]
fn a_line_has_its_limit() {
    let header = format!("{HEADER_LINE}\n");
    let mut reader = Reader::new(BufReader::new(header.as_bytes().chain(io::repeat(b'x')))).unwrap();
    let error = reader.next().unwrap_err();
    assert!(matches!(error, ReadError::TooLong { line: 2 }), "{error}");
    let long = format!("{{\"end\":\"{}\",\"calls\":1,\"at\":1}}", "x".repeat((LINE - 27) as usize));
    assert_eq!(long.len(), LINE as usize, "as long as may be");
    assert_eq!(count(format!("{HEADER_LINE}\n{long}\n").as_bytes()).unwrap(), (1, false));
    assert_eq!(count(format!("{HEADER_LINE}\n{long}").as_bytes()).unwrap(), (1, false));
    assert!(fails(format!("{HEADER_LINE}\n {long}\n")).contains("longer than 1 MiB"));
}

#[test]
fn a_trace_cut_anywhere_is_read_up_to_there() {
    let trace = whole();
    for length in 0..trace.len() {
        let read = count(&trace.as_bytes()[..length]);
        match length.checked_sub(HEADER_LINE.len()) {
            None => assert!(matches!(read, Err(ReadError::Foreign(_))), "{length}: {read:?}"),
            Some(_) => {
                let whole_lines = trace[..length].matches('\n').count().saturating_sub(1);
                let (records, is_cut) = read.unwrap();
                let is_last = length + 1 == trace.len();
                // A line that lacks nothing but its end counts.
                let parsed = trace.as_bytes()[length] == b'\n' && length > HEADER_LINE.len();
                assert_eq!((records, is_cut), (whole_lines + usize::from(parsed), !is_last), "{length}");
            }
        }
    }
}

/// Whatever byte is another, the reader says something or reads on; and so do those who read from it.
#[test]
fn no_byte_makes_it_panic() {
    let trace = whole().into_bytes();
    for at in 0..trace.len() {
        for byte in [0, b'"', b'\\', b'{', b'}', b'\n', b'9', b'-', 0xff, trace[at] ^ 1, trace[at] ^ 0x80] {
            let mut changed = trace.clone();
            changed[at] = byte;
            if let Err(error) = count(&changed) {
                assert!(!error.to_string().contains(char::is_control), "{at}: {error}");
                continue;
            }
            let read = |trace| Reader::new(Vec::as_slice(trace)).unwrap();
            let text = of_trace(read(&changed)).unwrap().text();
            let difference = diff(read(&trace), read(&changed)).unwrap().text(("a", "b"));
            for line in text.lines().chain(difference.lines()) {
                assert!(!line.contains(char::is_control), "{at}: {line}");
            }
        }
    }
}
