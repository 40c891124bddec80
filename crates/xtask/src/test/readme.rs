//! Keeps the README's table of what works where as the tests found it.
//!
//! Hazards: a machine that only checks must not change what it checks. There the table is compared, and a difference fails. No
//! machine has every backend, so a column of one that didn't run here stays as it stands.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::calls::Calls;

const START: &str = "<!-- calls: made by cargo xtask test -->\n";
const END: &str = "<!-- end of calls -->";

/// Brings the columns of `found` in the table of `readme` up to date. With `only_check`, one that isn't is an error, and one that
/// the table doesn't have is passed over.
pub(crate) fn update(readme: &Path, mut found: Calls, only_check: bool) -> Result<()> {
    let text = fs::read_to_string(readme).with_context(|| format!("cannot read {}", readme.display()))?;
    let text = text.replace("\r\n", "\n");
    let mut table = Calls::parse(parts(&text)?.1);
    if only_check {
        found.keep_columns_of(&table);
    }
    table.replace(found);
    let Some(new) = with_table(&text, &table.markdown())? else {
        return Ok(());
    };
    if only_check {
        bail!("the table of calls in README.md is not up to date; run `cargo xtask test` and commit README.md");
    }
    fs::write(readme, new).with_context(|| format!("cannot write {}", readme.display()))?;
    println!("the table of calls in README.md was not up to date and has been rewritten; commit it");
    Ok(())
}

/// What stands before the table, the table, and what stands behind it.
fn parts(text: &str) -> Result<(&str, &str, &str)> {
    let parts = text.split_once(START).and_then(|(before, rest)| Some((before, rest.split_once(END)?)));
    let Some((before, (table, after))) = parts else {
        bail!(
            "README.md has no place for the table of calls; put `{}` and, a line below, `{END}` where it belongs",
            START.trim_end()
        );
    };
    Ok((before, table, after))
}

/// `text` with `table` in its place; `None` where that is what stands there.
fn with_table(text: &str, table: &str) -> Result<Option<String>> {
    let (before, old, after) = parts(text)?;
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
        let filled = with_table(&bare, TABLE).unwrap().unwrap();
        assert_eq!(filled, format!("# x\n\n{START}\n{TABLE}\n{END}\n\nmore\n"));
        assert_eq!(with_table(&filled, TABLE).unwrap(), None);
        let other = with_table(&filled, "| new |\n").unwrap().unwrap();
        assert_eq!(other, format!("# x\n\n{START}\n| new |\n\n{END}\n\nmore\n"));
    }

    #[test]
    fn a_machine_that_only_checks_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let readme = folder.path().join("README.md");
        let filled = format!("# x\n\n{START}\n{TABLE}\n{END}\n");
        fs::write(&readme, &filled).unwrap();
        let error = update(&readme, column("linux", "partly"), true).unwrap_err();
        assert!(error.to_string().contains("run `cargo xtask test` and commit"), "{error}");
        update(&readme, column("linux", "works"), true).unwrap();
        update(&readme, column("nt", "works"), true).unwrap();
        assert_eq!(fs::read_to_string(&readme).unwrap(), filled);
        fs::write(&readme, filled.replace('\n', "\r\n")).unwrap();
        update(&readme, column("linux", "works"), true).unwrap();
    }

    #[test]
    fn columns_that_did_not_run_stay() {
        let folder = tempfile::tempdir().unwrap();
        let readme = folder.path().join("README.md");
        fs::write(&readme, format!("{START}{END}\n")).unwrap();
        update(&readme, column("nt", "partly"), false).unwrap();
        update(&readme, column("linux", "works"), false).unwrap();
        let text = fs::read_to_string(&readme).unwrap();
        assert!(
            text.contains("| call | linux | nt |\n| --- | --- | --- |\n| `File::sync` | works | partly |\n"),
            "{text}"
        );
    }

    #[test]
    fn a_readme_without_marks_is_left_alone() {
        assert!(with_table("# x\n", TABLE).is_err());
        assert!(with_table(&format!("# x\n{START}"), TABLE).is_err());
        assert!(with_table(&format!("# x\n{END}\n{START}"), TABLE).is_err());
    }
}
