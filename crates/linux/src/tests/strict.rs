//! Strict directories and other mounts on the way, where names may be told apart in another way. `callgate-conformance` tests all else.

use callgate_system::{Code, Ending, Follow, OpenHow, System as _, locate};

use crate::Linux;

#[test]
fn a_mount_on_the_way_is_stepped_into_and_not_passed_by() {
    let root = Linux::with_openat2(true).open_root("/".as_ref()).expect("it opens").strict().expect("it can be strict");
    let attributes = OpenHow::default();
    let code = |path| root.open(path, attributes).map(drop).map_err(|error| error.code);
    // Devices have a file system of their own wherever Linux runs.
    assert_eq!(code("dev/null"), Err(Code::Loop));
    assert_eq!(code("dev/./null"), Err(Code::Loop));
    let located = locate(&root, "dev/null", Ending::File(Follow::Yes)).expect("it is there");
    assert_eq!((&*located.place, &*located.name), ("dev/null", "null"));
    assert!(located.directory.open(&located.name, attributes).is_ok());
    assert_eq!(
        locate(&root, "proc/self/mem", Ending::Name).map(|at| at.place).map_err(|at| at.error.code),
        Err(Code::NotPermitted)
    );
}
