//! The resolver's view of NT.

use callgate_system::Identity;
use callgate_system::path::Links;

use crate::error::Status;
use crate::names::Name;
use crate::nt::{Handle, file, info, reparse};
use crate::open::How;
use crate::reparse::Look;
use crate::resolve::{Objects, Resolver};

/// NT itself.
pub(crate) struct Ntdll;

/// The resolver of paths.
pub(crate) static RESOLVER: Resolver<Ntdll> = Resolver(Ntdll, Links::Followed);

/// That of paths below strict directories.
pub(crate) static STRICT: Resolver<Ntdll> = Resolver(Ntdll, Links::Refused);

impl Objects for Ntdll {
    type Handle = Handle;

    fn open(&self, at: &Handle, name: &Name, how: How) -> Result<(Handle, bool), Status> {
        file::open(Some(at), name.units(), how, true)
    }

    fn reopen(&self, handle: &Handle, how: How) -> Result<Handle, Status> {
        file::open(Some(handle), &[], how, false).map(|(handle, _)| handle)
    }

    fn look(&self, handle: &Handle) -> Result<Look, Status> {
        info::look(handle)
    }

    fn reparse_data(&self, handle: &Handle) -> Result<Vec<u8>, Status> {
        reparse::get(handle)
    }

    fn identity(&self, handle: &Handle) -> Result<Identity, Status> {
        Ok(Identity { device: info::volume_serial(handle)?, file: info::file_id(handle)? })
    }
}
