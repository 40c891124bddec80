//! From files to rules.
//!
//! Whatever is not known is an error: a key that is passed over would be a rule that its author believes in and that does not hold.

mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use callgate_system::Code;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{PolicyError, shown};
use crate::expect::Expectation;
use crate::glob::Glob;
use crate::limit::Limit;
use crate::near::nearest;
use crate::rule::{self, Rule, Text, Verb, check_target, parse_call, parse_to, unknown};
use crate::source::{self, BYTES, DEPTH, FILES, Source};
use table::Table;

/// Rules of a policy.
const RULES: usize = 16_384;

/// Paths, addresses and names of all rules together, those of sets counted each time.
const VALUES: usize = 65_536;

/// The version of the language.
const VERSION: &str = "1";

/// The errors that a denial may name. Others would have a guest try again, or take what happened for something else.
const ERRORS: &[Code] = &[
    Code::Access,
    Code::AccessDenied,
    Code::NotPermitted,
    Code::NoEntry,
    Code::ReadOnly,
    Code::Unsupported,
    Code::Io,
    Code::Quota,
    Code::InsufficientSpace,
    Code::ConnectionRefused,
    Code::RemoteUnreachable,
    Code::Timeout,
    Code::NameUnresolvable,
];

/// All that the files of a policy say.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub(crate) sources: Vec<Source>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) expectations: Vec<Expectation>,
}

/// Reads the policy in `path`, and the files that it includes.
pub(crate) fn load(path: &Path) -> Result<Document, PolicyError> {
    let mut loading = Loading { seen: Vec::new(), open: Vec::new(), left: BYTES, sources: Vec::new() };
    loading.load(path, None)?;
    document(loading.sources)
}

/// The policy in `text`, which includes no files.
pub(crate) fn parse(name: &str, text: &str) -> Result<Document, PolicyError> {
    document(vec![Source::new(Path::new(name), text.as_bytes().to_vec())?])
}

/// The files as they are found: each before those that it includes.
struct Loading {
    seen: Vec<PathBuf>,
    /// Those that are being read, each included by the one before.
    open: Vec<PathBuf>,
    left: u64,
    sources: Vec<Source>,
}

impl Loading {
    /// Reads a file, and those that it includes; `from` is the place of the include.
    fn load(&mut self, path: &Path, from: Option<(usize, usize)>) -> Result<(), PolicyError> {
        let at_include = |loading: &Self, message: String| match from {
            Some((source, offset)) => loading.sources[source].error(offset, message),
            None => PolicyError::of_file(path, message),
        };
        if self.open.len() == DEPTH {
            return Err(at_include(self, format!("more than {DEPTH} files that include each other")));
        }
        let source = source::read(path, self.left).map_err(|error| match from {
            Some(_) => at_include(self, format!("include: {error}")),
            None => error,
        })?;
        // The same file by another name is the same file.
        let identity = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if self.open.contains(&identity) {
            return Err(at_include(self, format!("{} includes itself", source.shown)));
        }
        if self.seen.contains(&identity) {
            return Ok(());
        }
        if self.sources.len() == FILES {
            return Err(at_include(self, format!("more than {FILES} files")));
        }
        self.left -= (source.text.len() as u64).min(self.left);
        let included = includes(&source)?;
        let number = self.sources.len();
        self.sources.push(source);
        self.seen.push(identity.clone());
        self.open.push(identity);
        let folder = path.parent().unwrap_or(Path::new(""));
        for (name, offset) in included {
            self.load(&folder.join(name), Some((number, offset)))?;
        }
        self.open.pop();
        Ok(())
    }
}

fn tree(source: &Source) -> Result<Spanned<DeTable<'_>>, PolicyError> {
    DeTable::parse(&source.text).map_err(|error| {
        let message = error.message().lines().next().unwrap_or("no TOML").to_owned();
        source.error(error.span().map_or(0, |span| span.start), callgate_system::Untrusted::new(message).to_string())
    })
}

fn includes(source: &Source) -> Result<Vec<(String, usize)>, PolicyError> {
    let tree = tree(source)?;
    let top = Table::new(source, tree.get_ref(), 0);
    let Some(item) = top.get("include") else { return Ok(Vec::new()) };
    let texts = item.texts("files, such as \"other.toml\"")?;
    Ok(texts.into_iter().map(|(text, offset)| (text.to_owned(), offset)).collect())
}

/// The lists of names that rules may include, by name.
type Sets = BTreeMap<String, Vec<String>>;

fn document(sources: Vec<Source>) -> Result<Document, PolicyError> {
    let mut document = Document::default();
    {
        let trees: Vec<_> = sources.iter().map(tree).collect::<Result<_, _>>()?;
        let tops = || sources.iter().zip(&trees).map(|(source, tree)| Table::new(source, tree.get_ref(), 0));
        let mut sets = Sets::new();
        for top in tops() {
            check_top(&top)?;
            add_sets(&top, &mut sets)?;
        }
        let mut reading = Reading { sets, left: VALUES };
        for (number, top) in tops().enumerate() {
            for (verb, table) in in_order(&top)? {
                document.rules.push(reading.rule(verb, number, &table)?);
                if document.rules.len() > RULES {
                    return Err(table.error(format!("more than {RULES} rules")));
                }
            }
            for table in top.tables("expect")? {
                document.expectations.push(reading.expectation(number, &table)?);
            }
        }
    }
    document.sources = sources;
    Ok(document)
}

/// The tables of all rules, in the order of the file.
fn in_order<'a>(top: &Table<'a>) -> Result<Vec<(Verb, Table<'a>)>, PolicyError> {
    let mut tables = Vec::new();
    for verb in [Verb::Allow, Verb::Deny, Verb::Log] {
        tables.extend(top.tables(verb.word())?.into_iter().map(|table| (verb, table)));
    }
    tables.sort_by_key(|(_, table)| table.offset);
    Ok(tables)
}

fn check_top(top: &Table<'_>) -> Result<(), PolicyError> {
    top.only(&["version", "include", "sets", "allow", "deny", "log", "expect"])?;
    match top.get("version") {
        None => Err(top.error("no version; begin the file with `version = 1`".to_owned())),
        Some(item) => match item.value {
            DeValue::Integer(number) if number.to_string() == VERSION => Ok(()),
            _ => Err(item.error("a version that this callgate does not know; it knows `version = 1`".to_owned())),
        },
    }
}

fn add_sets(top: &Table<'_>, sets: &mut Sets) -> Result<(), PolicyError> {
    let Some(item) = top.get("sets") else { return Ok(()) };
    for item in item.table("named lists")?.items() {
        let texts = item.texts("a list of texts")?;
        if let Some((_, offset)) = texts.iter().find(|(text, _)| text.starts_with('@')) {
            return Err(item.source.error(*offset, "a set within a set; write out what it has".to_owned()));
        }
        let texts = texts.into_iter().map(|(text, _)| text.to_owned()).collect();
        if sets.insert(item.key.to_owned(), texts).is_some() {
            return Err(item.error(format!("two sets named {}", shown(item.key))));
        }
    }
    Ok(())
}

/// The state while tables are read.
struct Reading {
    sets: Sets,
    /// Values that may still come.
    left: usize,
}

impl Reading {
    fn rule(&mut self, verb: Verb, source: usize, table: &Table<'_>) -> Result<Rule, PolicyError> {
        let own: &[&str] = match verb {
            Verb::Allow => &["rate", "total"],
            Verb::Deny => &["error"],
            Verb::Log => &[],
        };
        table.only(&[&["call", "path", "to", "program"], own].concat())?;
        let mut text = Text::new(verb.word());
        let calls =
            self.list(table, "call", &mut text, |word| parse_call(word).map(|calls| (word.to_owned(), calls)))?;
        let paths = self.list(table, "path", &mut text, Glob::parse)?;
        let to = self.list(table, "to", &mut text, parse_to)?;
        let programs = self.list(table, "program", &mut text, parse_digest)?;
        if calls.is_none() && paths.is_none() && to.is_none() {
            let message = "neither call, path nor to; write `call = \"*\"` for every call".to_owned();
            return Err(table.error(message));
        }
        if paths.is_some() && to.is_some() {
            return Err(table.error("both path and to; no call has both, so make two rules of it".to_owned()));
        }
        for (word, aspects) in calls.iter().flatten() {
            let checked = check_target(*aspects, word, paths.is_some(), to.is_some());
            checked.map_err(|message| {
                table.get("call").map_or_else(|| table.error(message.clone()), |item| item.error(message.clone()))
            })?;
        }
        let aspects = match &calls {
            Some(calls) => calls.iter().flat_map(|(_, aspects)| aspects.iter()).collect(),
            None => parse_call("*").unwrap_or_default(),
        };
        let aspects = rule::within(aspects, verb, paths.is_some(), to.is_some());
        let error = one(table, "error", &mut text, parse_error)?;
        let rate = one(table, "rate", &mut text, Limit::parse_rate)?;
        let total = one(table, "total", &mut text, Limit::parse)?;
        let line = table.line();
        Ok(Rule { verb, aspects, paths, to, programs, error, rate, total, source, line, text: text.to_string() })
    }

    fn expectation(&mut self, source: usize, table: &Table<'_>) -> Result<Expectation, PolicyError> {
        table.only(&["call", "path", "to", "program", "verdict"])?;
        let mut text = Text::new("expect");
        let calls = self.list(table, "call", &mut text, parse_call)?;
        let path = one(table, "path", &mut text, |path| Ok(path.to_owned()))?;
        let to = one(table, "to", &mut text, crate::expect::parse_destination)?;
        let program = one(table, "program", &mut text, parse_digest)?;
        let verdict = one(table, "verdict", &mut text, |word| match word {
            "allow" => Ok(true),
            "deny" => Ok(false),
            _ => Err(unknown("verdict", word, "", nearest(word, ["allow", "deny"].into_iter()))),
        })?;
        let missing = |what: &str| table.error(format!("an expectation without {what}"));
        let calls = calls.ok_or_else(|| missing("a call"))?;
        let allowed = verdict.ok_or_else(|| missing("a verdict, which is \"allow\" or \"deny\""))?;
        if path.is_some() && to.is_some() {
            return Err(table.error("both path and to; no call has both".to_owned()));
        }
        let aspects = calls.iter().flat_map(|aspects| aspects.iter()).collect();
        let question = crate::expect::Question::new(aspects, path, to).map_err(|message| table.error(message))?;
        Ok(Expectation { question, program, allowed, source, line: table.line() })
    }

    /// A list of values, or one, with sets put in; `None` where there is no such key.
    fn list<T>(
        &mut self,
        table: &Table<'_>,
        key: &'static str,
        text: &mut Text,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<Vec<T>>, PolicyError> {
        let Some(item) = table.get(key) else { return Ok(None) };
        let texts = item.texts("a text or a list of texts")?;
        text.list(key, &texts.iter().map(|(text, _)| *text).collect::<Vec<_>>());
        let mut values = Vec::new();
        for (word, offset) in texts {
            let fail = |message: String| item.source.error(offset, format!("{key}: {message}"));
            let one = [word.to_owned()];
            let words: &[String] = match word.strip_prefix('@') {
                None => &one,
                Some(name) => self.sets.get(name).ok_or_else(|| {
                    fail(unknown("set", name, "@", nearest(name, self.sets.keys().map(String::as_str))))
                })?,
            };
            self.left = self
                .left
                .checked_sub(words.len())
                .ok_or_else(|| fail(format!("more than {VALUES} values in all rules")))?;
            for word in words {
                values.push(parse(word).map_err(fail)?);
            }
        }
        if values.is_empty() {
            return Err(
                item.error(format!("{key}: an empty list, which nothing can meet; leave the key out for everything"))
            );
        }
        Ok(Some(values))
    }
}

/// The one value of a key, if it is there.
fn one<T>(
    table: &Table<'_>,
    key: &'static str,
    text: &mut Text,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, PolicyError> {
    let Some(item) = table.get(key) else { return Ok(None) };
    let word = item.text("a text")?;
    text.list(key, &[word]);
    parse(word).map(Some).map_err(|message| item.error(format!("{key}: {message}")))
}

fn parse_error(word: &str) -> Result<Code, String> {
    let found = ERRORS.iter().find(|code| code.name() == word);
    found.copied().ok_or_else(|| unknown("error", word, "", nearest(word, ERRORS.iter().map(|code| code.name()))))
}

/// `sha256:` and 64 digits, as `sha256sum` prints them.
pub(crate) fn parse_digest(word: &str) -> Result<[u8; 32], String> {
    let wrong = || "no digest; write sha256: and the 64 digits that `sha256sum PROGRAM` prints".to_owned();
    let digits =
        word.strip_prefix("sha256:").filter(|digits| digits.len() == 64 && digits.is_ascii()).ok_or_else(wrong)?;
    let mut digest = [0; 32];
    for (byte, at) in digest.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&digits[at..at + 2], 16).map_err(|_| wrong())?;
    }
    Ok(digest)
}
