//! Tables: each text once, by its number. What they hold is bounded, since texts are the guest's.

use std::collections::HashMap;

use super::columns::Block;

/// Nothing more fits on the page.
#[derive(Debug)]
pub(super) struct Full;

/// The bytes that all tables of a page may hold together.
pub(super) struct Budget {
    left: usize,
}

/// The bytes that an entry takes beside its text, in this process: the place in the map.
const ENTRY: usize = 48;

impl Budget {
    pub(super) fn new(bytes: usize) -> Self {
        Self { left: bytes }
    }
}

/// Lines of text without control characters, each of them once.
pub(super) struct Table {
    numbers: HashMap<Box<str>, u32>,
    most: u32,
    lines: Block,
}

impl Table {
    /// A table of at most so many entries.
    pub(super) fn new(most: u32) -> Self {
        Self { numbers: HashMap::new(), most, lines: Block::new() }
    }

    /// The number of `line`, from 0.
    ///
    /// # Errors
    /// [`Full`] where it is new, and there is no room for it.
    pub(super) fn number(&mut self, line: &str, budget: &mut Budget) -> Result<u32, Full> {
        if let Some(number) = self.numbers.get(line) {
            return Ok(*number);
        }
        let number = u32::try_from(self.numbers.len()).map_err(|_| Full)?;
        let left = budget.left.checked_sub(line.len() + ENTRY).filter(|_| number < self.most).ok_or(Full)?;
        budget.left = left;
        self.numbers.insert(line.into(), number);
        self.lines.line(line);
        Ok(number)
    }

    /// Bytes that it takes on the page so far.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.lines.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_one_number() {
        let (mut table, mut budget) = (Table::new(10), Budget::new(1000));
        let numbers = ["a", "b", "a"].map(|text| table.number(text, &mut budget).unwrap());
        assert_eq!(numbers, [0, 1, 0]);
        assert_eq!(budget.left, 1000 - 2 * (1 + ENTRY));
    }

    #[test]
    fn a_full_table_knows_what_it_has() {
        let (mut table, mut budget) = (Table::new(1), Budget::new(1000));
        table.number("a", &mut budget).unwrap();
        assert!(table.number("b", &mut budget).is_err());
        assert_eq!(table.number("a", &mut budget).unwrap(), 0);
        let (mut table, mut budget) = (Table::new(10), Budget::new(ENTRY));
        assert!(table.number("a", &mut budget).is_err());
        assert_eq!(budget.left, ENTRY);
    }
}
