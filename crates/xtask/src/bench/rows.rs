//! The rows that are measured, and how fast each has to be. To add a row, add it here, and, if the program measures it, in
//! `guest/bench`.

use std::fmt;

use super::contender::Contender;

/// The measurement that a row's number comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// The bench program measures it, in nanoseconds.
    Inside,
    /// The same program does, as a module of WASI preview1; its name for the row is the key without its prefix.
    InsideModule,
    /// The bench program does, and callgate writes its trace into a file, as text; natively nothing is traced. The program's name for the row is
    /// the key without its prefix.
    InsideText,
    /// The same, with the trace as lines of JSON.
    InsideJsonl,
    /// From start to end of a program, in nanoseconds; code comes from the host's cache.
    StartCached,
    /// The same, with code compiled beforehand.
    StartPrecompiled,
    /// The most memory that a process held, in KiB.
    PeakMemory,
    /// From start to end of ripgrep over many files, on one thread, in nanoseconds; code comes from the host's cache.
    Ripgrep,
    /// The same, and callgate writes its trace into a file, as text; natively nothing is traced.
    RipgrepText,
    /// The same, with the trace as lines of JSON.
    RipgrepJsonl,
}

impl Kind {
    /// True if this contender can do the measurement.
    pub(crate) fn is_for(self, contender: Contender) -> bool {
        match contender {
            Contender::Native | Contender::Callgate => true,
            Contender::Wasmtime => self.trace_format().is_none(),
            Contender::WasiCommon => self == Self::InsideModule,
        }
    }

    /// True if one run of the bench program measures all rows of this kind.
    pub(crate) fn is_inside(self) -> bool {
        matches!(self, Self::Inside | Self::InsideModule | Self::InsideText | Self::InsideJsonl)
    }

    /// True if the measurement takes ripgrep.
    pub(crate) fn is_ripgrep(self) -> bool {
        matches!(self, Self::Ripgrep | Self::RipgrepText | Self::RipgrepJsonl)
    }

    /// The format of callgate's trace, where it writes one.
    pub(crate) fn trace_format(self) -> Option<&'static str> {
        match self {
            Self::InsideText | Self::RipgrepText => Some("text"),
            Self::InsideJsonl | Self::RipgrepJsonl => Some("jsonl"),
            _ => None,
        }
    }

    /// What stands in the key of a row before the bench program's own name for it.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::InsideModule => "p1-",
            Self::InsideText => "text-",
            Self::InsideJsonl => "jsonl-",
            _ => "",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inside => "the bench program",
            Self::InsideModule => "the bench program as a module",
            Self::InsideText => "the bench program, traced as text",
            Self::InsideJsonl => "the bench program, traced as jsonl",
            Self::StartCached => "hello, code cached",
            Self::StartPrecompiled => "hello, precompiled",
            Self::PeakMemory => "hello's memory",
            Self::Ripgrep => "ripgrep",
            Self::RipgrepText => "ripgrep, traced as text",
            Self::RipgrepJsonl => "ripgrep, traced as jsonl",
        })
    }
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    /// The name that the bench program and `--json` use for the row.
    pub(crate) key: &'static str,
    pub(crate) title: &'static str,
    pub(crate) kind: Kind,
    /// The target: callgate / wasmtime, at most; 1 where nothing else was asked for.
    pub(crate) of_wasmtime: f64,
    /// The goal after that: callgate / native, at most.
    pub(crate) of_native: Option<f64>,
    /// The target under Wine: callgate / a host over wasmtime's library, at most. Starts there are mostly Wine's own. None where
    /// Wine can't show it: its own memory would be measured with a program's.
    under_wine: Option<f64>,
}

impl Row {
    /// The bench program's name for what it measures.
    pub(crate) fn name(&self) -> &'static str {
        self.key.strip_prefix(self.kind.prefix()).unwrap_or(self.key)
    }

    /// The calls of an operation, where its traced row is compared with the untraced one.
    pub(crate) fn calls(&self) -> Option<f64> {
        match self.name() {
            "instant-now" => Some(1.0),
            // `metadata-hash-at` and `stat-at`.
            "metadata-1" => Some(2.0),
            _ => None,
        }
    }

    /// The row with its target under Wine, where it is shown there.
    pub(crate) fn under_wine(&self) -> Option<Self> {
        Some(Self { of_wasmtime: self.under_wine?, of_native: None, ..*self })
    }
}

const fn inside(key: &'static str, title: &'static str, of_wasmtime: f64, of_native: f64, under_wine: f64) -> Row {
    Row { key, title, kind: Kind::Inside, of_wasmtime, of_native: Some(of_native), under_wine: Some(under_wine) }
}

const fn module(key: &'static str, title: &'static str, of_wasmtime: f64, of_native: f64, under_wine: f64) -> Row {
    Row { key, title, kind: Kind::InsideModule, of_wasmtime, of_native: Some(of_native), under_wine: Some(under_wine) }
}

const fn traced(key: &'static str, title: &'static str, kind: Kind) -> Row {
    Row { key, title, kind, of_wasmtime: 1.0, of_native: None, under_wine: None }
}

pub(crate) const ROWS: &[Row] = &[
    inside("instant-now", "Instant::now", 0.45, 1.6, 0.50),
    inside("system-time-now", "SystemTime::now", 0.45, 2.0, 0.50),
    inside("metadata-1", "fs::metadata, 1 component", 0.45, 1.25, 0.25),
    inside("metadata-7", "fs::metadata, 7 components", 0.45, 2.1, 0.25),
    inside("open-close", "File::open + close", 0.60, 1.3, 0.25),
    inside("create-unlink", "create + unlink", 1.00, 1.05, 0.25),
    inside("read-dir-100", "read_dir of 100 entries", 0.35, 4.5, 0.25),
    inside("read-1", "read 1 byte", 0.50, 1.25, 0.15),
    inside("read-4k", "read 4 KiB", 0.50, 1.2, 0.15),
    inside("read-64k", "read 64 KiB", 0.50, 1.15, 0.15),
    inside("write-1", "write 1 byte", 0.08, 1.3, 0.15),
    inside("write-4k", "write 4 KiB", 0.08, 1.25, 0.15),
    inside("write-64k", "write 64 KiB", 0.20, 1.1, 0.15),
    inside("stderr-16", "16 bytes to stderr", 0.40, 1.7, 1.00),
    inside("tcp-1", "TCP ping-pong, 1 byte", 0.65, 1.1, 1.00),
    inside("tcp-64k", "TCP ping-pong, 64 KiB", 0.60, 1.1, 1.00),
    module("p1-instant-now", "preview1: clock_time_get", 0.90, 2.0, 1.00),
    module("p1-metadata-1", "preview1: path_filestat_get", 0.90, 1.5, 1.00),
    module("p1-open-close", "preview1: path_open + fd_close", 0.90, 1.3, 1.00),
    module("p1-read-1", "preview1: fd_read, 1 byte", 0.90, 1.2, 1.00),
    module("p1-read-64k", "preview1: fd_read, 64 KiB", 0.90, 1.1, 1.00),
    module("p1-write-1", "preview1: fd_write, 1 byte", 0.90, 1.3, 1.00),
    module("p1-write-64k", "preview1: fd_write, 64 KiB", 0.90, 1.1, 1.00),
    traced("text-instant-now", "Instant::now, traced as text", Kind::InsideText),
    traced("jsonl-instant-now", "Instant::now, traced as jsonl", Kind::InsideJsonl),
    traced("text-metadata-1", "fs::metadata, traced as text", Kind::InsideText),
    traced("jsonl-metadata-1", "fs::metadata, traced as jsonl", Kind::InsideJsonl),
    Row {
        key: "hello-cached",
        title: "hello, code cached",
        kind: Kind::StartCached,
        of_wasmtime: 0.40,
        of_native: Some(2.0),
        under_wine: Some(1.00),
    },
    Row {
        key: "hello-precompiled",
        title: "hello, precompiled",
        kind: Kind::StartPrecompiled,
        of_wasmtime: 0.50,
        of_native: Some(2.0),
        under_wine: Some(1.00),
    },
    Row {
        key: "hello-memory",
        title: "hello, peak memory (KiB)",
        kind: Kind::PeakMemory,
        of_wasmtime: 0.60,
        of_native: None,
        under_wine: None,
    },
    Row {
        key: "ripgrep",
        title: "ripgrep -j1 -c, 800 files",
        kind: Kind::Ripgrep,
        of_wasmtime: 1.00,
        of_native: Some(1.6),
        under_wine: None,
    },
    Row {
        key: "ripgrep-traced",
        title: "the same, traced as text",
        kind: Kind::RipgrepText,
        of_wasmtime: 1.00,
        of_native: Some(2.0),
        under_wine: None,
    },
    traced("ripgrep-jsonl", "the same, traced as jsonl", Kind::RipgrepJsonl),
];
