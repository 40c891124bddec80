//! The table of mounts: proc_pid_mountinfo(5).

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use rustix::io::{Errno, Result};

/// One mount.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    /// The device of its file system, as the table writes it: `8:1`.
    pub(crate) device: String,
    /// The directory of that file system which it shows.
    pub(crate) root: PathBuf,
    /// The place where it shows it.
    pub(crate) point: PathBuf,
    /// The type of its file system.
    pub(crate) kind: String,
}

/// All mounts that this process sees, in the order in which they hide each other.
pub(crate) struct Table(Vec<Mount>);

impl Table {
    pub(crate) fn read() -> Result<Self> {
        let text = std::fs::read("/proc/self/mountinfo");
        let text = text.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        // Fail closed: a line that can't be read might be the one that matters.
        parse(&text).map(Self).ok_or(Errno::PROTO)
    }

    /// The mount that `path` is on. None where a chroot hides it: then it is that of the root of this process.
    pub(crate) fn of(&self, path: &Path) -> Option<&Mount> {
        // Of two at one place the later one is seen; `max_by_key` takes the last of equals.
        self.0
            .iter()
            .filter(|mount| path.starts_with(&mount.point))
            .max_by_key(|mount| mount.point.components().count())
    }

    /// The places of all mounts.
    pub(crate) fn into_points(self) -> Vec<PathBuf> {
        self.0.into_iter().map(|mount| mount.point).collect()
    }

    /// The mounts in `path` and below it.
    pub(crate) fn below<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = &'a Mount> {
        self.0.iter().filter(move |mount| mount.point.starts_with(path))
    }
}

fn parse(text: &[u8]) -> Option<Vec<Mount>> {
    text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).map(mount).collect()
}

/// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`
fn mount(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|&byte| byte == b' ');
    let device = text(fields.nth(2)?)?;
    let (root, point) = (unescaped(fields.next()?), unescaped(fields.next()?));
    let kind = text(fields.skip_while(|field| *field != b"-").nth(1)?)?;
    Some(Mount { device, root, point, kind })
}

fn text(field: &[u8]) -> Option<String> {
    String::from_utf8(field.to_vec()).ok()
}

/// Spaces, tabs, line feeds and backslashes stand as `\040`.
fn unescaped(field: &[u8]) -> PathBuf {
    let (mut bytes, mut rest) = (Vec::new(), field);
    while let Some((&byte, after)) = rest.split_first() {
        match after.split_at_checked(3).and_then(|(digits, behind)| Some((octal(digits)?, behind))) {
            Some((escaped, behind)) if byte == b'\\' => (bytes.push(escaped), rest = behind),
            _ => (bytes.push(byte), rest = after),
        };
    }
    OsString::from_vec(bytes).into()
}

fn octal(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(str::from_utf8(digits).ok()?, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
36 27 254:0 /srv/a\\040b\\134c /mnt/b\\040x rw master:1 propagate_from:2 - ext4 /dev/vda rw
40 27 0:50 / /mnt rw - tmpfs none rw
41 27 0:51 / /mnt rw - tmpfs none rw
";

    fn table() -> Table {
        Table(parse(TEXT.as_bytes()).unwrap())
    }

    #[test]
    fn a_line_is_taken_apart() {
        let found = &table().0[2];
        assert_eq!((found.device.as_str(), found.kind.as_str()), ("254:0", "ext4"));
        assert_eq!((found.root.to_str(), found.point.to_str()), (Some("/srv/a b\\c"), Some("/mnt/b x")));
    }

    #[test]
    fn what_is_no_line_is_no_table() {
        for wrong in ["x", "36 35 98:0", "36 35 98:0 / / rw", "36 35 98:0 / / rw -"] {
            assert!(parse(format!("{TEXT}{wrong}\n").as_bytes()).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_path_is_on_the_innermost_mount_that_was_made_last() {
        let table = table();
        let device = |path: &str| table.of(Path::new(path)).unwrap().device.as_str();
        assert_eq!(device("/"), "254:0");
        assert_eq!(device("/procx"), "254:0");
        assert_eq!(device("/proc/1"), "0:21");
        assert_eq!(device("/mnt/c"), "0:51");
        assert_eq!(device("/mnt/b x/y"), "254:0");
        assert!(Table(Vec::new()).of(Path::new("/a")).is_none());
        let points = |path: &str| table.below(Path::new(path)).count();
        assert_eq!((points("/"), points("/mnt"), points("/mn"), points("/proc")), (5, 3, 0, 1));
    }
}
