//! The host functions are registered by hand, so the compiler doesn't compare them with `wit/`. This does: a component that
//! imports all of the world `callgate:system/host` must link, every name and every type.

use std::path::Path;

use callgate_wasi::{Binding, Runtime, RuntimeOptions};
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{ManglingAndAbi, Resolve};

/// A component that imports every function of `wit`'s world `host`, and does nothing.
fn component(wit: &Path) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(wit).expect("wit/ is valid");
    let world = resolve.select_world(&[package], Some("host")).expect("the world is there");
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Standard32);
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("metadata");
    let encoder = ComponentEncoder::default().module(&module).expect("a module of that world");
    encoder.validate(true).encode().expect("a component")
}

#[test]
fn everything_in_wit_is_linked() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("everything.wasm");
    std::fs::write(&path, component(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit"))).expect("written");

    let runtime =
        Runtime::new(&RuntimeOptions { binding: Binding::Engine, ..RuntimeOptions::default() }).expect("an engine");
    let program = runtime.load(&path).expect("it compiles");
    let imports = program.imports();
    assert!(imports.len() >= 28, "the component imports too little to show anything: {imports:?}");
    program.check().expect("every import is there, with its type");
}
