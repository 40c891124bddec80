//! Fetches the source of Rust's std, and the C library of WASI, from Debian: the source has to be of the very version of the
//! compiler, which the machine's own release seldom has, so later suites are asked, at the mirror that the machine uses.
//!
//! Nothing is installed. apt works on a state of its own (lists, cache, sources) below `target/setup/`, and the packages are
//! only unpacked there. The unpacked folder gets its final name when it is complete, and is then used again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, bail};

use super::apt_sources::{self, Source};
use crate::process;

/// Suites that may hold the compiler's version, most likely first.
const SUITES: &[&str] = &["trixie-backports", "trixie", "forky", "sid"];
const RUST_SOURCE: &str = "rust-src";
const WASI_LIBC: &str = "wasi-libc";

/// Unpacked packages.
pub(crate) struct Packages {
    root: PathBuf,
    /// The folder that holds `library/`.
    pub(crate) source: PathBuf,
}

impl Packages {
    /// Where the C library of a WASI target is.
    pub(crate) fn libc(&self, triple: &str) -> PathBuf {
        self.root.join("usr/lib").join(triple)
    }
}

/// Gets the packages for a compiler version, from the network only the first time.
pub(crate) fn packages(release: &str, own: &Path) -> Result<Packages> {
    let root = own.join(format!("debian-{release}"));
    let source = format!("usr/src/rustc-{release}");
    unpacked(&[(RUST_SOURCE, Some(release)), (WASI_LIBC, None)], &source, &root, own)?;
    Ok(Packages { source: root.join(source), root })
}

/// Gets WASI's C library alone: the folder that holds its `include/`, wherein `file` is.
pub(crate) fn wasi_libc(file: &str, own: &Path) -> Result<PathBuf> {
    let root = own.join("debian-wasi-libc");
    unpacked(&[(WASI_LIBC, None)], &format!("usr/{file}"), &root, own)?;
    Ok(root.join("usr"))
}

/// A package and, unless any will do, the upstream version.
type Wanted<'a> = (&'a str, Option<&'a str>);

/// Makes sure that packages are unpacked below `root`, and hold `file`, out of the first suite that has such.
fn unpacked(wanted: &[Wanted<'_>], file: &str, root: &Path, own: &Path) -> Result<()> {
    if root.join(file).exists() {
        return Ok(());
    }
    for program in ["apt-get", "apt-cache", "apt-config", "dpkg"] {
        if !process::exists(program) {
            bail!("there is no `{program}`, so this is no Debian");
        }
    }
    let mut failure = None;
    for source in &archives()? {
        for suite in SUITES {
            let apt = Apt::new(own.join("apt").join(suite), &source.paragraph(suite))?;
            match fetch(&apt, wanted, file, root) {
                Ok(()) => return Ok(()),
                Err(error) => failure = failure.or(Some(error.context(format!("suite {suite}")))),
            }
        }
    }
    Err(failure.unwrap_or_else(|| anyhow!("apt's configuration names no archive of Debian's own packages")))
}

fn fetch(apt: &Apt, wanted: &[Wanted<'_>], file: &str, root: &Path) -> Result<()> {
    process::capture(apt.command("apt-get").arg("update"))?;
    let downloads = apt.folder.join("downloads");
    recreate(&downloads)?;
    for (package, release) in wanted {
        let versions = process::capture(apt.command("apt-cache").args(["madison", package]))?;
        let version = matching(&versions, *release)
            .with_context(|| format!("it has no {package} {}", release.unwrap_or_default()))?;
        println!("    downloading {package} {version}");
        let mut download = apt.command("apt-get");
        download.arg("download").arg(format!("{package}={version}"));
        process::capture(download.current_dir(&downloads))?;
    }

    let partial = root.with_extension("partial");
    recreate(&partial)?;
    for package in fs::read_dir(&downloads)? {
        process::capture(Command::new("dpkg").arg("-x").arg(package?.path()).arg(&partial))?;
    }
    if !partial.join(file).exists() {
        bail!("its packages do not hold {file}");
    }
    fs::rename(&partial, root).with_context(|| format!("cannot rename {}", partial.display()))?;
    let _ = fs::remove_dir_all(&downloads);
    Ok(())
}

/// The first version of `apt-cache madison`'s table that is of this upstream version, or the first at all.
fn matching(table: &str, release: Option<&str>) -> Option<String> {
    let versions = table.lines().filter_map(|line| Some(line.split('|').nth(1)?.trim()));
    let upstream = |version: &str| version.split(['+', '-', '~']).next() == release;
    versions.into_iter().find(|version| release.is_none() || upstream(version)).map(str::to_owned)
}

/// The machine's sources that are the distribution's archive.
fn archives() -> Result<Vec<Source>> {
    let os_release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let codename = value(&os_release, "VERSION_CODENAME").unwrap_or_default();
    let places = ["list", "Dir::Etc::sourcelist/f", "parts", "Dir::Etc::sourceparts/d"];
    let places = process::capture(Command::new("apt-config").arg("shell").args(places))?;
    let mut files: Vec<PathBuf> = value(&places, "list").map(PathBuf::from).into_iter().collect();
    if let Some(parts) = value(&places, "parts")
        && let Ok(entries) = fs::read_dir(parts)
    {
        files.extend(entries.flatten().map(|entry| entry.path()));
    }
    files.sort();
    let mut sources = Vec::new();
    for file in files {
        let Ok(text) = fs::read_to_string(&file) else {
            continue;
        };
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("sources") => sources.extend(apt_sources::parse_paragraphs(&text)),
            Some("list") => sources.extend(apt_sources::parse_lines(&text)),
            _ => {}
        }
    }
    sources.retain(|source| source.is_distribution(&codename));
    Ok(sources)
}

/// The value of a variable in text that a shell could read.
fn value(text: &str, name: &str) -> Option<String> {
    let assigned = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
    Some(assigned.trim().trim_matches(['\'', '"']).to_owned())
}

/// apt with a state of its own.
struct Apt {
    folder: PathBuf,
}

impl Apt {
    fn new(folder: PathBuf, sources: &str) -> Result<Self> {
        for part in ["parts", "lists/partial", "cache/archives/partial"] {
            let part = folder.join(part);
            fs::create_dir_all(&part).with_context(|| format!("cannot create {}", part.display()))?;
        }
        let file = folder.join("parts/mirror.sources");
        fs::write(&file, sources).with_context(|| format!("cannot write {}", file.display()))?;
        Ok(Self { folder })
    }

    /// A command of apt's. Options of its command line go before the machine's configuration, whose other settings (a proxy)
    /// stay in force.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let folder = |name: &str| self.folder.join(name).display().to_string();
        for setting in [
            "Dir::Etc::sourcelist=/dev/null".to_owned(),
            format!("Dir::Etc::sourceparts={}", folder("parts")),
            format!("Dir::State::lists={}", folder("lists")),
            format!("Dir::Cache={}", folder("cache")),
            "APT::Sandbox::User=root".to_owned(),
            "APT::Update::Error-Mode=any".to_owned(),
            "Acquire::Retries=0".to_owned(),
            "Acquire::http::Timeout=20".to_owned(),
        ] {
            command.arg("-o").arg(setting);
        }
        command.arg("-q").env("LC_ALL", "C");
        command
    }
}

fn recreate(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_the_compiler_is_found() {
        let table = " rust-src | 1.96.1+dfsg1-2~bpo13+1 | http://mirror.example/debian trixie-backports/main amd64 Packages\n \
                     rust-src | 1.95.0+dfsg1-2~bpo13+1 | http://mirror.example/debian trixie-backports/main amd64 Packages\n";
        assert_eq!(matching(table, Some("1.95.0")).as_deref(), Some("1.95.0+dfsg1-2~bpo13+1"));
        assert_eq!(matching(table, None).as_deref(), Some("1.96.1+dfsg1-2~bpo13+1"));
        assert_eq!(matching(table, Some("1.95")), None);
        assert_eq!(matching("", None), None);
    }

    #[test]
    fn shell_values() {
        let text = "list='/etc/apt/sources.list'\nVERSION_CODENAME=bookworm\nNAME=\"Debian GNU/Linux\"\n";
        assert_eq!(value(text, "list").as_deref(), Some("/etc/apt/sources.list"));
        assert_eq!(value(text, "VERSION_CODENAME").as_deref(), Some("bookworm"));
        assert_eq!(value(text, "NAME").as_deref(), Some("Debian GNU/Linux"));
        assert_eq!(value(text, "parts"), None);
    }
}
