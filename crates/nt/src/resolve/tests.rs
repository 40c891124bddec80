//! The resolution over a tree of NT objects that is made up: links of every kind, aliases, and somebody who swaps things.

mod fake;

use std::rc::Rc;

use super::*;
use crate::open::How;

use self::fake::{Fake, Object, absolute_link, directory_link, file, folder, junction, link, lx_link, tagged};

const CLOUD: u32 = 0x9000_601A;
const SOCKET: u32 = 0x8000_0023;

/// `outside` is beside `root`, and no entry of it leads there but by links.
fn tree() -> Rc<Object> {
    let e = folder("e", &[("g", file("e/g"))]);
    let d = folder("d", &[("f", file("d/f")), ("e", e), ("up", link("../f"))]);
    let a = folder("a", &[("link", link("evil/")), ("evil", link("../../outside"))]);
    let served = tagged("cloud", 0x20, CLOUD);
    let root = folder(
        "root",
        &[
            ("f", file("f")),
            ("d", d),
            ("a", a),
            ("to_f", link("f")),
            ("to_d", directory_link("d")),
            ("to_d_slash", directory_link("d/")),
            ("backslash", link("d/e/g")),
            ("lx", lx_link("d/f")),
            ("lx_backslash", lx_link("d\\f")),
            ("chain", lx_link("to_d/e")),
            ("self", link("self")),
            ("dangling", link("no")),
            ("out", link("../outside/secret")),
            ("lx_out", lx_link("../outside/secret")),
            ("rooted", link("/f")),
            ("lx_rooted", lx_link("/f")),
            ("absolute", absolute_link("x")),
            ("drive", link("C:x")),
            ("stream", link("f:s")),
            ("device", link("CON")),
            ("junction", junction()),
            ("unknown", tagged("unknown", 0x20, 0x2000_1234)),
            ("cloud", served),
            ("cloud_d", tagged("cloud_d", DIRECTORY_ATTRIBUTE, CLOUD)),
            ("socket", tagged("socket", 0x20, SOCKET)),
        ],
    );
    root.put_with_alias("Program Files", "PROGRA~1", &folder("programs", &[("x", file("x"))]));
    root
}

const DIRECTORY_ATTRIBUTE: u32 = 0x10;

/// The label of the object that `path` leads to.
fn look(fake: Fake, root: &Rc<Object>, path: &str, follow: Follow) -> StdResult<&'static str, Code> {
    let resolver = Resolver(fake, Links::Followed);
    resolver.open(root, path, How::existing(0), follow).map(|found| found.handle.label).map_err(|error| error.code)
}

fn followed(path: &str) -> StdResult<&'static str, Code> {
    look(Fake::default(), &tree(), path, Follow::Yes)
}

fn itself(path: &str) -> StdResult<&'static str, Code> {
    look(Fake::default(), &tree(), path, Follow::No)
}

#[test]
fn links_of_both_kinds_are_followed_inside() {
    for (path, label) in [
        ("f", "f"),
        ("to_f", "f"),
        ("to_d", "d"),
        ("to_d/", "d"),
        ("to_d/f", "d/f"),
        ("to_d_slash/e/g", "e/g"),
        ("backslash", "e/g"),
        ("lx", "d/f"),
        ("chain/g", "e/g"),
        ("d/up", "f"),
        ("d/e/../../to_d/./f", "d/f"),
        ("d/..", "root"),
    ] {
        assert_eq!(followed(path), Ok(label), "{path}");
    }
    for path in ["to_f", "to_d", "dangling", "self", "out", "rooted", "absolute"] {
        assert_eq!(itself(path), Ok("link"), "{path}");
    }
    assert_eq!((itself("lx"), itself("junction")), (Ok("lx link"), Ok("junction")));
}

#[test]
fn what_leads_elsewhere_is_not_permitted() {
    for path in [
        "out",
        "lx_out",
        "rooted",
        "lx_rooted",
        "absolute",
        "junction",
        "unknown",
        "junction/x",
        "junction/",
        "a/link",
        "a/link/",
        "a/link/secret",
        "a/evil",
        "a/evil/..",
        "..",
        "d/../..",
        "to_d/../../f",
        "/f",
    ] {
        assert_eq!(followed(path), Err(Code::NotPermitted), "{path}");
    }
    // A slash at the end follows all the same.
    for path in ["junction/", "a/link/", "out/"] {
        assert_eq!(itself(path), Err(Code::NotPermitted), "{path}");
    }
}

#[test]
fn a_links_text_cannot_name_what_a_path_cannot() {
    for path in ["drive", "stream", "device", "lx_backslash", "dangling"] {
        assert_eq!(followed(path), Err(Code::NoEntry), "{path}");
    }
    assert_eq!(followed("self"), Err(Code::Loop));
    assert_eq!(followed("to_f/x"), Err(Code::NotDirectory));
    assert_eq!(followed("lx/"), Err(Code::NotDirectory));
}

/// Security case 5.
#[test]
fn names_that_mean_something_else_are_refused_in_every_component() {
    for name in
        ["CON", "nul.txt", "COM¹", "aux ", "f.", "f ", "f:s", "f::$DATA", "a\\link", "d\\f", "*", "CONIN$", "C:"]
    {
        for path in [
            name.to_owned(),
            format!("d/{name}"),
            format!("{name}/f"),
            format!("d/{name}/f"),
            format!("to_d/{name}/.."),
        ] {
            assert_eq!(followed(&path), Err(Code::NoEntry), "{path}");
        }
        let made = Resolver(Fake::default(), Links::Followed).open(&tree(), name, How::new(0, false), Follow::Yes);
        assert_eq!(made.map(drop).map_err(|error| error.code), Err(Code::Invalid), "{name}");
    }
}

#[test]
fn case_and_aliases_lead_to_the_same_inside() {
    for (path, label) in
        [("F", "f"), ("D/E/G", "e/g"), ("TO_D/F", "d/f"), ("PROGRA~1/x", "x"), ("program files/X", "x")]
    {
        assert_eq!(followed(path), Ok(label), "{path}");
    }
    // An alias of a link is that link.
    let root = tree();
    root.put_with_alias("a link that leads out", "ALINKT~1", &link("../outside"));
    assert_eq!(look(Fake::default(), &root, "ALINKT~1/secret", Follow::Yes), Err(Code::NotPermitted));
}

#[test]
fn what_a_filter_serves_is_opened_as_the_same_object_only() {
    assert_eq!(followed("cloud"), Ok("cloud"));
    assert_eq!(followed("cloud_d"), Ok("cloud_d"));
    assert_eq!(followed("cloud/x"), Err(Code::NotDirectory));
    let resolver = Resolver(Fake::default(), Links::Followed);
    let found = resolver.open(&tree(), "cloud", How::existing(0), Follow::No).unwrap();
    assert_eq!(found.look.class(), Class::File);
    // Reopening leads to another file, or it is a link by then.
    for other in [file("other"), link("../outside"), junction()] {
        let root = tree();
        root.get("cloud").unwrap().serve(&other);
        assert_eq!(look(Fake::default(), &root, "cloud", Follow::Yes), Err(Code::NotPermitted));
    }
}

#[test]
fn special_files_are_told_and_no_directories() {
    let resolver = Resolver(Fake::default(), Links::Followed);
    let found = resolver.open(&tree(), "socket", How::existing(0), Follow::Yes).unwrap();
    assert_eq!(found.look.class(), Class::Special(callgate_system::FileType::Socket));
    assert_eq!(followed("socket/x"), Err(Code::NotDirectory));
    assert_eq!(followed("socket/"), Err(Code::NotDirectory));
}

#[test]
fn making_a_file_goes_through_dangling_links_and_stays_inside() {
    let make = |path: &str, disposition| {
        let root = tree();
        let how = How { disposition, ..How::existing(0) };
        let made = Resolver(Fake::default(), Links::Followed).open(&root, path, how, Follow::Yes);
        (made.map(|found| (found.handle.label, found.created)).map_err(|error| error.code), root)
    };
    let (made, root) = make("dangling", Disposition::OpenIf);
    assert_eq!(made, Ok(("made", true)));
    assert_eq!(root.get("no").map(|made| made.label), Some("made"));
    for (path, disposition, expected) in [
        ("f", Disposition::OpenIf, Ok(("f", false))),
        ("f", Disposition::Create, Err(Code::Exist)),
        ("dangling", Disposition::Create, Err(Code::Exist)),
        ("junction", Disposition::Create, Err(Code::Exist)),
        ("out", Disposition::OpenIf, Err(Code::NotPermitted)),
        ("junction/new", Disposition::OpenIf, Err(Code::NotPermitted)),
        ("new/", Disposition::OpenIf, Err(Code::IsDirectory)),
        ("d/", Disposition::Create, Err(Code::IsDirectory)),
        (".", Disposition::OpenIf, Err(Code::IsDirectory)),
        (".", Disposition::Create, Err(Code::Exist)),
    ] {
        assert_eq!(make(path, disposition).0, expected, "{path}");
    }
}

#[test]
fn a_place_is_a_name_that_is_not_looked_at() {
    let root = tree();
    let resolver = Resolver(Fake::default(), Links::Followed);
    let place = |path| match resolver.place(&root, path) {
        Ok(Place::Name(at)) => Ok((at.dir.label, at.name, at.must_be_dir)),
        Ok(Place::Dot) => Ok(("", ".", true)),
        Ok(Place::DotDot) => Ok(("", "..", true)),
        Err(error) => Err(error.code),
    };
    for (path, expected) in [
        ("out", Ok(("root", "out", false))),
        ("to_d/e", Ok(("d", "e", false))),
        ("chain/new/", Ok(("e", "new", true))),
        ("junction/", Ok(("root", "junction", true))),
        ("d/.", Ok(("", ".", true))),
        ("d/e/..", Ok(("", "..", true))),
        ("a/evil/x", Err(Code::NotPermitted)),
        ("junction/x", Err(Code::NotPermitted)),
        ("f/x", Err(Code::NotDirectory)),
        ("no/x", Err(Code::NoEntry)),
        ("CON/x", Err(Code::NoEntry)),
    ] {
        assert_eq!(place(path), expected, "{path}");
    }
}

/// Security case 15: a component that is, in turn, a directory and something that leads out, before every single call.
#[test]
fn a_component_swapped_before_any_call_never_leads_out() {
    let outward =
        [|| link("../outside"), || absolute_link("x"), junction, || lx_link("/outside"), || directory_link("a/evil")];
    for out in outward {
        for path in ["d/e/g", "d/e/../e/g", "to_d/e/g", "d/e/", "d", "d/", "chain/g", "d/up"] {
            for phase in 0..2 {
                let root = tree();
                let (tree, out, d) = (Rc::clone(&root), out(), root.get("d").unwrap());
                let swap = move |call: usize| tree.put("d", if call % 2 == phase { &out } else { &d });
                let answer = look(Fake::meanwhile(swap), &root, path, Follow::Yes);
                let inside = ["e/g", "e", "d", "f"];
                let allowed = answer.map_or_else(
                    |code| matches!(code, Code::NotPermitted | Code::Loop),
                    |label| inside.contains(&label),
                );
                assert!(allowed, "{path}: {answer:?}");
            }
        }
    }
}

#[test]
fn a_cloud_file_swapped_for_a_link_before_it_is_reopened_is_not_followed() {
    for call in 1..8 {
        let root = tree();
        let (tree, out) = (Rc::clone(&root), link("../outside/secret"));
        let swap = move |now: usize| {
            if now == call {
                tree.put("cloud", &out);
            }
        };
        let answer = look(Fake::meanwhile(swap), &root, "cloud", Follow::Yes);
        assert!(matches!(answer, Ok("cloud") | Err(Code::NotPermitted)), "{call}: {answer:?}");
    }
}
