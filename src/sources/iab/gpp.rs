//! IAB GPP: the Global Privacy Platform string.
//!
//! Sources: *Consent String Specification* and *Sections* of `InteractiveAdvertisingBureau/Global-Privacy-Platform`; npm
//! `@iabgpp/cmpapi` 3.2.0.
//!
//! 1. A header that lists the sections by id, then the sections, joined by `~`; as many as listed, or it is malformed. Each
//!    section is judged alone: one that cannot be read takes nothing from the others.
//! 2. Fields are found by their place; writers pad to 6, 8 or 24 bits, and what stands behind the last field that is read
//!    is not looked at.
//! 3. A US section can object; it never consents: "did not opt out" is what it says when nobody was asked.
//! 4. The safe side: an objection in any section counts, whatever the rest is. A section that is not known, of a newer
//!    version or damaged is [unread](Gpp::has_unread), and then no other section's "did not opt out" is passed on.
//!
//! The US sections that are read are those whose fields the specification and the library write alike: 7 to 23. For 24 to
//! 27 (Maryland, Indiana, Kentucky, Rhode Island) the specification, out for comment, begins a section with a header of
//! its own and the library does not, so that nobody can tell where their fields stand.

use super::{Answer, Fault, MAX_TEXT, bits::Bits, tcf::TcString, us_privacy};

const TYPE: u64 = 3;
const VERSION: u64 = 1;

const TCF_EU: u16 = 2;
const TCF_CANADA: u16 = 5;
const US_PRIVACY: u16 = 6;

/// The type of the subsection that carries the browser's Global Privacy Control.
const GPC: u64 = 1;

/// What a GPP string says, found in one pass.
#[derive(Clone, Copy)]
pub(crate) struct Gpp<'a> {
    tcf_eu: Option<&'a [u8]>,
    tcf_canada: Option<&'a [u8]>,
    opts_out: Option<bool>,
    gpc: Option<bool>,
    has_unread: bool,
}

impl<'a> Gpp<'a> {
    pub(crate) fn parse(text: &'a [u8]) -> Result<Self, Fault> {
        if text.len() > MAX_TEXT { Err(Fault::Malformed) } else { Self::read(text).ok_or(Fault::Malformed) }
    }

    fn read(text: &'a [u8]) -> Option<Self> {
        let mut parts = text.split(|byte| *byte == b'~');
        let mut header = Bits::new(parts.next()?)?.cursor();
        if header.number(6)? != TYPE || header.number(6)? != VERSION {
            return None;
        }
        let mut gpp = Self { tcf_eu: None, tcf_canada: None, opts_out: None, gpc: None, has_unread: false };
        let mut last = 0u16;
        for _ in 0..header.number(12)? {
            let is_group = header.flag()?;
            let first = last.checked_add(header.fibonacci()?)?;
            last = if is_group { first.checked_add(header.fibonacci()?)? } else { first };
            for id in first..=last {
                // A group of thousands ends here, where the sections do.
                gpp.take(id, parts.next().filter(|section| !section.is_empty())?);
            }
        }
        parts.next().is_none().then_some(gpp)
    }

    fn take(&mut self, id: u16, section: &'a [u8]) {
        let answer = match id {
            TCF_EU => return self.tcf_eu = Some(section),
            TCF_CANADA => return self.tcf_canada = Some(section),
            US_PRIVACY => us_privacy::parse_plain(section).map(|opts_out| UsSection { opts_out, gpc: None }),
            _ => layout(id).and_then(|layout| UsSection::read(section, layout)),
        };
        let Some(answer) = answer else {
            self.has_unread = true;
            return;
        };
        self.has_unread |= answer.opts_out == Answer::Unknown;
        self.opts_out = stricter(self.opts_out, answer.opts_out.said());
        self.gpc = stricter(self.gpc, answer.gpc);
    }

    /// The EU's section, where there is one.
    pub(crate) fn tcf_eu(&self) -> Option<Result<TcString<'a>, Fault>> {
        self.tcf_eu.map(TcString::parse)
    }

    /// Canada's section, where there is one.
    pub(crate) fn tcf_canada(&self) -> Option<Result<TcfCanada<'a>, Fault>> {
        self.tcf_canada.map(TcfCanada::parse)
    }

    /// Whether a US section (or US Privacy in it) objects to sale, sharing or targeted advertising, or carries GPC.
    ///
    /// `Some(false)`: one says that the visitor did not, and every section was understood. That is not consent. `None`:
    /// none applies, or nobody can tell.
    pub(crate) fn opts_out_of_sale_or_sharing(&self) -> Option<bool> {
        match (self.opts_out, self.gpc) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            _ if self.has_unread => None,
            (answer, _) => answer,
        }
    }

    /// The browser's Global Privacy Control when the string was written. `None`: no section says.
    #[cfg(test)]
    pub(crate) fn gpc(&self) -> Option<bool> {
        self.gpc
    }

    /// A section beside the two of TCF is not known here, of a newer version, or damaged.
    pub(crate) fn has_unread(&self) -> bool {
        self.has_unread
    }
}

/// Where a US section has its fields of 2 bits each: opt-outs of sale, of sharing, of targeted advertising.
#[derive(Clone, Copy)]
struct Layout {
    /// The versions up to this one have the fields there.
    newest: u64,
    opt_outs: &'static [usize],
}

fn layout(section: u16) -> Option<Layout> {
    let (newest, opt_outs): (_, &[usize]) = match section {
        // The nation: version 2 has more sensitive data, behind these.
        7 => (2, &[18, 20, 22]),
        // California has no targeted advertising, the others below no sharing.
        8 => (1, &[12, 14]),
        // Utah and Iowa: a fourth notice before them.
        11 | 18 => (1, &[14, 16]),
        // VA, CO, CT, FL, MT, OR, TX, DE, NE, NH, NJ, TN, MN.
        9 | 10 | 12..=17 | 19..=23 => (1, &[12, 14]),
        _ => return None,
    };
    Some(Layout { newest, opt_outs })
}

struct UsSection {
    opts_out: Answer,
    gpc: Option<bool>,
}

impl UsSection {
    /// `None`: not its version. Anything else that is wrong is a field that is unknown.
    fn read(section: &[u8], layout: Layout) -> Option<Self> {
        let mut parts = section.split(|byte| *byte == b'.');
        let core = Bits::new(parts.next()?)?;
        if !(1..=layout.newest).contains(&core.number(0, 6)?) {
            return None;
        }
        let mut opts_out = layout.opt_outs.iter().fold(Answer::NotApplicable, |strictest, at| {
            strictest.with(match core.number(*at, 2) {
                Some(0) => Answer::NotApplicable,
                Some(1) => Answer::OptedOut,
                Some(2) => Answer::DidNotOptOut,
                _ => Answer::Unknown,
            })
        });
        let mut gpc = None;
        for part in parts {
            match Bits::new(part).and_then(|bits| Some((bits.number(0, 2)?, bits.bit(2)?))) {
                Some((GPC, value)) => gpc = stricter(gpc, Some(value)),
                // Another subsection is passed over.
                Some(_) => {}
                None => opts_out = opts_out.with(Answer::Unknown),
            }
        }
        Some(Self { opts_out, gpc })
    }
}

/// What objects wins over what does not, and that over nothing.
fn stricter(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    one.max(other)
}

/// Canada's section: only what the visitor consented to expressly.
#[derive(Clone, Copy)]
pub(crate) struct TcfCanada<'a> {
    core: Bits<'a>,
}

impl<'a> TcfCanada<'a> {
    const VERSION: u64 = 1;
    const LAST_UPDATED: usize = 42;
    const EXPRESS_CONSENTS: usize = 151;
    const PURPOSES: u8 = 24;
    /// Where the two fields of purposes end.
    const END: usize = 199;

    fn parse(section: &'a [u8]) -> Result<Self, Fault> {
        let core = section.split(|byte| *byte == b'.').next().and_then(Bits::new);
        core.filter(|core| core.number(0, 6) == Some(Self::VERSION) && core.bit(Self::END - 1).is_some())
            .map(|core| Self { core })
            .ok_or(Fault::Malformed)
    }

    /// Express consent to a purpose of 1 to 24; Canada does not use purpose 1. Implied consent is none.
    pub(crate) fn express_consent(&self, purpose: u8) -> bool {
        let index = (1..=Self::PURPOSES).contains(&purpose).then(|| usize::from(purpose) - 1);
        index.and_then(|index| self.core.bit(Self::EXPRESS_CONSENTS + index)).unwrap_or_default()
    }

    /// When the section was last changed, in seconds since 1970.
    pub(crate) fn last_updated(&self) -> i64 {
        let tenths = self.core.number(Self::LAST_UPDATED, 36);
        tenths.and_then(|tenths| i64::try_from(tenths / 10).ok()).unwrap_or_default()
    }
}
