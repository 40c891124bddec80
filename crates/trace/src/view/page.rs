//! Writes the page: its markup, style and script as they are in `page/`, and the packed blocks in base64.
//!
//! The policy names the style and the script by their digests. So even if text could become markup, it could neither run nor load anything.

use std::io::{self, Write};

use base64::engine::general_purpose::STANDARD;
use base64::{Engine as _, write::EncoderWriter};
use sha2::{Digest as _, Sha256};

use super::Page;

const MARKUP: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");

/// The parts of the script, in the order in which they build upon each other.
const SCRIPT: &[&str] = &[
    include_str!("page/data.js"),
    include_str!("page/filter.js"),
    include_str!("page/lanes.js"),
    include_str!("page/timeline.js"),
    include_str!("page/list.js"),
    include_str!("page/totals.js"),
    include_str!("page/panels.js"),
    include_str!("page/tree.js"),
    include_str!("page/graph.js"),
    include_str!("page/main.js"),
];

impl Page {
    /// Writes the page.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write<W: Write>(&self, out: &mut W) -> io::Result<()> {
        let script = script();
        let mut rest = MARKUP;
        while let Some((before, (name, after))) = next_mark(rest) {
            out.write_all(before.as_bytes())?;
            match name {
                "policy" => out.write_all(policy(&script).as_bytes())?,
                "style" => out.write_all(STYLE.as_bytes())?,
                "data" => self.write_blocks(out)?,
                "script" => out.write_all(script.as_bytes())?,
                _ => {}
            }
            rest = after;
        }
        out.write_all(rest.as_bytes())
    }

    fn write_blocks<W: Write>(&self, out: &mut W) -> io::Result<()> {
        for (name, bytes) in &self.blocks {
            write!(out, "<script type=\"application/octet-stream\" id=\"data-{name}\">")?;
            let mut base64 = EncoderWriter::new(&mut *out, &STANDARD);
            base64.write_all(bytes)?;
            base64.finish()?;
            drop(base64);
            writeln!(out, "</script>")?;
        }
        Ok(())
    }
}

/// What stands before `<!--name-->`, its name, and what comes after it.
fn next_mark(text: &str) -> Option<(&str, (&str, &str))> {
    let (before, rest) = text.split_once("<!--")?;
    Some((before, rest.split_once("-->")?))
}

fn script() -> String {
    format!("\"use strict\";\n(() => {{\n{}}})();\n", SCRIPT.concat())
}

/// Nothing is loaded, and nothing sent; only this style and this script count.
fn policy(script: &str) -> String {
    let digest = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        digest(script),
        digest(STYLE)
    )
}
