//! Brokers that are threads of the test's own, at a Unix socket, or programs of this system.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use callgate_gate::{Call, Decider, Handle, Mount, Place, Reason, Resolved, Verdict};
use callgate_system::path::PATH_MAX;
use callgate_system::{Code, Follow, OpenHow};
use serde_json::Value;
use tempfile::TempDir;

use crate::{Broker, Options, Peer};

const ALLOW: &str = r#""verdict":"allow"}"#;

/// A broker, and what it was asked and what was said of it.
struct Scene {
    broker: Broker,
    questions: Arc<Mutex<Vec<Value>>>,
    said: Arc<Mutex<Vec<String>>>,
    _folder: TempDir,
}

/// A broker that answers each question with `{"id":ID,` and what `answer` makes of it.
fn broker(answer: impl Fn(&Value) -> String + Send + 'static) -> Scene {
    raw(Options::default(), move |question| Some(format!("{{\"id\":{},{}\n", question["id"], answer(question))))
}

/// A broker that writes `answer` as it is, and leaves where there is none.
fn raw(options: Options, answer: impl Fn(&Value) -> Option<String> + Send + 'static) -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let listener = UnixListener::bind(&path).unwrap();
    let questions = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&questions);
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        for line in BufReader::new(stream.try_clone().unwrap()).lines() {
            let Ok(line) = line else { return };
            assert!(line.is_ascii());
            let question: Value = serde_json::from_str(&line).unwrap();
            seen.lock().unwrap().push(question.clone());
            let Some(answer) = answer(&question) else { return };
            // Nobody may be reading any more.
            drop(stream.write_all(answer.as_bytes()));
        }
    });
    let (broker, said) = start(&Peer::Socket(path), options);
    Scene { broker, questions, said, _folder: folder }
}

fn start(peer: &Peer, options: Options) -> (Broker, Arc<Mutex<Vec<String>>>) {
    let said = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&said);
    let say = Box::new(move |line: &str| lines.lock().unwrap().push(line.to_owned()));
    (Broker::start(peer, options, say).unwrap(), said)
}

fn mount() -> Mount {
    Mount { guest_path: "/src".to_owned(), read_only: false, quota: None, names: callgate_system::Names::Exact }
}

fn of(mount: &Mount) -> Handle<'_> {
    Handle { id: 3, name: "/src", mount: Some(mount), denied: None }
}

/// The verdict on opening `/src/PATH` to read.
fn open(broker: &Broker, path: &str) -> Verdict {
    let mount = mount();
    let how = OpenHow { read: true, follow: Follow::Yes, ..OpenHow::default() };
    broker.decide(&Call::OpenAt { dir: of(&mount), path, how }, None)
}

fn denied(code: Code) -> Verdict {
    Verdict::Deny { code, reason: Reason::Broker }
}

#[test]
fn a_question_says_what_is_asked() {
    let scene = broker(|_| ALLOW.to_owned());
    assert_eq!(open(&scene.broker, "./a//b"), Verdict::Allow);
    let mount = mount();
    let place = Place { mount: &mount, path: "real", names: callgate_system::Names::Exact };
    let call = Call::StatAt { dir: of(&mount), path: "link", follow: Follow::Yes };
    scene.broker.decide(&call, Some(&Resolved { place, new_place: None }));
    let to = "10.0.0.1:80".parse().unwrap();
    let socket = Handle { id: 4, name: "tcp", mount: None, denied: None };
    scene.broker.decide(&Call::TcpStartConnect { socket, remote_address: to }, None);
    scene.broker.decide(&Call::GetEnvironment, None);
    let asked = scene.questions.lock().unwrap();
    assert_eq!(
        asked[0],
        serde_json::json!({
            "id": 1, "interface": "wasi:filesystem/types", "call": "descriptor.open-at", "class": ["read"],
            "args": {"dir": {"handle": 3, "name": "/src", "mount": "/src"}, "path": {"path": "./a//b"}, "how": ["read"]},
            "places": ["/src/a/b"], "resolved": false,
        })
    );
    assert_eq!((&asked[1]["places"], &asked[1]["resolved"]), (&serde_json::json!(["/src/real"]), &true.into()));
    assert_eq!((&asked[2]["places"], &asked[2]["class"][0]), (&serde_json::json!(["10.0.0.1:80"]), &"connect".into()));
    assert_eq!((&asked[3]["places"], &asked[3]["class"][0]), (&serde_json::json!([]), &"env".into()));
}

#[test]
fn the_guest_s_names_end_no_string_and_no_line() {
    let scene = broker(|_| ALLOW.to_owned());
    let name = "a\"],\"x\":\n{\\\u{202e}\u{1f600}";
    open(&scene.broker, name);
    let asked = scene.questions.lock().unwrap();
    assert_eq!(asked[0]["places"][0], format!("/src/{name}"));
    assert_eq!(asked[0]["args"]["path"]["path"], name);
}

#[test]
fn a_denial_names_its_error() {
    let scene = broker(|question| match question["places"][0].as_str().unwrap() {
        "/src/a" => r#""verdict":"deny","error":"no-entry"}"#.to_owned(),
        _ => r#""verdict":"deny"}"#.to_owned(),
    });
    assert_eq!(open(&scene.broker, "a"), denied(Code::NoEntry));
    assert_eq!(open(&scene.broker, "b"), denied(Code::Access));
    let to = "10.0.0.1:80".parse().unwrap();
    let socket = Handle { id: 4, name: "tcp", mount: None, denied: None };
    let verdict = scene.broker.decide(&Call::TcpStartConnect { socket, remote_address: to }, None);
    assert_eq!(verdict, denied(Code::AccessDenied));
    assert!(scene.said.lock().unwrap()[0].ends_with("denies descriptor.open-at of \"/src/a\""));
}

#[test]
fn calls_of_other_classes_are_not_asked() {
    let scene = broker(|_| r#""verdict":"deny"}"#.to_owned());
    for call in [Call::MonotonicNow, Call::GetStdout, Call::GetArguments, Call::GetRandomU64] {
        assert_eq!(scene.broker.decide(&call, None), Verdict::Allow);
    }
    assert_eq!(scene.broker.asked(), 0);
}

#[test]
fn an_answer_holds_for_as_much_as_it_says() {
    for (cache, paths, asked) in [
        ("", ["a", "a", "b", "./a"], 4),
        (r#","cache":"path""#, ["a", "a", "b", "./a"], 2),
        (r#","cache":"path""#, ["c/../a", "c/../a", "a", "a"], 3),
        (r#","cache":"call-class""#, ["a", "a", "b", "../a"], 1),
    ] {
        let scene = broker(move |_| format!("\"verdict\":\"deny\"{cache}}}"));
        for path in paths {
            assert_eq!(open(&scene.broker, path), denied(Code::Access));
        }
        assert_eq!(scene.broker.asked(), asked, "{cache} {paths:?}");
        // Another class is another question.
        let mount = mount();
        scene.broker.decide(&Call::UnlinkFileAt { dir: of(&mount), path: "a" }, None);
        assert_eq!(scene.broker.asked(), asked + 1);
    }
}

#[test]
fn the_cache_is_bounded() {
    let scene = broker(|_| r#""verdict":"allow","cache":"path"}"#.to_owned());
    for number in 0..1025 {
        open(&scene.broker, &number.to_string());
    }
    open(&scene.broker, "1024");
    assert_eq!(scene.broker.asked(), 1025);
    open(&scene.broker, "0");
    assert_eq!(scene.broker.asked(), 1026);
}

#[test]
fn what_can_t_be_shown_whole_is_denied_unasked() {
    let scene = broker(|_| ALLOW.to_owned());
    assert_eq!(open(&scene.broker, &"a".repeat(PATH_MAX + 1)), denied(Code::Access));
    assert_eq!(scene.broker.asked(), 0);
    assert_eq!(open(&scene.broker, "a"), Verdict::Allow);
}

#[test]
fn a_broker_that_does_wrong_is_not_asked_again() {
    let id = |rest: &str| format!("{{\"id\":1,{rest}\n");
    for (answer, why) in [
        (Some("{\"id\":2,\"verdict\":\"allow\"}\n".to_owned()), "it answered question 2, where 1 was asked"),
        (Some(id(r#""verdict":"maybe"}"#)), "the verdict \"maybe\""),
        (Some(id(r#""verdict":"allow","error":"io"}"#)), "it allowed a call, and named an error"),
        (Some(id(r#""verdict":"deny","error":"would-block"}"#)), "the error \"would-block\""),
        (Some(id(r#""verdict":"allow","cache":"all"}"#)), "cache \"all\""),
        (Some(id(r#""verdict":"allow","until":"noon"}"#)), "is no answer"),
        (Some(id(r#""verdict":"deny","verdict":"allow"}"#)), "is no answer"),
        (Some("allow\n".to_owned()), "it answered \"allow\", which is no answer"),
        (Some("\n".to_owned()), "is no answer"),
        (Some("\u{1b}[2J\n".to_owned()), "\\u{1b}[2J"),
        (Some("[".repeat(3000) + "\n"), "is no answer"),
        (Some("a".repeat(10 << 20)), "a line of more than 4096 bytes"),
        (None, "it has ended"),
    ] {
        let scene = raw(Options::default(), move |_| answer.clone());
        for path in ["a", "b"] {
            assert_eq!(open(&scene.broker, path), denied(Code::Access), "{why}");
        }
        assert_eq!(scene.broker.asked(), 1, "{why}");
        let said = scene.said.lock().unwrap();
        let [line] = &**said else { panic!("{said:?}") };
        assert!(line.contains(why) && line.ends_with("what it is asked about is denied from now on"), "{line}");
    }
}

#[test]
fn an_answer_before_its_question_is_a_lie() {
    let scene = raw(Options::default(), |_| {
        Some("{\"id\":1,\"verdict\":\"allow\"}\n{\"id\":1,\"verdict\":\"allow\"}\n".to_owned())
    });
    assert_eq!(open(&scene.broker, "a"), Verdict::Allow);
    assert_eq!(open(&scene.broker, "b"), denied(Code::Access));
    assert!(scene.said.lock().unwrap()[0].contains("it answered question 1, where 2 was asked"));
}

#[test]
fn one_that_fails_takes_back_what_it_allowed() {
    let scene = raw(Options::default(), |question| {
        (question["id"] == 1).then(|| "{\"id\":1,\"verdict\":\"allow\",\"cache\":\"path\"}\n".to_owned())
    });
    assert_eq!(open(&scene.broker, "a"), Verdict::Allow);
    assert_eq!(open(&scene.broker, "b"), denied(Code::Access));
    assert_eq!(open(&scene.broker, "a"), denied(Code::Access));
}

#[test]
fn one_that_hangs_is_waited_for_as_long_as_was_said() {
    let short = Options { timeout: Duration::from_millis(20), ..Options::default() };
    // The end of the run comes first, and the answer would take an hour.
    let over = Options { timeout: Duration::from_secs(3600), until: Some(Instant::now()), ..Options::default() };
    for options in [short, over] {
        let scene = raw(options, |_| Some(String::new()));
        assert_eq!(open(&scene.broker, "a"), denied(Code::Access));
        assert_eq!(open(&scene.broker, "a"), denied(Code::Access));
        assert!(scene.said.lock().unwrap()[0].contains("it gave no answer "));
    }
}

#[test]
fn a_command_is_split_at_spaces_and_a_path_is_not() {
    assert_eq!(Peer::parse("unix:/a b"), Ok(Peer::Socket("/a b".into())));
    assert_eq!(Peer::parse(" b  -x  y "), Ok(Peer::Command("b".into(), vec!["-x".into(), "y".into()])));
    assert!(Peer::parse("unix:").is_err() && Peer::parse(" ").is_err());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a b");
    fs::write(&path, "").unwrap();
    assert_eq!(Peer::parse(path.to_str().unwrap()), Ok(Peer::Command(path, Vec::new())));
}

#[test]
fn a_program_is_started_and_ended() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broker");
    fs::write(&path, "read -r line\necho '{\"id\":1,\"verdict\":\"allow\"}'\nwhile read -r line; do :; done\n")
        .unwrap();
    let peer = Peer::Command("sh".into(), vec![path.to_str().unwrap().to_owned()]);
    let patient = Options { timeout: Duration::from_secs(60), ..Options::default() };
    let (broker, said) = start(&peer, patient);
    assert_eq!(open(&broker, "a"), Verdict::Allow);
    drop(broker);
    assert_eq!(said.lock().unwrap().len(), 0);
    let (gone, said) = start(&Peer::Command("true".into(), Vec::new()), patient);
    assert_eq!(open(&gone, "a"), denied(Code::Access));
    assert_eq!(said.lock().unwrap().len(), 1);
}

#[test]
fn what_is_not_there_is_told() {
    let say = || Box::new(|_: &str| {});
    for peer in [Peer::Socket("/nowhere/s".into()), Peer::Command("/nowhere/broker".into(), Vec::new())] {
        assert!(Broker::start(&peer, Options::default(), say()).is_err());
    }
}
