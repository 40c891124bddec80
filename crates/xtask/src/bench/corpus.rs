//! The files that ripgrep searches: the same on every machine.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// The text that is searched for. It stands in every seventh line.
pub(crate) const NEEDLE: &str = "needle";

const FOLDERS: usize = 40;
const FILES: usize = 20;
const LINES: usize = 100;

/// Makes 800 files below `folder`, unless they are there.
pub(crate) fn make(folder: &Path) -> Result<()> {
    let stamp = folder.with_extension("stamp");
    let version = format!("{FOLDERS} {FILES} {}", text(0));
    if fs::read_to_string(&stamp).is_ok_and(|made| made == version) {
        return Ok(());
    }
    let _ = fs::remove_dir_all(folder);
    for number in 0..FOLDERS * FILES {
        let below = folder.join(format!("folder-{}", number / FILES));
        let file = below.join(format!("file-{number}.txt"));
        let made = fs::create_dir_all(&below).and_then(|()| fs::write(&file, text(number)));
        made.with_context(|| format!("cannot create {}", file.display()))?;
    }
    fs::write(&stamp, version).with_context(|| format!("cannot write {}", stamp.display()))
}

/// About 6 KB.
fn text(file: usize) -> String {
    let mut text = String::new();
    for line in 0..LINES {
        let word = if (file + line).is_multiple_of(7) { NEEDLE } else { "straw" };
        // Nothing fails that writes to a text.
        let _ = writeln!(text, "{file}:{line} in this haystack there is a {word} and little else to read");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seventh_line_has_it() {
        let lines = text(3);
        let found: Vec<_> = lines.lines().enumerate().filter(|(_, line)| line.contains(NEEDLE)).collect();
        assert_eq!(found.len(), 14);
        assert_eq!(found[0].0, 4);
    }

    #[test]
    fn files_are_made_once() {
        let folder = std::env::temp_dir().join(format!("corpus-{}", std::process::id()));
        let corpus = folder.join("corpus");
        make(&corpus).unwrap();
        let last = corpus.join("folder-39/file-799.txt");
        fs::write(&last, "kept").unwrap();
        make(&corpus).unwrap();
        assert_eq!(fs::read_to_string(&last).unwrap(), "kept");
        fs::remove_dir_all(folder).unwrap();
    }
}
