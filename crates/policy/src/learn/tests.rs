//! What is learned allows what was used, and no more than the rules of folding say.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use callgate_gate::{Call, Decider, Handle, Mount, Verdict};
use callgate_system::{AddressFamily, Follow, OpenHow};

use super::tree::NODES;
use super::{Learned, Trie};
use crate::glob::Case;
use crate::policy::Policy;

struct Run {
    learned: Learned,
    probe: Trie,
    mount: Mount,
}

/// Hands a call on a handle and a path to whoever wants it.
type Makes = fn(Handle<'_>, &str, &mut dyn FnMut(&Call<'_>));

impl Run {
    fn at(mount: &str) -> Self {
        let probe = Trie::new(std::iter::empty(), Case::Sensitive);
        let mut learned = Learned::default();
        learned.tree.add_mount(mount);
        Self {
            learned,
            probe,
            mount: Mount {
                guest_path: mount.to_owned(),
                read_only: false,
                quota: None,
                names: callgate_system::Names::Exact,
            },
        }
    }

    fn dir(&self) -> Handle<'_> {
        Handle { id: 3, name: &self.mount.guest_path, mount: Some(&self.mount), denied: None }
    }

    fn call(&self, path: &str, of: Makes, to: &mut dyn FnMut(&Call<'_>)) {
        of(self.dir(), path, to);
    }

    fn uses(&mut self, call: Call<'_>) {
        self.learned.add(&call, None, false, &self.probe);
    }

    fn uses_at(&mut self, path: &str, of: Make) {
        self.note(path, of, false);
    }

    fn refuses_at(&mut self, path: &str, of: Make) {
        self.note(path, of, true);
    }

    fn note(&mut self, path: &str, of: Make, is_refused: bool) {
        let mut learned = std::mem::take(&mut self.learned);
        self.call(path, of, &mut |call| learned.add(call, None, is_refused, &self.probe));
        self.learned = learned;
    }

    fn policy(&mut self) -> Policy {
        let text = self.learned.write("x.wasm");
        Policy::parse("learned", &text, None).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    fn is_allowed(&self, policy: &Policy, path: &str, of: Make) -> bool {
        let mut allowed = false;
        self.call(path, of, &mut |call| allowed = allows(policy, call));
        allowed
    }
}

type Make = fn(Handle<'_>, &str, &mut dyn FnMut(&Call<'_>));

fn allows(policy: &Policy, call: &Call<'_>) -> bool {
    !matches!(policy.decide(call, None), Verdict::Deny { .. })
}

const HOW: OpenHow = OpenHow {
    read: false,
    write: false,
    follow: Follow::Yes,
    create: false,
    exclusive: false,
    truncate: false,
    directory: false,
    sync: false,
    sync_data: false,
};

fn reads(dir: Handle<'_>, path: &str, to: &mut dyn FnMut(&Call<'_>)) {
    to(&Call::OpenAt { dir, path, how: OpenHow { read: true, ..HOW } });
}

fn makes(dir: Handle<'_>, path: &str, to: &mut dyn FnMut(&Call<'_>)) {
    to(&Call::OpenAt { dir, path, how: OpenHow { write: true, create: true, ..HOW } });
}

fn removes(dir: Handle<'_>, path: &str, to: &mut dyn FnMut(&Call<'_>)) {
    to(&Call::UnlinkFileAt { dir, path });
}

fn looks(dir: Handle<'_>, path: &str, to: &mut dyn FnMut(&Call<'_>)) {
    to(&Call::StatAt { dir, follow: Follow::Yes, path });
}

/// Numbers that are the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % most
    }

    fn path(&mut self) -> String {
        const NAMES: &[&str] = &["a", "b", "c*", "d?", "e[x]", "f\\", "{g}", "h \"i\"", "j\n'", "\u{202e}k", "l", "**"];
        let depth = 1 + self.below(3);
        let names: Vec<_> = (0..depth).map(|_| NAMES[self.below(NAMES.len())]).collect();
        names.join("/")
    }
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn is_below(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// The rules of folding, said again: true if `used` permits a pattern that includes `path`.
fn may_be_allowed(path: &str, used: &BTreeSet<String>, refused: &BTreeSet<String>) -> bool {
    let names_of = |folder: &str| used.iter().filter(|path| parent(path) == folder).count();
    if used.contains(path) || names_of(parent(path)) >= 8 {
        return true;
    }
    let mut folders = vec![String::new()];
    let mut ends: Vec<usize> = path.match_indices('/').map(|(at, _)| at).collect();
    ends.push(path.len());
    folders.extend(ends.into_iter().map(|end| path[..end].to_owned()));
    folders.iter().any(|folder| {
        let below: Vec<&String> = used.iter().filter(|path| is_below(path, folder)).collect();
        let start = if folder.is_empty() { 0 } else { folder.len() + 1 };
        let inner: BTreeSet<&str> =
            below.iter().filter_map(|path| path[start..].split_once('/').map(|(name, _)| name)).collect();
        inner.len() >= 4 && below.len() >= 16 && !refused.iter().any(|path| path == folder || is_below(path, folder))
    })
}

#[test]
fn random_uses() {
    let makers: [Make; 3] = [reads, removes, looks];
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut folded, mut exact) = (0, 0);
    for _ in 0..300 {
        let mut run = Run::at("/data");
        let mut used: [BTreeSet<String>; 3] = Default::default();
        let mut refused: [BTreeSet<String>; 3] = Default::default();
        for _ in 0..random.below(120) {
            let (which, path) = (random.below(3), random.path());
            if random.below(40) == 0 && !used[which].contains(&path) {
                run.refuses_at(&path, makers[which]);
                refused[which].insert(path);
            } else if !refused[which].contains(&path) {
                run.uses_at(&path, makers[which]);
                used[which].insert(path);
            }
        }
        let policy = run.policy();
        for (which, make) in makers.into_iter().enumerate() {
            for path in &used[which] {
                assert!(run.is_allowed(&policy, path, make), "{path:?}\n{}", run.learned.write("x"));
            }
            for path in &refused[which] {
                assert!(!run.is_allowed(&policy, path, make), "refused {path:?}\n{}", run.learned.write("x"));
            }
            for _ in 0..100 {
                let path = random.path();
                let is_allowed = run.is_allowed(&policy, &path, make);
                let may = may_be_allowed(&path, &used[which], &refused[which]);
                assert!(may || !is_allowed, "{path:?}\n{}", run.learned.write("x"));
                folded += usize::from(is_allowed && !used[which].contains(&path));
                exact += usize::from(!is_allowed);
            }
        }
    }
    assert!(folded > 100 && exact > 1000, "both happen: {folded} {exact}");
}

#[test]
fn a_policy_as_it_is_read() {
    let mut run = Run::at("/src");
    for path in ["a", "b"] {
        run.uses_at(path, reads);
        run.uses_at(path, looks);
    }
    (0..8).for_each(|n| run.uses_at(&format!("d/{n}"), reads));
    run.uses_at("out", makes);
    run.uses(Call::GetEnvironment);
    run.uses(Call::WallNow);
    assert_eq!(
        run.learned.write("x.wasm"),
        "# What a run of x.wasm needed, learned from its 15 calls.\n\
         version = 1\n\n\
         # 8 calls, the first descriptor.open-at of \"/src/d/0\"\n[[allow]]\ncall = \"class:read\"\npath = \"/src/d/*\"\n\n\
         # 4 calls\n[[allow]]\ncall = [\"class:read\", \"class:stat\"]\npath = [\n    \
             \"/src/a\", # 2 calls, the first descriptor.open-at of \"/src/a\"\n    \
             \"/src/b\", # 2 calls, the first descriptor.open-at of \"/src/b\"\n]\n\n\
         # 2 calls, the first descriptor.open-at of \"/src/out\"\n[[allow]]\ncall = [\"class:write\", \"class:create\"]\npath = \"/src/out\"\n\n\
         # 1 call, environment.get-environment\n[[allow]]\ncall = \"class:env\"\n"
    );
}

#[test]
fn nothing_is_folded_above_a_mount() {
    let mut run = Run::at("/data");
    run.learned.tree.add_mount("/data/inner");
    for folder in 0..8 {
        (0..8).for_each(|n| run.uses_at(&format!("{folder}/x/{n}"), reads));
    }
    let policy = run.policy();
    assert!(run.is_allowed(&policy, "0/x/other", reads));
    assert!(!run.is_allowed(&policy, "inner/x/0", reads) && !run.is_allowed(&policy, "9", reads));
}

#[test]
fn a_path_that_may_lead_anywhere_needs_its_mount() {
    let mut run = Run::at("/data");
    run.uses_at("a/../b", reads);
    let policy = run.policy();
    assert!(run.is_allowed(&policy, "a/../b", reads));
    assert!(!run.is_allowed(&policy, "a/../b", removes));
}

#[test]
fn moves_keep_their_uses() {
    let rename = |run: &mut Run, old: &str, new: &str| {
        let mut learned = std::mem::take(&mut run.learned);
        let call = Call::RenameAt { dir: run.dir(), path: old, new_dir: run.dir(), new_path: new };
        learned.add(&call, None, false, &run.probe);
        run.learned = learned;
    };
    let may_rename = |run: &Run, policy: &Policy, old: &str, new: &str| {
        allows(policy, &Call::RenameAt { dir: run.dir(), path: old, new_dir: run.dir(), new_path: new })
    };
    // What is written aside and moved into place is read there; once by a chain, once into a folder that is folded.
    let mut run = Run::at("/data");
    run.uses_at("a.tmp", makes);
    rename(&mut run, "a.tmp", "a.new");
    rename(&mut run, "a.new", "a");
    run.uses_at("a", reads);
    (0..8).for_each(|n| run.uses_at(&format!("folder/{n}"), reads));
    rename(&mut run, "b.tmp", "folder/b");
    // A folder with contents.
    run.uses_at("old/x/y", makes);
    rename(&mut run, "old", "new");
    run.uses_at("new/x/y", reads);
    let policy = run.policy();
    for (old, new) in [("a.tmp", "a.new"), ("a.new", "a"), ("b.tmp", "folder/b"), ("old", "new")] {
        assert!(may_rename(&run, &policy, old, new), "{old} {new}\n{}", run.learned.write("x"));
    }
    assert!(!may_rename(&run, &policy, "a", "b"));
    assert!(!run.is_allowed(&policy, "a.other", reads));
}

#[test]
fn a_million_paths() {
    let mut run = Run::at("/data");
    for n in 0..1_000_000 {
        run.uses_at(&format!("{}/{n}", n % 3), looks);
    }
    assert!(run.learned.tree.count() <= NODES);
    let policy = run.policy();
    assert!(run.is_allowed(&policy, "2/77", looks) && !run.is_allowed(&policy, "3/77", looks));
    let text = run.learned.write("x");
    assert!(text.len() < 4096 && !text.contains("not in here"), "{text}");
}

#[test]
fn paths_that_no_pattern_can_name() {
    let mut run = Run::at("/data");
    let deep = "x/".repeat(100) + "y";
    let long = format!("long/{}", "*".repeat(2000));
    for path in [&deep, &long, "nul\0"] {
        run.uses_at(path, reads);
    }
    let policy = run.policy();
    assert!(run.is_allowed(&policy, &deep, reads) && run.is_allowed(&policy, &long, reads));
    assert!(!run.is_allowed(&policy, "other", reads));
}

#[test]
fn more_than_a_policy_may_have() {
    // As many patterns, and as long, as the tree keeps.
    let mut run = Run::at("/data");
    for n in 0..8000 {
        run.uses_at(&format!("{n}{}", "\n".repeat(800)), if n % 2 == 0 { reads } else { looks });
        run.uses_at(&format!("{n}-{}/x", "\u{202e}".repeat(300)), if n % 3 == 0 { reads } else { looks });
    }
    run.policy();
}

#[test]
fn peers_and_names() {
    let mut run = Run::at("/data");
    let socket = Handle { id: 4, name: "tcp", mount: None, denied: None };
    let address = |text: &str| text.parse::<SocketAddr>().unwrap();
    run.learned.peers.learn("Db.Example.", IpAddr::V4(Ipv4Addr::new(93, 184, 216, 34)));
    run.learned.peers.learn("inner.example", IpAddr::V4(Ipv4Addr::LOCALHOST));
    let used = [
        Call::CreateTcpSocket { family: AddressFamily::Ipv4 },
        Call::ResolveAddresses { network: socket, name: "Db.Example." },
        Call::ResolveAddresses { network: socket, name: "no\nname\"" },
        Call::TcpStartConnect { socket, remote_address: address("93.184.216.34:443") },
        Call::TcpStartConnect { socket, remote_address: address("127.0.0.1:5432") },
        Call::TcpStartBind { socket, local_address: address("[::1]:0") },
        Call::TcpStartListen { socket, local_address: Some(address("[::1]:40001")) },
        Call::TcpAccept { socket },
    ];
    used.iter().for_each(|call| run.uses(*call));
    let text = run.learned.write("x");
    for line in [
        "\"db.example:443\"",
        "\"127.0.0.1:5432\"",
        "to = \"[::1]\"\n",
        "call = \"class:resolve\"\nto = \"db.example\"\n",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("tcp-socket.accept\"") && !text.contains("no\\U"), "{text}");
    let policy = run.policy();
    policy.learn("db.example", IpAddr::V4(Ipv4Addr::new(93, 184, 216, 34)));
    for call in used.iter().filter(|call| !matches!(call, Call::ResolveAddresses { name, .. } if name.contains('\n'))) {
        assert!(allows(&policy, call), "{call:?}: {text}");
    }
    assert!(!allows(&policy, &Call::TcpStartConnect { socket, remote_address: address("127.0.0.1:5433") }));
}
