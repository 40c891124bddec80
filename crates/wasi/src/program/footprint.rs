//! The memory of the host that one instance of a program takes.
//!
//! The engine bounds how many instances there are, but not how large one is: a module may declare a million globals, and a component may
//! instantiate it a thousand times. So the largest instance is computed here from the sections of each core module, always as
//! at least what the engine takes, and the number of instances is bounded by it.

use wasmparser::{ElementItems, Encoding, ExternalKind, Parser, Payload};

/// Bytes that every instance takes: the engine's structure, and the fixed part of the context that compiled code sees.
const INSTANCE: u64 = 4 << 10;
/// Bytes for a function, a global, a tag or an import of any kind: the engine takes 16 to 40.
const ITEM: u64 = 48;
/// Bytes for a table or a memory itself. Its contents are counted where it grows.
const CONTAINER: u64 = 512;
/// Bytes for an element of a segment.
const ELEMENT: u64 = 24;

/// The most bytes that one instance of one of the core modules in `binary` takes. Code that can't be parsed counts as little: it is
/// not going to be instantiated either.
pub(super) fn largest_instance(binary: &[u8]) -> u64 {
    let (mut largest, mut open) = (INSTANCE, Vec::new());
    for payload in Parser::new(0).parse_all(binary) {
        match payload {
            Ok(Payload::Version { encoding, .. }) => open.push((encoding, INSTANCE)),
            Ok(Payload::End(_)) => {
                if let Some((Encoding::Module, size)) = open.pop() {
                    largest = largest.max(size);
                }
            }
            Ok(section) => {
                if let Some((_, size)) = open.last_mut() {
                    *size = size.saturating_add(section_size(section));
                }
            }
            Err(_) => break,
        }
    }
    largest
}

/// The bytes that a section of a core module adds to each instance.
fn section_size(section: Payload<'_>) -> u64 {
    match section {
        Payload::ImportSection(imports) => imports.into_imports().count() as u64 * ITEM,
        Payload::FunctionSection(functions) => u64::from(functions.count()) * ITEM,
        Payload::GlobalSection(globals) => u64::from(globals.count()) * ITEM,
        Payload::TagSection(tags) => u64::from(tags.count()) * ITEM,
        Payload::TableSection(tables) => u64::from(tables.count()) * CONTAINER,
        Payload::MemorySection(memories) => u64::from(memories.count()) * CONTAINER,
        // The engine keeps the functions that can be named from outside, once more.
        Payload::ExportSection(exports) => {
            let functions = exports.into_iter().flatten().filter(|export| export.kind == ExternalKind::Func);
            functions.count() as u64 * ITEM
        }
        Payload::ElementSection(segments) => {
            let elements = segments.into_iter().flatten().map(|segment| match segment.items {
                ElementItems::Functions(items) => u64::from(items.count()),
                ElementItems::Expressions(_, items) => u64::from(items.count()),
            });
            elements.fold(0, |sum, count| sum.saturating_add(ITEM + count.saturating_mul(ELEMENT)))
        }
        Payload::DataSection(segments) => u64::from(segments.count()) * ITEM,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> u64 {
        largest_instance(&wat::parse_str(text).unwrap())
    }

    #[test]
    fn an_instance_is_as_large_as_what_it_declares() {
        assert_eq!(of("(module)"), INSTANCE);
        let globals = "(global i64 (i64.const 0))".repeat(1000);
        let many = of(&format!("(module {globals})"));
        assert_eq!(many, INSTANCE + 1000 * ITEM);
        let component = format!("(component (core module) (component (core module {globals})) (core module))");
        assert_eq!(of(&component), many, "the largest of all, however deep");
    }

    #[test]
    fn elements_count_one_by_one() {
        let text = "(module (table 9 funcref) (elem (i32.const 0) 0 0 0) (elem funcref (ref.null func)) (func))";
        assert_eq!(of(text), INSTANCE + CONTAINER + 2 * ITEM + 4 * ELEMENT + ITEM);
    }

    #[test]
    fn what_is_no_program_is_small() {
        assert_eq!(largest_instance(b""), INSTANCE);
        assert_eq!(largest_instance(b"\0asm\x01\0\0\0\x06\xff\xff\xff\xff\x0f"), INSTANCE);
    }
}
