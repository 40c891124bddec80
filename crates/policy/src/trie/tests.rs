//! Masks of paths, and what is below two of them.

use super::*;

fn masks(deny: u64, allow: u64) -> Masks {
    Masks { deny, allow, watch: 0 }
}

fn tree(patterns: &[(&str, Masks)], case: Case) -> Trie {
    let globs: Vec<_> = patterns.iter().map(|(text, masks)| (Glob::parse(text).unwrap(), *masks)).collect();
    Trie::new(globs.iter().map(|(glob, masks)| (glob, *masks)), case)
}

#[test]
fn rules_of_all_patterns_that_match_come_together() {
    let tree = tree(
        &[
            ("/src/**", masks(0, 1)),
            ("**/*.key", masks(2, 0)),
            ("/src/*/lib.rs", masks(4, 0)),
            ("/", masks(0, 8)),
            ("/src/a/**/b/**", masks(16, 0)),
        ],
        Case::Sensitive,
    );
    for (path, expected) in [
        ("/", masks(0, 8)),
        ("/src", masks(0, 1)),
        ("/src/a.key", masks(2, 1)),
        ("/src/a/lib.rs", masks(4, 1)),
        ("/src/a/b/lib.rs", masks(16, 1)),
        ("/src/a/x/y/b", masks(16, 1)),
        ("/other/x.key", masks(2, 0)),
        ("/other", masks(0, 0)),
    ] {
        assert_eq!(tree.find([path, ""]).unwrap().masks(), expected, "{path}");
    }
}

#[test]
fn a_path_that_may_lead_anywhere_has_no_place() {
    let tree = tree(&[("/a/b/**", masks(1, 0)), ("/a/**", masks(0, 6)), ("/a/c", masks(0, 8))], Case::Sensitive);
    assert_eq!(tree.find(["/a", "x/../b"]).unwrap_err(), Lost::Unclear);
    let below = tree.anywhere_below(&tree.find(["/a", ""]).unwrap());
    assert_eq!(below, masks(1, 6));
    assert_eq!(tree.anywhere_below(&tree.find(["/", ""]).unwrap()), masks(1, 0));
}

#[test]
fn components_are_found_from_both_ends() {
    for path in
        ["", "a", "abcdefgh", "a/b", "/a", "a/", "abcdefg/b", "abcdefgh/i", "0/abcdefghijklmnop/q", "//", "0./.0/0"]
    {
        assert_eq!(slash(path.as_bytes()), path.find('/').unwrap_or(path.len()), "{path}");
        assert_eq!(before_last(path.as_bytes()), path.rfind('/').map_or(0, |at| at + 1), "{path}");
        let (len, key) = Key::first(path.as_bytes());
        assert_eq!((len, key), (slash(path.as_bytes()), Key::of(&path.as_bytes()[..len])), "{path}");
    }
    for (path, found) in [
        ("a/../b", true),
        ("..", true),
        ("a/..", true),
        ("...", false),
        ("a..b/..c/d..", false),
        ("1234567/../9", true),
        ("123456/../9", true),
        ("12345/../9", true),
        ("1234567./.9", false),
    ] {
        assert_eq!(has_parent(path.as_bytes()), found, "{path}");
    }
    for (path, short) in
        [("a/.", "a"), ("a/./", "a"), (".", ""), ("a.", "a."), ("/", ""), ("a/..", "a/.."), ("./.", "")]
    {
        assert_eq!(trimmed(path), short, "{path}");
    }
}

#[test]
fn both_ways_through_the_tree_agree() {
    let patterns = [
        ("/src/**", masks(0, 1)),
        ("/src/a", masks(2, 0)),
        ("/src/a/b/**", masks(0, 4)),
        ("**/*.key", masks(8, 0)),
        ("**/last", masks(16, 0)),
        ("/", masks(0, 64)),
        ("/src/forms/*.x", masks(32, 0)),
    ];
    for number in 1..=patterns.len() {
        let tree = tree(&patterns[..number], Case::Sensitive);
        for path in [
            "",
            ".",
            "/",
            "a",
            "a/",
            "a/.",
            "a/b",
            "a/b/c/d/",
            "x.key",
            "q/x.key/.",
            "q/r/s/t/x.key",
            "q/last",
            "last/q",
            "forms/a.x",
            "forms/a.y",
            "q/../a",
            "..",
            "q/r/../s",
            "a/b/c/..",
            "./a",
            "//a//b",
        ] {
            for start in ["/src", "/", "src/./a"] {
                let by_all = tree.find([start, path]).map_or(0, |place| place.masks().permitted());
                for bit in (0..7).map(|bit| 1 << bit) {
                    let allows = tree.plainly_allows([start, path], bit, Masks::default());
                    assert!(!allows || by_all & bit != 0, "{start} {path}");
                    assert!(allows || by_all & bit == 0 || number == patterns.len(), "{start} {path}");
                }
            }
        }
    }
}

#[test]
fn names_of_any_length_are_told_apart() {
    let names: Vec<String> = (0..2000).map(|n| format!("/{}{n}", "n".repeat(n % 40))).collect();
    let patterns: Vec<(&str, Masks)> = names.iter().map(|name| (&**name, masks(0, 1))).collect();
    let tree = tree(&patterns, Case::Sensitive);
    names.iter().for_each(|name| assert_eq!(tree.find([name, ""]).unwrap().masks(), masks(0, 1), "{name}"));
    for n in 0..2000 {
        let other = format!("/m{}{n}", "n".repeat(n % 40));
        assert_eq!(tree.find([&other, ""]).unwrap().masks(), masks(0, 0), "{other}");
    }
}

#[test]
fn case_is_folded_where_it_means_nothing() {
    let tree = tree(&[("/Src/\u{c4}*.RS", masks(0, 1))], Case::Insensitive);
    assert_eq!(tree.find(["/sRC", "\u{e4}b.rs"]).unwrap().masks(), masks(0, 1));
    assert_eq!(tree.find(["/src", &"x".repeat(FOLDED + 1)]).unwrap_err(), Lost::Unclear);
}

#[test]
fn more_places_than_fit_are_said_to_be_too_many() {
    let patterns: Vec<String> = (0..=WIDTH).map(|n| format!("/a*{}/b", "a".repeat(n))).collect();
    let patterns: Vec<(&str, Masks)> = patterns.iter().map(|text| (&**text, masks(1, 0))).collect();
    let tree = tree(&patterns, Case::Sensitive);
    assert_eq!(tree.find([&"a".repeat(WIDTH + 1), "b"]).unwrap_err(), Lost::Wide);
    assert_eq!(tree.find([&"a".repeat(WIDTH), "b"]).unwrap().masks(), masks(1, 0));
}

#[test]
fn what_is_below_two_places_is_compared() {
    let tree = tree(
        &[("/w/**", masks(0, 1)), ("/w/a/secret", masks(1, 0)), ("**/*.key", masks(1, 0)), ("/x/**", masks(0, 2))],
        Case::Sensitive,
    );
    let alike = |one: &str, other: &str| tree.find([one, ""]).unwrap().is_alike_below(&tree.find([other, ""]).unwrap());
    assert!(alike("/w/b", "/w/c/d"));
    assert!(!alike("/w/a", "/w/b"));
    assert!(alike("/w/a/b", "/w/b"));
    assert!(!alike("/w/b", "/x/b"));
}
