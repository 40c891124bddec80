//! Passing a call.
//!
//! Hazard: the act of a call may itself use the guest's tables, so the gate holds no lock and no borrow while it runs.

use std::cell::{Cell, OnceCell};
use std::fmt;
use std::io;
use std::sync::Arc;

use callgate_system::{Code, Error, HostName, Nanoseconds, Native, Result, System};

use crate::{AsReply, Break, Call, Ended, MissingRule, NetworkAccess, NetworkRules, Reply};

/// One guest's gate.
pub struct Gate {
    system: Arc<dyn System>,
    network: NetworkRules,
    hook: Option<Arc<dyn Hook>>,
    unrecorded: OnceCell<io::Error>,
    last_native: Cell<Option<Native>>,
    last_failed: Cell<&'static str>,
    passed: Cell<u64>,
}

/// Sees every call after it happened.
pub trait Hook: Send + Sync {
    /// A call has ended, or was refused. Runs on the guest's thread, before the guest goes on.
    ///
    /// # Errors
    /// If it can't take note of the call: the guest must not go on unseen, so its run ends, [`Ended::Unrecorded`].
    fn passed(&self, call: &Call<'_>, outcome: &Outcome<'_>) -> io::Result<()>;

    /// The run is over, and this is how, in few words: `exited with code 0`. What was held back must be out when this returns. May come
    /// twice, and from another thread, when the process is about to end; the first tells how.
    ///
    /// # Errors
    /// If something of what happened could not be noted, whenever that was.
    fn finish(&self, how: &dyn fmt::Display) -> io::Result<()>;
}

/// How a call ended.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// What it yielded, or why it failed.
    pub result: Result<Reply<'a>>,
    /// The rule for want of which it was refused.
    pub missing: Option<MissingRule>,
    /// When it began, on the system's monotonic clock.
    pub began: Nanoseconds,
    /// When it ended.
    pub ended: Nanoseconds,
}

impl Gate {
    /// A gate for one guest of `system`, which may do on the network what `network` permits; `hook` sees its calls.
    #[must_use]
    pub fn new(system: Arc<dyn System>, network: NetworkRules, hook: Option<Arc<dyn Hook>>) -> Self {
        Self {
            system,
            network,
            hook,
            unrecorded: OnceCell::new(),
            last_native: Cell::new(None),
            last_failed: Cell::new(""),
            passed: Cell::new(0),
        }
    }

    /// Lets `act` happen, unless `call` is refused, and notes what became of it.
    ///
    /// # Errors
    /// Those of `act`; [`Code::ReadOnly`] for a change below a read-only mount, [`Code::Invalid`] to look up what is no name; [`Code::AccessDenied`] for what
    /// no rule permits on the network; [`Ended::Unrecorded`] for what happened and could not be recorded.
    #[inline]
    pub fn pass<T: AsReply, E: Into<Break>>(
        &self,
        call: Call<'_>,
        act: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, Break> {
        self.passed.set(self.passed.get() + 1);
        if let Some(hook) = &self.hook {
            return self.pass_watched(&**hook, &call, act);
        }
        let result =
            if let Some(code) = self.refusal(&call) { Err(Error::new(code).into()) } else { act().map_err(Into::into) };
        self.note(&call, &result);
        result
    }

    #[inline]
    fn refusal(&self, call: &Call<'_>) -> Option<Code> {
        if call.is_refused() {
            return Some(Code::ReadOnly);
        }
        let access = call.network_access()?;
        // What is no name is neither judged nor told to anybody as one that a rule could permit.
        if let NetworkAccess::Resolve(name) = access
            && HostName::parse(name).is_err()
        {
            return Some(Code::Invalid);
        }
        if self.network.permit(access) {
            return None;
        }
        self.network.refused(access);
        Some(Code::AccessDenied)
    }

    #[cold]
    fn pass_watched<T: AsReply, E: Into<Break>>(
        &self,
        hook: &dyn Hook,
        call: &Call<'_>,
        act: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, Break> {
        let began = self.system.clock().monotonic();
        let refusal = self.refusal(call);
        let result = if let Some(code) = refusal { Err(Error::new(code).into()) } else { act().map_err(Into::into) };
        let ended = self.system.clock().monotonic();
        self.note(call, &result);
        let shown = result.as_ref().map(AsReply::as_reply).map_err(Break::as_error);
        let refused = call.network_access().filter(|_| refusal == Some(Code::AccessDenied));
        let missing = refused.map(|access| self.network.missing(access));
        if let Err(error) = hook.passed(call, &Outcome { result: shown, missing, began, ended }) {
            self.unrecorded.get_or_init(|| error);
            return Err(Break::Ended(Ended::Unrecorded));
        }
        result
    }

    #[inline]
    fn note<T>(&self, call: &Call<'_>, result: &Result<T, Break>) {
        if let Err(broken) = result {
            self.last_native.set(broken.as_error().native);
            self.last_failed.set(call.function());
        }
    }

    /// Why a call could not be recorded, where that ended the run.
    #[must_use]
    pub fn unrecorded(&self) -> Option<&io::Error> {
        self.unrecorded.get()
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
