//! The meanings of Winsock's codes beside a call of a socket, where the table doesn't say it.

use callgate_system::{Code, Error};

use crate::error::Winsock;

/// Accepts the error of a system that knows nothing of an option. Such a system behaves as wanted anyway.
pub(super) fn missing(code: Winsock) -> Result<(), Winsock> {
    match code {
        Winsock::WSAEINVAL | Winsock::WSAEOPNOTSUPP | Winsock::WSAENOPROTOOPT => Ok(()),
        _ => Err(code),
    }
}

/// True if the code says that the connection is gone.
pub(super) fn is_loss(code: Winsock) -> bool {
    matches!(
        code,
        Winsock::WSAECONNRESET
            | Winsock::WSAECONNABORTED
            | Winsock::WSAENETRESET
            | Winsock::WSAETIMEDOUT
            | Winsock::WSAESHUTDOWN
            | Winsock::WSAEDISCON
            | Winsock::WSAENETDOWN
            | Winsock::WSAEHOSTUNREACH
            | Winsock::WSAENETUNREACH
    )
}

/// True if the code says that an earlier message of a datagram socket came to nobody.
pub(super) fn is_unreachable(code: Winsock) -> bool {
    matches!(code, Winsock::WSAECONNRESET | Winsock::WSAECONNREFUSED)
}

/// No handle left is no socket left, to this interface.
pub(super) fn no_socket(code: Winsock) -> Error {
    match code {
        Winsock::WSAEMFILE => code.meaning(Code::NewSocketLimit),
        _ => code.portable(),
    }
}

/// Translates an error of connecting. Two have a meaning of their own there: no port is free; nobody could have that address.
pub(super) fn not_reached(code: Winsock) -> Error {
    match code {
        Winsock::WSAENOBUFS => code.meaning(Code::AddressInUse),
        Winsock::WSAEADDRNOTAVAIL => code.meaning(Code::RemoteUnreachable),
        _ => code.portable(),
    }
}

/// Translates an error of sending a message. Some have a meaning of their own there.
pub(super) fn not_sent(code: Winsock) -> Error {
    match code {
        _ if is_unreachable(code) => code.meaning(Code::ConnectionRefused),
        Winsock::WSAEADDRNOTAVAIL => code.meaning(Code::RemoteUnreachable),
        _ => code.portable(),
    }
}

/// Translates an error of accepting. Two of them mean there that the accepted connection is gone.
pub(super) fn not_accepted(code: Winsock) -> Error {
    match code {
        Winsock::WSAECONNRESET | Winsock::WSAENETDOWN => code.meaning(Code::ConnectionAborted),
        _ => no_socket(code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_call_says_in_words_of_its_own_keeps_the_code() {
        for (error, said) in [
            (no_socket(Winsock::WSAEMFILE), "new-socket-limit (WSAEMFILE)"),
            (no_socket(Winsock::WSAENOBUFS), "insufficient-memory (WSAENOBUFS)"),
            (not_reached(Winsock::WSAENOBUFS), "address-in-use (WSAENOBUFS)"),
            (not_reached(Winsock::WSAEADDRNOTAVAIL), "remote-unreachable (WSAEADDRNOTAVAIL)"),
            (not_reached(Winsock::WSAETIMEDOUT), "timeout (WSAETIMEDOUT)"),
            (not_sent(Winsock::WSAECONNRESET), "connection-refused (WSAECONNRESET)"),
            (not_sent(Winsock::WSAEMSGSIZE), "message-size (WSAEMSGSIZE)"),
            (not_accepted(Winsock::WSAECONNRESET), "connection-aborted (WSAECONNRESET)"),
            (not_accepted(Winsock::WSAEMFILE), "new-socket-limit (WSAEMFILE)"),
        ] {
            assert_eq!(error.to_string(), said);
        }
    }

    #[test]
    fn nothing_to_wait_for_is_no_loss() {
        for code in [Winsock::WSAEWOULDBLOCK, Winsock::WSAEMSGSIZE, Winsock::WSAENOBUFS, Winsock::WSAEINVAL] {
            assert!(!is_loss(code) && !is_unreachable(code), "{code:?}");
        }
        assert!(is_loss(Winsock::WSAECONNABORTED) && missing(Winsock::WSAENOPROTOOPT) == Ok(()));
    }
}
