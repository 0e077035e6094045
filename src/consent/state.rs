//! What follows from what was read.

use std::fmt;

use super::choice::Choice;

/// What a source of consent found in a request, before time and revision are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// No consent cookie.
    Nothing,
    /// No consent cookie, on a request with which the browser does not send it.
    Unseen,
    Choice(Choice),
    Malformed,
    Ambiguous,
    Unauthentic,
}

/// The state of consent of one request.
///
/// `Undecided` keeps what the choice still says: its refusals outlive its grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consent {
    Decided(Choice),
    Undecided(UndecidedReason, Option<Choice>),
}

impl Consent {
    pub(crate) const fn choice(&self) -> Option<&Choice> {
        match self {
            Self::Decided(choice) | Self::Undecided(_, Some(choice)) => Some(choice),
            Self::Undecided(_, None) => None,
        }
    }
}

/// Why nothing is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UndecidedReason {
    /// Never asked, or never answered.
    None,
    /// A cross-site request with which a `SameSite=Lax` cookie does not travel: the visitor may well have decided.
    Unseen,
    /// The choice is older than the policy lets it live.
    Expired,
    /// The choice was made at a revision that the policy has left.
    Outdated,
    /// The consent cookie cannot be read.
    Malformed,
    /// Two consent cookies that differ, as a neighbouring subdomain can plant them (RFC 6265 section 8.6).
    Ambiguous,
    /// The consent cookie's MAC is missing or wrong.
    Unauthentic,
    /// The choice was made more than a day ahead, or at a revision that this policy does not have yet.
    Future,
}

impl UndecidedReason {
    /// Whether a consent cookie is there but of no use. Then nothing passes that is not essential, in every regime:
    /// it may hold a refusal.
    #[must_use]
    pub const fn is_unusable(self) -> bool {
        matches!(self, Self::Malformed | Self::Ambiguous | Self::Unauthentic | Self::Future)
    }

    /// The reason as a label: lower-case words with hyphens.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Unseen => "unseen",
            Self::Expired => "expired",
            Self::Outdated => "outdated",
            Self::Malformed => "malformed",
            Self::Ambiguous => "ambiguous",
            Self::Unauthentic => "unauthentic",
            Self::Future => "future",
        }
    }
}

impl fmt::Display for UndecidedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::None => "nobody has decided yet",
            Self::Unseen => "a cross-site request does not show what was decided",
            Self::Expired => "the choice has expired",
            Self::Outdated => "the policy has changed since the choice",
            Self::Malformed => "the consent cookie cannot be read",
            Self::Ambiguous => "there are two different consent cookies",
            Self::Unauthentic => "the consent cookie is not authentic",
            Self::Future => "the consent cookie is from the future",
        })
    }
}
