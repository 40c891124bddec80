//! preview1's functions are registered by hand; this holds their names and types to the standard: a module that imports all of
//! them must link.
//!
//! The standard's text is the `wasi` crate's, which was generated from it, a dev-dependency for that file alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use callgate_wasi::{Runtime, RuntimeOptions};

/// The functions of the standard: name, parameters and result as the text format has them.
fn functions() -> Vec<(String, String)> {
    let text = fs::read_to_string(standard()).expect("the crate has its generated file");
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
    declared.split("pub fn ").skip(1).map(function).collect()
}

fn standard() -> PathBuf {
    let cargo = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO")).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
        String::from_utf8(output.expect("cargo runs").stdout).expect("cargo prints text")
    };
    let version = cargo(&["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("cargo names its host");
    let metadata = cargo(&["metadata", "--format-version=1", "--locked", "--filter-platform", host]);
    let metadata: serde_json::Value = serde_json::from_str(&metadata).expect("cargo metadata prints JSON");
    let packages = metadata["packages"].as_array().expect("a list");
    let is_it = |package: &&serde_json::Value| {
        package["name"] == "wasi" && package["version"].as_str().is_some_and(|version| version.ends_with("preview1"))
    };
    let manifest = packages.iter().find(is_it).expect("wasi is a dev-dependency")["manifest_path"].as_str();
    Path::new(manifest.expect("a package has a manifest")).with_file_name("src/lib_generated.rs")
}

/// Links a module that imports `functions`; what is wrong, if anything.
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
    let mut functions = functions();
    assert_eq!(functions.len(), 46, "functions of preview1");
    assert_eq!(link(&functions, "wasi_snapshot_preview1"), Ok(()));
    // The interface before had all but one, with the same types.
    functions.retain(|(name, _)| name != "sock_accept");
    assert_eq!(link(&functions, "wasi_unstable"), Ok(()));
}

#[test]
fn a_difference_is_seen() {
    let mut functions = functions();
    functions[0].1 = "(param i64) (result i32)".to_owned();
    let error = link(&functions, "wasi_snapshot_preview1").expect_err("another type");
    assert!(error.contains(&functions[0].0), "{error}");
}
