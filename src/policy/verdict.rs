//! The words in which the decision answers, and what an application may take away from it.

use std::fmt;

use http::Extensions;

use crate::{
    category::{Category, CategorySet},
    consent::UndecidedReason,
    signal::Signal,
};

/// An answer and its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Verdict {
    pub(crate) allowed: bool,
    pub(crate) reason: Reason,
}

impl Verdict {
    pub(crate) const fn allow(reason: Reason) -> Self {
        Self { allowed: true, reason }
    }

    pub(crate) const fn refuse(reason: Reason) -> Self {
        Self { allowed: false, reason }
    }

    /// Whether it is allowed.
    #[must_use]
    pub const fn is_allowed(self) -> bool {
        self.allowed
    }

    /// Why.
    #[must_use]
    pub const fn reason(self) -> Reason {
        self.reason
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", if self.allowed { "allowed" } else { "refused" }, self.reason)
    }
}

/// Why something is allowed or refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Essential, so always on.
    Essential,
    /// One of the library's own cookies.
    OwnCookie,
    /// It belongs to a banner that the policy reads.
    BannerCookie,
    /// The application took it away for this request.
    Narrowed,
    /// The browser's signal turns it off.
    Signal(Signal),
    /// The visitor granted it.
    Granted,
    /// The visitor refused it.
    Refused,
    /// Nobody has decided; the regime says whether it passes.
    Undecided(UndecidedReason),
    /// The policy asks for this category since the visitor chose.
    NewCategory,
    /// The policy asks for this service since the visitor chose.
    NewService,
    /// Exempt until objected, in a region that knows it.
    Exempt,
    /// The policy does not have this category or service.
    NotInPolicy,
    /// No consent layer handled this request.
    NoLayer,
    /// No rule declares this cookie.
    UnknownCookie,
    /// A cookie name that some readers take for a refused one (blanks, percent-encoding).
    Disguised,
    /// A signal that the policy obeys with no cookies at all.
    NoCookies(Signal),
    /// The application's cookie hook dropped the line.
    Hook,
}

impl Reason {
    /// The reason as a label for logs and metrics: lower-case words with hyphens, about 25 in all.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Essential => "essential",
            Self::OwnCookie => "own-cookie",
            Self::BannerCookie => "banner-cookie",
            Self::Narrowed => "narrowed",
            Self::Signal(Signal::Dnt) => "dnt",
            Self::Signal(Signal::Gpc) => "gpc",
            Self::Granted => "granted",
            Self::Refused => "refused",
            Self::Undecided(UndecidedReason::None) => "undecided",
            Self::Undecided(reason) => reason.as_str(),
            Self::NewCategory => "new-category",
            Self::NewService => "new-service",
            Self::Exempt => "exempt",
            Self::NotInPolicy => "not-in-policy",
            Self::NoLayer => "no-layer",
            Self::UnknownCookie => "unknown-cookie",
            Self::Disguised => "disguised",
            Self::NoCookies(Signal::Dnt) => "dnt-no-cookies",
            Self::NoCookies(Signal::Gpc) => "gpc-no-cookies",
            Self::Hook => "hook",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Essential => f.pad("it is essential"),
            Self::OwnCookie => f.pad("it is one of the library's own"),
            Self::BannerCookie => f.pad("it belongs to the banner that the choice is read from"),
            Self::Narrowed => f.pad("the application took it away for this request"),
            Self::Signal(signal) => write!(f, "the browser sends {signal}"),
            Self::Granted => f.pad("the visitor agreed"),
            Self::Refused => f.pad("the visitor refused"),
            Self::Undecided(reason) => reason.fmt(f),
            Self::NewCategory => f.pad("this category is newer than the choice"),
            Self::NewService => f.pad("this service is newer than the choice"),
            Self::Exempt => f.pad("it needs no consent here until the visitor objects"),
            Self::NotInPolicy => f.pad("the policy does not have it"),
            Self::NoLayer => f.pad("no consent layer handled this request"),
            Self::UnknownCookie => f.pad("no rule of the policy declares this cookie"),
            Self::Disguised => f.pad("its name is read as a refused one by some parsers"),
            Self::NoCookies(signal) => {
                write!(f, "the browser sends {signal}, and the policy then stores no cookie at all")
            }
            Self::Hook => f.pad("the application's cookie hook dropped it"),
        }
    }
}

/// What an application takes away for one request: for minors, for an account that opted out. It can never add.
///
/// A service or a category of the site's own that the policy does not have takes away everything: a misspelt name must
/// not open anything. A built-in category that the policy does not use takes away nothing.
///
/// Returned by the policy's narrowing hook, or put into a response's extensions:
///
/// ```
/// use tower_consent::{Category, Narrow};
///
/// let mut response = http::Response::new(());
/// Narrow::categories([Category::MARKETING]).apply(response.extensions_mut());
/// Narrow::nothing().and_service("chat").apply(response.extensions_mut());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrow {
    pub(crate) all: bool,
    pub(crate) categories: CategorySet,
    pub(crate) services: Vec<Box<str>>,
}

impl Narrow {
    /// Takes away nothing.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Takes away everything that is not essential.
    #[must_use]
    pub fn all() -> Self {
        Self { all: true, ..Self::default() }
    }

    /// Takes away these categories and their services.
    pub fn categories(categories: impl IntoIterator<Item = Category>) -> Self {
        Self { categories: categories.into_iter().collect(), ..Self::default() }
    }

    /// Takes away what either of the two does.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            all: self.all || other.all,
            categories: self.categories.iter().chain(other.categories.iter()).collect(),
            services: self.services.into_iter().chain(other.services).collect(),
        }
    }

    /// Puts it into a response's extensions, together with what already stands there: to insert it would replace that.
    pub fn apply(self, extensions: &mut Extensions) {
        let both = match extensions.remove::<Self>() {
            Some(before) => before.and(self),
            None => self,
        };
        extensions.insert(both);
    }

    /// Takes away this service too.
    #[must_use]
    pub fn and_service(mut self, name: &str) -> Self {
        self.services.push(name.into());
        self
    }

    pub(crate) fn is_nothing(&self) -> bool {
        !self.all && self.categories.is_empty() && self.services.is_empty()
    }
}
