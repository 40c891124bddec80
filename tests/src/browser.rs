//! A browser without a window, driven by its DevTools protocol: JSON over two pipes, each message ended by a zero byte.
//!
//! Hazards: the browser has processes of its own, and they end with the first one. It keeps a profile, which is a temporary folder here. It
//! runs without its own sandbox, as it must for root; so it only ever gets pages of ours.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// The program.
pub const BROWSER: &str = "chromium";

/// The time for an answer, far beyond what any needs.
const PATIENCE: Duration = Duration::from_secs(120);

/// A page in a browser.
pub struct Browser {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    session: Option<String>,
    calls: u64,
    events: Vec<Value>,
    _profile: TempDir,
}

impl Browser {
    /// Starts it with an empty page of this size.
    ///
    /// # Panics
    /// If it can't be started.
    #[must_use]
    pub fn start(width: u32, height: u32) -> Self {
        let profile = TempDir::new().expect("a temporary folder");
        let mut command = Command::new("sh");
        // The protocol is on descriptors 3 and 4, which only a shell sets without unsafe code.
        command.args(["-c", "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null", "sh", BROWSER]);
        command.args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--remote-debugging-pipe",
        ]);
        command.args(["--no-first-run", "--hide-scrollbars=false", "--force-device-scale-factor=1"]);
        command.arg(format!("--user-data-dir={}", profile.path().display()));
        command.arg(format!("--window-size={width},{height}"));
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell starts the browser");
        let to = child.stdin.take().expect("it is piped");
        let out = child.stdout.take().expect("it is piped");
        let (sender, from) = mpsc::channel();
        thread::spawn(move || {
            for message in BufReader::new(out).split(0).map_while(Result::ok) {
                if sender.send(serde_json::from_slice(&message).unwrap_or_default()).is_err() {
                    return;
                }
            }
        });
        let mut browser = Self { child, to, from, session: None, calls: 0, events: Vec::new(), _profile: profile };
        browser.attach(width, height);
        browser
    }

    fn attach(&mut self, width: u32, height: u32) {
        let target = self.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let target = &target["targetId"];
        let session = self.call("Target.attachToTarget", &json!({ "targetId": target, "flatten": true }));
        self.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Network", "Log"] {
            self.call(&format!("{domain}.enable"), &json!({}));
        }
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Calls a method of the protocol.
    ///
    /// # Panics
    /// If it fails, or if the browser is gone.
    pub fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.calls += 1;
        let mut message = json!({ "id": self.calls, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(format!("{message}\0").as_bytes()).expect("the browser listens");
        loop {
            let mut message = self.from.recv_timeout(PATIENCE).unwrap_or_else(|error| match error {
                RecvTimeoutError::Timeout => panic!("{method}: no answer from the browser"),
                RecvTimeoutError::Disconnected => panic!("{method}: the browser has ended"),
            });
            if message["id"] == json!(self.calls) {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].take();
            }
            self.events.push(message);
        }
    }

    /// Opens a file, and waits until the page says by itself that it is ready: by `data-ready`, the milliseconds that it took.
    pub fn open(&mut self, page: &Path, fragment: &str) {
        // A change of the fragment alone would load nothing.
        self.call("Page.navigate", &json!({ "url": "about:blank" }));
        self.events.clear();
        self.call("Page.navigate", &json!({ "url": format!("file://{}{fragment}", page.display()) }));
        self.until("document.documentElement?.dataset.ready");
    }

    /// The value of an expression in the page, waited for if it is a promise.
    ///
    /// # Panics
    /// If it throws.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let mut result = self.call("Runtime.evaluate", &parameters);
        assert!(result["exceptionDetails"].is_null(), "{expression}: {}", result["exceptionDetails"]);
        result["result"]["value"].take()
    }

    /// The text that an element shows.
    pub fn text(&mut self, selector: &str) -> String {
        let text = self.evaluate(&format!("document.querySelector({}).innerText", json!(selector)));
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until an expression holds.
    ///
    /// # Panics
    /// If it never does.
    pub fn until(&mut self, expression: &str) {
        self.evaluate(&format!(
            "new Promise((done) => {{ const look = () => ({expression}) ? done(true) : setTimeout(look, 10); look(); }})"
        ));
    }

    /// Presses a key: `/`, `Escape`.
    pub fn press(&mut self, key: &str) {
        let text = if key.chars().count() == 1 { key } else { "" };
        let down = json!({ "type": "keyDown", "key": key, "text": text });
        self.call("Input.dispatchKeyEvent", &down);
        self.call("Input.dispatchKeyEvent", &json!({ "type": "keyUp", "key": key }));
    }

    /// Types text where the focus is.
    pub fn type_text(&mut self, text: &str) {
        self.call("Input.insertText", &json!({ "text": text }));
    }

    /// Sends an event of the mouse.
    pub fn mouse(&mut self, kind: &str, (x, y): (f64, f64), more: &Value) {
        let mut event = json!({ "type": kind, "x": x, "y": y });
        for (name, value) in more.as_object().into_iter().flatten() {
            event[name] = value.clone();
        }
        self.call("Input.dispatchMouseEvent", &event);
    }

    /// What the page complained of since it was opened: exceptions, errors of the console, and what its policy refused.
    pub fn complaints(&mut self) -> Vec<Value> {
        self.evaluate("0");
        let is_complaint = |event: &&Value| match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => true,
            Some("Runtime.consoleAPICalled") => {
                event["params"]["type"] == "error" || event["params"]["type"] == "warning"
            }
            Some("Log.entryAdded") => event["params"]["entry"]["level"] == "error",
            _ => false,
        };
        self.events.iter().filter(is_complaint).cloned().collect()
    }

    /// The addresses that were asked for since the page was opened, itself included.
    pub fn requests(&mut self) -> Vec<String> {
        self.evaluate("0");
        let requests = self.events.iter().filter(|event| event["method"] == "Network.requestWillBeSent");
        requests.map(|event| event["params"]["request"]["url"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // By its id, so that no other browser is meant. Its processes end with the first one.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
