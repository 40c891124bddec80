//! Records of a stored trace as lines of text, much as the text format writes them: escaped, and bounded.

use std::fmt::{self, Write};

use callgate_system::Untrusted;

use crate::stored::{Call, Header, Outcome, Record, Value};

/// Bytes of a text that are shown.
const TEXT: usize = 256;

/// Arguments that are shown.
const ARGUMENTS: usize = 16;

/// `the end of the file`, `descriptor.stat(file=3</a>) = {…}`
pub(super) fn record(record: Option<&Record<'_>>) -> String {
    let mut line = String::new();
    // Writing to a string can't fail.
    show_record(record, &mut line).ok();
    line
}

fn show_record(record: Option<&Record<'_>>, line: &mut String) -> fmt::Result {
    match record {
        None => line.write_str("nothing more"),
        Some(Record::Lost(calls)) => write!(line, "{calls} calls are missing here"),
        Some(Record::End(end)) => write!(line, "the end, {}, after {} calls", text(&end.how), end.calls),
        Some(Record::Call(call)) => show_call(call, line),
    }
}

/// `run with "rg", "-c"`
pub(super) fn arguments(header: &Header) -> String {
    let all = header.arguments.iter().take(ARGUMENTS).map(|argument| text(argument).quoted().to_string());
    let more = if header.arguments.len() > ARGUMENTS { ", ..." } else { "" };
    format!("run with {}{more}", all.collect::<Vec<_>>().join(", "))
}

fn text(text: &str) -> Untrusted<&str> {
    Untrusted::new(text).at_most(TEXT)
}

fn show_call(call: &Call<'_>, line: &mut String) -> fmt::Result {
    write!(line, "call {}: {}(", call.seq, text(&call.call))?;
    for (index, (name, value)) in call.args.iter().take(ARGUMENTS).enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        write!(line, "{separator}{}=", text(name))?;
        show(value, line)?;
    }
    line.push_str(") = ");
    match &call.outcome {
        Outcome::Ok(value) => show(value, line)?,
        Outcome::Failed(failed) => {
            write!(line, "{}", text(&failed.code))?;
            if let Some(name) = failed.native.as_ref().and_then(|native| native.name.as_ref()) {
                write!(line, " ({})", text(name))?;
            }
        }
    }
    if let Some(refused) = &call.refused {
        write!(line, ", refused: {}", text(&refused.reason))?;
    }
    if let Some(ended) = &call.ended {
        write!(line, ", {}", text(ended))?;
    }
    Ok(())
}

fn show(value: &Value<'_>, line: &mut String) -> fmt::Result {
    match value {
        Value::Absent => line.write_str("none"),
        Value::Flag(flag) => write!(line, "{flag}"),
        Value::Unsigned(number) | Value::Duration(number) | Value::Instant(number) => write!(line, "{number}"),
        Value::Signed(number) => write!(line, "{number}"),
        Value::Word(word) | Value::Address(word) => write!(line, "{}", text(word)),
        Value::Words(words) => {
            let words: Vec<_> = words.iter().take(ARGUMENTS).map(|word| text(word).to_string()).collect();
            line.write_str(&words.join("|"))
        }
        // The bytes in it are escaped already.
        Value::Contents { bytes, data } => write!(line, "\"{}\", {bytes}", text(data)),
        Value::Text(shown) | Value::Path(shown) => write!(line, "{}", text(shown).quoted()),
        Value::Handle { id, name, .. } => write!(line, "{id}{}", text(name).bracketed()),
        Value::Time(time) => write!(line, "{}.{:09}", time.seconds, time.nanoseconds),
        Value::Count(count) => write!(line, "[{count}]"),
        Value::Datagrams { count, bytes } => write!(line, "[{count}], {bytes}"),
        Value::Entry { name, kind } => write!(line, "{} {}", text(name).quoted(), text(kind)),
        Value::Attributes { kind, size, links } => write!(line, "{{{}, size={size}, links={links}}}", text(kind)),
        Value::Identity { device, file } => write!(line, "{}:{}", text(device), text(file)),
        Value::Unknown => line.write_str("(unknown)"),
    }
}
