use super::*;

/// `IO_REPARSE_TAG_MOUNT_POINT`: a junction, or a volume mounted on a directory.
const MOUNT_POINT: u32 = 0xA000_0003;

/// A symbolic link's data as Windows writes it: print name first, both names, any flags.
fn windows_symlink(substitute: &[u16], flags: u32) -> Vec<u8> {
    let print: Vec<u8> = "shown".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let name: Vec<u8> = substitute.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let mut body = Vec::new();
    for number in [print.len(), name.len(), 0, print.len()] {
        body.extend(u16::try_from(number).unwrap().to_le_bytes());
    }
    body.extend(flags.to_le_bytes());
    body.extend(print);
    body.extend(name);
    with_header(SYMLINK, &body).unwrap()
}

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

#[test]
fn a_text_comes_back_as_it_went_in() {
    for target in
        ["f", ".", "..", "./f", "../../x", "a//b", "d/", " ", "日本語", "🦀", "a b", "-", "%00", "CON", "a.", "a:b"]
    {
        assert_eq!(text(&symlink(target).unwrap()).unwrap(), target.as_bytes(), "{target}");
        assert_eq!(text(&lx_symlink(target).unwrap()).unwrap(), target.as_bytes(), "{target}");
    }
}

#[test]
fn what_windows_kind_cannot_hold_is_left_to_the_other() {
    assert_eq!(symlink("a\\b"), None);
    assert_eq!(text(&lx_symlink("a\\b").unwrap()).unwrap(), b"a\\b");
    // Both names are in it: half of the room for each.
    assert!(symlink(&"d/".repeat(2040)).is_some());
    assert_eq!(symlink(&"d/".repeat(2048)), None);
    assert!(lx_symlink(&"d/".repeat(2047)).is_some());
    assert_eq!(lx_symlink(&"d/".repeat(9000)), None);
}

#[test]
fn what_is_not_relative_begins_with_a_slash() {
    for (name, flags, expected) in [
        ("a\\b", RELATIVE, "a/b"),
        ("..\\x", RELATIVE, "../x"),
        ("\\x", RELATIVE, "/x"),
        ("\\??\\C:\\x", 0, "//??/C:/x"),
        ("C:\\x", 0, "/C:/x"),
        ("x", 0, "/x"),
    ] {
        assert_eq!(text(&windows_symlink(&units(name), flags)).unwrap(), expected.as_bytes(), "{name}");
    }
    for tag in [MOUNT_POINT, 0xA000_0027, 0xE000_1234] {
        assert_eq!(text(&with_header(tag, b"anything").unwrap()).unwrap(), b"/", "{tag:#x}");
    }
}

#[test]
fn half_a_surrogate_pair_is_no_utf_8() {
    assert!(str::from_utf8(&text(&windows_symlink(&[0xD800, u16::from(b'x')], RELATIVE)).unwrap()).is_err());
}

#[test]
fn data_that_lies_about_its_lengths_is_refused() {
    let whole = windows_symlink(&units("d\\f"), RELATIVE);
    for length in 0..whole.len() {
        assert_eq!(text(&whole[..length]), Err(Status::IO_REPARSE_DATA_INVALID), "{length}");
    }
    // Every 16-bit field at its largest.
    for at in (4..whole.len()).step_by(2) {
        let mut lying = whole.clone();
        lying[at..at + 2].copy_from_slice(&[0xFF, 0xFF]);
        let _ = text(&lying);
    }
    for (offset, length) in [(0xFFFF, 2), (2, 0xFFFF), (0x7FFF, 0x7FFF)] {
        let mut lying = whole.clone();
        lying[8..10].copy_from_slice(&u16::to_le_bytes(offset));
        lying[10..12].copy_from_slice(&u16::to_le_bytes(length));
        assert_eq!(text(&lying), Err(Status::IO_REPARSE_DATA_INVALID));
    }
    let mut other_version = lx_symlink("f").unwrap();
    other_version[8] = 1;
    assert_eq!(text(&other_version), Err(Status::IO_REPARSE_DATA_INVALID));
}

#[test]
fn tags_are_links_when_they_lead_elsewhere() {
    let look = |attributes: u32, tag| Look { attributes, tag };
    for (look, class, kind) in [
        (look(0x20, 0), Class::File, FileType::RegularFile),
        (look(DIRECTORY, 0), Class::Directory, FileType::Directory),
        // The tag means nothing without its attribute.
        (look(0x20, SYMLINK), Class::File, FileType::RegularFile),
        (look(REPARSE_POINT, SYMLINK), Class::Link, FileType::SymbolicLink),
        (look(REPARSE_POINT | DIRECTORY, SYMLINK), Class::Link, FileType::SymbolicLink),
        (look(REPARSE_POINT, LX_SYMLINK), Class::Link, FileType::SymbolicLink),
        (look(REPARSE_POINT | DIRECTORY, MOUNT_POINT), Class::Link, FileType::SymbolicLink),
        // A tag of somebody's own, with the bit of surrogates.
        (look(REPARSE_POINT, 0x2000_1234), Class::Link, FileType::SymbolicLink),
        // Cloud, deduplication, compression.
        (look(REPARSE_POINT, 0x9000_601A), Class::Filtered, FileType::RegularFile),
        (look(REPARSE_POINT | DIRECTORY, 0x9000_701A), Class::Filtered, FileType::Directory),
        (look(REPARSE_POINT, 0x8000_0013), Class::Filtered, FileType::RegularFile),
        (look(REPARSE_POINT, AF_UNIX), Class::Special(FileType::Socket), FileType::Socket),
        (look(REPARSE_POINT, LX_FIFO), Class::Special(FileType::Fifo), FileType::Fifo),
    ] {
        assert_eq!((look.class(), look.kind()), (class, kind), "{look:?}");
    }
}
