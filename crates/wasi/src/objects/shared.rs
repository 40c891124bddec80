//! Mutable state of an object that several hold: a stream and its pollable, a socket and its streams.
//!
//! A guest may go on on another thread, but is never on two at once. So nobody ever waits for a lock here. Numbers and flags take no
//! lock: they are written and read as a `Cell` would be, and whoever moves the guest synchronizes its threads.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A number.
#[derive(Default)]
pub(crate) struct Number(AtomicU64);

/// A yes or no.
#[derive(Default)]
pub(crate) struct Flag(AtomicBool);

impl Number {
    pub(crate) fn new(value: u64) -> Self {
        Self(AtomicU64::new(value))
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }

    pub(crate) fn set(&self, value: u64) {
        self.0.store(value, Relaxed);
    }
}

impl Flag {
    pub(crate) fn get(&self) -> bool {
        self.0.load(Relaxed)
    }

    pub(crate) fn set(&self, value: bool) {
        self.0.store(value, Relaxed);
    }
}

/// Anything else. No panic leaves any of it half changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
