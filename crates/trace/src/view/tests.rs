use std::io::Read;

use super::Page;
use super::form::{Form, Strings};
use super::pack::Limits;
use super::table::{Budget, Table};
use super::touched::{Touched, touched};
use crate::stored::{Call, Reader, Record};

const HEADER: &str = r#"{"trace":"callgate","version":1,"callgate":"0.1.0","guest":1,"program":"</script>","arguments":["rg"],"backend":"linux","started":{"seconds":1,"nanoseconds":2}}"#;

/// A trace with these arguments, one call each.
fn trace(arguments: impl IntoIterator<Item = String>) -> String {
    let line = |args: String| {
        format!(
            "{{\"seq\":1,\"at\":1,\"took\":1,\"interface\":\"wasi:filesystem/types\",\"call\":\"descriptor.stat\",\"args\":{args},\"ok\":\"done\"}}\n"
        )
    };
    let lines: String = arguments.into_iter().map(line).collect();
    format!("{HEADER}\n{lines}{{\"end\":\"exited with code 0\",\"calls\":1,\"at\":1}}\n")
}

fn page(trace: &str, limits: Limits) -> Page {
    let mut reader = Reader::new(trace.as_bytes()).unwrap();
    Page::within(&mut reader, limits).unwrap()
}

fn written(page: &Page) -> String {
    let mut out = Vec::new();
    page.write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn block(page: &Page, name: &str) -> Vec<u8> {
    let (_, packed) = page.blocks.iter().find(|(other, _)| *other == name).unwrap();
    let mut bytes = Vec::new();
    flate2::read::DeflateDecoder::new(&**packed).read_to_end(&mut bytes).unwrap();
    bytes
}

/// Looks at the only call of a trace.
fn with_call<T>(line: &str, look: impl FnOnce(&Call<'_>) -> T) -> T {
    let text = format!("{HEADER}\n{line}\n");
    let mut reader = Reader::new(text.as_bytes()).unwrap();
    let Some(Record::Call(call)) = reader.next().unwrap() else { panic!("no call: {line}") };
    look(&call)
}

/// Text in which nothing repeats, as far as a page may show it.
fn noise(length: usize, state: &mut u64) -> String {
    let mut letter = || {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'#' + u8::try_from((*state >> 40) % 56).unwrap_or(0))
    };
    (0..length).map(|_| letter()).collect()
}

#[test]
fn a_page_stays_below_thirty_megabytes() {
    let mut state = 1;
    let arguments = (0..36_000).map(|_| format!(r#"{{"path":{{"path":"{}"}}}}"#, noise(1000, &mut state)));
    let page = page(&trace(arguments), Limits::default());
    assert_eq!(page.calls(), 36_000);
    assert!((10_000..36_000).contains(&page.shown()), "{}", page.shown());
    let size = written(&page).len();
    assert!((20_000_000..30_000_000).contains(&size), "{size}");
}

#[test]
fn what_does_not_fit_is_counted() {
    let arguments = || (0..10).map(|number| format!(r#"{{"text":{{"text":"{number}"}}}}"#));
    let few = page(&trace(arguments()), Limits { calls: 4, ..Limits::default() });
    assert_eq!((few.shown(), few.calls()), (4, 10));
    let meta: serde_json::Value = serde_json::from_slice(&block(&few, "meta")).unwrap();
    assert_eq!((&meta["shown"], &meta["total"]), (&4.into(), &10.into()));
    assert_eq!(block(&few, "strings"), b"\"0\"\n\"1\"\n\"2\"\n\"3\"\n");
    let short = page(&trace(arguments()), Limits { texts: 400, ..Limits::default() });
    assert!((1..10).contains(&short.shown()), "{}", short.shown());
    // Contents give way first: a call without them is still a call.
    let contents = (0..10).map(|number| format!(r#"{{"buffer":{{"bytes":9,"data":"data {number}"}}}}"#));
    let bare = page(&trace(contents), Limits { contents: 14, ..Limits::default() });
    assert_eq!(bare.shown(), 10);
    assert_eq!(block(&bare, "strings"), b"data 0\ndata 1\n");
}

/// The page has the marks of its own, and no others.
#[test]
fn nothing_of_a_trace_is_markup() {
    let name = r#"</script><script>alert(1)</script><!--"#;
    let page = page(&trace([format!(r#"{{"{name}":{{"path":"{name}"}}}}"#)]), Limits::default());
    let text = written(&page);
    assert!(!text.contains("alert(1)") && !text.contains("<!--"));
    assert_eq!(text.matches("</script>").count(), page.blocks.len() + 1);
    assert!(text.contains("default-src 'none'; script-src 'sha256-"));
    assert!(
        !text.contains("http://")
            || text.matches("http://").count() == text.matches("http://www.w3.org/2000/svg").count()
    );
    assert!(!text.contains("https://"));
}

#[test]
fn a_call_is_a_form_and_atoms() {
    let mut strings = Strings { table: Table::new(100), contents: 100 };
    let (mut form, mut budget) = (Form::default(), Budget::new(10_000));
    let mut take = |line: &str| {
        with_call(line, |call| form.take(call, &mut strings, &mut budget)).unwrap();
        (form.text.clone(), form.atoms.clone())
    };
    let read = |offset: u64| {
        format!(
            r#"{{"seq":1,"at":1,"took":1,"interface":"i","call":"c","args":{{"file":{{"handle":4,"name":"/a","mount":"/"}},"offset":{offset}}},"ok":{{"bytes":9,"data":"x\\x01"}}}}"#
        )
    };
    let expected = "!file\u{1f}\u{1}\u{2}\u{1e}offset\u{1f}\u{1}\u{1c}\"\u{2}\", \u{1}";
    assert_eq!(take(&read(4096)), (expected.to_owned(), vec![4, 0, 4096, 1, 9]));
    assert_eq!(take(&read(8192)), (expected.to_owned(), vec![4, 0, 8192, 1, 9]));
    // Beyond 2^53 a number is text, since a script would round it.
    let (text, atoms) = take(&read(u64::MAX));
    assert!(text.contains("offset\u{1f}\u{2}"), "{text:?}");
    assert_eq!(atoms, [4, 0, 2, 1, 9]);
    let failed = r#"{"seq":1,"at":1,"took":1,"interface":"i","call":"c","args":{"when":{"duration":5}},"error":{"code":"no-entry","native":{"family":"errno","code":2,"name":"ENOENT"}}}"#;
    assert_eq!(take(failed), ("when\u{1f}\u{3}\u{1c}no-entry (ENOENT)".to_owned(), vec![5]));
    // Marks of the form's own can't come from elsewhere.
    let odd = r#"{"seq":1,"at":1,"took":1,"interface":"i","call":"c","args":{"a\u0001\u001e":"b\u0002\u001c"},"ok":"\u0003"}"#;
    let (text, atoms) = take(odd);
    assert_eq!(text.chars().filter(|c| c.is_control()).collect::<String>(), "\u{1f}\u{1c}");
    assert!(atoms.is_empty());
}

#[test]
fn a_call_touches_a_place() {
    let place = |function: &str, args: &str| {
        let line = format!(
            r#"{{"seq":1,"at":1,"took":1,"interface":"wasi:sockets/udp","call":"{function}","args":{args},"ok":"done"}}"#
        );
        let Touched { first, other } = with_call(&line, touched);
        (first.unwrap_or_default(), other.unwrap_or_default())
    };
    let first = |function: &str, args: &str| place(function, args).0;
    let directory = r#""dir":{"handle":3,"name":"/src/lib","mount":"/src"}"#;
    assert_eq!(
        first("open-at", &format!(r#"{{{directory},"path":{{"path":"a/../b/./c"}}}}"#)),
        "file\t/src\t/src/lib/b/c"
    );
    assert_eq!(first("open-at", &format!(r#"{{{directory},"path":{{"path":"../../../x"}}}}"#)), "file\t/src\t/x");
    assert_eq!(first("stat", &format!("{{{directory}}}")), "file\t/src\t/src/lib");
    let rename = format!(
        r#"{{{directory},"path":{{"path":"a"}},"new_dir":{{"handle":4,"name":"/tmp","mount":"/tmp"}},"new_path":{{"path":"b\tc"}}}}"#
    );
    assert_eq!(place("rename-at", &rename), ("file\t/src\t/src/lib/a".to_owned(), "file\t/tmp\t/tmp/b\\tc".to_owned()));
    let send = r#"{"stream":{"handle":3,"name":"udp"},"remote_address":{"address":"10.0.0.1:53"}}"#;
    assert_eq!(first("send", send), "peer\t\tudp 10.0.0.1:53");
    assert_eq!(first("write", r#"{"stream":{"handle":3,"name":"tcp 10.0.0.1:80"}}"#), "peer\t\ttcp 10.0.0.1:80");
    assert_eq!(first("subscribe", r#"{"socket":{"handle":3,"name":"tcp"}}"#), "socket\t\ttcp");
    assert_eq!(first("write", r#"{"stream":{"handle":1,"name":"stdout"}}"#), "process\t\tstdout");
    assert_eq!(place("poll", r#"{"count":2}"#), (String::new(), String::new()));
}
