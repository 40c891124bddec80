//! The walker over a tree of its own, in which a component can be exchanged before any step.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::*;

/// A directory, by reference: who holds it, holds it wherever it goes.
struct Folder {
    label: &'static str,
    entries: RefCell<BTreeMap<Vec<u8>, Node>>,
    locked: Cell<bool>,
}

#[derive(Clone)]
enum Node {
    Folder(Rc<Folder>),
    Link(Vec<u8>),
    File(&'static str),
}

fn folder(label: &'static str, entries: &[(&str, Node)]) -> Node {
    let entries = entries.iter().map(|(name, node)| (name.as_bytes().to_vec(), node.clone())).collect();
    Node::Folder(Rc::new(Folder { label, entries: RefCell::new(entries), locked: Cell::new(false) }))
}

fn link(text: &str) -> Node {
    Node::Link(text.as_bytes().to_vec())
}

fn held(node: &Node) -> Rc<Folder> {
    match node {
        Node::Folder(folder) => Rc::clone(folder),
        _ => panic!("not a folder"),
    }
}

impl Folder {
    fn put(&self, name: &str, node: Node) {
        self.entries.borrow_mut().insert(name.as_bytes().to_vec(), node);
    }

    fn get(&self, name: &[u8]) -> Result<Node> {
        if self.locked.get() {
            return Err(Code::Access.into());
        }
        self.entries.borrow().get(name).cloned().ok_or(Code::NoEntry.into())
    }
}

type Change = Box<dyn FnMut(usize)>;

/// The steps, and what somebody else does before each.
struct Tree {
    root: Rc<Folder>,
    taken: Cell<usize>,
    meanwhile: RefCell<Change>,
}

impl Tree {
    fn new(root: &Node) -> Self {
        Self { root: held(root), taken: Cell::new(0), meanwhile: RefCell::new(Box::new(|_| ())) }
    }

    fn meanwhile(self, change: impl FnMut(usize) + 'static) -> Self {
        *self.meanwhile.borrow_mut() = Box::new(change);
        self
    }

    fn step(&self, name: &[u8]) {
        assert!(!name.is_empty() && name != b"." && name != b".." && !name.contains(&b'/') && name.len() <= NAME_MAX);
        self.taken.set(self.taken.get() + 1);
        (self.meanwhile.borrow_mut())(self.taken.get());
    }

    /// Looks at what `path` leads to, as an open or a stat would.
    fn look(&self, path: &str, follow: bool) -> Result<&'static str, Code> {
        self.looked(path, follow).map_err(|error| error.code)
    }

    fn looked(&self, path: &str, follow: bool) -> Result<&'static str> {
        let mut walk = Walk::new(self, &self.root, path)?;
        loop {
            let last = walk.to_last()?;
            let Some(name) = last.name else { return Ok(last.dir.label) };
            self.step(name);
            match last.dir.get(name)? {
                Node::Folder(folder) => return Ok(folder.label),
                Node::File(_) if last.must_be_dir => return Err(Code::NotDirectory.into()),
                Node::File(label) => return Ok(label),
                Node::Link(_) if follow || last.must_be_dir => drop(walk.follow()?),
                Node::Link(_) => return Ok("link"),
            }
        }
    }

    /// Where a call on the name itself would act.
    fn name(&self, path: &str) -> Result<(&'static str, Option<String>, bool), Code> {
        let mut walk = Walk::new(self, &self.root, path).map_err(|error| error.code)?;
        let last = walk.to_last().map_err(|error| error.code)?;
        let (name, must_be_dir) = (last.name.map(|name| String::from_utf8(name.to_vec()).unwrap()), last.must_be_dir);
        Ok((walk.into_dir().label, name, must_be_dir))
    }
}

impl Steps for Tree {
    type Dir = Rc<Folder>;

    fn open_dir(&self, at: &Rc<Folder>, name: &[u8]) -> Result<Step<Rc<Folder>>> {
        self.step(name);
        Ok(match at.get(name)? {
            Node::Folder(folder) => Step::Dir(folder),
            Node::Link(text) => Step::Link(text),
            Node::File(_) => Step::Other,
        })
    }

    fn read_link(&self, at: &Rc<Folder>, name: &[u8]) -> Result<Option<Vec<u8>>> {
        self.step(name);
        Ok(match at.get(name)? {
            Node::Link(text) => Some(text),
            _ => None,
        })
    }

    fn search(&self, at: &Rc<Folder>) -> Result<()> {
        if at.locked.get() { Err(Code::Access.into()) } else { Ok(()) }
    }
}

/// `root` is all that a guest may see. There is no way to `outside` but by a parent, which nobody is ever asked for.
fn tree() -> Tree {
    let inner = folder("e", &[("g", Node::File("e/g"))]);
    let d = folder("d", &[("e", inner), ("f", Node::File("d/f")), ("up", link("..")), ("up_f", link("../f"))]);
    let a = folder("a", &[("link", link("evil/")), ("evil", link("../../outside")), ("evil_in", link("../../root/f"))]);
    let entries = [
        ("f", Node::File("f")),
        ("d", d),
        ("a", a),
        ("to_f", link("f")),
        ("to_f_slash", link("f/")),
        ("to_d", link("d")),
        ("to_d_slash", link("d//")),
        ("to_d_dot", link("d/.")),
        ("to_dot", link(".")),
        ("to_nothing", link("nothing")),
        ("chain", link("to_d/../to_d/e")),
        ("absolute", link("/d")),
        ("empty", link("")),
        ("self", link("self")),
    ];
    Tree::new(&folder("root", &entries))
}

#[test]
fn the_text_alone_is_judged_first_in_a_fixed_order() {
    let long = |length: usize| "n".repeat(length);
    let judged = |path: &str| validate(path).map_err(|error| error.code);
    for (path, expected) in [
        (String::new(), Err(Code::NoEntry)),
        ("a\0".into(), Err(Code::Invalid)),
        ("/\0".into(), Err(Code::Invalid)),
        ("/".into(), Err(Code::NotPermitted)),
        ("//d".into(), Err(Code::NotPermitted)),
        (format!("/{}", long(256)), Err(Code::NotPermitted)),
        (long(255), Ok(())),
        (long(256), Err(Code::NameTooLong)),
        (format!("d/{}/f", long(256)), Err(Code::NameTooLong)),
        (format!("d/{}/", long(255)), Ok(())),
        ("d/".repeat(2047), Ok(())),
        ("d/".repeat(2047) + "d", Ok(())),
        ("d/".repeat(2048), Err(Code::NameTooLong)),
        ("é".repeat(127) + "n", Ok(())),
        ("é".repeat(128), Err(Code::NameTooLong)),
        ("..".into(), Ok(())),
    ] {
        assert_eq!(judged(&path), expected, "{path:?}");
        assert_eq!(split(&path).map(drop).map_err(|error| error.code), expected, "{path:?}");
        if let Err(code) = expected {
            assert_eq!(tree().look(&path, true), Err(code), "{path:?}");
        }
    }
}

#[test]
fn the_text_of_a_link_is_judged_when_it_is_made() {
    let judged = |text: &str| validate_target(text).map_err(|error| error.code);
    for (text, expected) in [
        ("", Err(Code::NoEntry)),
        ("a\0", Err(Code::Invalid)),
        ("/", Err(Code::NotPermitted)),
        ("../../anywhere/", Ok(())),
        (&"n".repeat(300), Ok(())),
        (&"n".repeat(4095), Ok(())),
        (&"n".repeat(4096), Err(Code::NameTooLong)),
        (&format!("/{}", "n".repeat(4096)), Err(Code::NotPermitted)),
        (&format!("{}\0", "n".repeat(4096)), Err(Code::Invalid)),
    ] {
        assert_eq!(judged(text), expected, "{text:?}");
    }
}

#[test]
fn the_last_component_is_taken_off_by_the_text() {
    let plain = LastName::Plain;
    for (path, parent, last, must_be_dir, single) in [
        ("f", "", plain("f"), false, true),
        ("f/", "", plain("f"), true, false),
        ("./f", ".", plain("f"), false, false),
        ("d/f", "d", plain("f"), false, false),
        ("d//f//", "d", plain("f"), true, false),
        ("d/e/f", "d/e", plain("f"), false, false),
        (".", "", LastName::Dot, false, false),
        ("./", "", LastName::Dot, true, false),
        ("d/.", "d", LastName::Dot, false, false),
        ("..", "", LastName::DotDot, false, false),
        ("d//..//", "d", LastName::DotDot, true, false),
        ("...", "", plain("..."), false, true),
        (".f", "", plain(".f"), false, true),
    ] {
        let split = split(path).unwrap();
        assert_eq!(split, Split { parent, last, must_be_dir }, "{path}");
        assert_eq!(split.single().is_some(), single, "{path}");
    }
}

#[test]
fn paths_lead_where_they_say() {
    for (path, expected) in [
        ("f", Ok("f")),
        ("./f", Ok("f")),
        (".", Ok("root")),
        ("./", Ok("root")),
        ("d", Ok("d")),
        ("d/", Ok("d")),
        ("d//e///g", Ok("e/g")),
        ("d/e/..", Ok("d")),
        ("d/e/../../d/./e/.", Ok("e")),
        ("d/..", Ok("root")),
        ("d/../", Ok("root")),
        ("f/", Err(Code::NotDirectory)),
        ("f/.", Err(Code::NotDirectory)),
        ("f/..", Err(Code::NotDirectory)),
        ("f/x", Err(Code::NotDirectory)),
        ("nothing", Err(Code::NoEntry)),
        ("nothing/..", Err(Code::NoEntry)),
        ("nothing/../..", Err(Code::NoEntry)),
        ("..", Err(Code::NotPermitted)),
        ("../", Err(Code::NotPermitted)),
        ("../root/f", Err(Code::NotPermitted)),
        ("d/../..", Err(Code::NotPermitted)),
        ("d/../../root/f", Err(Code::NotPermitted)),
        ("d/e/../../../root", Err(Code::NotPermitted)),
    ] {
        for follow in [true, false] {
            assert_eq!(tree().look(path, follow), expected, "{path} {follow}");
        }
    }
}

#[test]
fn links_lead_where_they_say_and_never_out() {
    // The path, what it is with its last link followed, and what without.
    for (path, followed, itself) in [
        ("to_f", Ok("f"), Ok("link")),
        ("to_f/", Err(Code::NotDirectory), Err(Code::NotDirectory)),
        ("to_f_slash", Err(Code::NotDirectory), Ok("link")),
        ("to_f/x", Err(Code::NotDirectory), Err(Code::NotDirectory)),
        ("to_d", Ok("d"), Ok("link")),
        ("to_d/", Ok("d"), Ok("d")),
        ("to_d_slash", Ok("d"), Ok("link")),
        ("to_d_slash/f", Ok("d/f"), Ok("d/f")),
        ("to_d_dot", Ok("d"), Ok("link")),
        ("to_d_dot/", Ok("d"), Ok("d")),
        ("to_d_dot/f", Ok("d/f"), Ok("d/f")),
        ("to_dot/to_dot/f", Ok("f"), Ok("f")),
        ("to_d/e/../f", Ok("d/f"), Ok("d/f")),
        ("to_d/..", Ok("root"), Ok("root")),
        ("chain/g", Ok("e/g"), Ok("e/g")),
        ("chain/..", Ok("d"), Ok("d")),
        ("chain", Ok("e"), Ok("link")),
        ("d/up", Ok("root"), Ok("link")),
        ("d/up/", Ok("root"), Ok("root")),
        ("d/up/f", Ok("f"), Ok("f")),
        ("d/up/..", Err(Code::NotPermitted), Err(Code::NotPermitted)),
        ("d/up_f", Ok("f"), Ok("link")),
        ("to_nothing", Err(Code::NoEntry), Ok("link")),
        ("to_nothing/", Err(Code::NoEntry), Err(Code::NoEntry)),
        ("absolute", Err(Code::NotPermitted), Ok("link")),
        ("absolute/", Err(Code::NotPermitted), Err(Code::NotPermitted)),
        ("absolute/f", Err(Code::NotPermitted), Err(Code::NotPermitted)),
        ("a/evil_in", Err(Code::NotPermitted), Ok("link")),
        ("empty", Err(Code::NoEntry), Ok("link")),
        ("self", Err(Code::Loop), Ok("link")),
        ("self/x", Err(Code::Loop), Err(Code::Loop)),
    ] {
        assert_eq!(tree().look(path, true), followed, "{path} followed");
        assert_eq!(tree().look(path, false), itself, "{path} itself");
    }
}

/// Security case 1: the `/` in a link's text, or one put back after a name, must not lead out.
#[test]
fn a_slash_in_the_text_of_a_link_leads_nowhere() {
    for path in ["a/link", "a/link/", "a/link/x", "a/link/.", "a/link/..", "a/evil", "a/evil/", "a/evil/x"] {
        assert_eq!(tree().look(path, true), Err(Code::NotPermitted), "{path}");
    }
    for path in ["a/link/", "a/evil/", "a/link/x"] {
        assert_eq!(tree().look(path, false), Err(Code::NotPermitted), "{path}");
    }
    // Calls on the name get the name, and the slash as something to check, not to pass on.
    assert_eq!(tree().name("a/link/"), Ok(("a", Some("link".into()), true)));
    assert_eq!(tree().name("a/evil"), Ok(("a", Some("evil".into()), false)));
    assert_eq!(tree().name("a/evil/x"), Err(Code::NotPermitted));
}

#[test]
fn calls_on_a_name_get_its_directory_and_the_name() {
    for (path, expected) in [
        ("f", ("root", Some("f"), false)),
        ("to_d/f", ("d", Some("f"), false)),
        ("to_d_slash/e//", ("d", Some("e"), true)),
        ("chain/new", ("e", Some("new"), false)),
        ("d/e/../new", ("d", Some("new"), false)),
        ("d/.", ("d", None, true)),
        ("d/e/..", ("d", None, true)),
        ("to_d", ("root", Some("to_d"), false)),
    ] {
        let (dir, name, must_be_dir) = expected;
        assert_eq!(tree().name(path), Ok((dir, name.map(String::from), must_be_dir)), "{path}");
    }
}

#[test]
fn forty_links_are_followed_and_no_more() {
    let names: Vec<String> = (0..=41).map(|number| format!("l{number}")).collect();
    let root = folder("root", &[("l41", Node::File("end")), ("d", folder("d", &[]))]);
    for pair in names.windows(2) {
        held(&root).put(&pair[0], link(&pair[1]));
    }
    let tree = Tree::new(&root);
    assert_eq!(tree.look("l1", true), Ok("end"));
    assert_eq!(tree.look("l0", true), Err(Code::Loop));
    // The end is looked at, and is no link: that is not counted.
    assert_eq!(tree.look("l1/", true), Err(Code::NotDirectory));
    held(&root).put("up", link("d/.."));
    assert_eq!(tree.look(&"up/".repeat(40), true), Ok("root"));
    assert_eq!(tree.look(&"up/".repeat(41), true), Err(Code::Loop));
}

#[test]
fn names_in_a_links_text_may_be_too_long_or_not_utf_8() {
    let root = folder("root", &[("d", folder("d", &[]))]);
    held(&root).put("long", link(&format!("d/{}", "n".repeat(256))));
    held(&root).put("long_way", link(&format!("nothing/{}", "n".repeat(256))));
    held(&root).put("latin", Node::Link(b"caf\xe9/f".to_vec()));
    let latin = folder("latin", &[("f", Node::File("latin/f"))]);
    held(&root).entries.borrow_mut().insert(b"caf\xe9".to_vec(), latin);
    let tree = Tree::new(&root);
    assert_eq!(tree.look("long", true), Err(Code::NameTooLong));
    assert_eq!(tree.look("long_way", true), Err(Code::NoEntry));
    assert_eq!(tree.look("latin", true), Ok("latin/f"));
}

#[test]
fn dots_need_the_right_to_search_too() {
    let tree = tree();
    held(&tree.root.get(b"d").unwrap()).locked.set(true);
    for path in ["d/.", "d/..", "d/../f", "d/f", "to_d/.."] {
        assert_eq!(tree.look(path, true), Err(Code::Access), "{path}");
    }
    assert_eq!(tree.look("d", true), Ok("d"));
    assert_eq!(tree.look("d/", true), Ok("d"));
}

#[test]
fn a_directory_moved_away_is_left_by_the_way_it_was_entered() {
    // After `d` was opened, it is moved out of the sandbox: `..` must not be its new parent.
    let outside = folder("outside", &[("f", Node::File("outside/f"))]);
    let tree = tree();
    let (root, elsewhere) = (Rc::clone(&tree.root), held(&outside));
    let tree = tree.meanwhile(move |step| {
        if step == 2 {
            let moved = root.entries.borrow_mut().remove(b"d".as_slice()).unwrap();
            elsewhere.put("d", moved);
        }
    });
    assert_eq!(tree.look("d/e/../../f", true), Ok("f"));
    assert_eq!(tree.look("d/e", true), Err(Code::NoEntry));
}

/// A component that is, in turn, a directory and a link to the outside, before every single step of every walk.
#[test]
fn a_component_swapped_before_any_step_never_leads_out() {
    let outward = ["../outside", "/outside", "a/evil"];
    for target in outward {
        for path in ["d/e/g", "d/e/../e/g", "to_d/e/g", "d/e/", "d", "d/", "chain/g", "d/up/d/e/g"] {
            for phase in 0..2 {
                let tree = tree();
                let (root, out, d) = (Rc::clone(&tree.root), link(target), tree.root.get(b"d").unwrap());
                let swap = move |step: usize| root.put("d", if step % 2 == phase { out.clone() } else { d.clone() });
                let answer = tree.meanwhile(swap).look(path, true);
                let inside = ["e/g", "e", "d"];
                let allowed = answer.map_or_else(
                    |code| matches!(code, Code::NotPermitted | Code::Loop),
                    |label| inside.contains(&label),
                );
                assert!(allowed, "{path} by {target}: {answer:?}");
            }
        }
    }
}

#[test]
fn a_name_that_is_a_link_only_when_nobody_reads_it_ends_in_loop() {
    // `to_f` is a link when it is looked at, and a file when its text is to be read: for ever, if nobody counted.
    let tree = tree();
    let root = Rc::clone(&tree.root);
    let tree =
        tree.meanwhile(move |step| root.put("to_f", if step % 2 == 1 { link("f") } else { Node::File("swapped") }));
    assert_eq!(tree.look("to_f", true), Err(Code::Loop));
    assert_eq!(tree.taken.get(), 2 * (LINKS_MAX as usize + 1));
}

#[test]
fn a_link_swapped_once_is_what_it_became() {
    let tree = tree();
    let root = Rc::clone(&tree.root);
    let tree = tree.meanwhile(move |step| {
        if step == 2 {
            root.put("to_f", Node::File("swapped"));
        }
    });
    assert_eq!(tree.look("to_f", true), Ok("swapped"));
}

#[test]
fn a_walk_that_refuses_links_reaches_what_the_text_names_or_nothing() {
    let secret = folder("secret", &[("f", Node::File("f of secret"))]);
    let tree = Tree::new(&folder(
        "root",
        &[
            ("d", folder("d", &[("f", Node::File("f of d")), ("out", link("../secret"))])),
            ("secret", secret),
            ("l", link("secret")),
            ("lf", link("secret/f")),
        ],
    ));
    let reach = |path: &str| -> Result<String, Code> {
        let mut walk = Walk::new(&tree, &tree.root, path).map_err(|error| error.code)?.making(Links::Refused);
        let name = walk.to_last().map_err(|error| error.code)?.name.map(<[u8]>::to_vec);
        if name.is_some() {
            walk.follow().map_err(|error| error.code)?;
        }
        let name = name.map(|name| String::from_utf8(name).unwrap()).unwrap_or_default();
        Ok(format!("{}/{name}", walk.into_dir().label))
    };
    for (path, reached) in
        [("d/f", "d/f"), ("./d//f", "d/f"), ("d/.", "d/"), ("f", "NoEntry"), ("secret/f", "secret/f")]
    {
        let found = reach(path).unwrap_or_else(|code| format!("{code:?}"));
        assert_eq!(found, reached, "{path}");
    }
    for path in ["l", "l/f", "lf", "d/out", "d/out/f", "..", "d/..", "d/../secret/f", "l/..", "../x"] {
        assert_eq!(reach(path), Err(Code::Loop), "{path}");
    }
}

#[test]
fn the_place_of_a_text_is_without_dots_and_needless_slashes() {
    for (above, path, place) in [
        ("", "a", "a"),
        ("", ".", ""),
        ("", "./", ""),
        ("", "a/", "a"),
        ("", "a//b", "a/b"),
        ("", "./a/./b/.", "a/b"),
        ("", ".a/b..", ".a/b.."),
        ("x/y", "a", "x/y/a"),
        ("x/y", ".", "x/y"),
        ("x", "...", "x/..."),
    ] {
        assert_eq!(place_of(above, path).as_deref(), Ok(place), "{above} {path}");
    }
    let code = |above: &str, path: &str| place_of(above, path).map_err(|error| error.code).unwrap_err();
    for path in ["..", "a/..", "a/../b", "../a", "./.."] {
        assert_eq!(code("", path), Code::Loop, "{path}");
        assert!(climbs(path));
    }
    assert_eq!((code("", ""), code("", "/a"), code("", "a\0")), (Code::NoEntry, Code::NotPermitted, Code::Invalid));
    assert_eq!(code(&"n/".repeat(2047), "abc"), Code::NameTooLong);
    assert!(!climbs("a/b..c/...") && !climbs("a"));
}
