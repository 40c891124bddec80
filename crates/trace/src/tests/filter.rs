//! What a filter keeps, and which filters are refused.

use std::collections::BTreeSet;

use callgate_gate::{Call, CallError, Handle, Observer, RunEnd};
use callgate_system::{Error, Follow, OpenHow};

use super::{Page, handle, mount, no_entry, recorded, recording};
use crate::Filter;
use crate::format::{Jsonl, Text};

fn filter(terms: &[&str]) -> Filter {
    let terms = terms.iter().map(|term| term.parse::<Filter>().unwrap());
    terms.fold(Filter::default(), Filter::and)
}

/// The numbers of the calls that `terms` keep, of a run that does some of everything.
fn kept(terms: &[&str]) -> Vec<u64> {
    let (src, page) = (mount(false), Page::default());
    let (gate, trace) = recorded(recording().filter(filter(terms)), Jsonl::default(), page.clone());
    let dir = handle(3, &src);
    let file = Handle { id: 4, name: "/src/a/b.rs", ..dir };
    let how = OpenHow { read: true, ..OpenHow::default() };
    let done = || Ok::<_, Error>(());
    gate.pass(Call::OpenAt { dir, path: "a/b.rs", how }, || Ok::<_, Error>(4_u32)).unwrap();
    gate.pass(Call::Stat { file }, done).unwrap();
    gate.pass(Call::StatAt { dir, follow: Follow::Yes, path: "no" }, || Err::<(), _>(no_entry())).unwrap_err();
    gate.pass(Call::WallNow, done).unwrap();
    gate.pass(Call::RenameAt { dir, path: "x", new_dir: dir, new_path: "a/../a/y" }, done).unwrap();
    gate.pass(Call::Exit { ok: true }, || Err::<(), CallError>(RunEnd::Exited(0).into())).unwrap_err();
    trace.finish(&"exited with code 0").unwrap();
    let text = page.text();
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines.filter_map(|line| line["seq"].as_u64()).collect()
}

#[test]
fn terms_of_one_kind_are_alternatives_and_kinds_combine() {
    for (terms, expected) in [
        (&[][..], &[1, 2, 3, 4, 5, 6][..]),
        (&["open-at"], &[1]),
        (&["descriptor.open-at"], &[1]),
        (&["wasi:filesystem/types#open-at"], &[1]),
        (&["wasi:clocks/wall-clock#wall-clock.now"], &[4]),
        (&["class:stat"], &[2, 3]),
        (&["class:stat,now"], &[2, 3, 4]),
        (&["class:delete"], &[5]),
        (&["!class:stat"], &[1, 4, 5, 6]),
        (&["class:stat", "!stat"], &[3]),
        (&["failed"], &[3]),
        (&["class:clock", "failed"], &[]),
        (&["path=/src/a/**"], &[1, 2, 5]),
        (&["path=/src/no", "path=/src/x"], &[3, 5]),
        (&["path=/src/*", "failed"], &[3]),
        (&["path=/src"], &[]),
    ] {
        assert_eq!(kept(terms), expected, "{terms:?}");
    }
}

#[test]
fn a_filtered_trace_says_so() {
    let terms = ["class:read,failed", "path=/src/a,\n\"b"];
    let pages = [Page::default(), Page::default()];
    let [text, jsonl] = pages.clone();
    let (_, text) = recorded(recording().filter(filter(&terms)), Text::default(), text);
    let (gate, jsonl) = recorded(recording().filter(filter(&terms)), Jsonl::default(), jsonl);
    gate.pass(Call::WallNow, || Ok::<_, Error>(())).unwrap();
    text.finish(&"exited with code 0").unwrap();
    jsonl.finish(&"exited with code 0").unwrap();
    let [text, jsonl] = pages.map(|page| page.text());
    assert!(text.starts_with("+++ filtered: class:read failed path=/src/a,\\n\"b +++\n"), "{text}");
    let lines: Vec<serde_json::Value> = jsonl.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["filter"], serde_json::json!(["class:read", "failed", terms[1]]));
    assert_eq!((&lines[1]["calls"], &lines[1]["recorded"]), (&1.into(), &0.into()));
}

#[test]
fn what_is_unknown_is_refused_with_the_nearest() {
    for (wrong, message) in [
        ("opnat", "no call is named `opnat`; did you mean `open-at`?"),
        ("descriptor.opnat", "no call is named `descriptor.opnat`; did you mean `descriptor.open-at`?"),
        ("wasi:clocks/wall-clock#nov", "did you mean `wasi:clocks/wall-clock#wall-clock.now`?"),
        ("clas:read", "did you mean `class:read`?"),
        ("fail", "did you mean `failed`?"),
        ("class:rread", "there is no class `rread`; did you mean `class:read`?"),
        ("!class:clocks", "there is no class `clocks`; did you mean `class:clock`?"),
        ("", "a term is missing"),
        ("open-at,", "a term is missing"),
        ("failed,path=/a", "takes a --trace-filter of its own"),
        ("!failed", "no call is named `failed`"),
        ("path=", "a pattern is missing"),
        ("path=/[a]", r"write \["),
    ] {
        let error = wrong.parse::<Filter>().unwrap_err().to_string();
        assert!(error.contains(message), "{wrong}: {error}");
    }
    assert!("x".repeat(1 << 20).parse::<Filter>().is_err());
}

/// By its function a call is known.
#[test]
fn no_two_calls_have_one_name() {
    let functions: BTreeSet<_> = Call::ALL.iter().map(|(_, function)| function).collect();
    assert_eq!(functions.len(), Call::ALL.len());
    for (interface, function) in Call::ALL {
        for name in [(*function).to_owned(), format!("{interface}#{function}")] {
            assert!(name.parse::<Filter>().is_ok(), "{name}");
        }
    }
}
