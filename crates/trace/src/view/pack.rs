//! Packs a trace for the page, in one pass. What is held is the compressed page, and a table of each text; both are bounded.

use std::io::BufRead;

use callgate_system::Untrusted;
use serde_json::json;

use super::calls;
use super::columns::Block;
use super::form::{EXACT, Form, Strings};
use super::table::{Budget, Full, Table};
use super::touched::{Touched, touched};
use crate::stored::{Call, Header, Outcome, ReadError, Reader, Record, Refused, Value};

/// What a page may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Calls: each takes 100 bytes of the browser's memory.
    pub(super) calls: u64,
    /// Compressed bytes: in base64 a third more, and the whole page stays below 30 MB.
    pub(super) packed: usize,
    /// Bytes of all texts together.
    pub(super) texts: usize,
    /// Bytes of contents among them.
    pub(super) contents: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { calls: 2_000_000, packed: 20_000_000, texts: 128 << 20, contents: 8 << 20 }
    }
}

/// Entries of the tables that the page's script numbers in 16 bits.
const SMALL: u32 = 60_000;

/// Entries of any other table.
const LARGE: u32 = u32::MAX;

/// A page of a trace.
pub struct Page {
    pub(super) shown: u64,
    pub(super) calls: u64,
    pub(super) is_cut: bool,
    /// Each with its name in the page.
    pub(super) blocks: Vec<(&'static str, Vec<u8>)>,
}

impl Page {
    /// Reads the rest of a trace into a page.
    ///
    /// A page is smaller than 30 MB, and shows at most 2,000,000 calls: the first ones, where a trace has more, or where they take more
    /// room. It says so then. Packing takes at most 300 MB of memory, however long the trace is.
    ///
    /// # Errors
    /// Those of [`Reader::next`].
    pub fn read<R: BufRead>(reader: &mut Reader<R>) -> Result<Self, ReadError> {
        Self::within(reader, Limits::default())
    }

    pub(super) fn within<R: BufRead>(reader: &mut Reader<R>, limits: Limits) -> Result<Self, ReadError> {
        let header = reader.header().clone();
        let mut packer = Packer::new(limits);
        let mut end = End::default();
        while let Some(record) = reader.next()? {
            match record {
                Record::Call(call) => packer.call(&call),
                Record::Lost(calls) => end.lost = end.lost.saturating_add(calls),
                Record::End(ending) => {
                    end.how = Some(Untrusted::new(&*ending.how).to_string());
                    end.at = ending.at;
                    end.lost = end.lost.max(ending.lost);
                }
            }
        }
        Ok(packer.finish(&header, &end, reader.is_cut()))
    }

    /// The number of calls that it shows.
    #[must_use]
    pub fn shown(&self) -> u64 {
        self.shown
    }

    /// The number of calls in the trace.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// True if the trace ends without its last line.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }
}

/// The end of a trace, where it has one.
#[derive(Default)]
struct End {
    how: Option<String>,
    at: u64,
    lost: u64,
}

/// The numbers of each call, one block for each property.
struct Columns {
    seq: Block,
    at: Block,
    took: Block,
    call: Block,
    form: Block,
    atoms: Block,
    handle: Block,
    place: Block,
    other: Block,
    bytes: Block,
    error: Block,
    refusal: Block,
}

struct Packer {
    limits: Limits,
    budget: Budget,
    calls: u64,
    shown: u64,
    is_full: bool,
    last: (u64, u64),
    form: Form,
    columns: Columns,
    strings: Strings,
    forms: Table,
    places: Table,
    handles: Table,
    functions: Table,
    errors: Table,
    refusals: Table,
}

/// The numbers in the tables of one call; 0 is none, where there may be none.
struct Numbers {
    call: u32,
    form: u32,
    handle: u32,
    place: u32,
    other: u32,
    error: u32,
    refusal: u32,
}

impl Packer {
    fn new(limits: Limits) -> Self {
        let [seq, at, took, call, form, atoms, handle, place, other, bytes, error, refusal] =
            std::array::from_fn(|_| Block::new());
        let columns = Columns { seq, at, took, call, form, atoms, handle, place, other, bytes, error, refusal };
        Self {
            limits,
            budget: Budget::new(limits.texts),
            calls: 0,
            shown: 0,
            is_full: false,
            last: (0, 0),
            form: Form::default(),
            columns,
            strings: Strings { table: Table::new(LARGE), contents: limits.contents },
            forms: Table::new(LARGE),
            places: Table::new(LARGE),
            handles: Table::new(LARGE),
            functions: Table::new(SMALL),
            errors: Table::new(SMALL),
            refusals: Table::new(SMALL),
        }
    }

    fn call(&mut self, call: &Call<'_>) {
        self.calls += 1;
        self.is_full |= self.shown >= self.limits.calls || self.packed() >= self.limits.packed;
        if self.is_full {
            return;
        }
        match self.numbers(call) {
            Ok(numbers) => self.add(call, &numbers),
            Err(Full) => self.is_full = true,
        }
    }

    fn numbers(&mut self, call: &Call<'_>) -> Result<Numbers, Full> {
        self.form.take(call, &mut self.strings, &mut self.budget)?;
        let Touched { first, other } = touched(call);
        let Self { budget, .. } = self;
        let mut number_of = |table: &mut Table, line: Option<String>| match line {
            Some(line) => table.number(&line, budget).map(|number| number + 1),
            None => Ok(0),
        };
        Ok(Numbers {
            call: number_of(&mut self.functions, Some(function_line(call)))? - 1,
            handle: number_of(&mut self.handles, handle_line(call))?,
            place: number_of(&mut self.places, first)?,
            other: number_of(&mut self.places, other)?,
            error: number_of(&mut self.errors, error_line(call))?,
            refusal: number_of(&mut self.refusals, call.refused.as_ref().map(refusal_line))?,
            form: self.forms.number(&self.form.text, budget)?,
        })
    }

    fn add(&mut self, call: &Call<'_>, numbers: &Numbers) {
        let Self { columns, last: (last_seq, last_at), .. } = self;
        let (seq, at) = (call.seq.min(EXACT), call.at.min(EXACT));
        // As a rule a call is the next one, so that this is 0.
        columns.seq.difference(last_seq.saturating_add(1).min(EXACT), seq);
        columns.at.difference(*last_at, at);
        (*last_seq, *last_at) = (seq, at);
        columns.took.number(call.took.min(EXACT));
        columns.bytes.number(call.bytes.min(EXACT));
        columns.call.number(numbers.call.into());
        columns.form.number(numbers.form.into());
        self.form.atoms.iter().for_each(|atom| columns.atoms.number(*atom));
        columns.handle.number(numbers.handle.into());
        columns.place.number(numbers.place.into());
        columns.other.number(numbers.other.into());
        columns.error.number(numbers.error.into());
        columns.refusal.number(numbers.refusal.into());
        self.shown += 1;
    }

    /// Bytes of the blocks so far.
    fn packed(&self) -> usize {
        let Columns { seq, at, took, call, form, atoms, handle, place, other, bytes, error, refusal } = &self.columns;
        let columns = [seq, at, took, call, form, atoms, handle, place, other, bytes, error, refusal];
        let Self { strings, forms, places, handles, functions, errors, refusals, .. } = self;
        let tables = [&strings.table, forms, places, handles, functions, errors, refusals];
        columns.into_iter().map(Block::len).sum::<usize>() + tables.into_iter().map(Table::len).sum::<usize>()
    }

    fn finish(self, header: &Header, end: &End, is_cut: bool) -> Page {
        let mut meta = Block::new();
        meta.bytes(self.meta(header, end, is_cut).as_bytes());
        let Columns { seq, at, took, call, form, atoms, handle, place, other, bytes, error, refusal } = self.columns;
        let blocks = vec![
            ("meta", meta.finish()),
            ("strings", self.strings.table.finish()),
            ("forms", self.forms.finish()),
            ("places", self.places.finish()),
            ("handles", self.handles.finish()),
            ("functions", self.functions.finish()),
            ("errors", self.errors.finish()),
            ("refusals", self.refusals.finish()),
            ("seq", seq.finish()),
            ("at", at.finish()),
            ("took", took.finish()),
            ("call", call.finish()),
            ("form", form.finish()),
            ("atoms", atoms.finish()),
            ("handle", handle.finish()),
            ("place", place.finish()),
            ("other", other.finish()),
            ("bytes", bytes.finish()),
            ("error", error.finish()),
            ("refusal", refusal.finish()),
        ];
        Page { shown: self.shown, calls: self.calls, is_cut, blocks }
    }

    fn meta(&self, header: &Header, end: &End, is_cut: bool) -> String {
        let text = |text: &str| Untrusted::new(text).to_string();
        // A page shows some of a long command line.
        let arguments: Vec<String> = header.arguments.iter().take(100).map(|argument| text(argument)).collect();
        let meta = json!({
            "program": text(&header.program),
            "arguments": arguments,
            "filter": header.filter.iter().take(20).map(|filter| text(filter)).collect::<Vec<_>>(),
            "backend": text(&header.backend),
            "callgate": text(&header.callgate),
            "guest": header.guest.min(EXACT),
            "started": header.started.seconds.clamp(-8_000_000_000_000, 8_000_000_000_000),
            "end": end.how,
            "ended": end.at.min(EXACT),
            "lost": end.lost.min(EXACT),
            "cut": is_cut,
            "total": self.calls,
            "shown": self.shown,
        });
        meta.to_string()
    }
}

/// Bytes of a word in a table: words are the interface's own, unless somebody else made the file.
const WORD: usize = 128;

/// Bytes of what a refusal tells to add; it may name a host.
const ADVICE: usize = 512;

fn word(text: &str) -> Untrusted<&str> {
    Untrusted::new(text).at_most(WORD)
}

/// `group direction interface function`
fn function_line(call: &Call<'_>) -> String {
    let group = calls::group(&call.interface, &call.call) as u8;
    let direction = calls::direction(&call.call);
    format!("{group}\t{direction}\t{}\t{}", word(&call.interface), word(&call.call))
}

/// `number name`, of the handle that the call acts on.
fn handle_line(call: &Call<'_>) -> Option<String> {
    call.args.iter().find_map(|(_, value)| match value {
        Value::Handle { id, name, .. } => {
            Some(format!("{}\t{}", (*id).min(EXACT), Untrusted::new(&**name).at_most(ADVICE)))
        }
        _ => None,
    })
}

/// `code family number name`, of which the last three may be empty.
fn error_line(call: &Call<'_>) -> Option<String> {
    let Outcome::Failed(failure) = &call.outcome else { return None };
    let native = failure.native.as_ref().map_or_else(
        || "\t\t".to_owned(),
        |native| format!("{}\t{}\t{}", word(&native.family), native.code, word(native.name.as_deref().unwrap_or(""))),
    );
    Some(format!("{}\t{native}", word(&failure.code)))
}

/// `reason advice rule why`, of which the last three may be empty.
fn refusal_line(refused: &Refused<'_>) -> String {
    let advice = Untrusted::new(refused.add.as_deref().unwrap_or("")).at_most(ADVICE);
    let why = Untrusted::new(refused.why.as_deref().unwrap_or("")).at_most(ADVICE);
    let rule = refused.rule.map(|rule| rule.to_string()).unwrap_or_default();
    format!("{}\t{advice}\t{rule}\t{why}", word(&refused.reason))
}
