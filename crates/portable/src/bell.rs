//! Wakes a waiter for events that no socket tells: a thread has an answer, or has bytes.
//!
//! There is one bell for a system. A waiter that waits for a thread hangs a [`Waker`] of its own on the bell. A thread that has
//! something rings the bell, and all waiters look for themselves whether it was for them. Wakers are waited for together with
//! sockets.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rustix::fd::BorrowedFd;

use crate::os;

/// The wakers to be woken.
#[derive(Default)]
pub(crate) struct Bell {
    wakers: Mutex<Vec<Weak<Waker>>>,
}

impl Bell {
    /// Wakes all.
    pub(crate) fn ring(&self) {
        for waker in self.wakers.lock().unwrap_or_else(PoisonError::into_inner).iter().filter_map(Weak::upgrade) {
            waker.wake();
        }
    }

    /// A new waker, woken from now on until it is dropped.
    pub(crate) fn waker(&self) -> io::Result<Arc<Waker>> {
        let waker = Arc::new(Waker { channel: os::Channel::new()?, woken: AtomicBool::new(false) });
        let mut wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        wakers.retain(|waker| waker.strong_count() > 0);
        wakers.push(Arc::downgrade(&waker));
        Ok(waker)
    }
}

/// Something to poll, readable once woken.
pub(crate) struct Waker {
    /// Holds at most one byte, so that neither end ever waits.
    channel: os::Channel,
    woken: AtomicBool,
}

impl Waker {
    fn wake(&self) {
        if !self.woken.swap(true, Ordering::AcqRel) {
            self.channel.put();
        }
    }

    /// Takes note. Whoever calls this has found it readable, and looks for what happened afterwards.
    pub(crate) fn clear(&self) {
        self.channel.take();
        self.woken.store(false, Ordering::Release);
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.channel.fd()
    }
}
