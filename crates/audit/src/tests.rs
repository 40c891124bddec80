//! What is done to a file shows; and what can't be written does not happen.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use callgate_gate::{Call, Decider, Gate, GuestId, NetworkRules, Observer, Reason, Resolved, RunEnd, Verdict};
use callgate_memory::Memory;
use callgate_system::{Code, System};

use crate::{Audit, AuditFile, Head, Key, KeyError, OpenError, Recording, Report, Sink, verify};

const KEY: &[u8; 32] = b"0123456789abcdef0123456789abcdef";

/// Denies lookups by rule 1, and wants clocks noted by rule 2.
struct Rules;

impl Decider for Rules {
    fn decide(&self, call: &Call<'_>, _: Option<&Resolved<'_>>) -> Verdict {
        match call {
            Call::GetRandomU64 => Verdict::Deny { code: Code::Access, reason: Reason::Rule(1) },
            Call::WallNow => Verdict::Log(2),
            Call::ErrorToDebugString { .. } => Verdict::Log(3),
            _ => Verdict::Allow,
        }
    }
}

fn key(has_key: bool) -> Option<Key> {
    has_key.then(|| Key::read(&KEY[..]).unwrap())
}

fn audit(sink: Box<dyn Sink>, head: Head, has_key: bool) -> io::Result<(Gate, Arc<Audit>)> {
    let (system, guest): (Arc<dyn System>, _) =
        (Arc::new(Memory::new(callgate_memory::Options::default())), GuestId::new());
    let recording = Recording::of(guest, "x\n\".wasm", ["x"]).key(key(has_key));
    let audit = Arc::new(recording.rules(|rule| Some(format!("p\".toml:{rule}"))).start(&system, sink, head)?);
    let gate = Gate::new(guest, system, NetworkRules::new(Vec::new(), Arc::default()));
    Ok((gate.attended_by(vec![Arc::new(Rules)], vec![Arc::clone(&audit) as Arc<_>]), audit))
}

/// One run: a refusal, a noted call, one with a hostile name, and one that nobody notes.
fn run(file: &Path, has_key: bool) {
    let (file, head) = AuditFile::open(file, key(has_key).as_ref()).unwrap();
    let (gate, audit) = audit(Box::new(file), head, has_key).unwrap();
    let name = "\u{1b}[31m\",\"hash\":\"00\"}\n{\"n\":9";
    let error = callgate_gate::Handle { id: 7, name, mount: None, denied: None };
    gate.pass(Call::GetRandomU64, || -> callgate_system::Result<u64> { panic!("it is refused") }).unwrap_err();
    gate.pass(Call::WallNow, || Ok::<_, callgate_system::Error>(1_u64)).unwrap();
    gate.pass(Call::ErrorToDebugString { error }, || Ok::<_, callgate_system::Error>(1_u64)).unwrap();
    gate.pass(Call::MonotonicNow, || Ok::<_, callgate_system::Error>(1_u64)).unwrap();
    audit.finish(&"exited with code 0").unwrap();
    audit.finish(&"and again").unwrap();
}

fn written(has_key: bool, runs: usize) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.jsonl");
    (0..runs).for_each(|_| run(&file, has_key));
    (folder, file)
}

fn look(contents: &[u8], has_key: bool, head: Option<&str>) -> Report {
    verify(contents, key(has_key).as_ref(), head).unwrap()
}

#[test]
fn lines_as_they_are_read() {
    let (_folder, file) = written(false, 1);
    let text = fs::read_to_string(file).unwrap();
    assert!(text.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)));
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = lines.iter().map(|line| line["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["begin", "refused", "intent", "outcome", "intent", "outcome", "end"]);
    assert_eq!(lines[1]["rule"], "p\".toml:1");
    assert_eq!((&lines[2]["rule"], &lines[2]["event"]["call"]), (&"p\".toml:2".into(), &"wall-clock.now".into()));
    assert_eq!(lines[2]["event"]["seq"], lines[3]["event"]["seq"]);
    assert_eq!(lines[0]["run"]["program"], "x\n\".wasm");
    assert_eq!(lines[6]["run"]["calls"], 4);
}

#[test]
fn whole_files_are_whole() {
    for has_key in [false, true] {
        let (_folder, file) = written(has_key, 2);
        let contents = fs::read(file).unwrap();
        let report = look(&contents, has_key, None);
        assert_eq!((report.found, report.lines, report.runs, report.covered), (0, 14, 2, None), "{report:?}");
        let covered = look(&contents, has_key, Some(&report.head));
        assert_eq!((covered.found, covered.covered), (0, Some(14)));
        let first: Vec<u8> = contents.split_inclusive(|byte| *byte == b'\n').take(7).flatten().copied().collect();
        let before = look(&first, has_key, None).head;
        assert_eq!(look(&contents, has_key, Some(&before)).covered, Some(7));
        // Cut where a run ends: only the head tells.
        assert_eq!(look(&first, has_key, None).found, 0);
        assert_eq!(look(&first, has_key, Some(&report.head)).found, 1);
        assert!(look(&contents, !has_key, None).found > 0, "with another key, or none");
    }
}

#[test]
fn whatever_is_done_to_a_line_shows() {
    for has_key in [false, true] {
        let (_folder, file) = written(has_key, 2);
        let contents = fs::read(file).unwrap();
        let lines: Vec<&[u8]> = contents.split_inclusive(|byte| *byte == b'\n').collect();
        let head = look(&contents, has_key, None).head;
        let findings = |lines: &[&[u8]]| look(&lines.concat(), has_key, Some(&head));
        for at in 0..lines.len() {
            let number = at + 1;
            let tell = |what: &str, lines: &[&[u8]], words: &str| {
                let report = findings(lines);
                assert!(report.findings.iter().any(|text| text.contains(words)), "{what} {number}: {report:?}");
            };
            let removed: Vec<&[u8]> = [&lines[..at], &lines[at + 1..]].concat();
            let last = number == lines.len();
            tell("remove", &removed, if last { "no end" } else { "removed" });
            for byte in [5, lines[at].len() / 2, lines[at].len() - 10] {
                let mut line = lines[at].to_vec();
                line[byte] ^= 1;
                let mut changed = lines.clone();
                changed[at] = &line;
                tell("change", &changed, &format!("line {number} was changed"));
            }
            let mut twice = lines.clone();
            twice.insert(at, lines[at]);
            tell("insert", &twice, &format!("line {} was moved or inserted", number + 1));
            if !last {
                let mut exchanged = lines.clone();
                exchanged.swap(at, at + 1);
                tell("reorder", &exchanged, &format!("line {} was moved or inserted", number + 1));
            }
            let mut cut = lines[..=at].to_vec();
            cut[at] = &lines[at][..lines[at].len() - 1];
            tell("cut", &cut, &format!("line {number} is cut"));
            let cut = findings(&lines[..number]);
            assert_eq!(cut.found == 0, last, "cut behind {number}: {cut:?}");
        }
    }
}

#[test]
fn hashed_anew_it_shows_by_head_or_key() {
    let (_folder, file) = written(false, 1);
    let contents = fs::read(&file).unwrap();
    let head = look(&contents, false, None).head;
    let (_other_folder, other) = written(false, 1);
    // Somebody else's file, as whole as this one: only the head tells.
    let forged = &fs::read(other).unwrap()[..];
    assert_ne!(forged, contents);
    assert_eq!(look(forged, false, None).found, 0);
    assert_eq!(look(forged, false, Some(&head)).found, 1);
    assert!(look(forged, true, None).found > 0, "nobody without the key makes such a file");
}

#[test]
fn one_writer_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a");
    let first = AuditFile::open(&file, None).unwrap();
    assert!(matches!(AuditFile::open(&file, None), Err(OpenError::Locked)));
    drop(first);
    AuditFile::open(&file, None).unwrap();
}

#[test]
fn a_broken_end_is_not_continued() {
    let (_folder, file) = written(false, 1);
    let whole = fs::read(&file).unwrap();
    let open = |contents: &[u8], has_key| {
        fs::write(&file, contents).unwrap();
        AuditFile::open(&file, key(has_key).as_ref()).map(|(_, head)| head.lines)
    };
    assert!(matches!(open(&whole[..whole.len() - 1], false), Err(OpenError::Cut)));
    assert!(matches!(open(b"something else\n", false), Err(OpenError::Foreign)));
    assert!(matches!(open(b"\n", false), Err(OpenError::Foreign)));
    assert!(matches!(open(&whole, true), Err(OpenError::Broken)));
    let mut changed = whole.clone();
    let at = whole.len() - 100;
    changed[at] ^= 1;
    assert!(matches!(open(&changed, false), Err(OpenError::Broken | OpenError::Foreign)));
    assert!(matches!(open(&whole, false), Ok(7)));
    assert!(matches!(open(b"", false), Ok(0)));
}

#[test]
fn a_key_has_32_bytes() {
    assert!(matches!(Key::read(&KEY[..31]), Err(KeyError::Size(31))));
    assert!(matches!(Key::read(&b""[..]), Err(KeyError::Size(0))));
    assert!(matches!(Key::read(io::repeat(1)), Err(KeyError::Size(33))));
    assert_eq!(format!("{:?}", Key::read(&KEY[..]).unwrap()), "Key");
}

/// Takes this many lines.
struct Full(Arc<Mutex<usize>>);

impl Sink for Full {
    fn append(&mut self, _: &[u8]) -> io::Result<()> {
        let mut room = self.0.lock().unwrap();
        *room = room.checked_sub(1).ok_or(io::ErrorKind::StorageFull)?;
        Ok(())
    }
}

#[test]
fn what_cannot_be_noted_does_not_happen() {
    let full = |room| Box::new(Full(Arc::new(Mutex::new(room))));
    assert!(audit(full(0), Head::START, false).is_err());
    let (gate, own) = audit(full(1), Head::START, false).unwrap();
    let ended = gate.pass(Call::WallNow, || -> callgate_system::Result<u64> { panic!("it is not noted") });
    assert_eq!(ended.unwrap_err().run_end(), Some(RunEnd::Unrecorded));
    assert_eq!(own.finish(&"x").unwrap_err().kind(), io::ErrorKind::StorageFull);
    let (gate, _) = audit(full(1), Head::START, false).unwrap();
    let ended = gate.pass(Call::GetRandomU64, || Ok::<_, callgate_system::Error>(1_u64));
    assert_eq!(ended.unwrap_err().run_end(), Some(RunEnd::Unrecorded), "not even the refusal is told");
    let (gate, _) = audit(full(2), Head::START, false).unwrap();
    let ended = gate.pass(Call::WallNow, || Ok::<_, callgate_system::Error>(1_u64));
    assert_eq!(ended.unwrap_err().run_end(), Some(RunEnd::Unrecorded), "its outcome is not noted");
    let (gate, _) = audit(full(1), Head::START, false).unwrap();
    gate.pass(Call::MonotonicNow, || Ok::<_, callgate_system::Error>(1_u64)).unwrap();
}
