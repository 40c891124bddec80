//! Asking a guest for its stack while it computes.
//!
//! Another thread moves the engine's epoch on, which code compiled to be interruptible notices; the guest's own thread then collects the stack,
//! as only it can, and goes on. A guest that is in a call answers when it has come back from it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use wasmtime::{AsContext, Engine, WasmBacktrace};

use crate::backtrace;

/// Takes the stack, innermost function first, a line or more each.
type Show = Box<dyn Fn(String) + Send + Sync>;

/// Asks a guest for its stack, from any thread; see [`Sandbox::stack_on_request`](crate::Sandbox::stack_on_request).
#[derive(Clone)]
pub struct StackRequest(Arc<Asked>);

struct Asked {
    is_wanted: AtomicBool,
    /// Of the program that runs.
    engine: OnceLock<Engine>,
    show: Show,
}

impl StackRequest {
    pub(crate) fn new(show: Show) -> Self {
        Self(Arc::new(Asked { is_wanted: AtomicBool::new(false), engine: OnceLock::new(), show }))
    }

    /// Asks. Several requests before an answer have one answer; one that comes before the guest's start or after its end has none.
    pub fn ask(&self) {
        if let Some(engine) = self.0.engine.get() {
            self.0.is_wanted.store(true, Ordering::Relaxed);
            engine.increment_epoch();
        }
    }

    /// A run on `engine` begins.
    pub(crate) fn begin(&self, engine: &Engine) {
        self.0.engine.get_or_init(|| engine.clone());
    }

    /// Answers on the guest's thread, if somebody asked.
    pub(crate) fn answer(&self, guest: impl AsContext) {
        if self.0.is_wanted.swap(false, Ordering::Relaxed) {
            (self.0.show)(backtrace::shown(WasmBacktrace::force_capture(guest).frames()));
        }
    }
}
