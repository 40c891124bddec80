//! A call as text, in two parts: its form, which many calls share, and its atoms, the numbers and texts in it. So a million reads
//! of a file are one form, and a few bytes each.
//!
//! A form is `name US value RS name US value FS result`, with these marks for atoms; a `!` before a name hides it in lists, where the value
//! says enough. Texts lose their control characters before they come here, so marks are never the guest's.

use std::fmt::{Display, Write};

use callgate_system::{Nanoseconds, Untrusted};

use super::table::{Budget, Full, Table};
use crate::stored::{Call, Outcome, Text, Value};

/// Marks in a form for its atoms: a decimal number, a text of the table of strings, a length of time in nanoseconds, and the nine digits
/// behind a decimal point.
const NUMBER: char = '\u{1}';
const STRING: char = '\u{2}';
const TIME: char = '\u{3}';
const FRACTION: char = '\u{4}';

/// Bytes of a text that are kept.
const TEXT: usize = 1024;

/// Bytes of a word of a form: they are the interface's own, unless somebody else made the file.
const WORD: usize = 64;

/// Values in a form: the interface's calls have few.
const VALUES: usize = 64;

/// The largest number that the page's script reads exactly.
pub(super) const EXACT: u64 = (1 << 53) - 1;

/// The table of strings, and the bytes of contents that may still go into it.
pub(super) struct Strings {
    pub(super) table: Table,
    pub(super) contents: usize,
}

/// Writes one call; keeps its buffers for the next.
#[derive(Default)]
pub(super) struct Form {
    pub(super) text: String,
    pub(super) atoms: Vec<u64>,
    scratch: String,
}

impl Form {
    /// Takes the form and the atoms of `call`.
    ///
    /// # Errors
    /// [`Full`] where there is no room for a text of it.
    pub(super) fn take(&mut self, call: &Call<'_>, strings: &mut Strings, budget: &mut Budget) -> Result<(), Full> {
        self.text.clear();
        self.atoms.clear();
        let mut into = Writing { form: self, strings, budget };
        for (index, (name, value)) in call.args.iter().enumerate().take(VALUES) {
            into.literal(if index == 0 { "" } else { "\u{1e}" });
            into.literal(if names_itself(value) { "!" } else { "" });
            into.word(name);
            into.literal("\u{1f}");
            into.value(value)?;
        }
        into.literal("\u{1c}");
        match &call.outcome {
            Outcome::Ok(value) => into.value(value)?,
            Outcome::Failed(failure) => {
                into.word(&failure.code);
                if let Some(native) = &failure.native {
                    let name = native.name.as_deref().map_or_else(|| native.code.to_string(), ToOwned::to_owned);
                    into.literal(" (");
                    into.word(&name);
                    into.literal(")");
                }
            }
        }
        if let Some(ended) = &call.ended {
            into.literal(", which ends the run: ");
            into.string(Untrusted::new(&**ended))?;
        }
        Ok(())
    }
}

/// True if a list needs no name for the value.
fn names_itself(value: &Value<'_>) -> bool {
    !matches!(
        value,
        Value::Unsigned(_)
            | Value::Signed(_)
            | Value::Flag(_)
            | Value::Duration(_)
            | Value::Instant(_)
            | Value::Time(_)
            | Value::Address(_)
            | Value::Absent
    )
}

struct Writing<'a> {
    form: &'a mut Form,
    strings: &'a mut Strings,
    budget: &'a mut Budget,
}

impl Writing<'_> {
    fn literal(&mut self, text: &str) {
        self.form.text.push_str(text);
    }

    fn word(&mut self, word: &str) {
        // Writing to a string can't fail.
        let _ = write!(self.form.text, "{}", Untrusted::new(word).at_most(WORD));
    }

    fn atom(&mut self, mark: char, number: u64) {
        self.form.text.push(mark);
        self.form.atoms.push(number);
    }

    fn number(&mut self, mark: char, number: u64) -> Result<(), Full> {
        if number > EXACT {
            return self.string(Untrusted::new(number));
        }
        self.atom(mark, number);
        Ok(())
    }

    fn signed(&mut self, number: i64) -> Result<(), Full> {
        self.literal(if number < 0 { "-" } else { "" });
        self.number(NUMBER, number.unsigned_abs())
    }

    fn string<T: Display>(&mut self, text: Untrusted<T>) -> Result<(), Full> {
        self.form.scratch.clear();
        let _ = write!(self.form.scratch, "{}", text.at_most(TEXT));
        let number = self.strings.table.number(&self.form.scratch, self.budget)?;
        self.atom(STRING, number.into());
        Ok(())
    }

    fn value(&mut self, value: &Value<'_>) -> Result<(), Full> {
        match value {
            Value::Absent => self.literal("none"),
            Value::Flag(flag) => self.literal(if *flag { "true" } else { "false" }),
            Value::Unsigned(number) | Value::Instant(number) => self.number(NUMBER, *number)?,
            Value::Signed(number) => self.signed(*number)?,
            Value::Word(word) if &**word == "done" => self.literal("ok"),
            Value::Word(word) => self.word(word),
            Value::Words(words) => self.words(words),
            Value::Contents { bytes, data } => self.contents(*bytes, data)?,
            Value::Text(text) | Value::Path(text) => self.string(Untrusted::new(&**text).quoted())?,
            Value::Handle { id, name, .. } => {
                self.number(NUMBER, *id)?;
                self.string(Untrusted::new(&**name).bracketed())?;
            }
            Value::Duration(time) => self.time(*time)?,
            Value::Time(time) => {
                self.signed(time.seconds)?;
                self.literal(".");
                self.atom(FRACTION, time.nanoseconds.into());
            }
            Value::Address(address) => self.string(Untrusted::new(&**address))?,
            Value::Count(count) => self.counted(*count)?,
            Value::Datagrams { count, bytes } => {
                self.counted(*count)?;
                self.literal(", ");
                self.number(NUMBER, *bytes)?;
            }
            Value::Entry { name, kind } => {
                self.string(Untrusted::new(&**name).quoted())?;
                self.literal(" ");
                self.word(kind);
            }
            Value::Attributes { kind, size, links } => self.attributes(kind, *size, *links)?,
            Value::Identity { device, file } => {
                self.string(Untrusted::new(format_args!("{}:{}", &**device, &**file)))?;
            }
            Value::Unknown => self.literal("?"),
        }
        Ok(())
    }

    fn time(&mut self, time: Nanoseconds) -> Result<(), Full> {
        self.number(TIME, time)
    }

    fn words(&mut self, words: &[Text<'_>]) {
        for (index, word) in words.iter().enumerate().take(VALUES) {
            self.literal(if index == 0 { "" } else { "|" });
            self.word(word);
        }
    }

    fn counted(&mut self, count: u64) -> Result<(), Full> {
        self.literal("[");
        self.number(NUMBER, count)?;
        self.literal("]");
        Ok(())
    }

    fn attributes(&mut self, kind: &str, size: u64, links: u64) -> Result<(), Full> {
        self.literal("{");
        self.word(kind);
        self.literal(", size=");
        self.number(NUMBER, size)?;
        self.literal(", links=");
        self.number(NUMBER, links)?;
        self.literal("}");
        Ok(())
    }

    /// The first bytes of contents, as long as there is room for such.
    fn contents(&mut self, bytes: u64, data: &str) -> Result<(), Full> {
        if let Some(left) = self.strings.contents.checked_sub(data.len()) {
            self.strings.contents = left;
            self.literal("\"");
            self.string(Untrusted::new(data))?;
            self.literal("\", ");
            return self.number(NUMBER, bytes);
        }
        self.number(NUMBER, bytes)?;
        self.literal(" bytes");
        Ok(())
    }
}
