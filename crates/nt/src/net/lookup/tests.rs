//! Tests of the sleepers that wait for an answer, and of the resolver's errors. They need no NT. Lookups themselves are tested where
//! their queue is.

use std::sync::Condvar;
use std::sync::mpsc::{Sender, channel};

use callgate_system::lookup::Lookups;

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

/// A lookup that is answered once something is sent, or the sender dropped.
pub(in crate::net) fn held() -> (Arc<dyn Lookup>, Sender<()>) {
    let (answer, held) = channel();
    let held = Mutex::new(held);
    let lookups = Lookups::new(move |_| {
        let _ = held.lock().unwrap().recv();
        localhost()
    });
    (lookups.resolve("name", || Ok(Sleepers::default())).unwrap(), answer)
}

fn localhost() -> Result<Vec<IpAddr>> {
    Ok(vec!["127.0.0.1".parse().unwrap()])
}

/// Sleeps until the answer is there.
fn answer(lookup: &dyn Lookup) -> Result<Vec<IpAddr>> {
    let sleeper = Arc::new(Sleeper::default());
    let waker: Arc<dyn Wake> = Arc::<Sleeper>::clone(&sleeper);
    while !poll(lookup, &waker) {
        *sleeper.wakes.wait_while(sleeper.woken.lock().unwrap(), |woken| !*woken).unwrap() = false;
    }
    lookup.addresses()
}

#[test]
fn every_sleeper_is_woken_and_one_that_is_gone_is_forgotten() {
    let (lookup, hold) = held();
    let gone: Arc<dyn Wake> = Arc::new(Sleeper::default());
    assert!(!poll(&*lookup, &gone));
    drop(gone);
    std::thread::scope(|scope| {
        let sleepers: Vec<_> = (0..3).map(|_| scope.spawn(|| answer(&*lookup))).collect();
        hold.send(()).unwrap();
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
