//! What the browser asks for by header: Do Not Track and Global Privacy Control.
//!
//! 1. Every copy of a header is read, as bytes, in any order, on every kind of request: a signal is sent with an
//!    image as well as with a page.
//! 2. `DNT`: a copy, or a member of one, that begins with `1` objects to tracking. A single well-formed `0…` says that
//!    the visitor does not mind, which never is consent. Everything else says nothing
//!    (W3C Tracking Preference Expression, section 5).
//! 3. `Sec-GPC`: a copy that is exactly `1` objects; a copy that a proxy joined (`1, 1`) does too. Everything else says
//!    nothing; there is no opt-in value (W3C Global Privacy Control, section 3.2).
//! 4. The headers stay in the request, for the application.

use std::fmt;

use http::{HeaderMap, HeaderName, header};
use serde::{Deserialize, Serialize};

/// `Sec-GPC`, which the `http` crate has no constant for.
pub(crate) static SEC_GPC: HeaderName = HeaderName::from_static("sec-gpc");

/// One of the signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Signal {
    /// Do Not Track, header `DNT`.
    Dnt,
    /// Global Privacy Control, header `Sec-GPC`.
    Gpc,
}

impl Signal {
    /// Every signal, in the order in which a reason names them.
    pub const ALL: [Self; 2] = [Self::Gpc, Self::Dnt];

    const fn bit(self) -> u8 {
        match self {
            Self::Dnt => 1,
            Self::Gpc => 2,
        }
    }

    /// The header's name as a person writes it.
    #[must_use]
    pub const fn header_name(self) -> &'static str {
        match self {
            Self::Dnt => "DNT",
            Self::Gpc => "Sec-GPC",
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Dnt => "Do Not Track",
            Self::Gpc => "Global Privacy Control",
        })
    }
}

/// The signals of one request.
///
/// ```
/// use http::{HeaderMap, HeaderValue};
/// use tower_consent::{Signal, Signals};
///
/// let mut headers = HeaderMap::new();
/// headers.append("sec-gpc", HeaderValue::from_static("1"));
/// headers.append("dnt", HeaderValue::from_static("0"));
/// let signals = Signals::from_headers(&headers);
/// assert!(signals.objects(Signal::Gpc));
/// assert!(!signals.objects(Signal::Dnt));
/// assert!(signals.dnt_is_zero());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Signals {
    objections: u8,
    dnt_is_zero: bool,
}

impl Signals {
    /// No signal at all.
    pub const NONE: Self = Self { objections: 0, dnt_is_zero: false };

    /// Reads every copy of the headers.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let mut reader = SignalReader::default();
        headers.get_all(header::DNT).iter().for_each(|copy| reader.add_dnt(copy.as_bytes()));
        headers.get_all(&SEC_GPC).iter().for_each(|copy| reader.add_gpc(copy.as_bytes()));
        reader.signals()
    }

    /// These signals and an objection by `signal`.
    #[must_use]
    pub const fn with(self, signal: Signal) -> Self {
        Self { objections: self.objections | signal.bit(), ..self }
    }

    /// Whether this signal objects.
    #[must_use]
    pub const fn objects(self, signal: Signal) -> bool {
        self.objections & signal.bit() != 0
    }

    /// The signals that object.
    pub fn objections(self) -> impl Iterator<Item = Signal> {
        Signal::ALL.into_iter().filter(move |signal| self.objects(*signal))
    }

    /// Whether no signal objects.
    #[must_use]
    pub const fn is_silent(self) -> bool {
        self.objections == 0
    }

    /// Whether the browser says `DNT: 0`: it does not mind being tracked. Never read as consent (it names no purpose
    /// and leaves no proof, GDPR Art. 7).
    #[must_use]
    pub const fn dnt_is_zero(self) -> bool {
        self.dnt_is_zero
    }
}

/// Reads signals copy by copy, for who goes through all headers anyway.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SignalReader {
    signals: Signals,
    dnt_copies: u32,
}

impl SignalReader {
    /// Adds a copy of `DNT`.
    pub(crate) fn add_dnt(&mut self, copy: &[u8]) {
        self.dnt_copies = self.dnt_copies.saturating_add(1);
        // Any copy or member that objects counts, whatever stands before or after it.
        if members(copy).any(|member| member.first() == Some(&b'1')) {
            self.signals = self.signals.with(Signal::Dnt);
        }
        self.signals.dnt_is_zero = self.dnt_copies == 1 && is_zero(trim(copy));
    }

    /// Adds a copy of `Sec-GPC`.
    pub(crate) fn add_gpc(&mut self, copy: &[u8]) {
        if members(copy).any(|member| member == b"1") {
            self.signals = self.signals.with(Signal::Gpc);
        }
    }

    pub(crate) const fn signals(self) -> Signals {
        self.signals
    }
}

/// The members of a header value that a proxy may have joined with commas, without their surrounding blanks.
fn members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(trim)
}

fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

// DNT-field-value = ("0" / "1") *DNT-extension, where an extension is any of
// %x21 / %x23-2B / %x2D-5B / %x5D-7E: no control, blank, quote, comma or backslash.
fn is_zero(value: &[u8]) -> bool {
    let [b'0', extension @ ..] = value else {
        return false;
    };
    extension.iter().all(|byte| matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x5b | 0x5d..=0x7e))
}
