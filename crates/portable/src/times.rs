//! Times: between the standard library's and the interface's.

use std::fs::{File, FileTimes};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use callgate_system::{Code, NewTimestamp, Result, Timestamp};

use crate::error::Portable as _;

/// A new access and a new modification time.
#[derive(Clone, Copy)]
pub(crate) struct NewTimes {
    pub(crate) accessed: NewTimestamp,
    pub(crate) modified: NewTimestamp,
}

impl NewTimes {
    /// Both, checked.
    ///
    /// # Errors
    /// `Invalid` for nanoseconds of a second or more, and for the one second whose negative is no number: cap-std panics where it
    /// finds a file of that time, and tmpfs would keep it.
    pub(crate) fn new(accessed: NewTimestamp, modified: NewTimestamp) -> Result<Self> {
        let bearable = |time: NewTimestamp| -> Result<NewTimestamp> {
            match time.validated()? {
                NewTimestamp::At(Timestamp { seconds: i64::MIN, .. }) => Err(Code::Invalid.into()),
                time => Ok(time),
            }
        };
        Ok(Self { accessed: bearable(accessed)?, modified: bearable(modified)? })
    }

    /// True if neither is to be set.
    pub(crate) fn is_none(self) -> bool {
        matches!((self.accessed, self.modified), (NewTimestamp::NoChange, NewTimestamp::NoChange))
    }
}

/// Sets the times of an open file.
pub(crate) fn set(file: &File, new: NewTimes) -> Result<()> {
    let mut times = FileTimes::new();
    if let Some(accessed) = system_time(new.accessed)? {
        times = times.set_accessed(accessed);
    }
    if let Some(modified) = system_time(new.modified)? {
        times = times.set_modified(modified);
    }
    file.set_times(times).portable()
}

/// In the standard library's words; `None` for no change.
///
/// # Errors
/// `Invalid` for what this system's clock cannot hold.
pub(crate) fn system_time(new: NewTimestamp) -> Result<Option<SystemTime>> {
    let at = match new {
        NewTimestamp::NoChange => return Ok(None),
        NewTimestamp::Now => return Ok(Some(SystemTime::now())),
        NewTimestamp::At(at) => at,
    };
    let seconds = Duration::from_secs(at.seconds.unsigned_abs());
    let whole = if at.seconds < 0 { UNIX_EPOCH.checked_sub(seconds) } else { UNIX_EPOCH.checked_add(seconds) };
    let time = whole.and_then(|time| time.checked_add(Duration::from_nanos(at.nanoseconds.into())));
    time.map(Some).ok_or(Code::Invalid.into())
}

/// In the interface's words.
pub(crate) fn timestamp(time: SystemTime) -> Timestamp {
    let seconds = |length: Duration| i64::try_from(length.as_secs()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => Timestamp { seconds: seconds(after), nanoseconds: after.subsec_nanos() },
        Err(error) => match (seconds(error.duration()), error.duration().subsec_nanos()) {
            (whole, 0) => Timestamp { seconds: -whole, nanoseconds: 0 },
            (whole, part) => Timestamp { seconds: -whole - 1, nanoseconds: 1_000_000_000 - part },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_second_is_refused() {
        let at = |seconds| NewTimestamp::At(Timestamp { seconds, nanoseconds: 0 });
        let refused = |accessed, modified| NewTimes::new(accessed, modified).err().map(|error| error.code);
        assert_eq!(refused(at(i64::MIN), NewTimestamp::NoChange), Some(Code::Invalid));
        assert_eq!(refused(NewTimestamp::NoChange, at(i64::MIN)), Some(Code::Invalid));
        assert_eq!(refused(at(i64::MIN + 1), at(i64::MAX - 1)), None);
    }

    #[test]
    fn a_time_comes_back_whole_and_an_impossible_one_is_refused() {
        // Times that every system can hold: from 1601 on, in steps of 100 ns.
        for seconds in [-11_644_473_600, -1, 0, 1, 1_000_000_000, 30_000_000_000] {
            for nanoseconds in [0, 100, 999_999_900] {
                let at = Timestamp { seconds, nanoseconds };
                let time = system_time(NewTimestamp::At(at)).unwrap().unwrap();
                assert_eq!(timestamp(time), at);
            }
        }
        assert_eq!(system_time(NewTimestamp::NoChange), Ok(None));
        for seconds in [i64::MIN, i64::MAX - 1] {
            let at = NewTimestamp::At(Timestamp { seconds, nanoseconds: 999_999_999 });
            match system_time(at) {
                Ok(time) => assert!(time.is_some()),
                Err(error) => assert_eq!(error.code, Code::Invalid),
            }
        }
    }
}
