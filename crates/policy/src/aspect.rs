//! What rules decide on: the calls, and for calls that do several things each of these.
//!
//! An opening reads, writes, creates or looks; a rename deletes one name and creates another; a bind to a chosen port is as much as
//! listening there. Each is an aspect with its own classes, and a call happens only if every aspect of it is allowed. All other
//! calls have one aspect, their number.

use std::sync::OnceLock;

use callgate_gate::{Call, Class, Classes, NetworkAccess};
use callgate_system::OpenHow;

/// An aspect, by its number: the call's own, or one of [`EXTRA`].
pub(crate) type Aspect = usize;

/// Calls that there are.
const CALLS: usize = Call::EVERY.len();

/// An opening to read. The call's own aspect is one for attributes alone.
const OPEN_READ: Aspect = CALLS;
/// An opening to change.
const OPEN_WRITE: Aspect = CALLS + 1;
/// An opening that may create.
const OPEN_CREATE: Aspect = CALLS + 2;
/// Openings to read, to change and to create.
pub(crate) const OPENING: [Aspect; 3] = [OPEN_READ, OPEN_WRITE, OPEN_CREATE];
/// The call that opens, as it is named by its number.
pub(crate) fn opening() -> Aspect {
    static OPENING: OnceLock<Aspect> = OnceLock::new();
    let is_opening = |call: &Call<'static>| matches!(call, Call::OpenAt { .. });
    *OPENING.get_or_init(|| Call::EVERY.iter().position(is_opening).unwrap_or(CALLS))
}

/// The new name of a rename. The call's own aspect is the old one.
pub(crate) const RENAME_NEW: Aspect = CALLS + 3;
/// A bind to a port of the guest's choice. The call's own aspect is one to any port.
const BIND_PORT: Aspect = CALLS + 4;

/// Aspects that there are.
pub(crate) const COUNT: usize = CALLS + 5;

const _: () = assert!(COUNT <= 256, "the sets hold them all");

/// What a rule can say of where a call goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Nothing.
    None,
    /// A place below a mount; of streams only where they came from a file.
    Place,
    /// An address.
    Address,
    /// The name of a host.
    Name,
}

/// What is known of an aspect without any rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) interface: &'static str,
    pub(crate) function: &'static str,
    pub(crate) classes: Classes,
    pub(crate) target: Target,
    /// True if it may happen where no rule says anything of it.
    pub(crate) free: bool,
    /// Its number among those with the same kind of target: places have theirs, addresses and names share theirs.
    pub(crate) bit: u64,
}

/// All aspects, by number.
pub(crate) fn known() -> &'static [Known; COUNT] {
    static KNOWN: OnceLock<Box<[Known; COUNT]>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let mut all: Vec<Known> = Call::EVERY.iter().map(of_call).collect();
        let of = |function: &str| *all.iter().find(|known| known.function == function).expect("a call of ours");
        let (open, rename, bind) = (of("descriptor.open-at"), of("descriptor.rename-at"), of("tcp-socket.start-bind"));
        let classed = |known: Known, class: Class| Known { classes: class.into(), ..known };
        all.extend([
            classed(open, Class::Read),
            classed(open, Class::Write),
            classed(open, Class::Create),
            classed(rename, Class::Create),
            Known { classes: Class::Listen.into(), free: false, target: Target::Address, ..bind },
        ]);
        let (mut places, mut addresses) = (0, 0);
        for known in &mut all {
            let next = match known.target {
                Target::None => continue,
                Target::Place => &mut places,
                Target::Address | Target::Name => &mut addresses,
            };
            assert!(*next < u64::BITS, "a mask holds them all");
            known.bit = 1 << *next;
            *next += 1;
        }
        all.into_boxed_slice().try_into().unwrap_or_else(|_| unreachable!("as many as were counted"))
    })
}

fn of_call(call: &Call<'static>) -> Known {
    let classes = match call {
        Call::RenameAt { .. } => Class::Delete.into(),
        // A server needs sockets too.
        Call::CreateTcpSocket { .. } => Classes::from(Class::Connect).with(Class::Listen),
        _ => call.classes(),
    };
    let (interface, function) = (call.interface(), call.function());
    Known { interface, function, classes, target: target(call), free: is_free(call, classes), bit: 0 }
}

fn target(call: &Call<'static>) -> Target {
    match call {
        Call::FilesystemErrorCode { .. } => Target::None,
        Call::ResolveAddresses { .. } => Target::Name,
        // To any port, which is no place to go to.
        Call::TcpStartBind { .. } => Target::None,
        Call::TcpStartConnect { .. }
        | Call::TcpStartListen { .. }
        | Call::UdpStartBind { .. }
        | Call::UdpStream { .. }
        | Call::UdpSend { .. } => Target::Address,
        Call::FdSeek { .. }
        | Call::FdTell { .. }
        | Call::FdAllocate { .. }
        | Call::FdFdstatSetFlags { .. }
        | Call::FdFdstatSetRights { .. } => Target::Place,
        Call::InputSubscribe { .. } | Call::OutputSubscribe { .. } => Target::None,
        _ if matches!(call.interface(), "wasi:filesystem/types" | "wasi:io/streams") => Target::Place,
        _ => Target::None,
    }
}

/// True for what shows and changes nothing outside, or acts on what another call was allowed to open.
fn is_free(call: &Call<'static>, classes: Classes) -> bool {
    let files = [Class::Read, Class::Write, Class::Create, Class::Delete, Class::Stat, Class::List, Class::Environment];
    match call {
        // They tell of the handle, which the guest got by another call.
        Call::GetFlags { .. }
        | Call::GetType { .. }
        | Call::FdSeek { .. }
        | Call::FdTell { .. }
        | Call::Advise { .. } => true,
        Call::CreateTcpSocket { .. }
        | Call::CreateUdpSocket { .. }
        | Call::TcpStartConnect { .. }
        | Call::TcpStartListen { .. }
        | Call::TcpAccept { .. }
        | Call::UdpStartBind { .. }
        | Call::UdpStream { .. }
        | Call::UdpSend { .. }
        | Call::UdpReceive { .. }
        | Call::ResolveAddresses { .. } => false,
        _ if classes.meets(network()) => true,
        _ => !classes.meets(files.into_iter().collect()),
    }
}

/// A set of aspects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Aspects([u64; 4]);

impl Aspects {
    pub(crate) fn insert(&mut self, aspect: Aspect) {
        self.0[aspect / 64] |= 1 << (aspect % 64);
    }

    pub(crate) fn contains(self, aspect: Aspect) -> bool {
        self.0[aspect / 64] & 1 << (aspect % 64) != 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Aspect> {
        (0..COUNT).filter(move |aspect| self.contains(*aspect))
    }

    pub(crate) fn is_empty(self) -> bool {
        self == Self::default()
    }
}

impl FromIterator<Aspect> for Aspects {
    fn from_iter<T: IntoIterator<Item = Aspect>>(aspects: T) -> Self {
        let mut set = Self::default();
        aspects.into_iter().for_each(|aspect| set.insert(aspect));
        set
    }
}

/// The aspects of one call, at most three.
#[derive(Clone, Copy)]
pub(crate) struct Few {
    list: [Aspect; 3],
    len: usize,
}

impl Few {
    #[inline]
    fn one(aspect: Aspect) -> Self {
        Self { list: [aspect, 0, 0], len: 1 }
    }

    pub(crate) fn as_slice(&self) -> &[Aspect] {
        &self.list[..self.len]
    }
}

/// The aspects of `call`. Of a rename this is the old name's alone; the new one has [`RENAME_NEW`].
#[inline]
pub(crate) fn of(call: &Call<'_>) -> Few {
    match call {
        Call::OpenAt { how, .. } => of_opening(call.number(), *how),
        Call::TcpStartBind { local_address, .. } if local_address.port() != 0 => Few::one(BIND_PORT),
        _ => Few::one(call.number()),
    }
}

#[inline]
fn of_opening(own: Aspect, how: OpenHow) -> Few {
    let mut few = Few { list: [own; 3], len: 0 };
    for (is_asked, aspect) in
        [(how.read, OPEN_READ), (how.write || how.truncate, OPEN_WRITE), (how.create, OPEN_CREATE)]
    {
        if is_asked {
            few.list[few.len] = aspect;
            few.len += 1;
        }
    }
    few.len = few.len.max(1);
    few
}

/// Where on the network `call` goes; none where it goes nowhere yet, or where another call has decided.
#[inline]
pub(crate) fn destination<'a>(call: &Call<'a>) -> Option<NetworkAccess<'a>> {
    match call.network_access()? {
        // Any port of this machine's own: nothing that a rule could tell from another.
        NetworkAccess::Bind(address) if address.port() == 0 => None,
        NetworkAccess::BindUdp(address) if address.port() == 0 && address.ip().is_unspecified() => None,
        access => Some(access),
    }
}

/// True for calls that give a file another name.
pub(crate) fn is_move(aspect: Aspect) -> bool {
    matches!(known()[aspect].function, "descriptor.rename-at" | "descriptor.link-at")
}

/// The classes of the network.
pub(crate) fn network() -> Classes {
    [Class::Connect, Class::Listen, Class::Udp, Class::Resolve].into_iter().collect()
}

/// The aspects with which contents are read or written at a place.
pub(crate) fn contents() -> u64 {
    let classes: Classes = [Class::Read, Class::Write].into_iter().collect();
    let at_places = known().iter().filter(|known| known.target == Target::Place && known.classes.meets(classes));
    at_places.fold(0, |bits, known| bits | known.bit)
}

/// Words for an aspect: `descriptor.open-at to read`.
pub(crate) fn words(aspect: Aspect) -> String {
    let how = match aspect {
        OPEN_READ => " to read",
        OPEN_WRITE => " to write",
        OPEN_CREATE => " to create",
        RENAME_NEW => " to a new name",
        BIND_PORT => " to a port",
        _ => "",
    };
    format!("{}{how}", known()[aspect].function)
}

/// The class by which a rule would best name it.
pub(crate) fn class(aspect: Aspect) -> &'static str {
    known()[aspect].classes.iter().next().map_or("process", Class::word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(function: &str) -> Known {
        *known().iter().find(|known| known.function == function).expect(function)
    }

    #[test]
    fn files_network_and_environment_are_not_free() {
        for function in ["descriptor.open-at", "descriptor.read", "descriptor.stat", "environment.get-environment"] {
            assert!(!find(function).free, "{function}");
        }
        for function in
            ["tcp-socket.start-connect", "udp-socket.stream", "tcp-socket.accept", "incoming-datagram-stream.receive"]
        {
            assert!(!find(function).free, "{function}");
        }
        for function in ["wall-clock.now", "stdout.get-stdout", "output-stream.write", "poll", "drop", "exit.exit"] {
            assert!(find(function).free, "{function}");
        }
        for function in ["tcp-socket.finish-connect", "descriptor.get-flags", "environment.get-arguments", "fd_seek"] {
            assert!(find(function).free, "{function}");
        }
    }

    #[test]
    fn an_opening_is_all_that_it_opens_for() {
        let how = OpenHow { read: true, create: true, ..OpenHow::default() };
        assert_eq!(of_opening(0, how).as_slice(), [OPEN_READ, OPEN_CREATE]);
        assert_eq!(of_opening(7, OpenHow::default()).as_slice(), [7]);
        assert_eq!(of_opening(7, OpenHow { truncate: true, ..OpenHow::default() }).as_slice(), [OPEN_WRITE]);
    }

    #[test]
    fn each_aspect_with_a_target_has_a_bit_of_its_own() {
        for places in [true, false] {
            let is_of = |known: &&Known| (known.target == Target::Place) == places && known.target != Target::None;
            let bits: Vec<u64> = known().iter().filter(is_of).map(|known| known.bit).collect();
            assert_eq!(bits.iter().fold(0, |all, bit| all | bit).count_ones() as usize, bits.len());
        }
    }
}
