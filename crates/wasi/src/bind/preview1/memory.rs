//! The guest's memory: numbers in little-endian, buffers and texts in place, nothing copied.
//!
//! Hazards: every address and length comes from the guest. An answer's place is checked before the act (`check`), so that
//! nothing happens of which the guest can't be told. preview1 wants values aligned; nobody here depends on it.

use super::errno::Errno;

/// Buffers that one call may name (`IOV_MAX` of the C library), and what a call of several small ones moves at most.
const BUFFERS: u32 = 1024;
const GATHERED: u32 = 64 << 10;

type Result<T> = std::result::Result<T, Errno>;

/// The memory that the guest exports.
pub(super) struct GuestMemory<'a>(&'a mut [u8]);

/// The buffers of one transfer.
pub(super) enum Buffers {
    /// One, worked on in place; its address and length.
    One(u32, u32),
    /// Several buffers, none empty, of this length together. They are gathered or scattered through the host.
    Several(Vec<(u32, u32)>, u32),
}

impl<'a> GuestMemory<'a> {
    pub(super) fn new(bytes: &'a mut [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&self, at: u32, len: u32) -> Result<&[u8]> {
        self.0.get(at as usize..).and_then(|rest| rest.get(..len as usize)).ok_or(Errno::Fault)
    }

    pub(super) fn bytes_mut(&mut self, at: u32, len: u32) -> Result<&mut [u8]> {
        self.0.get_mut(at as usize..).and_then(|rest| rest.get_mut(..len as usize)).ok_or(Errno::Fault)
    }

    /// A path or a name.
    pub(super) fn text(&self, at: u32, len: u32) -> Result<&str> {
        str::from_utf8(self.bytes(at, len)?).map_err(|_| Errno::Ilseq)
    }

    /// Checks that an answer of `len` bytes can be put at `at`.
    pub(super) fn check(&self, at: u32, len: u32) -> Result<()> {
        self.bytes(at, len).map(drop)
    }

    pub(super) fn get<const N: usize>(&self, at: u32) -> Result<[u8; N]> {
        self.0.get(at as usize..).and_then(|rest| rest.first_chunk()).copied().ok_or(Errno::Fault)
    }

    pub(super) fn put<const N: usize>(&mut self, at: u32, value: [u8; N]) -> Result<()> {
        *self.0.get_mut(at as usize..).and_then(|rest| rest.first_chunk_mut()).ok_or(Errno::Fault)? = value;
        Ok(())
    }

    pub(super) fn get_u32(&self, at: u32) -> Result<u32> {
        self.get(at).map(u32::from_le_bytes)
    }

    pub(super) fn put_u32(&mut self, at: u32, value: u32) -> Result<()> {
        self.put(at, value.to_le_bytes())
    }

    pub(super) fn put_u64(&mut self, at: u32, value: u64) -> Result<()> {
        self.put(at, value.to_le_bytes())
    }

    /// The buffers that a list of (address, length) names. Of several small ones so many as are moved in one call.
    ///
    /// # Errors
    /// `Inval` for more than the C library's limit.
    pub(super) fn buffers(&self, list: u32, count: u32) -> Result<Buffers> {
        if count > BUFFERS {
            return Err(Errno::Inval);
        }
        let mut several = Vec::new();
        let (mut first, mut total) = (None, 0);
        for entry in self.bytes(list, count * 8)?.chunks_exact(8) {
            let number =
                |at: usize| entry.get(at..).and_then(|rest| rest.first_chunk()).copied().map_or(0, u32::from_le_bytes);
            let (at, len) = (number(0), number(4));
            self.check(at, len)?;
            // A buffer over the limit is not moved, but has to be in bounds.
            if len == 0 || total >= GATHERED {
                continue;
            }
            match first {
                None => first = Some((at, len)),
                Some(first) if several.is_empty() => several.extend([first, (at, len.min(GATHERED - total))]),
                Some(_) => several.push((at, len.min(GATHERED - total))),
            }
            total = total.saturating_add(len);
        }
        let (at, len) = first.unwrap_or_default();
        Ok(if several.is_empty() { Buffers::One(at, len) } else { Buffers::Several(several, total.min(GATHERED)) })
    }

    /// The contents of several buffers, one after the other.
    pub(super) fn gather(&self, buffers: &[(u32, u32)]) -> Result<Vec<u8>> {
        let mut gathered = Vec::new();
        for &(at, len) in buffers {
            gathered.extend_from_slice(self.bytes(at, len)?);
        }
        Ok(gathered)
    }

    /// Spreads `contents` over several buffers.
    pub(super) fn scatter(&mut self, buffers: &[(u32, u32)], mut contents: &[u8]) -> Result<()> {
        for &(at, len) in buffers {
            let (now, later) = contents.split_at(contents.len().min(len as usize));
            #[allow(clippy::cast_possible_truncation, reason = "no longer than the buffer")]
            self.bytes_mut(at, now.len() as u32)?.copy_from_slice(now);
            contents = later;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_beyond_the_end_is_touched() {
        let mut bytes = [7; 16];
        let mut memory = GuestMemory::new(&mut bytes);
        for (at, len) in [(16, 1), (0, 17), (15, 2), (u32::MAX, 1), (1, u32::MAX), (u32::MAX, u32::MAX), (17, 0)] {
            assert_eq!(memory.bytes(at, len), Err(Errno::Fault), "{at} {len}");
            assert!(memory.bytes_mut(at, len).is_err(), "{at} {len}");
            assert_eq!(memory.check(at, len), Err(Errno::Fault), "{at} {len}");
        }
        assert_eq!(memory.bytes(16, 0), Ok(&[][..]));
        for at in [9, 15, u32::MAX] {
            assert_eq!(memory.put_u64(at, 0), Err(Errno::Fault), "{at}");
        }
        assert_eq!(bytes, [7; 16]);
    }

    fn listed(memory: &mut GuestMemory<'_>, list: &[(u32, u32)]) -> Result<Buffers> {
        for (index, (at, len)) in (0..).zip(list) {
            memory.put_u32(index * 8, *at)?;
            memory.put_u32(index * 8 + 4, *len)?;
        }
        memory.buffers(0, u32::try_from(list.len()).unwrap())
    }

    #[test]
    fn buffers_are_gathered_up_to_a_limit() {
        let mut bytes = vec![0; 1 << 20];
        let mut memory = GuestMemory::new(&mut bytes);
        assert!(matches!(listed(&mut memory, &[]), Ok(Buffers::One(_, 0))));
        assert!(matches!(listed(&mut memory, &[(5, 0), (100, 0)]), Ok(Buffers::One(_, 0))));
        assert!(matches!(listed(&mut memory, &[(5, 0), (100, 9), (7, 0)]), Ok(Buffers::One(100, 9))));
        let long = GATHERED + 1;
        assert!(matches!(listed(&mut memory, &[(0, long), (100, 9)]), Ok(Buffers::One(0, len)) if len == long));
        let Ok(Buffers::Several(several, total)) = listed(&mut memory, &[(100, 9), (200, long), (300, 1)]) else {
            panic!("several buffers");
        };
        assert_eq!((several, total), (vec![(100, 9), (200, GATHERED - 9)], GATHERED));
        assert!(matches!(listed(&mut memory, &[(100, 9), (1 << 20, 1)]), Err(Errno::Fault)));
        assert!(matches!(listed(&mut memory, &[(0, long), (u32::MAX, 9)]), Err(Errno::Fault)));
        assert!(matches!(memory.buffers(0, BUFFERS + 1), Err(Errno::Inval)));
        assert!(matches!(memory.buffers(u32::MAX, 1), Err(Errno::Fault)));
    }

    #[test]
    fn what_is_gathered_is_scattered_again() {
        let mut bytes = *b"abcdefghijkl";
        let mut memory = GuestMemory::new(&mut bytes);
        assert_eq!(memory.gather(&[(10, 2), (0, 3)]).as_deref(), Ok(&b"klabc"[..]));
        memory.scatter(&[(0, 2), (6, 3), (9, 3)], b"12345").unwrap();
        assert_eq!(&bytes, b"12cdef345jkl");
    }
}
