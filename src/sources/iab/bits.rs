//! Bits of a base64url text, read where they stand.

/// The value of each character of base64url; [`NONE`] for every other byte.
const VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut value = 0u8;
    while (value as usize) < alphabet.len() {
        #[allow(clippy::indexing_slicing, reason = "evaluated by the compiler")]
        {
            values[alphabet[value as usize] as usize] = value;
        }
        value += 1;
    }
    values
};
const NONE: u8 = 0xff;

/// The largest number that a Fibonacci code may have here: ids of sections, and of vendors, are below it.
const MAX_FIBONACCI: u32 = 0xffff;

/// A text of base64url without padding, as bits: 6 a character, the highest first.
#[derive(Clone, Copy)]
pub(super) struct Bits<'a> {
    text: &'a [u8],
}

impl<'a> Bits<'a> {
    /// `None` for an empty text, and for one with any other character: the IAB's libraries refuse these too.
    pub(super) fn new(text: &'a [u8]) -> Option<Self> {
        let is_sound = !text.is_empty() && text.iter().all(|byte| sextet(*byte).is_some());
        is_sound.then_some(Self { text })
    }

    pub(super) fn bit(self, at: usize) -> Option<bool> {
        self.number(at, 1).map(|bit| bit == 1)
    }

    /// A number of at most 48 bits. `None` beyond the end.
    pub(super) fn number(self, at: usize, width: usize) -> Option<u64> {
        let end = at.checked_add(width)?;
        let characters = self.text.get(at / 6..end.div_ceil(6))?;
        let bits =
            characters.iter().try_fold(0u64, |bits, byte| Some(bits.checked_mul(64)? | u64::from(sextet(*byte)?)))?;
        let beyond = end.div_ceil(6).checked_mul(6)? - end;
        Some((bits >> beyond) & ((1u64 << width) - 1))
    }

    pub(super) fn cursor(self) -> Cursor<'a> {
        Cursor { bits: self, at: 0 }
    }
}

fn sextet(byte: u8) -> Option<u8> {
    VALUES.get(usize::from(byte)).copied().filter(|value| *value != NONE)
}

/// A place in a text of bits that moves on as they are read. A read beyond the end gives `None`.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    pub(super) bits: Bits<'a>,
    pub(super) at: usize,
}

impl Cursor<'_> {
    /// A number of at most 48 bits.
    pub(super) fn number(&mut self, width: usize) -> Option<u64> {
        let number = self.bits.number(self.at, width)?;
        self.at += width;
        Some(number)
    }

    pub(super) fn short(&mut self) -> Option<u16> {
        u16::try_from(self.number(16)?).ok()
    }

    pub(super) fn flag(&mut self) -> Option<bool> {
        self.number(1).map(|bit| bit == 1)
    }

    /// Passes over bits that must be there.
    pub(super) fn skip(&mut self, width: usize) -> Option<()> {
        if let Some(last) = width.checked_sub(1) {
            self.bits.bit(self.at.checked_add(last)?)?;
            self.at += width;
        }
        Some(())
    }

    /// A number of 1 to 65535 in Fibonacci code: the bits stand for 1, 2, 3, 5, 8, ..., and two set ones in a row end it.
    pub(super) fn fibonacci(&mut self) -> Option<u16> {
        let (mut worth, mut next) = (1u32, 2u32);
        let (mut sum, mut before) = (0u32, false);
        loop {
            let bit = self.flag()?;
            if bit && before {
                return u16::try_from(sum).ok();
            }
            // No code goes on from here that stays below the limit.
            if worth > MAX_FIBONACCI {
                return None;
            }
            if bit {
                sum += worth;
            }
            before = bit;
            (worth, next) = (next, worth + next);
        }
    }
}
