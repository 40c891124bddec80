//! Lookups with resolvers of the tests' own: ones that hang, ones that count.

use std::sync::Condvar;
use std::sync::atomic::{AtomicUsize, Ordering};

use callgate_system::{Interest, Waiter as _};

use super::*;
use crate::wait::PortableWaiter;

/// A gate that resolvers wait at.
#[derive(Default)]
struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
    inside: AtomicUsize,
    most: AtomicUsize,
}

impl Gate {
    fn pass(&self) -> Answer {
        let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(inside, Ordering::SeqCst);
        drop(self.opened.wait_while(self.open.lock().unwrap(), |open| !*open).unwrap());
        self.inside.fetch_sub(1, Ordering::SeqCst);
        localhost()
    }

    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }
}

fn gated() -> (Arc<Gate>, Lookups) {
    let gate = Arc::new(Gate::default());
    let within = Arc::clone(&gate);
    (gate, Lookups::by(move |_| within.pass(), &Arc::default()))
}

fn localhost() -> Answer {
    Ok(vec!["127.0.0.1".parse().unwrap()])
}

fn answer(lookups: &Lookups, lookup: &PortableLookup) -> Answer {
    let mut ready = Vec::new();
    PortableWaiter::new(&lookups.shared.bell).wait(&[Interest::Resolved(lookup)], None, &mut ready).unwrap();
    assert_eq!(ready, [0]);
    lookup.addresses()
}

#[test]
fn at_most_so_many_run_at_once_and_the_others_follow() {
    let (gate, lookups) = gated();
    let all: Vec<_> = (0..20).map(|number| lookups.begin(&format!("name{number}")).unwrap()).collect();
    for lookup in &all {
        assert_eq!(lookup.addresses().unwrap_err().code, Code::WouldBlock);
    }
    gate.open();
    for lookup in &all {
        assert_eq!(answer(&lookups, lookup), localhost());
        assert_eq!(answer(&lookups, lookup), localhost(), "the answer stays");
    }
    assert!((1..=THREADS).contains(&gate.most.load(Ordering::SeqCst)));
}

#[test]
fn more_than_can_be_remembered_are_refused_until_some_are_dropped() {
    let (gate, lookups) = gated();
    for _ in 0..5 * WAITING {
        drop(lookups.begin("dropped").unwrap());
    }
    let mut all = Vec::new();
    let refused = loop {
        match lookups.begin("name") {
            Ok(lookup) => all.push(lookup),
            Err(error) => break error,
        }
    };
    assert_eq!(refused.code, Code::TemporaryResolverFailure);
    assert!((WAITING..=WAITING + THREADS).contains(&all.len()), "{}", all.len());
    all.truncate(WAITING / 2);
    all.push(lookups.begin("name").unwrap());
    gate.open();
    for lookup in &all {
        assert_eq!(answer(&lookups, lookup), localhost());
    }
}

#[test]
fn errors_are_told_apart_by_their_text() {
    let said = |text: &str| classified(io::Error::other(format!("failed to lookup address information: {text}"))).code;
    // glibc, musl, macOS.
    for (text, code) in [
        ("Name or service not known", Code::NameUnresolvable),
        ("Temporary failure in name resolution", Code::TemporaryResolverFailure),
        ("Non-recoverable failure in name resolution", Code::PermanentResolverFailure),
        ("Memory allocation failure", Code::TemporaryResolverFailure),
        ("Name does not resolve", Code::NameUnresolvable),
        ("Try again", Code::TemporaryResolverFailure),
        ("Unrecoverable error", Code::PermanentResolverFailure),
        ("nodename nor servname provided, or not known", Code::NameUnresolvable),
    ] {
        assert_eq!(said(text), code, "{text}");
    }
}

#[test]
fn addresses_come_once_in_their_order_and_never_as_another_kind() {
    let given = ["::1", "127.0.0.1", "::ffff:127.0.0.1", "::1", "10.0.0.1", "127.0.0.1"];
    let addresses = distinct(given.iter().map(|text| text.parse().unwrap()));
    assert_eq!(addresses, ["::1", "127.0.0.1", "10.0.0.1"].map(|text| text.parse::<IpAddr>().unwrap()));
}
