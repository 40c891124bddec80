//! Answers, into core values and memory.

use callgate_gate::CallError;
use callgate_system::Error;
use wasmtime::Caller;

use super::super::component::{Answer, Fallible, Nothing, Own, Plain, Streamed};
use crate::abi::{Arguments, Fixed, Flat, Store, Writer, put};
use crate::calls::{Outcome, io};
use crate::host::Host;
use crate::objects::{Failure, Flow};

type Result<T> = wasmtime::Result<T>;

/// The way in which an answer gets to the guest.
pub(in crate::bind) trait Shape {
    /// True if it is stored in memory.
    const IN_MEMORY: bool;
    /// As a core value, where it is returned as one.
    const FLAT: Option<Flat>;
}

/// An answer that is lowered into core values.
pub(in crate::bind) trait LowerFlat<R>: Answer<R> + Shape {
    /// # Errors
    /// If the guest must trap, or its run is over.
    fn lower(guest: &mut Caller<'_, Host>, arguments: Arguments<'_>, outcome: Outcome<R>) -> Result<()>;
}

/// Writes `value` where the last argument says.
fn answer<T: Store>(guest: &mut Caller<'_, Host>, mut arguments: Arguments<'_>, value: T) -> Result<()> {
    let at = arguments.u32();
    let memory = guest.data().direct.memory.get();
    let memory = memory.ok_or_else(|| wasmtime::format_err!("it exports no memory"))?;
    let mut writer = Writer { guest, memory };
    // The place is looked at before the guest's allocator runs, and again when it is written.
    writer.place::<T::Fixed>(at)?;
    let value = value.store(&mut writer)?;
    value.encode(writer.place::<T::Fixed>(at)?);
    Ok(())
}

impl Shape for Nothing {
    const IN_MEMORY: bool = false;
    const FLAT: Option<Flat> = None;
}

impl<T: Store> Shape for Plain<T> {
    const IN_MEMORY: bool = T::Fixed::FLAT.is_none();
    const FLAT: Option<Flat> = T::Fixed::FLAT;
}

impl<T, E> Shape for Fallible<T, E> {
    const IN_MEMORY: bool = true;
    const FLAT: Option<Flat> = None;
}

impl<T> Shape for Streamed<T> {
    const IN_MEMORY: bool = true;
    const FLAT: Option<Flat> = None;
}

impl LowerFlat<()> for Nothing {
    fn lower(_: &mut Caller<'_, Host>, _: Arguments<'_>, outcome: Outcome<()>) -> Result<()> {
        Ok(outcome?)
    }
}

impl<R: Into<T>, T: Store> LowerFlat<R> for Plain<T>
where
    Self: Answer<R>,
{
    fn lower(guest: &mut Caller<'_, Host>, arguments: Arguments<'_>, outcome: Outcome<R>) -> Result<()> {
        let value: T = outcome?.into();
        if Self::IN_MEMORY {
            return answer(guest, arguments, value);
        }
        // A value that is returned as one core value keeps nothing elsewhere.
        let value = value.fixed().ok_or_else(|| wasmtime::format_err!("no core value"))?;
        arguments.answer(value.flat());
        Ok(())
    }
}

/// A result on its way into memory: the one or the other with what it keeps elsewhere.
struct Told<T, E>(std::result::Result<T, E>);

impl<T: Store, E: Fixed> Store for Told<T, E> {
    type Fixed = std::result::Result<T::Fixed, E>;

    fn store(self, writer: &mut Writer<'_, '_>) -> Result<Self::Fixed> {
        Ok(match self.0 {
            Ok(value) => Ok(value.store(writer)?),
            Err(error) => Err(error),
        })
    }
}

impl<R: Into<T>, T: Store, E: From<Error> + Fixed> LowerFlat<R> for Fallible<T, E>
where
    Self: Answer<R>,
{
    fn lower(guest: &mut Caller<'_, Host>, arguments: Arguments<'_>, outcome: Outcome<R>) -> Result<()> {
        let told = CallError::told(outcome)?.map(R::into).map_err(E::from);
        answer(guest, arguments, Told(told))
    }
}

/// `stream-error`
enum StreamError {
    LastOperationFailed(Own<Failure>),
    Closed,
}

impl Fixed for StreamError {
    const SIZE: usize = 8;
    const ALIGN: usize = 4;

    fn encode(&self, out: &mut [u8]) {
        match self {
            Self::LastOperationFailed(failure) => {
                put(out, 0, [0]);
                failure.encode(&mut out[4..8]);
            }
            Self::Closed => put(out, 0, [1]),
        }
    }
}

impl<R: Into<T>, T: Store> LowerFlat<Flow<R>> for Streamed<T>
where
    Self: Answer<Flow<R>>,
{
    fn lower(guest: &mut Caller<'_, Host>, arguments: Arguments<'_>, outcome: Outcome<Flow<R>>) -> Result<()> {
        let told = io::told(guest.data(), outcome)?.map(R::into).map_err(|failure| match failure {
            Some(failure) => StreamError::LastOperationFailed(Own::from(failure)),
            None => StreamError::Closed,
        });
        answer(guest, arguments, Told(told))
    }
}
