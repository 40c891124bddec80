//! `wasi:random`: random, insecure, insecure-seed. All three give bytes fit for keys; there is nothing to gain by less. The seed
//! is drawn once in a run.

use callgate_gate::Call;
use callgate_system::{Code, Error, Result};

use super::Outcome;
use crate::host::Host;
use crate::limits;

/// Exactly `len` bytes. More than the limit is `Invalid`: the interface has no shorter answer.
pub(crate) fn get_random_bytes(host: &Host, len: u64) -> Outcome<Vec<u8>> {
    host.gate.pass(Call::GetRandomBytes { len }, || bytes(host, len))
}

/// Fills `buffer`, as [`get_random_bytes`].
pub(crate) fn fill(host: &Host, buffer: &mut [u8]) -> Outcome<()> {
    let len = buffer.len() as u64;
    let act = move || {
        if len > limits::RANDOM {
            return Err(Code::Invalid.into());
        }
        let filled = buffer;
        host.system.random().fill(filled)?;
        Ok::<_, Error>(&*filled)
    };
    host.gate.pass(Call::GetRandomBytes { len }, act).map(drop)
}

pub(crate) fn get_random_u64(host: &Host) -> Outcome<u64> {
    host.gate.pass(Call::GetRandomU64, || number(host))
}

pub(crate) fn get_insecure_random_bytes(host: &Host, len: u64) -> Outcome<Vec<u8>> {
    host.gate.pass(Call::GetInsecureRandomBytes { len }, || bytes(host, len))
}

pub(crate) fn get_insecure_random_u64(host: &Host) -> Outcome<u64> {
    host.gate.pass(Call::GetInsecureRandomU64, || number(host))
}

pub(crate) fn insecure_seed(host: &Host) -> Outcome<(u64, u64)> {
    host.gate.pass(Call::InsecureSeed, || {
        if let Some(seed) = host.insecure_seed.get() {
            return Ok(*seed);
        }
        let seed = (number(host)?, number(host)?);
        Ok::<_, Error>(*host.insecure_seed.get_or_init(|| seed))
    })
}

/// The bytes are copied into the guest before anything else can happen, so they are charged for no longer than this.
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
