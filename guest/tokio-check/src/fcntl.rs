//! `fcntl` for sockets, which the C library of today's `wasm32-wasip2` fails with `EINVAL` without asking the host: it came
//! with wasi-libc's pull request 742, behind wasi-sdk 30, which Rust 1.95 has. tokio's listener makes what it accepts
//! non-blocking by this call, so its `accept` fails on every host. The same is had by `ioctl`.
//!
//! A program that calls [`install`] has this `fcntl` in the place of the library's; it is the only thing to do, and can go
//! with a Rust that has a newer library.
//!
//! Hazard: the function has no more than sockets need. WebAssembly passes variable arguments as a pointer to them.

#![allow(unsafe_code, reason = "a function of C's")]

use std::ffi::c_int;

/// Makes sure that the linker takes this one.
pub fn install() {
    std::hint::black_box(fcntl as *const ());
}

/// Sets or clears `O_NONBLOCK`; answers anything else as for a descriptor without flags.
///
/// # Safety
/// As C's: with `F_SETFL` comes one more argument, a `c_int`.
#[unsafe(no_mangle)]
unsafe extern "C" fn fcntl(descriptor: c_int, command: c_int, arguments: *const c_int) -> c_int {
    if command != libc::F_SETFL {
        return 0;
    }
    // SAFETY: the caller's promise.
    let flags = unsafe { *arguments };
    let mut nonblocking = c_int::from(flags & libc::O_NONBLOCK != 0);
    // SAFETY: `FIONBIO` reads one `c_int`.
    unsafe { libc::ioctl(descriptor, libc::FIONBIO, &raw mut nonblocking) }
}
