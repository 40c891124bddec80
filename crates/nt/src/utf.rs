//! Between UTF-8, which guests speak, and UTF-16, which the console speaks, in pieces that may end inside a character.

/// UTF-8 that comes in pieces. Bytes that can be no UTF-8 become U+FFFD.
#[derive(Default)]
pub(crate) struct FromUtf8 {
    /// The beginning of a character whose rest is yet to come.
    begun: Vec<u8>,
}

impl FromUtf8 {
    /// The units of `bytes`, but for a last character that is not whole yet.
    pub(crate) fn units(&mut self, bytes: &[u8]) -> Vec<u16> {
        let joined = [self.begun.as_slice(), bytes].concat();
        self.begun.clear();
        let (mut units, mut rest) = (Vec::with_capacity(joined.len()), joined.as_slice());
        while let Some(chunk) = rest.utf8_chunks().next() {
            let (valid, invalid) = (chunk.valid(), chunk.invalid());
            units.extend(valid.encode_utf16());
            rest = rest.get(valid.len()..).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
            if str::from_utf8(rest).is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none()) {
                self.begun = rest.to_vec();
                break;
            }
            units.push(0xFFFD);
            rest = rest.get(invalid.len()..).unwrap_or_default();
        }
        units
    }
}

/// UTF-16 that comes in pieces. Half a surrogate pair becomes U+FFFD.
#[derive(Default)]
pub(crate) struct FromUtf16 {
    /// The first half of a pair whose second half is yet to come.
    begun: Option<u16>,
}

impl FromUtf16 {
    /// The UTF-8 of `units`, but for a last half of a pair.
    pub(crate) fn bytes(&mut self, units: &[u16]) -> Vec<u8> {
        let mut joined: Vec<u16> = self.begun.take().into_iter().chain(units.iter().copied()).collect();
        if joined.last().is_some_and(|unit| (0xD800..0xDC00).contains(unit)) {
            self.begun = joined.pop();
        }
        String::from_utf16_lossy(&joined).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a é 日本語 🦀 \u{10FFFF} z";

    #[test]
    fn a_text_cut_anywhere_comes_out_whole() {
        for cut in 0..=TEXT.len() {
            for second in cut..=TEXT.len() {
                let mut decoder = FromUtf8::default();
                let parts = [&TEXT.as_bytes()[..cut], &TEXT.as_bytes()[cut..second], &TEXT.as_bytes()[second..]];
                let units: Vec<u16> = parts.iter().flat_map(|part| decoder.units(part)).collect();
                assert_eq!(String::from_utf16(&units).unwrap(), TEXT, "{cut} {second}");
            }
        }
        let units: Vec<u16> = TEXT.encode_utf16().collect();
        for cut in 0..=units.len() {
            let mut decoder = FromUtf16::default();
            let bytes = [decoder.bytes(&units[..cut]), decoder.bytes(&units[cut..])].concat();
            assert_eq!(bytes, TEXT.as_bytes(), "{cut}");
        }
    }

    #[test]
    fn what_is_no_text_is_replaced_and_nothing_waits_for_ever() {
        for bytes in
            [&b"\xFF"[..], b"a\xC3(", b"\xED\xA0\x80", b"\xF0\x9F\xA6x", b"\xC0\x80", b"\x80\x80\x80", b"\xE6\x97a"]
        {
            let mut decoder = FromUtf8::default();
            let mut units: Vec<u16> = bytes.iter().flat_map(|byte| decoder.units(&[*byte])).collect();
            units.extend(decoder.units(b"."));
            assert_eq!(
                String::from_utf16(&units).unwrap(),
                format!("{}.", String::from_utf8_lossy(bytes)),
                "{bytes:?}"
            );
            assert_eq!(FromUtf8::default().units(bytes), units[..units.len() - 1], "{bytes:?}");
        }
        let mut decoder = FromUtf16::default();
        assert_eq!(decoder.bytes(&[0xD800]), b"");
        assert_eq!(decoder.bytes(&[0x61, 0xDC00]), "\u{FFFD}a\u{FFFD}".as_bytes());
    }
}
