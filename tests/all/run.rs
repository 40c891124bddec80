//! Guests that need no directory: what they are given, what they print, how they end.

use callgate_tests::needs::PipeErrors;
use callgate_tests::{GUESTS, Host, each, everywhere, needs, places};

#[test]
pub(crate) fn hello() {
    everywhere(|host| {
        host.guest("hello").run().well().prints("hello, world\n");
    });
}

#[test]
pub(crate) fn args_env() {
    everywhere(|host| {
        let bare = host.guest("args_env").host_env("CALLGATE_TESTS_SECRET", "s").run();
        bare.well().claim("no variable is given without an option", !bare.out().contains("env "));
        bare.claim("no argument but the program's name", !bare.out().contains("argv[1]"));
        bare.says("argv[0] = ").says("current_dir = \"/\"\n");

        let run = host.guest("args_env").args(&["", "two words", "--timeout", "☃"]).host_env("TAKEN", "from outside");
        let run = run.with("--env", "A=1").with("--env", "EMPTY=").with("--env", "EQUALS=a=b").with("--env", "TAKEN");
        let seen = run.with("--argv0", "zero").with("--cwd", "/somewhere").run();
        seen.well().says("argv[0] = \"zero\"\nargv[1] = \"\"\nargv[2] = \"two words\"\nargv[3] = \"--timeout\"\n");
        seen.says("argv[4] = \"☃\"\n").says("initial-cwd = Some(\"/somewhere\")\n");
        seen.says("env A = \"1\"\nenv EMPTY = \"\"\nenv EQUALS = \"a=b\"\nenv TAKEN = \"from outside\"\n");

        let run = host.guest("args_env").option("--inherit-env").with("--env", "OVER=option");
        let seen = run.host_env("INHERITED", "yes").host_env("OVER", "outside").run();
        seen.well().says("env INHERITED = \"yes\"\n").says("env OVER = \"option\"\n");
    });
}

#[test]
pub(crate) fn exit_code() {
    everywhere(|host| {
        let end = |words: &[&str]| host.guest("exit_code").args(words).run();
        end(&["return"]).well().prints("about to end\n");
        end(&["error"]).code(1).prints("about to end\n").complains("failed: as asked");
        for code in [0, 1, 2, 7, 101, 134, 255] {
            let ended = end(&["binding", &code.to_string()]);
            ended.claim(&format!("exit-with-code gives {code}"), ended.exit_code() == Some(code));
            ended.claim("it ends quietly", ended.stderr.is_empty() && ended.out() == "about to end\n");
        }
        end(&["std", "0"]).well();
        let ended = end(&["std", "7"]);
        // The C library that std is built with may know only success and failure.
        ended.claim("std's exit code, or failure", matches!(ended.exit_code(), Some(1 | 7))).quiet();
    });
}

#[test]
pub(crate) fn stdin_echo() {
    everywhere(|host| {
        host.guest("stdin_echo").run().success().prints("").complains("0 bytes");
        host.guest("stdin_echo").stdin("line\nno end of line").run().success().prints("line\nno end of line");
        let bytes: Vec<u8> = (0..1_000_000_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 23) as u8).collect();
        let echo = host.guest("stdin_echo").stdin(bytes.clone()).run();
        echo.success().complains("1000000 bytes").claim("a megabyte comes back", echo.stdout == bytes);
    });
}

#[test]
pub(crate) fn stdin_wait() {
    // In memory a read of standard input waits by itself, so that its bytes are not cut by chance.
    each(|host| {
        host.guest("stdin_wait").arg("nothing").open_stdin().run().well().prints("stdin_wait: nothing came\n");
        host.guest("stdin_wait").arg("some text").stdin("some text").run().well().prints("stdin_wait: all came\n");
    });
}

#[test]
pub(crate) fn stdout_big() {
    everywhere(|host| {
        let whole = host.guest("stdout_big").arg("10000000").run();
        whole.well().claim("ten megabytes arrive", whole.stdout.len() == 10_000_000);
    });
}

#[test]
fn nobody_reads_stdout() {
    each(nobody_reads);
}

#[test]
fn nobody_reads_stdout_in_memory() {
    needs!(PipeErrors);
    nobody_reads(Host::Memory);
}

fn nobody_reads(host: Host) {
    let cut = host.guest("stdout_big").arg("1000000000").head(64).run();
    cut.code(141).quiet().claim("the reader had its line", cut.stdout.len() == 64);
}

#[test]
pub(crate) fn stderr_write() {
    everywhere(|host| {
        let run = host.guest("stderr_write").run();
        run.success().prints("to stdout\n").complains("to stderr\nto stderr again\n");
    });
}

#[test]
pub(crate) fn terminal() {
    everywhere(|host| {
        let run = host.guest("terminal").run();
        run.well().prints("stdin is not a terminal\nstdout is not a terminal\nstderr is not a terminal\n");
    });
}

#[test]
pub(crate) fn clocks() {
    everywhere(|host| {
        host.guest("clocks").run().well().says("unix time ");
    });
}

#[test]
pub(crate) fn random() {
    each(|host| {
        let sample = || host.guest("random").run().well().out();
        let (one, two) = (sample(), sample());
        assert_ne!(one, two, "two runs have the same random numbers");
    });
}

#[test]
pub(crate) fn poll() {
    everywhere(|host| {
        host.guest("poll").open_stdin().run().well().prints("poll: all well\n");
    });
}

#[test]
pub(crate) fn sockets_refused() {
    everywhere(|host| {
        host.guest("sockets_refused").run().well().prints("sockets_refused: nothing reached\n");
    });
}

#[test]
fn every_guest_is_built() {
    for name in GUESTS {
        assert!(places::guest(name).is_file(), "{name}");
    }
}
