//! What the policy says of sign-in tokens.

use serde::{Deserialize, Serialize};

use super::{
    checks::{Result, check_own_cookie_name},
    error::{ConfigError, ConfigErrorKind as Kind},
    lifetime::Lifetime,
};

/// How long a token lives at most unless a policy says more: seven days, in seconds.
const SEVEN_DAYS: i64 = 604_800;

/// The shortest idle limit: its tenth is still some seconds, so that not every request writes.
const MIN_IDLE_SECONDS: i64 = 60;
/// The longest life that a policy can give: what a browser gives a cookie.
const MAX_SECONDS: i64 = 400 * 86_400;

/// What the policy promises of sign-in tokens: the cookie's name, and how long a token lives.
///
/// # Defaults
///
/// The cookie is `__Host-token`; a token lives seven days from its issue, used or not; no idle limit.
///
/// The cookie is always Secure, HttpOnly, SameSite=Lax and on Path `/`, and it is essential by itself.
///
/// ```
/// use tower_consent::{Lifetime, Policy, TokenRules};
///
/// let rules = TokenRules::default().with_lifetime(Lifetime::days(1)).with_idle_limit(Lifetime::seconds(3_600));
/// let policy = Policy::builder().tokens(rules).build()?;
/// assert_eq!(policy.token_rules().lifetime(), Lifetime::days(1));
///
/// // More than seven days is refused, unless the policy says that it means it.
/// assert!(Policy::builder().tokens(TokenRules::default().with_lifetime(Lifetime::days(30))).build().is_err());
/// assert!(Policy::builder().tokens(TokenRules::default().longer_than_seven_days(Lifetime::days(30))).build().is_ok());
/// # Ok::<(), tower_consent::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenRules {
    pub(crate) cookie: String,
    pub(crate) lifetime: Lifetime,
    pub(crate) longer_than_seven_days: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) idle_limit: Option<Lifetime>,
}

impl Default for TokenRules {
    fn default() -> Self {
        Self {
            cookie: "__Host-token".to_owned(),
            lifetime: Lifetime::days(7),
            longer_than_seven_days: false,
            idle_limit: None,
        }
    }
}

impl TokenRules {
    /// Another name of the cookie. A name without the prefix `__Host-` can be planted by other hosts of the domain.
    #[must_use]
    pub fn with_cookie_name(mut self, name: impl Into<String>) -> Self {
        self.cookie = name.into();
        self
    }

    /// A life of at most seven days: an exact span, not months.
    #[must_use]
    pub fn with_lifetime(mut self, lifetime: Lifetime) -> Self {
        self.lifetime = lifetime;
        self.longer_than_seven_days = false;
        self
    }

    /// A life of more than seven days, of which the published policy must speak; at most 400.
    #[must_use]
    pub fn longer_than_seven_days(self, lifetime: Lifetime) -> Self {
        Self { longer_than_seven_days: true, ..self.with_lifetime(lifetime) }
    }

    /// Ends a token that was not used for this long: at least a minute. Uses are noted at most every tenth of it.
    #[must_use]
    pub fn with_idle_limit(mut self, limit: Lifetime) -> Self {
        self.idle_limit = Some(limit);
        self
    }

    /// The name of the token cookie.
    #[must_use]
    pub fn cookie_name(&self) -> &str {
        &self.cookie
    }

    /// How long a token lives.
    #[must_use]
    pub const fn lifetime(&self) -> Lifetime {
        self.lifetime
    }

    /// After how long without use a token ends, if at all.
    #[must_use]
    pub const fn idle_limit(&self) -> Option<Lifetime> {
        self.idle_limit
    }

    /// Checks the values; `place` stands before the name of the field that is wrong.
    pub(crate) fn check(&self, place: &str) -> Result<()> {
        let at = |field: &str| format!("{place}.{field}");
        check_own_cookie_name(&self.cookie, &at("cookie"))?;
        let error = |kind, field: &str, span: Lifetime| Err(ConfigError::new(kind, at(field), span.to_string()));
        let most = if self.longer_than_seven_days { MAX_SECONDS } else { SEVEN_DAYS };
        match self.lifetime.exact_seconds() {
            None => return error(Kind::NotExact, "lifetime", self.lifetime),
            Some(0) => return error(Kind::ZeroLifetime, "lifetime", self.lifetime),
            Some(seconds) if seconds > MAX_SECONDS => return error(Kind::LongLifetime, "lifetime", self.lifetime),
            Some(seconds) if seconds > most => return error(Kind::LongTokenLifetime, "lifetime", self.lifetime),
            Some(_) => {}
        }
        let Some(limit) = self.idle_limit else { return Ok(()) };
        match limit.exact_seconds() {
            None => error(Kind::NotExact, "idle_limit", limit),
            Some(seconds) if seconds < MIN_IDLE_SECONDS => error(Kind::ShortIdleLimit, "idle_limit", limit),
            Some(_) => Ok(()),
        }
    }
}
