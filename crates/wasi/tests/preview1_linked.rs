//! preview1's functions are registered by hand; this holds their names and types to the standard: a module that imports all of
//! them must link.
//!
//! The standard's text is the `wasi` crate's, which was generated from it, a dev-dependency for that file alone.

mod standard;

use std::fs;

use callgate_wasi::{Runtime, RuntimeOptions};

/// The functions of the standard: name, parameters and result as the text format has them.
/// `None` where it can't be found, for the reason that was printed.
fn functions(test: &str) -> Option<Vec<(String, String)>> {
    let folder = standard::folder("wasi", "preview1", test)?;
    let text = fs::read_to_string(folder.join("src/lib_generated.rs")).expect("the crate has its generated file");
    let (_, declared) = text.split_once("pub mod wasi_snapshot_preview1 {").expect("the module of imports");
    let declared: String = declared.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let function = |text: &str| {
        let (name, rest) = text.split_once('(').expect("a function has parameters");
        let (parameters, result) = rest.split_once(')').expect("they end");
        let kinds = parameters.split(',').filter_map(|parameter| parameter.split(": ").nth(1)).map(str::trim);
        let kinds: String = kinds.map(|kind| format!(" {kind}")).collect();
        let result = if result.contains('!') { "" } else { " (result i32)" };
        (name.trim().to_owned(), format!("(param{kinds}){result}"))
    };
    Some(declared.split("pub fn ").skip(1).map(function).collect())
}

/// Links a module that imports `functions`. The error says what is wrong.
fn link(functions: &[(String, String)], interface: &str) -> Result<(), String> {
    let imports: String =
        functions.iter().map(|(name, kind)| format!("  (import \"{interface}\" \"{name}\" (func {kind}))\n")).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("everything.wat");
    fs::write(&path, format!("(module\n{imports}  (memory (export \"memory\") 1)\n  (func (export \"_start\")))\n"))
        .expect("written");
    let runtime = Runtime::new(&RuntimeOptions::default()).expect("an engine");
    let program = runtime.load(&path).map_err(|error| error.to_string())?;
    assert_eq!(program.imports().len(), functions.len());
    program.check().map_err(|error| error.to_string())
}

#[test]
fn every_function_of_the_standard_is_linked() {
    let Some(mut functions) = functions("every_function_of_the_standard_is_linked") else { return };
    assert_eq!(functions.len(), 46, "functions of preview1");
    assert_eq!(link(&functions, "wasi_snapshot_preview1"), Ok(()));
    // The interface before had all but one, with the same types.
    functions.retain(|(name, _)| name != "sock_accept");
    assert_eq!(link(&functions, "wasi_unstable"), Ok(()));
}

#[test]
fn a_difference_is_seen() {
    let Some(mut functions) = functions("a_difference_is_seen") else { return };
    functions[0].1 = "(param i64) (result i32)".to_owned();
    let error = link(&functions, "wasi_snapshot_preview1").expect_err("another type");
    assert!(error.contains(&functions[0].0), "{error}");
}
