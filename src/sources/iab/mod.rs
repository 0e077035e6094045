//! The consent strings of the IAB: TCF v2, the Global Privacy Platform, US Privacy.
//!
//! 1. Pure decoders: they know no policy and no clock. What a string means for a category is the reader's business.
//! 2. Total: any bytes give an answer, none a panic. A text above 4 KiB is malformed before it is looked at.
//! 3. Bits are read where they stand in the borrowed base64url text; nothing is allocated. Reading a string costs
//!    one pass over it, whatever numbers stand in it: a range of vendors is never written out.
//! 4. A doubtful string is malformed, which grants nothing. An objection is taken even from a string that is doubtful
//!    elsewhere.
//!
//! **A string is no choice.** A CMP may write one before anybody was asked, and created and last updated are equal in
//! every string since TCF 2.2, so that neither tells. Who reads these strings must hold that one exists only after a
//! choice because the site's CMP does so, or ask another cookie of the CMP.
//!
//! # Own code, not a crate
//!
//! Two crates on the registry read these formats (both Apache-2.0), and neither is fit for a cookie that anybody can
//! write:
//!
//! * `iab_gpp` 0.1.2: section ids go wrong from the third single id on (ids 2, 6, 8 become 2, 6, 6: its Fibonacci range
//!   remembers the step and not the id); such a sum can overflow, which panics with debug assertions; ranges are written
//!   out into vectors and sets, so that a TCF string of 3.8 KiB takes half a minute; its build brings twenty more
//!   crates; no sections above 23.
//! * `lib_tcstring` 0.5.0: TCF alone; ranges are written out likewise, 3.8 KiB into 45 million vendors (89 MB); a range that
//!   ends at 65535 overflows, which panics with debug assertions.

mod bits;
pub(crate) mod gpp;
pub(crate) mod tcf;
pub(crate) mod us_privacy;

#[cfg(test)]
mod tests;

/// Bytes above which a text is not looked at: no browser keeps a longer cookie.
const MAX_TEXT: usize = 4096;

/// Why a string gives no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Not a string of this format, cut off, or against its own numbers.
    Malformed,
    /// A TCF string of version 1 (its first character is `B`): invalid since August 2020.
    TcfV1,
    /// A TCF string under a policy before version 4: invalid since 30 September 2023.
    OldPolicy,
    /// A GPP string (its first character is `D`) where a TCF string was looked for.
    Gpp,
}

/// What the visitor answered to an opt-out of the US.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    OptedOut,
    DidNotOptOut,
    NotApplicable,
    /// Cut off, or a value that has no meaning.
    Unknown,
}

impl Answer {
    /// `Some(true)` objects; `Some(false)` is not consent.
    fn said(self) -> Option<bool> {
        match self {
            Self::OptedOut => Some(true),
            Self::DidNotOptOut => Some(false),
            Self::NotApplicable | Self::Unknown => None,
        }
    }

    /// Of two answers the stricter one.
    fn with(self, other: Self) -> Self {
        [Self::OptedOut, Self::Unknown, Self::DidNotOptOut]
            .into_iter()
            .find(|field| [self, other].contains(field))
            .unwrap_or(Self::NotApplicable)
    }
}
