//! `wasi:sockets`: linked, and refused. Creating a socket and looking a name up answer `access-denied`.
//!
//! No guest can hold a socket, so the methods of sockets have nobody to call them; they are registered by name, so that
//! programs that import them link, and trap if the impossible happens.

use callgate_gate::Call;
use callgate_system::{Code, Error};
use wasmtime::component::{ComponentType, Lift, Linker, Lower, Resource, WasmStr};

use crate::handles::Named;
use crate::host::{Context, Host, trap};
use crate::p2::io::Failure;
use crate::p2::{Interface, interface, resource};

/// The network, as a capability.
pub(crate) struct Network;

impl Named for Network {
    fn name(&self) -> &str {
        "network"
    }
}

/// Handles that no guest can hold yet.
enum TcpSocket {}
enum UdpSocket {}
enum IncomingDatagramStream {}
enum OutgoingDatagramStream {}
enum ResolveAddressStream {}

#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
#[allow(dead_code, reason = "the guest makes them")]
enum IpAddressFamily {
    #[component(name = "ipv4")]
    Ipv4,
    #[component(name = "ipv6")]
    Ipv6,
}

macro_rules! error_codes {
    ($($variant:ident = $name:literal,)*) => {
        /// `wasi:sockets/network.error-code`.
        #[derive(Clone, Copy, ComponentType, Lift, Lower)]
        #[component(enum)]
        #[repr(u8)]
        #[allow(dead_code, reason = "the order is the interface's")]
        enum ErrorCode { $(#[component(name = $name)] $variant,)* }
    };
}

error_codes! {
    Unknown = "unknown",
    AccessDenied = "access-denied",
    NotSupported = "not-supported",
    InvalidArgument = "invalid-argument",
    OutOfMemory = "out-of-memory",
    Timeout = "timeout",
    ConcurrencyConflict = "concurrency-conflict",
    NotInProgress = "not-in-progress",
    WouldBlock = "would-block",
    InvalidState = "invalid-state",
    NewSocketLimit = "new-socket-limit",
    AddressNotBindable = "address-not-bindable",
    AddressInUse = "address-in-use",
    RemoteUnreachable = "remote-unreachable",
    ConnectionRefused = "connection-refused",
    ConnectionReset = "connection-reset",
    ConnectionAborted = "connection-aborted",
    DatagramTooLarge = "datagram-too-large",
    NameUnresolvable = "name-unresolvable",
    TemporaryResolverFailure = "temporary-resolver-failure",
    PermanentResolverFailure = "permanent-resolver-failure",
}

const TCP_METHODS: &[&str] = &[
    "start-bind",
    "finish-bind",
    "start-connect",
    "finish-connect",
    "start-listen",
    "finish-listen",
    "accept",
    "local-address",
    "remote-address",
    "is-listening",
    "address-family",
    "set-listen-backlog-size",
    "keep-alive-enabled",
    "set-keep-alive-enabled",
    "keep-alive-idle-time",
    "set-keep-alive-idle-time",
    "keep-alive-interval",
    "set-keep-alive-interval",
    "keep-alive-count",
    "set-keep-alive-count",
    "hop-limit",
    "set-hop-limit",
    "receive-buffer-size",
    "set-receive-buffer-size",
    "send-buffer-size",
    "set-send-buffer-size",
    "subscribe",
    "shutdown",
];

const UDP_METHODS: &[&str] = &[
    "start-bind",
    "finish-bind",
    "stream",
    "local-address",
    "remote-address",
    "address-family",
    "unicast-hop-limit",
    "set-unicast-hop-limit",
    "receive-buffer-size",
    "set-receive-buffer-size",
    "send-buffer-size",
    "set-send-buffer-size",
    "subscribe",
];

pub(super) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    link_network(linker)?;
    link_creation(linker)?;
    link_lookup(linker)?;

    let mut tcp = interface(linker, "wasi:sockets/tcp")?;
    unreachable_resource::<TcpSocket>(&mut tcp, "tcp-socket", TCP_METHODS)?;
    let mut udp = interface(linker, "wasi:sockets/udp")?;
    unreachable_resource::<UdpSocket>(&mut udp, "udp-socket", UDP_METHODS)?;
    unreachable_resource::<IncomingDatagramStream>(&mut udp, "incoming-datagram-stream", &["receive", "subscribe"])?;
    let methods = &["check-send", "send", "subscribe"];
    unreachable_resource::<OutgoingDatagramStream>(&mut udp, "outgoing-datagram-stream", methods)
}

fn link_network(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    let mut network = interface(linker, "wasi:sockets/network")?;
    resource::<Network>(&mut network, "network")?;
    network.func_wrap("network-error-code", |cx: Context<'_>, (error,): (Resource<Failure>,)| {
        let host = cx.data();
        let error = host.find(&error)?;
        // No stream is a socket's yet, so no stream's error is the network's.
        host.gate.pass(Call::NetworkErrorCode { error: error.handle() }, || Ok(None::<String>)).map_err(trap)?;
        Ok((None::<ErrorCode>,))
    })?;
    interface(linker, "wasi:sockets/instance-network")?.func_wrap("instance-network", |cx: Context<'_>, (): ()| {
        let host = cx.data();
        let act = || host.handles.add(Network);
        Ok((Resource::from(host.gate.pass(Call::InstanceNetwork, act).map_err(trap)?),))
    })
}

fn link_creation(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    interface(linker, "wasi:sockets/tcp-create-socket")?
        .func_wrap("create-tcp-socket", |cx: Context<'_>, (_,): (IpAddressFamily,)| {
            Ok((refuse::<TcpSocket>(cx.data(), Call::CreateTcpSocket),))
        })?;
    interface(linker, "wasi:sockets/udp-create-socket")?
        .func_wrap("create-udp-socket", |cx: Context<'_>, (_,): (IpAddressFamily,)| {
            Ok((refuse::<UdpSocket>(cx.data(), Call::CreateUdpSocket),))
        })
}

fn link_lookup(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    let mut lookup = interface(linker, "wasi:sockets/ip-name-lookup")?;
    let methods = &["resolve-next-address", "subscribe"];
    unreachable_resource::<ResolveAddressStream>(&mut lookup, "resolve-address-stream", methods)?;
    lookup.func_wrap("resolve-addresses", |cx: Context<'_>, (network, name): (Resource<Network>, WasmStr)| {
        let host = cx.data();
        let (network, name) = (host.find(&network)?, name.to_str(&cx)?);
        Ok((refuse::<ResolveAddressStream>(host, Call::ResolveAddresses { network: network.handle(), name: &name }),))
    })
}

fn refuse<T: 'static>(host: &Host, call: Call<'_>) -> Result<Resource<T>, ErrorCode> {
    let refused = host.gate.pass(call, || Err::<(), _>(Error::new(Code::AccessDenied)));
    debug_assert!(refused.is_err());
    Err(ErrorCode::AccessDenied)
}

fn unreachable_resource<T: 'static>(
    interface: &mut Interface<'_>,
    name: &'static str,
    methods: &[&str],
) -> wasmtime::Result<()> {
    resource::<T>(interface, name)?;
    for method in methods {
        interface.func_new(&format!("[method]{name}.{method}"), move |_, _, _, _| {
            Err(wasmtime::format_err!("no {name} exists in this release"))
        })?;
    }
    Ok(())
}
