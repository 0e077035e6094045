//! A tower layer that keeps a site's privacy policy.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "axum")]
mod axum;
mod catalogue;
mod category;
mod clock;
mod consent;
mod cookies;
mod decide;
mod enforce;
mod policy;
mod report;
mod signal;
mod sources;
#[cfg(feature = "test")]
pub mod test;

pub use crate::{
    catalogue::{KnownCookie, Preset},
    category::{Category, CategorySet, NAME_LIMIT, NameError},
    clock::{Clock, ManualClock, SystemClock},
    consent::{NamedChoice, Names, RecordId, UndecidedReason},
    cookies::change::{ConsentChange, Selection, SelectionError},
    decide::Decision,
    enforce::{ConsentContext, ConsentLayer, ConsentService, ResponseFuture},
    policy::{
        AttributeFloors, CacheRule, CategoryEntry, CategoryKind, ConfigError, ConfigErrorKind, ConsentCookie,
        CookieRule, Lifetime, LifetimeError, Mode, Narrow, Policy, PolicyBuilder, Reason, Regime, Revision, RuleTarget,
        SameSite, Scope, ServiceEntry, SetCookieLine, SignalScope, UnknownCookies, Verdict,
    },
    report::{Action, CookieEvent, CookieName, Direction, Observer},
    signal::{Signal, Signals},
};

#[doc(hidden)]
pub mod manual {
    pub mod deployment {}
}
