//! Stacks of the guest's functions with the time spent in each: a line a stack, `main;read_all;descriptor.read 12000`, as tools that draw
//! flame graphs read them.
//!
//! A line ends with the time in nanoseconds. Its last name is a call of the guest's, or `[guest]` for the time between two calls, in which
//! the guest computes. That time is counted for the functions that were running at both calls. The sum of all lines is the time from the
//! start of the recording to the end of the last call.
//!
//! The durations of all calls are counted, but only some calls are asked for their stack: the first 4,096, and then fewer and fewer, on average
//! one in 256 in the end. The time of any other call is counted for the stack that the last sampled call of the same function had. Which
//! calls are sampled depends on nothing but their number.
//!
//! Calls that a filter leaves out are not known here, so their time is counted as computing.
//!
//! Hazard: a program may make as many different stacks as it likes. The bytes that all of them take together are bounded, and the time of
//! those that come later is counted for `[other stacks]`.

use std::collections::HashMap;
use std::sync::Arc;

use callgate_gate::{Event, Stack};
use callgate_system::Nanoseconds;

use super::{End, Format, Run};

/// Calls at the start that are all sampled; also the number of calls after which the mean distance of samples grows by one.
const ALL: u64 = 4096;

/// The mean distance of samples, at the most.
const FARTHEST: u64 = 256;

/// The factor by which that distance grows where stacks are deeper than they are shown: looking at one takes as long as it is deep.
const DEEP: u64 = 16;

/// Bytes of all names and lines together.
const ROOM: usize = 32 << 20;

/// Bytes that a function in the tree takes besides its name.
const FUNCTION: usize = 128;

/// The last name of a line that tells how long the guest computed.
const GUEST: &str = "[guest]";

/// The outermost function of a stack whose outer functions are not known.
const CUT: &str = "[outer functions]";

/// The stack of calls that were not sampled, because they are rare.
const NOT_SAMPLED: &str = "[not sampled]";

/// The stack of those that come when there is no room for more.
const OTHERS: &str = "[other stacks]";

/// The format.
pub struct Folded {
    functions: Vec<Function>,
    /// The function that another one, by its index, calls by this name.
    called: HashMap<(usize, Arc<str>), usize>,
    lines: Vec<Line>,
    line_of: HashMap<(usize, &'static str), usize>,
    /// The line for calls of a function that are not sampled.
    last_of: HashMap<&'static str, usize>,
    /// The innermost function of the last stack that is known.
    last: usize,
    /// The stack of the last sample was deeper than it was shown.
    is_deep: bool,
    /// The time since the start of the recording up to which all is counted.
    counted: Nanoseconds,
    room: usize,
    random: u64,
}

/// A function on a stack.
struct Function {
    name: Arc<str>,
    /// The index of the one that called it; the root's is its own.
    caller: usize,
    depth: usize,
    /// Bytes of the line up to here.
    bytes: usize,
}

/// A line to come.
struct Line {
    function: usize,
    call: &'static str,
    time: Nanoseconds,
}

/// The index of the root, which stands for no function.
const ROOT: usize = 0;

impl Default for Folded {
    fn default() -> Self {
        let root = Function { name: "".into(), caller: ROOT, depth: 0, bytes: 0 };
        Self {
            functions: vec![root],
            called: HashMap::new(),
            lines: Vec::new(),
            line_of: HashMap::new(),
            last_of: HashMap::new(),
            last: ROOT,
            is_deep: false,
            counted: 0,
            room: ROOM,
            random: 0x9e37_79b9_7f4a_7c15,
        }
    }
}

impl Format for Folded {
    fn begin(&mut self, _: &Run, _: &mut Vec<u8>) {}

    fn event(&mut self, event: &Event<'_>, at: Nanoseconds, _: &mut Vec<u8>) {
        let call = event.call.function();
        let idle = at.saturating_sub(self.counted);
        // A call that was made within another one has been counted by now.
        let until = at.saturating_add(event.duration()).max(self.counted);
        let took = until - self.counted - idle;
        self.counted = until;
        let (computing, line) = match event.stack {
            Some(stack) => self.sampled(stack, call),
            None => (self.last, self.last_of.get(call).copied()),
        };
        if idle > 0 {
            let line = self.line(computing, GUEST);
            self.lines[line].time += idle;
        }
        let line = line.unwrap_or_else(|| self.line_beside_stacks(NOT_SAMPLED, call));
        self.lines[line].time += took;
    }

    /// Its time is counted as that of computing: nothing is known of it.
    fn lost(&mut self, _: u64, _: &mut Vec<u8>) {}

    fn end(&mut self, _: &End<'_>, out: &mut Vec<u8>) {
        for line in std::mem::take(&mut self.lines) {
            let functions: Vec<_> = self.stack(line.function).collect();
            for function in functions.iter().rev() {
                // Rust's names of arrays have a semicolon, `[u8; 4]`.
                out.extend(function.bytes().map(|byte| if byte == b';' { b':' } else { byte }));
                out.push(b';');
            }
            out.extend_from_slice(format!("{} {}\n", line.call, line.time).as_bytes());
        }
    }

    fn next_stack(&mut self, from: u64) -> Option<u64> {
        let distance = (from / ALL).min(FARTHEST) * if self.is_deep { DEEP } else { 1 };
        if distance == 0 {
            return Some(from);
        }
        // At random (xorshift), so that the samples of a loop are not always the same call of it.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        Some(from + self.random % (2 * distance))
    }
}

impl Folded {
    /// Notes the stack of a call. Returns the innermost function that was running all the time since the last sample, and the line of the call.
    fn sampled(&mut self, stack: &Stack, call: &'static str) -> (usize, Option<usize>) {
        self.is_deep = stack.is_cut;
        let outer = stack.is_cut.then(|| Arc::from(CUT));
        let functions = outer.into_iter().chain(stack.functions.iter().cloned());
        let Some(innermost) = functions.into_iter().try_fold(ROOT, |caller, name| self.function(caller, name)) else {
            let line = self.line_beside_stacks(OTHERS, call);
            self.last_of.insert(call, line);
            return (self.last, Some(line));
        };
        let line = self.line(innermost, call);
        self.last_of.insert(call, line);
        let shared = self.shared(self.last, innermost);
        self.last = innermost;
        (shared, Some(line))
    }

    /// The function of this name that `caller` calls; none where there is no room for it.
    fn function(&mut self, caller: usize, name: Arc<str>) -> Option<usize> {
        let key = (caller, name);
        if let Some(known) = self.called.get(&key) {
            return Some(*known);
        }
        self.room = self.room.checked_sub(FUNCTION + key.1.len())?;
        Some(self.add(key))
    }

    fn add(&mut self, key: (usize, Arc<str>)) -> usize {
        let (caller, name) = (key.0, Arc::clone(&key.1));
        let Function { depth, bytes, .. } = self.functions[caller];
        self.functions.push(Function { depth: depth + 1, bytes: bytes + name.len() + 1, name, caller });
        self.called.insert(key, self.functions.len() - 1);
        self.functions.len() - 1
    }

    /// The innermost function that two stacks have in common.
    fn shared(&self, mut one: usize, mut other: usize) -> usize {
        while one != other {
            if self.functions[one].depth >= self.functions[other].depth {
                one = self.functions[one].caller;
            } else {
                other = self.functions[other].caller;
            }
        }
        one
    }

    /// The index of the line for `call` by this function, or of the one for calls that there is no room for.
    fn line(&mut self, function: usize, call: &'static str) -> usize {
        if let Some(line) = self.line_of.get(&(function, call)) {
            return *line;
        }
        let bytes = self.functions[function].bytes + call.len() + FUNCTION;
        let Some(room) = self.room.checked_sub(bytes) else { return self.line_beside_stacks(OTHERS, call) };
        self.room = room;
        self.add_line(function, call)
    }

    /// The line for `call` below one of our own names. There is always room for it: such names are few, and so are calls.
    fn line_beside_stacks(&mut self, name: &'static str, call: &'static str) -> usize {
        let key = (ROOT, Arc::from(name));
        let function = self.called.get(&key).copied().unwrap_or_else(|| self.add(key));
        self.line_of.get(&(function, call)).copied().unwrap_or_else(|| self.add_line(function, call))
    }

    fn add_line(&mut self, function: usize, call: &'static str) -> usize {
        self.lines.push(Line { function, call, time: 0 });
        self.line_of.insert((function, call), self.lines.len() - 1);
        self.lines.len() - 1
    }

    /// The names of the functions of a stack, the innermost first.
    fn stack(&self, innermost: usize) -> impl Iterator<Item = &str> {
        let callers = std::iter::successors(Some(innermost), |function| Some(self.functions[*function].caller));
        callers.take_while(|function| *function != ROOT).map(|function| &*self.functions[function].name)
    }
}
