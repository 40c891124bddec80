//! Passing a call.
//!
//! Hazard: the act of a call may itself use the guest's tables, so the gate holds no lock and no borrow while it runs.

use std::cell::Cell;
use std::sync::Arc;

use callgate_system::{Code, Error, Nanoseconds, Native, Result, System};

use crate::{AsReply, Call, NetworkAccess, NetworkRules, Reply};

/// One guest's gate.
pub struct Gate {
    system: Arc<dyn System>,
    network: NetworkRules,
    hook: Option<Arc<dyn Hook>>,
    last_native: Cell<Option<Native>>,
    last_failed: Cell<&'static str>,
    passed: Cell<u64>,
}

/// Sees every call after it happened.
pub trait Hook: Send + Sync {
    /// A call has ended, or was refused. Runs on the guest's thread, before the guest goes on.
    fn passed(&self, call: &Call<'_>, outcome: &Outcome<'_>);

    /// The run is over, in whatever way: what was held back must be out when this returns. May come twice.
    fn finish(&self);
}

/// What an act may fail with: an [`Error`], or something wider that the caller tells apart afterwards.
pub trait AsError: From<Error> {
    /// The error to note and to show.
    fn as_error(&self) -> Error;
}

impl AsError for Error {
    #[inline]
    fn as_error(&self) -> Error {
        *self
    }
}

/// How a call ended.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// What it yielded, or why it failed.
    pub result: Result<Reply<'a>>,
    /// What it was refused for want of a rule.
    pub missing: Option<NetworkAccess<'a>>,
    /// When it began, on the system's monotonic clock.
    pub began: Nanoseconds,
    /// When it ended.
    pub ended: Nanoseconds,
}

impl Gate {
    /// A gate for one guest of `system`, which may do on the network what `network` permits; `hook` sees its calls.
    #[must_use]
    pub fn new(system: Arc<dyn System>, network: NetworkRules, hook: Option<Arc<dyn Hook>>) -> Self {
        Self { system, network, hook, last_native: Cell::new(None), last_failed: Cell::new(""), passed: Cell::new(0) }
    }

    /// Lets `act` happen, unless `call` is refused, and notes what became of it.
    ///
    /// # Errors
    /// Those of `act`; [`Code::ReadOnly`] for a change below a read-only mount, [`Code::AccessDenied`] for what no rule
    /// permits on the network.
    #[inline]
    pub fn pass<T: AsReply, E: AsError>(&self, call: Call<'_>, act: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.passed.set(self.passed.get() + 1);
        if self.hook.is_some() {
            return self.pass_watched(&call, act);
        }
        let result = if let Some(code) = self.refusal(&call) { Err(Error::new(code).into()) } else { act() };
        self.note(&call, &result);
        result
    }

    #[inline]
    fn refusal(&self, call: &Call<'_>) -> Option<Code> {
        if call.is_refused() {
            return Some(Code::ReadOnly);
        }
        let access = call.network_access()?;
        if self.network.permit(access) {
            return None;
        }
        self.network.refused(access);
        Some(Code::AccessDenied)
    }

    #[cold]
    fn pass_watched<T: AsReply, E: AsError>(
        &self,
        call: &Call<'_>,
        act: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let began = self.system.clock().monotonic();
        let refusal = self.refusal(call);
        let result = if let Some(code) = refusal { Err(Error::new(code).into()) } else { act() };
        let ended = self.system.clock().monotonic();
        self.note(call, &result);
        if let Some(hook) = &self.hook {
            let result = result.as_ref().map(AsReply::as_reply).map_err(AsError::as_error);
            let missing = call.network_access().filter(|_| refusal == Some(Code::AccessDenied));
            hook.passed(call, &Outcome { result, missing, began, ended });
        }
        result
    }

    #[inline]
    fn note<T, E: AsError>(&self, call: &Call<'_>, result: &Result<T, E>) {
        if let Err(error) = result {
            self.last_native.set(error.as_error().native);
            self.last_failed.set(call.function());
        }
    }

    /// What the guest may do on the network.
    #[must_use]
    pub fn network(&self) -> &NetworkRules {
        &self.network
    }

    /// The native error behind the last call that failed; none when no call failed yet, or when the sandbox refused it.
    #[must_use]
    pub fn last_native(&self) -> Option<Native> {
        self.last_native.get()
    }

    /// The function of the last call that failed; empty when none did.
    #[must_use]
    pub fn last_failed(&self) -> &'static str {
        self.last_failed.get()
    }

    /// How many calls have passed. Two readings differ by one exactly when one call passed between them.
    #[must_use]
    pub fn passed(&self) -> u64 {
        self.passed.get()
    }
}
