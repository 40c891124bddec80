//! `ureq` against a server that has a path for each thing to try. `ureq-check SERVER`

use std::process::ExitCode;
use std::time::Duration;

use http_check::{print, run, sent};
use ureq::http::Response;
use ureq::{Agent, Body, Error};

/// No body is longer.
const LONGEST: u64 = 64 << 20;

fn main() -> ExitCode {
    run("ureq-check", |server| {
        let agent: Agent = Agent::config_builder().http_status_as_error(false).build().into();
        let path = |path: &str| format!("{server}{path}");
        for what in ["/small", "/large", "/chunked", "/redirect", "/missing", "/close", "/cut", "/nothing"] {
            print(what, agent.get(path(what)).call().and_then(whole));
        }
        print("/echo", agent.post(path("/echo")).send(&sent()[..]).and_then(whole));
        let header = agent.get(path("/header")).header("x-asked", "kept as it is").call();
        print("/header", header.and_then(whole));
        let connections = agent.get(path("/connections")).call().and_then(whole);
        println!("connections: {:?}", connections.map(|(_, body)| String::from_utf8_lossy(&body).into_owned()).ok());
        silent(&path("/silent"));
    })
}

/// A server that never answers.
fn silent(server: &str) {
    let limit = Some(Duration::from_millis(200));
    let agent: Agent = Agent::config_builder().timeout_recv_response(limit).build().into();
    let timed_out = matches!(agent.get(server).call(), Err(Error::Timeout(_)));
    println!("/silent: {}", if timed_out { "timed out" } else { "did not time out" });
}

fn whole(mut answer: Response<Body>) -> Result<(u16, Vec<u8>), Error> {
    let body = answer.body_mut().with_config().limit(LONGEST).read_to_vec()?;
    Ok((answer.status().as_u16(), body))
}
