//! A host path as NT writes it, for opening the root of a mount: the only path that NT is ever given.

use windows_sys::Win32::Foundation::{NTSTATUS, UNICODE_STRING};

use super::checked;
use crate::error::Status;

#[link(name = "ntdll", kind = "raw-dylib")]
unsafe extern "system" {
    fn RtlDosPathNameToNtPathName_U_WithStatus(
        dos: *const u16,
        nt: *mut UNICODE_STRING,
        file_part: *mut *mut u16,
        reserved: *mut core::ffi::c_void,
    ) -> NTSTATUS;
    fn RtlFreeUnicodeString(string: *mut UNICODE_STRING);
}

/// `dos`, relative to the working directory of the process, as an absolute path of NT's. `dos` has no NUL.
pub(crate) fn native(dos: &[u16]) -> Result<Vec<u16>, Status> {
    let dos: Vec<u16> = dos.iter().copied().chain([0]).collect();
    let mut nt = UNICODE_STRING::default();
    // SAFETY: the path ends in NUL, the string is a local, the rest may be null; on success the buffer holds as many bytes as
    // is said, and is freed once.
    unsafe {
        let (file_part, reserved) = (std::ptr::null_mut(), std::ptr::null_mut());
        checked(RtlDosPathNameToNtPathName_U_WithStatus(dos.as_ptr(), &raw mut nt, file_part, reserved))?;
        let units = std::slice::from_raw_parts(nt.Buffer, usize::from(nt.Length) / 2).to_vec();
        RtlFreeUnicodeString(&raw mut nt);
        Ok(units)
    }
}
