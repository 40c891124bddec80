//! Exact lines for what is wrong with a file.

use super::*;

fn mistake(text: &str) -> String {
    parse("p.toml", text).expect_err(text).to_string()
}

#[test]
fn each_mistake_has_its_line() {
    for (text, line) in [
        ("", "p.toml:1: no version; begin the file with `version = 1`"),
        ("version = 2", "p.toml:1: a version that this callgate does not know; it knows `version = 1`"),
        ("version = 1\n\nallows = 3", "p.toml:3: unknown key `allows`; the nearest is `allow`"),
        ("version = 1\n[[alow]]\n", "p.toml:2: unknown key `alow`; the nearest is `allow`"),
        ("version = 1\n[[allow]]\ncal = \"*\"", "p.toml:3: unknown key `cal`; the nearest is `call`"),
        (
            "version = 1\n[[allow]]\ncall = \"class:reed\"",
            "p.toml:3: call: unknown class `class:reed`; the nearest is `class:read`",
        ),
        (
            "version = 1\n[[allow]]\ncall = [\n  \"class:read\",\n  \"descriptor.opn-at\",\n]",
            "p.toml:5: call: unknown call `descriptor.opn-at`; the nearest is `descriptor.open-at`",
        ),
        (
            "version = 1\n[[deny]]\npath = \"/a\"\nerror = \"noentry\"",
            "p.toml:4: error: unknown error `noentry`; the nearest is `no-entry`",
        ),
        (
            "version = 1\n[[allow]]\npath = \"@src\"\n[sets]\nsrcs = [\"/a\"]",
            "p.toml:3: path: unknown set `@src`; the nearest is `@srcs`",
        ),
        (
            "version = 1\n[[allow]]\npath = []",
            "p.toml:3: path: an empty list, which nothing can meet; leave the key out for everything",
        ),
        ("version = 1\n[[allow]]\npath = 3", "p.toml:3: `path` takes a text or a list of texts"),
        ("version = 1\n[[allow]]", "p.toml:2: neither call, path nor to; write `call = \"*\"` for every call"),
        ("version = 1\nallow = 3", "p.toml:2: `allow` is no list of tables; write [[allow]]"),
        (
            "version = 1\n[[allow]]\npath = \"/a/../b\"",
            "p.toml:3: path: `..` in a path; write the path that it leads to",
        ),
        (
            "version = 1\n[[allow]]\ncall = \"class:clock\"\npath = \"/a\"",
            "p.toml:3: `class:clock` has no path; give the rule another call, or no path",
        ),
        (
            "version = 1\n[[allow]]\ncall = \"subscribe\"",
            "p.toml:3: call: `subscribe` is the name of several calls; write one of incoming-datagram-stream.subscribe, input-stream.subscribe, outgoing-datagram-stream.subscribe, output-stream.subscribe, resolve-address-stream.subscribe, tcp-socket.subscribe, udp-socket.subscribe",
        ),
        ("version = 1\n[[deny]]\nto = \"10.0.0.0/33\"", "p.toml:3: to: `/33` is no prefix of 10.0.0.0; write 0 to 32"),
        (
            "version = 1\n[[allow]]\ncall = \"*\"\nprogram = \"sha256:12\"",
            "p.toml:4: program: no digest; write sha256: and the 64 digits that `sha256sum PROGRAM` prints",
        ),
        (
            "version = 1\n[[allow]]\npath = \"/a\"\nto = \"10.0.0.1\"",
            "p.toml:2: both path and to; no call has both, so make two rules of it",
        ),
        (
            "version = 1\n[[expect]]\ncall = \"class:read\"\npath = \"/a\"\nverdict = \"denied\"",
            "p.toml:5: verdict: unknown verdict `denied`; the nearest is `deny`",
        ),
        (
            "version = 1\n[[expect]]\ncall = \"class:read\"\npath = \"/a\"",
            "p.toml:2: an expectation without a verdict, which is \"allow\" or \"deny\"",
        ),
        (
            "version = 1\n[[allow]]\ncall = \"*\"\nrate = \"fast\"",
            "p.toml:4: rate: no rate; write \"100 calls/s\" or \"1 MiB/s\"",
        ),
        ("version = 1\n[sets]\na = [\"@b\"]\nb = [\"/b\"]", "p.toml:3: a set within a set; write out what it has"),
    ] {
        assert_eq!(mistake(text), line, "{text}");
    }
}

#[test]
fn what_is_no_toml_is_said_in_a_line() {
    for text in ["version", "version = 1\n[[allow]\n", "version = 1\nversion = 1", "\u{1b}[31m", &"[".repeat(100_000)] {
        let line = mistake(text);
        assert!(line.starts_with("p.toml:") && !line.contains('\n') && !line.contains('\u{1b}'), "{line}");
        assert!(line.len() < 400, "{line}");
    }
    let deep = format!("version = 1\nallow = {}1{}", "[".repeat(50_000), "]".repeat(50_000));
    assert!(mistake(&deep).len() < 400);
}

#[test]
fn a_long_name_is_cut_in_a_message() {
    let long = "x".repeat(1 << 20);
    for text in [
        format!("version = 1\n{long} = 1"),
        format!("version = 1\n[[allow]]\ncall = \"{long}\""),
        format!("version = 1\n[[allow]]\npath = \"{long}\""),
        format!("version = 1\n[[allow]]\npath = \"@{long}\""),
        format!("version = 1\n[[allow]]\nto = \"{long}\""),
    ] {
        let line = mistake(&text);
        assert!(line.len() < 400, "{}", line.len());
    }
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_text() {
    assert!(parse("p.toml", "\u{feff}version = 1\r\n[[allow]]\r\ncall = \"class:read\"\r\n").is_ok());
    let error = Source::new(Path::new("p.toml"), b"version = 1\n\xff".to_vec()).unwrap_err();
    assert_eq!(error.to_string(), "p.toml:2: not UTF-8; save the file in that encoding");
}

#[test]
fn the_number_of_rules_is_bounded() {
    let rules = "[[allow]]\ncall = \"*\"\n".repeat(RULES + 1);
    assert_eq!(mistake(&format!("version = 1\n{rules}")), format!("p.toml:{}: more than {RULES} rules", 2 * RULES + 2));
    let set: Vec<String> = (0..1000).map(|n| format!("\"/{n}\"")).collect();
    let text = format!("version = 1\n[sets]\na = [{}]\n{}", set.join(","), "[[allow]]\npath = \"@a\"\n".repeat(100));
    assert!(mistake(&text).ends_with(&format!("more than {VALUES} values in all rules")));
}

#[test]
fn calls_go_by_every_name_that_they_have() {
    let names = [
        "open-at",
        "descriptor.open-at",
        "wasi:filesystem/types/descriptor.open-at",
        "wasi:filesystem/types#descriptor.open-at",
    ];
    let aspects: Vec<_> = names.iter().map(|name| parse_call(name).expect(name)).collect();
    assert!(aspects.iter().all(|one| *one == aspects[0]));
    assert_eq!(aspects[0].iter().count(), 4);
}
