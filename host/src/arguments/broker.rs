//! The options for a broker.

use std::time::Duration;

use callgate_broker::{Peer, asked_by_default};
use callgate_wasi::{Class, Classes};
use clap::Args;

use crate::quantity;

/// Another process that decides on calls.
#[derive(Args)]
pub(crate) struct BrokerOptions {
    /// Ask another process about calls: one line of JSON a question, one a verdict; docs/policy.md has the protocol. CMD is the path of a
    /// program, or a program and its arguments with spaces between them, without a shell; unix:PATH is a socket. It narrows what the other
    /// options and --policy allow. What can't be asked, or is answered wrongly, is denied.
    #[arg(long = "policy-broker", value_name = "CMD|unix:PATH", value_parser = Peer::parse)]
    pub(crate) peer: Option<Peer>,

    /// The time that the broker has for an answer, within --timeout. When it is over, all that it is asked about is denied.
    #[arg(long = "broker-timeout", value_name = "DURATION", default_value = "5s", requires = "peer", value_parser = quantity::parse_limit)]
    pub(crate) patience: Duration,

    /// Ask about calls of these classes, with commas between them: read, write, connect …; unless given, about files, the network and the
    /// environment.
    #[arg(long = "broker-asks", value_name = "CLASSES", requires = "peer", value_parser = parse_classes)]
    asks: Option<Classes>,
}

impl BrokerOptions {
    /// The classes of calls that it is asked about.
    pub(crate) fn asks(&self) -> Classes {
        self.asks.unwrap_or_else(asked_by_default)
    }
}

/// `read,write`; as in a policy a word may begin with `class:`.
fn parse_classes(text: &str) -> Result<Classes, String> {
    let class = |word: &str| {
        let word = word.trim();
        word.strip_prefix("class:").unwrap_or(word).parse::<Class>().map_err(|error| error.to_string())
    };
    text.split(',').map(class).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes() {
        assert_eq!(parse_classes("read, class:udp"), Ok(Classes::from(Class::Read).with(Class::Udp)));
        assert!(parse_classes("read,").unwrap_err().starts_with("the classes are read, "));
    }
}
