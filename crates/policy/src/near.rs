//! The known word that an unknown one was probably meant to be.

/// Characters of a word that are compared: no known word is longer, and the time grows with the square.
const MOST: usize = 64;

/// The word of `known` that takes the fewest changes to come from `word`; the first of several.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.chars().take(MOST).collect();
    known.min_by_key(|candidate| changes(&word, candidate))
}

/// The changes of one character each that lead from `from` to `to` (Levenshtein).
fn changes(from: &[char], to: &str) -> usize {
    let mut row: Vec<usize> = (0..=from.len()).collect();
    for (line, wanted) in to.chars().take(MOST).enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (at, given) in from.iter().enumerate() {
            let replaced = diagonal + usize::from(*given != wanted);
            diagonal = row[at + 1];
            row[at + 1] = replaced.min(row[at] + 1).min(diagonal + 1);
        }
    }
    row[from.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found() {
        let known = ["allow", "deny", "expect", "include", "log", "sets", "version"];
        for (word, meant) in
            [("alow", "allow"), ("denny", "deny"), ("set", "sets"), ("Version", "version"), ("", "log")]
        {
            assert_eq!(nearest(word, known.into_iter()), Some(meant), "{word}");
        }
        assert_eq!(nearest(&"x".repeat(1 << 20), known.into_iter()), Some("expect"));
        assert_eq!(nearest("x", [].into_iter()), None);
    }
}
