//! IAB TCF v2: the TC string.
//!
//! Sources: *Consent string and vendor list formats v2* of
//! `InteractiveAdvertisingBureau/GDPR-Transparency-and-Consent-Framework`; npm `@iabtcf/core` 1.5.6 where the text is open.
//!
//! 1. The core comes first, other segments in any order. A segment of a type that is not known is passed over; two of one
//!    type are malformed.
//! 2. What stands behind the last field of a segment is padding and not looked at, zero or not: the IAB's library does so.
//! 3. Legitimate interest is transparency, never consent.
//! 4. Numbers must agree: a range that runs backwards, vendor 0, a vendor beyond the largest that the string names, fewer
//!    entries than announced are malformed, where the IAB's library reads on.

use super::{
    Fault, MAX_TEXT,
    bits::{Bits, Cursor},
};

/// The first version of the TCF policies under which a string is valid today.
const FIRST_POLICY: u64 = 4;
/// Purposes of a string, numbered from 1.
const PURPOSES: u8 = 24;

#[cfg(test)]
const CREATED: usize = 6;
const LAST_UPDATED: usize = 42;
#[cfg(test)]
const CMP_ID: usize = 78;
const POLICY_VERSION: usize = 132;
#[cfg(test)]
const IS_SERVICE_SPECIFIC: usize = 138;
const PURPOSE_CONSENTS: usize = 152;
#[cfg(test)]
const PURPOSE_LI: usize = 176;
const PURPOSE_ONE_TREATMENT: usize = 200;
#[cfg(test)]
const PUBLISHER_COUNTRY: usize = 201;
const VENDORS: usize = 213;

/// Types of segments.
const CORE: u64 = 0;
const DISCLOSED_VENDORS: u64 = 1;
const PUBLISHER_TC: u64 = 3;
/// Where the publisher's consents stand in their segment.
const PUBLISHER_CONSENTS: usize = 3;

/// A TC string of version 2 whose structure is sound and whose policy is still valid.
#[derive(Clone, Copy)]
pub(crate) struct TcString<'a> {
    core: Bits<'a>,
    policy_version: u8,
    vendor_consents: Vendors<'a>,
    disclosed: Option<Vendors<'a>>,
    publisher: Option<Bits<'a>>,
}

impl<'a> TcString<'a> {
    pub(crate) fn parse(text: &'a [u8]) -> Result<Self, Fault> {
        if text.len() > MAX_TEXT {
            return Err(Fault::Malformed);
        }
        match text.first() {
            Some(b'C') => Self::read(text).ok_or(Fault::Malformed).and_then(|string| {
                if u64::from(string.policy_version) < FIRST_POLICY { Err(Fault::OldPolicy) } else { Ok(string) }
            }),
            Some(b'B') => Err(Fault::TcfV1),
            Some(b'D') => Err(Fault::Gpp),
            _ => Err(Fault::Malformed),
        }
    }

    fn read(text: &'a [u8]) -> Option<Self> {
        let mut segments = text.split(|byte| *byte == b'.');
        let core = Bits::new(segments.next()?)?;
        let mut cursor = Cursor { bits: core, at: VENDORS };
        let vendor_consents = Vendors::read(&mut cursor)?;
        // Vendors by legitimate interest, and what the publisher restricts: only that they are whole.
        Vendors::read(&mut cursor)?;
        for _ in 0..cursor.number(12)? {
            cursor.skip(6 + 2)?;
            read_ranges(&mut cursor, u16::MAX)?;
        }
        let mut string = Self {
            core,
            policy_version: u8::try_from(core.number(POLICY_VERSION, 6)?).ok()?,
            vendor_consents,
            disclosed: None,
            publisher: None,
        };
        let mut seen = 1u8 << CORE;
        for segment in segments {
            let bits = Bits::new(segment)?;
            let mut cursor = bits.cursor();
            let kind = cursor.number(3)?;
            let mark = 1u8 << kind;
            if seen & mark != 0 {
                return None;
            }
            seen |= mark;
            match kind {
                DISCLOSED_VENDORS => string.disclosed = Some(Vendors::read(&mut cursor)?),
                PUBLISHER_TC => {
                    cursor.skip(2 * usize::from(PURPOSES))?;
                    let custom_purposes = usize::try_from(cursor.number(6)?).ok()?;
                    cursor.skip(2 * custom_purposes)?;
                    string.publisher = Some(bits);
                }
                _ => {}
            }
        }
        Some(string)
    }

    /// When the string was first made, in seconds since 1970. Since TCF 2.2 this is [`last_updated`](Self::last_updated).
    #[cfg(test)]
    pub(crate) fn created(&self) -> i64 {
        self.seconds(CREATED)
    }

    /// When the string was last changed, in seconds since 1970; since TCF 2.2 a whole day in UTC.
    pub(crate) fn last_updated(&self) -> i64 {
        self.seconds(LAST_UPDATED)
    }

    #[cfg(test)]
    pub(crate) fn cmp_id(&self) -> u16 {
        self.core.number(CMP_ID, 12).and_then(|id| u16::try_from(id).ok()).unwrap_or_default()
    }

    /// At least 4; 5 since TCF 2.2.
    pub(crate) fn policy_version(&self) -> u8 {
        self.policy_version
    }

    /// Holds for this site alone. A string for all sites has not been valid since 2021.
    #[cfg(test)]
    pub(crate) fn is_service_specific(&self) -> bool {
        self.core_bit(IS_SERVICE_SPECIFIC)
    }

    /// Consent to a purpose of 1 to 24; no for any other number.
    pub(crate) fn purpose_consent(&self, purpose: u8) -> bool {
        purpose_index(purpose).is_some_and(|index| self.core_bit(PURPOSE_CONSENTS + index))
    }

    /// The visitor was told of a legitimate interest and did not object. **Never consent.**
    #[cfg(test)]
    pub(crate) fn purpose_legitimate_interest(&self, purpose: u8) -> bool {
        purpose_index(purpose).is_some_and(|index| self.core_bit(PURPOSE_LI + index))
    }

    /// Purpose 1 was not put to the visitor, by the law of [`publisher_country`](Self::publisher_country). Its consent
    /// bit then says nothing of the visitor.
    pub(crate) fn purpose_one_treatment(&self) -> bool {
        self.core_bit(PURPOSE_ONE_TREATMENT)
    }

    /// Two capital letters, as in ISO 3166-1; `None` for anything else.
    #[cfg(test)]
    pub(crate) fn publisher_country(&self) -> Option<[u8; 2]> {
        let letter = |at| {
            let letter = u8::try_from(self.core.number(at, 6)?).ok()?;
            (letter < 26).then_some(b'A' + letter)
        };
        Some([letter(PUBLISHER_COUNTRY)?, letter(PUBLISHER_COUNTRY + 6)?])
    }

    /// Consent to a vendor, by its number in the Global Vendor List.
    pub(crate) fn vendor_consent(&self, vendor: u16) -> bool {
        self.vendor_consents.contains(vendor)
    }

    /// The vendor was shown to the visitor. `None`: the string does not say, as was allowed before TCF 2.3.
    pub(crate) fn discloses(&self, vendor: u16) -> Option<bool> {
        Some(self.disclosed?.contains(vendor))
    }

    /// Consent to a purpose of 1 to 24 for the site itself. `None`: the string does not say.
    pub(crate) fn publisher_consent(&self, purpose: u8) -> Option<bool> {
        let publisher = self.publisher?;
        Some(purpose_index(purpose).and_then(|index| publisher.bit(PUBLISHER_CONSENTS + index)).unwrap_or_default())
    }

    fn core_bit(&self, at: usize) -> bool {
        // `read` has found that the core is longer.
        self.core.bit(at).unwrap_or_default()
    }

    fn seconds(&self, at: usize) -> i64 {
        self.core.number(at, 36).and_then(|tenths| i64::try_from(tenths / 10).ok()).unwrap_or_default()
    }
}

/// The index of a purpose of 1 to 24 in its field.
fn purpose_index(purpose: u8) -> Option<usize> {
    (1..=PURPOSES).contains(&purpose).then(|| usize::from(purpose) - 1)
}

/// A set of vendors, left where it stands.
#[derive(Clone, Copy)]
struct Vendors<'a> {
    bits: Bits<'a>,
    largest: u16,
    form: Form,
}

#[derive(Clone, Copy)]
enum Form {
    /// A bit for each vendor.
    Field { at: usize },
    /// Single vendors, and ranges of them, in any order.
    Ranges { at: usize, entries: u16 },
}

impl<'a> Vendors<'a> {
    /// Reads over a set and finds that it is whole.
    fn read(cursor: &mut Cursor<'a>) -> Option<Self> {
        let largest = cursor.short()?;
        let form = if cursor.flag()? {
            read_ranges(cursor, largest)?
        } else {
            let at = cursor.at;
            cursor.skip(usize::from(largest))?;
            Form::Field { at }
        };
        Some(Self { bits: cursor.bits, largest, form })
    }

    fn contains(&self, vendor: u16) -> bool {
        if !(1..=self.largest).contains(&vendor) {
            return false;
        }
        match self.form {
            Form::Field { at } => self.bits.bit(at + usize::from(vendor) - 1).unwrap_or_default(),
            Form::Ranges { at, entries } => {
                let mut cursor = Cursor { bits: self.bits, at };
                (0..entries)
                    .map_while(|_| read_range(&mut cursor))
                    .any(|(first, last)| (first..=last).contains(&vendor))
            }
        }
    }
}

/// As many entries as announced, each of vendors from 1 to the largest.
fn read_ranges(cursor: &mut Cursor<'_>, largest: u16) -> Option<Form> {
    let entries = u16::try_from(cursor.number(12)?).ok()?;
    let at = cursor.at;
    for _ in 0..entries {
        let (first, last) = read_range(cursor)?;
        if first == 0 || first > last || last > largest {
            return None;
        }
    }
    Some(Form::Ranges { at, entries })
}

fn read_range(cursor: &mut Cursor<'_>) -> Option<(u16, u16)> {
    let is_range = cursor.flag()?;
    let first = cursor.short()?;
    Some((first, if is_range { cursor.short()? } else { first }))
}
