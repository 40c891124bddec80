//! A run at a terminal: a pseudo-terminal of this machine, at whose other end the test types and reads.
//!
//! Hazard: the terminal shows what is typed, as long as the program doesn't forbid it; so what the program wrote is looked for in
//! what is shown, not compared with the whole.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;

use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};

use crate::running::{BOUND, wait};
use crate::{Run, places};

/// A run that has not ended, or at least was not waited for. Dropping it ends it.
pub struct Terminal {
    line: String,
    child: Child,
    keyboard: File,
    pieces: Receiver<Vec<u8>>,
    shown: String,
}

impl Run {
    /// Starts it with all three standard streams at a new terminal.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn at_terminal(self) -> Terminal {
        let (line, mut command) = self.command();
        let ends = openpty(None, None).unwrap_or_else(|error| panic!("no terminal can be made: {error}"));
        // Wine's console wants the keys as they are, but doesn't ask the terminal for them when it isn't the controlling one.
        if places::on_wine() {
            let mut keys = tcgetattr(&ends.slave).expect("it is a terminal");
            cfmakeraw(&mut keys);
            tcsetattr(&ends.slave, SetArg::TCSANOW, &keys).expect("it is a terminal");
        }
        let stream = || Stdio::from(ends.slave.try_clone().expect("a descriptor"));
        command.stdin(stream()).stdout(stream()).stderr(stream());
        let child = command.spawn().unwrap_or_else(|error| panic!("{line}\ncannot be started: {error}"));
        let keyboard = File::from(ends.master);
        let mut screen = keyboard.try_clone().expect("a descriptor");
        let (send, pieces) = channel();
        // It ends when nobody has the terminal open any more, or nobody wants to know.
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut buffer) {
                if send.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Terminal { line, child, keyboard, pieces, shown: String::new() }
    }
}

impl Terminal {
    /// Waits until `text` is shown.
    ///
    /// # Panics
    /// When that doesn't come, with what there was.
    #[track_caller]
    pub fn shows(&mut self, text: &str) {
        while !self.shown.contains(text) {
            match self.pieces.recv_timeout(BOUND) {
                Ok(piece) => self.shown += &String::from_utf8_lossy(&piece),
                Err(RecvTimeoutError::Disconnected | RecvTimeoutError::Timeout) => {
                    panic!("{}\nnever shows {text:?}, but\n{}", self.line, self.shown.escape_debug());
                }
            }
        }
    }

    /// Everything that was shown so far.
    #[must_use]
    pub fn screen(&self) -> &str {
        &self.shown
    }

    /// Types a line, ended by the key for that.
    ///
    /// # Panics
    /// When nobody has the terminal open.
    pub fn types(&mut self, line: &str) {
        self.keyboard.write_all(format!("{line}\r").as_bytes()).expect("somebody has the terminal open");
    }

    /// Waits for its end, and returns its exit code; `None` for a signal.
    ///
    /// # Panics
    /// When it does not end within the bound.
    #[must_use]
    pub fn end(mut self) -> Option<i32> {
        wait(&mut self.child, &self.line)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
