//! A question: a call, its classes, and the places that it reaches.

use callgate_gate::{Call, Classes, Place, Resolved, Value};
use callgate_system::path::PATH_MAX;
use callgate_trace::format::Jsonl;

/// Stands in front of a handle's name of which only the end is known.
const CUT: char = '\u{2026}';

/// A call that a broker is asked about.
pub(crate) struct Question<'a> {
    call: &'a Call<'a>,
    pub(crate) classes: Classes,
    /// Guest paths, an address, or a name; else what the handle stands for.
    pub(crate) places: Vec<String>,
    /// True if the places have no symbolic link left in them.
    is_resolved: bool,
}

impl<'a> Question<'a> {
    pub(crate) fn new(call: &'a Call<'a>, resolved: Option<&Resolved<'_>>) -> Self {
        let of = |place: Place<'_>| joined(&place.mount.guest_path, place.path);
        let places = match resolved {
            Some(resolved) => std::iter::once(resolved.place).chain(resolved.new_place).map(of).collect(),
            None => places(call),
        };
        Self { call, classes: call.classes(), places, is_resolved: resolved.is_some() }
    }

    /// True if a text of it is longer than a path may be: the broker would see only a part, and decide on something else.
    pub(crate) fn is_too_long(&self) -> bool {
        let is_long = |value| matches!(value, Value::Path(text) | Value::Text(text) if text.len() > PATH_MAX);
        self.places.iter().any(|place| place.len() > PATH_MAX) || self.call.arguments().any(|(_, value)| is_long(value))
    }

    /// The places as a key; none where there are none, or where the text doesn't say which they are.
    pub(crate) fn key(&self) -> Option<String> {
        let is_clear = |place: &String| {
            let leads_up = !self.is_resolved && place.split('/').any(|component| component == "..");
            !leads_up && !place.starts_with(CUT)
        };
        (!self.places.is_empty() && self.places.iter().all(is_clear)).then(|| self.places.join("\0"))
    }

    /// The line that asks it.
    pub(crate) fn line(&self, id: u64) -> Vec<u8> {
        // The names of calls and classes are callgate's own, and need no escapes.
        let classes: Vec<_> = self.classes.iter().map(|class| format!("\"{class}\"")).collect();
        let (interface, function, classes) = (self.call.interface(), self.call.function(), classes.join(","));
        let head = format!(r#"{{"id":{id},"interface":"{interface}","call":"{function}","class":[{classes}],"args":"#);
        let mut line = head.into_bytes();
        Jsonl::default().arguments(self.call, &mut line);
        line.extend_from_slice(b",\"places\":[");
        for (number, place) in self.places.iter().enumerate() {
            if number > 0 {
                line.push(b',');
            }
            Jsonl::text(place, &mut line);
        }
        line.extend_from_slice(format!("],\"resolved\":{}}}\n", self.is_resolved).as_bytes());
        line
    }

    pub(crate) fn function(&self) -> &'static str {
        self.call.function()
    }
}

fn places(call: &Call<'_>) -> Vec<String> {
    let (mut places, mut handles) = (Vec::new(), Vec::new());
    for (_, value) in call.arguments() {
        match value {
            Value::Handle(handle) if handle.mount.is_some() => places.push(joined(handle.name, "")),
            Value::Handle(handle) => handles.push(handle.name.to_owned()),
            Value::Path(path) => {
                if let Some(last) = places.last_mut() {
                    *last = joined(last, path);
                }
            }
            Value::Address(address) => places.push(address.to_string()),
            Value::Text(name) if matches!(call, Call::ResolveAddresses { .. }) => places.push(name.to_owned()),
            _ => {}
        }
    }
    if places.is_empty() { handles } else { places }
}

/// A path below a folder, without components that say nothing.
fn joined(folder: &str, path: &str) -> String {
    let components = folder.split('/').chain(path.split('/'));
    let text = components
        .filter(|component| !component.is_empty() && *component != ".")
        .fold(String::with_capacity(folder.len() + path.len() + 2), |text, component| text + "/" + component);
    if text.is_empty() { "/".to_owned() } else { text }
}
