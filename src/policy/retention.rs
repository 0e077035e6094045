//! How long the library keeps what it keeps on the server: one table, purged by itself.

use serde::Deserialize;

use super::lifetime::Lifetime;

/// How long each kind of thing is kept on the server, and deleted after.
///
/// # Defaults
///
/// | what | how long | counted from |
/// |---|---|---|
/// | `consent_records` | 36 months | the record |
/// | `rights_requests` | 24 months (11 CCR 7101) | the request |
/// | `day_counts` | 25 months | the day |
/// | `visit_log` | 30 days | the day of the visit |
/// | `inventory` | 90 days | the day on which the cookie was last seen |
/// | texts that were shown | as `consent_records` | the day they were last shown |
/// | sign-in tokens | [`TokenRules`](crate::TokenRules) | the sign-in |
///
/// A consent record must outlive the consent that it proves (R116).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    pub(crate) consent_records: Lifetime,
    pub(crate) rights_requests: Lifetime,
    pub(crate) day_counts: Lifetime,
    pub(crate) visit_log: Lifetime,
    pub(crate) inventory: Lifetime,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            consent_records: Lifetime::months(36),
            rights_requests: Lifetime::months(24),
            day_counts: Lifetime::months(25),
            visit_log: Lifetime::days(30),
            inventory: Lifetime::days(90),
        }
    }
}

impl Retention {
    /// How long records of consent are kept, and the texts that were shown.
    #[must_use]
    pub const fn with_consent_records(mut self, lifetime: Lifetime) -> Self {
        self.consent_records = lifetime;
        self
    }

    /// How long requests of persons about their data are kept.
    #[must_use]
    pub const fn with_rights_requests(mut self, lifetime: Lifetime) -> Self {
        self.rights_requests = lifetime;
        self
    }

    /// How long the counters of a day are kept.
    #[must_use]
    pub const fn with_day_counts(mut self, lifetime: Lifetime) -> Self {
        self.day_counts = lifetime;
        self
    }

    /// How long the lines of a visit log are kept.
    #[must_use]
    pub const fn with_visit_log(mut self, lifetime: Lifetime) -> Self {
        self.visit_log = lifetime;
        self
    }

    /// How long an [`Inventory`](crate::Inventory) keeps the name of a cookie that is not seen any more.
    #[must_use]
    pub const fn with_inventory(mut self, lifetime: Lifetime) -> Self {
        self.inventory = lifetime;
        self
    }

    /// How long records of consent are kept.
    #[must_use]
    pub const fn consent_records(&self) -> Lifetime {
        self.consent_records
    }

    /// How long requests of persons about their data are kept.
    #[must_use]
    pub const fn rights_requests(&self) -> Lifetime {
        self.rights_requests
    }

    /// How long the counters of a day are kept.
    #[must_use]
    pub const fn day_counts(&self) -> Lifetime {
        self.day_counts
    }

    /// How long the lines of a visit log are kept.
    #[must_use]
    pub const fn visit_log(&self) -> Lifetime {
        self.visit_log
    }

    /// How long an inventory keeps the name of a cookie that is not seen any more.
    #[must_use]
    pub const fn inventory(&self) -> Lifetime {
        self.inventory
    }
}
