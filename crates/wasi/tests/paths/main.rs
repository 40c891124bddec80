//! Rules about paths, under a guest that tries to get around them.

// The guests make symbolic links, which Wine does not.
#![cfg(unix)]

mod guest;
mod watched;

use std::fmt::Display;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use callgate_portable::Portable;
use callgate_system::{Names, System};
use callgate_wasi::{
    Access, Call, Code, Decider, Event, Exit, Observer, Reason, Resolved, Runtime, RuntimeOptions, Sandbox, Verdict,
};
use guest::Links::{Followed, Kept};
use guest::Step;
use watched::{Asked, Watched};

/// Denies whatever is at `secret` or below it, by the places that it is told; keeps what it allows and what came of each call.
#[derive(Default)]
struct NoSecrets {
    ended: Mutex<Vec<Ended>>,
}

/// A call that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ended {
    function: &'static str,
    places: Vec<String>,
    code: Option<Code>,
    is_refused: bool,
}

/// Beneath `/data`, or with the mount before it.
fn places(resolved: &Resolved<'_>) -> Vec<String> {
    let shown = |place: callgate_wasi::Place<'_>| match &*place.mount.guest_path {
        "/data" => place.path.to_owned(),
        other => format!("{other}/{}", place.path),
    };
    [Some(resolved.place), resolved.new_place].into_iter().flatten().map(shown).collect()
}

fn is_secret(place: &str) -> bool {
    place == "secret" || place.starts_with("secret/")
}

impl Decider for NoSecrets {
    fn decide(&self, call: &Call<'_>, resolved: Option<&Resolved<'_>>) -> Verdict {
        let names_a_path = call.arguments().any(|(name, _)| name == "path");
        assert_eq!(names_a_path, resolved.is_some(), "{}", call.function());
        if resolved.is_some_and(|resolved| places(resolved).iter().any(|place| is_secret(place))) {
            return Verdict::Deny { code: Code::Access, reason: Reason::Rule(1) };
        }
        Verdict::Allow
    }

    fn asks_about_paths(&self) -> bool {
        true
    }
}

impl Observer for NoSecrets {
    fn observe(&self, event: &Event<'_>) -> io::Result<()> {
        self.ended.lock().unwrap().push(Ended {
            function: event.call.function(),
            places: event.resolved.map(places).unwrap_or_default(),
            code: event.outcome.result.as_ref().err().map(|error| error.code),
            is_refused: event.outcome.refusal.is_some(),
        });
        Ok(())
    }

    fn finish(&self, _: &dyn Display) -> io::Result<()> {
        Ok(())
    }
}

/// `pub` and `secret`, with the same in both, and links to all of it.
fn plant(root: &Path) {
    for directory in ["pub/d", "secret/d"] {
        fs::create_dir_all(root.join(directory)).unwrap();
    }
    for file in ["pub/f", "pub/d/f", "secret/f", "secret/d/f"] {
        fs::write(root.join(file), file).unwrap();
    }
}

/// A run of a guest.
#[derive(Clone, Copy)]
struct Trial<'a> {
    steps: &'a [Step<'a>],
    with_rules: bool,
    /// How names are said to be told apart.
    names: Names,
    /// Is done with the host's directory before the run, and after it.
    prepare: &'a dyn Fn(&Path),
    check: &'a dyn Fn(&Path),
}

/// A run under rules about paths.
fn trial<'a>(steps: &'a [Step<'a>]) -> Trial<'a> {
    Trial { steps, with_rules: true, names: Names::Exact, prepare: &|_| (), check: &|_| () }
}

impl Trial<'_> {
    /// Runs the guest, with `/data` as descriptor 3, and with `others` mounted after it; what came of its calls, and what the system was asked.
    fn run_beside(self, others: &[&str]) -> (Vec<Ended>, Vec<(String, String)>) {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("data");
        fs::create_dir(&root).unwrap();
        plant(&root);
        (self.prepare)(&root);
        let program = folder.path().join("program.wat");
        fs::write(&program, guest::module(self.steps)).expect("written");
        let runtime = Runtime::new(&RuntimeOptions::default()).expect("an engine");
        let (system, rules, asked) = (Arc::new(Portable::new()), Arc::new(NoSecrets::default()), Asked::default());
        let directory = || Watched::new(system.open_root(root.as_os_str()).unwrap(), self.names, &asked);
        let mut guest = Sandbox::new(Arc::clone(&system) as Arc<dyn System>);
        for mount in [&["/data"], others].concat() {
            guest.mount_directory(directory(), mount, Access::ReadWrite).unwrap();
        }
        if self.with_rules {
            guest.decider(rules.clone());
        }
        guest.observer(rules.clone());
        assert_eq!(guest.run(&runtime.load(&program).expect("it compiles")).expect("it starts"), Exit::Code(0));
        (self.check)(&root);
        let ended = rules.ended.lock().unwrap().clone();
        let asked = asked.lock().unwrap().clone();
        (ended, asked)
    }

    fn run(self) -> (Vec<Ended>, Vec<(String, String)>) {
        self.run_beside(&[])
    }
}

/// Every operation on `path`, which all follow links but for those that can't.
fn all_on(path: &str) -> Vec<Step<'_>> {
    vec![
        Step::Stat(3, Followed, path),
        Step::Open(3, Followed, path, 0),
        Step::Open(3, Followed, path, 1),
        Step::Open(3, Followed, path, 2),
        Step::Open(3, Followed, path, 8),
        Step::SetTimes(3, Followed, path),
        Step::Link(Followed, 3, path, 3, "pub/new"),
    ]
}

/// Every operation on the name at the end of `path`.
fn all_on_name(path: &str) -> Vec<Step<'_>> {
    vec![
        Step::Stat(3, Kept, path),
        Step::Open(3, Kept, path, 0),
        Step::Open(3, Kept, path, 5),
        Step::SetTimes(3, Kept, path),
        Step::Readlink(3, path),
        Step::Unlink(3, path),
        Step::RemoveDirectory(3, path),
        Step::CreateDirectory(3, path),
        Step::Symlink("text", 3, path),
        Step::Link(Kept, 3, path, 3, "pub/new"),
        Step::Link(Kept, 3, "pub/f", 3, path),
        Step::Rename(3, path, 3, "pub/new"),
        Step::Rename(3, "pub/f", 3, path),
        Step::Rename(3, "pub/d", 3, path),
    ]
}

/// Each step is refused, and the system was only looked at where there is a secret.
fn assert_all_refused(set_up: &[Step<'_>], steps: &[Step<'_>], what: &str) {
    let all = [set_up, steps].concat();
    let untouched = |root: &Path| {
        for file in ["secret/f", "secret/d/f"] {
            assert_eq!(fs::read_to_string(root.join(file)).unwrap(), file, "{what}");
        }
        assert_eq!(fs::read_dir(root.join("secret")).unwrap().count(), 2, "{what}");
    };
    let (ended, asked) = Trial { check: &untouched, ..trial(&all) }.run();
    assert_eq!(ended.len(), all.len(), "{what}");
    for (step, ended) in set_up.iter().zip(&ended) {
        assert_eq!(ended.code, None, "{what}: {step:?}");
    }
    for (step, ended) in all.iter().zip(&ended).skip(set_up.len()) {
        assert!(ended.is_refused && ended.code == Some(Code::Access), "{what}: {step:?}: {ended:?}");
        assert!(ended.places.iter().any(|place| is_secret(place)), "{what}: {step:?}: {ended:?}");
    }
    for (operation, place) in asked {
        let looks = ["pass", "read_link", "stat"].contains(&&*operation);
        assert!(looks || !is_secret(&place), "{what}: {operation} at {place}");
    }
}

#[test]
fn no_way_leads_to_a_secret() {
    for path in ["secret", "secret/f", "secret/no", "./secret//f", "secret/d/./f", "secret/d/"] {
        assert_all_refused(&[], &[all_on(path), all_on_name(path)].concat(), path);
    }
    for path in
        ["pub/../secret/f", "pub/d/../../secret/f", "secret/../secret", "secret/d/../f", "secret/no/../f", "secret/."]
    {
        assert_all_refused(&[], &[all_on(path), all_on_name(path)].concat(), path);
    }
    let links = [
        Step::Symlink("secret/f", 3, "file"),
        Step::Symlink("secret", 3, "directory"),
        Step::Symlink("../secret/", 3, "pub/directory"),
        Step::Symlink("pub/directory/d", 3, "chain"),
        Step::Symlink("./chain/../new", 3, "dangling"),
        Step::Symlink("pub/d/../../secret/d/f", 3, "climbing"),
    ];
    for path in ["file", "directory", "pub/directory", "chain", "dangling", "climbing"] {
        assert_all_refused(&links, &all_on(path), path);
    }
    for path in ["directory/f", "directory/new", "pub/directory/d/f", "chain/f", "chain/../f", "pub/../chain/new"] {
        assert_all_refused(&links, &[all_on(path), all_on_name(path)].concat(), path);
    }
}

#[test]
fn a_directory_that_is_open_leads_to_no_secret_either() {
    let set_up = [
        Step::Symlink("../../secret", 3, "pub/d/link"),
        Step::Open(3, Followed, ".", 2),
        Step::Open(4, Followed, "pub/../pub/.", 2),
        Step::Open(5, Followed, "d", 2),
    ];
    assert_all_refused(
        &set_up,
        &[
            Step::Stat(4, Followed, "secret/f"),
            Step::Stat(4, Followed, "pub/d/link"),
            Step::Open(4, Followed, "pub/d/link/f", 0),
            Step::Rename(5, "f", 4, "secret/new"),
            Step::Link(Kept, 4, "secret/f", 6, "new"),
        ],
        "open directories",
    );
    // A path never leaves the directory that it is relative to.
    let steps = [set_up.as_slice(), &[Step::Stat(6, Followed, "link"), Step::Stat(6, Followed, "f")]].concat();
    let (ended, _) = trial(&steps).run();
    assert_eq!(ended[4].code, Some(Code::NotPermitted));
    assert_eq!((ended[5].code, &*ended[5].places), (None, &["pub/d/f".to_owned()][..]), "{:?}", ended[5]);
}

#[test]
fn a_parent_that_is_renamed_between_calls_leads_to_where_it_leads_then() {
    let set_up = [
        Step::Stat(3, Followed, "pub/d/f"),
        Step::Rename(3, "pub/d", 3, "moved"),
        Step::Symlink("../secret/d", 3, "pub/d"),
    ];
    let steps = [
        Step::Stat(3, Followed, "pub/d/f"),
        Step::Open(3, Followed, "pub/d/f", 0),
        Step::Unlink(3, "pub/d/f"),
        Step::Rename(3, "pub/d/f", 3, "pub/new"),
    ];
    assert_all_refused(&set_up, &steps, "renamed");
}

#[test]
fn what_is_allowed_is_reached_by_every_way() {
    let steps = [
        Step::Symlink("pub/d", 3, "way"),
        Step::Stat(3, Followed, "way/f"),
        Step::Open(3, Followed, "way/../f", 0),
        Step::Open(3, Followed, "way/new", 1),
        Step::Rename(3, "way/new", 3, "way/../newer"),
        Step::Stat(3, Followed, "pub/newer"),
        Step::Unlink(3, "way/../newer"),
        Step::Stat(3, Kept, "way"),
        Step::Readlink(3, "way"),
        Step::Stat(3, Followed, "secret/way/d/f"),
        Step::Stat(3, Followed, "way/no"),
    ];
    let link = |root: &Path| {
        let root = Portable::new().open_root(root.as_os_str()).unwrap();
        root.symlink("../pub", "secret/way").unwrap();
    };
    let (ended, _) = Trial { prepare: &link, ..trial(&steps) }.run();
    let told: Vec<_> = ended.iter().map(|ended| (&**ended.places.last().unwrap(), ended.code)).collect();
    assert_eq!(
        told,
        [
            ("way", None),
            ("pub/d/f", None),
            ("pub/f", None),
            ("pub/d/new", None),
            ("pub/newer", None),
            ("pub/newer", None),
            ("pub/newer", None),
            ("way", None),
            ("way", None),
            ("pub/d/f", None),
            ("pub/d/no", Some(Code::NoEntry)),
        ]
    );
}

#[test]
fn a_path_without_links_costs_the_system_nothing_more() {
    let steps = [
        Step::Stat(3, Followed, "pub/d/f"),
        Step::Stat(3, Kept, "pub/f"),
        Step::Open(3, Followed, "pub/d/f", 0),
        Step::Open(3, Followed, "pub/d/new", 1),
        Step::Rename(3, "pub/d/new", 3, "pub/newer"),
        Step::Unlink(3, "pub/newer"),
        Step::CreateDirectory(3, "pub/e"),
        Step::RemoveDirectory(3, "pub/./e"),
        Step::Stat(3, Followed, "pub/no"),
    ];
    let (with, with_asked) = trial(&steps).run();
    let (without, without_asked) = Trial { with_rules: false, ..trial(&steps) }.run();
    assert_eq!(with_asked, without_asked);
    assert_eq!(with_asked.len(), steps.len() + 1, "one operation for each path");
    let codes = |ended: &[Ended]| ended.iter().map(|ended| ended.code).collect::<Vec<_>>();
    assert_eq!(codes(&with), codes(&without));
    assert!(without.iter().all(|ended| ended.places.is_empty()), "nothing is resolved where nobody asks");
    assert_eq!(with[7].places, ["pub/e"]);
}

#[test]
fn each_place_is_beneath_its_own_mount() {
    let steps = [
        Step::Rename(3, "pub/f", 4, "./pub//moved"),
        Step::Stat(4, Followed, "pub/d/../moved"),
        // The same directory by another mount, for which the rules say nothing.
        Step::Stat(4, Followed, "secret/f"),
        Step::Link(Kept, 4, "pub/moved", 3, "secret/new"),
        Step::Link(Kept, 3, "secret/f", 4, "new"),
    ];
    let (ended, _) = trial(&steps).run_beside(&["/other"]);
    let told: Vec<_> = ended.iter().map(|ended| (ended.places.join(" "), ended.code)).collect();
    let fine = |places: &str| (places.to_owned(), None);
    let denied = |places: &str| (places.to_owned(), Some(Code::Access));
    assert_eq!(
        told,
        [
            fine("pub/f /other/pub/moved"),
            fine("/other/pub/moved"),
            fine("/other/secret/f"),
            denied("/other/pub/moved secret/new"),
            denied("secret/f /other/new"),
        ]
    );
}

#[test]
fn where_case_means_nothing_only_plain_names_are_believed() {
    let steps = [
        Step::Stat(3, Followed, "pub/f"),
        Step::Stat(3, Followed, "pub/long~1"),
        Step::Open(3, Followed, "pub/ünïcode", 0),
        Step::Open(3, Followed, "pub/new~1", 1),
    ];
    let prepare =
        |root: &Path| ["long~1", "ünïcode"].iter().for_each(|name| fs::write(root.join("pub").join(name), "").unwrap());
    let (ended, asked) = Trial { names: Names::IgnoringCase, prepare: &prepare, ..trial(&steps) }.run();
    let told: Vec<_> = ended.iter().map(|ended| (&*ended.places[0], ended.code)).collect();
    assert_eq!(told, [("pub/f", None), ("pub/long~1", None), ("pub/ünïcode", None), ("pub/new~1", None)]);
    let listings =
        asked.iter().filter(|(operation, place)| operation == "read_entries" && place.starts_with("pub")).count();
    assert_eq!(listings, 2, "the names that are there are looked up in a listing");
    assert_eq!(asked[0], ("stat".to_owned(), "pub/f".to_owned()), "a plain name is not: {asked:?}");
}
