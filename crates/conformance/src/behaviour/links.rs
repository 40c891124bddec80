//! Hard links, and the texts of symbolic ones.

use callgate_system::{FileType, Follow};

use super::stranger::Stranger;
use crate::Check;
use crate::stage::{READ, Stage, names, open_file, read_all, write_all};

cases! { "links";
    "two names, one content", "Directory::link" => link;
    "an existing name is refused", "Directory::link" => link_existing;
    "a directory is refused", "Directory::link" => link_directory;
    "a link to a symbolic link itself", "Directory::link" => link_symlink;
    "a link to what a symbolic link leads to", "Directory::link" => link_followed;
    "a link into another directory's handle", "Directory::link" => link_across;
    "a link to another system is cross-device", "Directory::link" => link_stranger;
    "a symbolic link's text is kept as it is", "Directory::symlink" => texts;
    "a text of any length is read whole", "Directory::read_link" => long_texts;
    "a text that is too long is refused", "Directory::symlink" => too_long_text;
    "an absolute text is refused and makes nothing", "Directory::symlink" => absolute_text;
    "an empty text is no entry", "Directory::symlink" => empty_text;
    "a text with NUL is invalid", "Directory::symlink" => nul_text;
    "an existing name is refused a symbolic link", "Directory::symlink" => symlink_existing;
    "the text of what is no link is invalid", "Directory::read_link" => no_link;
    "an absolute text is not told", "Directory::read_link" => absolute_not_told;
    "a text of bytes is an illegal byte sequence", "Directory::read_link" => bytes_text;
    "a text of bytes is followed all the same", "Directory::open" => bytes_followed;
}

fn link(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "text")?;
    fine!(stage.root.link("f", Follow::No, &*stage.root, "g"));
    fine!(write_all(&*file, b"T", 0));
    same!(fine!(stage.content("g")), b"Text");
    fine!(stage.root.unlink_file("f"));
    same!(fine!(stage.content("g")), b"Text");
    Ok(())
}

fn link_existing(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    stage.file("g", "other")?;
    refused!(stage.root.link("f", Follow::No, &*stage.root, "g"), Exist);
    refused!(stage.root.link("f", Follow::No, &*stage.root, "f"), Exist);
    same!(fine!(stage.content("g")), b"other");
    Ok(())
}

fn link_directory(stage: &Stage<'_>) -> Check {
    stage.directory("d")?;
    stage.symlink("d", "l")?;
    refused!(stage.root.link("d", Follow::No, &*stage.root, "e"), NotPermitted);
    refused!(stage.root.link("l", Follow::Yes, &*stage.root, "e"), NotPermitted);
    same!(fine!(names(&*stage.root)), ["d", "l"]);
    Ok(())
}

fn link_symlink(stage: &Stage<'_>) -> Check {
    stage.symlink("no", "l")?;
    fine!(stage.root.link("l", Follow::No, &*stage.root, "m"));
    same!(fine!(stage.root.stat("m", Follow::No)).kind, FileType::SymbolicLink);
    same!(fine!(stage.root.read_link("m")), "no");
    Ok(())
}

fn link_followed(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    stage.symlink("f", "l")?;
    fine!(stage.root.link("l", Follow::Yes, &*stage.root, "g"));
    same!(fine!(stage.root.stat("g", Follow::No)).kind, FileType::RegularFile);
    same!(fine!(stage.content("g")), b"text");
    Ok(())
}

fn link_across(stage: &Stage<'_>) -> Check {
    let (from, to) = (stage.directory("d")?, stage.directory("e")?);
    stage.file("d/f", "text")?;
    fine!(from.link("f", Follow::No, &*to, "g"));
    same!(fine!(read_all(&*fine!(open_file(&*to, "g", READ)))), b"text");
    refused!(from.link("f", Follow::No, &*to, "../h"), NotPermitted);
    refused!(from.link("../d/f", Follow::No, &*to, "h"), NotPermitted);
    same!(fine!(names(&*to)), ["g"]);
    Ok(())
}

fn link_stranger(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    refused!(stage.root.link("f", Follow::No, &Stranger, "g"), CrossDevice);
    Ok(())
}

fn texts(stage: &Stage<'_>) -> Check {
    let texts = ["f", ".", "..", "./f", "../../x", "a//b", "d/", " ", "日本語", "a b", "-", "%00"];
    for (n, text) in texts.iter().enumerate() {
        let name = format!("l{n}");
        stage.symlink(text, &name)?;
        same!(fine!(stage.root.read_link(&name)), *text);
        same!(fine!(stage.root.stat(&name, Follow::No)).size, text.len() as u64);
    }
    Ok(())
}

fn long_texts(stage: &Stage<'_>) -> Check {
    for length in [63, 64, 127, 128, 255, 256, 257, 511, 512, 1000, 1023, 1024] {
        let text = "d/".repeat(length)[..length].to_owned();
        stage.symlink(&text, &length.to_string())?;
        same!(fine!(stage.root.read_link(&length.to_string())), text);
    }
    Ok(())
}

fn too_long_text(stage: &Stage<'_>) -> Check {
    for length in [65_536, 1 << 20] {
        refused!(stage.root.symlink(&"d/".repeat(length), "l"), NameTooLong);
    }
    holds!(!fine!(stage.exists("l")));
    Ok(())
}

fn absolute_text(stage: &Stage<'_>) -> Check {
    for text in ["/", "/f", "//f", "/../f"] {
        refused!(stage.root.symlink(text, "l"), NotPermitted);
        holds!(!fine!(stage.exists("l")));
    }
    Ok(())
}

fn empty_text(stage: &Stage<'_>) -> Check {
    refused!(stage.root.symlink("", "l"), NoEntry);
    holds!(!fine!(stage.exists("l")));
    Ok(())
}

fn nul_text(stage: &Stage<'_>) -> Check {
    for text in ["\0", "a\0b", "a\0"] {
        refused!(stage.root.symlink(text, "l"), Invalid);
        holds!(!fine!(stage.exists("l")));
    }
    Ok(())
}

fn symlink_existing(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    stage.directory("d")?;
    stage.symlink("no", "l")?;
    for path in ["f", "d", "l", "."] {
        refused!(stage.root.symlink("x", path), Exist);
    }
    same!(fine!(stage.root.read_link("l")), "no");
    Ok(())
}

fn no_link(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    stage.directory("d")?;
    for path in ["f", "d", "."] {
        refused!(stage.root.read_link(path), Invalid);
    }
    refused!(stage.root.read_link("no"), NoEntry);
    Ok(())
}

fn absolute_not_told(stage: &Stage<'_>) -> Check {
    for (text, name) in [(&b"/"[..], "a"), (b"/etc/passwd", "b"), (b"//", "c")] {
        stage.raw_symlink(text, name)?;
        refused!(stage.root.read_link(name), NotPermitted);
    }
    Ok(())
}

fn bytes_text(stage: &Stage<'_>) -> Check {
    stage.raw_symlink(b"\xFF", "a")?;
    stage.raw_symlink(b"d/\xC3(/f", "b")?;
    for name in ["a", "b"] {
        refused!(stage.root.read_link(name), IllegalByteSequence);
        same!(fine!(stage.root.stat(name, Follow::No)).kind, FileType::SymbolicLink);
    }
    Ok(())
}

fn bytes_followed(stage: &Stage<'_>) -> Check {
    stage.raw_file(b"\xFF")?;
    stage.raw_symlink(b"\xFF", "l")?;
    stage.raw_symlink(b"./\xFF", "m")?;
    for name in ["l", "m"] {
        let file = fine!(stage.open(name, READ));
        same!(fine!(read_all(&*file)), b"raw");
        same!(fine!(stage.root.stat(name, Follow::Yes)).kind, FileType::RegularFile);
    }
    Ok(())
}
