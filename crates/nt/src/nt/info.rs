//! The information that NT tells of an open object, or that can be set: `NtQueryInformationFile`, `NtSetInformationFile` and
//! `NtQueryVolumeInformationFile`, one function for each class of information.

use std::mem::{MaybeUninit, offset_of};

use windows_sys::Wdk::Storage::FileSystem::{
    FILE_BASIC_INFORMATION, FILE_DISPOSITION_INFORMATION_EX, FILE_ID_INFORMATION, FILE_INTERNAL_INFORMATION,
    FILE_STAT_INFORMATION, FileAttributeTagInformation, FileBasicInformation, FileDispositionInformation,
    FileDispositionInformationEx, FileEndOfFileInformation, FileFsDeviceInformation, FileFsVolumeInformation,
    FileIdInformation, FileInternalInformation, FileLinkInformation, FileNameInformation,
    FileNormalizedNameInformation, FileRenameInformation, FileRenameInformationEx, FileStandardInformation,
    FileStatInformation, NtQueryInformationFile, NtQueryVolumeInformationFile, NtSetInformationFile,
};
use windows_sys::Wdk::System::SystemServices::{
    FILE_ATTRIBUTE_TAG_INFORMATION, FILE_END_OF_FILE_INFORMATION, FILE_FS_DEVICE_INFORMATION,
};
use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::Storage::FileSystem::FILE_ATTRIBUTE_NORMAL;
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

use super::file::size;
use super::{Handle, checked};
use crate::error::Status;
use crate::names::Name;
use crate::reparse::Look;

/// `FILE_DISPOSITION_DELETE | FILE_DISPOSITION_POSIX_SEMANTICS | FILE_DISPOSITION_IGNORE_READONLY_ATTRIBUTE`
const DELETE_AT_ONCE: u32 = 0x13;
/// `FILE_RENAME_REPLACE_IF_EXISTS | FILE_RENAME_POSIX_SEMANTICS | FILE_RENAME_IGNORE_READONLY_ATTRIBUTE`
const REPLACE_AT_ONCE: u32 = 0x43;

/// `FILE_STANDARD_INFORMATION`, whose booleans are bytes that NT fills.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Standard {
    /// Bytes that have their place on the volume.
    pub(crate) allocation_size: i64,
    /// Bytes.
    pub(crate) end_of_file: i64,
    /// Names.
    pub(crate) links: u32,
    /// Nonzero if the file is gone when its last handle is.
    pub(crate) delete_pending: u8,
    directory: u8,
}

/// `FILE_FS_VOLUME_INFORMATION` without the label.
#[repr(C)]
#[derive(Clone, Copy)]
struct Volume {
    created: i64,
    serial: u32,
    label_length: u32,
    supports_objects: u8,
    label: [u16; 33],
}

/// `FILE_RENAME_INFORMATION` and `FILE_LINK_INFORMATION`, with room for one name.
#[repr(C)]
struct Named {
    flags: u32,
    directory: HANDLE,
    length: u32,
    name: [u16; 256],
}

/// `FILE_NAME_INFORMATION`, with room for any path.
#[repr(C)]
struct Path {
    length: u32,
    name: [u16; 32_768],
}

/// A structure of integers, which NT may fill with anything.
///
/// # Safety
/// Every pattern of bits is a value of it.
unsafe trait Integers: Copy {}

// SAFETY: integers only.
unsafe impl Integers for FILE_ATTRIBUTE_TAG_INFORMATION {}
// SAFETY: integers only.
unsafe impl Integers for FILE_BASIC_INFORMATION {}
// SAFETY: integers only.
unsafe impl Integers for FILE_FS_DEVICE_INFORMATION {}
// SAFETY: integers only.
unsafe impl Integers for FILE_ID_INFORMATION {}
// SAFETY: integers only.
unsafe impl Integers for FILE_INTERNAL_INFORMATION {}
// SAFETY: integers only.
unsafe impl Integers for FILE_STAT_INFORMATION {}
// SAFETY: integers only.
unsafe impl Integers for Standard {}
// SAFETY: integers only.
unsafe impl Integers for Volume {}

fn query<T: Integers>(handle: HANDLE, class: i32) -> Result<T, Status> {
    let (mut value, mut block) = (MaybeUninit::<T>::zeroed(), IO_STATUS_BLOCK::default());
    // SAFETY: the buffer is as long as is said, zeroed before, and any bits are a value of it.
    unsafe {
        let buffer = value.as_mut_ptr().cast();
        checked(NtQueryInformationFile(handle, &raw mut block, buffer, size::<T>(), class))?;
        Ok(value.assume_init())
    }
}

fn query_volume<T: Integers>(handle: HANDLE, class: i32) -> Result<T, Status> {
    let (mut value, mut block) = (MaybeUninit::<T>::zeroed(), IO_STATUS_BLOCK::default());
    // SAFETY: as above.
    unsafe {
        let buffer = value.as_mut_ptr().cast();
        checked(NtQueryVolumeInformationFile(handle, &raw mut block, buffer, size::<T>(), class))?;
        Ok(value.assume_init())
    }
}

fn set<T>(handle: &Handle, class: i32, value: &T, length: u32) -> Result<(), Status> {
    let mut block = IO_STATUS_BLOCK::default();
    let length = length.min(size::<T>());
    // SAFETY: the structure is at least as long as is said, and initialised but for padding, which is ignored.
    checked(unsafe {
        NtSetInformationFile(handle.raw(), &raw mut block, std::ptr::from_ref(value).cast(), length, class)
    })
}

/// `FileAttributeTagInformation`
pub(crate) fn look(handle: &Handle) -> Result<Look, Status> {
    let tag: FILE_ATTRIBUTE_TAG_INFORMATION = query(handle.raw(), FileAttributeTagInformation)?;
    Ok(Look { attributes: tag.FileAttributes, tag: tag.ReparseTag })
}

/// `FileStatInformation`, since Windows 10 1709.
pub(crate) fn stat(handle: &Handle) -> Result<FILE_STAT_INFORMATION, Status> {
    query(handle.raw(), FileStatInformation)
}

/// `FileBasicInformation`: times and attributes.
pub(crate) fn basic(handle: &Handle) -> Result<FILE_BASIC_INFORMATION, Status> {
    query(handle.raw(), FileBasicInformation)
}

/// `FileStandardInformation`: size and links.
pub(crate) fn standard(handle: &Handle) -> Result<Standard, Status> {
    query(handle.raw(), FileStandardInformation)
}

/// The number of the file on its volume: the 128 bits of `FileIdInformation`, which ReFS needs, or the 64 of
/// `FileInternalInformation`, which every file system has.
pub(crate) fn file_id(handle: &Handle) -> Result<u128, Status> {
    match query::<FILE_ID_INFORMATION>(handle.raw(), FileIdInformation) {
        Ok(id) => Ok(u128::from_le_bytes(id.FileId.Identifier)),
        Err(status) if status.is_missing() => internal_id(handle).map(u128::from),
        Err(status) => Err(status),
    }
}

/// `FileInternalInformation`
pub(crate) fn internal_id(handle: &Handle) -> Result<u64, Status> {
    query::<FILE_INTERNAL_INFORMATION>(handle.raw(), FileInternalInformation).map(|id| id.IndexNumber.cast_unsigned())
}

/// The serial number of the volume, by the newer class or by the older.
pub(crate) fn volume_serial(handle: &Handle) -> Result<u64, Status> {
    match query::<FILE_ID_INFORMATION>(handle.raw(), FileIdInformation) {
        Ok(id) => Ok(id.VolumeSerialNumber),
        Err(_) => query_volume::<Volume>(handle.raw(), FileFsVolumeInformation).map(|volume| u64::from(volume.serial)),
    }
}

/// `FileFsDeviceInformation`: what kind of device serves a handle of this process.
pub(crate) fn device_type(handle: HANDLE) -> Result<u32, Status> {
    query_volume::<FILE_FS_DEVICE_INFORMATION>(handle, FileFsDeviceInformation).map(|device| device.DeviceType)
}

/// `FileNameInformation`: the path on its volume, for comparing with another one's.
pub(crate) fn path(handle: &Handle) -> Result<Vec<u16>, Status> {
    query_path(handle, FileNameInformation)
}

/// `FileNormalizedNameInformation`, since Windows 8: the path on its volume, each name as listings tell it, none a short alias.
pub(crate) fn normalized_path(handle: &Handle) -> Result<Vec<u16>, Status> {
    query_path(handle, FileNormalizedNameInformation)
}

fn query_path(handle: &Handle, class: i32) -> Result<Vec<u16>, Status> {
    let mut path = Box::<Path>::new_uninit();
    let mut block = IO_STATUS_BLOCK::default();
    // SAFETY: the buffer is as long as is said; only what NT says that it wrote is read, and no more than there is.
    unsafe {
        let buffer = path.as_mut_ptr();
        checked(NtQueryInformationFile(handle.raw(), &raw mut block, buffer.cast(), size::<Path>(), class))?;
        let written = block.Information.saturating_sub(offset_of!(Path, name)) / 2;
        let units = ((*buffer).length as usize / 2).min(written);
        Ok(std::slice::from_raw_parts((&raw const (*buffer).name).cast(), units).to_vec())
    }
}

/// Sets times; 0 leaves one as it is.
pub(crate) fn set_times(handle: &Handle, accessed: i64, modified: i64) -> Result<(), Status> {
    set_basic(
        handle,
        FILE_BASIC_INFORMATION { LastAccessTime: accessed, LastWriteTime: modified, ..Default::default() },
    )
}

/// Takes the read-only attribute away.
pub(crate) fn make_writable(handle: &Handle) -> Result<(), Status> {
    set_basic(handle, FILE_BASIC_INFORMATION { FileAttributes: FILE_ATTRIBUTE_NORMAL, ..Default::default() })
}

/// Sets the fields that are not 0; the others stay as they are.
fn set_basic(handle: &Handle, basic: FILE_BASIC_INFORMATION) -> Result<(), Status> {
    set(handle, FileBasicInformation, &basic, u32::MAX)
}

/// Cuts the file, or adds zeros.
pub(crate) fn set_end_of_file(handle: &Handle, size: i64) -> Result<(), Status> {
    set(handle, FileEndOfFileInformation, &FILE_END_OF_FILE_INFORMATION { EndOfFile: size }, u32::MAX)
}

/// Takes the name away at once, from Windows 10 1607 on; the object lives on for whoever has it open.
pub(crate) fn delete_at_once(handle: &Handle) -> Result<(), Status> {
    set(handle, FileDispositionInformationEx, &FILE_DISPOSITION_INFORMATION_EX { Flags: DELETE_AT_ONCE }, u32::MAX)
}

/// Takes the name away when the last handle is closed.
pub(crate) fn delete_on_close(handle: &Handle) -> Result<(), Status> {
    set(handle, FileDispositionInformation, &1_u8, 1)
}

/// Renames to `name` in `directory`, from Windows 10 1607 on, replacing what is there at once, also where it is open.
pub(crate) fn rename_at_once(handle: &Handle, directory: &Handle, name: &Name) -> Result<(), Status> {
    set_name(handle, FileRenameInformationEx, REPLACE_AT_ONCE, directory, name)
}

/// Renames to `name` in `directory`, replacing what is there and isn't open, where that is asked for.
pub(crate) fn rename(handle: &Handle, directory: &Handle, name: &Name, replace: bool) -> Result<(), Status> {
    set_name(handle, FileRenameInformation, u32::from(replace), directory, name)
}

/// Gives it the further name `name` in `directory`.
pub(crate) fn link(handle: &Handle, directory: &Handle, name: &Name) -> Result<(), Status> {
    set_name(handle, FileLinkInformation, 0, directory, name)
}

fn set_name(handle: &Handle, class: i32, flags: u32, directory: &Handle, name: &Name) -> Result<(), Status> {
    let mut named = Named { flags, directory: directory.raw(), length: 0, name: [0; 256] };
    for (to, from) in named.name.iter_mut().zip(name.units()) {
        *to = *from;
        named.length += 2;
    }
    // No shorter than the structure with a name of one unit, padding and all.
    let length = u32::try_from(offset_of!(Named, name)).unwrap_or(0) + named.length;
    set(handle, class, &named, length.next_multiple_of(8))
}
