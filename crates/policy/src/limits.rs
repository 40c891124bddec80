//! Limits of a whole run: those that a policy's `[limits]` and the options of a run name, and the decider that keeps those of calls.
//!
//! What a call sends, or takes of random bytes, is known before it happens. What it receives is known afterwards, so the last call may go beyond by
//! what one call moves, 1 MiB at most.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use callgate_gate::{Call, Class, Decider, Event, Handle, Reason, Resolved, Verdict};
use callgate_system::{Code, Nanoseconds, System};

use crate::guard::{Say, used_up};
use crate::limit::{Limit, Meter};

macro_rules! limits {
    ($($(#[$doc:meta])* $field:ident $key:literal $kind:ident;)*) => {
        /// The limits of a run; what is not named is not limited by this.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Limits { $($(#[$doc])* pub $field: Option<u64>,)* }

        impl Limits {
            /// The keys in a policy.
            pub(crate) const KEYS: &'static [&'static str] = &[$($key,)*];

            /// The limit that `key` names, and what its value is.
            pub(crate) fn of_key(&mut self, key: &str) -> Option<(&mut Option<u64>, Kind)> {
                match key { $($key => Some((&mut self.$field, Kind::$kind)),)* _ => None }
            }

            /// Of each limit the smaller one.
            #[must_use]
            pub fn and(self, other: Self) -> Self {
                Self { $($field: self.$field.into_iter().chain(other.$field).min(),)* }
            }

            /// The limits that there are, by their keys in a policy, each as it is written there.
            pub fn rows(&self) -> impl Iterator<Item = (&'static str, String)> {
                let rows = [$(($key, self.$field, Kind::$kind),)*];
                rows.into_iter().filter_map(|(key, limit, kind)| Some((key, kind.show(limit?))))
            }
        }
    };
}

limits! {
    /// Units of fuel: one for most instructions of the guest.
    fuel "fuel" Number;
    /// Bytes of its linear memories.
    memory "memory" Size;
    /// Bytes that the host holds for it besides.
    host_memory "host-memory" Size;
    /// Handles that are open at a time.
    handles "handles" Number;
    /// Tables.
    tables "tables" Number;
    /// Instances of modules.
    instances "instances" Number;
    /// Calls, but for those that close handles and end the run.
    calls "calls" Number;
    /// The same, in a second; more wait.
    rate "rate" Rate;
    /// Bytes of contents sent over the network.
    sent "sent" Size;
    /// Bytes of contents received from the network.
    received "received" Size;
    /// Random bytes.
    random "random" Size;
}

/// How a limit is written in a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `1000`
    Number,
    /// `"10 MiB"`
    Size,
    /// `"100 calls/s"`
    Rate,
}

impl Kind {
    fn show(self, limit: u64) -> String {
        match self {
            Self::Number => limit.to_string(),
            Self::Size => format!("\"{limit} B\""),
            Self::Rate => format!("\"{limit} calls/s\""),
        }
    }

    /// Reads the text of a size or a rate.
    ///
    /// # Errors
    /// In words, where it is none.
    pub(crate) fn parse(self, text: &str) -> Result<u64, String> {
        match (self, Limit::parse(text)) {
            (Self::Rate, _) => parse_call_rate(text),
            (_, Ok(Limit::Bytes(bytes))) => Ok(bytes),
            _ => Err("no size; write a number of bytes, such as \"10 MiB\"".to_owned()),
        }
    }
}

/// Reads `100 calls/s`.
///
/// # Errors
/// In words, where it is no rate of calls, or nothing.
pub fn parse_call_rate(text: &str) -> Result<u64, String> {
    match Limit::parse_rate(text) {
        Ok(Limit::Calls(calls)) => Ok(calls),
        Ok(Limit::Bytes(_)) => Err("a rate of bytes; write a number of calls, such as \"100 calls/s\"".to_owned()),
        Err(_) => Err("no rate of calls; write \"100 calls/s\", of at least one".to_owned()),
    }
}

/// What was used of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// The limit's key in a policy.
    pub key: &'static str,
    /// As much as was used.
    pub used: u64,
    /// As much as there is.
    pub limit: u64,
}

/// The decider that keeps the limits of calls.
pub struct Limiter {
    system: Arc<dyn System>,
    say: Say,
    rate: Option<Limit>,
    calls: Total,
    sent: Total,
    received: Total,
    random: Total,
}

/// One limit, and what was used of it. It counts where there is a limit alone.
struct Total {
    key: &'static str,
    limit: Option<Limit>,
    meter: Meter,
    is_told: AtomicBool,
}

impl Total {
    fn new(key: &'static str, limit: Option<Limit>) -> Self {
        Self { key, limit, meter: Meter::default(), is_told: AtomicBool::new(false) }
    }

    fn is_used_up(&self, bytes: Option<u64>) -> bool {
        self.limit.zip(bytes).is_some_and(|(limit, bytes)| self.meter.is_used_up(limit, bytes))
    }

    fn count(&self, bytes: Option<u64>) {
        if let (Some(_), Some(bytes)) = (self.limit, bytes) {
            self.meter.count(bytes, None, 0);
        }
    }

    fn used(&self) -> Option<Used> {
        let limit = self.limit?;
        Some(Used { key: self.key, used: self.meter.used_of(limit), limit: limit.number() })
    }
}

impl Limiter {
    /// The decider for the limits of calls, bytes and rates among `limits`; none where there is none of these. Rates go by the clock of `system`.
    /// `say` takes a line for each limit that refuses something, once.
    #[must_use]
    pub fn new(limits: &Limits, system: Arc<dyn System>, say: Say) -> Option<Self> {
        let Limits { calls, rate, sent, received, random, .. } = *limits;
        let bytes = |limit: Option<u64>| limit.map(Limit::Bytes);
        [calls, rate, sent, received, random].iter().any(Option::is_some).then(|| Self {
            system,
            say,
            rate: rate.map(Limit::Calls),
            calls: Total::new("calls", calls.map(Limit::Calls)),
            sent: Total::new("sent", bytes(sent)),
            received: Total::new("received", bytes(received)),
            random: Total::new("random", bytes(random)),
        })
    }

    /// What was used of each limit but the rate.
    #[must_use]
    pub fn used(&self) -> Vec<Used> {
        [&self.calls, &self.sent, &self.received, &self.random].into_iter().filter_map(Total::used).collect()
    }

    #[cold]
    fn refuse(&self, total: &Total, call: &Call<'_>, code: Code) -> Verdict {
        if let Some(limit) = total.limit.filter(|_| !total.is_told.swap(true, Ordering::Relaxed)) {
            let (key, function) = (total.key, call.function());
            (self.say)(&format!("the limit `{key}` of {limit} has no room for {function}; raise it to permit more"));
        }
        Verdict::Deny { code, reason: Reason::Limit }
    }

    fn now(&self) -> Nanoseconds {
        self.system.observer_clock().monotonic()
    }
}

impl Decider for Limiter {
    fn decide(&self, call: &Call<'_>, _: Option<&Resolved<'_>>) -> Verdict {
        if !counts(call) {
            return Verdict::Allow;
        }
        if self.calls.is_used_up(Some(0)) {
            return self.refuse(&self.calls, call, used_up(call));
        }
        let of_bytes = [(&self.sent, sends(call)), (&self.received, receives(call)), (&self.random, draws(call))];
        let full = of_bytes.into_iter().find(|(total, bytes)| total.is_used_up(*bytes));
        full.map_or(Verdict::Allow, |(total, _)| self.refuse(total, call, Code::AccessDenied))
    }

    fn delay(&self, call: &Call<'_>, _: Option<&Resolved<'_>>) -> Nanoseconds {
        if self.rate.is_some() && counts(call) { self.calls.meter.delay(self.now()) } else { 0 }
    }

    fn done(&self, event: &Event<'_>) {
        if event.outcome.refusal.is_some() || !counts(event.call) {
            return;
        }
        if self.rate.is_some() || self.calls.limit.is_some() {
            let now = if self.rate.is_some() { self.now() } else { 0 };
            self.calls.meter.count(0, self.rate, now);
        }
        if event.outcome.result.is_ok() {
            let moved = event.bytes();
            self.sent.count(sends(event.call).map(|_| moved));
            self.received.count(receives(event.call).map(|_| moved));
            self.random.count(draws(event.call));
        }
    }
}

/// False for calls that keep the books of handles or end the run: a program that has used up its calls can still clean up.
fn counts(call: &Call<'_>) -> bool {
    !call.classes().contains(Class::Process)
}

/// True for a stream of a connection: these have the names that the host gives them, and no mount.
fn is_connection(stream: &Handle<'_>) -> bool {
    stream.mount.is_none() && stream.name.starts_with("tcp")
}

/// The bytes that a call is about to send, as far as it says how many; none for a call that sends nothing.
fn sends(call: &Call<'_>) -> Option<u64> {
    match call {
        Call::StreamWrite { stream, contents } | Call::StreamBlockingWriteAndFlush { stream, contents } => {
            is_connection(stream).then_some(contents.len() as u64)
        }
        Call::StreamWriteZeroes { stream, len } | Call::StreamBlockingWriteZeroesAndFlush { stream, len } => {
            is_connection(stream).then_some(*len)
        }
        // As many as there are to read.
        Call::StreamSplice { stream, .. } | Call::StreamBlockingSplice { stream, .. } => {
            is_connection(stream).then_some(0)
        }
        Call::UdpSend { data, .. } => Some(data.len() as u64),
        _ => None,
    }
}

/// Nothing yet for a call that receives; none for others.
fn receives(call: &Call<'_>) -> Option<u64> {
    let is_receiving = match call {
        Call::StreamRead { stream, .. }
        | Call::StreamBlockingRead { stream, .. }
        | Call::StreamSkip { stream, .. }
        | Call::StreamBlockingSkip { stream, .. }
        | Call::StreamSplice { src: stream, .. }
        | Call::StreamBlockingSplice { src: stream, .. } => is_connection(stream),
        Call::UdpReceive { .. } => true,
        _ => false,
    };
    is_receiving.then_some(0)
}

/// The random bytes that a call takes.
fn draws(call: &Call<'_>) -> Option<u64> {
    match call {
        Call::GetRandomBytes { len } | Call::GetInsecureRandomBytes { len } => Some(*len),
        Call::GetRandomU64 | Call::GetInsecureRandomU64 => Some(8),
        Call::InsecureSeed => Some(16),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_limit_holds() {
        let one = Limits { fuel: Some(5), sent: Some(1), ..Limits::default() };
        let other = Limits { fuel: Some(3), calls: Some(7), ..Limits::default() };
        let both = Limits { fuel: Some(3), sent: Some(1), calls: Some(7), ..Limits::default() };
        assert_eq!((one.and(other), other.and(one)), (both, both));
    }

    #[test]
    fn bytes_to_the_network_are_told_from_others() {
        let of = |name| Handle { id: 1, name, mount: None, denied: None };
        let write = |name| sends(&Call::StreamWrite { stream: of(name), contents: b"abc" });
        assert_eq!((write("tcp 127.0.0.1:80"), write("stdout")), (Some(3), None));
        let splice = Call::StreamSplice { stream: of("stdout"), src: of("tcp 127.0.0.1:80"), len: 9 };
        assert_eq!((sends(&splice), receives(&splice)), (None, Some(0)));
        assert_eq!(draws(&Call::GetRandomBytes { len: 9 }), Some(9));
        assert_eq!(draws(&Call::MonotonicNow), None);
    }
}
