//! The parameters of an open: the arguments of `NtCreateFile` that vary, as plain numbers.

/// Rights on an object, as in `ACCESS_MASK`.
pub(crate) type Access = u32;

/// `FILE_READ_DATA`; of a directory `FILE_LIST_DIRECTORY`.
pub(crate) const READ_DATA: Access = 0x0001;
/// `FILE_WRITE_DATA`; of a directory `FILE_ADD_FILE`.
pub(crate) const WRITE_DATA: Access = 0x0002;
/// `FILE_APPEND_DATA`; of a directory `FILE_ADD_SUBDIRECTORY`.
pub(crate) const APPEND_DATA: Access = 0x0004;
/// `FILE_READ_ATTRIBUTES`
pub(crate) const READ_ATTRIBUTES: Access = 0x0080;
/// `FILE_WRITE_ATTRIBUTES`
pub(crate) const WRITE_ATTRIBUTES: Access = 0x0100;
/// `DELETE`: to unlink and to rename.
pub(crate) const DELETE: Access = 0x0001_0000;
/// `SYNCHRONIZE`: every handle here is for calls that return when they are done.
pub(crate) const SYNCHRONIZE: Access = 0x0010_0000;

/// The demand of an open on its name: it must be there, may be, or must not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disposition {
    /// `FILE_OPEN`: it must be there.
    Open,
    /// `FILE_OPEN_IF`: it is made where it is missing.
    OpenIf,
    /// `FILE_CREATE`: it must not be there.
    Create,
}

/// The arguments of one open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct How {
    /// The rights without which the handle is of no use.
    pub(crate) access: Access,
    /// Rights to do without where they are denied.
    pub(crate) optional: Access,
    /// The demand on the name.
    pub(crate) disposition: Disposition,
    /// `FILE_DIRECTORY_FILE`: what is made is a directory; what is there must be one. Never for what may be a link.
    pub(crate) directory: bool,
    /// `FILE_WRITE_THROUGH`: a write returns when it is on the device.
    pub(crate) write_through: bool,
}

impl How {
    /// To open what is there, with these rights and that to look at its attributes.
    pub(crate) const fn existing(access: Access) -> Self {
        Self {
            access: access | READ_ATTRIBUTES | SYNCHRONIZE,
            optional: 0,
            disposition: Disposition::Open,
            directory: false,
            write_through: false,
        }
    }

    /// To make something that isn't there.
    pub(crate) const fn new(access: Access, directory: bool) -> Self {
        Self { disposition: Disposition::Create, directory, ..Self::existing(access) }
    }

    /// True if something may be made.
    pub(crate) fn makes(self) -> bool {
        self.disposition != Disposition::Open
    }
}
