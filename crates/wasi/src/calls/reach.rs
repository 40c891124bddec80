//! The way from a call that names a path to the system.
//!
//! Where nobody has rules about paths, the path goes to the system as it is, which resolves it and acts, in one system call where it can.
//! Where somebody has, all directories are strict, and the call acts where the rules were asked about: see [`callgate_gate::Reach`].

use std::borrow::Cow;
use std::sync::Arc;

use callgate_gate::{Call, Place, Reach, Reply, Resolved};
use callgate_system::path::{PATH_MAX, place_of, push};
use callgate_system::{Code, Directory, Ending, Error, Located, Names, Result, Unlocated, is_told_by_text, locate};

use super::Outcome;
use crate::host::Host;
use crate::objects::{Descriptor, Held, Spot};

/// A path of a call: the directory that it is relative to, the text, and what becomes of a link at its end.
#[derive(Clone, Copy)]
pub(crate) struct Path<'a> {
    pub(crate) dir: &'a Held<Descriptor>,
    pub(crate) text: &'a str,
    pub(crate) ending: Ending,
}

/// Passes a call that names a path, and acts.
#[inline]
pub(crate) fn on_path<T: Reply>(
    host: &Host,
    call: Call<'_>,
    path: Path<'_>,
    mut act: impl FnMut(Spot<'_>) -> Result<T>,
) -> Outcome<T> {
    if host.gate.asks_about_paths() {
        return host.gate.pass_reaching(call, Reaching::new(path, None, |at: Spot<'_>, _: Spot<'_>| act(at)));
    }
    host.gate.pass(call, || act(path.as_it_is()?))
}

/// Passes a call that names two paths, and acts.
#[inline]
pub(crate) fn on_paths<T: Reply>(
    host: &Host,
    call: Call<'_>,
    (path, new_path): (Path<'_>, Path<'_>),
    mut act: impl FnMut(Spot<'_>, Spot<'_>) -> Result<T>,
) -> Outcome<T> {
    if host.gate.asks_about_paths() {
        return host.gate.pass_reaching(call, Reaching::new(path, Some(new_path), act));
    }
    host.gate.pass(call, || act(path.as_it_is()?, new_path.as_it_is()?))
}

impl<'a> Path<'a> {
    /// To be resolved by the system.
    #[inline]
    fn as_it_is(&self) -> Result<Spot<'a>> {
        Ok(Spot { directory: &**self.dir.directory()?, path: self.text, place: None, is_text: true })
    }
}

/// A call on its way to where its paths lead.
struct Reaching<'a, F> {
    path: End<'a>,
    new_path: Option<End<'a>>,
    act: F,
}

/// One path of it.
struct End<'a> {
    path: Path<'a>,
    /// The place by the text, unless it doesn't tell.
    by_text: Option<Cow<'a, str>>,
}

/// Where one path leads.
struct Found {
    place: String,
    names: Names,
    /// The directory and the name to act on; none where resolving failed.
    at: Option<(Arc<dyn Directory>, String)>,
}

impl<'a, F> Reaching<'a, F> {
    fn new(path: Path<'a>, new_path: Option<Path<'a>>, act: F) -> Self {
        Self { path: End::new(path), new_path: new_path.map(End::new), act }
    }
}

impl<'a> End<'a> {
    fn new(path: Path<'a>) -> Self {
        let is_told = is_told_by_text(path.text, path.dir.names());
        Self { path, by_text: place_of(path.dir.place(), path.text).ok().filter(|_| is_told) }
    }

    fn at<'p>(&'p self, path: &'p str, names: Names) -> Place<'p> {
        Place { mount: self.path.dir.own_mount(), path, names }
    }

    fn place(&self) -> Option<Place<'_>> {
        Some(self.at(self.by_text.as_deref()?, self.path.dir.names()))
    }

    /// To act by the text.
    fn spot(&self) -> Result<Spot<'_>> {
        let place = self.by_text.as_deref().map(|place| (place, self.path.dir.names()));
        Ok(Spot { place, ..self.path.as_it_is()? })
    }

    /// To act where it leads.
    fn spot_at<'p>(found: &'p Found) -> Result<Spot<'p>> {
        let Some((directory, path)) = &found.at else { return Err(Code::Loop.into()) };
        Ok(Spot { directory: &**directory, path, place: Some((&found.place, found.names)), is_text: false })
    }

    fn find(&self) -> Result<Found, (Error, Found)> {
        let beneath_mount = |below: &str| {
            let mut place = self.path.dir.place().to_owned();
            if !below.is_empty() {
                push(&mut place, below);
            }
            place
        };
        let failed = |error, place: &str, names| (error, Found { place: beneath_mount(place), names, at: None });
        let directory = self.path.dir.directory().map_err(|error| failed(error, "", Names::Exact))?;
        match locate(directory, self.path.text, self.path.ending) {
            Ok(Located { place, directory, name, names }) => {
                let found = Found { place: beneath_mount(&place), names, at: Some((directory, name)) };
                if found.place.len() < PATH_MAX { Ok(found) } else { Err((Code::NameTooLong.into(), found)) }
            }
            Err(Unlocated { error, place, names }) => Err(failed(error, &place, names)),
        }
    }
}

impl<T: Reply, F: FnMut(Spot<'_>, Spot<'_>) -> Result<T>> Reach for Reaching<'_, F> {
    type Reply = T;
    type Found = (Found, Option<Found>);

    fn by_text(&self) -> Option<Resolved<'_>> {
        let new_place = match &self.new_path {
            Some(new) => Some(new.place()?),
            None => None,
        };
        Some(Resolved { place: self.path.place()?, new_place })
    }

    fn find(&self) -> Result<Self::Found, (Error, Self::Found)> {
        let found = self.path.find().map_err(|(error, found)| (error, (found, None)))?;
        match self.new_path.as_ref().map(End::find).transpose() {
            Ok(new) => Ok((found, new)),
            Err((error, new)) => Err((error, (found, Some(new)))),
        }
    }

    fn places<'p>(&'p self, (found, new): &'p Self::Found) -> Resolved<'p> {
        let new_place = self.new_path.as_ref().zip(new.as_ref()).map(|(end, new)| end.at(&new.place, new.names));
        Resolved { place: self.path.at(&found.place, found.names), new_place }
    }

    fn act(&mut self, found: Option<&Self::Found>) -> Result<T> {
        let (at, new) = match found {
            None => (self.path.spot()?, self.new_path.as_ref().map(End::spot).transpose()?),
            Some((found, new)) => (End::spot_at(found)?, new.as_ref().map(End::spot_at).transpose()?),
        };
        (self.act)(at, new.unwrap_or(at))
    }
}
