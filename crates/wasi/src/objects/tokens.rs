//! Handles that hold no resource of the system: a permission, a terminal, an error.

use callgate_system::Error;

use super::Named;

/// The network, as a capability. Holding it permits nothing: rules do.
pub(crate) struct Network;

/// Standard input, where it is a terminal.
pub(crate) struct TerminalInput;

/// Standard output or error, where it is a terminal.
pub(crate) struct TerminalOutput;

/// The error that a stream's operation ended with, with its native code.
pub(crate) struct Failure(pub(crate) Error);

impl Named for Network {
    fn name(&self) -> &str {
        "network"
    }
}

impl Named for TerminalInput {
    fn name(&self) -> &str {
        "terminal-input"
    }
}

impl Named for TerminalOutput {
    fn name(&self) -> &str {
        "terminal-output"
    }
}

impl Named for Failure {
    fn name(&self) -> &str {
        self.0.code.name()
    }
}
