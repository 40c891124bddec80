//! Lookups with resolvers of the tests' own: ones that hang, ones that count.

use std::sync::Condvar;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::time::Duration;

use super::*;

impl Notify for Sender<()> {
    fn notify(&self) {
        // A test that dropped the receiver does not want the answer.
        let _ = self.send(());
    }
}

/// A lookup, and what is told of its answer.
type Begun = (Arc<dyn Lookup>, Receiver<()>);

fn begin(lookups: &Lookups<Sender<()>>, name: &str) -> Result<Begun> {
    let (sender, receiver) = channel();
    Ok((lookups.resolve(name, || Ok(sender))?, receiver))
}

fn answer((lookup, told): &Begun) -> Answer {
    told.recv().unwrap();
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

fn gated() -> (Arc<Gate>, Lookups<Sender<()>>) {
    let gate = Arc::new(Gate::default());
    let within = Arc::clone(&gate);
    (gate, Lookups::new(move |_| within.pass()))
}

#[test]
fn at_most_so_many_run_at_once_and_the_others_follow() {
    let (gate, lookups) = gated();
    let all: Vec<_> = (0..20).map(|number| begin(&lookups, &format!("name{number}")).unwrap()).collect();
    for (lookup, told) in &all {
        assert_eq!(lookup.addresses().unwrap_err().code, Code::WouldBlock);
        assert_eq!(told.try_recv(), Err(TryRecvError::Empty));
    }
    gate.open();
    for lookup in &all {
        assert_eq!(answer(lookup), localhost());
        assert_eq!(lookup.0.addresses(), localhost(), "the answer stays");
    }
    assert!((1..=THREADS).contains(&gate.most.load(Ordering::SeqCst)));
}

#[test]
fn dropping_one_waits_for_nothing_and_frees_its_place_and_what_would_be_told() {
    let (gate, lookups) = gated();
    let (sender, receiver) = channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..30_000 {
                let (lookup, told) = begin(&lookups, "name").unwrap();
                drop(lookup);
                assert_eq!(told.try_recv(), Err(TryRecvError::Disconnected));
            }
            assert!(lookups.shared.queue().waiting.len() <= WAITING);
            sender.send(()).unwrap();
        });
        let done = receiver.recv_timeout(Duration::from_secs(60));
        gate.open();
        done.unwrap();
    });
    assert_eq!(answer(&begin(&lookups, "name").unwrap()), localhost());
}

#[test]
fn more_than_can_be_remembered_are_refused_until_some_are_dropped() {
    let (gate, lookups) = gated();
    let mut all = Vec::new();
    let refused = loop {
        match begin(&lookups, "name") {
            Ok(lookup) => all.push(lookup),
            Err(error) => break error,
        }
    };
    assert_eq!(refused.code, Code::TemporaryResolverFailure);
    assert!((WAITING..=WAITING + THREADS).contains(&all.len()), "{}", all.len());
    all.truncate(WAITING / 2);
    all.push(begin(&lookups, "name").unwrap());
    gate.open();
    for lookup in &all {
        assert_eq!(answer(lookup), localhost());
    }
}

#[test]
fn what_is_pending_is_told_and_then_no_longer_pending() {
    let (gate, lookups) = gated();
    let (sender, told) = channel();
    let lookup = lookups.begin("name", sender).unwrap();
    assert!(lookup.pending().is_some());
    gate.open();
    told.recv().unwrap();
    assert!(lookup.pending().is_none());
    assert_eq!(lookup.addresses(), localhost());
}

#[test]
fn only_a_name_is_asked_for() {
    let lookups = Lookups::<Sender<()>>::new(|_| panic!("the resolver was asked"));
    let resolve =
        |text| lookups.resolve(text, || panic!("there is nothing to wait for")).map(|lookup| lookup.addresses());
    assert_eq!(resolve("127.0.0.1"), Ok(localhost()));
    assert_eq!(resolve("::ffff:127.0.0.1"), Ok(localhost()));
    assert_eq!(resolve("127.1"), Err(Code::Invalid.into()));
    assert_eq!(lookups.shared.queue().threads, 0);
    let refused = lookups.resolve("name", || Err(Code::InsufficientMemory.into())).map(drop);
    assert_eq!(refused, Err(Code::InsufficientMemory.into()));
    assert_eq!(lookups.shared.queue().threads, 0);
}

#[test]
fn addresses_come_once_in_their_order_and_never_as_another_kind() {
    let parsed = |texts: &[&str]| Ok(texts.iter().map(|text| text.parse().unwrap()).collect());
    let given = ["::1", "127.0.0.1", "::ffff:127.0.0.1", "::1", "10.0.0.1", "127.0.0.1"];
    let lookups = Lookups::new(move |_| parsed(&given));
    assert_eq!(answer(&begin(&lookups, "name").unwrap()), parsed(&["::1", "127.0.0.1", "10.0.0.1"]));
}

#[test]
fn no_address_and_an_error_are_answers() {
    let lookups =
        Lookups::new(|name| if name == "none" { Ok(vec![]) } else { Err(Code::PermanentResolverFailure.into()) });
    assert_eq!(answer(&begin(&lookups, "none").unwrap()), Err(Code::NameUnresolvable.into()));
    assert_eq!(answer(&begin(&lookups, "error").unwrap()), Err(Code::PermanentResolverFailure.into()));
}
