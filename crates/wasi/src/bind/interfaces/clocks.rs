//! `wasi:clocks`: wall-clock, monotonic-clock.

use crate::bind::component::{Answer, Give as _, Own, Parameter, Plain};
use crate::bind::values::Datetime;
use crate::calls::clocks;
use crate::host::Host;
use crate::objects::Pollable;

super::interfaces! {
    "wasi:clocks/wall-clock" {
        "now" () -> Plain<Datetime> = clocks::wall_now;
        "resolution" () -> Plain<Datetime> = |host: &Host| clocks::wall_resolution(host).map(Datetime::of_duration);
    }
    "wasi:clocks/monotonic-clock" {
        "now" () -> Plain<u64> = clocks::monotonic_now;
        "resolution" () -> Plain<u64> = clocks::monotonic_resolution;
        "subscribe-instant" (when: u64) -> Plain<Own<Pollable>> = clocks::subscribe_instant;
        "subscribe-duration" (when: u64) -> Plain<Own<Pollable>> = clocks::subscribe_duration;
    }
}
