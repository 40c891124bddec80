//! Reads stdin without waiting, and waits for it beside a clock. Argument 1: `nothing`, where stdin stays open and
//! silent, or the text that comes before its end.

use std::process::ExitCode;

use programs::{Context, Outcome, argument, check, is_closed, run, same};
use wasip2::cli::stdin::get_stdin;
use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::io::poll::poll;

const MILLISECOND: u64 = 1_000_000;

fn main() -> ExitCode {
    run(|| match argument(1)?.as_str() {
        "nothing" => silent(),
        text => speaking(text),
    })
}

fn silent() -> Outcome {
    let input = get_stdin();
    same("a read that does not wait", input.read(10).context("read")?, Vec::new())?;
    same("a skip that does not wait", input.skip(10).context("skip")?, 0)?;
    let (stdin, soon) = (input.subscribe(), subscribe_duration(10 * MILLISECOND));
    check("silent stdin is not ready", !stdin.ready())?;
    same("the clock comes first", poll(&[&stdin, &soon]), vec![1])?;
    check("it is still not ready", !stdin.ready())?;
    println!("stdin_wait: nothing came");
    Ok(())
}

fn speaking(text: &str) -> Outcome {
    let input = get_stdin();
    let late = subscribe_duration(3_600_000 * MILLISECOND);
    let mut bytes = Vec::new();
    while bytes.len() < text.len() {
        let stdin = input.subscribe();
        same("stdin comes before an hour is over", poll(&[&late, &stdin]), vec![1])?;
        drop(stdin);
        bytes.extend(input.read(3).context("a read when it is ready")?);
    }
    same("what came", bytes.as_slice(), text.as_bytes())?;
    input.subscribe().block();
    check("then it is closed", is_closed(&input.blocking_read(1)))?;
    check("and stays so", is_closed(&input.read(1)) && is_closed(&input.blocking_skip(1)))?;
    check("a second handle is at the end too", is_closed(&get_stdin().blocking_read(1)))?;
    println!("stdin_wait: all came");
    Ok(())
}
