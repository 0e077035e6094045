//! Consent records in Redis.

mod keys;
mod scripts;

use redis::{Cmd, cmd};
use time::Date;

pub(super) use self::keys::check_prefix;
use self::keys::{Call, Keys};
use super::{RedisStore, Shared};
use crate::store::{
    batch::{farthest, is_taken, parts},
    consent::{ConsentStore, DayCount, LedgerBatch, LedgerPurge, Owner, TextHash},
    entry::{ChainId, Checkpoint, EntryPlace, HEAD, LedgerEntry},
    error::{StoreError, StoreErrorKind},
    future::StoreFuture,
    record::MAX_SUBJECT,
};

/// Bytes of the number in front of an entry, and of a place behind an owner.
const NUMBER: usize = 8;
const PLACE: usize = 24;

fn corrupt(what: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, format!("{what} that cannot be read"))
}

/// A member of a chain as an entry.
fn entry(member: &[u8]) -> Result<LedgerEntry, StoreError> {
    LedgerEntry::from_bytes(member.get(NUMBER..).unwrap_or_default())
}

/// What the members of an owner begin with; `None` for a name that nobody can have.
fn owner_prefix(owner: &Owner) -> Option<Vec<u8>> {
    match owner {
        Owner::Record(id) => Some([b"r", &id.as_bytes()[..]].concat()),
        Owner::Subject(subject) => {
            let length =
                u8::try_from(subject.len()).ok().filter(|length| (1..=MAX_SUBJECT).contains(&(*length).into()))?;
            Some([b"s", &[length][..], subject.as_bytes()].concat())
        }
    }
}

/// The place at the end of a member of the owners.
fn place(member: &[u8]) -> Option<EntryPlace> {
    let (_, place) = member.split_last_chunk::<PLACE>()?;
    let (chain, number) = place.split_first_chunk::<16>()?;
    Some(EntryPlace { chain: ChainId::from_bytes(*chain), number: u64::from_be_bytes(number.try_into().ok()?) })
}

/// Members from here to there, by their bytes.
fn range(key: &str, from: &[u8], to: &[u8]) -> Cmd {
    let mut range = cmd("ZRANGEBYLEX");
    range.arg(key).arg(from).arg(to);
    range
}

impl Shared {
    fn keys(&self) -> Keys {
        Keys::of_prefix(&self.prefix)
    }

    /// Whether records may be written on this server.
    fn takes_records(&self) -> Result<(), StoreError> {
        self.refusal.clone().map_or(Ok(()), Err)
    }

    async fn append(&self, batch: LedgerBatch) -> Result<(), StoreError> {
        self.takes_records()?;
        let (entries, erased) = parts(batch)?;
        let keys = self.keys();
        let mut call = Call::new(&keys, vec![keys.chains(), keys.owners()]);
        call.tell(HEAD.to_string()).tell(entries.len().to_string());
        for entry in &entries {
            let chain = &entry.place.chain;
            call.tell_key(chain).tell(*chain.as_bytes()).tell(entry.place.number.to_be_bytes()).tell(entry.to_bytes());
        }
        for place in &erased {
            call.tell_place(place);
        }
        let which: usize = self.link.run("EVAL (append)", &call.eval(&scripts::append())).await?;
        match which.checked_sub(1).map(|index| entries.get(index)) {
            None => Ok(()),
            Some(Some(entry)) => Err(is_taken(&entry.place)),
            Some(None) => Err(corrupt("an answer to an append")),
        }
    }

    /// First the places, then the entries: what goes in between is not found, as if it had gone before.
    async fn entries_of(&self, owner: &Owner) -> Result<Vec<LedgerEntry>, StoreError> {
        let Some(prefix) = owner_prefix(owner) else { return Ok(Vec::new()) };
        let keys = self.keys();
        // Longer than any place.
        let from = [b"[", &prefix[..]].concat();
        let to = [b"(", &prefix[..], &[u8::MAX; PLACE + 1]].concat();
        let members: Vec<Vec<u8>> = self.link.look("ZRANGEBYLEX", &range(&keys.owners(), &from, &to)).await?;
        if members.is_empty() {
            return Ok(Vec::new());
        }
        let mut call = Call::new(&keys, Vec::new());
        for member in &members {
            call.tell_place(&place(member).ok_or_else(|| corrupt("an owner of a record"))?);
        }
        let found: Vec<Vec<u8>> = self.link.look("EVAL (find)", &call.eval(scripts::FIND)).await?;
        let mut entries = found.iter().map(|member| entry(member)).collect::<Result<Vec<_>, _>>()?;
        entries.retain(|entry| entry.body.is_some());
        entries.sort_by_key(|entry| (entry.time, entry.place));
        Ok(entries)
    }

    async fn entries_after(&self, place: EntryPlace, limit: usize) -> Result<Vec<LedgerEntry>, StoreError> {
        let after = [b"(", &place.number.to_be_bytes()[..], &[u8::MAX]].concat();
        let mut range = range(&self.keys().entries(&place.chain), &after, b"+");
        range.arg("LIMIT").arg(0).arg(i64::try_from(limit).unwrap_or(i64::MAX));
        let members: Vec<Vec<u8>> = self.link.look("ZRANGEBYLEX", &range).await?;
        members.iter().map(|member| entry(member)).collect()
    }

    async fn chains(&self) -> Result<Vec<(ChainId, Option<Checkpoint>)>, StoreError> {
        let mut all = cmd("HGETALL");
        all.arg(self.keys().chains());
        let chains: Vec<(Vec<u8>, Vec<u8>)> = self.link.look("HGETALL", &all).await?;
        let read = |(chain, checkpoint): (Vec<u8>, Vec<u8>)| {
            let chain = chain.try_into().map_err(|_other: Vec<u8>| corrupt("the number of a chain"))?;
            let checkpoint = (!checkpoint.is_empty()).then(|| Checkpoint::from_bytes(&checkpoint)).transpose()?;
            Ok((ChainId::from_bytes(chain), checkpoint))
        };
        chains.into_iter().map(read).collect()
    }

    async fn keep_text(&self, hash: TextHash, text: String, day: Date) -> Result<(), StoreError> {
        self.takes_records()?;
        let keys = self.keys();
        let mut call = Call::new(&keys, vec![keys.texts(), keys.text_days()]);
        call.tell(*hash.as_bytes()).tell(text).tell(day.to_julian_day().to_string());
        self.link.run("EVAL (text)", &call.eval(scripts::KEEP_TEXT)).await
    }

    async fn text(&self, hash: TextHash) -> Result<Option<String>, StoreError> {
        let mut hget = cmd("HGET");
        hget.arg(self.keys().texts()).arg(&hash.as_bytes()[..]);
        let text: Option<Vec<u8>> = self.link.look("HGET", &hget).await?;
        text.map(|text| String::from_utf8(text).map_err(|_not_utf8| corrupt("a text"))).transpose()
    }

    async fn count(&self, count: DayCount) -> Result<(), StoreError> {
        self.takes_records()?;
        let keys = self.keys();
        let mut call = Call::new(&keys, vec![keys.counts()]);
        let more = i64::try_from(count.count).unwrap_or(i64::MAX);
        call.tell(format!("{}:{}", count.day.to_julian_day(), count.what)).tell(more.to_string());
        self.link.run("EVAL (count)", &call.eval(scripts::COUNT)).await
    }

    async fn counts(&self) -> Result<Vec<DayCount>, StoreError> {
        let mut all = cmd("HGETALL");
        all.arg(self.keys().counts());
        let counts: Vec<(String, u64)> = self.link.look("HGETALL", &all).await?;
        let read = |(field, count): (String, u64)| {
            let (day, what) = field.split_once(':')?;
            Some(DayCount::new(Date::from_julian_day(day.parse().ok()?).ok()?, what, count))
        };
        let counts: Option<Vec<DayCount>> = counts.into_iter().map(read).collect();
        let mut counts = counts.ok_or_else(|| corrupt("a counter"))?;
        counts.sort();
        Ok(counts)
    }

    async fn purge(&self, purge: LedgerPurge) -> Result<u64, StoreError> {
        self.takes_records()?;
        let keys = self.keys();
        let names = [keys.chains(), keys.owners(), keys.texts(), keys.text_days(), keys.counts()];
        let mut call = Call::new(&keys, names.into());
        call.tell(HEAD.to_string());
        for day in [purge.texts_before, purge.counts_before] {
            call.tell(day.to_julian_day().to_string());
        }
        for checkpoint in farthest(purge.checkpoints) {
            let EntryPlace { chain, number } = checkpoint.place;
            call.tell_key(&chain).tell(*chain.as_bytes()).tell(number.to_be_bytes()).tell(checkpoint.to_bytes());
        }
        self.link.run("EVAL (purge)", &call.eval(&scripts::purge())).await
    }
}

impl ConsentStore for RedisStore {
    fn append(&self, batch: LedgerBatch) -> StoreFuture<'_, ()> {
        StoreFuture::awaited(self.0.append(batch))
    }

    fn entries_of(&self, owner: &Owner) -> StoreFuture<'_, Vec<LedgerEntry>> {
        let owner = owner.clone();
        StoreFuture::awaited(async move { self.0.entries_of(&owner).await })
    }

    fn entries_after(&self, place: EntryPlace, limit: usize) -> StoreFuture<'_, Vec<LedgerEntry>> {
        StoreFuture::awaited(self.0.entries_after(place, limit))
    }

    fn chains(&self) -> StoreFuture<'_, Vec<(ChainId, Option<Checkpoint>)>> {
        StoreFuture::awaited(self.0.chains())
    }

    fn keep_text(&self, hash: TextHash, text: &str, day: Date) -> StoreFuture<'_, ()> {
        StoreFuture::awaited(self.0.keep_text(hash, text.to_owned(), day))
    }

    fn text(&self, hash: &TextHash) -> StoreFuture<'_, Option<String>> {
        StoreFuture::awaited(self.0.text(*hash))
    }

    fn count(&self, count: DayCount) -> StoreFuture<'_, ()> {
        StoreFuture::awaited(self.0.count(count))
    }

    fn counts(&self) -> StoreFuture<'_, Vec<DayCount>> {
        StoreFuture::awaited(self.0.counts())
    }

    fn purge(&self, purge: LedgerPurge) -> StoreFuture<'_, u64> {
        StoreFuture::awaited(self.0.purge(purge))
    }
}
