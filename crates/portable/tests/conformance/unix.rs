//! A Unix as the host: no deviation.

use callgate_conformance::Deviation;
pub(crate) use callgate_conformance::unix::UnixGround as RealGround;

pub(crate) const DEVIATIONS: &[Deviation] = &[];

pub(crate) fn skips(_: &str) -> Option<&'static str> {
    None
}
