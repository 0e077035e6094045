//! What holds where nobody has decided, and what each signal turns off.

use serde::{Deserialize, Serialize};

use crate::{category::Category, signal::Signal};

/// What holds where nobody has decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Regime {
    /// Nothing passes that is not essential (EU/EEA; Directive 2002/58/EC Art. 5(3), C-673/17).
    #[default]
    OptIn,
    /// As opt-in, in a region whose law lets own statistics or appearance pass until the visitor objects (UK since the
    /// Data (Use and Access) Act 2025; France for audience measurement).
    OptInWithExemptions,
    /// Everything passes until it is refused (California and other states of the US).
    OptOut,
}

impl Regime {
    /// The regime as a label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OptIn => "opt-in",
            Self::OptInWithExemptions => "opt-in-with-exemptions",
            Self::OptOut => "opt-out",
        }
    }
}

/// How a category that is not essential is handled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CategoryKind {
    /// Consent is asked for.
    #[default]
    AskedFor,
    /// Passes until the visitor objects, in regions whose law knows that; elsewhere it is asked for.
    ExemptUntilObjected,
}

/// What a signal turns off.
///
/// In a file: `"all"`, `"no-cookies"`, `"ignore"`, or a list of categories.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "ScopeForm", into = "ScopeForm")]
#[non_exhaustive]
pub enum SignalScope {
    /// Everything that is not essential.
    #[default]
    All,
    /// These categories and their services.
    Categories(Vec<String>),
    /// No cookie is stored at all, essential ones included; the signal beats every choice. Essential cookies that the
    /// browser has still reach the application, and deletions leave. [What that costs](crate::manual::privacy_policy#what-strict-do-not-track-costs).
    NoCookies,
    /// Nothing. The header stays in the request for the application.
    Ignore,
}

impl<const N: usize> From<[Category; N]> for SignalScope {
    fn from(categories: [Category; N]) -> Self {
        Self::Categories(categories.iter().map(ToString::to_string).collect())
    }
}

// The two shapes of a scope in a file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected \"all\", \"no-cookies\", \"ignore\" or a list of categories")]
enum ScopeForm {
    Word(ScopeWord),
    Categories(Vec<String>),
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ScopeWord {
    All,
    NoCookies,
    Ignore,
}

impl From<ScopeForm> for SignalScope {
    fn from(form: ScopeForm) -> Self {
        match form {
            ScopeForm::Word(ScopeWord::All) => Self::All,
            ScopeForm::Word(ScopeWord::NoCookies) => Self::NoCookies,
            ScopeForm::Word(ScopeWord::Ignore) => Self::Ignore,
            ScopeForm::Categories(names) => Self::Categories(names),
        }
    }
}

impl From<SignalScope> for ScopeForm {
    fn from(scope: SignalScope) -> Self {
        match scope {
            SignalScope::All => Self::Word(ScopeWord::All),
            SignalScope::NoCookies => Self::Word(ScopeWord::NoCookies),
            SignalScope::Ignore => Self::Word(ScopeWord::Ignore),
            SignalScope::Categories(names) => Self::Categories(names),
        }
    }
}

/// What the policy does with signals.
///
/// # Defaults
///
/// DNT and Sec-GPC each turn off everything that is not essential. A choice that the visitor made later, and while the
/// signal was on, beats the signal for what it grants by name (11 CCR 7025(c)(3)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SignalRules {
    pub(crate) dnt: SignalScope,
    pub(crate) gpc: SignalScope,
    pub(crate) always: bool,
}

impl SignalRules {
    pub(crate) const fn scope(&self, signal: Signal) -> &SignalScope {
        match signal {
            Signal::Dnt => &self.dnt,
            Signal::Gpc => &self.gpc,
        }
    }
}

/// What happens to cookies that no rule declares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum UnknownCookies {
    /// They are stripped.
    #[default]
    Strip,
    /// They pass.
    Pass,
    /// They pass, and are reported.
    Report,
    /// What the Open Cookie Database knows is judged as the category that it has there, what it does not know is stripped;
    /// all of them are reported. Needs the feature `catalogue`: without it the policy is refused.
    ///
    /// 1. Never against a rule or a preset of the policy, which come first. Cookies are expired in the browser by rules
    ///    alone.
    /// 2. A category that the policy does not have is refused.
    /// 3. By exact name, or by a prefix of at least five bytes.
    /// 4. Names that frameworks use for their own sessions, CSRF tokens, messages and languages pass.
    Catalogue,
}

/// Whether the layer acts or only tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Mode {
    /// Cookies are stripped and expired.
    #[default]
    Enforce,
    /// Everything is worked out and reported, and other cookies are left alone. The consent cookie works.
    ReportOnly,
}

/// How an answer that depends on the visitor's decision is kept out of shared caches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CacheRule {
    /// `Cache-Control: private`, and `Vary`.
    #[default]
    Private,
    /// Only `Vary`: for caches that are known to obey it.
    VaryOnly,
}
