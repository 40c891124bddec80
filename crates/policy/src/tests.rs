//! Decisions: a table of what rules mean, and random policies against the slow way to decide.

use std::net::SocketAddr;

use callgate_gate::{Call, Decider, Handle, Mount, Place, Reason, Resolved, Verdict};
use callgate_system::{AddressFamily, Code, Follow, OpenHow};

use crate::aspect;
use crate::expect::Where;
use crate::glob::Case;
use crate::policy::Policy;

fn policy(rules: &str) -> Policy {
    Policy::parse("p.toml", &format!("version = 1\n{rules}"), None).unwrap_or_else(|error| panic!("{rules}: {error}"))
}

fn mount() -> Mount {
    Mount { guest_path: "/src".to_owned(), read_only: false, quota: None, names: callgate_system::Names::default() }
}

fn handle<'a>(mount: &'a Mount, name: &'a str) -> Handle<'a> {
    Handle { id: 3, name, mount: Some(mount), denied: None }
}

const READ: OpenHow = OpenHow {
    read: true,
    write: false,
    follow: Follow::Yes,
    create: false,
    exclusive: false,
    truncate: false,
    directory: false,
    sync: false,
    sync_data: false,
};

const CREATE: OpenHow = OpenHow { write: true, create: true, ..READ };

const EXAMPLE: &str = r#"
[[allow]]
call = ["class:stat", "class:read"]
path = "/src/**"
[[deny]]
path = "/src/.git/**"
[[allow]]
call = "class:connect"
to = ["10.0.0.0/8:443", "*.example.com:443"]
"#;

fn is_allowed(policy: &Policy, call: Call<'_>) -> bool {
    matches!(policy.decide(&call, None), Verdict::Allow | Verdict::Log(_))
}

fn opens(policy: &Policy, path: &str, how: OpenHow) -> bool {
    let mount = mount();
    is_allowed(policy, Call::OpenAt { dir: handle(&mount, "/src"), path, how })
}

#[test]
fn files_by_place_and_use() {
    let policy = policy(EXAMPLE);
    for (path, how, allowed) in [
        ("a", READ, true),
        (".", READ, true),
        ("a/b/c", READ, true),
        ("a", CREATE, false),
        (".git", READ, false),
        (".git/config", READ, false),
        ("./.git//config", READ, false),
        (".gitignore", READ, true),
        ("a/../.git/config", READ, false),
        ("a/../b", READ, false),
        ("a/..b", READ, true),
    ] {
        assert_eq!(opens(&policy, path, how), allowed, "{path}");
    }
    let mount = mount();
    let read = |name| is_allowed(&policy, Call::Read { file: handle(&mount, name), length: 1, offset: 0 });
    assert!(read("/src/a") && !read("/src/.git/config") && !read("\u{2026}src/a"));
    let stdout = Handle { id: 1, name: "stdout", mount: None, denied: None };
    assert!(is_allowed(&policy, Call::StreamWrite { stream: stdout, contents: b"x" }));
    let in_git = handle(&mount, "/src/.git/config");
    assert!(
        !is_allowed(&policy, Call::StreamRead { stream: in_git, len: 1 }),
        "a denial without a call is about streams too"
    );
    assert!(is_allowed(&policy, Call::GetFlags { file: handle(&mount, "/src/a") }));
    assert!(!is_allowed(&policy, Call::GetFlags { file: in_git }));
}

#[test]
fn what_nobody_mentions() {
    let policy = policy("");
    let mount = mount();
    for (call, allowed) in [
        (Call::WallNow, true),
        (Call::GetRandomU64, true),
        (Call::GetArguments, true),
        (Call::GetStdout, true),
        (Call::Poll { count: 1 }, true),
        (Call::GetDirectories, true),
        (Call::GetEnvironment, false),
        (Call::InitialCwd, false),
        (Call::CreateTcpSocket { family: AddressFamily::Ipv4 }, false),
        (Call::Stat { file: handle(&mount, "/src") }, false),
        (Call::GetType { file: handle(&mount, "/src") }, true),
        (Call::ReadDirectory { dir: handle(&mount, "/src") }, false),
    ] {
        assert_eq!(is_allowed(&policy, call), allowed, "{call:?}");
    }
    assert_eq!(
        policy.decide(&Call::GetEnvironment, None),
        Verdict::Deny { code: Code::AccessDenied, reason: Reason::NotAllowed }
    );
}

#[test]
fn network_by_address_and_name() {
    let policy = policy(EXAMPLE);
    let socket = Handle { id: 4, name: "tcp", mount: None, denied: None };
    let address = |text: &str| text.parse::<SocketAddr>().unwrap();
    let connects = |text| is_allowed(&policy, Call::TcpStartConnect { socket, remote_address: address(text) });
    assert!(connects("10.1.2.3:443") && !connects("10.1.2.3:80") && !connects("93.184.216.34:443"));
    policy.learn("www.example.com", "93.184.216.34".parse().unwrap());
    assert!(connects("93.184.216.34:443") && !connects("93.184.216.34:80"));
    let bind = |text| is_allowed(&policy, Call::TcpStartBind { socket, local_address: address(text) });
    assert!(bind("0.0.0.0:0") && !bind("0.0.0.0:80"));
    assert!(
        is_allowed(&policy, Call::CreateTcpSocket { family: AddressFamily::Ipv4 }),
        "who may connect may make a socket"
    );
    assert!(!is_allowed(&policy, Call::CreateUdpSocket { family: AddressFamily::Ipv4 }));
    assert!(is_allowed(&policy, Call::TcpFinishConnect { socket }));
    assert!(!is_allowed(&policy, Call::TcpAccept { socket }));
    assert!(!is_allowed(&policy, Call::ResolveAddresses { network: socket, name: "www.example.com" }));
    let resolving = self::policy("[[allow]]\ncall = \"class:resolve\"\nto = \"*.example.com\"");
    assert!(is_allowed(&resolving, Call::ResolveAddresses { network: socket, name: "www.Example.com" }));
    assert!(!is_allowed(&resolving, Call::ResolveAddresses { network: socket, name: "example.org" }));
}

#[test]
fn datagrams_of_senders_that_may_be_sent_to() {
    let policy =
        policy("[[allow]]\ncall = \"class:udp\"\nto = [\"10.0.0.0/8\", \"127.0.0.1:53\"]\n[[deny]]\nto = \"10.0.0.9\"");
    let admits = |from: &str, local: &str| policy.admits(from.parse().unwrap(), local.parse().unwrap());
    assert!(admits("10.0.0.1:1", "1.2.3.4:5"));
    assert!(!admits("11.0.0.1:1", "1.2.3.4:5"));
    assert!(admits("11.0.0.1:1", "127.0.0.1:53"), "the socket's own address is open to all");
    assert!(!admits("10.0.0.9:1", "127.0.0.1:53"), "a denial wins");
}

#[test]
fn a_denial_names_its_rule_and_its_error() {
    let policy = policy(
        "[[allow]]\npath = \"/src/**\"\n[[deny]]\npath = \"/src/a/**\"\nerror = \"no-entry\"\n[[log]]\npath = \"/src/b\"",
    );
    let mount = mount();
    let stat = |path| policy.decide(&Call::StatAt { dir: handle(&mount, "/src"), follow: Follow::Yes, path }, None);
    assert_eq!(stat("a/x"), Verdict::Deny { code: Code::NoEntry, reason: Reason::Rule(1) });
    assert_eq!(stat("b"), Verdict::Log(2));
    assert_eq!(stat("c"), Verdict::Allow);
    assert_eq!(
        (policy.place_of(1).as_str(), policy.text_of(1)),
        ("p.toml:4", "deny path = \"/src/a/**\" error = \"no-entry\"")
    );
}

#[test]
fn a_resolved_place_counts_and_not_the_text() {
    let policy = policy(EXAMPLE);
    let mount = mount();
    let call = Call::OpenAt { dir: handle(&mount, "/src"), path: "link/../x", how: READ };
    assert!(policy.depends_on_place(&call) && !policy.depends_on_place(&Call::WallNow));
    assert!(!self::policy("[[allow]]\ncall = \"class:read\"").depends_on_place(&call));
    let at = |path| Resolved { place: Place { mount: &mount, path, names: mount.names }, new_place: None };
    assert_eq!(policy.decide(&call, Some(&at("a"))), Verdict::Allow);
    assert!(matches!(policy.decide(&call, Some(&at(".git/config"))), Verdict::Deny { reason: Reason::Rule(1), .. }));
}

#[test]
fn a_rename_never_leads_to_other_rules() {
    let policy = policy(
        "[[allow]]\npath = [\"/src/**\"]\n[[deny]]\ncall = \"class:read\"\npath = \"/src/a/secret\"\n\
         [[deny]]\ncall = \"class:write\"\npath = \"/src/fixed\"\n[[deny]]\ncall = \"class:read\"\npath = \"/src/closed\"",
    );
    let mount = mount();
    let dir = handle(&mount, "/src");
    let renames = |path, new_path| is_allowed(&policy, Call::RenameAt { dir, path, new_dir: dir, new_path });
    let links =
        |path, new_path| is_allowed(&policy, Call::LinkAt { dir, follow: Follow::No, path, new_dir: dir, new_path });
    assert!(renames("x", "y") && renames("x", "a/y") && renames("a/x", "y"));
    assert!(!renames("a", "b"), "a/secret would become readable");
    assert!(!renames("b", "a"), "whoever holds b would name what is below a");
    assert!(!renames("closed", "open") && !links("closed", "open"), "it would become readable");
    assert!(!renames("fixed", "y") && renames("y", "fixed"));
    assert!(links("x", "y") && links("x", "fixed") && !links("fixed", "x"));
    assert!(!renames("x/../y", "z") && !links("x", "z/../y"));
    let by_class = self::policy("[[allow]]\ncall = \"*\"\n[[deny]]\ncall = \"class:list\"\npath = \"/src/secret/**\"");
    let renames = |path, new_path| is_allowed(&by_class, Call::RenameAt { dir, path, new_dir: dir, new_path });
    assert!(!renames("secret", "public") && renames("x", "y"), "by the new name it could be listed");
    let uniform = self::policy("[[allow]]\npath = \"/src/**\"");
    let renames = |path, new_path| is_allowed(&uniform, Call::RenameAt { dir, path, new_dir: dir, new_path });
    assert!(renames("x/../y", "z"), "all rules agree on all that is below the mount");
}

/// A client that may not listen still needs sockets.
#[test]
fn denying_a_class_spares_what_another_class_needs() {
    let create = Call::CreateTcpSocket { family: AddressFamily::Ipv4 };
    for (allowed, denied) in [("connect", "listen"), ("listen", "connect")] {
        let rules = format!("[[allow]]\ncall = \"class:{allowed}\"\n[[deny]]\ncall = \"class:{denied}\"");
        assert!(is_allowed(&policy(&rules), create));
    }
    assert!(!is_allowed(
        &policy("[[allow]]\ncall = \"class:connect\"\n[[deny]]\ncall = \"create-tcp-socket\""),
        create
    ));
}

#[test]
fn names_compare_as_the_file_system_does() {
    let rules = "[[allow]]\npath = \"/Src/**\"\n[[deny]]\npath = \"/src/.Git/**\"";
    let mount = Mount {
        guest_path: "/Src".to_owned(),
        read_only: false,
        quota: None,
        names: callgate_system::Names::default(),
    };
    let stat = |case, path| {
        let call = Call::StatAt { dir: handle(&mount, "/Src"), follow: Follow::Yes, path };
        matches!(policy(rules).comparing(case).decide(&call, None), Verdict::Allow)
    };
    assert!(stat(Case::Sensitive, ".GIT/config") && stat(Case::Insensitive, "a"));
    assert!(!stat(Case::Insensitive, ".GIT/config"));
}

#[test]
fn rules_for_a_program_hold_for_it_alone() {
    let (own, other) = ("11".repeat(32), "22".repeat(32));
    let text = format!(
        "version = 1\n[[allow]]\ncall = \"class:env\"\nprogram = \"sha256:{own}\"\n[[deny]]\ncall = \"class:clock\"\nprogram = [\"sha256:{other}\"]"
    );
    let of = |program| Policy::parse("p.toml", &text, program).unwrap();
    assert!(
        is_allowed(&of(Some([0x11; 32])), Call::GetEnvironment) && is_allowed(&of(Some([0x11; 32])), Call::WallNow)
    );
    assert!(
        !is_allowed(&of(Some([0x22; 32])), Call::GetEnvironment) && !is_allowed(&of(Some([0x22; 32])), Call::WallNow)
    );
    assert!(!is_allowed(&of(None), Call::GetEnvironment));
    assert!(of(None).names_programs());
}

#[test]
fn expectations_are_checked() {
    let met = format!(
        "{EXAMPLE}\n[[expect]]\ncall = \"class:read\"\npath = \"/src/a\"\nverdict = \"allow\"\n[[expect]]\ncall = [\"class:connect\"]\nto = \"10.0.0.1:80\"\nverdict = \"deny\""
    );
    assert_eq!((policy(&met).expectations(), policy(&met).unmet()), (2, Vec::new()));
    let unmet = format!("{EXAMPLE}[[expect]]\ncall = \"open-at\"\npath = \"/src/.git/x\"\nverdict = \"allow\"\n");
    assert_eq!(
        policy(&unmet).unmet(),
        ["p.toml:11: expected allow for descriptor.open-at at `/src/.git/x`; p.toml:6: deny path = \"/src/.git/**\""]
    );
}

#[test]
fn an_explanation_names_the_rule() {
    let lines = |call, place| -> Vec<String> {
        policy(EXAMPLE).explain(call, place).unwrap().iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        lines("open-at", Some("/src/a")),
        [
            "allow  p.toml:3: allow call = [\"class:stat\", \"class:read\"] path = \"/src/**\"  for descriptor.open-at, descriptor.open-at to read",
            "deny  no rule allows it  for descriptor.open-at to write, descriptor.open-at to create",
        ]
    );
    assert_eq!(lines("class:clock", None)[0].split("  for ").next(), Some("allow  no rule speaks against it"));
    assert!(lines("tcp-socket.start-connect", Some("10.0.0.1:443"))[0].starts_with("allow  p.toml:8: "));
    for (call, place, word) in [
        ("clas:read", None, "unknown call"),
        ("class:read", None, "is missing"),
        ("class:clock", Some("/a"), "no path"),
        ("class:connect", Some("a b"), "neither an address"),
        ("class:read", Some("/a/../b"), "leads to"),
    ] {
        let error = policy(EXAMPLE).explain(call, place).unwrap_err();
        assert!(error.contains(word), "{error}");
    }
}

/// A source of numbers for random policies.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

const PATHS: &[&str] = &[
    "/src/**",
    "/src/a",
    "/src/a/**",
    "/src/*",
    "/src/*/b",
    "**/b",
    "/src/**/c/**",
    "/src/a?",
    "**/*b*/**",
    "/**",
    "/src/a/*/b",
    "/src/*/**/*",
    "/src/a*/**/a*",
    "/src/**/src",
    "/src/**/a/**/a",
];
const CALLS: &[&str] = &[
    "class:read",
    "class:write",
    "class:stat",
    "class:create",
    "class:delete",
    "open-at",
    "stat-at",
    "class:stream",
    "*",
];
const ADDRESSES: &[&str] = &["10.0.0.0/8", "10.0.0.1:80", "*:443", "127.0.0.1:1-100", "[::1]", "[fd00::]/8:80"];
const ERRORS: &[&str] = &["", "error = \"no-entry\"\n", "error = \"not-permitted\"\n"];

fn random_rules(numbers: &mut Numbers) -> Vec<String> {
    let mut rule = || {
        let verb = numbers.one(&["allow", "allow", "deny", "log"]);
        let error = if verb == "deny" { numbers.one(ERRORS) } else { "" };
        match numbers.below(4) {
            0 => format!("[[{verb}]]\nto = [\"{}\", \"{}\"]\n{error}", numbers.one(ADDRESSES), numbers.one(ADDRESSES)),
            1 => format!(
                "[[{verb}]]\ncall = \"{}\"\n{error}",
                numbers.one(&["class:clock", "class:env", "class:connect", "class:list"])
            ),
            _ => format!("[[{verb}]]\ncall = \"{}\"\npath = \"{}\"\n{error}", numbers.one(CALLS), numbers.one(PATHS)),
        }
    };
    (0..8).map(|_| rule()).collect()
}

const PLACES: &[&str] =
    &["", "a", "a/a", "a/x/ab", "x/src", "src", "b", "a/b", "a/b/c", "a/x/b", "ab", "xbx/c/d", "c", "x/c/y/a"];

/// The verdicts on some calls, without the numbers of rules.
fn verdicts(policy: &Policy) -> Vec<Option<Code>> {
    let mount = mount();
    let dir = handle(&mount, "/src");
    let socket = Handle { id: 4, name: "tcp", mount: None, denied: None };
    let mut calls = vec![Call::WallNow, Call::GetEnvironment, Call::CreateTcpSocket { family: AddressFamily::Ipv4 }];
    for path in PLACES {
        calls.push(Call::OpenAt { dir, path, how: READ });
        calls.push(Call::OpenAt { dir, path, how: CREATE });
        calls.push(Call::StatAt { dir, follow: Follow::Yes, path });
        calls.push(Call::UnlinkFileAt { dir, path });
        calls.push(Call::RenameAt { dir, path, new_dir: dir, new_path: "a/new" });
    }
    for address in ["10.0.0.1:80", "10.0.0.1:443", "127.0.0.1:7", "[::1]:443", "[fd00::1]:80", "9.9.9.9:9"] {
        calls.push(Call::TcpStartConnect { socket, remote_address: address.parse().unwrap() });
    }
    let code = |call: &Call<'_>| match policy.decide(call, None) {
        Verdict::Deny { code, .. } => Some(code),
        Verdict::Allow | Verdict::Log(_) => None,
    };
    calls.iter().map(code).collect()
}

#[test]
fn the_order_of_rules_means_nothing() {
    let mut numbers = Numbers(1);
    for _ in 0..300 {
        let mut rules = random_rules(&mut numbers);
        let expected = verdicts(&policy(&rules.concat()));
        for _ in 0..4 {
            let (from, to) = (numbers.below(rules.len()), numbers.below(rules.len()));
            rules.swap(from, to);
            assert_eq!(verdicts(&policy(&rules.concat())), expected, "{}", rules.concat());
        }
    }
}

#[test]
fn a_denial_more_never_allows_and_an_allowance_more_never_denies() {
    let mut numbers = Numbers(2);
    for _ in 0..300 {
        let rules = random_rules(&mut numbers).concat();
        let before = verdicts(&policy(&rules));
        let with =
            |verb| verdicts(&policy(&format!("{rules}[[{verb}]]\ncall = [\"class:read\", \"class:connect\"]\n")));
        let renames = |at: usize| at >= 3 && at < 3 + 5 * PLACES.len() && (at - 3) % 5 == 4;
        for (at, (before, after)) in before.iter().zip(with("deny")).enumerate() {
            // A rename may pass when its ends are alike at last.
            assert!(before.is_none() || after.is_some() || renames(at), "{rules}");
        }
        for (at, (before, after)) in before.iter().zip(with("allow")).enumerate() {
            assert!(before.is_some() || after.is_none() || renames(at), "{rules}");
        }
    }
}

#[test]
fn tables_and_rules_agree() {
    let mut numbers = Numbers(3);
    let mount = mount();
    let dir = handle(&mount, "/src");
    for _ in 0..500 {
        let rules = random_rules(&mut numbers).concat();
        let policy = policy(&rules);
        for path in PLACES {
            let place = Where::Path(format!("/src/{path}"));
            for call in [
                Call::OpenAt { dir, path, how: CREATE },
                Call::StatAt { dir, follow: Follow::No, path },
                Call::Read { file: handle(&mount, "/src"), length: 1, offset: 0 },
            ] {
                let place = if let Call::Read { .. } = call { Where::Path("/src".to_owned()) } else { place.clone() };
                let few = aspect::of(&call);
                let expected = few.as_slice().iter().all(|aspect| policy.ask(*aspect, &place, None).allowed);
                assert_eq!(is_allowed(&policy, call), expected, "{rules}{call:?}");
            }
        }
        for address in ["10.0.0.1:80", "10.0.0.1:443", "127.0.0.1:7", "[::1]:443", "[fd00::1]:80", "9.9.9.9:9"] {
            let remote_address: SocketAddr = address.parse().unwrap();
            let call = Call::TcpStartConnect { socket: Handle { mount: None, ..dir }, remote_address };
            let expected = policy.ask(call.number(), &Where::Address(remote_address), None).allowed;
            assert_eq!(is_allowed(&policy, call), expected, "{rules}{address}");
        }
    }
}
