//! Handles: what they survive, how many there may be, and that each directory is a sandbox of its own.

use callgate_system::{Directory, Follow, NewTimestamp};

use crate::Check;
use crate::stage::{CREATE, READ, Stage, content, names, open_directory, open_file, read, read_all};

cases! { "handles";
    "a thousand files open at once", "Directory::open" => thousand;
    "a thousand opens of one file, one after the other", "Directory::open" => one_after_other;
    "a directory below is a sandbox of its own", "Directory::open" => own_sandbox;
    "a directory's links may not leave it, though they stay in the root", "Directory::open" => own_links;
    "a directory renamed while open goes on", "Directory::rename" => renamed;
    "a directory moved elsewhere stays a sandbox", "Directory::rename" => moved;
    "a directory removed while open has no entries", "Directory::remove_directory" => removed;
    "a handle serves several threads", "Directory::open" => threads;
    "a handle outlives the one it was opened from", "Directory::open" => outlives;
}

fn thousand(stage: &Stage<'_>) -> Check {
    let mut files = Vec::new();
    for n in 0..1000 {
        let name = (n % 20).to_string();
        let file = if n < 20 { stage.file(&name, &name)? } else { fine!(stage.open(&name, READ)) };
        files.push((file, name));
    }
    for (file, name) in &files {
        same!(fine!(read(&**file, 0, 8)), name.as_bytes());
    }
    Ok(())
}

fn one_after_other(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    for _ in 0..1000 {
        same!(fine!(read_all(&*fine!(stage.open("f", READ)))), b"text");
    }
    Ok(())
}

fn own_sandbox(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    let directory = stage.directory("d")?;
    for path in ["..", "../f", "../d", "./../f", "/f", "/"] {
        refused!(directory.open(path, READ).map(drop), NotPermitted);
        refused!(directory.stat(path, Follow::No), NotPermitted);
        refused!(directory.unlink_file(path), NotPermitted);
        refused!(directory.create_directory(path), NotPermitted);
        refused!(directory.set_times(path, Follow::No, NewTimestamp::Now, NewTimestamp::Now), NotPermitted);
    }
    refused!(directory.open("../new", CREATE).map(drop), NotPermitted);
    refused!(directory.symlink("x", "../new"), NotPermitted);
    same!(fine!(names(&*stage.root)), ["d", "f"]);
    Ok(())
}

fn own_links(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    let directory = stage.directory("d")?;
    stage.symlink("../f", "d/l")?;
    same!(fine!(read_all(&*fine!(stage.open("d/l", READ)))), b"text");
    refused!(directory.open("l", READ).map(drop), NotPermitted);
    refused!(directory.stat("l", Follow::Yes), NotPermitted);
    same!(fine!(directory.read_link("l")), "../f");
    Ok(())
}

fn renamed(stage: &Stage<'_>) -> Check {
    let directory = stage.directory("d")?;
    stage.file("d/f", "text")?;
    fine!(stage.root.rename("d", &*stage.root, "e"));
    same!(fine!(content(&*directory, "f")), b"text");
    fine!(directory.create_directory("s"));
    fine!(open_file(&*directory, "g", CREATE));
    same!(fine!(names(&*directory)), ["f", "g", "s"]);
    same!(fine!(names(&*fine!(open_directory(&*stage.root, "e")))), ["f", "g", "s"]);
    same!(fine!(directory.metadata()).identity, fine!(stage.root.stat("e", Follow::No)).identity);
    Ok(())
}

fn moved(stage: &Stage<'_>) -> Check {
    stage.directory("a")?;
    let below = stage.directory("a/d")?;
    stage.directory("b")?;
    stage.file("b/secret", "secret")?;
    fine!(stage.root.rename("a/d", &*stage.root, "b/d"));
    refused!(below.stat("../secret", Follow::Yes), NotPermitted);
    refused!(below.open("../secret", READ).map(drop), NotPermitted);
    Ok(())
}

fn removed(stage: &Stage<'_>) -> Check {
    let directory = stage.directory("d")?;
    fine!(stage.root.remove_directory("d"));
    fine!(directory.metadata());
    refused!(directory.stat("f", Follow::No), NoEntry);
    refused!(directory.open("f", CREATE).map(drop), NoEntry);
    refused!(directory.create_directory("s"), NoEntry);
    refused!(directory.symlink("x", "l"), NoEntry);
    stage.file("f", "text")?;
    refused!(stage.root.rename("f", &*directory, "f"), NoEntry);
    refused!(stage.root.link("f", Follow::No, &*directory, "f"), NoEntry);
    same!(fine!(stage.content("f")), b"text");
    Ok(())
}

fn threads(stage: &Stage<'_>) -> Check {
    let root: &dyn Directory = &*stage.root;
    let work = |thread: usize| {
        move || {
            (0..50).try_for_each(|n| {
                let name = format!("{thread}-{n}");
                open_file(root, &name, CREATE)?.write_at(name.as_bytes(), 0)?;
                match content(root, &name)? == name.as_bytes() {
                    true => root.rename(&name, root, &format!("{name}-done")),
                    false => Err(callgate_system::Code::Io.into()),
                }
            })
        }
    };
    let results = std::thread::scope(|scope| {
        [1, 2, 3, 4].map(|thread| scope.spawn(work(thread))).map(|thread| thread.join().expect("no panic"))
    });
    for result in results {
        fine!(result);
    }
    let names = fine!(names(root));
    same!(names.len(), 200);
    holds!(names.iter().all(|name| name.ends_with("-done")));
    Ok(())
}

fn outlives(stage: &Stage<'_>) -> Check {
    let directory = stage.directory("d")?;
    stage.directory("d/s")?;
    let below = fine!(open_directory(&*directory, "s"));
    let file = fine!(open_file(&*below, "f", CREATE));
    drop(directory);
    drop(below);
    fine!(file.write_at(b"t", 0));
    same!(fine!(stage.content("d/s/f")), b"t");
    Ok(())
}
