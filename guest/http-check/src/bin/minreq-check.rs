//! `minreq` against a server that has a path for each thing to try. `minreq-check SERVER`
//!
//! Without its time limits: it keeps them by a thread, which guests have none of.

use std::process::ExitCode;

use http_check::{print, run, sent};
use minreq::{Error, Request};

fn main() -> ExitCode {
    run("minreq-check", |server| {
        let path = |path: &str| format!("{server}{path}");
        for what in ["/small", "/large", "/chunked", "/redirect", "/missing", "/close", "/cut", "/nothing"] {
            print(what, whole(minreq::get(path(what))));
        }
        print("/echo", whole(minreq::post(path("/echo")).with_body(sent())));
        print("/header", whole(minreq::get(path("/header")).with_header("x-asked", "kept as it is")));
    })
}

fn whole(request: Request) -> Result<(u16, Vec<u8>), Error> {
    let answer = request.send()?;
    Ok((answer.status_code, answer.into_bytes()))
}
