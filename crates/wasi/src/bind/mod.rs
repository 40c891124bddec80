//! The bindings: how a guest's arguments get to a function of `calls/`, and its answer back. One table of functions serves
//! components; preview1 has its own names for the same calls.

mod component;
pub(crate) mod direct;
mod interfaces;
pub(crate) mod preview1;
mod values;

pub(crate) use interfaces::link;
