//! The chain: how a line is sealed, and what can be told of it.

use std::fmt;
use std::io::{self, Read};

use blake3::Hash;

/// Bytes of the longest line that is read.
pub(crate) const LONGEST: usize = 16 << 20;

/// Bytes of a key.
const KEY: usize = blake3::KEY_LEN;

/// A line begins with its number and the hash of the line before.
const NUMBER: &[u8] = b"{\"n\":";
const PREVIOUS: &[u8] = b",\"prev\":\"";
const KIND: &[u8] = b"\",\"kind\":\"";
/// It ends with its own hash, of all that stands before this.
const HASH: &[u8] = b",\"hash\":\"";
const END: &[u8] = b"\"}";

/// Hexadecimal digits of a hash.
const DIGITS: usize = 2 * blake3::OUT_LEN;

/// A secret that only those have who may write lines.
pub struct Key([u8; KEY]);

impl Key {
    /// Reads a key: exactly 32 bytes.
    ///
    /// # Errors
    /// If there are more or fewer, or they can't be read.
    pub fn read(from: impl Read) -> Result<Self, KeyError> {
        let mut bytes = Vec::with_capacity(KEY + 1);
        from.take(KEY as u64 + 1).read_to_end(&mut bytes).map_err(KeyError::Unread)?;
        let found = bytes.len();
        bytes.try_into().map(Self).map_err(|_| KeyError::Size(found))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// Why there is no key.
#[derive(Debug)]
pub enum KeyError {
    /// It can't be read.
    Unread(io::Error),
    /// So many bytes; one more than a key has stands for all larger numbers.
    Size(usize),
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unread(error) => error.fmt(f),
            Self::Size(found) if *found > KEY => write!(f, "more than {KEY} bytes; a key has exactly {KEY}"),
            Self::Size(found) => write!(f, "{found} bytes; a key has exactly {KEY}"),
        }
    }
}

impl std::error::Error for KeyError {}

/// The end of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of the last line; 0 where there is none yet.
    pub lines: u64,
    hash: Hash,
}

impl Head {
    /// That of an empty file.
    pub(crate) const START: Self = Self { lines: 0, hash: Hash::from_bytes([0; blake3::OUT_LEN]) };

    pub(crate) fn of(link: &Link<'_>) -> Self {
        Self { lines: link.number, hash: link.hash }
    }

    /// The hash of the last line, in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> String {
        self.hash.to_hex().to_string()
    }

    /// True if this is the hash.
    pub(crate) fn is(&self, hash: Hash) -> bool {
        self.hash == hash
    }

    /// Begins the next line, of this kind.
    pub(crate) fn begin(&self, kind: &str, line: &mut Vec<u8>) {
        line.extend_from_slice(NUMBER);
        line.extend_from_slice((self.lines + 1).to_string().as_bytes());
        line.extend_from_slice(PREVIOUS);
        line.extend_from_slice(self.hash.to_hex().as_bytes());
        line.extend_from_slice(KIND);
        line.extend_from_slice(kind.as_bytes());
        line.push(b'"');
    }

    /// Ends the line, which is then the last one.
    #[must_use]
    pub(crate) fn seal(&self, key: Option<&Key>, line: &mut Vec<u8>) -> Self {
        let hash = hash(key, line);
        line.extend_from_slice(HASH);
        line.extend_from_slice(hash.to_hex().as_bytes());
        line.extend_from_slice(END);
        line.push(b'\n');
        Self { lines: self.lines + 1, hash }
    }
}

/// A line, taken apart.
pub(crate) struct Link<'a> {
    pub(crate) number: u64,
    pub(crate) previous: Hash,
    pub(crate) kind: &'a [u8],
    pub(crate) hash: Hash,
    body: &'a [u8],
}

impl<'a> Link<'a> {
    /// None if it has not the form of a line. `line` is without its end.
    pub(crate) fn read(line: &'a [u8]) -> Option<Self> {
        let rest = line.strip_suffix(END)?;
        let (rest, own) = rest.split_at_checked(rest.len().checked_sub(DIGITS)?)?;
        let body = rest.strip_suffix(HASH)?;
        let rest = body.strip_prefix(NUMBER)?;
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let number = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
        let (previous, rest) = rest[digits..].strip_prefix(PREVIOUS)?.split_at_checked(DIGITS)?;
        let rest = rest.strip_prefix(KIND)?;
        let kind = &rest[..rest.iter().position(|byte| *byte == b'"')?];
        Some(Self { number, previous: digest(previous)?, kind, hash: digest(own)?, body })
    }

    /// True if its hash is that of what it says.
    pub(crate) fn is_sealed(&self, key: Option<&Key>) -> bool {
        hash(key, self.body) == self.hash
    }
}

/// The hash that `text` spells.
pub(crate) fn digest(text: &[u8]) -> Option<Hash> {
    Hash::from_hex(text).ok()
}

fn hash(key: Option<&Key>, body: &[u8]) -> Hash {
    match key {
        Some(Key(key)) => blake3::keyed_hash(key, body),
        None => blake3::hash(body),
    }
}
