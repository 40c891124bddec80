//! The time that a decision takes, at 10 and at 1,000 rules, on the calls of a program that searches a tree of sources.
//!
//!     cargo run --release -p callgate-policy --example decide

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use callgate_gate::{Call, Decider, Handle, Mount};
use callgate_policy::Policy;
use callgate_system::{Follow, OpenHow};

/// Files that the program looks at.
const FILES: usize = 512;
/// Calls of each file.
const PER_FILE: usize = 5;
/// Times that all calls are decided on. The fastest counts: the others were disturbed.
const ROUNDS: usize = 1000;

fn rules(number: usize) -> String {
    let mut text = "version = 1\n".to_owned();
    text.push_str("[[allow]]\ncall = [\"class:stat\", \"class:read\", \"class:list\"]\npath = \"/src/**\"\n");
    text.push_str("[[deny]]\npath = \"/src/.git/**\"\n[[deny]]\npath = \"**/*.key\"\n");
    for n in 3..number {
        // Every tenth goes to the network, and one in three is a denial.
        let _ = match n % 10 {
            0 => write!(text, "[[allow]]\ncall = \"class:connect\"\nto = \"10.{}.{}.0/24:443\"\n", n / 256, n % 256),
            1 | 4 | 7 => write!(text, "[[deny]]\npath = \"/src/crates/part{n}/private/**\"\n"),
            _ => write!(text, "[[allow]]\ncall = \"class:write\"\npath = \"/src/crates/part{n}/out/*.log\"\n"),
        };
    }
    text
}

fn main() {
    let mount = Mount {
        guest_path: "/src".to_owned(),
        read_only: false,
        quota: None,
        names: callgate_system::Names::default(),
    };
    let folders: Vec<String> = (0..FILES).map(|n| format!("crates/part{}/src/inner", n % 97)).collect();
    let paths: Vec<String> = folders.iter().enumerate().map(|(n, folder)| format!("{folder}/module_{n}.rs")).collect();
    let names: Vec<String> = paths.iter().map(|path| format!("/src/{path}")).collect();
    let dir = Handle { id: 3, name: "/src", mount: Some(&mount), denied: None };
    let how = OpenHow { read: true, ..OpenHow::default() };
    let mut calls = Vec::with_capacity(FILES * PER_FILE);
    for (path, name) in paths.iter().zip(&names) {
        let file = Handle { id: 4, name, mount: Some(&mount), denied: None };
        calls.push(Call::StatAt { dir, follow: Follow::Yes, path });
        calls.push(Call::OpenAt { dir, path, how });
        calls.push(Call::Stat { file });
        calls.push(Call::Read { file, length: 65536, offset: 0 });
        calls.push(Call::Drop { handle: file });
    }
    for number in [10, 1000] {
        let policy = Policy::parse("bench.toml", &rules(number), None).expect("the rules are right");
        assert_eq!(policy.len(), number);
        let of_kind = |wanted: Option<usize>| {
            let calls: Vec<_> =
                calls.iter().skip(wanted.unwrap_or(0)).step_by(wanted.map_or(1, |_| PER_FILE)).collect();
            measure(&policy, &calls)
        };
        println!("{number} rules: {:.1} ns a decision", of_kind(None));
        for (kind, call) in ["stat-at", "open-at", "stat", "read", "drop"].iter().enumerate() {
            println!("    {call:8} {:6.1} ns", of_kind(Some(kind)));
        }
    }
}

/// Nanoseconds of one decision.
fn measure(policy: &Policy, calls: &[&Call<'_>]) -> f64 {
    let round = || {
        let began = Instant::now();
        for call in calls {
            black_box(policy.decide(black_box(call), None));
        }
        began.elapsed().as_secs_f64() * 1e9 / calls.len() as f64
    };
    (0..ROUNDS).map(|_| round()).fold(f64::INFINITY, f64::min)
}
