//! Where the standard's own text lies: in released crates, dev-dependencies for that alone, whose place only cargo knows.

use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The folder of the `package` whose version ends in `suffix`; `None`, and a word about that, where cargo can't be asked: Wine
/// starts no program of its host's whose output somebody wants to read.
pub(crate) fn folder(package: &str, suffix: &str, test: &str) -> Option<PathBuf> {
    if cfg!(windows) && env::var_os("WINEPREFIX").is_some() {
        let line = format!("test skipped: {test}: under Wine cargo can't be asked where the standard lies\n");
        // Not by `println`, which shows nothing of a test that passes.
        std::io::stdout().write_all(line.as_bytes()).expect("standard output");
        return None;
    }
    // For this platform only: the crates of others need not be here.
    let version = cargo(&["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("cargo names its host");
    let metadata = cargo(&["metadata", "--format-version=1", "--locked", "--filter-platform", host]);
    let metadata: Value = serde_json::from_str(&metadata).expect("cargo metadata prints JSON");
    let packages = metadata["packages"].as_array().expect("a list of packages");
    let is_it = |entry: &&Value| {
        entry["name"] == package && entry["version"].as_str().is_some_and(|version| version.ends_with(suffix))
    };
    let found = packages.iter().find(is_it).expect("it is a dev-dependency");
    let manifest = found["manifest_path"].as_str().expect("a package has a manifest");
    Path::new(manifest).parent().map(Path::to_path_buf)
}

fn cargo(arguments: &[&str]) -> String {
    let mut cargo = Command::new(env!("CARGO"));
    let output = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).output().expect("cargo starts");
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo prints UTF-8")
}
