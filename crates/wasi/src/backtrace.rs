//! The functions that a guest was in: when it trapped, or where an observer asked for them.
//!
//! Hazard: their names, and those of files, are in the program's file, so they are whatever its author wants; and the demangled form of
//! a short name may be long without bound. They are demangled into a bounded writer, and shown as [`Untrusted`].

use std::fmt::{self, Display, Formatter, Write};

use callgate_system::Untrusted;
use cpp_demangle::DemangleOptions;
use wasmtime::{FrameInfo, FrameSymbol, WasmBacktrace};

/// Bytes of a function's name that are shown, and of a file's.
const NAME: usize = 512;

/// Functions of a trap's backtrace that are shown, as many as the engine collects unless told otherwise.
const SHOWN: usize = 20;

/// The functions, innermost first, a line or more each; empty where there were none.
pub(crate) fn backtrace(error: &wasmtime::Error) -> String {
    let frames = error.downcast_ref::<WasmBacktrace>().map(WasmBacktrace::frames).unwrap_or_default();
    frames.iter().take(SHOWN).enumerate().fold(String::new(), |mut text, (index, frame)| {
        // Writing to a string can't fail.
        show(index, frame, &mut text).ok();
        text
    })
}

fn show(index: usize, frame: &FrameInfo, out: &mut String) -> fmt::Result {
    write!(out, "  {index:>3}: ")?;
    if let Some(offset) = frame.module_offset() {
        write!(out, "{offset:#8x} - ")?;
    }
    let [symbol, inlined @ ..] = frame.symbols() else {
        let module = frame.module().name().unwrap_or("<unknown>");
        return writeln!(out, "{}!{}", Untrusted::new(module).at_most(NAME), function(frame, Hash::Shown));
    };
    show_symbol(symbol, &function(frame, Hash::Shown), out)?;
    inlined.iter().try_for_each(|symbol| {
        write!(out, "                - ")?;
        show_symbol(symbol, "<inlined function>", out)
    })
}

/// The hash that Rust adds to a name, to tell functions apart that are made of the same source.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hash {
    Shown,
    LeftOut,
}

/// The function that a frame is of, by its name if it has one.
pub(crate) fn function(frame: &FrameInfo, hash: Hash) -> String {
    match frame.func_name() {
        Some(name) => Untrusted::new(Demangled(name, hash)).at_most(NAME).to_string(),
        None => format!("<wasm function {}>", frame.func_index()),
    }
}

/// `main`, and on the next line `at src/main.rs:3:5`.
fn show_symbol(symbol: &FrameSymbol, unnamed: &str, out: &mut String) -> fmt::Result {
    match symbol.name() {
        Some(name) => writeln!(out, "{}", shown(name))?,
        None => writeln!(out, "{unnamed}")?,
    }
    let Some(file) = symbol.file() else { return Ok(()) };
    write!(out, "                    at {}", Untrusted::new(file).at_most(NAME))?;
    if let Some(line) = symbol.line() {
        write!(out, ":{line}")?;
    }
    if let (Some(_), Some(column)) = (symbol.line(), symbol.column()) {
        write!(out, ":{column}")?;
    }
    writeln!(out)
}

fn shown(function: &str) -> Untrusted<Demangled<'_>> {
    Untrusted::new(Demangled(function, Hash::Shown)).at_most(NAME)
}

/// The name that a compiler of Rust or C++ made another of.
struct Demangled<'a>(&'a str, Hash);

impl Display for Demangled<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Ok(name) = rustc_demangle::try_demangle(self.0) {
            if self.1 == Hash::Shown { name.fmt(f) } else { write!(f, "{name:#}") }
        } else if let Ok(name) = cpp_demangle::Symbol::new(self.0) {
            name.structured_demangle(f, &DemangleOptions::default())
        } else {
            f.write_str(self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_demangled() {
        assert_eq!(shown("_RNvC7mycrate3foo").to_string(), "mycrate::foo");
        assert_eq!(shown("_ZN7mycrate3fooE").to_string(), "mycrate::foo");
        assert_eq!(shown("_Z3fooi").to_string(), "foo(int)");
        assert_eq!(shown("main").to_string(), "main");
    }

    #[test]
    fn a_hash_may_be_left_out() {
        let name = "_ZN5files4main17h5eb6f21cc3b6f31aE";
        assert_eq!(shown(name).to_string(), "files::main::h5eb6f21cc3b6f31a");
        assert_eq!(Demangled(name, Hash::LeftOut).to_string(), "files::main");
    }

    /// A reference to a type takes a few bytes, and the type may hold two of the one before: each doubles what there is to say.
    #[test]
    fn a_short_name_of_a_long_one_is_cut() {
        let digit = |number: u32| char::from_digit(number, 36).unwrap().to_ascii_uppercase();
        let doubled: String = (0..30).map(digit).map(|n| format!("S_IS{n}_S{n}_E")).collect();
        let cpp = shown(&format!("_Z1f1aIiiE{doubled}")).to_string();
        assert!(cpp.starts_with("f(a<int, int>, a<a<int, int>, a<int, int>") && cpp.len() == NAME + 3, "{cpp}");

        let (mut rust, mut before) = ("INvC1c1fTmmE".to_owned(), 8);
        for _ in 0..12 {
            let reference = format!("B{}_", base62(before - 1));
            before = u32::try_from(rust.len()).unwrap();
            rust += &format!("T{reference}{reference}E");
        }
        let rust = shown(&format!("_R{rust}E")).to_string();
        assert!(rust.contains("f::<(u32, u32), ((u32, u32), (u32, u32))") && rust.len() == NAME + 3, "{rust}");
        assert_eq!(shown(&"x".repeat(5000)).to_string().len(), NAME + 3);
    }

    /// As the mangling of Rust writes a number.
    fn base62(number: u32) -> String {
        let digit = |number: u32| {
            char::from(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[number as usize])
        };
        if number < 62 { digit(number).into() } else { format!("{}{}", base62(number / 62), digit(number % 62)) }
    }

    #[test]
    fn what_a_mangled_name_hides_is_escaped() {
        let shown = shown("_ZN3foo9$u202e$aE").to_string();
        assert!(shown.is_ascii(), "{shown}");
    }
}
