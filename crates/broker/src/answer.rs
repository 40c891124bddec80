//! An answer of a broker: a verdict, and how far it holds.

use callgate_gate::Verdict;
use callgate_system::{Code, Untrusted};
use serde_derive::Deserialize;

/// Bytes of an answer that a message repeats.
const SHOWN: usize = 80;

/// What a broker decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) decision: Decision,
    pub(crate) scope: Scope,
}

/// Whether the call may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Allow,
    /// With this error, if the broker named one.
    Deny(Option<Code>),
}

/// The questions that an answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// This one alone.
    Once,
    /// All of the same classes at the same place.
    Path,
    /// All of the same classes.
    Classes,
}

/// The line, as it is written. A member that is not known could narrow the verdict, so it is an error.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: u64,
    verdict: String,
    error: Option<String>,
    cache: Option<String>,
}

/// Reads the answer to the question `id`.
///
/// # Errors
/// In words, where it is none.
pub(crate) fn parse(line: &[u8], id: u64) -> Result<Answer, String> {
    let shown = |text: &str| Untrusted::new(text).at_most(SHOWN).quoted().to_string();
    let wrong = |_| format!("it answered {}, which is no answer", shown(&String::from_utf8_lossy(line)));
    let line: Line = serde_json::from_slice(line).map_err(wrong)?;
    if line.id != id {
        return Err(format!("it answered question {}, where {id} was asked", line.id));
    }
    let error = |name: String| {
        let found = Verdict::CODES.iter().copied().find(|code| code.name() == name);
        found.ok_or_else(|| format!("it answered with the error {}, which no denial has", shown(&name)))
    };
    let decision = match (&*line.verdict, line.error) {
        ("allow", None) => Decision::Allow,
        ("allow", Some(_)) => return Err("it allowed a call, and named an error".to_owned()),
        ("deny", name) => Decision::Deny(name.map(error).transpose()?),
        (verdict, _) => return Err(format!("it answered with the verdict {}", shown(verdict))),
    };
    let scope = match line.cache.as_deref() {
        None => Scope::Once,
        Some("path") => Scope::Path,
        Some("call-class") => Scope::Classes,
        Some(cache) => return Err(format!("it answered with cache {}", shown(cache))),
    };
    Ok(Answer { decision, scope })
}
