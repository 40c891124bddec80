//! Names and addresses. `localhost` is the only name that every machine knows without asking another (RFC 6761).

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use callgate_system::{Interest, Lookup};

use super::net::{met, once, wait};
use crate::stage::Stage;
use crate::{Check, Failure};

cases! { "lookup";
    "an address is its own answer, at once", "Network::resolve" => literal;
    "what is neither address nor name is invalid", "Network::resolve" => invalid;
    "localhost is this machine, each address once", "Lookup::addresses" => localhost;
    "the answer stays", "Lookup::addresses" => stays;
    "it becomes ready with the answer", "Lookup::addresses" => ready;
    "a lookup under way hides nothing else", "Network::resolve" => others;
    "many at once are all answered", "Network::resolve" => many;
    "dropping one waits for nothing", "Network::resolve" => dropped;
}

fn begin(stage: &Stage<'_>, name: &str) -> Check<Arc<dyn Lookup>> {
    stage.system.network().resolve(name).map_err(|error| Failure::in_set_up("a lookup", error))
}

fn literal(stage: &Stage<'_>) -> Check {
    for (text, address) in [
        ("127.0.0.1", "127.0.0.1"),
        ("192.0.2.7", "192.0.2.7"),
        ("0.0.0.0", "0.0.0.0"),
        ("::1", "::1"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
    ] {
        let lookup = begin(stage, text)?;
        same!(fine!(lookup.addresses()), [address.parse::<IpAddr>().expect("an address")]);
        same!(met(stage, &[Interest::Resolved(lookup.clone())])?, [0]);
    }
    Ok(())
}

fn invalid(stage: &Stage<'_>) -> Check {
    begin(stage, "127.0.0.1")?;
    let long = format!("{}.example", "a".repeat(64));
    // Some resolvers take the first five for 127.0.0.1.
    for name in [
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "256.0.0.1",
        "",
        ".",
        "a..b",
        " localhost",
        "localhost ",
        "localhost\0",
        "local host",
        "localhost:80",
        "localhost/",
        "[::1]",
        "fe80::1%1",
        "bücher.example",
        "*.example",
        &long,
    ] {
        refused!(stage.system.network().resolve(name).map(drop), Invalid);
    }
    Ok(())
}

/// The answer, waited for.
fn answer(stage: &Stage<'_>, lookup: &Arc<dyn Lookup>) -> Check<Vec<IpAddr>> {
    Ok(fine!(once(stage, &Interest::Resolved(lookup.clone()), || lookup.addresses())?))
}

fn localhost(stage: &Stage<'_>) -> Check {
    for name in ["localhost", "LOCALHOST"] {
        let addresses = answer(stage, &begin(stage, name)?)?;
        holds!(!addresses.is_empty() && addresses.iter().all(IpAddr::is_loopback));
        holds!(addresses.iter().all(|address| address.to_canonical() == *address));
        same!(addresses.iter().collect::<BTreeSet<_>>().len(), addresses.len());
    }
    Ok(())
}

fn stays(stage: &Stage<'_>) -> Check {
    let lookup = begin(stage, "localhost")?;
    let addresses = answer(stage, &lookup)?;
    for _ in 0..3 {
        same!(fine!(lookup.addresses()), addresses);
        same!(met(stage, &[Interest::Resolved(lookup.clone())])?, [0]);
    }
    Ok(())
}

fn ready(stage: &Stage<'_>) -> Check {
    let lookup = begin(stage, "localhost")?;
    wait(stage, &Interest::Resolved(lookup.clone()))?;
    fine!(lookup.addresses());
    Ok(())
}

fn others(stage: &Stage<'_>) -> Check {
    let known = begin(stage, "127.0.0.1")?;
    let asked = begin(stage, "localhost")?;
    holds!(met(stage, &[Interest::Resolved(asked.clone()), Interest::Resolved(known.clone())])?.contains(&1));
    let until = stage.system.clock().monotonic() + 1_000_000;
    let mut ready = Vec::new();
    fine!(stage.system.waiter().wait(&[&Interest::Resolved(asked.clone())], Some(until), &mut ready));
    holds!(!ready.is_empty() || stage.system.clock().monotonic() >= until);
    answer(stage, &asked).map(drop)
}

fn many(stage: &Stage<'_>) -> Check {
    let lookups = (0..100).map(|_| begin(stage, "localhost")).collect::<Check<Vec<_>>>()?;
    let expected = answer(stage, &lookups[99])?;
    for lookup in &lookups {
        same!(answer(stage, lookup)?, expected);
    }
    Ok(())
}

fn dropped(stage: &Stage<'_>) -> Check {
    for _ in 0..2_000 {
        begin(stage, "localhost")?;
    }
    answer(stage, &begin(stage, "localhost")?).map(drop)
}
