//! Names, by `std::net` and by the bindings.

use std::net::{IpAddr, ToSocketAddrs};
use std::process::ExitCode;

use programs::sockets::network;
use programs::{Context, Failure, Outcome, check, refused, run, same};
use wasip2::sockets::ip_name_lookup::{ResolveAddressStream, resolve_addresses};
use wasip2::sockets::network::{ErrorCode as Code, IpAddress};

fn main() -> ExitCode {
    run(|| {
        by_std()?;
        by_bindings()?;
        println!("lookup: all well");
        Ok(())
    })
}

fn by_std() -> Outcome {
    let localhost: Vec<_> = "localhost:80".to_socket_addrs().context("localhost")?.collect();
    check("localhost has an address", !localhost.is_empty())?;
    for address in localhost {
        check("it is a loopback address", address.ip().is_loopback() && address.port() == 80)?;
    }
    for text in ["127.0.0.1:8080", "[::1]:8080", "192.0.2.7:1", "[2001:db8::7]:65535"] {
        let found: Vec<_> = text.to_socket_addrs().context(text)?.collect();
        same("an address is its own", found, vec![text.parse().context(text)?])?;
    }
    // The domain is reserved for names that nobody has.
    check("a name of nobody", "nobody.invalid:80".to_socket_addrs().is_err())
}

fn all(lookup: &ResolveAddressStream) -> Result<Vec<IpAddr>, Code> {
    let mut found = Vec::new();
    loop {
        match lookup.resolve_next_address() {
            Ok(Some(IpAddress::Ipv4((a, b, c, d)))) => found.push([a, b, c, d].into()),
            Ok(Some(IpAddress::Ipv6((a, b, c, d, e, f, g, h)))) => found.push([a, b, c, d, e, f, g, h].into()),
            Ok(None) => return Ok(found),
            Err(Code::WouldBlock) => lookup.subscribe().block(),
            Err(error) => return Err(error),
        }
    }
}

fn by_bindings() -> Outcome {
    let resolve = |name: &str| resolve_addresses(&network(), name);
    for text in ["127.0.0.1", "::1", "192.0.2.7", "2001:db8::7"] {
        let lookup = resolve(text).context(text)?;
        check("an address needs no lookup", lookup.subscribe().ready())?;
        same("an address is its own", all(&lookup).context(text)?, vec![text.parse().context(text)?])?;
        check("and no more", matches!(lookup.resolve_next_address(), Ok(None)))?;
    }
    for name in ["localhost", "LOCALHOST"] {
        let found = all(&resolve(name).context(name)?).context(name)?;
        check("localhost is a loopback address", !found.is_empty() && found.iter().all(IpAddr::is_loopback))?;
    }
    let long = format!("{}.localhost", "a".repeat(300));
    for name in ["", " ", "local host", "a..b", ".", "-", "127.0.0.1:80", "[::1]", "http://localhost", "a\0b", &long] {
        let found = resolve(name).and_then(|lookup| all(&lookup));
        refused(format!("looking up {name:?}"), found, &[Code::InvalidArgument, Code::NameUnresolvable])?;
    }
    // Many at once, of which most are never asked for their answer.
    let mut lookups = (0..100).map(|_| resolve("localhost")).collect::<Result<Vec<_>, _>>().context("100 lookups")?;
    let last = lookups.pop().ok_or_else(|| Failure::new("no lookup"))?;
    drop(lookups);
    check("the last one has an answer", !all(&last).context("the last lookup")?.is_empty())
}
