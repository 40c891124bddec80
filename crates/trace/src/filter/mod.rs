//! Which calls a trace shows.
//!
//! A filter is terms: calls by name, classes of calls, paths, and `failed`. Names and classes are alternatives, and so are paths; a call is
//! kept that both permit, and that failed where that is asked for.

mod glob;

use std::fmt;
use std::str::FromStr;

use callgate_gate::{Call, Class, Classes, Event, RunEnd, Value};

use glob::{Glob, Joined};

/// Keeps some of the events of a run; the default keeps all of them.
///
/// ```
/// use callgate_trace::Filter;
///
/// let filter: Filter = "open-at,class:stat".parse()?;
/// let filter = filter.and("path=/src/**".parse()?);
/// assert_eq!(filter.terms(), ["open-at", "class:stat", "path=/src/**"]);
/// assert_eq!("opne".parse::<Filter>().unwrap_err().to_string(), "no call is named `opne`; did you mean `open-at`?");
/// # Ok::<(), callgate_trace::FilterError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Filter {
    terms: Vec<String>,
    wanted: Calls,
    unwanted: Calls,
    paths: Vec<Glob>,
    only_failed: bool,
    joined: Joined,
}

/// Some of all calls.
#[derive(Clone, Debug, Default)]
struct Calls {
    functions: Vec<&'static str>,
    classes: Classes,
}

impl Calls {
    fn is_empty(&self) -> bool {
        self.functions.is_empty() && self.classes == Classes::default()
    }

    fn contains(&self, call: &Call<'_>) -> bool {
        call.classes().meets(self.classes) || self.functions.contains(&call.function())
    }

    fn add(&mut self, name: &str) -> Result<(), FilterError> {
        if let Some(word) = name.strip_prefix("class:") {
            let class = word.parse::<Class>().map_err(|_| FilterError::unknown_class(word))?;
            self.classes = self.classes.with(class);
            return Ok(());
        }
        let before = self.functions.len();
        self.functions.extend(Call::ALL.iter().filter(|call| is_named(**call, name)).map(|(_, function)| *function));
        if self.functions.len() > before { Ok(()) } else { Err(FilterError::unknown_call(name)) }
    }
}

/// True if `name` is the function's name, `descriptor.open-at`, or what comes after the dot, either behind the interface and a `#` or without.
fn is_named((interface, function): (&str, &str), name: &str) -> bool {
    let function_is = |name: &str| name == function || name == last_part(function);
    match name.split_once('#') {
        None => function_is(name),
        Some((of, name)) => of == interface && function_is(name),
    }
}

fn last_part(function: &str) -> &str {
    function.rsplit_once('.').map_or(function, |(_, last)| last)
}

impl Filter {
    /// The terms, as they were written.
    #[must_use]
    pub fn terms(&self) -> &[String] {
        &self.terms
    }

    /// The filter with the terms of both: those of one kind are alternatives.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.terms.extend(other.terms);
        for (mine, others) in [(&mut self.wanted, other.wanted), (&mut self.unwanted, other.unwanted)] {
            mine.functions.extend(others.functions);
            mine.classes = mine.classes.iter().chain(others.classes.iter()).collect();
        }
        self.paths.extend(other.paths);
        self.only_failed |= other.only_failed;
        self
    }

    /// True if `event` is to be shown.
    pub fn keeps(&mut self, event: &Event<'_>) -> bool {
        if self.terms.is_empty() {
            return true;
        }
        let call = event.call;
        (self.wanted.is_empty() || self.wanted.contains(call))
            && !self.unwanted.contains(call)
            && (!self.only_failed || has_failed(event))
            && (self.paths.is_empty() || self.touches(call))
    }

    /// True if `call` is about one of the paths.
    fn touches(&mut self, call: &Call<'_>) -> bool {
        let mut directory = None;
        for (_, value) in call.arguments() {
            let is_touched = match value {
                // A directory is what the path after it begins at; any other handle is itself what the call is about.
                Value::Handle(handle) if handle.mount.is_some() => {
                    directory.replace(handle.name).is_some_and(|before| self.matches(before, ""))
                }
                Value::Path(path) => directory.take().is_some_and(|directory| self.matches(directory, path)),
                _ => false,
            };
            if is_touched {
                return true;
            }
        }
        directory.is_some_and(|handle| self.matches(handle, ""))
    }

    fn matches(&mut self, directory: &str, path: &str) -> bool {
        let joined = self.joined.join(directory, path);
        self.paths.iter().any(|glob| glob.matches(joined))
    }

    fn add(&mut self, term: &str) -> Result<(), FilterError> {
        self.terms.push(term.to_owned());
        match term.strip_prefix('!') {
            Some(term) => self.unwanted.add(term),
            None if term == "failed" => {
                self.only_failed = true;
                Ok(())
            }
            None => self.wanted.add(term),
        }
    }
}

/// True if the guest was told of an error, or the run ended by something else than the guest's wish.
fn has_failed(event: &Event<'_>) -> bool {
    event.outcome.result.is_err() && !matches!(event.outcome.ended_run, Some(RunEnd::Exited(_)))
}

impl FromStr for Filter {
    type Err = FilterError;

    /// `open-at,class:read`, `!class:clock`, `failed`, or `path=GLOB`, which may hold commas, so it stands alone.
    fn from_str(text: &str) -> Result<Self, FilterError> {
        let mut filter = Self::default();
        if let Some(pattern) = text.strip_prefix("path=") {
            filter.paths.push(pattern.parse().map_err(FilterError)?);
            filter.terms.push(text.to_owned());
            return Ok(filter);
        }
        text.split(',').try_for_each(|term| filter.add(term.trim()))?;
        Ok(filter)
    }
}

/// The reason why a filter can't be read, with what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError(String);

impl FilterError {
    fn unknown_class(word: &str) -> Self {
        let nearest = nearest(word, Class::ALL.iter().map(|class| class.word()));
        Self(format!("there is no class `{word}`; did you mean `class:{nearest}`?"))
    }

    fn unknown_call(name: &str) -> Self {
        if name.is_empty() {
            return Self("a term is missing; write a call, class:NAME, path=GLOB or failed".to_owned());
        }
        if name.starts_with("path=") {
            return Self("path=GLOB takes a --trace-filter of its own, and knows no `!`".to_owned());
        }
        // Whoever wrote the whole name is told a whole one.
        let shown =
            |(interface, function): &(&'static str, &'static str)| match (name.contains('#'), name.contains('.')) {
                (true, _) => format!("{interface}#{function}"),
                (false, true) => (*function).to_owned(),
                (false, false) => last_part(function).to_owned(),
            };
        let classes = Class::ALL.iter().map(|class| format!("class:{class}"));
        let names = Call::ALL.iter().map(shown).chain(classes).chain(["failed".to_owned()]);
        Self(format!("no call is named `{name}`; did you mean `{}`?", nearest(name, names)))
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FilterError {}

/// The one of `names` that is most like `word`.
fn nearest<T: AsRef<str>>(word: &str, names: impl Iterator<Item = T>) -> T {
    // Comparing takes time in proportion to both lengths.
    let word = &word[..word.floor_char_boundary(100)];
    let likeness = |name: &T| strsim::jaro_winkler(word, name.as_ref());
    let most_like = names.max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
    most_like.expect("there are calls and classes")
}
