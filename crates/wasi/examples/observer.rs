//! An observer: it counts what a program asks of its host, and the bytes that it moves.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io;
use std::sync::{Arc, Mutex};

use callgate_wasi::{Event, Observer, Runtime, RuntimeOptions, Sandbox, Value};

/// For each function: its calls, those of them that failed, and bytes moved.
#[derive(Default)]
struct Counts(Mutex<BTreeMap<&'static str, (u64, u64, u64)>>);

impl Observer for Counts {
    fn observe(&self, event: &Event<'_>) -> io::Result<()> {
        let mut counts = self.0.lock().map_err(|_| io::ErrorKind::Other)?;
        let (calls, failed, bytes) = counts.entry(event.call.function()).or_default();
        *calls += 1;
        *failed += u64::from(event.outcome.result.is_err());
        *bytes += event.bytes();
        // Arguments are values; each observer shows them in its own way.
        for (name, value) in event.call.arguments() {
            if let Value::Path(path) = value {
                println!("call {} has the {name} {path:?}", event.sequence);
            }
        }
        Ok(())
    }

    fn finish(&self, how: &dyn Display) -> io::Result<()> {
        println!("the program {how}");
        Ok(())
    }
}

/// A program that writes a line.
const PROGRAM: &str = r#"
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 8) "\14\00\00\00\06\00\00\00")
  (data (i32.const 20) "hello\n")
  (func (export "_start")
    (drop (call $fd_write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0)))))
"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("hello.wat");
    std::fs::write(&path, PROGRAM)?;

    let counts = Arc::new(Counts::default());
    let mut guest = Sandbox::new(Arc::new(callgate_portable::Portable::new()));
    guest.observer(counts.clone());
    guest.run(&Runtime::new(&RuntimeOptions::default())?.load(&path)?)?;

    let counts = counts.0.lock().map_err(|_| "an observer panicked")?;
    for (function, (calls, failed, bytes)) in counts.iter() {
        println!("{function}: {calls} calls, {failed} failed, {bytes} bytes");
    }
    assert_eq!(counts.values().copied().collect::<Vec<_>>(), [(1, 0, 6)]);
    Ok(())
}
