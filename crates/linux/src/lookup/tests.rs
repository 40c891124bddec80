//! Lookups with resolvers of the tests' own: ones that hang, ones that count.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, mpsc};
use std::time::Duration;

use callgate_system::{Interest, Waiter as _};

use super::*;
use crate::wait::LinuxWaiter;

fn answer(lookup: &LinuxLookup) -> Answer {
    let mut ready = Vec::new();
    LinuxWaiter::default().wait(&[Interest::Resolved(lookup)], None, &mut ready).unwrap();
    assert_eq!(ready, [0]);
    lookup.addresses()
}

fn localhost() -> Answer {
    Ok(vec!["127.0.0.1".parse().unwrap()])
}

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
    (gate, Lookups::by(move |_| within.pass()))
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
        assert_eq!(answer(lookup), localhost());
        assert_eq!(answer(lookup), localhost(), "the answer stays");
    }
    assert!((1..=THREADS).contains(&gate.most.load(Ordering::SeqCst)));
}

#[test]
fn dropping_one_waits_for_nothing_and_frees_its_descriptor() {
    let (gate, lookups) = gated();
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Each would need a descriptor of its own; far more than the limit of the process allows at once.
            for _ in 0..30_000 {
                drop(lookups.begin("name").unwrap());
            }
            assert!(lookups.shared.queue().waiting.len() <= WAITING);
            sender.send(()).unwrap();
        });
        let done = receiver.recv_timeout(Duration::from_secs(60));
        gate.open();
        done.unwrap();
    });
    assert_eq!(answer(&lookups.begin("name").unwrap()), localhost());
}

#[test]
fn more_than_can_be_remembered_are_refused_until_some_are_dropped() {
    let (gate, lookups) = gated();
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
        assert_eq!(answer(lookup), localhost());
    }
}

#[test]
fn errors_are_told_apart_by_their_text() {
    let said = |text: &str| classified(&io::Error::other(format!("failed to lookup address information: {text}"))).code;
    // glibc, then musl.
    for (text, code) in [
        ("Name or service not known", Code::NameUnresolvable),
        ("No address associated with hostname", Code::NameUnresolvable),
        ("Temporary failure in name resolution", Code::TemporaryResolverFailure),
        ("Non-recoverable failure in name resolution", Code::PermanentResolverFailure),
        ("Memory allocation failure", Code::TemporaryResolverFailure),
        ("Name does not resolve", Code::NameUnresolvable),
        ("Name has no usable address", Code::NameUnresolvable),
        ("Try again", Code::TemporaryResolverFailure),
        ("Non-recoverable error", Code::PermanentResolverFailure),
        ("Unrecoverable error", Code::PermanentResolverFailure),
        ("Out of memory", Code::TemporaryResolverFailure),
    ] {
        assert_eq!(said(text), code, "{text}");
    }
    let native = classified(&io::Error::from_raw_os_error(Errno::MFILE.raw_os_error()));
    assert_eq!(native.to_string(), "temporary-resolver-failure (EMFILE)");
}

#[test]
fn addresses_come_once_in_their_order_and_never_as_another_kind() {
    let given = ["::1", "127.0.0.1", "::ffff:127.0.0.1", "::1", "10.0.0.1", "127.0.0.1"];
    let addresses = distinct(given.iter().map(|text| text.parse().unwrap()));
    assert_eq!(addresses, ["::1", "127.0.0.1", "10.0.0.1"].map(|text| text.parse::<IpAddr>().unwrap()));
}
