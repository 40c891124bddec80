//! Lookups with resolvers of the tests' own: ones that hang, ones that count. They need no NT.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, mpsc};
use std::time::Duration;

use super::*;

/// A sleeper without a port.
#[derive(Default)]
struct Sleeper {
    woken: Mutex<bool>,
    wakes: Condvar,
}

impl Wake for Sleeper {
    fn wake(&self) {
        *self.woken.lock().unwrap() = true;
        self.wakes.notify_all();
    }
}

fn answer(lookup: &NtLookup) -> Answer {
    let sleeper = Arc::new(Sleeper::default());
    let waker: Arc<dyn Wake> = Arc::<Sleeper>::clone(&sleeper);
    while !lookup.poll(&waker) {
        *sleeper.wakes.wait_while(sleeper.woken.lock().unwrap(), |woken| !*woken).unwrap() = false;
    }
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
fn dropping_one_waits_for_nothing_and_frees_its_place() {
    let (gate, lookups) = gated();
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..30_000 {
                drop(lookups.begin("name").unwrap());
            }
            assert!(lock(&lookups.shared.queue).waiting.len() <= WAITING);
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
fn every_sleeper_is_woken_and_one_that_is_gone_is_forgotten() {
    let (gate, lookups) = gated();
    let lookup = lookups.begin("name").unwrap();
    let gone: Arc<dyn Wake> = Arc::new(Sleeper::default());
    assert!(!lookup.poll(&gone));
    drop(gone);
    std::thread::scope(|scope| {
        let sleepers: Vec<_> = (0..3).map(|_| scope.spawn(|| answer(&lookup))).collect();
        gate.open();
        for sleeper in sleepers {
            assert_eq!(sleeper.join().unwrap(), localhost());
        }
    });
}

#[test]
fn errors_keep_winsocks_code() {
    for (number, said) in [
        (11_001, "name-unresolvable (WSAHOST_NOT_FOUND)"),
        (11_002, "temporary-resolver-failure (WSATRY_AGAIN)"),
        (11_003, "permanent-resolver-failure (WSANO_RECOVERY)"),
        (11_004, "name-unresolvable (WSANO_DATA)"),
        (8, "temporary-resolver-failure (WSA_NOT_ENOUGH_MEMORY)"),
        (10_050, "temporary-resolver-failure (WSAENETDOWN)"),
        (4_711, "temporary-resolver-failure (Winsock 4711)"),
    ] {
        assert_eq!(not_resolved(&io::Error::from_raw_os_error(number)).to_string(), said);
    }
    assert_eq!(not_resolved(&io::Error::other("no code")).to_string(), "name-unresolvable");
}

#[test]
fn addresses_come_once_in_their_order_and_never_as_another_kind() {
    let given = ["::1", "127.0.0.1", "::ffff:127.0.0.1", "::1", "10.0.0.1", "127.0.0.1"];
    let addresses = distinct(given.iter().map(|text| text.parse().unwrap()));
    assert_eq!(addresses, ["::1", "127.0.0.1", "10.0.0.1"].map(|text| text.parse::<IpAddr>().unwrap()));
}
