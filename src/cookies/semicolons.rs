//! The semicolons of a `Cookie` line, 64 bytes at a time.

use wide::u8x16;

/// Bytes that are looked at together: one bit each.
const BLOCK: usize = 64;

/// The places of the semicolons of a line, one after another.
#[derive(Clone, Debug)]
pub(super) struct Semicolons<'a> {
    /// What follows the block that is looked at.
    rest: &'a [u8],
    /// The place of that block in the line.
    base: usize,
    /// Its semicolons that have not been given yet: the first byte is the lowest bit.
    found: u64,
    length: usize,
}

impl<'a> Semicolons<'a> {
    #[inline]
    pub(super) fn of(line: &'a [u8]) -> Self {
        let mut all = Self { rest: line, base: 0, found: 0, length: line.len() };
        all.look();
        all
    }

    /// Looks at the next block.
    #[inline]
    fn look(&mut self) {
        if let Some((block, rest)) = self.rest.split_first_chunk() {
            (self.found, self.rest) = (semicolons(block), rest);
        } else {
            let mut block = [0; BLOCK];
            if let Some(begin) = block.get_mut(..self.rest.len()) {
                begin.copy_from_slice(self.rest);
            }
            (self.found, self.rest) = (semicolons(&block), &[]);
        }
    }

    /// The place of the next one; behind the last one the length of the line, again and again.
    #[inline]
    pub(super) fn next(&mut self) -> usize {
        while self.found == 0 {
            if self.rest.is_empty() {
                return self.length;
            }
            self.base += BLOCK;
            self.look();
        }
        let place = self.base + self.found.trailing_zeros() as usize;
        self.found &= self.found - 1;
        place
    }
}

/// A bit for each byte that is a semicolon.
#[inline]
fn semicolons(block: &[u8; BLOCK]) -> u64 {
    let (parts, _) = block.as_chunks::<16>();
    parts.iter().rev().fold(0, |found, part| {
        let equal = u8x16::new(*part).simd_eq(u8x16::splat(b';'));
        found << 16 | u64::from(equal.to_bitmask())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_found_wherever_they_are() {
        let check = |line: &[u8]| {
            let places: Vec<_> = (0..line.len()).filter(|place| line[*place] == b';').collect();
            let mut all = Semicolons::of(line);
            let found: Vec<_> = std::iter::repeat_with(|| all.next()).take(places.len() + 3).collect();
            assert_eq!(found[..places.len()], places, "{line:?}");
            assert_eq!(found[places.len()..], [line.len(); 3], "{line:?}");
        };
        for length in 0..200 {
            check(&vec![b':'; length]);
            check(&vec![b';'; length]);
            for place in 0..length {
                let mut line = vec![b';' | 0x80; length];
                line[place] = b';';
                line[length / 2] = b';';
                check(&line);
            }
        }
    }
}
