//! Keeps the tables of what works where as the tests found it: of all calls in docs/calls.md, and of the exceptions in README.md.
//!
//! Hazards: a machine that only checks must not change what it checks. There the tables are compared, and a difference fails. No
//! machine has every backend, so a column of one that didn't run here stays as it stands.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::calls::Calls;

/// The table of all calls, and the memory of what other machines found.
const ALL: &str = "docs/calls.md";
/// The table of those that don't work everywhere.
const EXCEPTIONS: &str = "README.md";

const START: &str = "<!-- calls: made by cargo xtask test -->\n";
const END: &str = "<!-- end of calls -->";

/// Brings the columns of `found` in the tables below `root` up to date. With `only_check`, one that isn't is an error, and one that
/// the tables don't have is passed over.
pub(crate) fn update(root: &Path, mut found: Calls, only_check: bool) -> Result<()> {
    let mut calls = Calls::parse(parts(ALL, &read(root, ALL)?)?.1);
    if only_check {
        found.keep_columns_of(&calls);
    }
    calls.replace(found);
    let tables = [(ALL, calls.markdown()), (EXCEPTIONS, calls.exceptions().markdown())];
    for (name, table) in tables {
        let Some(new) = with_table(name, &read(root, name)?, &table)? else { continue };
        if only_check {
            bail!(
                "the table of calls in {name} is not up to date; run `cargo xtask test` and commit {ALL} and {EXCEPTIONS}"
            );
        }
        fs::write(root.join(name), new).with_context(|| format!("cannot write {name}"))?;
        println!("the table of calls in {name} was not up to date and has been rewritten; commit it");
    }
    Ok(())
}

fn read(root: &Path, name: &str) -> Result<String> {
    let text = fs::read_to_string(root.join(name)).with_context(|| format!("cannot read {name}"))?;
    Ok(text.replace("\r\n", "\n"))
}

/// The text before the table, the table, and the text after it.
fn parts<'a>(name: &str, text: &'a str) -> Result<(&'a str, &'a str, &'a str)> {
    let parts = text.split_once(START).and_then(|(before, rest)| Some((before, rest.split_once(END)?)));
    let Some((before, (table, after))) = parts else {
        bail!(
            "{name} has no place for the table of calls; put `{}` and, a line below, `{END}` where it belongs",
            START.trim_end()
        );
    };
    Ok((before, table, after))
}

/// `text` with `table` in its place; `None` where that is what stands there.
fn with_table(name: &str, text: &str, table: &str) -> Result<Option<String>> {
    let (before, old, after) = parts(name, text)?;
    // Blank lines, because Markdown joins a table to the comment before it.
    let new = format!("\n{table}\n");
    Ok((old != new).then(|| format!("{before}{START}{new}{END}{after}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "| call | linux |\n| --- | --- |\n| `File::sync` | works |\n";

    fn column(name: &str, cell: &str) -> Calls {
        Calls::parse(&TABLE.replace("linux", name).replace("works", cell))
    }

    #[test]
    fn the_table_is_put_between_its_marks() {
        let bare = format!("# x\n\n{START}{END}\n\nmore\n");
        let filled = with_table(ALL, &bare, TABLE).unwrap().unwrap();
        assert_eq!(filled, format!("# x\n\n{START}\n{TABLE}\n{END}\n\nmore\n"));
        assert_eq!(with_table(ALL, &filled, TABLE).unwrap(), None);
        let other = with_table(ALL, &filled, "| new |\n").unwrap().unwrap();
        assert_eq!(other, format!("# x\n\n{START}\n| new |\n\n{END}\n\nmore\n"));
    }

    /// A folder with both files, whose tables are these.
    fn documented(all: &str, exceptions: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("docs")).unwrap();
        for (name, table) in [(ALL, all), (EXCEPTIONS, exceptions)] {
            fs::write(root.path().join(name), format!("# x\n\n{START}{table}{END}\n")).unwrap();
        }
        root
    }

    fn both(root: &Path) -> [String; 2] {
        [ALL, EXCEPTIONS].map(|name| fs::read_to_string(root.join(name)).unwrap())
    }

    #[test]
    fn a_machine_that_only_checks_writes_nothing() {
        let root = documented(&format!("\n{TABLE}\n"), "\n| call | linux |\n| --- | --- |\n\n");
        let (root, before) = (root.path(), both(root.path()));
        let error = update(root, column("linux", "partly"), true).unwrap_err();
        assert!(error.to_string().contains("run `cargo xtask test` and commit"), "{error}");
        update(root, column("linux", "works"), true).unwrap();
        update(root, column("nt", "works"), true).unwrap();
        assert_eq!(both(root), before);
        fs::write(root.join(ALL), before[0].replace('\n', "\r\n")).unwrap();
        update(root, column("linux", "works"), true).unwrap();
        fs::write(root.join(EXCEPTIONS), &before[0]).unwrap();
        assert!(update(root, column("linux", "works"), true).is_err());
    }

    #[test]
    fn columns_that_did_not_run_stay() {
        let root = documented("", "");
        update(root.path(), column("nt", "partly"), false).unwrap();
        update(root.path(), column("linux", "works"), false).unwrap();
        for text in both(root.path()) {
            let table = "| call | linux | nt |\n| --- | --- | --- |\n| `File::sync` | works | partly |\n";
            assert!(text.contains(table), "{text}");
        }
    }

    #[test]
    fn a_file_without_marks_is_left_alone() {
        assert!(with_table(ALL, "# x\n", TABLE).is_err());
        assert!(with_table(ALL, &format!("# x\n{START}"), TABLE).is_err());
        assert!(with_table(ALL, &format!("# x\n{END}\n{START}"), TABLE).is_err());
    }
}
