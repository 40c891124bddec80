//! The summary of a stored trace.

use std::io::BufRead;

use super::calls::{Failure, Function, Native};
use super::place::{Address, Finder};
use super::{Report, Run, Sample, Summary};
use crate::stored::{Call, Outcome, ReadError, Reader, Record, Value};

/// Sums up the rest of a trace. A trace that is cut is summed up as far as it goes.
///
/// # Errors
/// Those of [`Reader::next`].
pub fn of_trace(mut trace: Reader<impl BufRead>) -> Result<Report, ReadError> {
    let mut summary = Summary::default();
    let header = trace.header();
    let (program, backend) = (header.program.clone(), header.backend.clone());
    let mut run = Run { program, backend, end: None, lasted: 0, calls: None };
    while let Some(record) = trace.next()? {
        match record {
            Record::Call(call) => {
                summary.add(&sample(&call));
                run.lasted = run.lasted.max(summary.ended());
            }
            Record::Lost(calls) => summary.lose(calls),
            Record::End(end) => {
                run.end = Some(end.how.to_string());
                run.calls = Some(end.calls);
                run.lasted = run.lasted.max(end.at);
            }
        }
    }
    Ok(summary.report(&run))
}

fn sample<'a>(call: &'a Call<'_>) -> Sample<'a> {
    Sample {
        sequence: call.seq,
        began: call.at,
        took: call.took,
        function: Function::Told { interface: &call.interface, name: &call.call },
        failure: failure(call),
        bytes: call.bytes,
        place: finder(call).place(&call.interface),
    }
}

fn failure<'a>(call: &'a Call<'_>) -> Option<Failure<'a>> {
    let Outcome::Failed(failed) = &call.outcome else { return None };
    let native = failed.native.as_ref().map(|native| Native {
        family: &native.family,
        code: native.code,
        name: native.name.as_deref().unwrap_or_default(),
    });
    Some(Failure { code: &failed.code, native, refused: call.refused.is_some() })
}

fn finder<'a>(call: &'a Call<'_>) -> Finder<'a> {
    let mut finder = Finder::default();
    for (argument, value) in call.args.iter() {
        match value {
            Value::Handle { name, mount, .. } => finder.handle(name, mount.is_some()),
            Value::Path(path) => finder.path(path),
            Value::Text(text) => finder.text(text),
            Value::Address(address) => finder.address(argument, Address::Told(address)),
            _ => {}
        }
    }
    finder
}
