//! Writes such strings, sound ones and others.

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Bits as '0' and '1'.
#[derive(Clone, Debug, Default)]
pub(super) struct Writer(String);

impl Writer {
    pub(super) fn number(mut self, number: u64, width: usize) -> Self {
        self.0 += &format!("{number:0width$b}");
        self
    }

    /// Bits 1 to `width`, set where listed.
    pub(super) fn flags(mut self, set: &[u8], width: u8) -> Self {
        self.0.extend((1..=width).map(|number| if set.contains(&number) { '1' } else { '0' }));
        self
    }

    pub(super) fn bits(mut self, bits: &str) -> Self {
        self.0 += bits;
        self
    }

    pub(super) fn append(self, other: &Self) -> Self {
        self.bits(&other.0)
    }

    pub(super) fn fibonacci(self, number: u64) -> Self {
        let mut worths = vec![1, 2];
        while worths[worths.len() - 1] <= number {
            worths.push(worths[worths.len() - 1] + worths[worths.len() - 2]);
        }
        let (mut rest, mut code) = (number, String::new());
        for worth in worths.into_iter().rev() {
            if worth <= rest {
                rest -= worth;
                code.insert(0, '1');
            } else if !code.is_empty() {
                code.insert(0, '0');
            }
        }
        self.bits(&code).bits("1")
    }

    pub(super) fn vendors(self, vendors: &Vendors) -> Self {
        let writer = self.number(u64::from(vendors.largest), 16).number(u64::from(vendors.as_ranges), 1);
        if vendors.as_ranges {
            writer.ranges(&vendors.ranges)
        } else {
            (1..=vendors.largest).fold(writer, |writer, vendor| writer.number(u64::from(vendors.has(vendor)), 1))
        }
    }

    pub(super) fn ranges(self, ranges: &[(u16, u16)]) -> Self {
        ranges.iter().fold(self.number(ranges.len() as u64, 12), |writer, (first, last)| {
            let writer = writer.number(u64::from(first != last), 1).number(u64::from(*first), 16);
            if first == last { writer } else { writer.number(u64::from(*last), 16) }
        })
    }

    /// Padded with zeros to a multiple of 6, and of this.
    pub(super) fn text(mut self, multiple: usize) -> String {
        while !self.0.len().is_multiple_of(multiple) || !self.0.len().is_multiple_of(6) {
            self.0.push('0');
        }
        let sextets =
            self.0.as_bytes().chunks(6).map(|bits| bits.iter().fold(0, |value, bit| 2 * value + (bit - b'0')));
        sextets.map(|value| char::from(ALPHABET[usize::from(value)])).collect()
    }
}

#[derive(Clone, Debug)]
pub(super) struct Vendors {
    pub(super) largest: u16,
    pub(super) as_ranges: bool,
    pub(super) ranges: Vec<(u16, u16)>,
}

impl Vendors {
    pub(super) fn has(&self, vendor: u16) -> bool {
        self.ranges.iter().any(|(first, last)| (first..=last).contains(&&vendor))
    }
}

#[derive(Clone, Debug)]
pub(super) struct Core {
    pub(super) created: u64,
    pub(super) updated: u64,
    pub(super) cmp: u16,
    pub(super) policy: u8,
    pub(super) flags: (bool, bool),
    pub(super) country: (u8, u8),
    pub(super) purposes: Vec<u8>,
    pub(super) interest: Vec<u8>,
    pub(super) vendors: Vendors,
    pub(super) vendor_interest: Vendors,
    pub(super) restrictions: Vec<(u8, Vec<(u16, u16)>)>,
}

impl Core {
    pub(super) fn writer(&self) -> Writer {
        let writer = Writer::default()
            .number(2, 6)
            .number(self.created, 36)
            .number(self.updated, 36)
            .number(u64::from(self.cmp), 12)
            .number(0xabc, 12)
            .number(0x2a, 6)
            .number(0xfff, 12)
            .number(0x555, 12)
            .number(u64::from(self.policy), 6)
            .number(u64::from(self.flags.0), 1)
            .number(1, 1)
            .number(0xfff, 12)
            .flags(&self.purposes, 24)
            .flags(&self.interest, 24)
            .number(u64::from(self.flags.1), 1)
            .number(u64::from(self.country.0), 6)
            .number(u64::from(self.country.1), 6)
            .vendors(&self.vendors)
            .vendors(&self.vendor_interest)
            .number(self.restrictions.len() as u64, 12);
        self.restrictions
            .iter()
            .fold(writer, |writer, (purpose, ranges)| writer.number(u64::from(*purpose), 6).number(0, 2).ranges(ranges))
    }
}
