//! The engine, set up once for many programs.
//!
//! Its settings are part of the product: components of WASI 0.2 run without support for component-model concurrency,
//! which more than halves the cost of a host call (docs/decisions/0002-engine-settings.md).

use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use wasmtime::component::Linker;
use wasmtime::{Config, Engine, WasmBacktraceDetails};

use crate::bind;
use crate::host::Host;
use crate::program::{CodeCache, DebugInfo};
use crate::stacks;

/// The settings for compiling programs and binding their calls.
#[derive(Clone, Debug, Default)]
pub struct RuntimeOptions {
    /// Let a time limit end a guest that computes without calling anything. Such code checks a counter in each loop
    /// and function; code compiled without has no such cost, and [`crate::Sandbox::timeout`] then ends waits only.
    pub interruptible: bool,
    /// Keep compiled code in this folder, made where missing, at most 1 GiB of it. `None`, or a folder that cannot be used because
    /// it belongs to another user, or others may write to it, or its file system keeps no modes: compile anew each time.
    pub cache: Option<PathBuf>,
    /// The way that the calls of components reach the host.
    pub binding: Binding,
}

/// The way that the calls of a component reach the host. The component sees no difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Binding {
    /// As core calls, where the component's shape permits it; else through the engine's component layer.
    #[default]
    Direct,
    /// Through the engine's component layer, always. Calling a function by name takes this
    /// ([`Sandbox::invoke`](crate::Sandbox::invoke)).
    Engine,
}

/// A compiler and linker for programs. Cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    pub(crate) engine: Engine,
    pub(crate) cache: Option<CodeCache>,
    /// A hash of the engine's version and settings, and of this library's.
    pub(crate) settings: u64,
    /// The linker of components through the engine. It is made when the first one is linked, since most never are.
    linker: Arc<OnceLock<Linker<Host>>>,
    pub(crate) interruptible: bool,
    pub(crate) binding: Binding,
    pub(crate) debug_info: DebugInfo,
}

/// The engine cannot be set up on this machine.
#[derive(Debug)]
pub struct RuntimeError(wasmtime::Error);

impl fmt::Display for RuntimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the WebAssembly engine cannot be set up: {:#}", self.0)
    }
}

impl std::error::Error for RuntimeError {}

impl Runtime {
    /// Sets the engine up.
    ///
    /// # Errors
    /// Where the processor is not supported.
    pub fn new(options: &RuntimeOptions) -> Result<Self, RuntimeError> {
        Self::set_up(options).map_err(RuntimeError)
    }

    fn set_up(options: &RuntimeOptions) -> wasmtime::Result<Self> {
        let mut config = Config::new();
        config.concurrency_support(false);
        config.epoch_interruption(options.interruptible);
        config.wasm_backtrace_max_frames(Some(stacks::DEEPEST));
        let debug_info = debug_info();
        config.wasm_backtrace_details(match debug_info {
            DebugInfo::Read => WasmBacktraceDetails::Enable,
            DebugInfo::Ignored => WasmBacktraceDetails::Disable,
        });
        let engine = Engine::new(&config)?;
        let cache = options.cache.as_deref().map(CodeCache::new);
        let settings = settings(&engine, options.binding);
        let RuntimeOptions { interruptible, binding, .. } = *options;
        Ok(Self { engine, cache, settings, linker: Arc::default(), interruptible, binding, debug_info })
    }

    /// Links components through the engine.
    pub(crate) fn linker(&self) -> wasmtime::Result<&Linker<Host>> {
        if let Some(linker) = self.linker.get() {
            return Ok(linker);
        }
        let mut linker = Linker::new(&self.engine);
        bind::link(&mut linker)?;
        Ok(self.linker.get_or_init(|| linker))
    }
}

/// Lines in backtraces are asked for as in wasmtime's own command line.
fn debug_info() -> DebugInfo {
    let is_asked = std::env::var_os("WASMTIME_BACKTRACE_DETAILS").is_some_and(|value| value == "1");
    if is_asked { DebugInfo::Read } else { DebugInfo::Ignored }
}

/// Of what is compiled of a program, and of its record. A change of either raises it, so that no code is taken from the cache that was
/// made before: above all a change of which components are bound directly.
const REVISION: u32 = 4;

/// The same for engines that understand each other's compiled code.
fn settings(engine: &Engine, binding: Binding) -> u64 {
    let mut settings = DefaultHasher::new();
    REVISION.hash(&mut settings);
    binding.hash(&mut settings);
    env!("CARGO_PKG_VERSION").hash(&mut settings);
    engine.precompile_compatibility_hash().hash(&mut settings);
    settings.finish()
}
