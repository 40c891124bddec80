//! No stand-in for an exploit in a build for use.

pub(crate) fn try_to_get_out() {}
