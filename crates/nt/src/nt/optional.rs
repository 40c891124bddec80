//! Calls that not every NT has, found at run time: a static import of one that is missing would keep the program from starting
//! on Windows, and end it at the call under Wine.
//!
//! Hazard: a name found is cast to a function type; each stands here once, with the signature from the documentation.

use std::ffi::CStr;
use std::sync::OnceLock;

use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;
use windows_sys::Win32::System::LibraryLoader::{
    GetModuleHandleA, GetProcAddress, LOAD_LIBRARY_SEARCH_SYSTEM32, LoadLibraryExA,
};

type SystemTimePrecise = unsafe extern "system" fn() -> i64;
type FlushBuffersFileEx =
    unsafe extern "system" fn(HANDLE, u32, *const core::ffi::c_void, u32, *mut IO_STATUS_BLOCK) -> i32;
type Random = unsafe extern "system" fn(*mut u8, usize) -> i32;
type OldRandom = unsafe extern "system" fn(*mut u8, u32) -> u8;

/// The calls of this kind that this NT has.
pub(crate) struct EntryPoints {
    /// `RtlGetSystemTimePrecise`
    pub(crate) system_time_precise: Option<SystemTimePrecise>,
    /// `NtFlushBuffersFileEx`
    pub(crate) flush_buffers_file_ex: Option<FlushBuffersFileEx>,
    /// `ProcessPrng` of bcryptprimitives.
    pub(crate) process_prng: Option<Random>,
    /// `SystemFunction036` of advapi32: `RtlGenRandom`.
    pub(crate) rtl_gen_random: Option<OldRandom>,
    /// True if an append is one step. Wine's is two, which nothing that Wine says shows, so Wine is known by a name that only it has.
    pub(crate) appends_at_once: bool,
}

/// Looks each up, once.
pub(crate) fn entry_points() -> &'static EntryPoints {
    static FOUND: OnceLock<EntryPoints> = OnceLock::new();
    FOUND.get_or_init(|| {
        // SAFETY: each name is that of a function with the signature of its field.
        unsafe {
            EntryPoints {
                system_time_precise: std::mem::transmute::<Found, Option<SystemTimePrecise>>(found(
                    NTDLL,
                    c"RtlGetSystemTimePrecise",
                )),
                flush_buffers_file_ex: std::mem::transmute::<Found, Option<FlushBuffersFileEx>>(found(
                    NTDLL,
                    c"NtFlushBuffersFileEx",
                )),
                process_prng: std::mem::transmute::<Found, Option<Random>>(found(
                    c"bcryptprimitives.dll",
                    c"ProcessPrng",
                )),
                rtl_gen_random: std::mem::transmute::<Found, Option<OldRandom>>(found(
                    c"advapi32.dll",
                    c"SystemFunction036",
                )),
                appends_at_once: found(NTDLL, c"wine_get_version").is_none(),
            }
        }
    })
}

type Found = Option<unsafe extern "system" fn() -> isize>;

const NTDLL: &CStr = c"ntdll.dll";

/// `name` in `library`, which stays loaded. One that isn't yet is taken from the system's directory only: none that lies beside
/// the program or in the working directory comes in this way.
pub(crate) fn found(library: &CStr, name: &CStr) -> Found {
    let library = library.as_ptr().cast();
    // SAFETY: both strings end in NUL; no module is ever freed here, so what is found stays valid.
    unsafe {
        let mut module = GetModuleHandleA(library);
        if module.is_null() {
            module = LoadLibraryExA(library, std::ptr::null_mut(), LOAD_LIBRARY_SEARCH_SYSTEM32);
        }
        if module.is_null() { None } else { GetProcAddress(module, name.as_ptr().cast()) }
    }
}
