//! Closes a parent before its child: a stream before its pollable, a file before its streams. The host may trap or
//! let the child live on; it must not fall over. Argument 1: a mount; argument 2: `stream`, `file` or `directory`.

use std::process::ExitCode;

use programs::{Context, Failure, argument, check, create, is_closed, mount, run};

fn main() -> ExitCode {
    run(|| {
        let root = mount(&argument(1)?)?;
        let file = create(&root, "dropped")?;
        match argument(2)?.as_str() {
            "stream" => {
                let input = file.read_via_stream(0).context("read-via-stream")?;
                let pollable = input.subscribe();
                drop(input);
                check("what is left of a closed stream is ready", pollable.ready())?;
                pollable.block();
            }
            "file" => {
                let input = file.read_via_stream(0).context("read-via-stream")?;
                drop(file);
                check("the stream goes on", is_closed(&input.blocking_read(1)))?;
            }
            "directory" => {
                let entries = root.read_directory().context("read-directory")?;
                drop(root);
                check(
                    "the listing goes on",
                    entries.read_directory_entry().context("read-directory-entry")?.is_some(),
                )?;
            }
            other => return Err(Failure::new(format!("nothing to close is called {other}"))),
        }
        println!("drop_order: the child lived on");
        Ok(())
    })
}
