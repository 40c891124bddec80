//! The values of `wasi:sockets`, and what they are in the words of the portable system.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use callgate_system::{AddressFamily, Code, Error};
use wasmtime::component::{ComponentType, Lift, Lower};

/// `ip-address-family`.
#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
pub(super) enum IpAddressFamily {
    #[component(name = "ipv4")]
    Ipv4,
    #[component(name = "ipv6")]
    Ipv6,
}

impl From<IpAddressFamily> for AddressFamily {
    fn from(family: IpAddressFamily) -> Self {
        match family {
            IpAddressFamily::Ipv4 => Self::Ipv4,
            IpAddressFamily::Ipv6 => Self::Ipv6,
        }
    }
}

impl From<AddressFamily> for IpAddressFamily {
    fn from(family: AddressFamily) -> Self {
        match family {
            AddressFamily::Ipv4 => Self::Ipv4,
            AddressFamily::Ipv6 => Self::Ipv6,
        }
    }
}

macro_rules! error_codes {
    ($($variant:ident = $name:literal: $($code:ident)|*,)*) => {
        /// `wasi:sockets/network.error-code`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, ComponentType, Lift, Lower)]
        #[component(enum)]
        #[repr(u8)]
        pub(super) enum ErrorCode { $(#[component(name = $name)] $variant,)* }

        impl From<Error> for ErrorCode {
            fn from(error: Error) -> Self {
                match error.code {
                    $($(Code::$code => Self::$variant,)*)*
                    _ => Self::Unknown,
                }
            }
        }
    };
}

error_codes! {
    Unknown = "unknown": Unknown,
    AccessDenied = "access-denied": AccessDenied | Access | NotPermitted,
    NotSupported = "not-supported": Unsupported,
    InvalidArgument = "invalid-argument": Invalid,
    OutOfMemory = "out-of-memory": InsufficientMemory,
    Timeout = "timeout": Timeout,
    ConcurrencyConflict = "concurrency-conflict": Already,
    NotInProgress = "not-in-progress": NotInProgress,
    WouldBlock = "would-block": WouldBlock,
    InvalidState = "invalid-state": InvalidState,
    NewSocketLimit = "new-socket-limit": NewSocketLimit,
    AddressNotBindable = "address-not-bindable": AddressNotBindable,
    AddressInUse = "address-in-use": AddressInUse,
    RemoteUnreachable = "remote-unreachable": RemoteUnreachable,
    ConnectionRefused = "connection-refused": ConnectionRefused,
    ConnectionReset = "connection-reset": ConnectionReset | Pipe,
    ConnectionAborted = "connection-aborted": ConnectionAborted,
    DatagramTooLarge = "datagram-too-large": MessageSize,
    NameUnresolvable = "name-unresolvable": NameUnresolvable,
    TemporaryResolverFailure = "temporary-resolver-failure": TemporaryResolverFailure,
    PermanentResolverFailure = "permanent-resolver-failure": PermanentResolverFailure,
}

type V4 = (u8, u8, u8, u8);
type V6 = (u16, u16, u16, u16, u16, u16, u16, u16);

/// `ip-address`.
#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(variant)]
pub(super) enum IpAddress {
    #[component(name = "ipv4")]
    Ipv4(V4),
    #[component(name = "ipv6")]
    Ipv6(V6),
}

impl From<IpAddr> for IpAddress {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::Ipv4(address.octets().into()),
            IpAddr::V6(address) => Self::Ipv6(address.segments().into()),
        }
    }
}

/// `ipv4-socket-address`.
#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(record)]
pub(super) struct Ipv4SocketAddress {
    port: u16,
    address: V4,
}

/// `ipv6-socket-address`.
#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(record)]
pub(super) struct Ipv6SocketAddress {
    port: u16,
    #[component(name = "flow-info")]
    flow_info: u32,
    address: V6,
    #[component(name = "scope-id")]
    scope_id: u32,
}

/// `ip-socket-address`.
#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(variant)]
pub(super) enum IpSocketAddress {
    #[component(name = "ipv4")]
    Ipv4(Ipv4SocketAddress),
    #[component(name = "ipv6")]
    Ipv6(Ipv6SocketAddress),
}

impl From<IpSocketAddress> for SocketAddr {
    fn from(address: IpSocketAddress) -> Self {
        match address {
            IpSocketAddress::Ipv4(v4) => {
                let octets: [u8; 4] = v4.address.into();
                Self::V4(SocketAddrV4::new(Ipv4Addr::from(octets), v4.port))
            }
            IpSocketAddress::Ipv6(v6) => {
                let segments: [u16; 8] = v6.address.into();
                Self::V6(SocketAddrV6::new(Ipv6Addr::from(segments), v6.port, v6.flow_info, v6.scope_id))
            }
        }
    }
}

impl From<SocketAddr> for IpSocketAddress {
    fn from(address: SocketAddr) -> Self {
        match address {
            SocketAddr::V4(v4) => Self::Ipv4(Ipv4SocketAddress { port: v4.port(), address: v4.ip().octets().into() }),
            SocketAddr::V6(v6) => Self::Ipv6(Ipv6SocketAddress {
                port: v6.port(),
                flow_info: v6.flowinfo(),
                address: v6.ip().segments().into(),
                scope_id: v6.scope_id(),
            }),
        }
    }
}

/// `shutdown-type`.
#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
#[allow(dead_code, reason = "the guest makes them")]
pub(super) enum ShutdownType {
    #[component(name = "receive")]
    Receive,
    #[component(name = "send")]
    Send,
    #[component(name = "both")]
    Both,
}

impl From<ShutdownType> for callgate_system::Shutdown {
    fn from(how: ShutdownType) -> Self {
        match how {
            ShutdownType::Receive => Self::Receive,
            ShutdownType::Send => Self::Send,
            ShutdownType::Both => Self::Both,
        }
    }
}
