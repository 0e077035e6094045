//! When a token has ended.

use crate::{policy::TokenRules, store::TokenRecord};

/// How long tokens live, in seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) life: i64,
    pub(super) idle: Option<i64>,
}

impl Limits {
    /// The limits of rules that were checked.
    pub(super) fn of(rules: &TokenRules) -> Self {
        Self {
            // Months are refused by the check.
            life: rules.lifetime().exact_seconds().unwrap_or(0),
            idle: rules.idle_limit().map(|limit| limit.exact_seconds().unwrap_or(0)),
        }
    }

    /// The stricter of each.
    pub(super) fn within(self, other: Self) -> Self {
        let idle = match (self.idle, other.idle) {
            (Some(own), Some(other)) => Some(own.min(other)),
            (own, other) => own.or(other),
        };
        Self { life: self.life.min(other.life), idle }
    }

    /// When a token ends, however it is used. A life that was shortened since the issue counts.
    pub(super) fn end_of(&self, record: &TokenRecord) -> i64 {
        record.expires_at().min(record.issued_at().saturating_add(self.life))
    }

    /// Whether a token is still alive: refused at the very second of its end (R121), and when it was unused for the idle
    /// limit.
    pub(super) fn is_live(&self, record: &TokenRecord, now: i64) -> bool {
        now < self.end_of(record) && self.idle.is_none_or(|limit| now.saturating_sub(record.seen_at()) < limit)
    }

    /// Whether a use is worth a note: every tenth of the idle limit.
    pub(super) fn is_due(&self, record: &TokenRecord, now: i64) -> bool {
        self.idle.is_some_and(|limit| now.saturating_sub(record.seen_at()) >= limit / 10)
    }
}
