//! Path patterns: `/src/**`, `/logs/*.txt`, `**/.git/**`.
//!
//! A pattern is matched component by component. `*` and `?` stand for characters of one component, `**` for any number of
//! components, none included, and `\` takes the meaning of the next character away.
//!
//! Hazard: paths are the guest's. No match goes back further than to the last `*`, so the time is at most the product of both lengths,
//! which are bounded.

use std::fmt;

/// Bytes of the longest pattern.
pub(crate) const LONGEST: usize = 1024;

/// Components of the deepest pattern.
pub(crate) const DEEPEST: usize = 64;

/// `*` in one component at most.
const STARS: usize = 8;

/// The comparison of names in a file system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Case {
    /// Names differ where their letters' cases do.
    #[default]
    Sensitive,
    /// They don't: NT, vfat, and folders of Linux with `casefold`.
    Insensitive,
}

/// A pattern of paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Glob {
    pub(crate) steps: Vec<Step>,
    text: String,
}

/// A component of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// This name.
    Name(String),
    /// `*`: any name.
    Any,
    /// Names of this form.
    Form(Form),
    /// `**`: any number of components.
    Deep,
}

/// A component with `*` or `?` in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pieces: Vec<Piece>,
    /// What every such name ends with: its last bytes, at most eight, in the upper end of a word.
    end: u64,
    /// The bits of that word that count.
    end_mask: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Character(char),
    /// `?`
    One,
    /// `*`
    Star,
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Glob {
    /// Reads a pattern.
    ///
    /// # Errors
    /// In words, where it is none.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("a path of {} bytes; at most {LONGEST} may be given", text.len()));
        }
        if text.is_empty() || text.contains('\0') {
            return Err("no path can match this; write one such as /src/**".to_owned());
        }
        let mut steps = Vec::new();
        for component in components(text) {
            let step = Step::parse(component)?;
            if steps.last() != Some(&Step::Deep) || step != Step::Deep {
                steps.push(step);
            }
        }
        if steps.len() > DEEPEST {
            return Err(format!("a path of {} components; at most {DEEPEST} may be given", steps.len()));
        }
        Ok(Self { steps, text: text.to_owned() })
    }

    /// The same for names whose case means nothing; such names are then [folded](fold) too.
    pub(crate) fn folded(&self) -> Self {
        let steps = self.steps.iter().map(|step| match step {
            Step::Name(name) => Step::Name(folded(name)),
            Step::Form(form) => Step::Form(form.folded()),
            other => other.clone(),
        });
        Self { steps: steps.collect(), text: self.text.clone() }
    }

    /// True if the path of these components is one of the pattern's.
    pub(crate) fn matches<'a>(&self, path: impl Iterator<Item = &'a str> + Clone, case: Case) -> bool {
        let (mut path, mut at) = (path, 0);
        // Behind the last `**`: the step after it, and the rest of the path where that was tried.
        let mut deep = None;
        loop {
            let before = path.clone();
            let next = path.next();
            match (self.steps.get(at), next) {
                (Some(Step::Deep), _) => {
                    at += 1;
                    path = before;
                    deep = Some((at, path.clone()));
                }
                (Some(step), Some(name)) if step.matches(name, case) => at += 1,
                (None, None) => return true,
                _ => {
                    // What `**` stands for is one component longer.
                    let Some((after, rest)) = &mut deep else { return false };
                    if rest.next().is_none() {
                        return false;
                    }
                    (at, path) = (*after, rest.clone());
                }
            }
        }
    }
}

impl Step {
    fn parse(component: &str) -> Result<Self, String> {
        let pieces = pieces(component)?;
        match &*pieces {
            [Piece::Star, Piece::Star] => return Ok(Self::Deep),
            [Piece::Star] => return Ok(Self::Any),
            _ => {}
        }
        if pieces.windows(2).any(|pair| pair == [Piece::Star, Piece::Star]) {
            return Err("`**` stands for whole components; write it between two `/`".to_owned());
        }
        if pieces.iter().filter(|piece| **piece == Piece::Star).count() > STARS {
            return Err(format!("more than {STARS} `*` in one component"));
        }
        let character = |piece: &Piece| if let Piece::Character(character) = piece { Some(*character) } else { None };
        match pieces.iter().map(character).collect::<Option<String>>().as_deref() {
            None => Ok(Self::Form(Form::new(pieces))),
            Some("..") => Err("`..` in a path; write the path that it leads to".to_owned()),
            Some(name) => Ok(Self::Name(name.to_owned())),
        }
    }

    fn matches(&self, name: &str, case: Case) -> bool {
        match self {
            Self::Any => true,
            Self::Deep => false,
            Self::Name(own) => match case {
                Case::Sensitive => own == name,
                Case::Insensitive => own.chars().map(fold).eq(name.chars().map(fold)),
            },
            Self::Form(form) => match case {
                Case::Sensitive => form.matches(name),
                Case::Insensitive => form.matches_by(name, fold),
            },
        }
    }
}

impl Form {
    fn new(pieces: Vec<Piece>) -> Self {
        let character = |piece: &Piece| if let Piece::Character(character) = piece { Some(*character) } else { None };
        let backwards: Vec<char> = pieces.iter().rev().map_while(character).collect();
        let end: String = backwards.into_iter().rev().collect();
        let (mut word, mut mask) = (0, 0);
        for byte in end.bytes() {
            word = word >> 8 | u64::from(byte) << 56;
            mask = mask >> 8 | 0xff << 56;
        }
        Self { pieces, end: word, end_mask: mask }
    }

    /// True if a name that ends with these bytes may be of this form. The last byte is the highest one, and where there are fewer than eight, the
    /// lowest ones are 0.
    #[inline]
    pub(crate) fn may_match(&self, end: u64) -> bool {
        end & self.end_mask == self.end
    }

    /// True if `name` is of this form.
    pub(crate) fn matches(&self, name: &str) -> bool {
        self.matches_by(name, |character| character)
    }

    /// The same for characters as `seen` shows them.
    fn matches_by(&self, name: &str, seen: impl Fn(char) -> char) -> bool {
        let (mut name, mut piece) = (name.chars(), 0);
        // Behind the last `*`: the piece after it, and the rest of the name where that was tried.
        let mut star = None;
        loop {
            let before = name.clone();
            match (self.pieces.get(piece), name.next()) {
                (Some(Piece::Star), _) => {
                    piece += 1;
                    name = before;
                    star = Some((piece, name.clone()));
                }
                (Some(Piece::One), Some(_)) => piece += 1,
                (Some(Piece::Character(own)), Some(other)) if seen(*own) == seen(other) => piece += 1,
                (None, None) => return true,
                _ => {
                    // What `*` stands for is one character longer.
                    let Some((after, rest)) = &mut star else { return false };
                    if rest.next().is_none() {
                        return false;
                    }
                    (piece, name) = (*after, rest.clone());
                }
            }
        }
    }

    fn folded(&self) -> Self {
        let folded = |piece: &Piece| match piece {
            Piece::Character(character) => Piece::Character(fold(*character)),
            other => *other,
        };
        Self::new(self.pieces.iter().map(folded).collect())
    }
}

fn pieces(component: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::with_capacity(component.len());
    let mut characters = component.chars();
    while let Some(character) = characters.next() {
        pieces.push(match character {
            '*' => Piece::Star,
            '?' => Piece::One,
            '\\' => Piece::Character(
                characters.next().ok_or("`\\` at the end of a component; write `\\\\` for the character")?,
            ),
            '[' | '{' => {
                return Err(format!(
                    "`{character}` is no pattern here; give a list of paths, or write `\\{character}` for the character"
                ));
            }
            other => Piece::Character(other),
        });
    }
    Ok(pieces)
}

/// The components of a path that say where it is. `..` is among them.
pub(crate) fn components(path: &str) -> impl Iterator<Item = &str> + Clone {
    path.split('/').filter(|component| !component.is_empty() && *component != ".")
}

/// A character without its case, where that is one character too.
pub(crate) fn fold(character: char) -> char {
    let mut lower = character.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) => one,
        _ => character,
    }
}

fn folded(text: &str) -> String {
    text.chars().map(fold).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(glob: &str, path: &str) -> bool {
        Glob::parse(glob).expect(glob).matches(components(path), Case::Sensitive)
    }

    #[test]
    fn patterns_and_paths() {
        for (glob, yes, no) in [
            ("/src/**", &["/src", "/src/", "/src/a", "src/a/b", "/./src//a"][..], &["/srcs", "/", "/a/src"][..]),
            ("/src/*", &["/src/a", "/src/.a"], &["/src", "/src/a/b"]),
            ("/src/*.rs", &["/src/.rs", "/src/a.rs", "/src/a.rs.rs"], &["/src/a.rsx", "/src/a/b.rs"]),
            ("**/.git/**", &["/.git", "/a/.git/b", "/a/b/.git/c/d"], &["/a/.gitx", "/"]),
            ("/a/**/b", &["/a/b", "/a/x/b", "/a/x/y/b", "/a/b/b"], &["/a", "/a/x", "/a/b/c"]),
            ("/a/**/b/*/c", &["/a/b/x/c", "/a/b/b/x/c", "/a/b/b/c"], &["/a/b/c", "/a/b/x/y/c"]),
            ("/?", &["/a", "/\u{e4}", "/\u{1f600}"], &["/", "/ab"]),
            ("/a*b*c", &["/abc", "/axbxc", "/abbcc"], &["/ab", "/acb"]),
            ("/\\*/a\\?", &["/*/a?"], &["/x/a?", "/*/ab"]),
            ("**", &["/", "/a/b", ""], &[]),
            ("/", &["/", "", "."], &["/a"]),
            ("/**/*", &["/a", "/a/b"], &["/"]),
        ] {
            yes.iter().for_each(|path| assert!(matches(glob, path), "{glob} {path}"));
            no.iter().for_each(|path| assert!(!matches(glob, path), "{glob} {path}"));
        }
    }

    #[test]
    fn case_means_nothing_where_the_file_system_says_so() {
        let glob = Glob::parse("/Src/*.RS/\u{c4}").unwrap();
        assert!(glob.matches(components("/sRC/a.rs/\u{e4}"), Case::Insensitive));
        assert!(glob.folded().matches(components("/src/a.rs/\u{e4}"), Case::Sensitive));
        assert!(!glob.matches(components("/src/a.rs/\u{e4}"), Case::Sensitive));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        let long = "a".repeat(LONGEST + 1);
        let deep = "/a".repeat(DEEPEST + 1);
        for (glob, word) in [
            ("", "no path"),
            ("/a\0", "no path"),
            ("/a/../b", "leads to"),
            ("/a**", "whole components"),
            ("/[a]", "list of paths"),
            ("/{a,b}", "list of paths"),
            ("/a\\", "end of a component"),
            ("/*a*a*a*a*a*a*a*a*", "more than 8"),
            (&long, "at most 1024"),
            (&deep, "at most 64"),
        ] {
            let error = Glob::parse(glob).expect_err(glob);
            assert!(error.contains(word), "{glob}: {error}");
        }
    }
}
