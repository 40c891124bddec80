//! Programs that others wrote and published, as they are, on real input: what they say is what their native build says.

use std::fs;
use std::path::Path;

use callgate_tests::needs::Package;
use callgate_tests::{Host, Output, Run, each, native, needs, places};

use crate::places::{Place, write};

/// Runs a program natively and in the sandbox, both from `directory`, which the guest sees as `.`; they end alike.
fn alike(host: Host, name: &str, directory: &Path, prepare: impl Fn(Run) -> Run) -> (Output, Output) {
    let native = prepare(native(&places::native_program(name)).inside(directory)).run();
    let guest = host.program(&places::program(name)).inside(directory).with("--dir", ".").with("--argv0", name);
    let guest = prepare(guest).run();
    guest.claim(&format!("stdout is the native one's:\n{native}"), guest.stdout == native.stdout);
    // The C library that std is built with may know only success and failure.
    let codes = [native.exit_code(), native.exit_code().map(|code| code.min(1))];
    guest.claim(&format!("the exit code is the native one's:\n{native}"), codes.contains(&guest.exit_code()));
    (native, guest)
}

#[test]
fn ripgrep_searches_the_sources() {
    needs!(Package("ripgrep"));
    each(|host| {
        let repository = places::repository();
        let searches: &[&[&str]] = &[
            &["-n", "fn [a-z_]+"],
            &["--count-matches", "-i", "error"],
            &["-w", "-C2", "unsafe"],
            &["-l", "--hidden", "-g", "*.toml", "workspace"],
            &["--files", "-g", "!*.md"],
            &["-o", "-b", "--no-heading", r"\bu(8|16|32|64)\b"],
            &["-U", r"(?s)impl .{1,60} \{\n    fn"],
            &["no such words anywhere in here, I hope[.]"],
        ];
        for search in searches {
            let (_, guest) = alike(host, "rg", &repository, |run| {
                run.args(&["-j1", "--sort", "path", "--no-ignore"]).args(search).args(&["crates", "host"])
            });
            guest.quiet();
        }
        alike(host, "rg", &repository, |run| run.args(&["-j1", "x", "no/such/place"])).1.complains("No such file");
        let text = "one\ntwo\nthree\n".repeat(10_000);
        let (_, guest) = alike(host, "rg", &repository, |run| run.args(&["-c", "t", "-"]).stdin(text.clone()));
        guest.well().prints("20000\n");
    });
}

#[test]
fn htmlq_reads_pages() {
    needs!(Package("htmlq"));
    each(|host| {
        let place = Place::new();
        let page = fs::read_to_string(places::fixture("page.html")).expect("the page can be read");
        let rows: String =
            (0..3000).map(|n| format!("<tr class=\"r{}\"><td>{n}<td><a href=\"/{n}\">é {n}</a>\n", n % 7)).collect();
        write(&place.data.join("large.html"), page.replace("</table>", &(rows + "</table>")));
        write(&place.data.join("page.html"), &page);
        let questions: &[&[&str]] = &[
            &["a"],
            &["--attribute", "href", "a"],
            &["--text", "main p"],
            &["--pretty", "table"],
            &["--remove-nodes", "script", "body"],
            &["tr.file td code"],
            &["--base", "https://example.com/x/", "--attribute", "href", "nav a"],
            &["#nothing"],
        ];
        for question in questions {
            for file in ["page.html", "large.html"] {
                alike(host, "htmlq", &place.data, |run| run.args(&["-f", file]).args(question)).1.well();
            }
            alike(host, "htmlq", &place.data, |run| run.args(question).stdin(page.clone())).1.well();
        }
        alike(host, "htmlq", &place.data, |run| run.args(&["-f", "page.html", "-o", "out.html", "li"])).1.well();
        let out = fs::read_to_string(place.data.join("out.html")).unwrap_or_default();
        assert!(out.contains("nested"), "what htmlq wrote: {out:?}");
    });
}

#[test]
fn oxipng_makes_pictures_smaller() {
    needs!(Package("oxipng"));
    each(|host| {
        let place = Place::new();
        let picture = png(96, 64);
        write(&place.data.join("in.png"), &picture);
        for options in [&["-o", "2"][..], &["-o", "max", "--strip", "all"], &["--interlace", "on"]] {
            let run = |run: Run, out: &str| run.args(options).args(&["--out", out, "in.png"]);
            let program = native(&places::native_program("oxipng")).inside(&place.data);
            run(program, "native.png").run().success();
            let guest = host.program(&places::program("oxipng")).inside(&place.data).with("--dir", ".");
            let output = run(guest, "guest.png").run();
            output.success();
            let [native, guest] =
                ["native.png", "guest.png"].map(|name| fs::read(place.data.join(name)).unwrap_or_default());
            output.claim("the guest's picture is the native one's", native == guest && !native.is_empty());
            output.claim("and smaller than the original", guest.len() < picture.len());
        }
    });
}

#[test]
fn redb_keeps_its_records() {
    each(|host| {
        let place = Place::new();
        let native = native(&places::native_guest("redb-check")).inside(&place.data).arg("native.redb").run();
        native.well().says("verified 100000, checksum ").says("left 50000, checksum ");
        let guest = host.guest("redb-check").inside(&place.data).with("--dir", ".").arg("guest.redb").run();
        guest.well().prints(&native.out());
        // A database is the same wherever it is written: each side reads the other's.
        let swapped = host.guest("redb-check").inside(&place.data).with("--dir", ".").arg("native.redb").run();
        swapped.well().says("verified 100000, checksum ");
    });
}

/// A picture of `width` × `height` in RGB, deflated without compression, so that there is something to gain.
pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    let mut pixels = Vec::new();
    for y in 0..height {
        pixels.push(0);
        for x in 0..width {
            pixels.extend([(x * 255 / width) as u8, (y * 255 / height) as u8, ((x / 8 + y / 8) % 2 * 255) as u8]);
        }
    }
    let mut deflated = vec![0x78, 0x01];
    let blocks = pixels.chunks(0xffff).count();
    for (index, block) in pixels.chunks(0xffff).enumerate() {
        let length = block.len() as u16;
        deflated.push(u8::from(index + 1 == blocks));
        deflated.extend(length.to_le_bytes());
        deflated.extend((!length).to_le_bytes());
        deflated.extend(block);
    }
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in &pixels {
        a = (a + u32::from(*byte)) % 65521;
        b = (b + a) % 65521;
    }
    deflated.extend((b << 16 | a).to_be_bytes());
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, content) in [(b"IHDR", header), (b"IDAT", deflated), (b"IEND", Vec::new())] {
        file.extend((content.len() as u32).to_be_bytes());
        let chunk = [&name[..], &content].concat();
        file.extend(&chunk);
        file.extend(crc32(&chunk).to_be_bytes());
    }
    file
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}
