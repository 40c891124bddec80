//! The guest's stack at a call, for observers that ask for it.
//!
//! The engine collects the stack, so it has to be asked before a host function borrows the guest's memory. Every binding therefore calls
//! [`show`] first. Naming a function takes longer than finding it, so names are kept.
//!
//! Hazard: a program chooses the names of its functions, how many it has, and how deep they call each other. The number of names that are
//! kept is bounded, and so is the number of functions of one stack.

use std::cell::RefCell;
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use callgate_gate::Stack;
use wasmtime::{AsContext, FrameInfo, StoreContext, WasmBacktrace};

use crate::backtrace::{self, Hash};
use crate::host::Host;

/// The most functions of one stack.
pub(crate) const DEEPEST: NonZeroUsize = NonZeroUsize::new(128).unwrap();

/// The most functions whose names are kept.
const KEPT: usize = 16_384;

/// Bytes of the longest name in the program's file that is kept.
const LONGEST: usize = 1024;

/// The names of functions that were seen on a stack.
#[derive(Default)]
pub(crate) struct Names(RefCell<HashMap<Key, Arc<str>>>);

/// The index of a function in its module, and its name in the program's file. Functions of two modules may share a key; then they share
/// their name too.
type Key = (u32, Option<Box<str>>);

/// Shows the gate the functions that the guest is in, if an observer wants to see them at the call that begins now.
#[inline(always)]
pub(crate) fn show(guest: &impl AsContext<Data = Host>) {
    let guest = guest.as_context();
    if guest.data().gate.wants_stack() {
        capture(&guest);
    }
}

#[cold]
fn capture(guest: &StoreContext<'_, Host>) {
    let (trace, host) = (WasmBacktrace::force_capture(guest), guest.data());
    let functions = trace.frames().iter().rev().map(|frame| host.names.of(frame)).collect();
    // Whether there is one more than the engine collects can't be told.
    host.gate.show_stack(Stack { functions, is_cut: trace.frames().len() >= DEEPEST.get() });
}

/// Functions of one source are one function in a picture, so a hash would only be noise.
fn function(frame: &FrameInfo) -> Arc<str> {
    backtrace::function(frame, Hash::LeftOut).into()
}

impl Names {
    fn of(&self, frame: &FrameInfo) -> Arc<str> {
        let in_file = frame.func_name();
        if in_file.is_some_and(|name| name.len() > LONGEST) {
            return function(frame);
        }
        let mut names = self.0.borrow_mut();
        let key = (frame.func_index(), in_file.map(Box::from));
        match names.get(&key) {
            Some(name) => Arc::clone(name),
            None if names.len() >= KEPT => function(frame),
            None => Arc::clone(names.entry(key).or_insert_with(|| function(frame))),
        }
    }
}
