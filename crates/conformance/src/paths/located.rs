//! The same table, by the way that calls take where rules ask about paths: first by the text in a strict directory, and where a link is in the
//! way, in the directory that the path was located in. The answer must be the same. And every success must happen at the place that was known
//! before: a rule about that place was asked about what the call did.

use std::sync::Arc;

use callgate_system::path::place_of;
use callgate_system::{Code, Directory, Ending, Follow, Located, Result, locate};

use super::{Cell, Seen, Way};
use crate::check::said;
use crate::{Check, Failure};

impl Cell {
    /// Performs the operation where its path was located. Fails where it happened anywhere else.
    pub(super) fn perform_located(&self, root: &Arc<dyn Directory>) -> Check<Result<Seen>> {
        let strict = fine!(root.strict());
        let by_text = place_of("", &self.path);
        if let Ok(place) = &by_text {
            let result = self.operation.perform(&*strict, &self.path, &*strict);
            if !is_loop(&result) {
                self.happened_at(&result, place)?;
                return Ok(result);
            }
        }
        match locate(&strict, &self.path, self.operation.ending()) {
            Ok(Located { place, directory, name, .. }) => {
                let result = self.operation.perform(&*directory, &name, &*strict);
                self.happened_at(&result, &place)?;
                Ok(result)
            }
            Err(unlocated) => Ok(Err(unlocated.error)),
        }
    }

    /// Checks that a success happened where the table says.
    fn happened_at(&self, result: &Result<Seen>, place: &str) -> Check {
        let wanted = match self.operation.ending() {
            Ending::Name => &self.entry,
            // A slash has the last link followed.
            Ending::File(_) if self.path.ends_with('/') => &self.target,
            Ending::File(Follow::No) => &self.entry,
            Ending::File(Follow::Yes) => &self.target,
        };
        let place = if place.is_empty() { "." } else { place };
        if result.is_ok() && place != wanted {
            return Err(Failure::wrong(format!("at {wanted}"), format!("{} at {place}", said(result))));
        }
        Ok(())
    }

    /// True where resolving beforehand may be answered otherwise: a place must be text; by which name a path ended in a directory is not kept;
    /// and where a file is to be made behind a slash, which is refused in any case, the way is gone to its end.
    pub(super) fn may_differ(&self, code: Code, cell: &str) -> bool {
        let is_text = !self.section.tree.contains("<FF>");
        let known = match (cell, code) {
            (_, Code::IllegalByteSequence) => !is_text,
            ("YP", Code::Invalid) | ("ID", Code::NotPermitted) => true,
            _ => false,
        };
        self.way == Way::Located && known
    }
}

fn is_loop<T>(result: &Result<T>) -> bool {
    matches!(result, Err(error) if error.code == Code::Loop)
}
