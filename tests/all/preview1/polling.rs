//! Polls of many, and of what can't be waited for.

use super::*;

/// Thousands of subscriptions are one wait, which the time limit ends (GHSA-j366-h8gg-77pm).
#[test]
fn polling_for_thousands() {
    const MANY: u32 = 20_000;
    let polled = |kind: u8, clock: u8, count: u32, errno: u32| {
        let (list, events) = (1 << 16, 3 << 20);
        Calls::new()
            .pages(96)
            .fill(list + 8, kind, 1)
            // The clock's number, or the descriptor's, and, as a timeout, some hours or, of kind 0 and clock 0, nothing.
            .fill(list + 16, clock, 1)
            .fill(list + 29, clock, 1)
            .repeat(list, 48, count)
            .call("poll_oneoff", &[list.into(), events, count.into(), 1024], errno)
    };
    each(|host| {
        let place = Place::new();
        // All due: all told at once.
        let due = polled(0, 0, MANY, 0).holds(1024, MANY);
        all_as_listed(&start(host, &place, &due).run(), &due);
        // None of them for hours: the time limit ends it.
        for (kind, number) in [(0, 1), (1, 0)] {
            let never = polled(kind, number, MANY, 0);
            let run = start(host, &place, &never).with("--timeout", "500ms").open_stdin().run();
            run.trapped().complains("timed out after 500ms");
        }
        // More than anybody waits for.
        let too_many = polled(0, 0, (1 << 16) + 1, INVAL);
        all_as_listed(&start(host, &place, &too_many).run(), &too_many);
    });
}

#[test]
fn polling_for_what_is_not_there() {
    each(|host| {
        let place = Place::new().file("file", "content");
        let (list, out) = (LIST as u32, OUT as u32);
        let calls = Calls::new()
            .call("poll_oneoff", &[LIST, OUT, 0, 8], INVAL)
            // No such descriptor: the event says so.
            .fill(list + 8, 1, 1)
            .fill(list + 16, 99, 1)
            .call("poll_oneoff", &[LIST, OUT, 1, 8], 0)
            .holds(8, 1)
            .holds_byte(out + 8, BADF as u8)
            .holds_byte(out + 10, 1)
            // A file is always ready, with what is left of it.
            .open("file", 0, READ, 0)
            .fill(list + 16, FIRST as u8, 1)
            .call("poll_oneoff", &[LIST, OUT, 1, 8], 0)
            .holds_byte(out + 8, 0)
            .holds(out + 16, 7)
            // No such kind, and no such clock.
            .fill(list + 8, 3, 1)
            .call("poll_oneoff", &[LIST, OUT, 1, 8], INVAL)
            .fill(list + 8, 0, 1)
            .fill(list + 16, 9, 1)
            .call("poll_oneoff", &[LIST, OUT, 1, 8], 0)
            .holds_byte(out + 8, INVAL as u8);
        goes_as_listed(host, &place, &calls);
    });
}
