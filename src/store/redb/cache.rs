//! Tokens in use, in memory: bounded, and never older than what the file was acknowledged to hold.
//!
//! 1. The writer changes it after each commit, before it answers.
//! 2. A reader that missed may fill it with what it then read from the file, unless the writer was here in between: the
//!    reader holds a [`Ticket`] from before it read, and the writer's changes make older tickets void.
//! 3. Each shard has a young and an old generation. A full young one becomes the old one, and what was old and has not
//!    been used since is forgotten.

use std::{
    collections::HashMap,
    hash::RandomState,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::rows::Effect;
use crate::store::{record::TokenRecord, token::TokenDigest};

/// Tokens of a shard, where there are more than one.
const SHARD: usize = 1_000;

#[derive(Debug)]
pub(super) struct Cache {
    shards: Box<[Mutex<Shard>]>,
    /// Tokens of one generation of one shard.
    limit: usize,
}

#[derive(Debug)]
struct Shard {
    version: u64,
    young: HashMap<TokenDigest, TokenRecord>,
    old: HashMap<TokenDigest, TokenRecord>,
}

/// The state of a shard when a token was not found in it.
#[derive(Debug)]
pub(super) struct Ticket(u64);

impl Cache {
    /// Holds at most this many tokens.
    pub(super) fn new(tokens: usize) -> Self {
        let count = (tokens / SHARD).clamp(1, 16_384).next_power_of_two();
        let hasher = RandomState::new();
        let empty = || HashMap::with_hasher(hasher.clone());
        let shard = |_| Mutex::new(Shard { version: 0, young: empty(), old: empty() });
        Self { shards: (0..count).map(shard).collect(), limit: tokens / count / 2 }
    }

    pub(super) fn find(&self, digest: &TokenDigest) -> Result<TokenRecord, Ticket> {
        // There is always a shard; without one, nothing could be filled either.
        let Some(mut shard) = self.shard(digest) else { return Err(Ticket(u64::MAX)) };
        if let Some(record) = shard.young.get(digest) {
            return Ok(record.clone());
        }
        match shard.old.remove(digest) {
            Some(record) => {
                shard.put(record.clone(), self.limit);
                Ok(record)
            }
            None => Err(Ticket(shard.version)),
        }
    }

    /// Remembers what was read from the file since the ticket was given.
    pub(super) fn fill(&self, ticket: &Ticket, record: &TokenRecord) {
        if let Some(mut shard) = self.shard(record.digest())
            && shard.version == ticket.0
        {
            shard.put(record.clone(), self.limit);
        }
    }

    /// Follows what the writer has committed.
    pub(super) fn apply(&self, effect: Effect) {
        let (Effect::Deleted(digest) | Effect::Touched(digest, _)) = effect else {
            if let Effect::Inserted(record) = effect
                && let Some(mut shard) = self.shard(record.digest())
            {
                shard.put(record, self.limit);
            }
            return;
        };
        let Some(mut shard) = self.shard(&digest) else { return };
        shard.version += 1;
        match effect {
            Effect::Touched(_, seen_at) => {
                let record = shard.young.get(&digest).or_else(|| shard.old.get(&digest));
                record.into_iter().for_each(|record| record.touch(seen_at));
            }
            _ => {
                shard.young.remove(&digest);
                shard.old.remove(&digest);
            }
        }
    }

    /// Forgets everything: what the file holds is not known.
    pub(super) fn clear(&self) {
        for shard in &self.shards {
            let mut shard = lock(shard);
            shard.version += 1;
            shard.young.clear();
            shard.old.clear();
        }
    }

    fn shard(&self, digest: &TokenDigest) -> Option<MutexGuard<'_, Shard>> {
        let [high, low, ..] = digest.as_bytes();
        let index = usize::from(u16::from_be_bytes([*high, *low])) & (self.shards.len() - 1);
        self.shards.get(index).map(lock)
    }
}

impl Shard {
    fn put(&mut self, record: TokenRecord, limit: usize) {
        if limit == 0 {
            return;
        }
        if self.young.len() >= limit && !self.young.contains_key(record.digest()) {
            // The tables change places, so that their memory is used again.
            mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        self.old.remove(record.digest());
        self.young.insert(*record.digest(), record);
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    //! The bound, and the race between a reader and the writer, step by step.

    use super::*;

    fn record(name: &str) -> TokenRecord {
        TokenRecord::new(TokenDigest::of(name.as_bytes()), "s", 0, 10).unwrap()
    }

    #[test]
    fn a_reader_that_was_overtaken_fills_nothing() {
        let (cache, token) = (Cache::new(1_000), record("a"));
        let read_the_row = cache.find(token.digest()).unwrap_err();
        cache.apply(Effect::Deleted(*token.digest()));
        cache.fill(&read_the_row, &token);
        let ticket = cache.find(token.digest()).expect_err("the dead token is back");
        // Nor with a time of use that has passed.
        cache.apply(Effect::Touched(*token.digest(), 7));
        cache.fill(&ticket, &token);
        let ticket = cache.find(token.digest()).expect_err("an old time of use is back");
        cache.clear();
        cache.fill(&ticket, &token);
        let ticket = cache.find(token.digest()).expect_err("what was forgotten is back");
        cache.fill(&ticket, &token);
        assert_eq!(cache.find(token.digest()).unwrap(), token);
    }

    #[test]
    fn the_writer_reaches_what_is_old() {
        let cache = Cache::new(4);
        let tokens = ["a", "b", "c"].map(record);
        for token in &tokens {
            cache.apply(Effect::Inserted(token.clone()));
        }
        cache.apply(Effect::Touched(*tokens[0].digest(), 5));
        assert_eq!(cache.find(tokens[0].digest()).unwrap().seen_at(), 5);
        cache.apply(Effect::Deleted(*tokens[1].digest()));
        assert!(cache.find(tokens[1].digest()).is_err());
    }

    #[test]
    fn it_is_bounded_and_keeps_what_is_used() {
        for limit in [0, 1, 2, 10, 5_000] {
            let (cache, used) = (Cache::new(limit), record("used"));
            cache.apply(Effect::Inserted(used.clone()));
            for count in 0..20_000 {
                cache.apply(Effect::Inserted(record(&count.to_string())));
                assert!(cache.find(used.digest()).is_ok() || limit < 4, "{limit}: forgotten after {count}");
            }
            let held: usize = cache.shards.iter().map(lock).map(|shard| shard.young.len() + shard.old.len()).sum();
            assert!(held <= limit, "{held} tokens, at most {limit}");
            assert!(held >= limit / 3, "{held} tokens of {limit}");
        }
    }
}
