//! A value of each type of argument, so that there is a call of each function without a guest.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use callgate_system::{AddressFamily, Advice, Follow, NewTimestamp, OpenHow, Shutdown};

use crate::Handle;

/// A type that arguments of calls have.
pub(crate) trait Sample {
    /// A value that means nothing.
    const SAMPLE: Self;
}

macro_rules! samples {
    ($($type:ty = $value:expr;)*) => {
        $(impl Sample for $type {
            const SAMPLE: Self = $value;
        })*
    };
}

samples! {
    Handle<'_> = Handle { id: 0, name: "", mount: None, denied: None };
    &str = "";
    &[u8] = &[];
    u8 = 0;
    u64 = 0;
    i64 = 0;
    usize = 0;
    bool = false;
    NewTimestamp = NewTimestamp::NoChange;
    Advice = Advice::Normal;
    Follow = Follow::Yes;
    AddressFamily = AddressFamily::Ipv4;
    Shutdown = Shutdown::Both;
    SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
    Option<SocketAddr> = None;
    OpenHow = OpenHow {
        read: false,
        write: false,
        follow: Follow::Yes,
        create: false,
        exclusive: false,
        truncate: false,
        directory: false,
        sync: false,
        sync_data: false,
    };
}

#[cfg(test)]
mod tests {
    use crate::Call;

    #[test]
    fn each_call_stands_at_its_number() {
        for (number, call) in Call::EVERY.iter().enumerate() {
            assert_eq!(call.number(), number, "{}", call.function());
        }
    }
}
