//! Passing a call that names paths, where rules speak of paths: resolve, decide, act.
//!
//! Most paths have no link in them, and then their text tells the place. So the first question is about the text. If that place is allowed, the
//! call acts by the text in a way that follows no link. If it is not, or there was a link after all, the path is resolved step by step, and the
//! question is asked again, about what was found. The call then acts in the directory that was found, which is held open.
//!
//! Hazards: nothing may be told of a place that is denied, so an error of resolving is an answer only where the last place that was looked at is
//! allowed. Whoever swaps names for links all the time gets `Loop`.

use callgate_system::{Code, Error, Nanoseconds, Result};

use crate::{Call, CallError, Gate, Reply, Resolved};

/// How often a call is resolved anew because a name became a link between deciding and acting.
const ATTEMPTS: u32 = 8;

/// A call that names paths.
pub trait Reach {
    /// What it yields.
    type Reply: Reply;
    /// The outcome of resolving, directories that are held open included.
    type Found;

    /// The places that the text of its paths names; none where text doesn't tell.
    fn by_text(&self) -> Option<Resolved<'_>>;

    /// Resolves its paths. Changes nothing.
    ///
    /// # Errors
    /// Where that fails, with what was found until then.
    fn find(&self) -> Result<Self::Found, (Error, Self::Found)>;

    /// The places that were found. Where resolving failed, the last one is the last place that was looked at.
    fn places<'a>(&'a self, found: &'a Self::Found) -> Resolved<'a>;

    /// Does it: by the text of its paths, or at the places that were found.
    ///
    /// # Errors
    /// `Loop`, with nothing done, where a link is in the way; any other.
    fn act(&mut self, found: Option<&Self::Found>) -> Result<Self::Reply>;
}

impl Gate {
    /// As [`Gate::pass`], for a call that names paths, where a decider [asks about paths](crate::Decider::asks_about_paths).
    ///
    /// # Errors
    /// As [`Gate::pass`], and those of resolving.
    #[inline]
    pub fn pass_reaching<R: Reach>(&self, call: Call<'_>, mut reach: R) -> Result<R::Reply, CallError> {
        self.begin(&call);
        let began = self.observed_time();
        // Handles without rights and read-only mounts come before anything that a look at the files would tell.
        let verdict = self.decide(&call, None);
        if !verdict.is_allowed() {
            return self.end(&call, None, began, verdict, || Ok(reach.act(None)?));
        }
        if let Some(places) = reach.by_text() {
            let verdict = self.ask(&call, Some(&places));
            if verdict.is_allowed() {
                let prepared = self.prepare(&call, Some(&places), verdict);
                let result = prepared.and_then(|()| Ok(reach.act(None)?));
                if !is_loop(&result) {
                    return self.end(&call, reach.by_text().as_ref(), began, verdict, || result);
                }
            }
        }
        self.pass_found(&call, began, reach)
    }

    #[cold]
    fn pass_found<R: Reach>(&self, call: &Call<'_>, began: Nanoseconds, mut reach: R) -> Result<R::Reply, CallError> {
        let (mut before, mut attempts): (Option<R::Found>, _) = (None, 0);
        loop {
            attempts += 1;
            let (found, failed) = match reach.find() {
                Ok(found) => (found, None),
                Err((error, found)) => (found, Some(error)),
            };
            let places = reach.places(&found);
            // Then it is a link that the call must not follow.
            let is_same = before.as_ref().is_some_and(|before| reach.places(before) == places);
            let verdict = self.ask(call, Some(&places));
            let is_over = !verdict.is_allowed() || failed.is_some() || is_same || attempts == ATTEMPTS;
            let result = match failed {
                Some(error) => Err(error.into()),
                None if is_over => Err(Error::new(Code::Loop).into()),
                None => self.prepare(call, Some(&places), verdict).and_then(|()| Ok(reach.act(Some(&found))?)),
            };
            if is_over || !is_loop(&result) {
                return self.end(call, Some(&reach.places(&found)), began, verdict, || result);
            }
            before = Some(found);
        }
    }
}

fn is_loop<T>(result: &Result<T, CallError>) -> bool {
    matches!(result, Err(CallError::Failed(error)) if error.code == Code::Loop)
}
