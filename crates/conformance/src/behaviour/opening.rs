//! The flags of an open, alone and together.

use callgate_system::{FileType, Follow, OpenHow, Opened};

use crate::Check;
use crate::stage::{
    ATTRIBUTES, BOTH, CREATE, DIRECTORY, EXCLUSIVE, READ, Stage, WRITE, names, open_file, read_all, write_all,
};

cases! { "opening";
    "a root that is missing is no entry", "System::open_root" => missing_root;
    "a root that is a file is not a directory", "System::open_root" => file_root;
    "a root through a symbolic link opens", "System::open_root" => link_root;
    "create makes an empty file", "Directory::open" => create;
    "create without reading or writing makes it too", "Directory::open" => create_for_attributes;
    "create leaves an existing file as it is", "Directory::open" => create_existing;
    "create to read only makes an empty file", "Directory::open" => create_to_read;
    "create exclusively refuses an existing file", "Directory::open" => exclusive;
    "truncate empties", "Directory::open" => truncate;
    "create and truncate empties or makes", "Directory::open" => create_truncate;
    "truncate without write is invalid and cuts nothing", "Directory::open" => truncate_without_write;
    "create with directory is invalid and makes nothing", "Directory::open" => create_directory;
    "a directory to write or create is a directory", "Directory::open" => write_directory;
    "a directory to truncate is a directory", "Directory::open" => truncate_directory;
    "a file as a directory is not one", "Directory::open" => file_as_directory;
    "for attributes only, a file opens as a file", "Directory::open" => attributes_of_file;
    "for attributes only, a directory opens as a directory", "Directory::open" => attributes_of_directory;
    "a directory opened for attributes only still resolves", "Directory::open" => attributes_directory_resolves;
    "a link as a directory, not following, is refused", "Directory::open" => link_as_directory;
    "a directory, not following, opens", "Directory::open" => directory_no_follow;
    "synced writes are written", "Directory::open" => synced;
    "two handles of one file see each other's writes", "Directory::open" => two_handles;
}

/// The host's path of something in the root.
fn host(stage: &Stage<'_>, path: &str) -> Check<std::ffi::OsString> {
    let host = stage.ground.host_path().ok_or_else(|| crate::Failure::Skip("the host has no paths".into()))?;
    Ok(format!("{host}/root/{path}").into())
}

fn missing_root(stage: &Stage<'_>) -> Check {
    refused!(stage.system.open_root(&host(stage, "no")?).map(drop), NoEntry);
    Ok(())
}

fn file_root(stage: &Stage<'_>) -> Check {
    stage.file("f", "")?;
    refused!(stage.system.open_root(&host(stage, "f")?).map(drop), NotDirectory);
    Ok(())
}

fn link_root(stage: &Stage<'_>) -> Check {
    stage.directory("d")?;
    stage.file("d/f", "")?;
    stage.symlink("d", "l")?;
    let root = fine!(stage.system.open_root(&host(stage, "l")?));
    same!(fine!(names(&*root)), ["f"]);
    refused!(root.stat("..", Follow::Yes), NotPermitted);
    Ok(())
}

fn create(stage: &Stage<'_>) -> Check {
    let file = fine!(stage.open("f", CREATE));
    same!(fine!(read_all(&*file)), b"");
    fine!(write_all(&*file, b"text", 0));
    same!(fine!(stage.content("f")), b"text");
    Ok(())
}

fn create_for_attributes(stage: &Stage<'_>) -> Check {
    let file = fine!(stage.open("f", OpenHow { create: true, ..ATTRIBUTES }));
    same!(fine!(file.stat()).kind, FileType::RegularFile);
    same!(fine!(stage.content("f")), b"");
    refused!(stage.open("f", OpenHow { create: true, exclusive: true, ..ATTRIBUTES }).map(drop), Exist);
    Ok(())
}

fn create_existing(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    let file = fine!(stage.open("f", CREATE));
    same!(fine!(read_all(&*file)), b"text");
    Ok(())
}

fn create_to_read(stage: &Stage<'_>) -> Check {
    let file = fine!(stage.open("f", OpenHow { create: true, ..READ }));
    same!(fine!(read_all(&*file)), b"");
    refused!(file.write_at(b"x", 0), BadDescriptor);
    same!(fine!(stage.content("f")), b"");
    Ok(())
}

fn exclusive(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    refused!(stage.open("f", EXCLUSIVE).map(drop), Exist);
    refused!(stage.open("f", OpenHow { truncate: true, ..EXCLUSIVE }).map(drop), Exist);
    same!(fine!(stage.content("f")), b"text");
    Ok(())
}

fn truncate(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    let file = fine!(stage.open("f", OpenHow { truncate: true, ..BOTH }));
    same!(fine!(file.stat()).size, 0);
    same!(fine!(stage.content("f")), b"");
    Ok(())
}

fn create_truncate(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    for path in ["f", "g"] {
        fine!(stage.open(path, OpenHow { truncate: true, ..CREATE }));
        same!(fine!(stage.content(path)), b"");
    }
    Ok(())
}

fn truncate_without_write(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    for how in [READ, ATTRIBUTES, OpenHow { create: true, ..READ }] {
        refused!(stage.open("f", OpenHow { truncate: true, ..how }).map(drop), Invalid);
        refused!(stage.open("no", OpenHow { truncate: true, ..how }).map(drop), Invalid);
    }
    same!(fine!(stage.content("f")), b"text");
    holds!(!fine!(stage.exists("no")));
    Ok(())
}

fn create_directory(stage: &Stage<'_>) -> Check {
    stage.directory("d")?;
    for path in ["d", "no"] {
        for how in [CREATE, OpenHow { create: true, ..READ }, EXCLUSIVE] {
            refused!(stage.root.open(path, OpenHow { directory: true, ..how }).map(drop), Invalid);
        }
    }
    holds!(!fine!(stage.exists("no")));
    Ok(())
}

fn write_directory(stage: &Stage<'_>) -> Check {
    stage.directory("d")?;
    let create = OpenHow { create: true, ..ATTRIBUTES };
    for how in [WRITE, BOTH, OpenHow { directory: true, ..BOTH }, CREATE, create, OpenHow { read: true, ..create }] {
        refused!(stage.root.open("d", how).map(drop), IsDirectory);
    }
    Ok(())
}

fn truncate_directory(stage: &Stage<'_>) -> Check {
    stage.directory("d")?;
    stage.file("d/f", "text")?;
    refused!(stage.root.open("d", OpenHow { truncate: true, ..WRITE }).map(drop), IsDirectory);
    refused!(stage.root.open("d", OpenHow { truncate: true, ..BOTH }).map(drop), IsDirectory);
    same!(fine!(stage.content("d/f")), b"text");
    Ok(())
}

fn file_as_directory(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    refused!(stage.root.open("f", DIRECTORY).map(drop), NotDirectory);
    refused!(stage.root.open("f", OpenHow { directory: true, ..ATTRIBUTES }).map(drop), NotDirectory);
    refused!(stage.root.open("f", OpenHow { directory: true, ..WRITE }).map(drop), NotDirectory);
    Ok(())
}

fn attributes_of_file(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    let file = fine!(stage.open("f", ATTRIBUTES));
    same!(fine!(file.stat()), fine!(stage.root.stat("f", Follow::No)));
    refused!(file.read_at(&mut Vec::with_capacity(4), 0), BadDescriptor);
    refused!(file.write_at(b"x", 0), BadDescriptor);
    refused!(file.append(b"x"), BadDescriptor);
    refused!(file.set_size(0), BadDescriptor);
    same!(fine!(stage.content("f")), b"text");
    Ok(())
}

fn attributes_of_directory(stage: &Stage<'_>) -> Check {
    stage.directory("d")?;
    let Opened::Directory(directory) = fine!(stage.root.open("d", ATTRIBUTES)) else {
        return Err(crate::Failure::wrong("a directory", "a file"));
    };
    same!(fine!(directory.metadata()), fine!(stage.root.stat("d", Follow::No)));
    Ok(())
}

fn attributes_directory_resolves(stage: &Stage<'_>) -> Check {
    stage.directory("d")?;
    stage.file("d/f", "text")?;
    let Opened::Directory(directory) = fine!(stage.root.open("d", ATTRIBUTES)) else {
        return Err(crate::Failure::wrong("a directory", "a file"));
    };
    same!(fine!(directory.stat("f", Follow::No)).size, 4);
    same!(fine!(read_all(&*fine!(open_file(&*directory, "f", READ)))), b"text");
    Ok(())
}

fn link_as_directory(stage: &Stage<'_>) -> Check {
    stage.directory("d")?;
    stage.symlink("d", "l")?;
    refused!(stage.root.open("l", OpenHow { follow: Follow::No, ..DIRECTORY }).map(drop), Loop | NotDirectory);
    refused!(stage.root.open("l", OpenHow { follow: Follow::No, ..ATTRIBUTES }).map(drop), Loop);
    Ok(())
}

fn directory_no_follow(stage: &Stage<'_>) -> Check {
    stage.directory("d")?;
    fine!(stage.root.open("d", OpenHow { follow: Follow::No, ..DIRECTORY }));
    fine!(stage.root.open(".", OpenHow { follow: Follow::No, ..DIRECTORY }));
    Ok(())
}

fn synced(stage: &Stage<'_>) -> Check {
    for (path, sync, sync_data) in [("a", true, false), ("b", false, true), ("c", true, true)] {
        let file = fine!(stage.open(path, OpenHow { sync, sync_data, ..CREATE }));
        fine!(write_all(&*file, b"text", 0));
        fine!(file.append(b"s"));
        same!(fine!(stage.content(path)), b"texts");
    }
    Ok(())
}

fn two_handles(stage: &Stage<'_>) -> Check {
    let first = stage.file("f", "text")?;
    let second = fine!(stage.open("f", BOTH));
    fine!(write_all(&*second, b"T", 0));
    same!(fine!(read_all(&*first)), b"Text");
    fine!(first.set_size(1));
    same!(fine!(read_all(&*second)), b"T");
    drop(first);
    same!(fine!(second.stat()).size, 1);
    same!(fine!(stage.root.stat("f", Follow::No)).size, 1);
    Ok(())
}
