//! A table of calls × backends, with a last line of cases. Read, it is the memory of what other machines found.

use std::collections::{BTreeMap, BTreeSet};

/// Stands where a call does what it should in every case.
pub(crate) const WORKS: &str = "works";

/// Stands where a backend's column has nothing on a call.
const NOTHING: &str = "untested";

/// A table, by columns: the backend's name, and a cell for each row's first word.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Calls(BTreeMap<String, BTreeMap<String, String>>);

impl Calls {
    pub(crate) fn new(columns: impl IntoIterator<Item = (String, BTreeMap<String, String>)>) -> Self {
        Self(columns.into_iter().collect())
    }

    /// Reads Markdown; what is no table holds no column.
    pub(crate) fn parse(markdown: &str) -> Self {
        let mut rows = markdown.lines().filter_map(|line| line.trim().strip_prefix('|')?.strip_suffix('|')).map(cells);
        let Some(header) = rows.next() else {
            return Self::default();
        };
        let mut columns: Vec<BTreeMap<String, String>> = vec![BTreeMap::new(); header.len()];
        for row in rows.filter(|row| row.first() != Some(&"---")) {
            for (column, cell) in columns.iter_mut().zip(&row).skip(1) {
                column.insert(row[0].to_owned(), (*cell).to_owned());
            }
        }
        Self(header.into_iter().map(str::to_owned).zip(columns).skip(1).collect())
    }

    /// Puts the columns of `other` in the place of those with the same names, and beside the others.
    pub(crate) fn replace(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Drops the columns that `other` doesn't have.
    pub(crate) fn keep_columns_of(&mut self, other: &Self) {
        self.0.retain(|name, _| other.0.contains_key(name));
    }

    /// The rows of calls that don't work on every backend.
    pub(crate) fn exceptions(&self) -> Self {
        let is_exception = |row: &String| {
            row.starts_with('`') && !self.0.values().all(|column| column.get(row).is_some_and(|cell| cell == WORKS))
        };
        let excepted = |column: &BTreeMap<String, String>| {
            column.iter().filter(|(row, _)| is_exception(row)).map(|(row, cell)| (row.clone(), cell.clone())).collect()
        };
        Self(self.0.iter().map(|(name, column)| (name.clone(), excepted(column))).collect())
    }

    pub(crate) fn markdown(&self) -> String {
        let rows: BTreeSet<_> = self.0.values().flat_map(BTreeMap::keys).collect();
        let mut text = String::new();
        let mut row = |first: &str, cell: &dyn Fn(&str, &BTreeMap<String, String>) -> String| {
            let cells: Vec<_> = self.0.iter().map(|(name, column)| cell(name, column)).collect();
            text += &format!("| {first} | {} |\n", cells.join(" | "));
        };
        row("call", &|name, _| name.to_owned());
        row("---", &|_, _| "---".to_owned());
        for first in rows {
            row(first, &|_, column| column.get(first).map_or(NOTHING, String::as_str).to_owned());
        }
        text
    }
}

fn cells(row: &str) -> Vec<&str> {
    row.split('|').map(str::trim).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "| call | linux | nt |\n\
                         | --- | --- | --- |\n\
                         | `File::read_at` | works | untested |\n\
                         | `File::stat` | partly | broken |\n\
                         | cases | 17 | 3 |\n";

    #[test]
    fn what_was_written_is_read() {
        assert_eq!(Calls::parse(&format!("\n{TABLE}\n")).markdown(), TABLE);
        assert_eq!(Calls::parse("\n"), Calls::default());
    }

    #[test]
    fn exceptions_are_calls_that_do_not_work_everywhere() {
        let table = "| call | linux | nt |\n\
                     | --- | --- | --- |\n\
                     | `File::read_at` | works | untested |\n\
                     | `File::stat` | partly | works |\n\
                     | `File::sync` | works | works |\n\
                     | cases | 17 | 3 |\n";
        let exceptions = "| call | linux | nt |\n\
                          | --- | --- | --- |\n\
                          | `File::read_at` | works | untested |\n\
                          | `File::stat` | partly | works |\n";
        assert_eq!(Calls::parse(table).exceptions().markdown(), exceptions);
    }

    #[test]
    fn a_column_replaces_its_own_alone() {
        let mut calls = Calls::parse(TABLE);
        calls.replace(Calls::parse("| call | nt |\n| --- | --- |\n| `File::sync` | works |\n| cases | 1 |\n"));
        let table = "| call | linux | nt |\n\
                     | --- | --- | --- |\n\
                     | `File::read_at` | works | untested |\n\
                     | `File::stat` | partly | untested |\n\
                     | `File::sync` | untested | works |\n\
                     | cases | 17 | 1 |\n";
        assert_eq!(calls.markdown(), table);
        calls.keep_columns_of(&Calls::parse("| call | nt |\n"));
        assert!(calls.markdown().starts_with("| call | nt |\n"));
    }
}
