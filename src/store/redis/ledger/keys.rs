//! Where consent records are kept: keys of one slot.

use redis::{Cmd, cmd};

use crate::store::{
    entry::{ChainId, EntryPlace},
    error::{StoreError, StoreErrorKind},
};

/// Whether keys with this prefix can be of one slot: an empty pair of braces in front would stand for the slot's name,
/// and mean that there is none.
pub(in crate::store::redis) fn check_prefix(prefix: &str) -> Result<(), StoreError> {
    let is_empty = prefix.split_once('{').is_some_and(|(_, after)| after.starts_with('}'));
    if !is_empty {
        return Ok(());
    }
    let message = format!("key_prefix {prefix:?}: `{{}}` first, by which a cluster would scatter the keys of records");
    Err(StoreError::new(StoreErrorKind::Config, message))
}

/// What the keys begin with. What stands between the first pair of braces is the same in all of them, whatever braces
/// the prefix has: so a cluster gives them one slot.
pub(super) struct Keys(String);

impl Keys {
    pub(super) fn of_prefix(prefix: &str) -> Self {
        Self(format!("{prefix}:{{records:{prefix}}}:"))
    }

    pub(super) fn chains(&self) -> String {
        format!("{}chains", self.0)
    }

    pub(super) fn owners(&self) -> String {
        format!("{}owners", self.0)
    }

    pub(super) fn texts(&self) -> String {
        format!("{}texts", self.0)
    }

    pub(super) fn text_days(&self) -> String {
        format!("{}text-days", self.0)
    }

    pub(super) fn counts(&self) -> String {
        format!("{}counts", self.0)
    }

    /// The entries of a chain.
    pub(super) fn entries(&self, chain: &ChainId) -> String {
        format!("{}c:{chain}", self.0)
    }
}

/// A script with its keys, each of them once, and what it is told.
pub(super) struct Call<'a> {
    keys: &'a Keys,
    names: Vec<String>,
    chains: Vec<ChainId>,
    words: Vec<Vec<u8>>,
}

impl<'a> Call<'a> {
    /// One with these keys first.
    pub(super) fn new(keys: &'a Keys, names: Vec<String>) -> Self {
        Self { keys, names, chains: Vec::new(), words: Vec::new() }
    }

    pub(super) fn tell(&mut self, word: impl Into<Vec<u8>>) -> &mut Self {
        self.words.push(word.into());
        self
    }

    /// Tells which key a chain has, from 1.
    pub(super) fn tell_key(&mut self, chain: &ChainId) -> &mut Self {
        // They are few, and most often the last one.
        let known = self.chains.iter().rposition(|known| known == chain);
        let index = known.unwrap_or_else(|| {
            self.chains.push(*chain);
            self.chains.len() - 1
        });
        let number = self.names.len() + index + 1;
        self.tell(number.to_string())
    }

    /// Tells which key, and which number there.
    pub(super) fn tell_place(&mut self, place: &EntryPlace) -> &mut Self {
        self.tell_key(&place.chain).tell(place.number.to_be_bytes())
    }

    pub(super) fn eval(&self, script: &str) -> Cmd {
        let mut eval = cmd("EVAL");
        eval.arg(script).arg(self.names.len() + self.chains.len()).arg(&self.names);
        for chain in &self.chains {
            eval.arg(self.keys.entries(chain));
        }
        eval.arg(&self.words);
        eval
    }
}
