//! Guests that work in a directory of their own.

use std::fs;

use callgate_tests::needs::{PrivateMounts, Symlinks};
use callgate_tests::{Host, Output, each, everywhere, needs};

use crate::places::Place;

/// Runs a guest with a fresh directory at `/data`, which is also its first argument.
fn in_a_fresh_directory(host: Host, name: &str) -> (Place, Output) {
    let place = Place::new();
    let before = place.state_outside();
    let output = host.guest(name).dir(&place.data, "/data").arg("/data").run();
    output.claim("what is outside stays as it is", place.state_outside() == before);
    (place, output)
}

/// The guest judges itself.
fn goes_well(name: &str) {
    everywhere(|host| {
        let (_, output) = in_a_fresh_directory(host, name);
        output.well().says(&format!("{name}: all well\n"));
    });
}

#[test]
pub(crate) fn files() {
    everywhere(|host| {
        let (place, output) = in_a_fresh_directory(host, "files");
        output.well().prints("files: all well\n");
        let sized = fs::read(place.data.join("sized")).unwrap_or_default();
        output.claim("the host sees what the guest wrote", sized.len() == 1003 && sized.ends_with(b"end"));
        let copy = fs::read_to_string(place.data.join("copy")).unwrap_or_default();
        output.claim("and its copy", copy == "content");
    });
}

/// A mount at `.` is where relative paths go.
#[test]
fn files_by_relative_paths() {
    each(|host| {
        let place = Place::new();
        host.guest("files").inside(&place.data).with("--dir", ".").arg(".").run().well();
        let place = Place::new();
        host.guest("files").dir(&place.data, ".").arg(".").run().well();
        let place = Place::new().directory("sub");
        host.guest("files").inside(&place.data).with("--dir", "sub").arg("sub").run().well();
        assert!(place.data.join("sub/copy").is_file(), "the guest worked in sub");
    });
}

/// Paths go to the longest mount that begins them.
#[test]
fn files_in_a_mount_within_a_mount() {
    each(|host| {
        let (upper, lower) = (Place::new(), Place::new());
        let run = host.guest("files").dir(&upper.data, "/").dir(&lower.data, "/deep/er").arg("/deep/er").run();
        run.well().claim("the lower mount is used", lower.data.join("copy").is_file());
        let run = host.guest("files").dir(&upper.data, "/").dir(&lower.data, "/deep/er").arg("/").run();
        run.well().claim("the upper mount is used", upper.data.join("copy").is_file());
    });
}

#[test]
pub(crate) fn dirs() {
    goes_well("dirs");
}

/// A guest that is told of what it shall do only a part.
fn part_goes_well(name: &str, part: &str) {
    everywhere(|host| {
        let place = Place::new();
        let run = host.guest(name).dir(&place.data, "/data").args(&["/data", part]).run();
        run.well().says(&format!("{name}: all well\n"));
    });
}

#[test]
pub(crate) fn links() {
    part_goes_well("links", "hard");
}

#[test]
fn symbolic_links() {
    needs!(Symlinks);
    part_goes_well("links", "symbolic");
}

#[test]
pub(crate) fn times() {
    part_goes_well("times", "files");
}

#[test]
fn times_of_symbolic_links() {
    needs!(Symlinks);
    part_goes_well("times", "links");
}

#[test]
pub(crate) fn streams() {
    goes_well("streams");
}

#[test]
pub(crate) fn descriptors() {
    goes_well("descriptors");
}

#[test]
pub(crate) fn native_error() {
    goes_well("native_error");
}

#[test]
pub(crate) fn huge_lengths() {
    // Not in memory, where a quota comes first.
    each(|host| {
        in_a_fresh_directory(host, "huge_lengths").1.well();
    });
}

#[test]
pub(crate) fn diagnostics() {
    each(|host| {
        let (_, output) = in_a_fresh_directory(host, "diagnostics");
        output.well().says(&format!("backend {}\n", host.backend()));
        let native = match host.backend() {
            "linux" => "(os error 44): ENOENT (errno 2)\n",
            "nt" => "(os error 44): OBJECT_NAME_NOT_FOUND (NTSTATUS 0xc0000034)\n",
            _ => "backend ",
        };
        output.says(native);
    });
}

/// More entries than it takes for a backend to believe what a listing tells of them.
fn hundred_files() -> Place {
    (0..100).fold(Place::new().directory("sub"), |place, number| place.file(&format!("{number:02}"), ""))
}

#[test]
pub(crate) fn identities() {
    everywhere(|host| {
        let place = hundred_files();
        let output = host.guest("identities").dir(&place.data, "/data").arg("/data").run();
        output.well().prints("101 entries\nidentities: all well\n");
    });
}

/// The system's listing tells a wrong identity for a file that something else is mounted on. So do the layers of an overlay, whatever
/// the names are.
#[test]
fn identities_under_mounts() {
    needs!(PrivateMounts);
    each(|host| {
        let place = hundred_files().file("sub/other", "other");
        fs::create_dir_all(place.outside.join("upper")).expect("a directory can be made");
        let (data, outside) = (place.data.display(), place.outside.display());
        let file = format!("mount --bind '{data}/sub/other' '{data}/50'");
        let memory = format!("mount -t tmpfs none '{data}/sub'");
        let layers = format!(
            "mount -t tmpfs none '{outside}/upper'; mkdir '{outside}/upper/files' '{outside}/upper/work'; \
             mount -t overlay none -o 'lowerdir={data},upperdir={outside}/upper/files,workdir={outside}/upper/work' '{data}'; \
             touch '{data}/30' '{data}/31'"
        );
        for commands in [&file, &memory, &format!("{file}; {memory}"), &layers] {
            let run = host.guest("identities").read_only(&place.data, "/data").arg("/data").with_mounts(commands).run();
            run.well().prints("101 entries\nidentities: all well\n");
        }
    });
}
