//! Traces: every call of a guest, written down in the formats that people's tools open.
//!
//! A [`Recorder`] is an observer of the gate. It hands each event to a [`Format`], which appends its bytes to a buffer, and writes the buffer
//! to the sink. A new format is one file in `format/`. [`stored`] reads back what the format `jsonl` wrote, and [`view`] makes a page of it.
//!
//! Hazard: what a trace shows is chosen by the guest, lengths included. A format escapes and bounds every text.

pub mod diff;
pub mod format;
mod recorder;
pub mod stored;
pub mod summary;
pub mod view;

pub use recorder::{Flush, Recorder};
