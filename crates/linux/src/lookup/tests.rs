//! The resolver's errors. Lookups themselves are tested where their queue is; that they wake, in `wait`.

use super::*;

#[test]
fn errors_are_told_apart_by_their_text() {
    let said = |text: &str| classified(&io::Error::other(format!("failed to lookup address information: {text}"))).code;
    // glibc, then musl.
    for (text, code) in [
        ("Name or service not known", Code::NameUnresolvable),
        ("No address associated with hostname", Code::NameUnresolvable),
        ("Temporary failure in name resolution", Code::TemporaryResolverFailure),
        ("Non-recoverable failure in name resolution", Code::PermanentResolverFailure),
        ("Memory allocation failure", Code::TemporaryResolverFailure),
        ("Name does not resolve", Code::NameUnresolvable),
        ("Name has no usable address", Code::NameUnresolvable),
        ("Try again", Code::TemporaryResolverFailure),
        ("Non-recoverable error", Code::PermanentResolverFailure),
        ("Unrecoverable error", Code::PermanentResolverFailure),
        ("Out of memory", Code::TemporaryResolverFailure),
    ] {
        assert_eq!(said(text), code, "{text}");
    }
    let native = classified(&io::Error::from_raw_os_error(Errno::MFILE.raw_os_error()));
    assert_eq!(native.to_string(), "temporary-resolver-failure (EMFILE)");
}
