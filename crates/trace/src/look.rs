//! What a guest is doing now, for whoever looks at it from another thread.
//!
//! The guest's thread notes the begin and the end of each call in a few words under a lock, and allocates nothing. Who looks holds the lock for
//! a copy of these words.
//!
//! Hazard: names and paths are the guest's. At most [`SHOWN`] bytes of each are copied, and they are escaped before they are shown.

use std::fmt::{self, Display, Formatter};
use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use callgate_gate::{Call, Event, Observer, Value};
use callgate_system::Untrusted;

use crate::summary::size;

/// Bytes of a name, and of a path, that are kept.
const SHOWN: usize = 120;

/// An observer that knows what the guest is doing.
///
/// Its times are real ones, measured by the clock of this machine, also where those of the guest are virtual.
pub struct Look {
    began: Instant,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
struct State {
    calls: u64,
    bytes: u64,
    /// The function of the current or last call; empty before the first.
    function: &'static str,
    is_in_call: bool,
    /// When that call began, or ended.
    since: Instant,
    name: Short,
    path: Short,
    address: Option<SocketAddr>,
}

/// The activity of a guest at one moment. Shown, it is part of a line: `in poll for 3.1 s`.
#[derive(Clone, Copy)]
pub struct Activity {
    state: State,
    now: Instant,
    began: Instant,
}

impl Default for Look {
    fn default() -> Self {
        Self::new()
    }
}

impl Look {
    /// A look at a guest that begins now.
    #[must_use]
    pub fn new() -> Self {
        let began = Instant::now();
        let (name, path) = (Short::default(), Short::default());
        let state =
            State { calls: 0, bytes: 0, function: "", is_in_call: false, since: began, name, path, address: None };
        Self { began, state: Mutex::new(state) }
    }

    /// The activity of the guest at this moment.
    #[must_use]
    pub fn now(&self) -> Activity {
        let state = *self.state();
        Activity { state, now: Instant::now(), began: self.began }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Look {
    fn begins(&self, call: &Call<'_>) {
        let since = Instant::now();
        let state = &mut *self.state();
        (state.function, state.is_in_call, state.since) = (call.function(), true, since);
        (state.name.len, state.path.len, state.address) = (0, 0, None);
        call.visit_arguments(&mut |_, value| match value {
            // Of two, the first is what the call is about.
            Value::Handle(handle) if state.name.len == 0 => state.name.set(handle.name),
            Value::Path(text) | Value::Text(text) if state.path.len == 0 => state.path.set(text),
            Value::Address(address) => state.address = Some(address),
            _ => {}
        });
    }

    fn observe(&self, event: &Event<'_>) -> io::Result<()> {
        let since = Instant::now();
        let state = &mut *self.state();
        (state.calls, state.is_in_call, state.since) = (event.sequence, false, since);
        state.bytes = state.bytes.saturating_add(event.bytes());
        Ok(())
    }

    fn finish(&self, _: &dyn Display) -> io::Result<()> {
        Ok(())
    }
}

impl Activity {
    /// The calls that have ended.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.state.calls
    }

    /// The bytes of contents that these moved.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.state.bytes
    }

    /// True if the guest is in a call; else it computes.
    #[must_use]
    pub fn is_in_call(&self) -> bool {
        self.state.is_in_call
    }

    /// The time since the begin of the call that the guest is in, or since the end of its last call.
    #[must_use]
    pub fn lasts(&self) -> Duration {
        self.now.saturating_duration_since(self.state.since)
    }

    /// The time since the guest began.
    #[must_use]
    pub fn ran(&self) -> Duration {
        self.now.saturating_duration_since(self.began)
    }

    /// `12.3 s, 45210 calls, 1.20 MiB`, and between them the pace since `before`, where that is given: `12.3 s, 45210 calls (301/s), 1.20 MiB`.
    pub fn totals(&self, before: Option<&Self>) -> impl Display {
        let mut text =
            format!("{}, {} call{}", Time(self.ran()), self.calls(), if self.calls() == 1 { "" } else { "s" });
        if let Some(before) = before {
            let seconds = self.now.saturating_duration_since(before.now).as_secs_f64().max(1e-3);
            text += &format!(" ({:.0}/s)", self.calls().saturating_sub(before.calls()) as f64 / seconds);
        }
        text + ", " + &size(self.bytes())
    }
}

impl Display for Activity {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let time = Time(self.lasts());
        match (self.state.is_in_call, self.state.function) {
            (true, _) => write!(f, "in {} for {time}", Target(&self.state)),
            (false, "") => write!(f, "computing for {time}, without a call so far"),
            (false, _) => write!(f, "computing for {time}, since {}", Target(&self.state)),
        }
    }
}

/// `descriptor.open-at </src> "main.rs"`
struct Target<'a>(&'a State);

impl Display for Target<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let State { function, name, path, address, .. } = self.0;
        f.write_str(function)?;
        if name.len > 0 {
            write!(f, " {}{}", Untrusted::new(name.text()).bracketed(), name.rest())?;
        }
        if path.len > 0 {
            write!(f, " {}{}", Untrusted::new(path.text()).quoted(), path.rest())?;
        }
        address.map_or(Ok(()), |address| write!(f, " {address}"))
    }
}

/// A length of time, for people: `3.1 s`.
struct Time(Duration);

impl Display for Time {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let tenths = self.0.as_millis() / 100;
        write!(f, "{}.{} s", tenths / 10, tenths % 10)
    }
}

/// The begin of a text.
#[derive(Clone, Copy)]
struct Short {
    bytes: [u8; SHOWN],
    len: usize,
    is_cut: bool,
}

impl Default for Short {
    fn default() -> Self {
        Self { bytes: [0; SHOWN], len: 0, is_cut: false }
    }
}

impl Short {
    fn set(&mut self, text: &str) {
        let kept = text.floor_char_boundary(SHOWN);
        self.bytes[..kept].copy_from_slice(&text.as_bytes()[..kept]);
        (self.len, self.is_cut) = (kept, kept < text.len());
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }

    fn rest(&self) -> &'static str {
        if self.is_cut { "..." } else { "" }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use callgate_gate::{Gate, GuestId, Handle, Mount, NetworkRules};
    use callgate_memory::Memory;
    use callgate_system::{Error, Follow};

    use super::*;

    fn looked_at() -> (Arc<Look>, Gate) {
        let look = Arc::new(Look::new());
        let system = Arc::new(Memory::new(callgate_memory::Options::default()));
        let gate = Gate::new(GuestId::new(), system, NetworkRules::default());
        (look.clone(), gate.attended_by(Vec::new(), vec![look as _]))
    }

    /// Without the time, which no test may depend on.
    fn shown(look: &Look) -> String {
        let text = look.now().to_string();
        let (before, after) = text.split_once(" for ").expect("it tells how long");
        let time = after.split(" s").next().unwrap();
        format!("{before} for T s{}", &after[time.len() + 2..])
    }

    #[test]
    fn it_tells_the_call_of_the_moment() {
        let (look, gate) = looked_at();
        assert_eq!(shown(&look), "computing for T s, without a call so far");
        let mount = Mount {
            guest_path: "/src".to_owned(),
            read_only: false,
            quota: None,
            names: callgate_system::Names::Exact,
        };
        let dir = Handle { id: 3, name: "/src", mount: Some(&mount), denied: None };
        let act = || {
            assert_eq!(shown(&look), r#"in descriptor.stat-at </src> "a\n\u{202e}" for T s"#);
            assert!(look.now().is_in_call() && look.now().calls() == 0);
            Ok::<_, Error>(7_u64)
        };
        gate.pass(Call::StatAt { dir, follow: Follow::Yes, path: "a\n\u{202e}" }, act).unwrap();
        assert_eq!(shown(&look), r#"computing for T s, since descriptor.stat-at </src> "a\n\u{202e}""#);
        assert!(!look.now().is_in_call() && look.now().calls() == 1);
        // What the last call was about is not said of the next.
        gate.pass(Call::MonotonicNow, || Ok::<_, Error>(1_u64)).unwrap();
        assert_eq!(shown(&look), "computing for T s, since monotonic-clock.now");
    }

    #[test]
    fn it_sums_up() {
        let (look, gate) = looked_at();
        let file = Handle { id: 3, name: "a", mount: None, denied: None };
        for _ in 0..3 {
            gate.pass(Call::Write { file, buffer: &[0; 1000], offset: 0 }, || Ok::<_, Error>(1000_u64)).unwrap();
        }
        let totals = look.now().totals(None).to_string();
        assert!(totals.ends_with(" s, 3 calls, 2.93 KiB"), "{totals}");
        let totals = look.now().totals(Some(&look.now())).to_string();
        assert!(totals.ends_with(" s, 3 calls (0/s), 2.93 KiB"), "{totals}");
    }

    #[test]
    fn a_long_name_is_cut() {
        let (look, gate) = looked_at();
        for character in ["x", "ü", "☃"] {
            let name = character.repeat(1000);
            let file = Handle { id: 3, name: &name, mount: None, denied: None };
            gate.pass(Call::Sync { file }, || Ok::<_, Error>(())).unwrap();
            let shown = look.now().to_string();
            let expected = format!("<{}>...", character.repeat(SHOWN / character.len()));
            assert!(shown.ends_with(&expected), "{shown}");
        }
    }
}
