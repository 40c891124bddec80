//! The checks of a case, each of which says what it expected and what it got.

use callgate_system::{Error, Result};

/// Why a case did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The system did something else.
    Wrong {
        /// The behaviour that the contract demands.
        expected: String,
        /// The behaviour seen.
        got: String,
    },
    /// The subject cannot be asked this; why.
    Skip(String),
}

/// The end of a case.
pub type Check<T = ()> = std::result::Result<T, Failure>;

impl Failure {
    pub(crate) fn wrong(expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self::Wrong { expected: expected.into(), got: got.into() }
    }

    /// Skips on `unsupported`: what a case needs before it can begin.
    pub(crate) fn in_set_up(what: &str, error: Error) -> Self {
        match error.code {
            callgate_system::Code::Unsupported => Self::Skip(format!("unsupported: {what}")),
            _ => Self::wrong(format!("{what}, to set up"), error.to_string()),
        }
    }
}

/// `expected` for what the call answered, in the words of reports.
pub(crate) fn said<T>(result: &Result<T>) -> String {
    match result {
        Ok(_) => "ok".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// The value of a call that must succeed.
macro_rules! fine {
    ($call:expr) => {
        match $call {
            Ok(value) => value,
            Err(error) => {
                let expected = format!("{} to succeed ({}:{})", stringify!($call), file!(), line!());
                return Err($crate::Failure::wrong(expected, error.to_string()));
            }
        }
    };
}

/// A call that must fail with one of the codes.
macro_rules! refused {
    ($call:expr, $($code:ident)|+) => {{
        let result = $call;
        if !matches!(&result, Err(error) if matches!(error.code, $(callgate_system::Code::$code)|+)) {
            let codes = [$(callgate_system::Code::$code.name()),+].join(" or ");
            let expected = format!("{codes} from {} ({}:{})", stringify!($call), file!(), line!());
            return Err($crate::Failure::wrong(expected, $crate::check::said(&result)));
        }
    }};
}

/// A call that must succeed, or fail with one of the codes.
macro_rules! fine_or_refused {
    ($call:expr, $($code:ident)|+) => {
        match $call {
            Err(error) if !matches!(error.code, $(callgate_system::Code::$code)|+) => {
                let codes = [$(callgate_system::Code::$code.name()),+].join(" or ");
                let expected = format!("ok or {codes} from {} ({}:{})", stringify!($call), file!(), line!());
                return Err($crate::Failure::wrong(expected, error.to_string()));
            }
            other => other.ok(),
        }
    };
}

/// Two values that must be equal.
macro_rules! same {
    ($got:expr, $want:expr) => {{
        let (got, want) = (&$got, &$want);
        if got != want {
            let expected = format!("{} to be {:?} ({}:{})", stringify!($got), want, file!(), line!());
            return Err($crate::Failure::wrong(expected, format!("{got:?}")));
        }
    }};
}

/// A condition that must hold.
macro_rules! holds {
    ($condition:expr) => {
        if !$condition {
            return Err($crate::Failure::wrong(
                format!("{} ({}:{})", stringify!($condition), file!(), line!()),
                "not so",
            ));
        }
    };
}
