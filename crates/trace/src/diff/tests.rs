use super::*;

const HEADER: &str = r#"{"trace":"callgate","version":1,"callgate":"0.1.0","guest":1,"program":"a.wasm","arguments":["a","-x"],"backend":"linux","started":{"seconds":0,"nanoseconds":0}}"#;
const END: &str = r#"{"end":"exited with code 0","calls":2,"at":99}"#;

fn trace(lines: &[&str]) -> String {
    let lines: Vec<_> = [HEADER].iter().chain(lines).map(|line| format!("{line}\n")).collect();
    lines.concat()
}

fn compare(first: &str, second: &str) -> Diff {
    let read = |trace| Reader::new(str::as_bytes(trace)).unwrap();
    diff(read(first), read(second)).unwrap()
}

/// A call of `interface`, with the text of its arguments and its outcome.
fn call(interface: &str, args: &str, outcome: &str) -> String {
    format!(r#"{{"seq":1,"at":5,"took":7,"interface":"{interface}","call":"f","args":{{{args}}},{outcome}}}"#)
}

/// True if runs of one call each did the same.
fn alike(one: &str, other: &str) -> bool {
    compare(&trace(&[one, END]), &trace(&[other, END])).is_empty()
}

#[test]
fn what_differs_in_every_run_does_not_count() {
    let pairs = [
        ("i", r#""t":{"instant":5}"#, r#""ok":"done""#, r#""t":{"instant":6}"#, r#""ok":"done""#),
        (
            "i",
            r#""t":{"seconds":5,"nanoseconds":0}"#,
            r#""ok":"done""#,
            r#""t":{"seconds":6,"nanoseconds":1}"#,
            r#""ok":"done""#,
        ),
        (
            "wasi:clocks/wall-clock",
            "",
            r#""ok":{"seconds":1,"nanoseconds":2}"#,
            "",
            r#""ok":{"seconds":7,"nanoseconds":2}"#,
        ),
        ("wasi:clocks/monotonic-clock", "", r#""ok":1"#, "", r#""ok":2"#),
        ("wasi:random/random", "", r#""ok":{"bytes":2,"data":"ab"}"#, "", r#""ok":{"bytes":2,"data":"cd"}"#),
        ("i", r#""h":{"handle":3,"name":"/a"}"#, r#""ok":null"#, r#""h":{"handle":4,"name":"/a"}"#, r#""ok":null"#),
        (
            "i",
            r#""h":{"handle":3,"name":"tcp 1.2.3.4:5"}"#,
            r#""ok":null"#,
            r#""h":{"handle":3,"name":"tcp 1.2.3.4:6"}"#,
            r#""ok":null"#,
        ),
        ("i", "", r#""ok":{"address":"127.0.0.1:5"}"#, "", r#""ok":{"address":"127.0.0.1:6"}"#),
        ("i", "", r#""ok":{"device":"1","file":"2"}"#, "", r#""ok":{"device":"1","file":"3"}"#),
        ("i", "", r#""ok":{"bytes":9,"data":"ab"}"#, "", r#""ok":{"bytes":9,"data":"abc"}"#),
        (
            "i",
            "",
            r#""error":{"code":"io","native":{"family":"errno","code":5}}"#,
            "",
            r#""error":{"code":"io","native":{"family":"ntstatus","code":7}}"#,
        ),
    ];
    for (interface, args, outcome, other_args, other_outcome) in pairs {
        let (one, other) = (call(interface, args, outcome), call(interface, other_args, other_outcome));
        assert!(alike(&one, &other), "{one}\n{other}");
        assert!(!alike(&one, &other.replace("\"f\"", "\"g\"")), "{one}\n{other}");
    }
    let (early, late) =
        (call("i", "", r#""ok":1"#), call("i", "", r#""ok":1"#).replace("\"at\":5,\"took\":7", "\"at\":8,\"took\":1"));
    assert!(alike(&early, &late));
}

#[test]
fn everything_else_counts() {
    let plain = ("i", r#""n":1"#, r#""ok":1"#);
    let pairs = [
        (plain, ("j", r#""n":1"#, r#""ok":1"#)),
        (plain, ("i", r#""n":2"#, r#""ok":1"#)),
        (plain, ("i", r#""m":1"#, r#""ok":1"#)),
        (plain, ("i", "", r#""ok":1"#)),
        (plain, ("i", r#""n":1"#, r#""ok":2"#)),
        (plain, ("i", r#""n":1"#, r#""error":{"code":"io"}"#)),
        (plain, ("i", r#""n":1"#, r#""ok":1,"ended":"timed out""#)),
        (("i", r#""t":{"duration":5}"#, r#""ok":1"#), ("i", r#""t":{"duration":6}"#, r#""ok":1"#)),
        (("i", r#""a":{"address":"1.2.3.4:5"}"#, r#""ok":1"#), ("i", r#""a":{"address":"1.2.3.4:6"}"#, r#""ok":1"#)),
        (("i", r#""h":{"handle":3,"name":"/a"}"#, r#""ok":1"#), ("i", r#""h":{"handle":3,"name":"/b"}"#, r#""ok":1"#)),
        (("i", "", r#""ok":{"bytes":9,"data":"ab"}"#), ("i", "", r#""ok":{"bytes":9,"data":"ac"}"#)),
        (("i", "", r#""ok":{"bytes":9,"data":"ab"}"#), ("i", "", r#""ok":{"bytes":8,"data":"ab"}"#)),
        (("i", "", r#""error":{"code":"io"}"#), ("i", "", r#""error":{"code":"busy"}"#)),
        (
            ("i", "", r#""error":{"code":"io","native":{"family":"errno","code":5}}"#),
            ("i", "", r#""error":{"code":"io","native":{"family":"errno","code":6}}"#),
        ),
        (
            ("wasi:clocks/wall-clock", "", r#""ok":1"#),
            ("wasi:clocks/wall-clock", "", r#""error":{"code":"io"},"refused":{"reason":"rule"}"#),
        ),
        (
            ("i", "", r#""error":{"code":"io"},"refused":{"reason":"missing-rule"}"#),
            ("i", "", r#""error":{"code":"io"},"refused":{"reason":"rule"}"#),
        ),
    ];
    for ((interface, args, outcome), (other_interface, other_args, other_outcome)) in pairs {
        let (one, other) = (call(interface, args, outcome), call(other_interface, other_args, other_outcome));
        assert!(!alike(&one, &other), "{one}\n{other}");
        assert!(alike(&one, &one) && alike(&other, &other));
    }
}

#[test]
fn the_end_counts() {
    let calls = call("i", "", r#""ok":1"#);
    let (whole, cut) = (trace(&[&calls, END]), trace(&[&calls]));
    assert!(compare(&whole, &whole).is_empty() && compare(&cut, &cut).is_empty());
    let first = compare(&whole, &cut).first.unwrap();
    assert_eq!(
        first,
        Divergence {
            first: "the end, exited with code 0, after 2 calls".to_owned(),
            second: "nothing more".to_owned()
        }
    );
    let failed = trace(&[&calls, &END.replace("code 0", "code 1")]);
    assert!(!compare(&whole, &failed).is_empty());
    let lossy = trace(&[r#"{"lost":3}"#, &calls, END]);
    assert_eq!(compare(&whole, &lossy).first.unwrap().second, "3 calls are missing here");
    let elsewhere = whole.replace("[\"a\",\"-x\"]", "[\"a\",\"-y\\n\"]").replace("a.wasm", "b.wasm");
    let first = compare(&whole, &elsewhere).first.unwrap();
    assert_eq!(first.second, r#"run with "a", "-y\n""#);
}

#[test]
fn a_difference_in_words() {
    let open = |path: &str| {
        let args = format!(r#""dir":{{"handle":3,"name":"/a"}},"path":{{"path":"{path}"}},"how":["read","write"]"#);
        call("i", &args, r#""error":{"code":"no-entry","native":{"family":"errno","code":2,"name":"ENOENT"}}"#)
            .replace("\"f\"", "\"open\"")
    };
    let same = call("i", "", r#""ok":"done""#);
    let first = trace(&[&same, &open("b"), &same, END]);
    let second = trace(&[&same, &open(r"\u001b[1m<c>"), &open("b"), &same, &same, END]);
    let diff = compare(&first, &second);
    let expected = r#"--- one.jsonl
+++ two\u{7}.jsonl
the first difference:
- call 1: open(dir=3</a>, path="b", how=read|write) = no-entry (ENOENT)
+ call 1: open(dir=3</a>, path="\u{1b}[1m<c>", how=read|write) = no-entry (ENOENT)

       ---        +++  difference  calls
         2          3          +1  f
         1          2          +1  open
         3          5          +2  all
"#;
    let text = diff.text(("one.jsonl", "two\u{7}.jsonl"));
    assert_eq!(text, expected, "{text}");
    assert_eq!(compare(&first, &first).text(("a", "b")), "the runs did the same: 3 calls\n");
}

/// However many names a file has, counting them takes the memory of so many.
#[test]
fn names_without_end() {
    let lines: Vec<_> = (0..10 * MOST)
        .map(|number| call("i", "", r#""ok":1"#).replace("\"f\"", &format!("\"{number}{}\"", "x".repeat(500))))
        .collect();
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let diff = compare(&trace(&lines), &trace(&[]));
    assert_eq!(diff.counts.len(), MOST + 1);
    assert_eq!(diff.counts[OTHERS].first, 9 * MOST as u64);
    assert!(diff.counts.keys().all(|name| name.len() <= NAME));
}

#[test]
fn a_damaged_trace_is_told_from_the_other() {
    let whole = trace(&[END]);
    let read = |trace: &str| Reader::new(std::io::Cursor::new(trace.to_owned())).unwrap();
    assert!(matches!(
        diff(read(&whole), read(&trace(&["x"]))),
        Err(DiffError::Second(ReadError::Broken { line: 2, .. }))
    ));
    assert!(matches!(diff(read(&trace(&["x"])), read(&whole)), Err(DiffError::First(_))));
}
