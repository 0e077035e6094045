//! Why a policy was refused.

use std::{error::Error, fmt};

/// A policy that cannot be built: the place, the value that stood there, and what is wrong with it.
///
/// ```
/// use tower_consent::{Category, ConfigErrorKind, Policy};
///
/// let error = Policy::builder().cookies(Category::ANALYTICS, ["_g*"]).build().unwrap_err();
/// assert_eq!(error.place(), "cookies[0].name");
/// assert_eq!(error.value(), "_g*");
/// assert_eq!(error.kind(), ConfigErrorKind::ShortPrefix);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    place: String,
    value: String,
    kind: ConfigErrorKind,
}

impl ConfigError {
    pub(crate) fn new(kind: ConfigErrorKind, place: impl Into<String>, value: impl Into<String>) -> Self {
        Self { place: place.into(), value: value.into(), kind }
    }

    /// Where the value stands, as a path through the policy: `cookies[3].name`. Entries count from 0, in the order in
    /// which they were added.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The value; of a key only its id.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> ConfigErrorKind {
        self.kind
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "policy: {} = {:?}: {}", self.place, self.value, self.kind)
    }
}

impl Error for ConfigError {}

/// What can be wrong with a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConfigErrorKind {
    /// A category or service name that does not match `[a-z0-9_-]{1,32}`.
    BadName,
    /// A category or service that is declared twice.
    DeclaredTwice,
    /// `essential` is built in and always on: it cannot be declared.
    EssentialIsBuiltIn,
    /// A category that is neither built in nor declared.
    UnknownCategory,
    /// A service that is not declared.
    UnknownService,
    /// A cookie rule must name a category or a service, and not both.
    NoSingleTarget,
    /// More than 32 categories, 256 services or 65,535 cookie rules.
    TooMany,
    /// More scopes than one answer has room to expire: 20 lines, of which a partitioned cookie takes two for each scope.
    TooManyScopes,
    /// A `since` of 0, or after the policy's own revision.
    SinceAhead,
    /// A cookie name that no browser stores (R24-R28, R34): empty, too long, with a control character, `;`, `=`, or a
    /// blank at an end.
    NeverStored,
    /// Names that start with `$` are always dropped.
    DollarName,
    /// A prefix of fewer than 3 bytes before its `*`.
    ShortPrefix,
    /// A `*` that is not the last byte.
    StarInside,
    /// The same name with two categories or services.
    TwoCategories,
    /// The same name twice: the second rule can never match.
    NeverMatches,
    /// The name of one of the library's own cookies, which are judged first: the rule can never match.
    OwnCookie,
    /// The name of a cookie of a banner that the policy reads: such a cookie is never stripped, and belongs to one source.
    BannerCookie,
    /// A banner whose groups or services each site names itself: the source must say which stand for what.
    NoUsualKeys,
    /// A category or service of a source without a key: it could never be granted.
    NoKeys,
    /// A banner whose cookie does not tell when the choice was made cannot be set again: it would never end.
    KeepsNoTime,
    /// A revision for a banner whose cookie carries none: nothing would ever be outdated.
    KeepsNoRevision,
    /// More than 8 sources, or more than 512 keys in one.
    TooManySources,
    /// `add_max_age` without a `max_age`.
    NoMaxAgeToAdd,
    /// A domain that is not one: lower-case letters, digits, hyphens and dots, no scheme, port or leading dot.
    BadDomain,
    /// A path that does not start with `/`, or holds a `;`, a blank, or a byte that is not visible ASCII.
    BadPath,
    /// A `__Host-` cookie has no Domain and the Path `/`, or browsers reject it.
    HostPrefixScope,
    /// A `__Host-` or `__Secure-` cookie must be Secure, or browsers reject it.
    PrefixNeedsSecure,
    /// A `__Http-` or `__Host-Http-` cookie must be HttpOnly, or browsers reject it.
    PrefixNeedsHttpOnly,
    /// `SameSite=None` without `Secure`: browsers reject it.
    SameSiteNoneNotSecure,
    /// The name of a cookie of the library's own is not an RFC 6265 token of at most 128 bytes.
    NotAToken,
    /// A lifetime of zero.
    ZeroLifetime,
    /// A lifetime above 400 days, which browsers cut (rfc6265bis section 5.5), or above 13 months for a grant.
    LongLifetime,
    /// Months, where an exact span is needed: `30 days`, not `1 month`.
    NotExact,
    /// A token's life of more than seven days, where the policy does not say that it means it.
    LongTokenLifetime,
    /// An idle limit of less than a minute.
    ShortIdleLimit,
    /// A revision is a number from 1 to 99,999,999.
    BadRevision,
    /// Revisions are listed from the first to the last: each has a higher number than the one before, and no earlier day.
    RevisionOrder,
    /// A day that no calendar has.
    BadDate,
    /// A link is a path of the site (`/privacy`) or an address with `https://`.
    BadLink,
    /// Records that would be deleted before the consents that they prove have ended.
    ShortRetention,
    /// The name of no header.
    BadHeaderName,
    /// No country: ISO 3166-1 alpha-2 codes are two capitals.
    UnknownCountry,
    /// No regime: `opt-in`, `opt-in-with-exemptions` and `opt-out` are.
    UnknownRegime,
    /// Two rules for the regime: `regions` stand in place of `regime` and of a resolver.
    RegimeTwice,
    /// Regions that can be opt-out, where Global Privacy Control must close marketing at least (R96, R102).
    GpcIgnored,
    /// A key id is 1 to 5 of the characters `a-z 0-9 _ -`.
    BadKeyId,
    /// Two keys of one id.
    DuplicateKeyId,
    /// An empty key.
    EmptyKey,
    /// A key of fewer than 32 bytes (RFC 2104 section 3).
    ShortKey,
    /// The largest consent cookie of this policy would pass 3,800 bytes; browsers store 4,096.
    ConsentCookieTooLarge,
    /// A host as a `Content-Security-Policy` names it: no path, no quotes, no `*` alone.
    BadHostSource,
    /// A source of a `Content-Security-Policy` that is none, or that would open it to every host.
    BadSource,
    /// A policy that sells and shares nothing has no service that does.
    NoSale,
    /// Visits are tracked by consent: what they need cannot be essential.
    TracksUnasked,
    /// More than is ever written of who may not be tracked.
    TracksUntracked,
    /// `unknown = "catalogue"` in a build of this crate without its feature `catalogue`.
    NeedsCatalogue,
}

impl fmt::Display for ConfigErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::BadName => "a name is 1 to 32 of the characters a-z 0-9 _ -",
            Self::DeclaredTwice => "declared twice",
            Self::EssentialIsBuiltIn => "`essential` is built in and always on, it cannot be declared",
            Self::UnknownCategory => "no such category: it is neither built in nor declared",
            Self::UnknownService => "no such service is declared",
            Self::NoSingleTarget => "a cookie rule names one category or one service",
            Self::TooMany => "at most 32 categories, 256 services and 65535 cookie rules",
            Self::TooManyScopes => "more scopes than one answer has room to expire: 20, or 10 where partitioned",
            Self::SinceAhead => "`since` is 0, or after the policy's own revision",
            Self::NeverStored => "no browser stores a cookie of this name",
            Self::DollarName => "names that start with `$` are always dropped, so the rule can never match",
            Self::ShortPrefix => "a prefix needs at least 3 bytes before its `*`",
            Self::StarInside => "`*` stands for the rest of a name and must be its last byte",
            Self::TwoCategories => "this name already stands in another category or service",
            Self::NeverMatches => "this name is already declared, so the rule can never match",
            Self::OwnCookie => "the name of one of the library's own cookies, which are judged first",
            Self::BannerCookie => "the name of a cookie of a banner that the policy reads",
            Self::NoUsualKeys => "each site names this banner's keys itself: say which stand for which category",
            Self::NoKeys => "without a key it could never be granted",
            Self::KeepsNoTime => {
                "this banner's cookie does not tell when the choice was made, so it cannot be set again"
            }
            Self::KeepsNoRevision => "this banner's cookie carries no revision, so none can be outdated",
            Self::TooManySources => "at most 8 sources, and 512 keys in one",
            Self::NoMaxAgeToAdd => "`add_max_age` needs a `max_age`",
            Self::BadDomain => "a domain is lower-case letters, digits, `-` and `.`, without scheme, port or outer dot",
            Self::BadPath => "a path starts with `/` and holds only visible ASCII characters other than `;`",
            Self::HostPrefixScope => "a `__Host-` cookie has no Domain and the Path `/`, or browsers reject it",
            Self::PrefixNeedsSecure => "a cookie of this prefix must be Secure, or browsers reject it",
            Self::PrefixNeedsHttpOnly => "a cookie of this prefix must be HttpOnly, or browsers reject it",
            Self::SameSiteNoneNotSecure => "SameSite=None needs Secure, or browsers reject the cookie",
            Self::NotAToken => {
                "the name of the library's own cookie must be a token (RFC 6265 section 4.1.1) of at most 128 bytes"
            }
            Self::ZeroLifetime => "a lifetime must not be zero",
            Self::LongLifetime => "a lifetime is at most 400 days, and at most 13 months for a grant",
            Self::NotExact => "months are no exact span: give days, hours, minutes or seconds",
            Self::LongTokenLifetime => "more than 7 days needs `longer_than_seven_days` in the policy",
            Self::ShortIdleLimit => "an idle limit is at least 60 seconds",
            Self::BadRevision => "a revision is a number from 1 to 99999999",
            Self::RevisionOrder => "revisions are listed in order: each with a higher number, and no earlier day",
            Self::BadDate => "no such day",
            Self::BadLink => "a link is a path of this site, or begins with https://",
            Self::ShortRetention => "records would be deleted before the consents that they prove have ended",
            Self::BadHeaderName => "not the name of a header",
            Self::UnknownCountry => "not a country: two capitals, as in ISO 3166-1, or XK",
            Self::UnknownRegime => "not a regime: `opt-in`, `opt-in-with-exemptions` and `opt-out` are",
            Self::RegimeTwice => "`regions` stand in place of `regime` and of a regime resolver: keep one of them",
            Self::GpcIgnored => {
                "a region is opt-out, where Global Privacy Control must be obeyed, for `marketing` at least"
            }
            Self::BadKeyId => "a key id is 1 to 5 of the characters a-z 0-9 _ -",
            Self::DuplicateKeyId => "two keys have this id",
            Self::EmptyKey => "the key is empty",
            Self::ShortKey => "a key needs at least 32 bytes",
            Self::ConsentCookieTooLarge => {
                "the largest consent cookie of this policy, in bytes, passes 3800: fewer or shorter names are needed"
            }
            Self::BadHostSource => "a host is `host`, `*.host` or with a scheme or port, without path",
            Self::BadSource => "a source is a host, a scheme or a keyword, without blank, `;` and `,`, and not `*`",
            Self::NoSale => "the policy says `no_sale`, and this service counts as sale or sharing",
            Self::TracksUnasked => "visits are tracked by consent, so this cannot be essential",
            Self::TracksUntracked => "more than is ever written of who may not be tracked",
            Self::NeedsCatalogue => "needs the feature `catalogue` of tower-consent, which this build does not have",
        })
    }
}
