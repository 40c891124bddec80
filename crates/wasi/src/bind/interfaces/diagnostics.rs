//! `callgate:system/diagnostics`.

use crate::bind::component::{Answer, Plain};
use crate::bind::values::NativeError;
use crate::calls::diagnostics;
use crate::host::Host;

super::interfaces! {
    "callgate:system/diagnostics@0.1.0" {
        "backend" () -> Plain<String> = diagnostics::backend;
        "last-error" () -> Plain<Option<NativeError>>
            = |host: &Host| diagnostics::last_error(host).map(|native| native.map(NativeError::from));
    }
}
