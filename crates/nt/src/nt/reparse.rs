//! The data of reparse points.

use std::ptr::{null, null_mut};

use windows_sys::Wdk::Storage::FileSystem::NtFsControlFile;
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;
use windows_sys::Win32::System::Ioctl::{FSCTL_GET_REPARSE_POINT, FSCTL_SET_REPARSE_POINT};

use super::{Handle, checked};
use crate::error::Status;
use crate::reparse::DATA_MAX;

/// The data, with its header.
pub(crate) fn get(handle: &Handle) -> Result<Vec<u8>, Status> {
    let mut data = vec![0; DATA_MAX];
    let length = control(handle, FSCTL_GET_REPARSE_POINT, &[], &mut data)?;
    data.truncate(length);
    Ok(data)
}

/// Makes a reparse point of what `handle` is, which must be empty.
pub(crate) fn set(handle: &Handle, data: &[u8]) -> Result<(), Status> {
    control(handle, FSCTL_SET_REPARSE_POINT, data, &mut []).map(drop)
}

fn control(handle: &Handle, code: u32, input: &[u8], output: &mut [u8]) -> Result<usize, Status> {
    let mut block = IO_STATUS_BLOCK::default();
    let length = |bytes: usize| u32::try_from(bytes).map_err(|_| Status::INVALID_PARAMETER);
    let (input_length, output_length) = (length(input.len())?, length(output.len())?);
    // SAFETY: both buffers are as long as is said; the handle is synchronous, so nothing is touched after the return.
    checked(unsafe {
        NtFsControlFile(
            handle.raw(),
            null_mut(),
            None,
            null(),
            &raw mut block,
            code,
            input.as_ptr().cast(),
            input_length,
            output.as_mut_ptr().cast(),
            output_length,
        )
    })?;
    Ok(block.Information.min(output.len()))
}
