//! The limits of a run, besides those of memory and time.

use callgate_policy::{Limits, parse_call_rate};
use clap::Args;

use crate::quantity;

/// What a run may use in all. Where a policy names the same limit, the smaller one holds.
#[derive(Args)]
pub(crate) struct LimitOptions {
    /// End the run when the program has executed this much: one unit for most instructions. Such a program is compiled anew, and computes
    /// slower.
    #[arg(long, value_name = "N")]
    fuel: Option<u64>,

    /// The tables that the program may have; 10000 unless given.
    #[arg(long, value_name = "N")]
    max_tables: Option<u64>,

    /// The instances of modules that the program may have; 10000 unless given.
    #[arg(long, value_name = "N")]
    max_instances: Option<u64>,

    /// The calls that the program may make in all, but for those that close handles. More fail with `quota`, or as the interface says it
    /// of the network; where it has no error the run ends.
    #[arg(long, value_name = "N")]
    max_calls: Option<u64>,

    /// The calls that the program may make in a second: `100 calls/s`. More wait, within --timeout.
    #[arg(long, value_name = "RATE", value_parser = parse_call_rate)]
    call_rate: Option<u64>,

    /// What the program may send over the network in all: 512KiB, 64MiB, 1GiB, or bytes. More fails with `access-denied`.
    #[arg(long, value_name = "SIZE", value_parser = quantity::parse_size)]
    max_sent: Option<u64>,

    /// What the program may receive from the network in all. More fails with `access-denied`; the last call may go beyond by 1MiB.
    #[arg(long, value_name = "SIZE", value_parser = quantity::parse_size)]
    max_received: Option<u64>,

    /// The random bytes that the program may take in all. More end the run, since the interface has no error.
    #[arg(long, value_name = "SIZE", value_parser = quantity::parse_size)]
    max_random: Option<u64>,
}

impl LimitOptions {
    /// Those that are given.
    pub(crate) fn given(&self) -> Limits {
        Limits {
            fuel: self.fuel,
            tables: self.max_tables,
            instances: self.max_instances,
            calls: self.max_calls,
            rate: self.call_rate,
            sent: self.max_sent,
            received: self.max_received,
            random: self.max_random,
            ..Limits::default()
        }
    }
}
