//! `wasi:random`: random, insecure, insecure-seed. All three give bytes fit for keys; there is nothing to gain by less. The seed
//! is drawn once in a run.

use callgate_gate::Call;
use callgate_system::{Code, Result};
use wasmtime::component::Linker;

use crate::host::{Context, Host};
use crate::limits;
use crate::p2::interface;

pub(super) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    let mut random = interface(linker, "wasi:random/random")?;
    random.func_wrap("get-random-bytes", |cx: Context<'_>, (len,): (u64,)| {
        let host = cx.data();
        Ok((host.gate.pass(Call::GetRandomBytes { len }, || bytes(host, len))?,))
    })?;
    random.func_wrap("get-random-u64", |cx: Context<'_>, (): ()| {
        let host = cx.data();
        Ok((host.gate.pass(Call::GetRandomU64, || number(host))?,))
    })?;

    let mut insecure = interface(linker, "wasi:random/insecure")?;
    insecure.func_wrap("get-insecure-random-bytes", |cx: Context<'_>, (len,): (u64,)| {
        let host = cx.data();
        Ok((host.gate.pass(Call::GetInsecureRandomBytes { len }, || bytes(host, len))?,))
    })?;
    insecure.func_wrap("get-insecure-random-u64", |cx: Context<'_>, (): ()| {
        let host = cx.data();
        Ok((host.gate.pass(Call::GetInsecureRandomU64, || number(host))?,))
    })?;

    let mut seed = interface(linker, "wasi:random/insecure-seed")?;
    seed.func_wrap("insecure-seed", |cx: Context<'_>, (): ()| {
        let host = cx.data();
        Ok((host.gate.pass(Call::InsecureSeed, || run_seed(host))?,))
    })
}

fn run_seed(host: &Host) -> Result<(u64, u64)> {
    if let Some(seed) = host.insecure_seed.get() {
        return Ok(*seed);
    }
    let seed = (number(host)?, number(host)?);
    Ok(*host.insecure_seed.get_or_init(|| seed))
}

/// Exactly `len` bytes. A length over the limit is `Invalid`: the interface knows no shorter answer. The engine copies them into the guest
/// before anything else can happen, so they are charged for no longer than this.
fn bytes(host: &Host, len: u64) -> Result<Vec<u8>> {
    let len = usize::try_from(len).ok().filter(|_| len <= limits::RANDOM).ok_or(Code::Invalid)?;
    let _charge = host.budget.charge_call(len)?;
    let mut bytes = vec![0; len];
    host.system.random().fill(&mut bytes)?;
    Ok(bytes)
}

fn number(host: &Host) -> Result<u64> {
    let mut bytes = [0; 8];
    host.system.random().fill(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}
