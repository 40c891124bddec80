//! Guest programs through the real `callgate`, by theme. A guest has a test function of its own name, wherever it
//! belongs.

mod adapted;
mod attacks;
mod audit;
mod bad_input;
mod binding;
mod broker;
mod cli;
mod files;
mod jsonl;
mod learn;
mod limits;
mod lockdown;
mod memory;
mod modules;
mod mounts;
mod network;
mod places;
#[cfg_attr(unix, path = "platform_unix.rs")]
#[cfg_attr(windows, path = "platform_windows.rs")]
mod platform;
mod policy;
mod preview1;
mod programs;
mod progress;
mod published_modules;
mod run;
mod run_limits;
mod sandbox;
mod stored_traces;
#[cfg(unix)]
mod terminal;
mod trace;
mod trace_for_tools;
mod trace_summary;
#[cfg(unix)]
mod view;
mod wrong_calls;

// Named below.
use attacks::*;
use files::*;
use limits::*;
use memory::*;
use mounts::*;
use network::*;
use policy::*;
use run::*;
use sandbox::*;
use wrong_calls::*;

// Does not compile while a guest has no test.
include!(concat!(env!("OUT_DIR"), "/every_guest_has_a_test.rs"));

#[test]
fn every_guest_has_a_test() {
    assert_eq!(TESTS.len(), callgate_tests::GUESTS.len());
}
