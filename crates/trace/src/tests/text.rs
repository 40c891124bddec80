//! The text of a trace, to the byte.

use std::sync::Arc;

use callgate_gate::{Call, Handle, Observer, Reply};
use callgate_system::{
    Advice, Code, Entry, Error, Family, FileType, Follow, Identity, Native, NewTimestamp, OpenHow, Stat, Timestamp,
};

use super::{Counter, Page, gate, handle, mount, no_entry, recording};
use crate::format::Text;

/// The last line of a whole trace.
const END: &str = "+++ exited with code 0 +++\n";

/// The line of one call, begun at `seconds` and 123,456 microseconds.
fn line_at<T: Reply>(seconds: i64, call: Call<'_>, result: Result<T, Error>) -> String {
    // The clock is read when the recording begins, and at the start and the end of a call.
    let system = Counter::at(seconds, 123_456_000 - u32::try_from(Counter::STEP).unwrap());
    let page = Page::default();
    let trace = recording().start(&(system.clone() as _), Box::new(Text::default()), Box::new(page.clone()));
    let trace: Arc<dyn Observer> = Arc::new(trace);
    let gate = gate(system, [Arc::clone(&trace)]);
    drop(gate.pass(call, || result));
    trace.finish(&"exited with code 0").unwrap();
    let text = page.text();
    text.strip_suffix(END).unwrap_or_else(|| panic!("not whole: {text:?}")).to_owned()
}

const NOON: i64 = 1_700_000_000 / 86_400 * 86_400 + 45_296;

/// The call and its result in that line.
#[track_caller]
fn shows<T: Reply>(call: Call<'_>, result: Result<T, Error>, expected: &str) {
    let line = line_at(NOON, call, result);
    assert_eq!(line, format!("12:34:56.123456 {expected} <0.000012>\n"));
}

#[test]
fn calls_that_succeed() {
    let src = mount(false);
    let at = handle(3, &src);
    let file = Handle { id: 4, name: "/src/a b", mount: Some(&src), denied: None };
    let stdout = Handle { id: 1, name: "stdout", mount: None, denied: None };
    shows(Call::GetStdout, Ok(()), "stdout.get-stdout() = ok");
    shows(Call::SetSize { file, size: 100 }, Ok(()), "descriptor.set-size(4</src/a b>, size=100) = ok");
    shows(
        Call::StreamWrite { stream: stdout, contents: b"hello\n" },
        Ok(()),
        r#"output-stream.write(1<stdout>, "hello\n", 6) = ok"#,
    );
    shows(
        Call::Read { file, length: 4096, offset: 10 },
        Ok(vec![0xff_u8; 40]),
        &format!("descriptor.read(4</src/a b>, length=4096, offset=10) = \"{}\"..., 40", r"\xff".repeat(32)),
    );
    shows(
        Call::ReadlinkAt { dir: at, path: "l" },
        Ok("../x".to_owned()),
        r#"descriptor.readlink-at(3</src>, "l") = "../x""#,
    );
    shows(Call::IsSameObject { file, other: at }, Ok(true), "descriptor.is-same-object(4</src/a b>, 3</src>) = true");
    shows(Call::GetArguments, Ok(vec!["a".to_owned(); 2]), "environment.get-arguments() = [2]");
    shows(Call::GetTerminalStdin, Ok(None::<u32>), "terminal-stdin.get-terminal-stdin() = none");
    shows(Call::ExitWithCode { status_code: 7 }, Ok(()), "exit.exit-with-code(status_code=7) = ok");
    shows(
        Call::Advise { file, offset: 0, length: 1, advice: Advice::WillNeed },
        Ok(()),
        "descriptor.advise(4</src/a b>, offset=0, length=1, will-need) = ok",
    );
}

#[test]
fn what_is_known_of_files() {
    let src = mount(false);
    let at = handle(3, &src);
    let identity = Identity { device: 0x10, file: 0xabc };
    let kind = FileType::RegularFile;
    let (accessed, modified, changed) = (None, None, None);
    let stat = Stat { kind, links: 2, size: 10, allocated: 10, accessed, modified, changed, identity };
    let path = "f";
    shows(
        Call::StatAt { dir: at, follow: Follow::No, path },
        Ok(stat),
        r#"descriptor.stat-at(3</src>, nofollow, "f") = {regular-file, size=10, links=2}"#,
    );
    shows(Call::MetadataHash { file: at }, Ok(identity), "descriptor.metadata-hash(3</src>) = 10:abc");
    shows(Call::GetType { file: at }, Ok(FileType::Directory), "descriptor.get-type(3</src>) = directory");
    let entry = Entry { kind: FileType::SymbolicLink, name: "l".to_owned(), listed: None };
    shows(
        Call::ReadDirectoryEntry { entries: at },
        Ok(Some(entry)),
        r#"directory-entry-stream.read-directory-entry(3</src>) = "l" symbolic-link"#,
    );
    let time = Timestamp { seconds: -1, nanoseconds: 5 };
    let times = Call::SetTimesAt {
        dir: at,
        follow: Follow::Yes,
        path,
        accessed: NewTimestamp::Now,
        modified: NewTimestamp::At(time),
    };
    shows(times, Ok(()), r#"descriptor.set-times-at(3</src>, follow, "f", accessed=now, modified=-1.000000005) = ok"#);
    shows(Call::WallNow, Ok(time), "wall-clock.now() = -1.000000005");
}

#[test]
fn ways_to_open() {
    let src = mount(false);
    let open = |how| Call::OpenAt { dir: handle(3, &src), path: "f", how };
    let all =
        OpenHow { read: true, write: true, create: true, exclusive: true, follow: Follow::No, ..OpenHow::default() };
    shows(open(all), Ok(4_u32), r#"descriptor.open-at(3</src>, "f", read|write|create|exclusive|nofollow) = 4"#);
    let none = OpenHow { follow: Follow::Yes, ..OpenHow::default() };
    shows(open(none), Ok(4_u32), r#"descriptor.open-at(3</src>, "f", attributes) = 4"#);
}

#[test]
fn calls_that_fail() {
    let (free, fixed) = (mount(false), mount(true));
    let how = OpenHow { read: true, follow: Follow::Yes, ..OpenHow::default() };
    shows(
        Call::OpenAt { dir: handle(3, &free), path: "missing.txt", how },
        Err::<u32, _>(no_entry()),
        r#"descriptor.open-at(3</src>, "missing.txt", read) = no-entry (ENOENT)"#,
    );
    let unlink = Call::UnlinkFileAt { dir: handle(3, &free), path: "f" };
    let with = |family, code, name| Err::<(), _>(Error { code: Code::Io, native: Some(Native { family, code, name }) });
    shows(unlink, with(Family::Errno, 512, ""), r#"descriptor.unlink-file-at(3</src>, "f") = io (errno 512)"#);
    shows(
        unlink,
        with(Family::NtStatus, 0xc000_0123, ""),
        r#"descriptor.unlink-file-at(3</src>, "f") = io (NTSTATUS 0xc0000123)"#,
    );
    shows(
        unlink,
        Err::<(), _>(Code::NotPermitted.into()),
        r#"descriptor.unlink-file-at(3</src>, "f") = not-permitted"#,
    );
    shows(
        Call::RenameAt { dir: handle(3, &free), path: "a", new_dir: handle(4, &fixed), new_path: "b" },
        Ok(()),
        r#"descriptor.rename-at(3</src>, "a", 4</src>, "b") = read-only"#,
    );
}

/// A guest chooses names; it must not forge lines with them, nor reach the terminal.
#[test]
fn names_and_bytes_are_escaped() {
    let evil = "a\n12:00:00.000000 \u{1b}[31m\"";
    let src = mount(false);
    let odd = Handle { id: 4, name: evil, mount: Some(&src), denied: None };
    let line = line_at(NOON, Call::ReadlinkAt { dir: odd, path: evil }, Ok(evil.to_owned()));
    assert_eq!(line.matches('\n').count(), 1, "{line:?}");
    assert!(!line.contains('\u{1b}'), "{line:?}");
    let line = line_at(NOON, Call::StreamWrite { stream: odd, contents: evil.as_bytes() }, Ok(()));
    assert!(line.matches('\n').count() == 1 && !line.contains('\u{1b}'), "{line:?}");
}

#[test]
fn the_time_of_day_before_the_epoch() {
    assert_eq!(line_at(-1, Call::GetStdin, Ok(())), "23:59:59.123456 stdin.get-stdin() = ok <0.000012>\n");
    assert_eq!(line_at(0, Call::GetStdin, Ok(())), "00:00:00.123456 stdin.get-stdin() = ok <0.000012>\n");
}

/// A terminal must not reorder or hide what stands in a line, either.
#[test]
fn a_name_ends_neither_its_quotes_nor_its_brackets() {
    let (evil, src) = ("a\u{202e}\u{200b}\", read) = 3</etc> \\", mount(false));
    let odd = Handle { id: 4, name: evil, mount: Some(&src), denied: None };
    shows(
        Call::ReadlinkAt { dir: odd, path: evil },
        Ok(()),
        r#"descriptor.readlink-at(4<a\u{202e}\u{200b}", read) = 3\u{3c}/etc\u{3e} \\>, "a\u{202e}\u{200b}\", read) = 3</etc> \\") = ok"#,
    );
}

/// A guest may name a path of any length.
#[test]
fn a_line_is_bounded() {
    let (long, src) = ("\u{e0041}".repeat(1 << 20), mount(false));
    let handle = Handle { id: 4, name: &long, mount: Some(&src), denied: None };
    let line = line_at(NOON, Call::RenameAt { dir: handle, path: &long, new_dir: handle, new_path: &long }, Ok(()));
    assert!(line.len() < 64 << 10 && line.contains("\"..., 4<"), "{} bytes", line.len());
}
