//! What the layer tells: which cookies it held back, and why.
//!
//! 1. Reports carry cookie *names*, direction, category and reason: never a value, never a query string.
//! 2. A name comes from the visitor or from any library: [`CookieName`] shows it escaped and cut.
//! 3. Feature `tracing` (default): an event for each stripped cookie at debug level, and one warning for each undeclared
//!    name when it is first seen, which says how to declare it. Feature `metrics`: the counter `consent_cookies_total`
//!    with the labels `action`, `direction`, `category`, `reason` and `enforced`.
//! 4. [`Observer`] is for everything else.
//! 5. An [`Inventory`] gathers, by name, which cookies the site really uses, and writes a draft policy from it.

mod inventory;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(feature = "tracing")]
mod tracing;

use std::{fmt, sync::Arc};

#[cfg(feature = "draft")]
pub use self::inventory::Draft;
pub(crate) use self::inventory::SetLine;
pub use self::inventory::{
    DroppedSightings, HowOften, Inventory, InventorySnapshot, SeenAttributes, SeenCookie, SeenScope, Standing,
};
use crate::{
    category::Category,
    consent::Target,
    decide::Decision,
    policy::{Class, Reason, Verdict},
};

/// Hears of what the layer does to cookies. Called on the request's own path: do not block.
pub trait Observer: Send + Sync + 'static {
    /// A cookie was stripped, expired, amended, or passed although no rule declares it.
    fn cookie(&self, event: &CookieEvent<'_>);
}

impl<F: Fn(&CookieEvent<'_>) + Send + Sync + 'static> Observer for F {
    fn cookie(&self, event: &CookieEvent<'_>) {
        self(event);
    }
}

/// What happened to one cookie.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CookieEvent<'a> {
    /// What happened.
    pub action: Action,
    /// Where the cookie was going.
    pub direction: Direction,
    /// Its name.
    pub name: CookieName<'a>,
    /// Whether a rule of the policy declares it, or it is one of the library's own.
    pub is_declared: bool,
    /// Its category, where a rule declares it; where none does, the one that it was judged as by the catalogue
    /// ([`UnknownCookies::Catalogue`](crate::UnknownCookies::Catalogue)), be it in the policy or not.
    pub category: Option<Category>,
    /// Its service, where a rule declares it under one.
    pub service: Option<&'a str>,
    /// Why.
    pub reason: Reason,
    /// Whether it really happened; in report-only mode it only would have.
    pub is_enforced: bool,
}

/// What happened to a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// It was held back.
    Stripped,
    /// It was expired in the browser.
    Expired,
    /// It passed with attributes appended.
    Amended,
    /// It passed although no rule declares it.
    Passed,
}

impl Action {
    /// The action as a label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stripped => "stripped",
            Self::Expired => "expired",
            Self::Amended => "amended",
            Self::Passed => "passed",
        }
    }
}

/// Where a cookie was going.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Direction {
    /// From the browser, in `Cookie`.
    Request,
    /// To the browser, in `Set-Cookie`.
    Response,
}

impl Direction {
    /// The direction as a label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
        }
    }
}

/// A cookie's name, as bytes. Shown escaped, and cut to 64 characters: a name is anybody's text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CookieName<'a>(&'a [u8]);

impl<'a> CookieName<'a> {
    pub(crate) const fn new(name: &'a [u8]) -> Self {
        Self(name)
    }

    /// The name's bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }
}

impl fmt::Display for CookieName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 64;
        let start = self.0.get(..MOST).unwrap_or(self.0);
        let cut = if start.len() < self.0.len() { "..." } else { "" };
        write!(f, "{}{cut}", start.escape_ascii())
    }
}

impl fmt::Debug for CookieName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// Everybody who wants to hear.
#[derive(Clone, Default)]
pub(crate) struct Reporter {
    observers: Vec<Arc<dyn Observer>>,
    #[cfg(feature = "tracing")]
    tracing: Arc<tracing::Tracing>,
}

impl Reporter {
    pub(crate) fn add(&mut self, observer: Arc<dyn Observer>) {
        self.observers.push(observer);
    }

    /// Begins to tell of the cookies of one message.
    pub(crate) fn batch<'r>(&'r self, decision: &'r Decision, direction: Direction) -> Batch<'r> {
        #[cfg(feature = "tracing")]
        let is_traced = tracing::Tracing::listens();
        #[cfg(not(feature = "tracing"))]
        let is_traced = false;
        Batch {
            reporter: self,
            decision,
            direction,
            is_heard: is_traced || !self.observers.is_empty(),
            #[cfg(feature = "metrics")]
            tally: metrics::Tally::new(decision.policy(), direction, decision.is_enforced()),
        }
    }
}

impl fmt::Debug for Reporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reporter").field("observers", &self.observers.len()).finish_non_exhaustive()
    }
}

/// What is told of the cookies of one message. Where nobody listens, an event costs a comparison or two.
pub(crate) struct Batch<'r> {
    reporter: &'r Reporter,
    decision: &'r Decision,
    direction: Direction,
    is_heard: bool,
    #[cfg(feature = "metrics")]
    tally: metrics::Tally<'r>,
}

impl Batch<'_> {
    pub(crate) fn cookie(&mut self, action: Action, name: &[u8], verdict: Verdict, target: Option<Target>) {
        #[cfg(feature = "metrics")]
        self.tally.count(action, verdict.reason(), target);
        if self.is_heard {
            self.tell(action, name, verdict, target);
        }
    }

    #[cold]
    fn tell(&self, action: Action, name: &[u8], verdict: Verdict, target: Option<Target>) {
        let policy = self.decision.policy();
        let described = target.and_then(|target| policy.describe(target));
        let event = CookieEvent {
            action,
            direction: self.direction,
            name: CookieName(name),
            is_declared: !matches!(policy.classify(name), Class::Unknown),
            category: described.map(|(category, _)| category).or_else(|| missing_category(verdict, name)),
            service: described.and_then(|(_, service)| service),
            reason: verdict.reason(),
            is_enforced: self.decision.is_enforced(),
        };
        #[cfg(feature = "tracing")]
        self.reporter.tracing.cookie(&event);
        self.reporter.observers.iter().for_each(|observer| observer.cookie(&event));
    }
}

/// The category for which a cookie was refused because the policy does not have it.
#[cfg(feature = "catalogue")]
fn missing_category(verdict: Verdict, name: &[u8]) -> Option<Category> {
    let entry = || crate::catalogue::Catalogue::lookup(name);
    (verdict.reason() == Reason::NotInPolicy).then(entry).flatten().map(|entry| entry.category)
}

#[cfg(not(feature = "catalogue"))]
const fn missing_category(_: Verdict, _: &[u8]) -> Option<Category> {
    None
}
