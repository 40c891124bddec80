//! What counts when two runs are compared.
//!
//! Two runs of one program on the same files should be alike, so what the system chooses anew each time is left out:
//!
//! - when a call began and how long it took; points in time, and all that clocks and random sources yield;
//! - the numbers of handles, and which file it is by its identity: names say that;
//! - addresses that a call yields, and those of peers in the names of connections: the other side's port is any.
//!
//! Lengths of time count, and so does everything else that the program asks for or gets.

use crate::stored::{Call, Failure, Native, Outcome, Record, Value};

/// True if both runs do the same here.
pub(super) fn are_alike(one: Option<&Record<'_>>, other: Option<&Record<'_>>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(Record::Call(one)), Some(Record::Call(other))) => calls(one, other),
        (Some(Record::Lost(one)), Some(Record::Lost(other))) => one == other,
        (Some(Record::End(one)), Some(Record::End(other))) => one.how == other.how && one.calls == other.calls,
        _ => false,
    }
}

fn calls(one: &Call<'_>, other: &Call<'_>) -> bool {
    one.interface == other.interface
        && one.call == other.call
        && one.args.iter().eq_by_alike(other.args.iter())
        && outcomes(one, other)
        && one.refused.as_ref().map(|refused| &refused.reason) == other.refused.as_ref().map(|refused| &refused.reason)
        && one.ended == other.ended
}

/// Compares lists of arguments.
trait EqByAlike: Iterator {
    fn eq_by_alike(self, other: Self) -> bool;
}

impl<'a, 'b: 'a, I: Iterator<Item = (&'a str, &'a Value<'b>)>> EqByAlike for I {
    fn eq_by_alike(mut self, mut other: Self) -> bool {
        loop {
            match (self.next(), other.next()) {
                (None, None) => return true,
                (Some((name, one)), Some((same, other))) if name == same && values(one, other) => {}
                _ => return false,
            }
        }
    }
}

fn outcomes(one: &Call<'_>, other: &Call<'_>) -> bool {
    match (&one.outcome, &other.outcome) {
        (Outcome::Ok(_), Outcome::Ok(_)) if is_chance(&one.interface) => true,
        (Outcome::Ok(Value::Address(_)), Outcome::Ok(Value::Address(_))) => true,
        (Outcome::Ok(one), Outcome::Ok(other)) => values(one, other),
        (Outcome::Failed(one), Outcome::Failed(other)) => failures(one, other),
        _ => false,
    }
}

/// True for what clocks and random sources yield.
fn is_chance(interface: &str) -> bool {
    interface.starts_with("wasi:clocks/") || interface.starts_with("wasi:random/")
}

/// The native codes of different systems can't be compared.
fn failures(one: &Failure<'_>, other: &Failure<'_>) -> bool {
    let native = |one: &Native<'_>, other: &Native<'_>| one.family != other.family || one.code == other.code;
    one.code == other.code
        && match (&one.native, &other.native) {
            (Some(one), Some(other)) => native(one, other),
            (one, other) => one.is_none() == other.is_none(),
        }
}

fn values(one: &Value<'_>, other: &Value<'_>) -> bool {
    match (one, other) {
        (Value::Handle { name: one, mount, .. }, Value::Handle { name: other, mount: same, .. }) => {
            mount == same && (one == other || (mount.is_none() && is_connection(one) && is_connection(other)))
        }
        (Value::Instant(_), Value::Instant(_))
        | (Value::Time(_), Value::Time(_))
        | (Value::Identity { .. }, Value::Identity { .. }) => true,
        // As much as both show: one trace may show more of it.
        (Value::Contents { bytes, data: one }, Value::Contents { bytes: same, data: other }) => {
            bytes == same && (one.starts_with(&**other) || other.starts_with(&**one))
        }
        (one, other) => one == other,
    }
}

fn is_connection(name: &str) -> bool {
    name.starts_with("tcp ")
}
