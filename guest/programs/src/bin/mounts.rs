//! Prints the mounts, in their order, and whether each may be changed.

use std::process::ExitCode;

use programs::{Context, check, run};
use wasip2::filesystem::preopens::get_directories;
use wasip2::filesystem::types::DescriptorFlags;

fn main() -> ExitCode {
    run(|| {
        let mounts = get_directories();
        for (directory, name) in &mounts {
            let flags = directory.get_flags().context("get-flags")?;
            check(format!("{name} can be read"), flags.contains(DescriptorFlags::READ))?;
            let may = if flags.contains(DescriptorFlags::MUTATE_DIRECTORY) { "may" } else { "may not" };
            println!("{name} {may} be changed");
        }
        let again = get_directories();
        check("asked again, they are the same", again.len() == mounts.len())?;
        for ((one, _), (two, _)) in mounts.iter().zip(&again) {
            check("each is the same object", one.is_same_object(two))?;
        }
        Ok(())
    })
}
