//! Clocks, the end of a run, and the first preview.

use super::*;

#[test]
fn clocks_and_the_end() {
    each(|host| {
        let place = Place::new();
        let calls = Calls::new()
            .call("clock_time_get", &[0, 0, OUT], 0)
            .call("clock_time_get", &[1, 0, OUT], 0)
            .call("clock_time_get", &[2, 0, OUT], INVAL)
            .call("clock_time_get", &[-1, 0, OUT], INVAL)
            .call("clock_res_get", &[1, OUT], 0)
            .call("clock_res_get", &[3, OUT], INVAL)
            .call("sched_yield", &[], 0)
            .call("proc_raise", &[0], 0)
            .call("proc_raise", &[31], INVAL)
            .call("fd_close", &[0], 0)
            .call("fd_close", &[0], BADF);
        goes_as_listed(host, &place, &calls);
        for (calls, code) in [
            (Calls::new().whatever("proc_exit", &[7]), 7),
            (Calls::new().whatever("proc_exit", &[-1]), 255),
            (Calls::new().whatever("proc_exit", &[256]), 0),
            (Calls::new().whatever("proc_raise", &[6]), 134),
        ] {
            start(host, &place, &calls).run().code(code).quiet();
        }
    });
}

/// The interface before: other numbers of `whence`, shorter attributes, longer subscriptions.
#[test]
fn preview0() {
    each(|host| {
        let place = Place::new().file("file", "content");
        let (list, out) = (LIST as u32, OUT as u32);
        let calls = Calls::of("wasi_unstable")
            .open("file", 0, READ, 0)
            .fill(out, 0xff, 64)
            .call("fd_filestat_get", &[FIRST, OUT], 0)
            .holds(out + 16, 4)
            .holds(out + 20, 1)
            .holds(out + 24, 7)
            .holds_byte(out + 56, 0xff)
            // From the end, from the start, from here.
            .call("fd_seek", &[FIRST, -2, 1, OUT], 0)
            .holds(out, 5)
            .call("fd_seek", &[FIRST, 1, 2, OUT], 0)
            .holds(out, 1)
            .call("fd_seek", &[FIRST, 1, 0, OUT], 0)
            .holds(out, 2)
            // A clock behind its identifier, and a descriptor.
            .fill(list, 0, 112)
            .fill(list + 16, 0x77, 8)
            .fill(list + 24, 1, 1)
            .fill(list + 56 + 8, 1, 1)
            .fill(list + 56 + 16, FIRST as u8, 1)
            .call("poll_oneoff", &[LIST, OUT, 2, 8], 0)
            .holds(8, 2)
            .holds(out + 8, 0)
            .holds(out + 32 + 16, 5);
        goes_as_listed(host, &place, &calls);
        let none = Calls::of("wasi_unstable").whatever("sock_accept", &[0, 0, 0]);
        start(host, &place, &none).run().refused(&["wasi_unstable::sock_accept"]);
    });
}
