//! Counting what is allocated while a program is loaded.
//!
//! The engine's compiler has no limit of memory, and a library can't have one: only the program's allocator sees every allocation.
//! So this one counts while it is told to, on all threads, and does nothing else; at all other times it costs a branch.
//!
//! Hazard: an allocation that passes the limit can't be refused, since callers would abort; nor may it return. Its thread
//! stops for good, and the watching thread ends the process. That one needs a little memory for its last words, so after the limit
//! small allocations are granted for the moment that is left.

#![allow(unsafe_code, reason = "an allocator is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Thread};

/// The most bytes of one allocation that are granted after the limit.
const LAST: usize = 1 << 20;

static COUNTING: AtomicBool = AtomicBool::new(false);
static PASSED: AtomicBool = AtomicBool::new(false);
/// The bytes that may still be allocated.
static LEFT: AtomicI64 = AtomicI64::new(0);
/// Locked by whoever begins to count, and by whoever passes the limit: never at a time.
static WATCHER: Mutex<Option<Thread>> = Mutex::new(None);

/// The allocator of the process.
pub(crate) struct Allocator;

// SAFETY: every call goes to the system's allocator as it came; counting touches no memory of it.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        // SAFETY: as for this function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        // SAFETY: as for this function.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        take(size);
        give_back(layout.size());
        // SAFETY: as for this function.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        give_back(layout.size());
        // SAFETY: as for this function.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Allocations count until this is dropped.
pub(crate) struct Counted(());

impl Counted {
    /// Counts against `limit` bytes, and wakes `watcher` when they are passed.
    pub(crate) fn begin(limit: u64, watcher: Option<Thread>) -> Self {
        *WATCHER.lock().unwrap_or_else(PoisonError::into_inner) = watcher;
        LEFT.store(i64::try_from(limit).unwrap_or(i64::MAX), Ordering::Relaxed);
        COUNTING.store(true, Ordering::Release);
        Self(())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        COUNTING.store(false, Ordering::Release);
    }
}

/// True if the limit was passed.
pub(crate) fn is_passed() -> bool {
    PASSED.load(Ordering::Acquire)
}

#[inline]
fn take(bytes: usize) {
    if COUNTING.load(Ordering::Relaxed) {
        take_counted(bytes);
    }
}

#[inline]
fn give_back(bytes: usize) {
    if COUNTING.load(Ordering::Relaxed) {
        LEFT.fetch_add(signed(bytes), Ordering::Relaxed);
    }
}

#[cold]
fn take_counted(bytes: usize) {
    let left = LEFT.fetch_sub(signed(bytes), Ordering::Relaxed);
    if left < signed(bytes) && (bytes > LAST || !PASSED.load(Ordering::Relaxed)) {
        stop();
    }
}

fn signed(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// The process is about to be ended by the watcher.
fn stop() -> ! {
    PASSED.store(true, Ordering::Release);
    if let Some(watcher) = &*WATCHER.lock().unwrap_or_else(PoisonError::into_inner) {
        watcher.unpark();
    }
    loop {
        thread::park();
    }
}
