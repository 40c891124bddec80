//! A sleeper, for the tests of both threads.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use crate::wake::Wake;

/// A sleeper that tells of each waking.
pub(super) struct Woken(Sender<()>);

impl Woken {
    pub(super) fn sleeper() -> (Arc<dyn Wake>, Receiver<()>) {
        let (sender, receiver) = channel();
        (Arc::new(Self(sender)), receiver)
    }
}

impl Wake for Woken {
    fn wake(&self) {
        let _ = self.0.send(());
    }
}

/// Sleeps until `poll` says that it is ready.
pub(super) fn poll_until_ready(poll: impl Fn(&Arc<dyn Wake>) -> bool) {
    let (waker, woken) = Woken::sleeper();
    while !poll(&waker) {
        woken.recv().expect("the waker is kept");
    }
}
