//! One table of paths × every operation that takes a path.
//!
//! Each cell finds its section's tree untouched, asks once, and then compares: the answer with the cell, the whole tree
//! with what the operation should have made of it (nothing, where it was refused), and the host's own view of what lies
//! outside the root with its view before. Only a cell that was found to have changed nothing leaves its tree to the next
//! one; after any other, and after a failure, the tree is planted anew.
//!
//! Each cell is asked twice: of the system as it resolves paths itself, and of a strict directory after the path was located (`located.rs`).

mod located;
mod operations;
mod table;

use callgate_system::Code;

use self::operations::{COLUMNS, Operation, Seen};
use self::table::{SECTIONS, Section};
use crate::case::Run;
use crate::check::said;
use crate::stage::Stage;
use crate::tree::{Node, Tree};
use crate::{Case, Check, Failure, Subject};

/// One cell of the table.
pub(crate) struct Cell {
    section: &'static Section,
    path: String,
    entry: String,
    target: String,
    operation: Operation,
    expected: &'static str,
    way: Way,
}

/// How a path gets to where it leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// The system resolves it during the call.
    Call,
    /// It is located first, and the call acts there.
    Located,
}

pub(crate) fn cases() -> Vec<Case> {
    let rows = SECTIONS.iter().flat_map(|section| section.rows.lines().map(move |row| (section, row)));
    let is_row = |row: &str| !row.is_empty() && !row.starts_with('#');
    rows.filter(|(_, row)| is_row(row)).flat_map(|(section, row)| cells(section, row)).collect()
}

fn cells(section: &'static Section, row: &'static str) -> Vec<Case> {
    let words: Vec<&'static str> = row.split_whitespace().collect();
    assert_eq!(words.len(), COLUMNS.len() + 3, "{row}");
    let cell = |(&(operation, name, group, call), &expected): (&(Operation, &str, &'static str, &'static str), &_)| {
        [(Way::Call, group, call), (Way::Located, "located", "Directory::strict")].map(|(way, group, call)| {
            let [path, entry, target] = [words[0], words[1], words[2]].map(spelled);
            let cell = Cell { section, path, entry, target, operation, expected, way };
            let run = Run::Path(Box::new(cell));
            Case { group, name: format!("{}: {name} {}", section.name, words[0]).into(), call, run }
        })
    };
    COLUMNS.iter().zip(&words[3..]).flat_map(cell).collect()
}

/// A word of the table without its abbreviations.
fn spelled(word: &str) -> String {
    let dots = "./".repeat(2047);
    word.replace("\"\"", "")
        .replace("<NUL>", "\0")
        .replace("<255>", &"n".repeat(255))
        .replace("<m255>", &"m".repeat(255))
        .replace("<256>", &"n".repeat(256))
        .replace("<4095>", &format!("{dots}f"))
        .replace("<4096>", &format!("{dots}/f"))
        .replace("<4097>", &format!("{dots}./f"))
        .replace("<40-links>", &format!("{}f", "ld/../".repeat(40)))
        .replace("<41-links>", &format!("{}f", "ld/../".repeat(41)))
}

/// A section's plan without its abbreviations; `<chain>` is `c1` to `c41`, each a link to the one before.
fn plan(section: &Section) -> String {
    let chain: String = (2..=41).map(|n| format!(" c{n}->c{}", n - 1)).collect();
    let plan = section.tree.replace("<chain>", &format!("c1->f{chain}"));
    format!("z zd/ {}", spelled(&plan))
}

fn codes(cell: &str) -> &'static [Code] {
    match cell {
        "NE" => &[Code::NoEntry],
        "NP" => &[Code::NotPermitted],
        "ND" => &[Code::NotDirectory],
        "ID" => &[Code::IsDirectory],
        "EX" => &[Code::Exist],
        "LO" => &[Code::Loop],
        "IN" => &[Code::Invalid],
        "NY" => &[Code::NotEmpty],
        "NL" => &[Code::NameTooLong],
        "IL" => &[Code::IllegalByteSequence],
        "BI" => &[Code::Busy, Code::Invalid],
        "YP" => &[Code::NotEmpty, Code::NotPermitted],
        _ => panic!("no such cell: {cell}"),
    }
}

/// A section's tree where it stands, and what lies outside.
pub(crate) struct Planted<'a> {
    section: &'static str,
    stage: Stage<'a>,
    tree: Tree,
    outside: Option<String>,
}

impl<'a> Planted<'a> {
    fn new(subject: &'a dyn Subject, section: &Section) -> Check<Self> {
        let stage = Stage::fresh(subject);
        let tree = Tree::plant(&stage, &plan(section))?;
        let outside = stage.ground.outside();
        Ok(Self { section: section.name, stage, tree, outside })
    }
}

impl Cell {
    /// Runs in `planted` where that holds the section's tree untouched, and leaves there what the next cell may use.
    pub(crate) fn run<'a>(&self, subject: &'a dyn Subject, planted: &mut Option<Planted<'a>>) -> Check {
        let ground = match planted.take() {
            Some(ground) if ground.section == self.section.name => ground,
            _ => Planted::new(subject, self.section)?,
        };
        let mut tree = ground.tree.clone();
        self.compare(&ground, &mut tree)?;
        if tree == ground.tree {
            *planted = Some(ground);
        }
        Ok(())
    }

    fn compare(&self, ground: &Planted<'_>, tree: &mut Tree) -> Check {
        let stage = &ground.stage;
        let mut want = Seen::Nothing;
        if self.expected == "ok" {
            want = fine!(self.operation.expect(tree, &*stage.root, &self.entry, &self.target));
            check_attributes(&want, tree, self.described())?;
        }
        let result = match self.way {
            Way::Call => self.operation.perform(&*stage.root, &self.path, &*stage.root),
            Way::Located => self.perform_located(&stage.root)?,
        };
        let survey = fine!(Tree::survey(&*stage.root));
        if stage.ground.outside() != ground.outside {
            return Err(Failure::wrong("nothing outside the root changed", said(&result) + ", and a change outside"));
        }
        match (&result, self.expected) {
            (Ok(seen), "ok") if *seen == want => {}
            (Ok(seen), "ok") => return Err(Failure::wrong(format!("{want:?}"), format!("{seen:?}"))),
            (_, "ok") => return Err(Failure::wrong("ok", said(&result))),
            (Err(error), cell) if codes(cell).contains(&error.code) => {}
            (Err(error), cell) if self.may_differ(error.code, cell) => {}
            (_, cell) => {
                let names: Vec<&str> = codes(cell).iter().map(|code| code.name()).collect();
                return Err(Failure::wrong(names.join(" or "), said(&result)));
            }
        }
        match tree.difference(&survey) {
            Some((want, got)) => Err(Failure::wrong(want, format!("{} and {got}", said(&result)))),
            None => Ok(()),
        }
    }

    /// The plain path whose attributes the operation tells.
    fn described(&self) -> &str {
        if self.operation == Operation::StatNoFollow { &self.entry } else { &self.target }
    }
}

/// Attributes asked through a plain path must be those of the tree: else nothing could be compared with them.
fn check_attributes(seen: &Seen, tree: &Tree, path: &str) -> Check {
    use callgate_system::FileType;
    let (Seen::Attributes(stat), Some(node)) = (seen, tree.nodes.get(path)) else { return Ok(()) };
    match node {
        Node::File { content, links } => {
            same!((stat.kind, stat.size, stat.links), (FileType::RegularFile, content.len() as u64, *links));
        }
        Node::Directory => same!(stat.kind, FileType::Directory),
        Node::Symlink(Ok(text)) => same!((stat.kind, stat.size), (FileType::SymbolicLink, text.len() as u64)),
        Node::Symlink(Err(_)) => same!(stat.kind, FileType::SymbolicLink),
    }
    Ok(())
}
