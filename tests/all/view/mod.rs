//! `callgate trace view`: the page of a stored trace, in a browser.

mod traces;

use std::fs;
use std::io::BufWriter;
use std::path::PathBuf;

use callgate_tests::needs::Tool;
use callgate_tests::{BROWSER, Browser, Output, callgate, needs};
use serde_json::json;

use crate::places::Place;
use traces::{OPEN_AT, Trace, file, large, small};

/// The calls of [`small`] beside its reads.
const OTHERS: usize = 5;

/// What `callgate trace view run.jsonl` does with a trace.
fn view(place: &Place, trace: &str) -> Output {
    fs::write(place.outside.join("run.jsonl"), trace).expect("the folder is ours");
    callgate(&["trace", "view", "run.jsonl"]).inside(&place.outside).run()
}

/// The page of a trace, in a browser.
fn opened(place: &Place, trace: &str) -> Browser {
    view(place, trace).success();
    let mut browser = Browser::start(1440, 900);
    browser.open(&page(place), "");
    browser
}

fn page(place: &Place) -> PathBuf {
    place.outside.join("run.html")
}

/// Nothing went wrong in the page, and it asked for nothing but itself.
fn is_at_peace(browser: &mut Browser) {
    let complaints = browser.complaints();
    assert!(complaints.is_empty(), "{complaints:?}");
    let requests = browser.requests();
    assert!(requests.len() == 1 && requests[0].starts_with("file://"), "{requests:?}");
}

/// The part of the run that the timeline shows, in nanoseconds.
fn range(browser: &mut Browser) -> (f64, f64) {
    let range = browser.evaluate("document.getElementById('rows').dataset.range.split(' ').map(Number)");
    (range[0].as_f64().unwrap_or_default(), range[1].as_f64().unwrap_or_default())
}

fn filter(browser: &mut Browser, words: &str) -> String {
    browser.press("/");
    browser.type_text(words);
    browser.until("document.getElementById('count').textContent.includes(' of ')");
    let count = browser.text("#count");
    browser.press("Escape");
    browser.until("!document.getElementById('count').textContent.includes(' of ')");
    count
}

#[test]
fn shows_a_run() {
    needs!(Tool(BROWSER));
    let place = Place::new();
    let mut browser = opened(&place, &small(200));
    assert_eq!(browser.text("#program"), "rg.wasm -c \"two words\"");
    assert!(browser.text("#about").contains("exited with code 0"), "{}", browser.text("#about"));
    assert_eq!(browser.text("#count"), "205 calls");
    let facts = browser.text("#facts");
    for fact in ["calls\n205", "waiting\n2.00 ms", "read\n800 KiB", "failed\n2", "refused\n1"] {
        assert!(facts.contains(fact), "{fact}: {facts}");
    }
    let first = browser.text("#list-rows .row");
    for part in ["0.000", "9.00 µs", "descriptor.", "open-at", "3</src>, read, \"missing.txt\"", "no-entry (ENOENT)"] {
        assert!(first.contains(part), "{part}: {first}");
    }
    is_at_peace(&mut browser);
}

#[test]
fn has_tables() {
    needs!(Tool(BROWSER));
    let place = Place::new();
    let mut browser = opened(&place, &small(200));
    let tables: [(&str, &[&str]); 6] = [
        ("1", &["descriptor.", "read", "200", "1.00 µs", "poll", "2.00 ms"]),
        ("2", &["/src", "lib", "main.rs", "missing.txt", "1 failed", "Peers", "tcp 10.0.0.5:443"]),
        ("4", &["2.00 ms", "poll", "9.00 µs", "open-at", "/src/missing.txt"]),
        ("5", &["no-entry", "ENOENT 2", "access-denied", "start-connect"]),
        ("6", &["missing rule", "1 time", "--net connect=10.0.0.5:443", "tcp 10.0.0.5:443"]),
        // Marks of a graph have no text of the page's layout.
        ("3", &[]),
    ];
    for (key, words) in tables {
        browser.press(key);
        let text = browser.text("#panel");
        for word in words {
            assert!(text.contains(word), "{word}: {text}");
        }
    }
    let graph = browser.evaluate("document.querySelector('#panel svg').textContent");
    let graph = graph.as_str().unwrap_or_default();
    for word in ["guest", "205 calls", "/src", "main.rs", "800 KiB", "network", "tcp 10.0.0.5:443"] {
        assert!(graph.contains(word), "{word}: {graph}");
    }
    is_at_peace(&mut browser);
}

#[test]
fn filters() {
    needs!(Tool(BROWSER));
    let place = Place::new();
    let mut browser = opened(&place, &small(200));
    for (words, count) in [
        ("failed", 2),
        ("refused", 1),
        ("missing.txt", 1),
        ("-call:descriptor.read", OTHERS),
        ("path:main.rs -call:read", 2),
        ("error:enoent", 1),
        ("handle:4", 201),
        ("slower:1ms", 1),
        ("offset=4096", 0),
        ("\"lib/main.rs\" open-at", 1),
        ("10.0.0.5", 1),
        ("(", 201),
        ("nowhere", 0),
    ] {
        assert_eq!(filter(&mut browser, words), format!("{count} of 205 calls"), "{words}");
    }
    is_at_peace(&mut browser);
}

#[test]
fn zooms_and_moves() {
    needs!(Tool(BROWSER));
    let place = Place::new();
    let mut browser = opened(&place, &small(200));
    let (start, length) = range(&mut browser);
    assert!(start == 0.0 && length > 2_000_000.0);
    let drawn = |browser: &mut Browser| {
        browser.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))");
        range(browser)
    };
    browser.press("+");
    let (from, to) = drawn(&mut browser);
    assert!((to - from - length / 2.0).abs() < 1.0, "{from} to {to}");
    browser.press("ArrowRight");
    let (moved, _) = drawn(&mut browser);
    assert!((moved - from - length * 0.075).abs() < 1.0, "{from}, then {moved}");
    browser.press("0");
    assert_eq!(drawn(&mut browser), (0.0, length));
    browser.mouse("mouseWheel", (900.0, 160.0), &json!({ "deltaX": 0, "deltaY": -300, "modifiers": 2 }));
    browser.until("document.getElementById('rows').dataset.range.split(' ')[0] > 0");
    let (from, to) = range(&mut browser);
    assert!((length / (to - from) - std::f64::consts::E).abs() < 0.01, "{from} to {to}");
    // The list and the tables count what the timeline shows.
    browser.until("document.getElementById('count').textContent.includes(' of 205 calls')");
    browser.press("0");
    browser.until("document.getElementById('count').textContent === '205 calls'");
    let button = json!({ "button": "left", "clickCount": 1 });
    for (kind, x) in [("mousePressed", 500.0), ("mouseMoved", 700.0), ("mouseMoved", 800.0), ("mouseReleased", 800.0)] {
        browser.mouse(kind, (x, 86.0), &button);
    }
    let (from, to) = drawn(&mut browser);
    assert!(from > 0.0 && to < length, "{from} to {to}");
    is_at_peace(&mut browser);
}

#[test]
fn keys_select_calls_and_turn_the_theme() {
    needs!(Tool(BROWSER));
    let place = Place::new();
    let mut browser = opened(&place, &small(200));
    browser.press("e");
    browser.press("e");
    let detail = browser.text("#detail");
    for word in ["tcp-socket.start-connect", "#204", "missing-rule; add --net connect=10.0.0.5:443"] {
        assert!(detail.contains(word), "{word}: {detail}");
    }
    browser.press("ArrowUp");
    assert!(browser.text("#detail").contains("#203"));
    browser.press("Escape");
    assert_eq!(browser.evaluate("document.getElementById('detail').hidden"), true);
    let mut colours = Vec::new();
    for _ in 0..2 {
        browser.press("t");
        colours.push(browser.evaluate("getComputedStyle(document.body).backgroundColor"));
    }
    assert_ne!(colours[0], colours[1]);
    browser.press("?");
    assert!(browser.text("dialog").contains("the next call that failed"));
    is_at_peace(&mut browser);
}

/// Names are the guest's: as markup, as scripts, as an end of the block that they are packed in.
#[test]
fn markup_in_names_is_text() {
    needs!(Tool(BROWSER));
    const NAMES: &[&str] = &[
        "</script><script>window.hit = 1</script>",
        "<img src=x onerror=\"window.hit = 1\">",
        "<!--",
        "]]>'\"`${window.hit = 1}",
        "\u{202e}gnp.exe\u{1}\u{2}\u{1c}\u{1e}\t\n\r\0\u{2028}",
        "<svg onload='window.hit=1'><style>*{display:none}</style>",
        "https://example.com/beacon.png",
    ];
    let place = Place::new();
    let mut trace = Trace::new(Vec::new(), NAMES[0], &[NAMES[0], NAMES[1]]).expect("memory takes it");
    for name in NAMES {
        let args = json!({ (*name): file(3, name), "path": { "path": name }, "how": [name] });
        let error = json!({ "code": name, "native": { "family": name, "code": 1, "name": name } });
        let refused = json!({ "reason": name, "add": name, "why": name });
        let rest = json!({ "error": error, "refused": refused, "ended": name });
        trace.call(1000, &format!("{} {name}", name.replace(' ', "")), args, rest).expect("memory takes it");
        trace
            .call(1000, OPEN_AT, json!({ "dir": file(3, "/src") }), json!({ "ok": file(4, name) }))
            .expect("memory takes it");
    }
    let trace = String::from_utf8(trace.end().expect("memory takes it")).expect("it is text");
    let mut browser = opened(&place, &trace);
    assert!(browser.text("#program").contains("<img src=x onerror="), "{}", browser.text("#program"));
    assert!(browser.text("#list").replace('\n', "").contains("</script><script>window.hit = 1</script>"));
    for key in ["1", "2", "3", "4", "5", "6", "e", "ArrowDown", "ArrowDown"] {
        browser.press(key);
    }
    let strange = "[window.hit === undefined, document.scripts.length, document.querySelectorAll('img, style, svg [onload]').length]";
    assert_eq!(browser.evaluate(strange), json!([true, 1, 1]));
    let odd = "/[\\u202e\\u2028\\0]/.test(document.body.innerText)";
    assert_eq!(browser.evaluate(odd), false);
    is_at_peace(&mut browser);
}

/// A million calls: a page of bounded size, and a document that stays small.
#[test]
fn a_million_calls() {
    needs!(Tool(BROWSER));
    const CALLS: u64 = 1_000_000;
    let place = Place::new();
    let trace = fs::File::create(place.outside.join("run.jsonl")).expect("the folder is ours");
    let calls = large(BufWriter::new(trace), CALLS).expect("there is room");
    let made = callgate(&["trace", "view", "run.jsonl"]).inside(&place.outside).run();
    made.success().prints(&format!("run.html: {calls} calls\n"));
    let size = page(&place).metadata().expect("it was written").len();
    assert!(size < 30_000_000, "{size} bytes");
    let mut browser = Browser::start(1440, 900);
    browser.open(&page(&place), "");
    let ready = browser.evaluate("document.documentElement.dataset.ready");
    let nodes = nodes(&mut browser);
    println!("a million calls: {size} bytes, ready after {ready} ms, {nodes} elements");
    assert!(browser.text("#count").starts_with("1,000,0"), "{}", browser.text("#count"));
    browser.press("End");
    assert!(browser.text("#detail").contains("#1,000,0"), "{}", browser.text("#detail"));
    for key in ["2", "3", "4", "5", "6", "1", "+", "+", "Home"] {
        browser.press(key);
        assert!(self::nodes(&mut browser) < 6000, "{key}");
    }
    assert!(nodes < 2000, "{nodes} elements");
    is_at_peace(&mut browser);
}

fn nodes(browser: &mut Browser) -> u64 {
    browser.evaluate("document.querySelectorAll('*').length").as_u64().unwrap_or(u64::MAX)
}

#[test]
fn a_cut_trace_is_shown_as_far_as_it_goes() {
    let place = Place::new();
    let trace = small(10);
    let (whole, _) = trace.trim_end().rsplit_once('\n').expect("it has lines");
    let cut = &whole[..whole.len() - 20];
    view(&place, cut).success().prints("run.html: 14 calls; the trace is cut\n");
    needs!(Tool(BROWSER));
    let mut browser = opened(&place, cut);
    assert!(browser.text("#notices").contains("This trace is cut"));
    assert!(browser.text("#about").contains("end not recorded"));
    is_at_peace(&mut browser);
    // Of a trace without any call there is nothing to draw, and that is no error.
    let empty = trace.lines().next().unwrap_or_default().to_owned() + "\n";
    let mut browser = opened(&place, &empty);
    assert_eq!(browser.text("#count"), "0 calls");
    for key in ["+", "ArrowRight", "e", "ArrowDown", "f", "2", "3", "4", "5", "6"] {
        browser.press(key);
    }
    is_at_peace(&mut browser);
}

#[test]
fn what_is_no_trace_makes_no_page() {
    let place = Place::new();
    let damaged = small(3).replacen("\"took\":1000", "\"took\":\"long\"", 1);
    for (text, words) in [
        ("", &["run.jsonl is empty", "--trace-format jsonl"][..]),
        ("12:34:56.123456 poll() = ok <0.000000>\n", &["is a trace in text, which can't be read back"]),
        ("{}\n", &["run.jsonl is no trace"]),
        (&damaged, &["run.jsonl is damaged at line 4"]),
    ] {
        view(&place, text).refused(words);
        assert!(!page(&place).exists(), "{text}");
    }
    callgate(&["trace", "view", "nowhere.jsonl"])
        .inside(&place.outside)
        .run()
        .refused(&["nowhere.jsonl can't be read"]);
}

#[test]
fn the_page_goes_where_it_is_told() {
    let place = Place::new();
    view(&place, &small(3)).success().prints("run.html: 8 calls\n");
    let view = |arguments: &[&str]| callgate(&["trace", "view"]).args(arguments).inside(&place.outside).run();
    view(&["run.jsonl", "-o", "other.html"]).success().prints("other.html: 8 calls\n");
    let [one, other] =
        ["run.html", "other.html"].map(|name| fs::read(place.outside.join(name)).expect("it was written"));
    assert!(one == other, "a trace has one page");
    view(&["run.jsonl", "-o", "no/folder.html"]).refused(&["folder.html can't be written"]);
    view(&["run.jsonl", "-o", "run.jsonl"]).refused(&["run.jsonl is the trace itself", "-o"]);
}

#[test]
fn lost_and_filtered_calls_are_told() {
    needs!(Tool(BROWSER));
    let place = Place::new();
    let trace = small(3).replacen("\"backend\"", "\"filter\":[\"read\"],\"backend\"", 1);
    let (head, rest) = trace.split_once('\n').expect("it has lines");
    let trace = format!("{head}\n{{\"lost\":12}}\n{rest}");
    let mut browser = opened(&place, &trace);
    let notices = browser.text("#notices");
    assert!(
        notices.contains("12 calls of the run are missing") && notices.contains("recorded with a filter, read"),
        "{notices}"
    );
    is_at_peace(&mut browser);
}
