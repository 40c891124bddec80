//! Questions to a policy without a guest: the expectations of its file, and what a person asks.

use std::net::SocketAddr;

use callgate_system::HostName;

use crate::aspect::{self, Aspect, Aspects, Target};
use crate::glob::components;

/// An expectation of a file's.
#[derive(Clone, Debug)]
pub(crate) struct Expectation {
    pub(crate) question: Question,
    pub(crate) program: Option<[u8; 32]>,
    pub(crate) allowed: bool,
    pub(crate) source: usize,
    pub(crate) line: usize,
}

/// Some calls, and where they go.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) aspects: Aspects,
    pub(crate) place: Where,
}

/// Where a call goes.
#[derive(Clone, Debug)]
pub(crate) enum Where {
    Nowhere,
    Path(String),
    Address(SocketAddr),
    Name(String),
}

impl Question {
    /// A question about those of `aspects` that can go there.
    ///
    /// # Errors
    /// In words, where none can, or where one would have to be told where.
    pub(crate) fn new(aspects: Aspects, path: Option<String>, to: Option<Where>) -> Result<Self, String> {
        let place = path.map(Where::Path).or(to).unwrap_or(Where::Nowhere);
        let known = aspect::known();
        let fits = |aspect: Aspect| match (&place, known[aspect].target) {
            (Where::Path(_), target) => target == Target::Place,
            (Where::Address(_), target) => target == Target::Address,
            (Where::Name(_), target) => target == Target::Name,
            (Where::Nowhere, target) => target == Target::None,
        };
        let fitting: Aspects = aspects.iter().filter(|aspect| fits(*aspect)).collect();
        if !fitting.is_empty() {
            return Ok(Self { aspects: fitting, place });
        }
        Err(match place {
            Where::Nowhere => "a path, or an address, is missing".to_owned(),
            Where::Path(_) => "the call has no path".to_owned(),
            Where::Address(_) => "the call goes to no address".to_owned(),
            Where::Name(_) => "the call takes no name of a host".to_owned(),
        })
    }
}

/// Reads where a call goes on the network: `10.0.0.1:443`, or the name that is looked up.
///
/// # Errors
/// In words, where it is neither.
pub(crate) fn parse_destination(text: &str) -> Result<Where, String> {
    if let Ok(address) = text.parse() {
        return Ok(Where::Address(address));
    }
    match HostName::parse(text) {
        Ok(HostName::Name(_)) => Ok(Where::Name(text.to_owned())),
        _ => Err("neither an address with its port, such as 10.0.0.1:443, nor a name to look up".to_owned()),
    }
}

/// Reads where a call goes: a path, which has a `/` at its start or is none of the network's, or as
/// [`parse_destination`].
pub(crate) fn parse_where(text: &str, aspects: Aspects) -> Result<Question, String> {
    let known = aspect::known();
    let on_network = |aspect: Aspect| matches!(known[aspect].target, Target::Address | Target::Name);
    if text.starts_with('/') || !aspects.iter().any(on_network) {
        if components(text).any(|component| component == "..") {
            return Err("`..` in a path; give the path that it leads to".to_owned());
        }
        return Question::new(aspects, Some(text.to_owned()), None);
    }
    Question::new(aspects, None, Some(parse_destination(text)?))
}
