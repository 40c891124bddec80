//! When a socket counts as ready: what is known of it without asking, and what AFD is asked else. No system here, so it is
//! tested everywhere.
//!
//! AFD, the driver below Winsock, tells events by the numbers of afd.h, which no header of an SDK publishes; they are the same
//! in every NT and in Wine.

use callgate_system::Kind;

/// One of the two ways that a socket is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// `Interest::Receivable`
    Receive,
    /// `Interest::Sendable`
    Send,
}

/// The stage of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Stage {
    /// Nothing was begun.
    Apart,
    /// A stream that takes connections.
    Listening,
    /// A stream under way.
    Connecting,
    /// A stream with a connection, or that had one; a datagram socket with a peer.
    Connected,
    /// A stream that found nobody.
    Failed,
}

/// The readiness of a socket in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// Met, whatever the system would say.
    Met,
    /// Never met.
    Never,
    /// As AFD says.
    Asked,
}

/// The events by their numbers.
pub(super) mod event {
    /// Bytes, or a message, to receive.
    pub(crate) const RECEIVE: u32 = 0x1;
    /// Room to send; a connection that came about.
    pub(crate) const SEND: u32 = 0x4;
    /// The peer ended its side. Without it, an end without bytes before it would go unseen.
    pub(crate) const DISCONNECT: u32 = 0x8;
    /// The peer broke the connection off.
    pub(crate) const ABORT: u32 = 0x10;
    /// The socket was closed on this side: what gives back the memory of a poll that nobody waits for.
    pub(crate) const LOCAL_CLOSE: u32 = 0x20;
    /// A connection to accept.
    pub(crate) const ACCEPT: u32 = 0x80;
    /// Connecting failed.
    pub(crate) const CONNECT_FAIL: u32 = 0x100;
}

impl Direction {
    /// The events that AFD is asked for: everything that makes this direction ready, be it an error.
    pub(crate) const fn events(self) -> u32 {
        let trouble = event::ABORT | event::LOCAL_CLOSE | event::CONNECT_FAIL;
        trouble
            | match self {
                Self::Receive => event::RECEIVE | event::DISCONNECT | event::ACCEPT,
                Self::Send => event::SEND,
            }
    }
}

impl Stage {
    /// The stage whose number is `number`.
    pub(crate) fn of(number: u8) -> Self {
        match number {
            0 => Self::Apart,
            1 => Self::Listening,
            2 => Self::Connecting,
            3 => Self::Connected,
            _ => Self::Failed,
        }
    }

    /// The readiness in `direction` of a socket of `kind` in this stage. `ended` is true if that direction was shut down, or lost with the
    /// connection.
    pub(crate) fn readiness(self, kind: Kind, direction: Direction, ended: bool) -> Readiness {
        match (kind, self, direction) {
            (Kind::Datagram, ..) => Readiness::Asked,
            (Kind::Stream, Self::Apart | Self::Failed, _) => Readiness::Met,
            (Kind::Stream, Self::Listening, Direction::Send) => Readiness::Never,
            (Kind::Stream, Self::Connected, _) if ended => Readiness::Met,
            (Kind::Stream, ..) => Readiness::Asked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAGES: [Stage; 5] = [Stage::Apart, Stage::Listening, Stage::Connecting, Stage::Connected, Stage::Failed];

    #[test]
    fn every_stage_is_found_by_its_number() {
        for stage in STAGES {
            assert_eq!(Stage::of(stage as u8), stage);
        }
    }

    #[test]
    fn each_direction_asks_for_its_own_and_for_all_trouble() {
        assert_eq!(Direction::Receive.events(), 0x1b9);
        assert_eq!(Direction::Send.events(), 0x134);
    }

    #[test]
    fn datagrams_are_always_asked_about() {
        for stage in STAGES {
            for direction in [Direction::Receive, Direction::Send] {
                assert_eq!(stage.readiness(Kind::Datagram, direction, false), Readiness::Asked);
            }
        }
    }

    #[test]
    fn streams_are_asked_about_where_the_system_knows_more() {
        // Stage; ready to receive, to send; and where that direction has ended.
        let rows = [
            (Stage::Apart, [Readiness::Met, Readiness::Met], [Readiness::Met, Readiness::Met]),
            (Stage::Listening, [Readiness::Asked, Readiness::Never], [Readiness::Asked, Readiness::Never]),
            (Stage::Connecting, [Readiness::Asked, Readiness::Asked], [Readiness::Asked, Readiness::Asked]),
            (Stage::Connected, [Readiness::Asked, Readiness::Asked], [Readiness::Met, Readiness::Met]),
            (Stage::Failed, [Readiness::Met, Readiness::Met], [Readiness::Met, Readiness::Met]),
        ];
        for (stage, open, ended) in rows {
            let said =
                |ended| [Direction::Receive, Direction::Send].map(|way| stage.readiness(Kind::Stream, way, ended));
            assert_eq!((said(false), said(true)), (open, ended), "{stage:?}");
        }
    }
}
