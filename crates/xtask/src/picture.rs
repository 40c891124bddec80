//! Makes the pictures of the README, so that they show what the program does today: ripgrep, as published, searches this repository from
//! within the sandbox, and a browser without a window opens the page of its trace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::programs::{Build, RIPGREP};
use crate::{process, setup, workspace};

/// Each picture, and what the page shows in it: a table or the graph, and a call, which is the look for the file that is not there.
const PICTURES: &[(&str, &str)] =
    &[("trace-view.png", "graph&theme=light&select=15"), ("trace-view-dark.png", "graph&theme=dark&select=15")];
const SEARCHED: &[&str] = &["/src/crates", "/src/host", "/src/docs", "/src/missing.txt"];
/// A picture is loaded by everybody who reads the README.
const MOST: u64 = 300 << 10;

/// `cargo xtask picture`.
pub(crate) fn run() -> Result<()> {
    setup::guest_target()?;
    let browser = setup::browser()?;
    let program = RIPGREP.build(Build::Wasm)?;
    let root = workspace::root()?;
    process::run(process::cargo().args(["build", "--workspace"]).current_dir(&root))?;
    let folder = workspace::own("picture")?;
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let page = page(&program, &folder)?;
    for (name, shown) in PICTURES {
        let picture = root.join("docs").join(name);
        let mut shoot = Command::new(&browser);
        // It gets a page of ours alone, and root can have no sandbox of its.
        shoot.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1440,900"]);
        shoot.arg(format!("--user-data-dir={}", folder.join("profile").display()));
        // The page has this much of its own time to draw, however long that takes.
        shoot.arg("--virtual-time-budget=5000").arg(format!("--screenshot={}", picture.display()));
        process::capture(shoot.arg(format!("file://{}#{shown}", page.display())))?;
        let size = picture.metadata().with_context(|| format!("no picture in {}", picture.display()))?.len();
        ensure!(size <= MOST, "{} has {size} bytes, which is more than {MOST}", picture.display());
        println!("{}: {size} bytes", picture.display());
    }
    Ok(())
}

/// The page of a run.
fn page(program: &Path, folder: &Path) -> Result<PathBuf> {
    let (root, callgate) = (workspace::root()?, workspace::callgate("debug")?);
    let trace = folder.join("rg.jsonl");
    let mut search = Command::new(&callgate);
    search.current_dir(&root).args(["run", "--dir", ".::/src::ro", "--trace-format", "jsonl"]);
    search.arg(format!("--trace={}", trace.display())).arg(program).args(["-j1", "-c", "fn open"]).args(SEARCHED);
    // One of the files is missing, so it ends with an error after the others were searched.
    process::output(&mut search)?;
    let page = trace.with_extension("html");
    process::capture(Command::new(&callgate).args(["trace", "view"]).arg(&trace).arg("-o").arg(&page))?;
    Ok(page)
}
