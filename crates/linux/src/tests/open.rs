//! Opening: what a handle is, and what it may be used for.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;

use callgate_system::{Advice, Code, Entries, Follow, NewTimestamp, OpenHow, Opened, Timestamp};
use rustix::fs::{CWD, FileType, Mode};

use super::{READ, both_ways, directory, file, text, unprivileged};

const ATTRIBUTES: OpenHow = OpenHow { read: false, ..READ };
const WRITE: OpenHow = OpenHow { read: false, write: true, ..READ };

#[test]
fn pipes_and_sockets_never_make_the_host_wait() {
    let root = tempfile::tempdir().unwrap();
    rustix::fs::mknodat(CWD, root.path().join("pipe"), FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    rustix::fs::mknodat(CWD, root.path().join("socket"), FileType::Socket, Mode::from_raw_mode(0o600), 0).unwrap();
    both_ways(root.path(), |way, root| {
        assert_eq!(root.open("pipe", WRITE).err().unwrap().to_string(), "no-such-device (ENXIO)", "{way}");
        let pipe = file(root.open("pipe", READ).unwrap());
        assert_eq!(pipe.read_at(&mut Vec::with_capacity(1), 0).unwrap_err().code, Code::InvalidSeek);
        pipe.advise(0, 0, Advice::WillNeed).unwrap();
        assert_eq!(root.open("socket", READ).err().unwrap().code, Code::NoSuchDevice, "{way}");
        let socket = file(root.open("socket", ATTRIBUTES).unwrap());
        assert_eq!(socket.stat().unwrap().kind, callgate_system::FileType::Socket);
        let epoch = NewTimestamp::At(Timestamp { seconds: 7, nanoseconds: 1 });
        socket.set_times(epoch, epoch).unwrap();
        assert_eq!(socket.stat().unwrap().modified.unwrap().seconds, 7);
        assert_eq!(socket.sync().unwrap_err().code, Code::BadDescriptor);
    });
}

#[test]
fn a_handle_does_what_it_was_opened_for_and_no_more() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("f"), "0123456789").unwrap();
    both_ways(dir.path(), |_, root| {
        let mut buffer = Vec::with_capacity(4);
        let attributes = file(root.open("f", ATTRIBUTES).unwrap());
        let written = file(root.open("f", WRITE).unwrap());
        let read = file(root.open("f", READ).unwrap());
        for file in [&attributes, &written] {
            assert_eq!(file.read_at(&mut buffer, 0).unwrap_err().code, Code::BadDescriptor);
        }
        for file in [&attributes, &read] {
            assert_eq!(file.write_at(b"x", 0).unwrap_err().code, Code::BadDescriptor);
            assert_eq!(file.append(b"x").unwrap_err().code, Code::BadDescriptor);
            assert_eq!(file.set_size(0).unwrap_err().code, Code::BadDescriptor);
        }
        attributes.sync().unwrap();
        assert_eq!(read.read_at(&mut buffer, 8), Ok(2));
        assert_eq!(read.read_at(&mut buffer, 0), Ok(2), "the spare capacity, appended");
        assert_eq!(read.read_at(&mut buffer, 0), Ok(0), "no capacity left");
        assert_eq!(buffer, b"8901");
        assert_eq!(text(&*read), "0123456789");
    });
}

#[test]
fn offsets_at_the_end_of_numbers() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("f"), "0123456789").unwrap();
    both_ways(dir.path(), |_, root| {
        let file = file(root.open("f", OpenHow { write: true, ..READ }).unwrap());
        let last = i64::MAX as u64;
        let mut buffer = Vec::with_capacity(16);
        for offset in [last + 1, u64::MAX] {
            assert_eq!(file.read_at(&mut buffer, offset).unwrap_err().code, Code::Invalid);
            assert_eq!(file.write_at(b"xyz", offset).unwrap_err().code, Code::Invalid);
            assert_eq!(file.set_size(offset).unwrap_err().code, Code::Invalid);
            assert_eq!(file.advise(offset, 0, Advice::Normal).unwrap_err().code, Code::Invalid);
            assert_eq!(file.advise(0, offset, Advice::Normal).unwrap_err().code, Code::Invalid);
        }
        for offset in [last, last - 1, last - 16] {
            assert_eq!(file.read_at(&mut buffer, offset), Ok(0));
            file.advise(offset, last, Advice::DontNeed).unwrap();
        }
        assert_eq!(file.stat().unwrap().size, 10);
        // A disk refuses such a size, or, as tmpfs does, has room for it in name.
        let end = |made: Result<(), callgate_system::Error>, end: u64| match made {
            Ok(()) => assert_eq!(file.stat().unwrap().size, end),
            Err(error) => assert_eq!((error.code, file.stat().unwrap().size), (Code::FileTooLarge, 10)),
        };
        end(file.set_size(last), last);
        file.set_size(10).unwrap();
        end(file.write_at(b"xyz", last - 16).map(drop), last - 13);
        file.set_size(10).unwrap();
        assert_eq!(file.write_at(b"xyz", last).unwrap_err().code, Code::FileTooLarge);
    });
}

#[test]
fn appends_go_to_the_end_wherever_that_is() {
    let dir = tempfile::tempdir().unwrap();
    both_ways(dir.path(), |_, root| {
        let how = OpenHow { write: true, create: true, truncate: true, ..READ };
        let (one, two) = (file(root.open("f", how).unwrap()), file(root.open("f", how).unwrap()));
        assert_eq!((one.append(b"a"), two.append(b"bc"), one.append(b"d")), (Ok(1), Ok(2), Ok(1)));
        assert_eq!(text(&*one), "abcd");
    });
}

#[test]
fn names_that_are_not_utf_8_are_told_of_and_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    for name in [b"\xff".as_slice(), b"a", b"caf\xe9", b"b"] {
        fs::write(dir.path().join(std::ffi::OsStr::from_bytes(name)), "").unwrap();
    }
    both_ways(dir.path(), |_, root| {
        let mut entries = root.read_entries().unwrap();
        let (mut names, mut errors) = (Vec::new(), 0);
        loop {
            match entries.next() {
                Ok(Some(entry)) => names.push(entry.name),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(error.code, Code::IllegalByteSequence);
                    errors += 1;
                }
            }
        }
        names.sort();
        assert_eq!((names, errors), (vec!["a".to_owned(), "b".to_owned()], 2));
        assert!(matches!(entries.next(), Ok(None)), "the end stays the end");
    });
}

#[test]
fn two_readings_of_one_directory_are_independent_and_larger_than_a_buffer() {
    let dir = tempfile::tempdir().unwrap();
    let count = 1_500;
    for number in 0..count {
        fs::write(dir.path().join(format!("{number:0>100}")), "").unwrap();
    }
    both_ways(dir.path(), |_, root| {
        let (mut one, mut two) = (root.read_entries().unwrap(), root.read_entries().unwrap());
        assert!(one.next().unwrap().is_some());
        let rest = |entries: &mut dyn Entries| std::iter::from_fn(|| entries.next().unwrap()).count();
        assert_eq!((rest(&mut *two), rest(&mut *one)), (count, count - 1));
    });
}

#[test]
fn a_removed_directory_has_no_entries() {
    let dir = tempfile::tempdir().unwrap();
    both_ways(dir.path(), |_, root| {
        root.create_directory("d").unwrap();
        let open = OpenHow { directory: true, ..READ };
        let removed = directory(root.open("d", open).unwrap());
        root.remove_directory("d").unwrap();
        assert_eq!(removed.read_entries().err().unwrap().code, Code::NoEntry);
        assert_eq!(removed.create_directory("e").unwrap_err().code, Code::NoEntry);
    });
}

#[test]
fn a_write_handle_synced_with_every_write_is_one() {
    let dir = tempfile::tempdir().unwrap();
    both_ways(dir.path(), |_, root| {
        for (sync, sync_data) in [(true, false), (false, true), (true, true)] {
            let how = OpenHow { write: true, create: true, sync, sync_data, ..READ };
            assert_eq!(file(root.open("f", how).unwrap()).write_at(b"x", 0), Ok(1));
        }
        assert!(matches!(root.open("f", READ), Ok(Opened::File(_))));
    });
}

#[test]
fn what_may_not_be_read_may_be_looked_at() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("f"), "12345").unwrap();
    fs::create_dir(dir.path().join("d")).unwrap();
    for (name, mode) in [("f", 0o200), ("d", 0o300)] {
        fs::set_permissions(dir.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    unprivileged(|| {
        both_ways(dir.path(), |way, root| {
            assert_eq!(root.open("f", READ).err().unwrap().to_string(), "access (EACCES)", "{way}");
            assert_eq!(root.open("d", READ).err().unwrap().code, Code::Access, "{way}");
            let locked = file(root.open("f", ATTRIBUTES).unwrap());
            assert_eq!(locked.stat().unwrap().size, 5);
            let time = NewTimestamp::At(Timestamp { seconds: 9, nanoseconds: 0 });
            locked.set_times(NewTimestamp::NoChange, time).unwrap();
            assert_eq!(locked.stat().unwrap().modified.unwrap().seconds, 9);
            for result in [locked.sync(), locked.sync_data(), locked.advise(0, 0, Advice::Normal)] {
                assert_eq!(result.unwrap_err().code, Code::BadDescriptor, "{way}");
            }
            // A directory that may not be listed may be passed through.
            let locked = directory(root.open("d", ATTRIBUTES).unwrap());
            assert_eq!(locked.read_entries().err().unwrap().code, Code::Access);
            locked.create_directory("e").unwrap();
            locked.set_own_times(time, time).unwrap();
            assert_eq!(root.stat("d", Follow::No).unwrap().modified.unwrap().seconds, 9);
            locked.remove_directory("e").unwrap();
        });
    });
}
