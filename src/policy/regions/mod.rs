//! The regime by the visitor's country, as a trusted proxy names it.

mod header;
mod laws;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use http::HeaderName;
use serde::Deserialize;

use self::laws::{COUNTRIES, LAWS};
pub(super) use self::table::CountryTable;
pub use self::{header::CountryHeader, laws::RegionLaw};
use super::{
    SignalFacts,
    builder::PolicyBuilder,
    error::{ConfigError, ConfigErrorKind as Kind},
    regime::{CategoryKind, Regime, SignalScope},
};
use crate::{category::Category, consent::Names, signal::Signal};

/// The regime by country: what holds where nobody has decided depends on where the visitor is.
///
/// Given to [`PolicyBuilder::regions`], in place of one regime for all. **Only with a proxy that sets the header on every
/// request, over anything that the visitor sent, and a server that nobody reaches past it.** Who can write the header
/// chooses the regime. Without `regions`, no header is read.
///
/// # Defaults
///
/// | where | regime |
/// |---|---|
/// | EU, EEA, the parts of them with codes of their own | opt-in |
/// | United Kingdom | opt-in with exemptions, for `analytics` and `functional` |
/// | France | opt-in with exemptions, for `analytics` |
/// | United States | opt-out, and Global Privacy Control must be obeyed: a header names no state |
/// | Switzerland, Brazil, every other country | opt-in |
/// | header missing, sent twice, malformed, in lower case, or no country (`XX`, `ZZ`, `T1` for Tor, `EU`, `AP`) | opt-in |
///
/// [`Regions::laws`] lists them with their sources. Where a law exempts, it exempts some purposes: if the policy has a
/// category that is `exempt-until-objected` and that the law of a country does not list, the preset of that country is
/// opt-in, unless the policy says otherwise for it.
///
/// ```
/// use tower_consent::{CountryHeader, Policy, Regime, Regions};
///
/// let regions = Regions::trusting(CountryHeader::Cloudflare).country("CH", Regime::OptOut);
/// let policy = Policy::builder().regions(regions).build()?;
/// # Ok::<(), tower_consent::ConfigError>(())
/// ```
///
/// The same in a file:
///
/// ```
/// # use tower_consent::PolicyBuilder;
/// # let text = r#"
/// [regions]
/// country_header = "cf-ipcountry"
/// elsewhere = "opt-in"
///
/// [regions.countries]
/// CH = "opt-out"
/// ES = "opt-in-with-exemptions"
/// # "#;
/// # toml::from_str::<PolicyBuilder>(text)?.build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use = "regions do nothing until a policy has them"]
pub struct Regions {
    country_header: CountryHeader,
    #[serde(default)]
    elsewhere: RegimeName,
    #[serde(default)]
    countries: BTreeMap<String, RegimeName>,
}

impl Regions {
    /// By this header, which your proxy sets and visitors cannot.
    pub fn trusting(header: CountryHeader) -> Self {
        Self { country_header: header, elsewhere: RegimeName::default(), countries: BTreeMap::new() }
    }

    /// What holds in a country, in place of the preset: its ISO 3166-1 alpha-2 code in capitals, or `XK`. A later call for
    /// the same one replaces an earlier one.
    pub fn country(mut self, code: impl Into<String>, regime: Regime) -> Self {
        self.countries.insert(code.into(), RegimeName::Known(regime));
        self
    }

    /// What holds in countries that no preset names: opt-in by default. What is no country stays opt-in.
    pub fn elsewhere(mut self, regime: Regime) -> Self {
        self.elsewhere = RegimeName::Known(regime);
        self
    }

    /// The presets, with their sources.
    #[must_use]
    pub const fn laws() -> &'static [RegionLaw] {
        LAWS
    }

    /// Checks everything. `exempt`: the names of the policy's categories that pass until the visitor objects.
    fn compile(&self, exempt: &BTreeSet<&str>) -> Result<CountryTable, ConfigError> {
        let header = HeaderName::from_bytes(self.country_header.name().as_bytes()).map_err(|_bad| {
            ConfigError::new(Kind::BadHeaderName, "regions.country_header", self.country_header.name())
        })?;
        let mut table = CountryTable::new(header, self.country_header.form());
        let elsewhere = self.elsewhere.check("regions.elsewhere")?;
        COUNTRIES.split(' ').for_each(|code| table.set(code, elsewhere));
        for law in LAWS {
            let knows = |name: &&str| law.exempts.iter().any(|category| category.as_str() == *name);
            let regime = match law.regime {
                Regime::OptInWithExemptions if !exempt.iter().all(knows) => Regime::OptIn,
                regime => regime,
            };
            law.countries.iter().for_each(|code| table.set(code, regime));
        }
        for (code, regime) in &self.countries {
            let place = format!("regions.countries.{code}");
            if !COUNTRIES.split(' ').any(|known| known == code) {
                return Err(ConfigError::new(Kind::UnknownCountry, place, code));
            }
            table.set(code, regime.check(&place)?);
        }
        Ok(table)
    }
}

/// A regime, or what a file says in its place: that is told with its place when the policy is built.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "String")]
enum RegimeName {
    Known(Regime),
    Unknown(String),
}

impl RegimeName {
    fn check(&self, place: &str) -> Result<Regime, ConfigError> {
        match self {
            Self::Known(regime) => Ok(*regime),
            Self::Unknown(text) => Err(ConfigError::new(Kind::UnknownRegime, place, text)),
        }
    }
}

impl Default for RegimeName {
    fn default() -> Self {
        Self::Known(Regime::OptIn)
    }
}

impl From<String> for RegimeName {
    fn from(text: String) -> Self {
        let known = [Regime::OptIn, Regime::OptInWithExemptions, Regime::OptOut];
        let known = known.into_iter().find(|regime| regime.as_str() == text);
        known.map_or(Self::Unknown(text), Self::Known)
    }
}

/// The table of a policy that has regions, which is put where requests ask for it.
pub(super) fn compile(builder: &mut PolicyBuilder, names: &Names, signals: &[SignalFacts]) -> Result<(), ConfigError> {
    let Some(regions) = &builder.regions else { return Ok(()) };
    if builder.hooks.regime.is_some() {
        let header = regions.country_header.name();
        return Err(ConfigError::new(Kind::RegimeTwice, "regions.country_header", header));
    }
    if builder.regime != Regime::OptIn {
        return Err(ConfigError::new(Kind::RegimeTwice, "regime", builder.regime.as_str()));
    }
    let exempt = builder.categories.iter().filter(|entry| entry.kind == CategoryKind::ExemptUntilObjected);
    let table = regions.compile(&exempt.map(|entry| entry.name.as_str()).collect())?;
    if table.has(Regime::OptOut) {
        check_gpc(builder.signals.scope(Signal::Gpc), names, signals)?;
    }
    builder.hooks.regime_headers = vec![table.header().clone()];
    builder.hooks.regions = Some(table);
    Ok(())
}

/// Where anything passes until it is refused, Global Privacy Control is a refusal of sale and sharing (R96, R102): it must
/// close marketing at least.
fn check_gpc(scope: &SignalScope, names: &Names, signals: &[SignalFacts]) -> Result<(), ConfigError> {
    let Some(gpc) = signals.iter().find(|facts| facts.signal == Signal::Gpc) else { return Ok(()) };
    let mut askable = names.category_indices().skip(1).peekable();
    let has_marketing = names.category_index(Category::MARKETING.as_bytes());
    let obeys = match has_marketing {
        Some(marketing) => gpc.covers.contains(marketing),
        None => askable.peek().is_none() || askable.any(|category| gpc.covers.contains(category)),
    };
    if obeys {
        return Ok(());
    }
    let value = match scope {
        SignalScope::Ignore => "ignore".to_owned(),
        SignalScope::Categories(list) => list.join(", "),
        SignalScope::All | SignalScope::NoCookies => String::new(),
    };
    Err(ConfigError::new(Kind::GpcIgnored, "signals.gpc", value))
}
