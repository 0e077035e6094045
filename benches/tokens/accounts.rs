//! The tokens that are measured, and picks among them.

use std::time::{SystemTime, UNIX_EPOCH};

use tower_consent::{StoreError, TokenDigest, TokenRecord};

/// Seven days.
pub(crate) const LIFE: i64 = 604_800;

/// What a browser holds: 43 characters. No random ones: every run has the same.
pub(crate) fn text(number: usize) -> String {
    secret(number).to_string()
}

/// What a store knows of it.
pub(crate) fn digest(number: usize) -> TokenDigest {
    TokenDigest::of(secret(number).as_bytes())
}

// Its written form is the one of a token: 32 bytes as base64url.
fn secret(number: usize) -> TokenDigest {
    TokenDigest::of(&number.to_le_bytes())
}

/// An account of its own for each token, of 16 bytes.
pub(crate) fn subject(number: usize) -> String {
    format!("user-{number:011}")
}

pub(crate) fn record(number: usize, issued_at: i64, expires_at: i64) -> Result<TokenRecord, StoreError> {
    TokenRecord::new(digest(number), &subject(number), issued_at, expires_at)
}

pub(crate) fn unix_seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Picks evenly, and the same in every run (splitmix64).
#[derive(Clone, Debug)]
pub(crate) struct Picks(pub(crate) u64);

impl Picks {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }

    /// So many of these, side by side: what is measured is the store, and not the way to the question.
    pub(crate) fn of<T: Clone>(&mut self, all: &[T], count: usize) -> Vec<T> {
        (0..count).map(|_| all[self.below(all.len())].clone()).collect()
    }
}
