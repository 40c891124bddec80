//! Runs WebAssembly components and modules on a portable system: the embedding API, and the host functions of WASI 0.2 and
//! preview1 behind it.
//!
//! A [`Runtime`] compiles programs, a [`Sandbox`] says what one run of a [`Program`] may see and use, and [`Sandbox::run`] runs it on
//! the calling thread. A guest sees nothing that it was not given: no file, no network, no environment.
//!
//! Signals are the process's, so two of them are its owner's care: SIGPIPE, which Rust programs ignore, and SIGXFSZ, which should be
//! ignored where a limit of file sizes is set. Otherwise a guest that writes beyond the limit ends the process.
//!
//! ```no_run
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use callgate_wasi::{Access, Exit, Sandbox, Runtime, RuntimeOptions};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let runtime = Runtime::new(&RuntimeOptions { interruptible: true, ..RuntimeOptions::default() })?;
//! let program = runtime.load("count-words.wasm".as_ref())?;
//!
//! let mut sandbox = Sandbox::new(Arc::new(callgate_portable::Portable::new()));
//! sandbox.arguments(["count-words", "/texts/letter.txt"]);
//! sandbox.mount("letters".as_ref(), "/texts", Access::ReadOnly)?;
//! sandbox.max_memory(64 << 20);
//! sandbox.timeout(Duration::from_secs(10));
//!
//! match sandbox.run(&program)? {
//!     Exit::Code(code) => println!("it ended with {code}"),
//!     Exit::Trap(trap) => println!("it trapped: {trap}"),
//!     other => println!("{other}"),
//! }
//! # Ok(())
//! # }
//! ```

mod abi;
mod asking;
mod backtrace;
mod bind;
mod budget;
mod calls;
mod host;
mod invoke;
mod limits;
mod objects;
mod program;
mod reach;
mod runtime;
mod sandbox;
mod stacks;
mod start;
mod watchdog;

pub use asking::StackRequest;
pub use callgate_gate::{
    Call, Class, Classes, Decider, Event, Flags, GuestId, Handle, MissingRule, Mount, Notice, Observer, Outcome, Place,
    Reason, Refusal, Resolved, Rule, RuleError, RunEnd, Stack, Streams, Use, Value, Verdict,
};
pub use callgate_system::{Code, Names, Quota};
pub use program::{Bound, CacheContents, CodeCache, LoadError, Precompiled, Program, ProgramFile};
pub use runtime::{Binding, Runtime, RuntimeError, RuntimeOptions};
pub use sandbox::{Access, Exit, MountError, Sandbox, Trap, Usage};
