//! Components, through the engine: it lifts arguments from the guest's memory and lowers answers into it. Paths and buffers are
//! borrowed from that memory.

use std::borrow::Cow;
use std::marker::PhantomData;

use callgate_gate::CallError;
use callgate_system::Error;
use wasmtime::ValRaw;
use wasmtime::component::{ComponentNamedList, ComponentType, Lift, Lower, Resource, WasmList, WasmStr};

use crate::abi::{Fixed, Flat, Store, Writer};
use crate::budget::Charge;
use crate::calls::{Outcome, io};
use crate::host::{Context, Host};
use crate::limits::WAITED;
use crate::objects::{Failure, Flow, Held, Keep, Pollable};

/// A parameter of the interface.
pub(super) trait Parameter {
    /// As the engine lifts it.
    type Engine: ComponentType + Lift + 'static;
    /// As it is while the call runs.
    type Taken<'a>: Give;

    /// Finds the object behind a handle, borrows a text, converts a value.
    ///
    /// # Errors
    /// If the guest must trap.
    fn take<'a>(lifted: &'a Self::Engine, cx: &'a Context<'_>) -> wasmtime::Result<Self::Taken<'a>>;
}

/// An argument that a call borrows.
pub(super) trait Give {
    /// As the call takes it.
    type Given<'a>
    where
        Self: 'a;

    fn give(&self) -> Self::Given<'_>;
}

/// The type of a function's answer, made of what the call yields.
pub(super) trait Answer<R> {
    /// As the engine lowers it.
    type Engine: ComponentNamedList + Lower + 'static;

    /// # Errors
    /// If the guest must trap, or its run is over.
    fn answer(host: &Host, outcome: Outcome<R>) -> wasmtime::Result<Self::Engine>;
}

/// A type of the interface inside an answer.
pub(super) trait Value {
    /// As the engine lowers it.
    type Engine: ComponentType + Lower + 'static;

    fn lowered(self) -> Self::Engine;
}

/// `borrow<T>`
pub(super) struct Borrow<T>(PhantomData<T>);

/// `own<T>`, on its way to the guest.
pub(super) struct Own<T>(u32, PhantomData<T>);

/// `string`
pub(super) struct Text;

/// `list<u8>`
pub(super) struct Bytes;

/// `list<borrow<pollable>>`
pub(super) struct Pollables;

/// No result.
pub(super) struct Nothing;

/// A result that has no place for an error: one traps.
pub(super) struct Plain<T>(PhantomData<T>);

/// `result<T, E>`
pub(super) struct Fallible<T, E>(PhantomData<(T, E)>);

/// `result<T, stream-error>`
pub(super) struct Streamed<T>(PhantomData<T>);

impl<T: Keep> Parameter for Borrow<T> {
    type Engine = Resource<T>;
    type Taken<'a> = Held<T>;

    fn take<'a>(lifted: &'a Resource<T>, cx: &'a Context<'_>) -> wasmtime::Result<Held<T>> {
        Ok(cx.data().handles.find(lifted.rep())?)
    }
}

impl<T: Keep> Give for Held<T> {
    type Given<'a>
        = &'a Self
    where
        Self: 'a;

    fn give(&self) -> &Self {
        self
    }
}

impl Parameter for Text {
    type Engine = WasmStr;
    type Taken<'a> = Cow<'a, str>;

    fn take<'a>(lifted: &'a WasmStr, cx: &'a Context<'_>) -> wasmtime::Result<Cow<'a, str>> {
        lifted.to_str(cx)
    }
}

impl<'t> Give for Cow<'t, str> {
    type Given<'a>
        = &'a str
    where
        't: 'a;

    fn give(&self) -> &str {
        self
    }
}

impl Parameter for Bytes {
    type Engine = WasmList<u8>;
    type Taken<'a> = &'a [u8];

    fn take<'a>(lifted: &'a WasmList<u8>, cx: &'a Context<'_>) -> wasmtime::Result<&'a [u8]> {
        Ok(lifted.as_le_slice(cx))
    }
}

impl<'t> Give for &'t [u8] {
    type Given<'a>
        = &'t [u8]
    where
        't: 'a;

    fn give(&self) -> &'t [u8] {
        self
    }
}

/// A list to wait for, and the charge for it. The engine's list is bounded by the number of handles.
pub(super) struct Waited(Vec<Held<Pollable>>, #[allow(dead_code, reason = "held, not read")] Option<Charge>);

impl Parameter for Pollables {
    type Engine = Vec<Resource<Pollable>>;
    type Taken<'a> = Waited;

    fn take<'a>(lifted: &'a Self::Engine, cx: &'a Context<'_>) -> wasmtime::Result<Waited> {
        let host = cx.data();
        Waited::find(host, lifted.iter().map(|pollable| Ok(host.handles.find(pollable.rep())?)))
    }
}

impl Waited {
    /// Our list, and those of the wait, are not made before they are charged.
    ///
    /// # Errors
    /// If the guest must trap: a handle is none, or the budget is spent.
    pub(super) fn find(
        host: &Host,
        handles: impl ExactSizeIterator<Item = wasmtime::Result<Held<Pollable>>>,
    ) -> wasmtime::Result<Self> {
        let charge = host.budget.charge_call(handles.len().saturating_mul(WAITED)).map_err(CallError::from)?;
        Ok(Self(handles.collect::<wasmtime::Result<_>>()?, charge))
    }
}

impl Give for Waited {
    type Given<'a> = &'a [Held<Pollable>];

    fn give(&self) -> &[Held<Pollable>] {
        &self.0
    }
}

/// Values that a call takes as they are.
macro_rules! values_as_they_are {
    ($($type:ty),*) => {
        $(
            impl Parameter for $type {
                type Engine = Self;
                type Taken<'a> = Self;

                fn take<'a>(lifted: &'a Self, _: &'a Context<'_>) -> wasmtime::Result<Self> {
                    Ok(*lifted)
                }
            }

            give!($type);
        )*
    };
}

/// Values of the host that are given by copy.
macro_rules! give {
    ($($type:ty),*) => {
        $(impl $crate::bind::component::Give for $type {
            type Given<'a> = Self;

            fn give(&self) -> Self {
                *self
            }
        })*
    };
}
pub(super) use give;

/// Values of the interface that a call takes as another type: the host's own.
macro_rules! values_of_the_host {
    ($($type:ty => $host:ty),*) => {
        $(impl $crate::bind::component::Parameter for $type {
            type Engine = Self;
            type Taken<'a> = $host;

            fn take<'a>(lifted: &'a Self, _: &'a $crate::host::Context<'_>) -> wasmtime::Result<$host> {
                Ok((*lifted).into())
            }
        })*
    };
}
pub(super) use values_of_the_host;

values_as_they_are!(bool, u8, u32, u64, Result<(), ()>);

impl Answer<()> for Nothing {
    type Engine = ();

    fn answer(_: &Host, outcome: Outcome<()>) -> wasmtime::Result<()> {
        Ok(outcome?)
    }
}

impl<R: Into<T>, T: Value> Answer<R> for Plain<T> {
    type Engine = (T::Engine,);

    fn answer(_: &Host, outcome: Outcome<R>) -> wasmtime::Result<Self::Engine> {
        Ok((outcome?.into().lowered(),))
    }
}

impl<R: Into<T>, T: Value, E> Answer<R> for Fallible<T, E>
where
    E: From<Error> + ComponentType + Lower + 'static,
{
    type Engine = (Result<T::Engine, E>,);

    fn answer(_: &Host, outcome: Outcome<R>) -> wasmtime::Result<Self::Engine> {
        let told = CallError::told(outcome)?;
        Ok((told.map(|value| value.into().lowered()).map_err(E::from),))
    }
}

/// `stream-error`
#[derive(ComponentType, Lift, Lower)]
#[component(variant)]
pub(super) enum StreamError {
    #[component(name = "last-operation-failed")]
    LastOperationFailed(Resource<Failure>),
    #[component(name = "closed")]
    Closed,
}

impl<R: Into<T>, T: Value> Answer<Flow<R>> for Streamed<T> {
    type Engine = (Result<T::Engine, StreamError>,);

    fn answer(host: &Host, outcome: Outcome<Flow<R>>) -> wasmtime::Result<Self::Engine> {
        let told = io::told(host, outcome)?;
        Ok((told.map(|value| value.into().lowered()).map_err(|failure| match failure {
            Some(failure) => StreamError::LastOperationFailed(Own::from(failure).lowered()),
            None => StreamError::Closed,
        }),))
    }
}

impl<T: Keep> From<Held<T>> for Own<T> {
    fn from(held: Held<T>) -> Self {
        Self(held.id(), PhantomData)
    }
}

impl<T: 'static> Value for Own<T> {
    type Engine = Resource<T>;

    fn lowered(self) -> Resource<T> {
        Resource::new_own(self.0)
    }
}

impl<T> Fixed for Own<T> {
    const SIZE: usize = 4;
    const ALIGN: usize = 4;
    const FLAT: Option<Flat> = Some(Flat::I32);

    fn encode(&self, out: &mut [u8]) {
        self.number().encode(out);
    }

    fn flat(&self) -> ValRaw {
        self.number().flat()
    }
}

impl<T> Own<T> {
    /// As the guest knows it: handles begin at 1.
    fn number(&self) -> u32 {
        self.0.wrapping_add(1)
    }
}

impl<T> Store for Own<T> {
    type Fixed = Self;

    fn store(self, _: &mut Writer<'_, '_>) -> wasmtime::Result<Self> {
        Ok(self)
    }

    fn fixed(self) -> Option<Self> {
        Some(self)
    }
}

impl<T: Value> Value for Option<T> {
    type Engine = Option<T::Engine>;

    fn lowered(self) -> Self::Engine {
        self.map(T::lowered)
    }
}

/// Tuples.
macro_rules! tuples {
    ($(($($part:ident $number:tt),*))*) => {
        $(impl<$($part: Value),*> Value for ($($part,)*) {
            type Engine = ($($part::Engine,)*);

            fn lowered(self) -> Self::Engine {
                ($(self.$number.lowered(),)*)
            }
        })*
    };
}

tuples! { (A 0, B 1) (A 0, B 1, C 2) }

/// Values that the engine lowers as they are.
macro_rules! lowered_as_they_are {
    ($($type:ty),*) => {
        $(impl $crate::bind::component::Value for $type {
            type Engine = Self;

            fn lowered(self) -> Self {
                self
            }
        })*
    };
}
pub(super) use lowered_as_they_are;

lowered_as_they_are!((), bool, u8, u32, u64, String, Vec<u8>, Vec<u32>, Vec<String>, Vec<(String, String)>);
