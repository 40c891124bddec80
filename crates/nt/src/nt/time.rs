//! NT's counters and clocks.

use std::sync::OnceLock;

use super::optional;

#[link(name = "ntdll", kind = "raw-dylib")]
unsafe extern "system" {
    fn RtlQueryPerformanceCounter(counter: *mut i64) -> u8;
    fn RtlQueryPerformanceFrequency(frequency: *mut i64) -> u8;
    fn NtQuerySystemTime(time: *mut i64) -> i32;
}

/// The performance counter: never goes back.
pub(crate) fn performance_counter() -> u64 {
    let mut counter = 0;
    // SAFETY: the call writes one integer.
    unsafe { RtlQueryPerformanceCounter(&raw mut counter) };
    counter.unsigned_abs()
}

/// Its steps in a second, at least 1; constant.
pub(crate) fn performance_frequency() -> u64 {
    static FREQUENCY: OnceLock<u64> = OnceLock::new();
    *FREQUENCY.get_or_init(|| {
        let mut frequency = 0;
        // SAFETY: the call writes one integer.
        unsafe { RtlQueryPerformanceFrequency(&raw mut frequency) };
        frequency.unsigned_abs().max(1)
    })
}

/// The wall clock in units of 100 ns since 1601, as precise as this system has it (`NtQuerySystemTime` alone moves with the timer
/// interrupt).
pub(crate) fn system_time() -> i64 {
    if let Some(precise) = optional::entry_points().system_time_precise {
        // SAFETY: the function takes nothing, and was found by its name in ntdll.
        return unsafe { precise() };
    }
    let mut time = 0;
    // SAFETY: the call writes one integer.
    unsafe { NtQuerySystemTime(&raw mut time) };
    time
}
