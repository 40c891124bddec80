//! A guest that makes a list of calls of preview1, one after the other, whatever they are answered.

use std::fmt::Write as _;

/// A call. The first number is the descriptor that the path is relative to: 3 is the mount, and what is opened gets the next ones.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step<'a> {
    Stat(u32, Links, &'a str),
    /// With bits of `oflags`: 1 to create, 2 for a directory, 4 exclusively, 8 to truncate; to read and write.
    Open(u32, Links, &'a str, u32),
    Symlink(&'a str, u32, &'a str),
    Rename(u32, &'a str, u32, &'a str),
    Link(Links, u32, &'a str, u32, &'a str),
    CreateDirectory(u32, &'a str),
    RemoveDirectory(u32, &'a str),
    Unlink(u32, &'a str),
    Readlink(u32, &'a str),
    SetTimes(u32, Links, &'a str),
}

/// Whether a link at the end of the path is followed: `lookupflags`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Links {
    Kept = 0,
    Followed = 1,
}

const HEAD: &str = r#"(module
  (import "wasi_snapshot_preview1" "path_filestat_get" (func $stat (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_symlink" (func $symlink (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_rename" (func $rename (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_link" (func $link (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_create_directory" (func $mkdir (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_remove_directory" (func $rmdir (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file" (func $unlink (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_readlink" (func $readlink (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_set_times"
    (func $times (param i32 i32 i32 i32 i64 i64 i32) (result i32)))
  (memory (export "memory") 2)
  (func (export "_start")
"#;

/// The module that makes these calls.
pub(crate) fn module(steps: &[Step<'_>]) -> String {
    let (mut code, mut data, mut at) = (HEAD.to_owned(), String::new(), 65_536);
    let mut text = |text: &str| {
        let placed = format!("(i32.const {at}) (i32.const {})", text.len());
        writeln!(data, "  (data (i32.const {at}) {text:?})").unwrap();
        at += text.len();
        placed
    };
    for step in steps {
        let int = |number: u32| format!("(i32.const {number})");
        let call = match *step {
            Step::Stat(dir, links, path) => {
                format!("$stat {} {} {} (i32.const 0)", int(dir), int(links as u32), text(path))
            }
            Step::Open(dir, links, path, flags) => {
                // fd_read, fd_write, path_open and all that is done with paths below.
                let rights = if flags & 2 != 0 { 0x1FFF_FFBF_u64 } else { 0x42 };
                let (dir, links, path, flags) = (int(dir), int(links as u32), text(path), int(flags));
                let rights = format!("(i64.const {rights}) (i64.const {})", 0x1FFF_FFFF);
                format!("$open {dir} {links} {path} {flags} {rights} (i32.const 0) (i32.const 0)")
            }
            Step::Symlink(target, dir, path) => format!("$symlink {} {} {}", text(target), int(dir), text(path)),
            Step::Rename(dir, path, new_dir, new_path) => {
                format!("$rename {} {} {} {}", int(dir), text(path), int(new_dir), text(new_path))
            }
            Step::Link(links, dir, path, new_dir, new_path) => {
                let (from, to) = (text(path), text(new_path));
                format!("$link {} {} {from} {} {to}", int(dir), int(links as u32), int(new_dir))
            }
            Step::CreateDirectory(dir, path) => format!("$mkdir {} {}", int(dir), text(path)),
            Step::RemoveDirectory(dir, path) => format!("$rmdir {} {}", int(dir), text(path)),
            Step::Unlink(dir, path) => format!("$unlink {} {}", int(dir), text(path)),
            Step::Readlink(dir, path) => {
                format!("$readlink {} {} (i32.const 1024) (i32.const 1024) (i32.const 0)", int(dir), text(path))
            }
            Step::SetTimes(dir, links, path) => {
                let (dir, links, path) = (int(dir), int(links as u32), text(path));
                // Both times to now.
                format!("$times {dir} {links} {path} (i64.const 0) (i64.const 0) (i32.const 10)")
            }
        };
        writeln!(code, "    (drop (call {call}))").unwrap();
    }
    format!("{code}  )\n{data})")
}
