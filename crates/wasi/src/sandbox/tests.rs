//! A guest is no thread's own.

use std::net::TcpStream;
use std::thread;

use callgate_portable::Portable;

use super::*;
use crate::program::CodeCache;
use crate::runtime::{Runtime, RuntimeOptions};
use crate::start::Linked;

/// Waits for a connection to the socket that is handed in, so many nanoseconds at the most; the kind of what happened, as preview1
/// numbers it.
const WAITS: &str = r#"(module
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start"))
    (func (export "wait") (param $time i64) (result i32)
        (i32.store (i32.const 16) (i32.const 1))
        (i64.store (i32.const 24) (local.get $time))
        (i32.store8 (i32.const 56) (i32.const 1))
        (i32.store (i32.const 64) (i32.const 3))
        (if (call $poll (i32.const 0) (i32.const 256) (i32.const 2) (i32.const 128)) (then unreachable))
        (i32.load8_u (i32.const 266))))"#;

const CLOCK: i32 = 0;
const FD_READ: i32 = 1;

/// An embedder may run a guest on whatever thread it likes.
#[test]
fn all_of_a_guest_is_send() {
    fn is_send<T: Send>() {}
    fn is_shared<T: Send + Sync>() {}
    is_send::<Sandbox>();
    is_send::<Host>();
    is_send::<GuestStore>();
    is_send::<Exit>();
    is_send::<MountError>();
    is_send::<LoadError>();
    is_shared::<Runtime>();
    is_shared::<RuntimeOptions>();
    is_shared::<CodeCache>();
    is_shared::<Program>();
    is_shared::<Arc<dyn Observer>>();
    is_shared::<Arc<OnceLock<MissingRule>>>();
}

#[test]
fn a_guest_goes_on_on_another_thread() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waits.wat");
    std::fs::write(&path, WAITS).unwrap();
    let program = Runtime::new(&RuntimeOptions::default()).unwrap().load(&path).unwrap();

    let mut guest = Sandbox::new(Arc::new(Portable::new()));
    let address = guest.listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let listeners = std::mem::take(&mut guest.listeners);
    let mut store = guest.into_store(&program);
    preview1::begin(store.data(), &listeners).unwrap();
    let Linked::Module { instance } = program.link().unwrap() else { panic!("a module") };
    let instance = instance.instantiate(&mut store).unwrap();
    let wait = instance.get_typed_func::<i64, i32>(&mut store, "wait").unwrap();
    assert_eq!(wait.call(&mut store, 1).unwrap(), CLOCK);

    let _peer = TcpStream::connect(address).unwrap();
    let there = thread::spawn(move || {
        assert_eq!(wait.call(&mut store, i64::MAX).unwrap(), FD_READ);
        (wait, store)
    });
    let (wait, mut store) = there.join().unwrap();
    assert_eq!(wait.call(&mut store, i64::MAX).unwrap(), FD_READ, "it is still there for the first thread");
}
