//! Runs guests through the real `callgate` program, and says what was seen when it is not what was expected.
//!
//! Nothing here links to callgate: what a user gets is what is tested. Programs are looked for where `cargo xtask test`
//! puts them; `CALLGATE_BIN` names another `callgate`, and `CALLGATE_RUNNER` a program that runs it, such as `wine`.
//! A test that a machine lacks something for says so (`needs!`) and is counted as skipped.
//!
//! Hazards: a child is given a bounded time, far beyond what it needs, and killed after it. No test may depend on how
//! fast anything is.

#[cfg(unix)]
mod browser;
pub mod calls;
mod image;
pub mod needs;
mod output;
pub mod places;
#[cfg_attr(unix, path = "platform_unix.rs")]
#[cfg_attr(windows, path = "platform_windows.rs")]
mod platform;
mod run;
mod running;
#[cfg(unix)]
mod terminal;

#[cfg(unix)]
pub use browser::{BROWSER, Browser};
pub use output::Output;
pub use run::{Host, Run, callgate, each, everywhere, native};
pub use running::Running;
#[cfg(unix)]
pub use terminal::Terminal;

include!(concat!(env!("OUT_DIR"), "/guests.rs"));
