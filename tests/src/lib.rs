//! Runs guests through the real `callgate` program, and says what was seen when it is not what was expected.
//!
//! Nothing here links to callgate: what a user gets is what is tested. Programs are looked for where `cargo xtask test`
//! puts them; `CALLGATE_BIN` names another `callgate`, and `CALLGATE_RUNNER` a program that runs it, such as `wine`.
//! `CALLGATE_TESTS_WITHOUT` names the published packages that could not be built here; their tests skip themselves.
//!
//! Hazards: a child is given a bounded time, far beyond what it needs, and killed after it. No test may depend on how
//! fast anything is.

pub mod calls;
mod output;
pub mod places;
mod run;

pub use output::Output;
pub use run::{Host, Run, Running, both, callgate, native};

include!(concat!(env!("OUT_DIR"), "/guests.rs"));
