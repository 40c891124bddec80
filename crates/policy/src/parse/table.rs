//! A table of a file, whose values know their place.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::PolicyError;
use crate::near::nearest;
use crate::rule::unknown;
use crate::source::Source;

/// A table.
pub(super) struct Table<'a> {
    source: &'a Source,
    table: &'a DeTable<'a>,
    /// Where it begins.
    pub(super) offset: usize,
}

/// A key and its value.
pub(super) struct Item<'a> {
    pub(super) source: &'a Source,
    pub(super) key: &'a str,
    pub(super) value: &'a DeValue<'a>,
    offset: usize,
}

impl<'a> Table<'a> {
    /// A table that begins at `offset`.
    pub(super) fn new(source: &'a Source, table: &'a DeTable<'a>, offset: usize) -> Self {
        Self { source, table, offset }
    }

    pub(super) fn line(&self) -> usize {
        self.source.line(self.offset)
    }

    /// A mistake in the whole table.
    pub(super) fn error(&self, message: String) -> PolicyError {
        self.source.error(self.offset, message)
    }

    /// Fails on the first key, in the order of the file, that is none of `known`.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), PolicyError> {
        let strange = self.table.keys().filter(|key| !known.contains(&&**key.get_ref()));
        match strange.min_by_key(|key| key.span().start) {
            None => Ok(()),
            Some(key) => {
                let word = key.get_ref();
                Err(self.source.error(key.span().start, unknown("key", word, "", nearest(word, known.iter().copied()))))
            }
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<Item<'a>> {
        let (key, value) = self.table.iter().find(|(known, _)| known.get_ref() == key)?;
        Some(item(self.source, key, value))
    }

    /// All keys, in the order of the file.
    pub(super) fn items(&self) -> Vec<Item<'a>> {
        let mut items: Vec<_> = self.table.iter().map(|(key, value)| item(self.source, key, value)).collect();
        items.sort_by_key(|item| item.offset);
        items
    }

    /// The tables of an array of tables, in the order of the file.
    pub(super) fn tables(&self, key: &str) -> Result<Vec<Table<'a>>, PolicyError> {
        let Some(item) = self.get(key) else { return Ok(Vec::new()) };
        let wrong = || item.error(format!("`{key}` is no list of tables; write [[{key}]]"));
        let DeValue::Array(array) = item.value else { return Err(wrong()) };
        let table = |value: &'a Spanned<DeValue<'a>>| match value.get_ref() {
            DeValue::Table(table) => Ok(Table::new(self.source, table, value.span().start)),
            _ => Err(wrong()),
        };
        array.iter().map(table).collect()
    }
}

fn item<'a>(
    source: &'a Source,
    key: &'a Spanned<std::borrow::Cow<'a, str>>,
    value: &'a Spanned<DeValue<'a>>,
) -> Item<'a> {
    Item { source, key: key.get_ref(), value: value.get_ref(), offset: key.span().start }
}

impl<'a> Item<'a> {
    pub(super) fn error(&self, message: String) -> PolicyError {
        self.source.error(self.offset, message)
    }

    fn no(&self, what: &str) -> PolicyError {
        self.error(format!("`{}` takes {what}", callgate_system::Untrusted::new(self.key).at_most(80)))
    }

    pub(super) fn table(&self, what: &str) -> Result<Table<'a>, PolicyError> {
        match self.value {
            DeValue::Table(table) => Ok(Table::new(self.source, table, self.offset)),
            _ => Err(self.no(what)),
        }
    }

    pub(super) fn text(&self, what: &str) -> Result<&'a str, PolicyError> {
        match self.value {
            DeValue::String(text) => Ok(text),
            _ => Err(self.no(what)),
        }
    }

    /// One text, or a list of them, each with the offset at which it stands.
    pub(super) fn texts(&self, what: &str) -> Result<Vec<(&'a str, usize)>, PolicyError> {
        let DeValue::Array(array) = self.value else { return Ok(vec![(self.text(what)?, self.offset)]) };
        let text = |value: &'a Spanned<DeValue<'a>>| match value.get_ref() {
            DeValue::String(text) => Ok((&**text, value.span().start)),
            _ => Err(self.source.error(
                value.span().start,
                format!("`{}` takes {what}", callgate_system::Untrusted::new(self.key).at_most(80)),
            )),
        };
        array.iter().map(text).collect()
    }
}
