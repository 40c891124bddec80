//! Windows as the host, and where it differs. Tried under Wine 8.0 alone: what is [`WINE`]'s should hold on Windows 10, and
//! has to leave the list when it is seen there; what symbolic links do was seen nowhere.

use callgate_conformance::Deviation;
pub(crate) use callgate_conformance::windows::WindowsGround as RealGround;

const fn differs(what: &'static str, reason: &'static str) -> Deviation {
    Deviation { what, reason }
}

const HELD: &str = "cap-std holds directories so that nobody can rename or remove them";
const DOT: &str = "a name that ends in a dot is none to Win32";
const WINE: &str = "Wine 8.0";
/// The only trace is `SO_ERROR`, which then says so for ever, also of the next peer.
const UNTOLD: &str = "Wine 8.0: its server takes the error of a datagram socket; no call and no wait tells of it";
/// `bind_to_interface` of its `server/sock.c`; streams and IPv6 are refused as by Windows (`WSAEADDRNOTAVAIL`).
const FILTERED: &str =
    "Wine 8.0: binds a datagram socket of IPv4 to every address, where it finds no interface with the one asked for";
const LISTED: &str = "Wine 8.0 lists no name of 255 units to Win32: ERROR_MORE_DATA";

pub(crate) const DEVIATIONS: &[Deviation] = &[
    differs("handles/a directory renamed while open goes on", HELD),
    differs("handles/a directory moved elsewhere stays a sandbox", HELD),
    differs("handles/a directory removed while open has no entries", HELD),
    differs("directories/a directory removed meanwhile is no entry", HELD),
    differs("security/a directory swapped for an outside link is refused", HELD),
    differs("naming/a directory into itself is refused", "busy: its destination is held, as above"),
    differs("paths_open/dots: open, create ...", DOT),
    differs("paths_open/dots: open, create exclusively ...", DOT),
    differs("paths_open/dots: open, create, not following ...", DOT),
    differs("paths_links/dots: link to ...", DOT),
    differs("paths_names/dots: create directory ...", DOT),
    differs("paths_names/dots: symlink ...", DOT),
    differs("paths_names/dots: rename a file to ...", DOT),
    differs("paths_names/dots: rename a directory to ...", DOT),
    differs(
        "security/device names are plain names, or refused on NT (CVE-2024-51745)",
        "they are refused, by the system that is not called nt, too",
    ),
    differs("security/a thousand levels deep, and up again", "cap-std makes directories by full path"),
    differs("paths_names/plain names: symlink no", WINE),
    differs("paths_names/plain names: symlink d/no", WINE),
    differs("paths_names/dots: symlink ./no", WINE),
    differs("paths_names/dots: symlink d/../no", WINE),
    differs("paths_names/plain names: rename a directory to e", WINE),
    differs("paths_names/slashes: rename a directory to e/", WINE),
    differs("paths_names/limits: symlink <m255>", WINE),
    differs("paths_names/limits: symlink d/<m255>", WINE),
    differs("paths_names/limits: create directory <m255>", LISTED),
    differs("paths_names/limits: create directory d/<m255>", LISTED),
    differs("paths_names/limits: rename a directory to <m255>", LISTED),
    differs("paths_names/limits: rename a directory to d/<m255>", LISTED),
    differs("naming/a directory replaces an empty directory", WINE),
    differs("naming/a rename over an open file leaves its handle the old content", WINE),
    differs("naming/unlinked while open, the content stays", WINE),
    differs("attributes/links are counted", WINE),
    differs("identity/one file before and after a rename", WINE),
    differs("identity/a file unlinked while open differs from its successor", WINE),
    differs("sizes/a size that no disk holds is sparse or refused", WINE),
    differs("tcp/v4: a reset is told, and then the end", WINE),
    differs("tcp/v6: a reset is told, and then the end", WINE),
    differs("tcp/v4: dropping an aborted one is a reset to the peer", WINE),
    differs("tcp/v6: dropping an aborted one is a reset to the peer", WINE),
    differs("udp/v4: a peer that isn't there is told", UNTOLD),
    differs("udp/v6: a peer that isn't there is told", UNTOLD),
    differs("udp/v4: nobody's address is not bindable", FILTERED),
];

/// cap-std opens each directory anew there, by a path that Wine then takes apart once more.
pub(crate) fn skips(group: &str) -> Option<&'static str> {
    (group == "located").then_some("Wine 8.0 takes minutes for it; the walker is the same one elsewhere")
}
