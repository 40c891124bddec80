//! Traces: every call of a guest, written down in the formats that people's tools open.
//!
//! A [`Recorder`] is an observer of the gate. It hands each event that its [`Filter`] keeps to a [`Format`](format::Format), which appends its
//! bytes to a buffer, and writes the buffer to the sink. A new format is one file in `format/`. [`stored`] reads back what the format `jsonl`
//! wrote; [`summary`] sums calls up, as they happen or from there; [`diff`] compares two runs;
//! [`view`] makes a page.
//!
//! ```
//! use std::sync::Arc;
//!
//! use callgate_gate::{GuestId, Observer};
//! use callgate_trace::{Flush, Recording, format::Jsonl};
//! # use callgate_system::{Clock, Nanoseconds, Timestamp};
//! # fn example(system: &Arc<dyn callgate_system::System>, guest: GuestId) -> Result<(), Box<dyn std::error::Error>> {
//!
//! let file = std::fs::File::create("calls.jsonl")?;
//! let recorder = Recording::of(guest, "rg.wasm", ["rg", "-c", "x"])
//!     .filter("class:read,failed".parse()?)
//!     .flush(Flush::Buffered)
//!     .start(system, Box::new(Jsonl::new(32)), Box::new(file));
//! let observer: Arc<dyn Observer> = Arc::new(recorder);
//! # drop(observer);
//! # Ok(())
//! # }
//! ```
//!
//! Hazard: what a trace shows is chosen by the guest, lengths included. A format escapes and bounds every text.

pub mod diff;
mod filter;
pub mod format;
mod recorder;
pub mod stored;
pub mod summary;
#[cfg(test)]
mod tests;
pub mod view;

pub use filter::{Filter, FilterError};
pub use recorder::{Flush, Loss, Recorder, Recording};
