//! The host's memory that a guest may make the host hold: each object pays for itself, in bytes that are computed before it is made.
//!
//! Nothing is measured: an allocator's reserves, or what the system has paged in, would have one program refused on Monday and
//! not on Tuesday. The sizes are upper bounds, so the process stays below its budget and what it takes by itself.
//! docs/security.md has the table of what is charged, and of the constants that need no charge because there is one of them.
//!
//! Hazard: a charge is taken when an object is made, and held by the object. A charge that is kept beside its object is given
//! back while somebody else (a pollable, a call under way) still holds the object.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use callgate_system::{Code, Result};

use crate::limits::TRANSFER;

/// The bytes that one guest, or several that share the budget, may make the host hold. A clone is the same budget.
#[derive(Clone)]
pub(crate) struct Budget(Arc<Account>);

struct Account {
    limit: usize,
    used: AtomicUsize,
}

/// Bytes of a budget that are in use; dropping it gives them back.
pub(crate) struct Charge {
    budget: Budget,
    bytes: usize,
}

impl Budget {
    /// At most `limit` bytes.
    pub(crate) fn new(limit: u64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Self(Arc::new(Account { limit, used: AtomicUsize::new(0) }))
    }

    /// The bytes that there may be in all.
    pub(crate) fn limit(&self) -> usize {
        self.0.limit
    }

    /// Takes `bytes`.
    ///
    /// # Errors
    /// `InsufficientMemory` where fewer are left; then none is taken.
    pub(crate) fn charge(&self, bytes: usize) -> Result<Charge> {
        let mut charge = self.nothing();
        charge.grow(bytes)?;
        Ok(charge)
    }

    /// A charge of no bytes, to grow.
    pub(crate) fn nothing(&self) -> Charge {
        Charge { budget: self.clone(), bytes: 0 }
    }

    /// Takes what a call builds in the host and lets go of before it returns. A guest is in one call at a time, so up to [`TRANSFER`] of
    /// that is there once and needs no charge.
    ///
    /// # Errors
    /// As [`Budget::charge`].
    pub(crate) fn charge_call(&self, bytes: usize) -> Result<Option<Charge>> {
        if bytes as u64 <= TRANSFER { Ok(None) } else { self.charge(bytes).map(Some) }
    }

    /// True if a charge of `bytes` would succeed now. Costs no more than a load, so that it can stand before what is hot.
    pub(crate) fn has(&self, bytes: usize) -> bool {
        bytes <= self.0.limit.saturating_sub(self.0.used.load(Ordering::Relaxed))
    }
}

impl Charge {
    /// Takes so many bytes more.
    ///
    /// # Errors
    /// As [`Budget::charge`].
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<()> {
        let account = &self.budget.0;
        let sum = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= account.limit);
        match account.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, sum) {
            Ok(_) => {
                self.bytes += bytes;
                Ok(())
            }
            Err(_) => Err(Code::InsufficientMemory.into()),
        }
    }

    /// Gives all of it back, and goes on as a charge of no bytes.
    pub(crate) fn clear(&mut self) {
        if self.bytes > 0 {
            self.budget.0.used.fetch_sub(self.bytes, Ordering::Relaxed);
            self.bytes = 0;
        }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_given_back() {
        let budget = Budget::new(100);
        let mut charge = budget.charge(60).unwrap();
        assert!(budget.has(40) && !budget.has(41));
        assert_eq!(budget.charge(41).err().map(|error| error.code), Some(Code::InsufficientMemory));
        charge.grow(40).unwrap();
        assert!(charge.grow(1).is_err(), "nothing is left");
        assert!(charge.grow(usize::MAX).is_err(), "a sum beyond all numbers is no sum");
        charge.clear();
        assert!(budget.has(100));
        charge.grow(100).unwrap();
        drop(charge);
        assert!(budget.has(100), "and no byte was given back twice");
    }

    #[test]
    fn clones_share_one_limit() {
        let budget = Budget::new(100);
        let held = budget.clone().charge(100).unwrap();
        assert!(!budget.has(1));
        assert!(budget.charge(0).is_ok());
        drop(held);
        assert!(budget.has(100));
    }
}
