//! The cases that are not about paths, a file for each group or two.

/// The cases of a group: what must hold, the call it is about, the function that finds out.
macro_rules! cases {
    ($group:literal; $($name:literal, $call:literal => $run:ident;)+) => {
        pub(super) fn cases() -> Vec<$crate::Case> {
            vec![$($crate::Case::new($group, $name, $call, $run)),+]
        }
    };
}

#[macro_use]
mod net;

mod attributes;
mod clocks;
mod directories;
mod handles;
mod identity;
mod links;
mod located;
mod lookup;
mod naming;
mod opening;
mod peer;
mod random;
mod readiness;
mod reading;
mod security;
mod sizes;
mod special;
mod stranger;
mod tcp;
mod tcp_states;
mod udp;
mod waiting;
mod within;
mod writing;

pub use stranger::Stranger;

use crate::Case;

pub(crate) fn cases() -> impl Iterator<Item = Case> {
    let groups = [
        opening::cases(),
        reading::cases(),
        writing::cases(),
        sizes::cases(),
        attributes::cases(),
        identity::cases(),
        within::cases(),
        naming::cases(),
        links::cases(),
        located::cases(),
        directories::cases(),
        special::cases(),
        handles::cases(),
        clocks::cases(),
        random::cases(),
        waiting::cases(),
        tcp::cases(),
        tcp_states::cases(),
        udp::cases(),
        lookup::cases(),
        readiness::cases(),
        security::cases(),
    ];
    groups.into_iter().flatten()
}
