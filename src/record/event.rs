//! What the body of an entry says, as JSON.

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    consent::{Choice, NamedChoice},
    decide::{Decision, grants_end},
    signal::{Signal, Signals},
    store::{EntryPlace, TextHash},
};

/// What came of a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Outcome {
    /// Something was granted; what it replaces is superseded.
    Grant,
    /// Nothing was granted, and nothing had been.
    Refuse,
    /// What was granted is taken back.
    Withdraw,
    /// The person objects, by a signal or by a request: kept with the account (R98).
    Object,
    /// A correction that the person asked for.
    Correct,
}

/// How a choice was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ChoiceMethod {
    /// On the banner.
    Banner,
    /// On the preferences page.
    Page,
    /// By the link or button at the foot of a page.
    Footer,
    /// By the JSON interface.
    Api,
    /// By a signal of the browser.
    Signal,
    /// By the application's own handler.
    #[default]
    Application,
}

impl ChoiceMethod {
    /// The method as a label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Banner => "banner",
            Self::Page => "page",
            Self::Footer => "footer",
            Self::Api => "api",
            Self::Signal => "signal",
            Self::Application => "application",
        }
    }
}

/// One event about a choice (R113).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct ConsentEvent {
    pub(super) outcome: Outcome,
    pub(super) revision: u32,
    /// The hash of the exact text that was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
    pub(super) granted: Vec<String>,
    pub(super) refused: Vec<String>,
    #[serde(default)]
    pub(super) granted_services: Vec<String>,
    #[serde(default)]
    pub(super) refused_services: Vec<String>,
    pub(super) method: ChoiceMethod,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) language: Option<String>,
    pub(super) dnt: bool,
    pub(super) gpc: bool,
    /// When what was granted ends at the latest (Unix seconds).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ends: Option<i64>,
    /// What holds where nobody decides, at the time.
    pub(super) regime: String,
    /// When it was first said (Unix seconds), of an opt-out that was written anew before its record was purged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) since: Option<i64>,
    /// The person's own words, of a correction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<String>,
    pub(super) library: String,
}

impl ConsentEvent {
    pub(super) fn new(outcome: Outcome, decision: &Decision, method: ChoiceMethod) -> Self {
        let signals: Signals = decision.signals();
        Self {
            outcome,
            revision: decision.policy().revision().number(),
            text: None,
            granted: Vec::new(),
            refused: Vec::new(),
            granted_services: Vec::new(),
            refused_services: Vec::new(),
            method,
            language: None,
            dnt: signals.objects(Signal::Dnt),
            gpc: signals.objects(Signal::Gpc),
            ends: None,
            regime: decision.regime().as_str().to_owned(),
            since: None,
            note: None,
            library: LIBRARY.to_owned(),
        }
    }

    /// With what a choice says, by name.
    pub(super) fn of(mut self, choice: &Choice, decision: &Decision) -> Self {
        let named = NamedChoice::new(choice, decision.policy().names());
        self.ends = (!choice.granted.is_empty()).then(|| grants_end(decision.policy(), choice));
        self.granted = named.granted().map(|category| category.to_string()).collect();
        self.refused = named.refused().map(|category| category.to_string()).collect();
        self.granted_services = named.granted_services().map(str::to_owned).collect();
        self.refused_services = named.refused_services().map(str::to_owned).collect();
        self
    }

    pub(super) fn showing(mut self, text: Option<TextHash>) -> Self {
        self.text = text.map(|hash| hash.to_string());
        self
    }
}

/// Who wrote the record.
pub(super) const LIBRARY: &str = concat!("tower-consent ", env!("CARGO_PKG_VERSION"));

/// The bodies of these entries were erased.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct ErasureEvent {
    pub(super) erased: Vec<(String, u64)>,
    pub(super) library: String,
}

impl ErasureEvent {
    pub(super) fn of(places: &[EntryPlace]) -> Self {
        let erased = places.iter().map(|place| (place.chain.to_string(), place.number)).collect();
        Self { erased, library: LIBRARY.to_owned() }
    }
}

/// The JSON of an event. It cannot fail: there are no maps with other keys than texts.
pub(super) fn to_json(event: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(event).unwrap_or_default()
}

/// A second in UTC as RFC 3339 writes it; outside of its years, its number.
pub(super) fn second(unix_seconds: i64) -> String {
    moment(unix_seconds.saturating_mul(1_000_000))
}

/// A moment (Unix microseconds) in UTC as RFC 3339 writes it; outside of its years, its number.
pub(super) fn moment(unix_micros: i64) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(unix_micros) * 1_000)
        .ok()
        .and_then(|moment| moment.format(&Rfc3339).ok())
        .unwrap_or_else(|| unix_micros.to_string())
}

/// The second of a moment.
pub(super) const fn second_of(unix_micros: i64) -> i64 {
    unix_micros.div_euclid(1_000_000)
}
