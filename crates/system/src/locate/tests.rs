//! Locating over a directory that ignores case and has short aliases, which no machine of the tests need have. What real systems answer is in
//! `callgate-conformance`.

use std::collections::BTreeMap;

use super::*;
use crate::{Entries, Entry, FileType, Identity, NewTimestamp, Stat};

/// Names in small letters, what they are names of, and the short aliases of some.
#[derive(Clone)]
struct Folder {
    entries: BTreeMap<&'static str, Node>,
    aliases: BTreeMap<&'static str, &'static str>,
    names: Names,
}

#[derive(Clone)]
enum Node {
    Folder(Arc<Folder>),
    Link(&'static str),
    File(u128),
}

fn folder(names: Names, entries: &[(&'static str, Node)], aliases: &[(&'static str, &'static str)]) -> Arc<Folder> {
    let (entries, aliases) = (entries.iter().cloned().collect(), aliases.iter().copied().collect());
    Arc::new(Folder { entries, aliases, names })
}

impl Folder {
    fn find(&self, name: &str) -> Result<&Node> {
        assert_ne!(name, ".", "that is no name");
        let name = if self.names == Names::Exact { name.to_owned() } else { name.to_lowercase() };
        let name = self.aliases.get(&*name).copied().unwrap_or(&name);
        self.entries.get(name).ok_or(Code::NoEntry.into())
    }
}

/// The entries, which tell no identities.
struct Listing(Vec<&'static str>);

impl Entries for Listing {
    fn next(&mut self) -> Result<Option<Entry>> {
        Ok(self.0.pop().map(|name| Entry { name: name.to_owned(), kind: FileType::Unknown, listed: None }))
    }

    fn holds(&self) -> usize {
        0
    }
}

fn never<T>() -> Result<T> {
    panic!("locating has no use for this")
}

impl Directory for Folder {
    fn open(&self, path: &str, how: OpenHow) -> Result<Opened> {
        assert_eq!(how, OpenHow { directory: true, follow: Follow::No, ..OpenHow::default() });
        match self.find(path)? {
            Node::Folder(folder) => Ok(Opened::Directory(Arc::clone(folder) as Arc<dyn Directory>)),
            _ => Err(Code::NotDirectory.into()),
        }
    }

    fn stat(&self, path: &str, follow: Follow) -> Result<Stat> {
        assert_eq!(follow, Follow::No);
        let file = match path {
            "." => 0,
            _ => match self.find(path)? {
                Node::File(file) => *file,
                Node::Folder(folder) => Arc::as_ptr(folder).addr() as u128,
                Node::Link(_) => 0,
            },
        };
        let identity = Identity { device: 1, file };
        let (kind, links, size, allocated) = (FileType::Unknown, 1, 0, 0);
        Ok(Stat { kind, links, size, allocated, accessed: None, modified: None, changed: None, identity })
    }

    fn read_link(&self, path: &str) -> Result<String> {
        match self.find(path)? {
            Node::Link(text) => Ok((*text).to_owned()),
            _ => Err(Code::Invalid.into()),
        }
    }

    fn read_entries(&self) -> Result<Box<dyn Entries>> {
        Ok(Box::new(Listing(self.entries.keys().copied().collect())))
    }

    fn names(&self) -> Names {
        self.names
    }

    fn metadata(&self) -> Result<Stat> {
        never()
    }
    fn create_directory(&self, _: &str) -> Result<()> {
        never()
    }
    fn remove_directory(&self, _: &str) -> Result<()> {
        never()
    }
    fn unlink_file(&self, _: &str) -> Result<()> {
        never()
    }
    fn symlink(&self, _: &str, _: &str) -> Result<()> {
        never()
    }
    fn link(&self, _: &str, _: Follow, _: &dyn Directory, _: &str) -> Result<()> {
        never()
    }
    fn rename(&self, _: &str, _: &dyn Directory, _: &str) -> Result<()> {
        never()
    }
    fn set_times(&self, _: &str, _: Follow, _: NewTimestamp, _: NewTimestamp) -> Result<()> {
        never()
    }
    fn set_own_times(&self, _: NewTimestamp, _: NewTimestamp) -> Result<()> {
        never()
    }
    fn sync(&self) -> Result<()> {
        never()
    }
    fn lies_within(&self, _: &dyn Directory) -> Result<bool> {
        never()
    }
    fn strict(&self) -> Result<Arc<dyn Directory>> {
        never()
    }
}

/// `data`, which is exact, with two folders that ignore case.
fn tree() -> Arc<dyn Directory> {
    let secret = folder(
        Names::IgnoringCase,
        &[("long name.txt", Node::File(7)), ("übung", Node::File(8))],
        &[("longna~1.txt", "long name.txt")],
    );
    let data = [("secret folder", Node::Folder(secret)), ("link", Node::Link("SECRET~1/ÜBUNG"))];
    let data = folder(Names::IgnoringCase, &data, &[("secret~1", "secret folder")]);
    let exact = folder(Names::Exact, &[("f~1", Node::File(9))], &[]);
    folder(Names::Exact, &[("data", Node::Folder(data)), ("exact", Node::Folder(exact))], &[])
}

fn place(path: &str) -> Result<(String, Names), Code> {
    let located = locate(&tree(), path, Ending::File(Follow::Yes)).map_err(|unlocated| unlocated.error.code)?;
    Ok((located.place, located.names))
}

#[test]
fn short_aliases_and_other_spellings_are_located_by_their_listed_names() {
    let ignoring = |place: &str| Ok((place.to_owned(), Names::IgnoringCase));
    for (path, reached) in [
        ("data/SECRET~1", "data/secret folder"),
        ("data/secret~1/LONGNA~1.TXT", "data/secret folder/long name.txt"),
        ("data/secret~1/Übung", "data/secret folder/übung"),
        ("data/link", "data/secret folder/übung"),
        ("data/Secret Folder/Long Name.txt", "data/Secret Folder/Long Name.txt"),
        ("data/secret~1/new~1", "data/secret folder/new~1"),
        ("data/secret~1/..", "data"),
    ] {
        assert_eq!(place(path), ignoring(reached), "{path}");
    }
}

#[test]
fn names_are_exact_where_no_directory_on_the_way_ignores_case() {
    assert_eq!(place("exact/f~1"), Ok(("exact/f~1".to_owned(), Names::Exact)));
    assert_eq!(place("EXACT/f"), Err(Code::NoEntry));
}

#[test]
fn a_place_is_no_longer_than_a_path() {
    let mut inner = folder(Names::Exact, &[], &[]);
    let name: &'static str = Box::leak("n".repeat(255).into_boxed_str());
    let deep: &'static str = Box::leak(vec![name; 15].join("/").into_boxed_str());
    for _ in 0..20 {
        inner = folder(Names::Exact, &[(name, Node::Folder(inner)), ("deep", Node::Link(deep))], &[]);
    }
    let root: Arc<dyn Directory> = inner;
    let length = |path: &str| locate(&root, path, Ending::Name).map(|at| at.place.len()).map_err(|at| at.error.code);
    assert_eq!(length(&format!("deep/{}", &name[1..])), Ok(4094));
    assert_eq!(length(&format!("deep/{name}")), Ok(4095));
    assert_eq!(length(&format!("deep/{name}/x")), Err(Code::NameTooLong));
}

#[test]
fn a_failure_tells_where_it_was_met() {
    let unlocated = |path| locate(&tree(), path, Ending::File(Follow::Yes)).map(drop).expect_err("it is not there");
    for (path, place, code) in [
        ("data/secret~1/no/x", "data/secret folder/no", Code::NoEntry),
        ("data/link/x", "data/secret folder/ÜBUNG", Code::NotDirectory),
        ("no/../exact", "no", Code::NoEntry),
        ("exact/../../x", "exact", Code::NotPermitted),
        ("", "", Code::NoEntry),
    ] {
        let at = unlocated(path);
        assert_eq!((&*at.place, at.error.code), (place, code), "{path}");
    }
}
