//! The digest by which compiled code is found again: BLAKE3 of all that the code of a program depends on.
//!
//! Debug information is most of what a development build holds, and code does not depend on it: the engine passes over the custom sections
//! named `.debug_*` unless it is told to read them ([`DebugInfo`]). So their contents are neither read nor hashed, where that is worth it. Their headers are, and the
//! length of the file, so whoever knows what was hashed knows where each skipped section lay, and two programs with the same digest compile
//! to the same code.
//!
//! Hazard: the file is hostile. Where it is not well-formed, everything that follows is hashed.

use std::io::{self, Read, Seek, SeekFrom};

/// 32 bytes; nobody can make two programs that share them.
pub(crate) type Digest = [u8; 32];

/// The engine's use of debug information.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DebugInfo {
    /// It is part of the compiled code, for backtraces with lines.
    Read,
    Ignored,
}

/// Bytes that are read at once after a skipped section, whose successor may be skipped too.
const SHORT: usize = 4 << 10;
/// The most bytes that are read at once: as many as the hash takes at full speed, and no more, because memory that a process uses for the
/// first time costs it more than a read.
const PIECE: usize = 32 << 10;

/// The fewest bytes that are worth skipping. Below that, a program of millions of sections would cost more than one that is hashed.
const LEAST: u64 = 256;

/// The longest name of a section that could be of debug information.
const LONGEST_NAME: u32 = 64;

const DEBUG_NAME: &[u8] = b".debug_";

const MODULE: [u8; 8] = *b"\0asm\x01\0\0\0";
const COMPONENT: [u8; 8] = *b"\0asm\x0d\0\x01\0";

const CUSTOM_SECTION: u8 = 0;
/// The sections of a component that hold a whole binary: a core module, or a component.
const NESTED: [u8; 2] = [1, 4];

/// The digest of the program in the first `length` bytes of `file`.
///
/// # Errors
/// If the file cannot be read.
pub(crate) fn digest(mut file: impl Read + Seek, length: u64, debug_info: DebugInfo) -> io::Result<Digest> {
    file.rewind()?;
    let mut walk = Walk::new(file);
    if debug_info == DebugInfo::Ignored {
        walk.skip_debug_info(length)?;
    }
    walk.hash_to(length)?;
    walk.hash_walked();
    walk.hasher.update(&length.to_le_bytes());
    Ok(*walk.hasher.finalize().as_bytes())
}

/// A walk through a file, which hashes whatever is not skipped.
struct Walk<R> {
    file: R,
    piece: Vec<u8>,
    /// Bytes of the piece that were walked over.
    walked: usize,
    /// Those of them that were hashed, or skipped.
    hashed: usize,
    /// Bytes to read next.
    next: usize,
    /// Of the file's byte that `walked` points to.
    offset: u64,
    hasher: blake3::Hasher,
}

/// A binary that the walk is in.
struct Binary {
    is_component: bool,
    end: u64,
}

impl<R: Read + Seek> Walk<R> {
    fn new(file: R) -> Self {
        Self { file, piece: Vec::new(), walked: 0, hashed: 0, next: PIECE, offset: 0, hasher: blake3::Hasher::new() }
    }

    /// Walks up to the first thing that is not well-formed, or to the end.
    fn skip_debug_info(&mut self, length: u64) -> io::Result<()> {
        let Some(outermost) = self.binary(length)? else { return Ok(()) };
        let mut within = vec![outermost];
        while let Some(binary) = within.last() {
            if self.offset == binary.end {
                within.pop();
                continue;
            }
            let (is_component, limit) = (binary.is_component, binary.end);
            let Some((kind, end)) = self.section(limit)? else { return Ok(()) };
            if is_component && NESTED.contains(&kind) {
                let Some(nested) = self.binary(end)? else { return Ok(()) };
                within.push(nested);
            } else if kind == CUSTOM_SECTION && end - self.offset >= LEAST && self.is_debug_info(end)? {
                self.skip_to(end)?;
            } else {
                self.hash_to(end)?;
            }
        }
        Ok(())
    }

    /// The header of a binary that ends at `end`.
    fn binary(&mut self, end: u64) -> io::Result<Option<Binary>> {
        let mut header = [0; 8];
        for byte in &mut header {
            let Some(next) = self.byte_before(end)? else { return Ok(None) };
            *byte = next;
        }
        let known = header == MODULE || header == COMPONENT;
        Ok(known.then_some(Binary { is_component: header == COMPONENT, end }))
    }

    /// The kind of the next section, and where it ends, which is no later than `limit`.
    fn section(&mut self, limit: u64) -> io::Result<Option<(u8, u64)>> {
        let Some(kind) = self.byte_before(limit)? else { return Ok(None) };
        let Some(length) = self.number_before(limit)? else { return Ok(None) };
        let end = self.offset + u64::from(length);
        Ok((end <= limit).then_some((kind, end)))
    }

    /// True if the name of the custom section that ends at `end` says so.
    fn is_debug_info(&mut self, end: u64) -> io::Result<bool> {
        let length = self.number_before(end)?.filter(|length| *length <= LONGEST_NAME);
        let Some(length) = length else { return Ok(false) };
        let mut name = Vec::new();
        for _ in 0..length {
            let Some(byte) = self.byte_before(end)? else { return Ok(false) };
            name.push(byte);
        }
        Ok(name.starts_with(DEBUG_NAME))
    }

    /// A number of 32 bits, in LEB128.
    fn number_before(&mut self, end: u64) -> io::Result<Option<u32>> {
        let mut number = 0_u64;
        for shift in (0..35).step_by(7) {
            let Some(byte) = self.byte_before(end)? else { return Ok(None) };
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(u32::try_from(number).ok());
            }
        }
        Ok(None)
    }

    /// The next byte, hashed; `None` at `end`, or at the end of the file.
    fn byte_before(&mut self, end: u64) -> io::Result<Option<u8>> {
        if self.offset >= end || (self.walked == self.piece.len() && !self.read_on()?) {
            return Ok(None);
        }
        let byte = self.piece[self.walked];
        self.walk(1);
        Ok(Some(byte))
    }

    fn hash_to(&mut self, end: u64) -> io::Result<()> {
        while self.offset < end && (self.walked < self.piece.len() || self.read_on()?) {
            let left = usize::try_from(end - self.offset).unwrap_or(usize::MAX);
            self.walk(left.min(self.piece.len() - self.walked));
        }
        Ok(())
    }

    /// These bytes are hashed before the piece is left, with all that lies next to them.
    fn walk(&mut self, bytes: usize) {
        self.walked += bytes;
        self.offset += bytes as u64;
    }

    fn hash_walked(&mut self) {
        self.hasher.update(&self.piece[self.hashed..self.walked]);
        self.hashed = self.walked;
    }

    fn skip_to(&mut self, end: u64) -> io::Result<()> {
        self.hash_walked();
        let skipped = usize::try_from(end - self.offset).unwrap_or(usize::MAX);
        if skipped <= self.piece.len() - self.walked {
            self.walked += skipped;
        } else {
            self.file.seek(SeekFrom::Start(end))?;
            (self.walked, self.next) = (0, SHORT);
            self.piece.clear();
        }
        self.hashed = self.walked;
        self.offset = end;
        Ok(())
    }

    /// Reads the next piece; false at the end of the file.
    fn read_on(&mut self) -> io::Result<bool> {
        self.hash_walked();
        self.piece.resize(self.next, 0);
        let read = loop {
            match self.file.read(&mut self.piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.piece.truncate(read);
        (self.walked, self.hashed, self.next) = (0, 0, (2 * self.next).min(PIECE));
        Ok(read > 0)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// A section of any kind; lengths are written in one byte, or two.
    fn section(kind: u8, contents: &[u8]) -> Vec<u8> {
        let mut length = contents.len();
        let mut bytes = vec![kind];
        while length >= 0x80 {
            bytes.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        bytes.push(length as u8);
        [bytes, contents.to_vec()].concat()
    }

    fn custom(name: &str, contents: &[u8]) -> Vec<u8> {
        section(CUSTOM_SECTION, &[&[name.len() as u8], name.as_bytes(), contents].concat())
    }

    fn module(sections: &[Vec<u8>]) -> Vec<u8> {
        [MODULE.to_vec(), sections.concat()].concat()
    }

    fn component(sections: &[Vec<u8>]) -> Vec<u8> {
        [COMPONENT.to_vec(), sections.concat()].concat()
    }

    fn of(program: &[u8]) -> Digest {
        digest(Cursor::new(program), program.len() as u64, DebugInfo::Ignored).unwrap()
    }

    /// A module with a type section, two sections of debug information and a name section.
    fn debug(info: &[u8], name: &[u8]) -> Vec<u8> {
        let (info, lines) = (info.repeat(LEAST as usize), info.repeat(3 * PIECE));
        module(&[section(1, &[0]), custom(".debug_info", &info), custom(".debug_line", &lines), custom("name", name)])
    }

    #[test]
    fn contents_of_debug_information_do_not_count() {
        let nested = |module: Vec<u8>| component(&[section(4, &component(&[section(1, &module)])), section(7, &[0])]);
        assert_eq!(of(&debug(b"info", b"n")), of(&debug(b"else", b"n")));
        assert_eq!(of(&nested(debug(b"info", b"n"))), of(&nested(debug(b"else", b"n"))));
        assert_ne!(of(&nested(debug(b"info", b"n"))), of(&debug(b"info", b"n")));
        let read = |program: &[u8]| digest(Cursor::new(program), program.len() as u64, DebugInfo::Read).unwrap();
        assert_ne!(read(&debug(b"info", b"n")), read(&debug(b"else", b"n")));
        assert_ne!(read(&debug(b"info", b"n")), of(&debug(b"info", b"n")));
    }

    #[test]
    fn every_other_byte_counts() {
        let info = &[b'i'; LEAST as usize];
        let few = custom(".debug_line", &info[..200]);
        let inner = module(&[section(1, &[0]), few, custom(".debug_info", info), custom("name", b"n")]);
        let program = component(&[section(1, &inner), section(7, &[0, 1, 2]), custom("x", b"y")]);
        let skipped = program.windows(info.len()).position(|window| window == info).unwrap();
        for at in 0..program.len() {
            let mut changed = program.clone();
            changed[at] ^= 0x40;
            let is_skipped = (skipped..skipped + info.len()).contains(&at);
            assert_eq!(of(&changed) == of(&program), is_skipped, "byte {at}");
        }
    }

    #[test]
    fn a_program_that_is_cut_off_is_another() {
        let program = module(&[section(1, &[0]), custom(".debug_info", &[7; 1000])]);
        let all = (0..=program.len()).map(|length| of(&program[..length]));
        assert_eq!(all.collect::<std::collections::HashSet<_>>().len(), program.len() + 1);
    }

    #[test]
    fn what_is_not_well_formed_is_hashed_to_its_end() {
        let debug = custom(".debug_info", b"info");
        let rests: [&[u8]; 6] = [
            // A length in more than five bytes, one of more than 32 bits, and one beyond the end.
            &[0, 0x80, 0x80, 0x80, 0x80, 0x80, 0],
            &[0, 0xff, 0xff, 0xff, 0xff, 0x7f],
            &[0, 0x7f],
            // A name that is longer than its section, and an enormous one.
            &[0, 1, 9],
            &[0, 6, 0xff, 0xff, 0xff, 0xff, 0x0f, 0],
            // A nested binary that is none.
            &[1, 2, 0, 0],
        ];
        for rest in rests {
            let program =
                |last: u8| [component(&[section(7, &[0])]), rest.to_vec(), debug.clone(), vec![last]].concat();
            assert_ne!(of(&program(1)), of(&program(2)), "{rest:?}");
        }
        for text in ["", "(module)", "\0asm", "\0asm\x02\0\0\0"] {
            let program = |last: &[u8]| [text.as_bytes(), debug.as_slice(), last].concat();
            assert_ne!(of(&program(b"1")), of(&program(b"2")), "{text:?}");
        }
    }
}
