//! The values of `wasi:sockets`, and what they are in the words of the portable system.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use callgate_system::{AddressFamily, Code, Error};
use wasmtime::component::{ComponentType, Lift, Lower, WasmList};

use crate::abi::{Arguments, Fixed, Flat, Pair, Store, View, Writer, lists, put, store_as_they_are};
use crate::bind::component::{Give, Parameter, Value, give, lowered_as_they_are, values_of_the_host};
use crate::bind::direct::{DATAGRAM, LiftFlat, SOCKET_ADDRESS, case, flat_socket_address, remote_in_memory};
use crate::calls::udp::Received;
use crate::host::Context;
use crate::objects::BATCH;

/// `ip-address-family`.
#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
pub(in crate::bind) enum IpAddressFamily {
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
        pub(in crate::bind) enum ErrorCode { $(#[component(name = $name)] $variant,)* }

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
pub(in crate::bind) enum IpAddress {
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
pub(in crate::bind) struct Ipv4SocketAddress {
    port: u16,
    address: V4,
}

/// `ipv6-socket-address`.
#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(record)]
pub(in crate::bind) struct Ipv6SocketAddress {
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
pub(in crate::bind) enum IpSocketAddress {
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
pub(in crate::bind) enum ShutdownType {
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

/// The value of a socket's option, in the type that the interface has for it.
pub(in crate::bind) struct OptionValue<T>(T);

/// Types that are narrower than an option's number.
macro_rules! option_values {
    ($($type:ty: |$number:ident| $narrow:expr;)*) => {
        $(
            impl From<u64> for OptionValue<$type> {
                fn from($number: u64) -> Self {
                    Self($narrow)
                }
            }

            impl Value for OptionValue<$type> {
                type Engine = $type;

                fn lowered(self) -> $type {
                    self.0
                }
            }

            impl Parameter for OptionValue<$type> {
                type Engine = $type;
                type Taken<'a> = u64;

                fn take<'a>(lifted: &'a $type, _: &'a Context<'_>) -> wasmtime::Result<u64> {
                    Ok((*lifted).into())
                }
            }
        )*
    };
}

option_values! {
    bool: |number| number != 0;
    u8: |number| u8::try_from(number).unwrap_or(u8::MAX);
    u32: |number| u32::try_from(number).unwrap_or(u32::MAX);
}

/// `option<ip-socket-address>`
pub(in crate::bind) struct Remote;

impl Parameter for Remote {
    type Engine = Option<IpSocketAddress>;
    type Taken<'a> = Option<SocketAddr>;

    fn take<'a>(lifted: &'a Self::Engine, _: &'a Context<'_>) -> wasmtime::Result<Option<SocketAddr>> {
        Ok(lifted.map(SocketAddr::from))
    }
}

/// `incoming-datagram`
#[derive(ComponentType, Lower)]
#[component(record)]
pub(in crate::bind) struct IncomingDatagram {
    data: Vec<u8>,
    #[component(name = "remote-address")]
    remote_address: IpSocketAddress,
}

impl From<Received> for Vec<IncomingDatagram> {
    fn from(Received(all): Received) -> Self {
        let datagram = |(data, from): (_, SocketAddr)| IncomingDatagram { data, remote_address: from.into() };
        all.into_iter().map(datagram).collect()
    }
}

/// `outgoing-datagram`; its bytes stay in the guest's memory.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(in crate::bind) struct OutgoingDatagram {
    data: WasmList<u8>,
    #[component(name = "remote-address")]
    remote_address: Option<IpSocketAddress>,
}

/// `list<outgoing-datagram>`
pub(in crate::bind) struct Datagrams;

/// Datagrams in guest memory, and where each is to go.
pub(in crate::bind) struct Outgoing<'a>(Vec<(&'a [u8], Option<SocketAddr>)>);

impl Parameter for Datagrams {
    type Engine = Vec<OutgoingDatagram>;
    type Taken<'a> = Outgoing<'a>;

    fn take<'a>(lifted: &'a Self::Engine, cx: &'a Context<'_>) -> wasmtime::Result<Outgoing<'a>> {
        check_batch(lifted.len() as u64)?;
        let datagram = |it: &'a OutgoingDatagram| (it.data.as_le_slice(cx), it.remote_address.map(SocketAddr::from));
        Ok(Outgoing(lifted.iter().map(datagram).collect()))
    }
}

impl<'t> Give for Outgoing<'t> {
    type Given<'a>
        = &'a [(&'t [u8], Option<SocketAddr>)]
    where
        't: 'a;

    fn give(&self) -> &[(&'t [u8], Option<SocketAddr>)] {
        &self.0
    }
}

give!(AddressFamily, SocketAddr, Option<SocketAddr>, callgate_system::Shutdown);
values_of_the_host!(
    IpAddressFamily => AddressFamily,
    IpSocketAddress => SocketAddr,
    ShutdownType => callgate_system::Shutdown
);
lowered_as_they_are!(ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Vec<IncomingDatagram>);

enumerations!(ErrorCode, IpAddressFamily);

impl Fixed for IpAddress {
    const SIZE: usize = 18;
    const ALIGN: usize = 2;

    fn encode(&self, out: &mut [u8]) {
        match self {
            Self::Ipv4(address) => {
                put(out, 0, [0]);
                put(out, 2, <[u8; 4]>::from(*address));
            }
            Self::Ipv6(address) => {
                put(out, 0, [1]);
                put_segments(out, 2, *address);
            }
        }
    }
}

fn put_segments(out: &mut [u8], at: usize, address: V6) {
    for (index, segment) in <[u16; 8]>::from(address).into_iter().enumerate() {
        put(out, at + 2 * index, segment.to_le_bytes());
    }
}

impl Fixed for IpSocketAddress {
    const SIZE: usize = 32;
    const ALIGN: usize = 4;

    fn encode(&self, out: &mut [u8]) {
        match self {
            Self::Ipv4(v4) => {
                put(out, 0, [0]);
                put(out, 4, v4.port.to_le_bytes());
                put(out, 6, <[u8; 4]>::from(v4.address));
            }
            Self::Ipv6(v6) => {
                put(out, 0, [1]);
                put(out, 4, v6.port.to_le_bytes());
                put(out, 8, v6.flow_info.to_le_bytes());
                put_segments(out, 12, v6.address);
                put(out, 28, v6.scope_id.to_le_bytes());
            }
        }
    }
}

store_as_they_are!(IpAddress, IpSocketAddress);

macro_rules! stored_options {
    ($($type:ty),*) => {
        $(impl Store for OptionValue<$type> {
            type Fixed = $type;

            fn store(self, _: &mut Writer<'_, '_>) -> wasmtime::Result<$type> {
                Ok(self.0)
            }
        })*

        $(impl LiftFlat for OptionValue<$type> {
            const FLAT: &'static [Flat] = &[Flat::I32];

            fn lift<'a>(view: View<'a>, arguments: &mut Arguments<'_>) -> wasmtime::Result<u64> {
                <$type as LiftFlat>::lift(view, arguments).map(u64::from)
            }
        })*
    };
}

stored_options!(bool, u8, u32);

/// `incoming-datagram` with its bytes in memory.
pub(in crate::bind) struct StoredDatagram(Pair, IpSocketAddress);

impl Fixed for StoredDatagram {
    const SIZE: usize = 40;
    const ALIGN: usize = 4;

    fn encode(&self, out: &mut [u8]) {
        self.0.encode(&mut out[..8]);
        self.1.encode(&mut out[8..40]);
    }
}

impl Store for IncomingDatagram {
    type Fixed = StoredDatagram;

    fn store(self, writer: &mut Writer<'_, '_>) -> wasmtime::Result<StoredDatagram> {
        Ok(StoredDatagram(self.data.store(writer)?, self.remote_address))
    }
}

lists!(IncomingDatagram);

impl LiftFlat for IpAddressFamily {
    const FLAT: &'static [Flat] = &[Flat::I32];

    fn lift<'a>(_: View<'a>, arguments: &mut Arguments<'_>) -> wasmtime::Result<AddressFamily> {
        case(arguments.u32(), &[AddressFamily::Ipv4, AddressFamily::Ipv6]).copied()
    }
}

impl LiftFlat for ShutdownType {
    const FLAT: &'static [Flat] = &[Flat::I32];

    fn lift<'a>(_: View<'a>, arguments: &mut Arguments<'_>) -> wasmtime::Result<callgate_system::Shutdown> {
        case(arguments.u32(), &[Self::Receive, Self::Send, Self::Both]).map(|how| (*how).into())
    }
}

impl LiftFlat for IpSocketAddress {
    const FLAT: &'static [Flat] = SOCKET_ADDRESS;

    fn lift<'a>(_: View<'a>, arguments: &mut Arguments<'_>) -> wasmtime::Result<SocketAddr> {
        flat_socket_address(arguments)
    }
}

impl LiftFlat for Remote {
    const FLAT: &'static [Flat] = &[Flat::I32; 13];

    fn lift<'a>(_: View<'a>, arguments: &mut Arguments<'_>) -> wasmtime::Result<Option<SocketAddr>> {
        let case = arguments.u32();
        // The place of the address is there, whether or not there is one.
        let address = flat_socket_address(arguments);
        match case {
            0 => Ok(None),
            1 => address.map(Some),
            _ => Err(wasmtime::format_err!("invalid option discriminant")),
        }
    }
}

impl LiftFlat for Datagrams {
    const FLAT: &'static [Flat] = &[Flat::I32, Flat::I32];

    fn lift<'a>(view: View<'a>, arguments: &mut Arguments<'_>) -> wasmtime::Result<Outgoing<'a>> {
        let (at, len) = (arguments.u32(), arguments.u32());
        let list = view.list(at, len, DATAGRAM, 4)?;
        check_batch(len.into())?;
        let datagram = |value: &'a [u8]| {
            let word = |at: usize| u32::from_le_bytes(crate::abi::number(value, at));
            Ok((view.list(word(0), word(4), 1, 1)?, remote_in_memory(&value[8..])?))
        };
        list.chunks_exact(DATAGRAM as usize).map(datagram).collect::<wasmtime::Result<_>>().map(Outgoing)
    }
}

fn check_batch(len: u64) -> wasmtime::Result<()> {
    if len <= BATCH { Ok(()) } else { Err(wasmtime::format_err!("sent {len} datagrams where {BATCH} were permitted")) }
}
