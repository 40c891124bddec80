use std::collections::HashSet;

use super::*;

fn rows() -> impl Iterator<Item = (Error, Row, Family)> {
    let statuses = STATUSES.iter().map(|&row| (Status(row.1).portable(), row, Family::NtStatus));
    statuses.chain(WINSOCK.iter().map(|&row| (Winsock(row.1).portable(), row, Family::Winsock)))
}

#[test]
fn the_tables_ascend_and_no_name_stands_twice() {
    for table in [STATUSES, WINSOCK] {
        assert!(table.is_sorted_by(|one, other| one.1 < other.1));
        assert_eq!(table.iter().map(|row| row.0).collect::<HashSet<_>>().len(), table.len());
    }
}

#[test]
fn every_row_is_found_by_its_number_and_keeps_it() {
    for (error, (name, number, code), family) in rows() {
        let native = error.native.expect("the native error is kept");
        assert_eq!((native.name, native.code, native.family, error.code), (name, number, family, code));
        assert_eq!(error.to_string(), format!("{} ({name})", code.name()));
    }
}

#[test]
fn every_portable_code_is_reached_or_known_not_to_be() {
    // Codes that no code of NT's means: refusals by a rule of the user's, states that are kept above it, and meanings that depend on
    // the call, which stand beside the call.
    let ours = [
        Code::AccessDenied,
        Code::NotCapable,
        Code::NotInProgress,
        Code::NewSocketLimit,
        Code::NoTty,
        Code::NotRecoverable,
        Code::InvalidSeek,
    ];
    let reached: HashSet<Code> = rows().map(|(error, ..)| error.code).collect();
    for code in Code::ALL {
        assert_eq!(reached.contains(code), !ours.contains(code), "{}", code.name());
    }
}

#[test]
fn an_unknown_number_keeps_its_number() {
    assert_eq!(Status(0xC0FF_EE00).portable().to_string(), "unknown (NTSTATUS 0xc0ffee00)");
    assert_eq!(Winsock(12_345).portable().to_string(), "unknown (Winsock 12345)");
    assert_eq!(Status::OBJECT_NAME_NOT_FOUND.portable().to_string(), "no-entry (OBJECT_NAME_NOT_FOUND)");
    assert_eq!(Winsock::WSAEWOULDBLOCK.portable().to_string(), "would-block (WSAEWOULDBLOCK)");
}

#[test]
fn an_exception_keeps_what_is_behind_it() {
    let error = Status::ACCESS_DENIED.meaning(Code::NotPermitted);
    assert_eq!(error.to_string(), "not-permitted (ACCESS_DENIED)");
}
