//! Core modules made on the spot: a list of calls of WASI preview1 with what each must answer. They say what no compiler would
//! let a program say: addresses beyond the memory, numbers that nobody gave out, structures with rubbish in their gaps.
//!
//! A module ends with 0 when all went as listed, else with the step, and writes that step's answer, four bytes, to stdout.

use std::collections::BTreeSet;
use std::fmt::Write;

/// Every function: its parameters, `i` for 32 bits and `l` for 64. `proc_exit` alone returns nothing.
pub const FUNCTIONS: [(&str, &str); 46] = [
    ("args_get", "ii"),
    ("args_sizes_get", "ii"),
    ("clock_res_get", "ii"),
    ("clock_time_get", "ili"),
    ("environ_get", "ii"),
    ("environ_sizes_get", "ii"),
    ("fd_advise", "illi"),
    ("fd_allocate", "ill"),
    ("fd_close", "i"),
    ("fd_datasync", "i"),
    ("fd_fdstat_get", "ii"),
    ("fd_fdstat_set_flags", "ii"),
    ("fd_fdstat_set_rights", "ill"),
    ("fd_filestat_get", "ii"),
    ("fd_filestat_set_size", "il"),
    ("fd_filestat_set_times", "illi"),
    ("fd_pread", "iiili"),
    ("fd_prestat_dir_name", "iii"),
    ("fd_prestat_get", "ii"),
    ("fd_pwrite", "iiili"),
    ("fd_read", "iiii"),
    ("fd_readdir", "iiili"),
    ("fd_renumber", "ii"),
    ("fd_seek", "ilii"),
    ("fd_sync", "i"),
    ("fd_tell", "ii"),
    ("fd_write", "iiii"),
    ("path_create_directory", "iii"),
    ("path_filestat_get", "iiiii"),
    ("path_filestat_set_times", "iiiilli"),
    ("path_link", "iiiiiii"),
    ("path_open", "iiiiillii"),
    ("path_readlink", "iiiiii"),
    ("path_remove_directory", "iii"),
    ("path_rename", "iiiiii"),
    ("path_symlink", "iiiii"),
    ("path_unlink_file", "iii"),
    ("poll_oneoff", "iiii"),
    ("proc_exit", "i"),
    ("proc_raise", "i"),
    ("random_get", "ii"),
    ("sched_yield", ""),
    ("sock_accept", "iii"),
    ("sock_recv", "iiiiii"),
    ("sock_send", "iiiii"),
    ("sock_shutdown", "ii"),
];

/// Where a step's answer and the list of its one buffer lie; a module's own data stays below.
const ANSWER: u32 = 65_000;

/// A module in the making.
pub struct Calls {
    interface: &'static str,
    pages: u32,
    imports: BTreeSet<&'static str>,
    data: String,
    body: String,
    steps: Vec<String>,
}

impl Default for Calls {
    fn default() -> Self {
        Self::new()
    }
}

impl Calls {
    /// Of `wasi_snapshot_preview1`.
    #[must_use]
    pub fn new() -> Self {
        Self::of("wasi_snapshot_preview1")
    }

    /// Of an interface of this name.
    #[must_use]
    pub fn of(interface: &'static str) -> Self {
        let imports = BTreeSet::from(["fd_write", "proc_exit"]);
        Self { interface, pages: 1, imports, data: String::new(), body: String::new(), steps: Vec::new() }
    }

    /// With so many pages of memory, of 64 KiB each.
    #[must_use]
    pub fn pages(mut self, pages: u32) -> Self {
        self.pages = pages;
        self
    }

    /// Puts bytes at an address before the start.
    #[must_use]
    pub fn data(mut self, at: u32, bytes: impl AsRef<[u8]>) -> Self {
        let text: String = bytes.as_ref().iter().map(|byte| format!("\\{byte:02x}")).collect();
        self.data += &format!("  (data (i32.const {at}) \"{text}\")\n");
        self
    }

    /// Fills so many bytes with one value.
    #[must_use]
    pub fn fill(mut self, at: u32, value: u8, len: u32) -> Self {
        self.body += &format!("    (memory.fill (i32.const {at}) (i32.const {value}) (i32.const {len}))\n");
        self
    }

    /// Repeats the `len` bytes at `at` behind themselves, `times` times in all.
    #[must_use]
    pub fn repeat(mut self, at: u32, len: u32, times: u32) -> Self {
        assert!(times > 1, "once is there already");
        let target = format!("(i32.add (i32.const {at}) (i32.mul (local.get $n) (i32.const {len})))");
        self.body += &format!(
            "    (local.set $n (i32.const 1))\n    (loop $again\n      \
             (memory.copy {target} (i32.const {at}) (i32.const {len}))\n      \
             (local.set $n (i32.add (local.get $n) (i32.const 1)))\n      \
             (br_if $again (i32.lt_u (local.get $n) (i32.const {times}))))\n"
        );
        self
    }

    /// Calls a function, which must answer `errno`.
    #[must_use]
    pub fn call(mut self, name: &'static str, arguments: &[i64], errno: u32) -> Self {
        let call = self.text_of(name, arguments);
        self.expect(format!("{name}{arguments:?}"), &call, errno)
    }

    /// Calls a function, which may answer anything.
    #[must_use]
    pub fn whatever(mut self, name: &'static str, arguments: &[i64]) -> Self {
        let call = self.text_of(name, arguments);
        self.body += &if name == "proc_exit" { format!("    {call}\n") } else { format!("    (drop {call})\n") };
        self
    }

    /// The 32 bits at an address must be these.
    #[must_use]
    pub fn holds(self, at: u32, value: u32) -> Self {
        let load = format!("(i32.load align=1 (i32.const {at}))");
        self.expect(format!("the word at {at}"), &load, value)
    }

    /// The byte at an address must be this.
    #[must_use]
    pub fn holds_byte(self, at: u32, value: u8) -> Self {
        let load = format!("(i32.load8_u (i32.const {at}))");
        self.expect(format!("the byte at {at}"), &load, value.into())
    }

    fn expect(mut self, what: String, text: &str, value: u32) -> Self {
        self.steps.push(format!("{what}, which must be {value}"));
        let step = self.steps.len();
        let value = value.cast_signed();
        writeln!(self.body, "    (call $expect (i32.const {step}) {text} (i32.const {value}))").ok();
        self
    }

    fn text_of(&mut self, name: &'static str, arguments: &[i64]) -> String {
        self.imports.insert(name);
        let kinds = parameters(name);
        assert_eq!(kinds.len(), arguments.len(), "arguments of {name}");
        let mut text = format!("(call ${name}");
        for (kind, argument) in kinds.chars().zip(arguments) {
            match kind {
                'l' => write!(text, " (i64.const {argument})").ok(),
                _ => write!(text, " (i32.const {})", *argument as i32).ok(),
            };
        }
        text + ")"
    }

    /// The text of step `number`.
    #[must_use]
    pub fn step(&self, number: i32) -> &str {
        let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        index.and_then(|index| self.steps.get(index)).map_or("no step", String::as_str)
    }

    /// The module, in the text format.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::from("(module\n");
        for name in &self.imports {
            let kinds: String =
                parameters(name).chars().map(|kind| if kind == 'l' { " i64" } else { " i32" }).collect();
            let result = if *name == "proc_exit" { "" } else { " (result i32)" };
            writeln!(text, "  (import \"{}\" \"{name}\" (func ${name} (param{kinds}){result}))", self.interface).ok();
        }
        let (pages, data, body) = (self.pages, &self.data, &self.body);
        let list = ANSWER + 8;
        text + &format!(
            "  (memory (export \"memory\") {pages})\n{data}\
             \x20 (func $expect (param $step i32) (param $is i32) (param $must i32)\n    \
             (if (i32.eq (local.get $is) (local.get $must)) (then (return)))\n    \
             (i32.store (i32.const {ANSWER}) (local.get $is))\n    \
             (i32.store (i32.const {list}) (i32.const {ANSWER}))\n    \
             (i32.store (i32.const {}) (i32.const 4))\n    \
             (drop (call $fd_write (i32.const 1) (i32.const {list}) (i32.const 1) (i32.const {})))\n    \
             (call $proc_exit (local.get $step)))\n  \
             (func (export \"_start\") (local $n i32)\n{body}))\n",
            list + 4,
            list + 8,
        )
    }
}

fn parameters(name: &str) -> &'static str {
    let found = FUNCTIONS.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("there is no function {name}")).1
}
