//! The line of the text format, made of a line of JSON: by another way than callgate's, so that what one of them lacks shows.

use callgate_system::Untrusted;
use serde_json::Value;

/// The text for `call`, whose line of JSON is `json`, in a trace that begins with `header`.
pub(super) fn line(header: &Value, json: &str, call: &Value) -> String {
    let started = &header["started"];
    let nanoseconds = number(started, "seconds") * 1_000_000_000 + number(started, "nanoseconds") + number(call, "at");
    let microseconds = nanoseconds % (86_400 * 1_000_000_000) / 1000;
    let (seconds, rest) = (microseconds / 1_000_000, microseconds % 1_000_000);
    let time = format!("{:02}:{:02}:{:02}.{rest:06}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    let function = text(call, "call");
    let arguments = in_order(json, call).into_iter().map(|(name, value)| argument(name, value));
    let arguments = arguments.collect::<Vec<_>>().join(", ");
    let result = call.get("ok").map_or_else(|| error(call), shown);
    let took = number(call, "took");
    let took = format!("{}.{:06}", took / 1_000_000_000, took % 1_000_000_000 / 1000);
    format!("{time} {function}({arguments}) = {result} <{took}>")
}

/// The arguments in the order in which they stand in the line, which a parsed object does not keep. A name with its quotation marks stands in no
/// string: there they are escaped.
fn in_order<'a>(json: &str, call: &'a Value) -> Vec<(&'a str, &'a Value)> {
    let place = |name: &str| json.find("\"args\":").map(|at| json[at + 7..].find(&format!("\"{name}\":")));
    let arguments = call["args"].as_object().expect("they are an object");
    let mut arguments: Vec<_> = arguments.iter().map(|(name, value)| (name.as_str(), value)).collect();
    arguments.sort_by_key(|(name, _)| place(name));
    arguments
}

/// `size=100`, or without a name where the value says enough.
fn argument(name: &str, value: &Value) -> String {
    let is_time = value.get("seconds").is_some() || value == "no-change" || value == "now";
    let is_bare_number = ["duration", "instant", "address"].iter().any(|kind| value.get(kind).is_some());
    let is_named = is_time || is_bare_number || value.is_number() || value.is_boolean() || value.is_null();
    if is_named { format!("{name}={}", shown(value)) } else { shown(value) }
}

fn shown(value: &Value) -> String {
    let has = |name: &str| value.get(name).is_some();
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(word) if word == "done" => "ok".to_owned(),
        Value::String(word) => word.clone(),
        Value::Array(words) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("|"),
        Value::Object(_) if has("data") => contents(value),
        Value::Object(_) if has("text") => quoted(text(value, "text")),
        Value::Object(_) if has("path") => quoted(text(value, "path")),
        Value::Object(_) if has("handle") => {
            format!("{}{}", value["handle"], Untrusted::new(text(value, "name")).bracketed())
        }
        Value::Object(_) if has("seconds") => format!("{}.{:09}", value["seconds"], number(value, "nanoseconds")),
        Value::Object(_) if has("count") => format!("[{}]", value["count"]),
        Value::Object(_) if has("entry") => format!("{} {}", quoted(text(value, "entry")), text(value, "kind")),
        Value::Object(_) if has("size") => {
            format!("{{{}, size={}, links={}}}", text(value, "kind"), value["size"], value["links"])
        }
        Value::Object(_) if has("device") => format!("{}:{}", text(value, "device"), text(value, "file")),
        Value::Object(_) if has("address") => text(value, "address").to_owned(),
        Value::Object(one) => one.values().map(Value::to_string).collect(),
    }
}

/// `"the first bytes"..., 4096`
fn contents(value: &Value) -> String {
    let mut pieces = text(value, "data").split("\\x");
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (digits, rest) = piece.split_at(2);
        bytes.push(u8::from_str_radix(digits, 16).expect("two digits"));
        bytes.extend(rest.as_bytes());
    }
    let more = if (bytes.len() as u64) < number(value, "bytes") { "..." } else { "" };
    format!("\"{}\"{more}, {}", bytes.escape_ascii(), value["bytes"])
}

/// `no-entry (ENOENT)`, and what would permit the call, where it was refused.
fn error(call: &Value) -> String {
    let error = &call["error"];
    let code = text(error, "code");
    let native = error.get("native").map(|native| match (native.get("name"), &native["family"], &native["code"]) {
        (Some(name), ..) => format!(" ({})", name.as_str().unwrap_or_default()),
        (None, family, code) => format!(" ({} {code})", family.as_str().unwrap_or_default()),
    });
    let refused = call.get("refused").and_then(|refused| refused.get("add")).and_then(Value::as_str);
    let refused = refused.map(|add| format!(" (add {add})"));
    format!("{code}{}{}", native.unwrap_or_default(), refused.unwrap_or_default())
}

fn quoted(text: &str) -> String {
    Untrusted::new(text).quoted().to_string()
}

#[track_caller]
fn number(value: &Value, name: &str) -> u64 {
    value[name].as_u64().unwrap_or_else(|| panic!("{name} is no number: {value}"))
}

#[track_caller]
fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is no text: {value}"))
}
