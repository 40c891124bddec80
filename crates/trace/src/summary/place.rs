//! The file or the peer of a call.

use std::fmt::Write as _;
use std::net::SocketAddr;

/// The file or the peer that a call was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place<'a> {
    /// An open file or directory, a standard stream.
    File(&'a str),
    /// A path below an open directory.
    Below(&'a str, &'a str),
    /// A connection, or a name that is looked up.
    Peer(&'a str),
    /// The other side of a datagram, or of a connection to be.
    Address(&'static str, Address<'a>),
}

/// An address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Address<'a> {
    Known(SocketAddr),
    Told(&'a str),
}

/// Finds the place among the arguments of a call.
#[derive(Clone, Copy, Default)]
pub(super) struct Finder<'a> {
    /// The first handle, and whether it is below a mount.
    handle: Option<(&'a str, bool)>,
    path: Option<&'a str>,
    text: Option<&'a str>,
    remote: Option<Address<'a>>,
}

impl<'a> Finder<'a> {
    pub(super) fn handle(&mut self, name: &'a str, is_mounted: bool) {
        self.handle.get_or_insert((name, is_mounted));
    }

    pub(super) fn path(&mut self, path: &'a str) {
        self.path.get_or_insert(path);
    }

    pub(super) fn text(&mut self, text: &'a str) {
        self.text.get_or_insert(text);
    }

    /// An address, which is the other side's where the argument's name says so.
    pub(super) fn address(&mut self, argument: &str, address: Address<'a>) {
        if argument.starts_with("remote") {
            self.remote = Some(address);
        }
    }

    /// The place, for a call of this interface.
    pub(super) fn place(self, interface: &str) -> Option<Place<'a>> {
        if let Some(address) = self.remote {
            return Some(Place::Address(if interface == "wasi:sockets/tcp" { "tcp" } else { "udp" }, address));
        }
        let (name, is_mounted) = self.handle?;
        match self.path {
            Some(path) if is_mounted => Some(Place::Below(name, path)),
            _ if is_mounted || matches!(name, "stdin" | "stdout" | "stderr") => Some(Place::File(name)),
            _ if name.starts_with("tcp ") => Some(Place::Peer(name)),
            _ if interface == "wasi:sockets/ip-name-lookup" => Some(Place::Peer(self.text.unwrap_or(name))),
            _ => None,
        }
    }
}

impl<'a> Place<'a> {
    pub(super) fn is_peer(&self) -> bool {
        matches!(self, Self::Peer(_) | Self::Address(..))
    }

    /// Its name, made in `scratch` where it is made of several parts.
    pub(super) fn name<'b>(&self, scratch: &'b mut String) -> &'b str
    where
        'a: 'b,
    {
        scratch.clear();
        match *self {
            Self::File(name) | Self::Peer(name) => return name,
            Self::Below(directory, ".") => return directory,
            Self::Below(directory, path) => {
                scratch.push_str(directory);
                if !directory.ends_with('/') {
                    scratch.push('/');
                }
                scratch.push_str(path);
            }
            // Writing to a string can't fail.
            Self::Address(kind, Address::Known(address)) => write!(scratch, "{kind} {address}").unwrap_or_default(),
            Self::Address(kind, Address::Told(address)) => write!(scratch, "{kind} {address}").unwrap_or_default(),
        }
        scratch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(interface: &str, tell: impl FnOnce(&mut Finder<'static>)) -> Option<String> {
        let mut finder = Finder::default();
        tell(&mut finder);
        let place = finder.place(interface)?;
        Some(format!("{} {}", if place.is_peer() { "peer" } else { "file" }, place.name(&mut "before".to_owned())))
    }

    #[test]
    fn a_call_is_about_what_its_arguments_name() {
        let files = |path: &'static str| {
            found("wasi:filesystem/types", |finder| {
                finder.handle("/src", true);
                finder.path(path);
                finder.path("/other");
            })
        };
        assert_eq!(files("a/b").as_deref(), Some("file /src/a/b"));
        assert_eq!(files(".").as_deref(), Some("file /src"));
        let streams = |name, is_mounted| found("wasi:io/streams", |finder| finder.handle(name, is_mounted));
        assert_eq!(streams("/src/a", true).as_deref(), Some("file /src/a"));
        assert_eq!(streams("stdout", false).as_deref(), Some("file stdout"));
        assert_eq!(streams("tcp 127.0.0.1:80", false).as_deref(), Some("peer tcp 127.0.0.1:80"));
        assert_eq!((streams("tcp", false), streams("timer", false)), (None, None));
        let address = |interface, argument| {
            found(interface, |finder| {
                finder.handle("socket", false);
                finder.address(argument, Address::Told("[::1]:9"));
            })
        };
        assert_eq!(address("wasi:sockets/tcp", "remote_address").as_deref(), Some("peer tcp [::1]:9"));
        assert_eq!(address("wasi:sockets/udp", "remote-address").as_deref(), Some("peer udp [::1]:9"));
        assert_eq!(address("wasi:sockets/tcp", "local_address"), None);
        let lookup = found("wasi:sockets/ip-name-lookup", |finder| {
            finder.handle("network", false);
            finder.text("example.org");
        });
        assert_eq!(lookup.as_deref(), Some("peer example.org"));
    }
}
