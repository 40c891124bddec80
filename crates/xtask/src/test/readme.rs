//! Keeps the README's table of what works where as the tests found it.
//!
//! Hazard: a machine that only checks must not change what it checks. There the table is compared, and a difference fails.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

const START: &str = "<!-- calls: made by cargo xtask test -->\n";
const END: &str = "<!-- end of calls -->";

/// Brings the table of `readme` up to date; with `only_check`, a table that isn't is an error.
pub(crate) fn update(readme: &Path, table: &str, only_check: bool) -> Result<()> {
    let text = fs::read_to_string(readme).with_context(|| format!("cannot read {}", readme.display()))?;
    let Some(new) = with_table(&text, table)? else {
        return Ok(());
    };
    if only_check {
        bail!("the table of calls in README.md is not up to date; run `cargo xtask test` and commit README.md");
    }
    fs::write(readme, new).with_context(|| format!("cannot write {}", readme.display()))?;
    println!("the table of calls in README.md was not up to date and has been rewritten; commit it");
    Ok(())
}

/// `text` with `table` in its place; `None` where that is what stands there.
fn with_table(text: &str, table: &str) -> Result<Option<String>> {
    let text = text.replace("\r\n", "\n");
    let parts = text.split_once(START).and_then(|(before, rest)| Some((before, rest.split_once(END)?)));
    let Some((before, (old, after))) = parts else {
        bail!(
            "README.md has no place for the table of calls; put `{}` and, a line below, `{END}` where it belongs",
            START.trim_end()
        );
    };
    // Blank lines, because Markdown joins a table to the comment before it.
    let new = format!("\n{table}\n");
    Ok((old != new).then(|| format!("{before}{START}{new}{END}{after}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "| call |\n| --- |\n";

    #[test]
    fn the_table_is_put_between_its_marks() {
        let bare = format!("# x\n\n{START}{END}\n\nmore\n");
        let filled = with_table(&bare, TABLE).unwrap().unwrap();
        assert_eq!(filled, format!("# x\n\n{START}\n{TABLE}\n{END}\n\nmore\n"));
        assert_eq!(with_table(&filled, TABLE).unwrap(), None);
        assert_eq!(with_table(&filled.replace('\n', "\r\n"), TABLE).unwrap(), None);
        let other = with_table(&filled, "| new |\n").unwrap().unwrap();
        assert_eq!(other, format!("# x\n\n{START}\n| new |\n\n{END}\n\nmore\n"));
    }

    #[test]
    fn a_machine_that_only_checks_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let readme = folder.path().join("README.md");
        let bare = format!("# x\n\n{START}{END}\n");
        fs::write(&readme, &bare).unwrap();
        let error = update(&readme, TABLE, true).unwrap_err();
        assert!(error.to_string().contains("run `cargo xtask test` and commit"), "{error}");
        assert_eq!(fs::read_to_string(&readme).unwrap(), bare);
        update(&readme, TABLE, false).unwrap();
        update(&readme, TABLE, true).unwrap();
    }

    #[test]
    fn a_readme_without_marks_is_left_alone() {
        assert!(with_table("# x\n", TABLE).is_err());
        assert!(with_table(&format!("# x\n{START}"), TABLE).is_err());
        assert!(with_table(&format!("# x\n{END}\n{START}"), TABLE).is_err());
    }
}
