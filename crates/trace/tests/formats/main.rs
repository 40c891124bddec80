//! Formats for tools of others, of runs that a test makes up.

mod folded;
mod guest;
mod perfetto;
