//! An HTTP server of `hyper` on `tokio`, one thread, any number of connections. Argument 1: the address to listen on. Prints
//! the address it got, and ends after `GET /quit`, saying how many requests it answered.

use std::cell::Cell;
use std::convert::Infallible;
use std::process::ExitCode;
use std::rc::Rc;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::{LocalSet, spawn_local};

type Answer = Response<BoxBody<Bytes, hyper::Error>>;

/// The state that all connections share.
#[derive(Default)]
struct Shared {
    requests: Cell<u64>,
    quit: Notify,
}

fn main() -> ExitCode {
    tokio_check::fcntl::install();
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: hyper-server ADDRESS");
        return ExitCode::from(2);
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let served = runtime.and_then(|runtime| LocalSet::new().block_on(&runtime, serve(&address)));
    match served {
        Ok(requests) => {
            println!("hyper-server: {requests} requests");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("hyper-server: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(address: &str) -> std::io::Result<u64> {
    let listener = TcpListener::bind(address).await?;
    println!("{}", listener.local_addr()?);
    let shared = Rc::<Shared>::default();
    loop {
        let (stream, _) = tokio::select! {
            accepted = listener.accept() => accepted?,
            () = shared.quit.notified() => return Ok(shared.requests.get()),
        };
        let shared = Rc::clone(&shared);
        spawn_local(async move {
            let service = service_fn(|request| answer(request, Rc::clone(&shared)));
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            // A client that goes in the middle is no fault of the server's.
            if let Err(error) = connection.await {
                eprintln!("connection: {error}");
            }
        });
    }
}

/// `GET /bytes/N` is N bytes, `POST /echo` what was sent, as it comes.
async fn answer(request: Request<Incoming>, shared: Rc<Shared>) -> Result<Answer, Infallible> {
    shared.requests.set(shared.requests.get() + 1);
    let path = request.uri().path();
    let length = path.strip_prefix("/bytes/").and_then(|length| length.parse::<usize>().ok());
    Ok(match (request.method(), path, length) {
        (&Method::GET, "/", _) => full(StatusCode::OK, b"hello, world\n".to_vec()),
        (&Method::GET, _, Some(length)) => full(StatusCode::OK, tokio_check::bytes(0, length)),
        (&Method::POST, "/echo", _) => Response::new(request.into_body().boxed()),
        (&Method::GET, "/quit", _) => {
            shared.quit.notify_one();
            full(StatusCode::OK, Vec::new())
        }
        _ => full(StatusCode::NOT_FOUND, Vec::new()),
    })
}

fn full(status: StatusCode, body: Vec<u8>) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)).map_err(|never| match never {}).boxed());
    *answer.status_mut() = status;
    answer
}
