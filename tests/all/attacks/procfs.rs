//! The process of the host itself is out of reach (row 32).

use std::path::Path;

use callgate_tests::needs::{PrivateMounts, Procfs, Symlinks};
use callgate_tests::{Host, Run, each, needs};

use crate::places::Place;

/// Ways to processes, below a procfs.
const FILES: &[&str] = &[
    "",
    "/",
    "/.",
    "/self",
    "/self/",
    "/self/environ",
    "/self/mem",
    "/self/maps",
    "/self/exe",
    "/self/cwd",
    "/self/cwd/file",
    "/self/root",
    "/self/root/proc/self/environ",
    "/self/fd",
    "/self/fd/0",
    "/self/fd/3",
    "/self/fdinfo/0",
    "/self/task",
    "/self/../self/environ",
    "/self/map_files",
    "/thread-self",
    "/thread-self/environ",
    "/thread-self/mem",
    "/1/environ",
    "/mounts",
    "/net/tcp",
    "/sys/kernel/hostname",
    "/sys/fs/binfmt_misc",
    "/sys/fs/binfmt_misc/register",
    "/sysrq-trigger",
];

fn below<'a>(procfs: &'a str) -> impl Iterator<Item = String> + 'a {
    FILES.iter().map(move |file| format!("{procfs}{file}"))
}

/// The guest as a component, and as a module of preview1.
fn both(host: Host) -> [Run; 2] {
    [host.guest("procfs"), host.module("procfs")].map(|run| run.host_env("CANARY", "the host's own"))
}

fn out_of_reach(run: Run, what: &str, own: &str, paths: impl IntoIterator<Item = String>) {
    let run = run.args(&[what, own]);
    let run = paths.into_iter().fold(run, Run::arg).run();
    run.well().prints("procfs: out of reach\n");
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a temporary directory's path is text")
}

/// Through the whole machine, which has a procfs somewhere.
#[test]
pub(crate) fn procfs() {
    needs!(Procfs);
    each(|host| {
        for run in both(host) {
            let place = Place::new().file("f", "f");
            let parent = format!("/proc/{}", std::process::id());
            let paths = below("/proc")
                .chain(["environ", "mem", "fd/0", "root/etc/passwd"].map(|file| format!("{parent}/{file}")));
            out_of_reach(run.dir(Path::new("/"), "/"), "all", text(&place.data), paths);
        }
        for run in both(host) {
            let links = ["/dev/fd", "/dev/fd/0", "/dev/stdin", "/etc/mtab"].map(str::to_owned);
            out_of_reach(run.dir(Path::new("/"), "/"), "through", "/tmp", links);
        }
    });
}

/// By links in a directory of the guest's own: on the way, and at the end of it.
#[test]
fn procfs_by_links() {
    needs!(Procfs, Symlinks);
    each(|host| {
        for (on_the_way, at_the_end) in both(host).into_iter().zip(both(host)) {
            let place = Place::new().file("f", "f");
            let own = text(&place.data).to_owned();
            let up = "../".repeat(own.split('/').count() - 1);
            let place = place
                .link("to", format!("{up}proc/self"))
                .link("again", "to")
                .link("mem", format!("{up}proc/self/mem"));
            let _place = place.link("environ", "to/environ").link("procfs", format!("{up}proc"));
            let paths = ["to", "again", "./again", "procfs/self", "procfs/thread-self", "procfs/1"];
            let files = ["environ", "mem", "task", "fd/3", "root/etc/passwd"];
            let paths = paths
                .iter()
                .flat_map(|path| files.iter().map(|file| format!("{own}/{path}/{file}")).collect::<Vec<_>>());
            out_of_reach(on_the_way.dir(Path::new("/"), "/"), "all", &own, paths);
            let links = ["to", "again", "mem", "environ"].map(|link| format!("{own}/{link}"));
            out_of_reach(at_the_end.dir(Path::new("/"), "/"), "through", &own, links);
        }
    });
}

/// A procfs elsewhere, and single files of one.
#[test]
fn procfs_at_other_places() {
    needs!(Procfs, PrivateMounts);
    each(|host| {
        for run in both(host) {
            let place = Place::new().file("f", "f").directory("procfs/proc");
            let commands = format!("mount --rbind /proc '{}/procfs/proc'", text(&place.data));
            let paths = below("/data/procfs/proc");
            let run = run.with_mounts(&commands).dir(&place.data, "/data");
            out_of_reach(run, "all", "/data", paths);
        }
        for run in both(host) {
            let place = Place::new().file("environ", "").file("mem", "");
            let commands =
                ["environ", "mem"].map(|file| format!("mount --bind /proc/self/{file} '{}/{file}'", text(&place.data)));
            let run = run.with_mounts(&commands.join("; ")).dir(&place.data, "/data");
            // Their names are in a directory of the guest's own, and have attributes.
            out_of_reach(run, "open", "/data", ["/data/environ", "/data/mem"].map(str::to_owned));
        }
    });
}

/// A mount of procfs itself may be read. To write there would be a way out.
#[test]
fn procfs_itself_is_not_written() {
    needs!(Procfs);
    each(|host| {
        for root in ["/proc", "/proc/self"] {
            for run in both(host) {
                let below = if root == "/proc" { "/proc/self" } else { "/proc" };
                let paths = ["mem", "comm", "oom_score_adj", "environ", "clear_refs", "task/../mem", "./mem"];
                let run = run.dir(Path::new(root), "/proc");
                out_of_reach(run, "write", "/proc", paths.map(|path| format!("{below}/{path}")));
            }
        }
    });
}
