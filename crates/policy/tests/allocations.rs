//! No decision allocates: neither one that allows nor one that denies, wherever the call goes.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fmt::Write as _;

use callgate_gate::{Call, Decider, Handle, Mount, Place, Resolved};
use callgate_policy::{Case, Policy};
use callgate_system::{Follow, OpenHow};

/// Counts the allocations of each thread.
struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

#[allow(unsafe_code, reason = "an allocator is unsafe by its trait")]
// SAFETY: all is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the promises that the system asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn rules() -> String {
    let mut rules = "version = 1\n".to_owned();
    for n in 0..200 {
        let _ = write!(rules, "[[allow]]\ncall = [\"class:read\", \"class:stat\"]\npath = \"/src/dir{n}/**\"\n");
        let _ = write!(rules, "[[deny]]\npath = [\"/src/dir{n}/*/secret{n}*\", \"**/.git{n}/**\"]\n");
        let _ = write!(rules, "[[allow]]\nto = [\"10.{n}.0.0/16:443\", \"*.name{n}.example:443\"]\n");
    }
    rules.push_str("[[log]]\npath = \"/src/dir7/noted\"\n");
    rules
}

#[test]
fn no_decision_allocates() {
    let mount = Mount {
        guest_path: "/src".to_owned(),
        read_only: false,
        quota: None,
        names: callgate_system::Names::default(),
    };
    let dir = Handle { id: 3, name: "/src", mount: Some(&mount), denied: None };
    let how = OpenHow { read: true, ..OpenHow::default() };
    let socket = Handle { id: 4, name: "tcp", mount: None, denied: None };
    let place = |path| Resolved { place: Place { mount: &mount, path, names: mount.names }, new_place: None };
    for case in [Case::Sensitive, Case::Insensitive] {
        let policy = Policy::parse("p.toml", &rules(), None).unwrap().comparing(case);
        policy.learn("www.name3.example", "93.184.216.34".parse().unwrap());
        let calls = [
            Call::OpenAt { dir, path: "dir7/a/b/c.rs", how },
            Call::OpenAt { dir, path: "dir7/a/secret7.txt", how },
            Call::OpenAt { dir, path: "dir7/a/.git9/x", how: OpenHow { write: true, create: true, ..how } },
            Call::OpenAt { dir, path: "dir7/noted", how },
            Call::OpenAt { dir, path: "nowhere", how },
            Call::StatAt { dir, follow: Follow::Yes, path: "dir7/../dir8/x" },
            Call::RenameAt { dir, path: "dir7/a", new_dir: dir, new_path: "dir8/a" },
            Call::LinkAt { dir, follow: Follow::No, path: "dir7/a", new_dir: dir, new_path: "dir7/b" },
            Call::Read { file: Handle { name: "/src/dir7/a", ..dir }, length: 1, offset: 0 },
            Call::StreamRead { stream: socket, len: 7 },
            Call::TcpStartConnect { socket, remote_address: "10.3.0.1:443".parse().unwrap() },
            Call::TcpStartConnect { socket, remote_address: "93.184.216.34:443".parse().unwrap() },
            Call::TcpStartConnect { socket, remote_address: "9.9.9.9:9".parse().unwrap() },
            Call::ResolveAddresses { network: socket, name: "www.NAME3.example" },
            Call::GetEnvironment,
            Call::WallNow,
        ];
        let resolved = place("dir7/a/secret7");
        // The first decision fills what is filled once for the process.
        policy.decide(&calls[0], None);
        for call in &calls {
            let before = COUNT.get();
            let verdicts = (policy.decide(call, None), policy.decide(call, Some(&resolved)));
            assert_eq!(COUNT.get(), before, "{call:?}: {verdicts:?}");
        }
    }
}
