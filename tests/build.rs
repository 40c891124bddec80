//! Lists the guest programs, so that one without a test is a compile error.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest/programs/src/bin");
    println!("cargo::rerun-if-changed={}", programs.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(&programs).map_err(|error| format!("{}: {error}", programs.display()))? {
        let file = entry?.file_name().into_string().map_err(|name| format!("{} is not UTF-8", name.display()))?;
        names.extend(file.strip_suffix(".rs").map(str::to_owned));
    }
    names.sort();

    let mut list = String::from("/// Every guest program, by name.\npub const GUESTS: &[&str] = &[\n");
    let mut tests = String::from("const TESTS: &[fn()] = &[\n");
    for name in &names {
        writeln!(list, "    {name:?},")?;
        writeln!(tests, "    crate::{name},")?;
    }
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("guests.rs"), list + "];\n")?;
    fs::write(Path::new(&out).join("every_guest_has_a_test.rs"), tests + "];\n")?;
    Ok(())
}
