//! The three tables of tokens, and what is done to them within one transaction.
//!
//! A token's row stands under its digest; two more keys find it by its subject and by its end.

use std::ops::RangeInclusive;

use ::redb::{
    Error, ReadTransaction, ReadableTable, StorageError, Table, TableDefinition, TableError, WriteTransaction,
};

use super::{
    compaction,
    ledger::{self, Ledger},
};
use crate::store::{
    error::{StoreError, StoreErrorKind},
    record::TokenRecord,
    token::TokenDigest,
};

/// The written record by digest.
const TOKENS: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("tokens");
/// Length of the subject, subject, digest: no subject's keys begin with those of another.
const SUBJECTS: TableDefinition<'_, &[u8], ()> = TableDefinition::new("tokens_by_subject");
/// End, digest: in the order of time.
const ENDS: TableDefinition<'_, &[u8; 40], ()> = TableDefinition::new("tokens_by_end");

/// What one change answers. The outer error is the file's, and ends the transaction; the inner one is this change's
/// alone, and then the change has done nothing.
pub(super) type Answer<T> = Result<Result<T, StoreError>, StorageError>;

/// What a transaction did to a token, for whoever remembers it.
#[derive(Debug)]
pub(super) enum Effect {
    Inserted(TokenRecord),
    Deleted(TokenDigest),
    Touched(TokenDigest, i64),
}

/// The tables, open for writing.
pub(super) struct Rows<'t> {
    tokens: Table<'t, &'static [u8; 32], &'static [u8]>,
    subjects: Table<'t, &'static [u8], ()>,
    ends: Table<'t, &'static [u8; 40], ()>,
    pub(super) effects: Vec<Effect>,
    ledger: Option<Ledger<'t>>,
    transaction: &'t WriteTransaction,
}

impl<'t> Rows<'t> {
    /// Opens them; they are made where they are missing.
    pub(super) fn open(transaction: &'t WriteTransaction) -> Result<Self, TableError> {
        Ok(Self {
            tokens: transaction.open_table(TOKENS)?,
            subjects: transaction.open_table(SUBJECTS)?,
            ends: transaction.open_table(ENDS)?,
            effects: Vec::new(),
            ledger: None,
            transaction,
        })
    }

    /// The tables of consent records: opened where they are wanted, because most transactions are about tokens alone.
    pub(super) fn ledger(&mut self) -> Result<&mut Ledger<'t>, Error> {
        let ledger = match self.ledger.take() {
            Some(ledger) => ledger,
            None => Ledger::open(self.transaction)?,
        };
        Ok(self.ledger.insert(ledger))
    }

    /// Whether a consent record has changed.
    pub(super) fn has_recorded(&self) -> bool {
        self.ledger.as_ref().is_some_and(|ledger| ledger.has_changed)
    }

    pub(super) fn insert_new(&mut self, record: TokenRecord) -> Answer<bool> {
        let digest = record.digest();
        if self.tokens.get(digest.as_bytes())?.is_some() {
            return Ok(Ok(false));
        }
        self.tokens.insert(digest.as_bytes(), record.to_bytes().as_slice())?;
        self.subjects.insert(subject_key(record.subject(), digest.as_bytes()).as_slice(), ())?;
        self.ends.insert(&end_key(record.expires_at(), digest.as_bytes()), ())?;
        self.effects.push(Effect::Inserted(record));
        Ok(Ok(true))
    }

    pub(super) fn delete(&mut self, digest: &TokenDigest) -> Answer<bool> {
        match self.find(digest)? {
            None => Ok(Ok(false)),
            Some(Err(unreadable)) => Ok(Err(unreadable)),
            Some(Ok(record)) => {
                self.remove(&record)?;
                Ok(Ok(true))
            }
        }
    }

    pub(super) fn delete_all_of(&mut self, subject: &str) -> Answer<u64> {
        let digests = digests_of(&self.subjects, subject)?;
        let mut records = Vec::with_capacity(digests.len());
        for digest in &digests {
            match self.find(digest)? {
                Some(Ok(record)) => records.push(record),
                Some(Err(unreadable)) => return Ok(Err(unreadable)),
                None => return Ok(Err(no_row())),
            }
        }
        for record in &records {
            self.remove(record)?;
        }
        Ok(Ok(records.len() as u64))
    }

    pub(super) fn touch(&mut self, digest: &TokenDigest, seen_at: i64) -> Answer<bool> {
        match self.find(digest)? {
            None => Ok(Ok(false)),
            Some(Err(unreadable)) => Ok(Err(unreadable)),
            Some(Ok(record)) if record.seen_at() >= seen_at => Ok(Ok(true)),
            Some(Ok(record)) => {
                let record = record.with_seen_at(seen_at);
                self.tokens.insert(digest.as_bytes(), record.to_bytes().as_slice())?;
                self.effects.push(Effect::Touched(*digest, seen_at));
                Ok(Ok(true))
            }
        }
    }

    /// Deletes at most `limit` tokens that ended at this time or before. What cannot be read is left, and stops nothing.
    pub(super) fn sweep(&mut self, ended_by: i64, limit: usize) -> Answer<u64> {
        let mut over = Vec::new();
        for key in self.ends.range::<&[u8; 40]>(&end_key(i64::MIN, &[0; 32])..=&end_key(ended_by, &[u8::MAX; 32]))? {
            if over.len() == limit {
                break;
            }
            if let Some(Ok(record)) = self.find(&last_digest(key?.0.value()))? {
                over.push(record);
            }
        }
        for record in &over {
            self.remove(record)?;
        }
        Ok(Ok(over.len() as u64))
    }

    fn find(&self, digest: &TokenDigest) -> Result<Option<Result<TokenRecord, StoreError>>, StorageError> {
        Ok(self.tokens.get(digest.as_bytes())?.map(|row| TokenRecord::from_bytes(*digest, row.value())))
    }

    fn remove(&mut self, record: &TokenRecord) -> Result<(), StorageError> {
        let digest = record.digest();
        self.tokens.remove(digest.as_bytes())?;
        self.subjects.remove(subject_key(record.subject(), digest.as_bytes()).as_slice())?;
        self.ends.remove(&end_key(record.expires_at(), digest.as_bytes()))?;
        self.effects.push(Effect::Deleted(*digest));
        Ok(())
    }
}

/// Writes every row of the file anew.
pub(super) fn rewrite(transaction: &WriteTransaction) -> Result<(), Error> {
    compaction::rewrite(transaction, TOKENS)?;
    compaction::rewrite(transaction, SUBJECTS)?;
    compaction::rewrite(transaction, ENDS)?;
    ledger::rewrite(transaction)
}

/// The token of this digest.
pub(super) fn token(
    transaction: &ReadTransaction,
    digest: &TokenDigest,
) -> Result<Result<Option<TokenRecord>, StoreError>, Error> {
    let row = transaction.open_table(TOKENS)?.get(digest.as_bytes())?;
    Ok(row.map(|row| TokenRecord::from_bytes(*digest, row.value())).transpose())
}

/// The tokens of a subject, as they stood at one moment.
pub(super) fn tokens_of(
    transaction: &ReadTransaction,
    subject: &str,
) -> Result<Result<Vec<TokenRecord>, StoreError>, Error> {
    let digests = digests_of(&transaction.open_table(SUBJECTS)?, subject)?;
    let tokens = transaction.open_table(TOKENS)?;
    let mut records = Vec::with_capacity(digests.len());
    for digest in &digests {
        let Some(row) = tokens.get(digest.as_bytes())? else { return Ok(Err(no_row())) };
        match TokenRecord::from_bytes(*digest, row.value()) {
            Ok(record) => records.push(record),
            Err(unreadable) => return Ok(Err(unreadable)),
        }
    }
    Ok(Ok(records))
}

fn digests_of(
    subjects: &impl ReadableTable<&'static [u8], ()>,
    subject: &str,
) -> Result<Vec<TokenDigest>, StorageError> {
    subjects.range::<&[u8]>(as_slices(&subject_keys(subject)))?.map(|key| Ok(last_digest(key?.0.value()))).collect()
}

/// Every key of a subject.
fn subject_keys(subject: &str) -> RangeInclusive<Vec<u8>> {
    subject_key(subject, &[0; 32])..=subject_key(subject, &[u8::MAX; 32])
}

fn as_slices(keys: &RangeInclusive<Vec<u8>>) -> RangeInclusive<&[u8]> {
    keys.start().as_slice()..=keys.end().as_slice()
}

fn subject_key(subject: &str, digest: &[u8; 32]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + subject.len() + digest.len());
    // A record's subject has at most 255 bytes. A longer one is nobody's: it is cut to a key that no record has.
    match u8::try_from(subject.len()) {
        Ok(length) => key.push(length),
        Err(_too_long) => key.push(0),
    }
    key.extend_from_slice(subject.as_bytes());
    key.extend_from_slice(digest);
    key
}

/// Big-endian with its sign turned over, so that bytes sort as numbers do.
fn end_key(end: i64, digest: &[u8; 32]) -> [u8; 40] {
    let mut key = [0; 40];
    let (time, rest) = key.split_at_mut(8);
    time.copy_from_slice(&(end ^ i64::MIN).to_be_bytes());
    rest.copy_from_slice(digest);
    key
}

/// Both kinds of keys end with the digest.
fn last_digest(key: &[u8]) -> TokenDigest {
    TokenDigest::from_bytes(key.last_chunk().copied().unwrap_or_default())
}

fn no_row() -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, "a token is listed under its subject and has no record")
}
