//! The names by which a main module imports and exports, in both ways that `wit-component` knows: today's
//! (`wasi:io/streams@0.2.6`, `[resource-drop]pollable`, `cabi_realloc`) and the standard to come (`cm32p2|wasi:io/streams@0.2`,
//! `pollable_drop`, `cm32p2_realloc`).

use std::borrow::Cow;

/// The start of names in the second way.
const STANDARD: &str = "cm32p2";

/// The meaning of an import's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Imported<'a> {
    Function(&'a str),
    /// The end of a handle of this resource.
    Drop(&'a str),
}

/// The interface that a module is imported as, with its version.
pub(crate) fn interface(module: &str) -> &str {
    standard(module).unwrap_or(module)
}

/// The meaning of the import `name` from `module`.
pub(crate) fn imported<'a>(module: &str, name: &'a str) -> Imported<'a> {
    let dropped = match standard(module) {
        Some(_) => name.strip_suffix("_drop"),
        None => name.strip_prefix("[resource-drop]"),
    };
    dropped.map_or(Imported::Function(name), Imported::Drop)
}

/// The name of an import of this meaning.
pub(crate) fn name_of(imported: Imported<'_>) -> Cow<'_, str> {
    match imported {
        Imported::Function(name) => name.into(),
        Imported::Drop(resource) => format!("[resource-drop]{resource}").into(),
    }
}

/// One of the names by which a main module exports the function that starts the program.
pub(crate) const RUN: &str = "wasi:cli/run@0.2.0#run";

/// The names by which a main module exports its memory.
pub(crate) const MEMORIES: [&str; 2] = ["memory", "cm32p2_memory"];

/// The names by which a main module exports its allocator. It has one; only where several modules were made into one, there may be a
/// second, by the last name.
pub(crate) const ALLOCATORS: [&str; 3] = ["cabi_realloc", "cm32p2_realloc", SECOND_ALLOCATOR];
pub(crate) const SECOND_ALLOCATOR: &str = "cabi_import_realloc";

/// The end of the name of an interface whose functions take memory from the second allocator.
const BY_THE_SECOND: &str = " by the second allocator";

/// The name that an interface is imported by, where its functions take memory from the first allocator, or from the second.
pub(crate) fn interface_of(interface: &str, is_by_the_second: bool) -> Cow<'_, str> {
    if is_by_the_second { format!("{interface}{BY_THE_SECOND}").into() } else { interface.into() }
}

/// True if functions of the interface with this name take memory from the second allocator.
pub(crate) fn is_by_the_second(module: &str) -> bool {
    module.ends_with(BY_THE_SECOND)
}

/// True for the names by which a main module exports its memory.
pub(crate) fn is_memory(name: &str) -> bool {
    MEMORIES.contains(&name)
}

/// True for the names by which a main module exports its allocator.
pub(crate) fn is_allocator(name: &str) -> bool {
    ALLOCATORS.contains(&name)
}

/// True for the names by which a main module exports the function that starts the program.
pub(crate) fn is_run(name: &str) -> bool {
    match standard(name) {
        Some(name) => name.starts_with("wasi:cli/run@0.2") && name.ends_with("|run"),
        None => name.starts_with("wasi:cli/run@0.2.") && name.ends_with("#run"),
    }
}

/// The name of the function that is called with the result of the one that started the program, where there is one.
pub(crate) fn post_return(run: &str) -> String {
    match standard(run) {
        Some(_) => format!("{run}_post"),
        None => format!("cabi_post_{run}"),
    }
}

fn standard(name: &str) -> Option<&str> {
    name.strip_prefix(STANDARD)?.strip_prefix('|')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_allocator_is_told_by_the_name() {
        for is_it in [false, true] {
            let name = interface_of("wasi:io/poll@0.2.6", is_it);
            assert_eq!((interface(&name).split_once('@').unwrap().0, is_by_the_second(&name)), ("wasi:io/poll", is_it));
        }
    }

    #[test]
    fn both_ways_name_the_same() {
        assert_eq!(interface("wasi:io/poll@0.2.6"), "wasi:io/poll@0.2.6");
        assert_eq!(interface("cm32p2|wasi:io/poll@0.2"), "wasi:io/poll@0.2");
        for (module, name) in
            [("wasi:io/poll@0.2.6", "[resource-drop]pollable"), ("cm32p2|wasi:io/poll@0.2", "pollable_drop")]
        {
            assert_eq!(imported(module, name), Imported::Drop("pollable"));
            assert_eq!(imported(module, "poll"), Imported::Function("poll"));
        }
        for meaning in [Imported::Drop("pollable"), Imported::Function("poll")] {
            assert_eq!(imported("wasi:io/poll@0.2.6", &name_of(meaning)), meaning);
        }
        assert!(is_run(RUN) && is_run("wasi:cli/run@0.2.6#run") && is_run("cm32p2|wasi:cli/run@0.2|run"));
        assert!(!is_run("run") && !is_run("wasi:cli/run@0.3.0#run") && !is_run("cm32p2|wasi:cli/run@0.2|run_post"));
    }
}
