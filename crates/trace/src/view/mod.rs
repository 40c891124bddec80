//! A stored trace as one HTML page, which needs nothing else: no network, no server, no other file.
//!
//! The page holds the calls in packed form: a block of compressed numbers for each property of a call, and tables of texts. Its script
//! (`page/*.js`) draws them. A million calls make a page of about ten megabytes.
//!
//! Hazards: every text is the guest's, or of whoever made the file. Texts are escaped for people here, and packed so that no markup can stand in
//! the page; the script only ever sets text; and the page's policy runs no script but its own.

mod calls;
mod columns;
mod form;
mod pack;
mod page;
mod table;
#[cfg(test)]
mod tests;
mod touched;

pub use pack::Page;
