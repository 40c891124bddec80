//! `wasi:io/poll`: waiting for any of several things. With the `blocking-*` functions of streams the only calls that sleep; all
//! of them sleep in [`Host::wait`].

use callgate_gate::{Call, CallError};
use callgate_system::{Code, Error, Interest, Nanoseconds};

use super::Outcome;
use crate::host::Host;
use crate::objects::{Held, Pollable, Wait};

pub(crate) fn ready(host: &Host, pollable: &Held<Pollable>) -> Outcome<bool> {
    host.gate.pass(Call::PollableReady { pollable: pollable.handle() }, || is_over(host, pollable.wait()))
}

pub(crate) fn block(host: &Host, pollable: &Held<Pollable>) -> Outcome<()> {
    let act = || first_over(host, std::slice::from_ref(pollable), |pollable| pollable.wait()).map(drop);
    host.gate.pass(Call::PollableBlock { pollable: pollable.handle() }, act)
}

/// Waits until at least one is ready; the indices of all that are, ascending.
///
/// # Errors
/// `Invalid` for an empty list, which the standard has trap.
pub(crate) fn poll(host: &Host, list: &[Held<Pollable>]) -> Outcome<Vec<u32>> {
    host.gate.pass(Call::Poll { count: list.len() }, || {
        if list.is_empty() {
            return Err(Error::new(Code::Invalid).into());
        }
        first_over(host, list, |pollable| pollable.wait())
    })
}

fn is_over(host: &Host, wait: Wait<'_>) -> Outcome<bool> {
    match wait {
        Wait::Over => Ok(true),
        Wait::Until(when) => Ok(host.system.clock().monotonic() >= when),
        Wait::For(interest) => {
            let mut ready = Vec::new();
            host.wait(&[interest], Some(0), &mut ready)?;
            Ok(!ready.is_empty())
        }
    }
}

/// Waits until the wait of at least one of `things` is over; the indices of all of which it is, ascending.
pub(crate) fn first_over<T>(host: &Host, things: &[T], wait: impl Fn(&T) -> Wait<'_>) -> Outcome<Vec<u32>> {
    let mut interests = Vec::new();
    let mut of_interest = Vec::new();
    let mut until = None::<Nanoseconds>;
    for (index, thing) in things.iter().enumerate() {
        match wait(thing) {
            Wait::Over => until = Some(0),
            Wait::Until(when) => until = Some(until.map_or(when, |until| until.min(when))),
            Wait::For(interest) => {
                interests.push(interest);
                of_interest.push(index);
            }
        }
    }
    let mut met = Vec::new();
    loop {
        host.wait(&interests, until, &mut met)?;
        let now = host.system.clock().monotonic();
        let mut met = met.iter().filter_map(|&interest| of_interest.get(interest)).peekable();
        let is_over = |(index, thing): (usize, &T)| {
            let over = match wait(thing) {
                Wait::Over => true,
                Wait::Until(when) => now >= when,
                Wait::For(_) => met.next_if_eq(&&index).is_some(),
            };
            #[allow(clippy::cast_possible_truncation, reason = "a guest's list has fewer than 2^32 elements")]
            over.then_some(index as u32)
        };
        let over: Vec<u32> = things.iter().enumerate().filter_map(is_over).collect();
        if !over.is_empty() {
            return Ok(over);
        }
    }
}

/// Waits for one interest; not at all where there is none.
pub(crate) fn wait_for(host: &Host, interest: Option<&Interest>) -> Result<(), CallError> {
    match interest {
        Some(interest) => host.wait(&[interest], None, &mut Vec::new()),
        None => Ok(()),
    }
}
