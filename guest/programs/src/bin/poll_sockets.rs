//! Waiting for many sockets. Argument 1: how many sockets; argument 2: how many pollables, spread over them;
//! argument 3: how often the list of the last poll has the same one.

use std::process::ExitCode;

use programs::sockets::{bound_udp, loopback, send};
use programs::{Context, argument, check, run, same};
use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::io::poll::poll;
use wasip2::sockets::network::IpAddressFamily::Ipv4;

const MILLISECOND: u64 = 1_000_000;

fn main() -> ExitCode {
    run(|| {
        let sockets: usize = argument(1)?.parse().context("the number of sockets")?;
        let count: usize = argument(2)?.parse().context("the number of pollables")?;
        let mut open = Vec::new();
        for _ in 0..sockets {
            let (socket, port) = bound_udp(Ipv4)?;
            let streams = socket.stream(None).context("stream")?;
            open.push((socket, streams, port));
        }
        let pollables: Vec<_> = (0..count).map(|index| open[index % sockets].1.0.subscribe()).collect();
        let soon = subscribe_duration(MILLISECOND);
        let mut all: Vec<_> = pollables.iter().collect();
        all.push(&soon);
        same("the clock comes first", poll(&all), vec![count as u32])?;

        let (_sender, streams, _) = &open[0];
        let wanted = sockets / 2;
        for round in 0..3 {
            send(&streams.1, &[round], Some(loopback(Ipv4, open[wanted].2))).context("send")?;
            let ready = poll(&all[..count]);
            let expected: Vec<_> = (wanted..count).step_by(sockets).map(|index| index as u32).collect();
            same("all of the one socket that has something", ready, expected)?;
            let input = &open[wanted].1.0;
            same("it is there", input.receive(10).context("receive")?.len(), 1)?;
            check("then it is gone", !pollables[wanted].ready())?;
        }
        let many = vec![&pollables[0]; argument(3)?.parse().context("how often")?];
        send(&streams.1, b"x", Some(loopback(Ipv4, open[0].2))).context("send")?;
        same("one pollable, again and again", poll(&many).len(), many.len())?;
        println!("poll_sockets: all well");
        Ok(())
    })
}
