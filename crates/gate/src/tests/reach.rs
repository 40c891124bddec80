//! Calls that name paths, under a decider that asks about them.

use std::cell::{Cell, RefCell};
use std::io;
use std::sync::{Arc, Mutex};

use callgate_system::{Code, Error, Names, Result};

use super::{decided_by, handle, mount};
use crate::{Call, Decider, Event, Gate, Handle, Mount, Observer, Place, Reach, Reason, Resolved, Verdict};

/// Denies what is at `secret` or below, and keeps the places that it is asked about.
#[derive(Default)]
struct NoSecrets(Mutex<Vec<String>>);

impl Decider for NoSecrets {
    fn decide(&self, _: &Call<'_>, resolved: Option<&Resolved<'_>>) -> Verdict {
        let path = resolved.expect("a place").place.path;
        self.0.lock().unwrap().push(path.to_owned());
        if path.starts_with("secret") {
            Verdict::Deny { code: Code::Access, reason: Reason::Rule(1) }
        } else {
            Verdict::Allow
        }
    }

    fn asks_about_paths(&self) -> bool {
        true
    }
}

/// The place, the error and the reason that an observer is told.
type Told = (String, Option<Code>, Option<Reason>);

#[derive(Default)]
struct Notes(Mutex<Vec<Told>>);

impl Observer for Notes {
    fn observe(&self, event: &Event<'_>) -> io::Result<()> {
        let place = event.resolved.map_or("", |resolved| resolved.place.path).to_owned();
        let code = event.outcome.result.as_ref().err().map(|error| error.code);
        self.0.lock().unwrap().push((place, code, event.outcome.refusal.as_ref().map(|refusal| refusal.reason)));
        Ok(())
    }

    fn finish(&self, _: &dyn std::fmt::Display) -> io::Result<()> {
        Ok(())
    }
}

/// A call whose path has a text, and leads to these places, one after the other.
struct Leads<'a> {
    mount: &'a Mount,
    text: Option<&'static str>,
    /// Where resolving leads, and whether it fails there.
    found: RefCell<Vec<(&'static str, Option<Code>)>>,
    /// Places where there is a link by the time of the act.
    links: &'static [&'static str],
    acted: &'a Cell<Option<&'static str>>,
}

impl<'a> Leads<'a> {
    fn at<'p>(&self, path: &'p str) -> Resolved<'p>
    where
        'a: 'p,
    {
        Resolved { place: Place { mount: self.mount, path, names: Names::Exact }, new_place: None }
    }
}

impl Reach for Leads<'_> {
    type Reply = ();
    type Found = &'static str;

    fn by_text(&self) -> Option<Resolved<'_>> {
        self.text.map(|text| self.at(text))
    }

    fn find(&self) -> Result<&'static str, (Error, &'static str)> {
        let mut found = self.found.borrow_mut();
        let (place, failed) = if found.len() > 1 { found.remove(0) } else { found[0] };
        failed.map_or(Ok(place), |code| Err((code.into(), place)))
    }

    fn places<'p>(&'p self, found: &'p &'static str) -> Resolved<'p> {
        self.at(found)
    }

    fn act(&mut self, found: Option<&&'static str>) -> Result<()> {
        let place = found.copied().or(self.text).expect("it is asked first");
        if self.links.contains(&place) {
            return Err(Code::Loop.into());
        }
        assert_eq!(self.acted.replace(Some(place)), None, "it acts once");
        Ok(())
    }
}

/// The place of the act, what the guest is told, the places that were asked about, and what was observed.
fn reached(
    text: Option<&'static str>,
    found: &[(&'static str, Option<Code>)],
    links: &'static [&'static str],
) -> (Option<&'static str>, Option<Code>, Vec<String>, Told) {
    let (decider, notes) = (Arc::new(NoSecrets::default()), Arc::new(Notes::default()));
    let gate: Gate = decided_by(decider.clone(), [notes.clone() as Arc<dyn Observer>]);
    assert!(gate.asks_about_paths() && gate.is_attended());
    let (mount, acted) = (mount(false), Cell::new(None));
    let reach = Leads { mount: &mount, text, found: found.to_vec().into(), links, acted: &acted };
    let result = gate.pass_reaching(Call::UnlinkFileAt { dir: handle(3, &mount), path: "text" }, reach);
    let code = result.err().map(|error| error.as_error().code);
    let (asked, told) = (decider.0.lock().unwrap().clone(), notes.0.lock().unwrap().clone());
    assert_eq!((told.len(), gate.calls()), (1, 1), "a call is one event, however often it was asked about");
    (acted.get(), code, asked, told[0].clone())
}

fn asked(places: &[&str]) -> Vec<String> {
    places.iter().map(ToString::to_string).collect()
}

fn fine(place: &str) -> Told {
    (place.to_owned(), None, None)
}

fn denied(place: &str) -> Told {
    (place.to_owned(), Some(Code::Access), Some(Reason::Rule(1)))
}

#[test]
fn a_path_without_links_is_asked_about_once_and_never_resolved() {
    assert_eq!(reached(Some("a"), &[], &[]), (Some("a"), None, asked(&["a"]), fine("a")));
}

#[test]
fn a_path_with_a_link_is_judged_by_where_it_leads() {
    let (to_secret, to_b) = ([("secret/b", None)], [("b", None)]);
    assert_eq!(
        reached(Some("a"), &to_secret, &["a"]),
        (None, Some(Code::Access), asked(&["a", "secret/b"]), denied("secret/b"))
    );
    assert_eq!(reached(Some("a"), &to_b, &["a"]), (Some("b"), None, asked(&["a", "b"]), fine("b")));
    assert_eq!(reached(None, &to_b, &[]), (Some("b"), None, asked(&["b"]), fine("b")));
}

#[test]
fn a_denied_text_may_lead_to_what_is_allowed() {
    assert_eq!(
        reached(Some("secret/link"), &[("b", None)], &[]),
        (Some("b"), None, asked(&["secret/link", "b"]), fine("b"))
    );
    let (act, code, ..) = reached(Some("secret"), &[("secret", None)], &[]);
    assert_eq!((act, code), (None, Some(Code::Access)));
}

#[test]
fn an_error_of_resolving_is_told_only_of_what_is_allowed() {
    let missing = |place| [(place, Some(Code::NoEntry))];
    let (_, code, asked_about, told) = reached(None, &missing("secret/d"), &[]);
    assert_eq!((code, asked_about, told), (Some(Code::Access), asked(&["secret/d"]), denied("secret/d")));
    let (_, code, _, told) = reached(Some("secret"), &missing("d"), &[]);
    assert_eq!((code, told), (Some(Code::NoEntry), ("d".to_owned(), Some(Code::NoEntry), None)));
}

#[test]
fn a_name_swapped_for_a_link_is_resolved_anew_and_not_for_ever() {
    let swapped = [("b", None), ("c", None)];
    assert_eq!(reached(None, &swapped, &["b"]).0, Some("c"));
    let (act, code, asked_about, _) = reached(None, &swapped, &["b", "c"]);
    assert_eq!((act, code, asked_about), (None, Some(Code::Loop), asked(&["b", "c", "c"])));
    let ever_new = ["b", "c"].repeat(20).into_iter().map(|place| (place, None)).collect::<Vec<_>>();
    let (act, code, asked_about, _) = reached(None, &ever_new, &["b", "c"]);
    assert_eq!((act, code, asked_about.len()), (None, Some(Code::Loop), 8));
    assert_eq!(reached(None, &[("b", None), ("secret", None)], &["b"]).1, Some(Code::Access), "and decided on anew");
}

#[test]
fn the_gates_own_deciders_come_before_any_look() {
    let (decider, mount, acted) = (Arc::new(NoSecrets::default()), mount(true), Cell::new(None));
    let gate = decided_by(decider.clone(), []);
    let reach = Leads { mount: &mount, text: Some("a"), found: Vec::new().into(), links: &[], acted: &acted };
    let result = gate.pass_reaching(Call::UnlinkFileAt { dir: handle(3, &mount), path: "a" }, reach);
    assert_eq!(result.map_err(|error| error.as_error().code), Err(Code::ReadOnly));
    assert_eq!((decider.0.lock().unwrap().len(), acted.get()), (0, None));
}

#[test]
fn the_place_of_a_handle_is_beneath_its_mount() {
    let mount = mount(false);
    let place = |name| Handle { name, ..handle(3, &mount) }.place();
    assert_eq!(place("/src").map(|place| place.path), Some(""));
    assert_eq!(place("/src/a/b").map(|place| place.path), Some("a/b"));
    assert_eq!(place("…x").map(|place| place.path), None, "a name that was cut tells no place");
}
