//! Consent records in one file: what a restart, a crash, an older file and a damaged row do to them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    hash::{BuildHasher as _, RandomState},
    pin::pin,
    task::{Context, Waker},
    thread,
    time::Duration,
};

use ::redb::{Database, ReadableDatabase as _, TableDefinition, TableHandle as _};
use time::Date;
use tokio::task::JoinSet;
use tower_consent::{
    ChainId, ConsentStore, DayCount, EntryBody, LedgerBatch, LedgerEntry, LedgerPurge, Owner, RedbStore,
    StoreErrorKind, TextHash, TokenDigest, TokenStore,
};

use super::{
    contract::Run,
    ledger::{self, all, body, browser, chain, checkpoint, entry, place},
    redb::{NAME, all_or, block_on, child, folder, lines, open, tell},
};

const DAY: Date = time::macros::date!(2026 - 11 - 22);

fn batch(entries: impl Into<Vec<LedgerEntry>>) -> LedgerBatch {
    LedgerBatch::new(entries.into(), vec![])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn contract() {
    let files = [folder(), folder()];
    let store = open(&files[0]);
    ledger::run("redb", async || store.clone()).await;
    let store = open(&files[1]);
    ledger::a_purge_ends_at_its_days("redb", async || store.clone()).await;
}

/// What was answered is there after a restart, and what was erased or purged is not.
#[tokio::test]
async fn a_restart_keeps_everything() {
    let (folder, run) = (folder(), Run::new("restart"));
    let (chains, browser, subject) = ([chain(&run), chain(&run)], browser(&run), run.subject("s"));
    let mut entries: Vec<_> =
        (1..=50).map(|number| entry(chains[0], number, body(Some(browser), Some(&subject)))).collect();
    let token = run.record("s");
    let store = open(&folder);
    store.append(batch(entries.clone())).await.unwrap();
    assert!(store.insert_new(token.clone()).await.unwrap());
    store.append(batch([entry(chains[1], 1, None)])).await.unwrap();
    store.append(LedgerBatch::new(vec![], vec![place(chains[0], 30)])).await.unwrap();
    entries[29].body = None;
    assert_eq!(store.purge(LedgerPurge::new(vec![checkpoint(chains[0], 20)], DAY, DAY)).await.unwrap(), 20);
    entries.drain(..20);
    store.keep_text(TextHash::of("We use cookies"), "We use cookies", DAY).await.unwrap();
    store.count(DayCount::new(DAY, "shown", 3)).await.unwrap();
    drop(store);
    let store = open(&folder);
    assert_eq!(all(&store, chains[0]).await, entries);
    let with_body: Vec<_> = entries.iter().filter(|entry| entry.body.is_some()).cloned().collect();
    for owner in [Owner::Record(browser), Owner::Subject(subject.into())] {
        assert_eq!(store.entries_of(&owner).await.unwrap(), with_body);
    }
    let mut known = [(chains[0], Some(checkpoint(chains[0], 20))), (chains[1], None)];
    known.sort_by_key(|(chain, _)| *chain);
    assert_eq!(store.chains().await.unwrap(), known);
    assert_eq!(store.text(&TextHash::of("We use cookies")).await.unwrap().as_deref(), Some("We use cookies"));
    store.count(DayCount::new(DAY, "shown", 4)).await.unwrap();
    assert_eq!(store.counts().await.unwrap(), [DayCount::new(DAY, "shown", 7)]);
    assert_eq!(store.get(token.digest()).await.unwrap(), Some(token));
}

/// What was begun and not awaited to its end is done before the file is closed.
#[tokio::test]
async fn dropping_the_store_finishes_what_waits() {
    let (folder, run) = (folder(), Run::new("drop"));
    let (chain, store) = (chain(&run), open(&folder));
    for number in 1..=100 {
        let mut append = pin!(store.append(batch([entry(chain, number, None)])));
        drop(append.as_mut().poll(&mut Context::from_waker(Waker::noop())));
    }
    drop(store);
    assert_eq!(all(&open(&folder), chain).await.len(), 100);
}

/// Many changes share a transaction. One that is refused takes none of the others with it.
#[tokio::test]
async fn a_refused_batch_fails_alone() {
    let (folder, run) = (folder(), Run::new("alone"));
    let (held, subject, store) = (chain(&run), run.subject("s"), open(&folder));
    store.append(batch([entry(held, 1, body(None, Some(&subject)))])).await.unwrap();
    let chains: Vec<_> = (0..200).map(|_| chain(&run)).collect();
    let tokens: Vec<_> = (0..200).map(|_| run.record("t")).collect();
    let mut answers = JoinSet::new();
    // On one thread, they all wait for the writer before it is told of the first.
    for (index, (chain, token)) in chains.iter().zip(&tokens).enumerate() {
        let mut entries = vec![entry(*chain, 1, body(None, Some(&subject)))];
        entries.extend((index % 2 == 1).then(|| entry(held, 1, None)));
        let (store, token) = (store.clone(), token.clone());
        answers.spawn(async move {
            let (append, insert) = (store.append(batch(entries)), store.insert_new(token));
            let (append, insert) = tokio::join!(append, insert);
            assert!(insert.unwrap());
            (index, append.map_err(|error| error.kind()))
        });
    }
    for (index, answer) in answers.join_all().await {
        assert_eq!(answer, if index % 2 == 1 { Err(StoreErrorKind::Invalid) } else { Ok(()) });
    }
    for (index, chain) in chains.iter().enumerate() {
        assert_eq!(all(&store, *chain).await.len(), usize::from(index % 2 == 0));
    }
    assert_eq!(store.entries_of(&Owner::Subject(subject.into())).await.unwrap().len(), 101);
    assert_eq!(store.list_of(tokens[0].subject()).await.unwrap().len(), 200);
}

/// A place stands once in a batch.
#[tokio::test]
async fn a_place_that_is_twice_in_a_batch_is_refused() {
    let (folder, run) = (folder(), Run::new("twice"));
    let (chain, store) = (chain(&run), open(&folder));
    let error = store.append(batch([entry(chain, 1, None), entry(chain, 1, body(None, None))])).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Invalid);
    assert_eq!(error.to_string(), format!("cannot be stored: chain {chain}: number 1 is taken"));
    assert_eq!(store.chains().await.unwrap(), []);
}

/// A file of a version that knew tokens only: its tokens stay, and records are kept in it.
#[tokio::test]
async fn a_file_with_tokens_only_keeps_records_too() {
    let (folder, run) = (folder(), Run::new("older"));
    let (chain, token) = (chain(&run), run.record("s"));
    let store = open(&folder);
    assert!(store.insert_new(token.clone()).await.unwrap());
    drop(store);
    let database = Database::open(folder.path().join(NAME)).unwrap();
    let older = database.begin_write().unwrap();
    let is_of_records = |name: &str| !name.starts_with("tokens");
    let tables: Vec<_> = older.list_tables().unwrap().filter(|table| is_of_records(table.name())).collect();
    assert_eq!(tables.len(), 6);
    for table in tables {
        assert!(older.delete_table(table).unwrap());
    }
    older.commit().unwrap();
    assert_eq!(database.begin_read().unwrap().list_tables().unwrap().count(), 3);
    drop(database);
    let store = open(&folder);
    assert_eq!(store.get(token.digest()).await.unwrap(), Some(token));
    assert_eq!(store.chains().await.unwrap(), []);
    assert_eq!(store.counts().await.unwrap(), []);
    store.append(batch([entry(chain, 1, None)])).await.unwrap();
    assert_eq!(all(&store, chain).await, [entry(chain, 1, None)]);
}

/// An error for whoever needs the row, which changes nothing; and nobody else is held up.
#[tokio::test]
async fn a_damaged_row_is_an_error() {
    let (folder, run) = (folder(), Run::new("damaged"));
    let (chains, subject, store) = ([chain(&run), chain(&run)], run.subject("s"), open(&folder));
    let entries: Vec<_> = (1..=3).map(|number| entry(chains[0], number, body(None, Some(&subject)))).collect();
    store.append(batch(entries.clone())).await.unwrap();
    drop(store);
    let database = Database::open(folder.path().join(NAME)).unwrap();
    let damage = database.begin_write().unwrap();
    let key = |number: u8| {
        let mut key = [0; 24];
        key[..16].copy_from_slice(chains[0].as_bytes());
        key[23] = number;
        key
    };
    let table: TableDefinition<'_, &[u8; 24], &[u8]> = TableDefinition::new("records");
    assert!(damage.open_table(table).unwrap().insert(&key(2), &b"no entry"[..]).unwrap().is_some());
    damage.commit().unwrap();
    drop(database);

    let store = open(&folder);
    let owner = Owner::Subject(subject.as_str().into());
    let assert_unchanged = async || {
        let corrupt = StoreErrorKind::Corrupt;
        assert_eq!(store.entries_of(&owner).await.unwrap_err().kind(), corrupt);
        assert_eq!(store.entries_after(place(chains[0], 0), 2).await.unwrap_err().kind(), corrupt);
        assert_eq!(store.entries_after(place(chains[0], 0), 1).await.unwrap(), entries[..1]);
        assert_eq!(store.entries_after(place(chains[0], 2), 9).await.unwrap(), entries[2..]);
        assert_eq!(store.chains().await.unwrap(), [(chains[0], None)]);
    };
    assert_unchanged().await;
    let erased = vec![place(chains[0], 1), place(chains[0], 2)];
    let erasure = LedgerBatch::new(vec![entry(chains[1], 1, None)], erased);
    assert_eq!(store.append(erasure).await.unwrap_err().kind(), StoreErrorKind::Corrupt);
    assert_unchanged().await;
    let purge = LedgerPurge::new(vec![checkpoint(chains[0], 3)], DAY, DAY);
    assert_eq!(store.purge(purge).await.unwrap_err().kind(), StoreErrorKind::Corrupt);
    assert_unchanged().await;
    store.append(batch([entry(chains[1], 1, None)])).await.unwrap();
    // One after another, they can be had and erased.
    store.append(LedgerBatch::new(vec![], vec![place(chains[0], 1), place(chains[0], 3)])).await.unwrap();
    assert_eq!(store.entries_after(place(chains[0], 0), 1).await.unwrap()[0].body, None);
}

/// Erased and purged bodies are not in the file any more once it is compacted; all others are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compaction_takes_what_was_erased() {
    let (folder, run, hasher) = (folder(), Run::new("compact"), RandomState::new());
    let (chains, store) = ([chain(&run), chain(&run)], open(&folder));
    const COUNT: u64 = 900;
    let marker = |chain: usize, number: u64| format!("<marker {chain} {number:05}>");
    let written = |chain: usize, number: u64| {
        let marker = marker(chain, number);
        // Of all sizes, so that pages of all sizes come and go.
        let data = marker.repeat(1 + hasher.hash_one((chain, number)) as usize % [1, 20, 1_000][number as usize % 3]);
        let subject = format!("subject of {marker}");
        entry(chains[chain], number, Some(EntryBody::new([5; 32], None, Some(&subject), data.into_bytes()).unwrap()))
    };
    for first in (1..=COUNT).step_by(20) {
        for chain in [0, 1] {
            let entries: Vec<_> = (first..first + 20).map(|number| written(chain, number)).collect();
            store.append(batch(entries)).await.unwrap();
        }
        let text = format!("{first} ").repeat(hasher.hash_one(first) as usize % 50_000 + 1);
        store.keep_text(TextHash::of(&text), &text, DAY).await.unwrap();
    }
    // Of the one, nine of ten are erased, of the other, two thirds are purged.
    let is_left = |chain: usize, number: u64| if chain == 0 { number.is_multiple_of(10) } else { number > 600 };
    for first in (1..=COUNT).step_by(20) {
        let erased = (first..first + 20).filter(|number| !is_left(0, *number)).map(|number| place(chains[0], number));
        store.append(LedgerBatch::new(vec![], erased.collect())).await.unwrap();
    }
    assert_eq!(store.purge(LedgerPurge::new(vec![checkpoint(chains[1], 600)], DAY, DAY)).await.unwrap(), 600);
    // How many of those that are gone, and of those that are left, can be found in the file.
    let found = || {
        let bytes = fs::read(folder.path().join(NAME)).unwrap();
        let length = marker(0, 0).len();
        let markers = bytes.windows(length).filter(|window| window.starts_with(b"<marker "));
        let markers: BTreeSet<_> = markers.map(<[u8]>::to_vec).collect();
        let (mut gone, mut left) = (0, 0);
        for (chain, number) in [0, 1].into_iter().flat_map(|chain| (1..=COUNT).map(move |number| (chain, number))) {
            let is_found = markers.contains(marker(chain, number).as_bytes());
            *(if is_left(chain, number) { &mut left } else { &mut gone }) += usize::from(is_found);
        }
        (bytes.len(), gone, left)
    };
    let before = found();
    let compacting = store.clone();
    assert!(tokio::task::spawn_blocking(move || compacting.compact()).await.unwrap().unwrap());
    let after = found();
    println!("bytes, erased and other records in the file: {before:?}, after compaction: {after:?}");
    assert!(before.1 > 500, "nothing was to be done: {before:?}");
    assert!(after.0 < before.0);
    assert_eq!((after.1, after.2), (0, 390));
    let check = async |store: RedbStore| {
        for number in 1..=COUNT {
            let mut expected = written(0, number);
            if !is_left(0, number) {
                expected.body = None;
            }
            assert_eq!(store.entries_after(place(chains[0], number - 1), 1).await.unwrap(), [expected]);
        }
        assert_eq!(all(&store, chains[1]).await, (601..=COUNT).map(|number| written(1, number)).collect::<Vec<_>>());
    };
    check(store).await;
    assert_eq!(found().1, 0, "closed");
    check(open(&folder)).await;
}

// Crashes.

/// The two chains of one worker.
fn chains_of(worker: &TokenDigest) -> [ChainId; 2] {
    let bytes = worker.as_bytes();
    [*bytes.first_chunk().unwrap(), *bytes.last_chunk().unwrap()].map(ChainId::from_bytes)
}

/// Over one file: a process that appends, erases, counts, purges and compacts from several threads is killed at a random moment, and
/// the file is opened again. What it acknowledged holds, chains have no gaps, and nothing is half.
#[test]
fn killed_processes_lose_nothing_that_they_acknowledged() {
    let (folder, hasher) = (folder(), RandomState::new());
    // By worker: the last number that was appended and counted, and the last that was purged.
    let mut known: BTreeMap<TokenDigest, [u64; 2]> = BTreeMap::new();
    for round in 0..all_or(8, 40) {
        let mut child = child("records", folder.path());
        let mut lines = lines(&mut child);
        assert_eq!(lines.next().as_deref(), Some("opened"));
        let reader = thread::spawn(move || lines.collect::<Vec<_>>());
        thread::sleep(Duration::from_millis(20 + hasher.hash_one(round) % 131));
        // SIGKILL.
        child.kill().unwrap();
        child.wait().unwrap();
        for line in reader.join().unwrap() {
            let words: Vec<_> = line.split(' ').collect();
            let [what, worker, number] = words[..] else { panic!("{line}") };
            let numbers = known.entry(worker.parse().unwrap()).or_default();
            numbers[["appended", "purged"].iter().position(|known| *known == what).unwrap()] = number.parse().unwrap();
        }

        let store = open(&folder);
        let held: BTreeMap<_, _> = block_on(store.chains()).unwrap().into_iter().collect();
        let counts: BTreeMap<_, _> =
            block_on(store.counts()).unwrap().into_iter().map(|count| (count.what, count.count)).collect();
        for (worker, [appended, purged]) in &known {
            let [one, other] = chains_of(worker).map(|chain| block_on(all(&store, chain)));
            let checkpoints = chains_of(worker).map(|chain| held[&chain].map_or(0, |held| held.place.number));
            let [first, last] = [checkpoints[0] + 1, one.last().map_or(checkpoints[0], |entry| entry.place.number)];
            assert!(last >= *appended, "round {round}: {last} of {appended} acknowledged entries");
            assert!(checkpoints[0] >= *purged, "round {round}: what was purged is back");
            assert_eq!(checkpoints[0], checkpoints[1], "round {round}: half of a purge");
            for entries in [&one, &other] {
                let numbers = entries.iter().map(|entry| entry.place.number);
                assert!(numbers.eq(first..=last), "round {round}: a gap, or half of a batch");
            }
            // Each batch erases, of the first chain, the entry before.
            assert!(one.iter().all(|entry| entry.body.is_some() == (entry.place.number == last)), "round {round}");
            let mut with_body: Vec<_> = one.into_iter().chain(other).filter(|entry| entry.body.is_some()).collect();
            with_body.sort_by_key(|entry| (entry.time, entry.place));
            let owned = block_on(store.entries_of(&Owner::Subject(worker.to_string().into()))).unwrap();
            assert_eq!(owned, with_body, "round {round}: an owner's entries");
            let counted = counts[&worker.to_string()[..40]];
            assert!(counted >= *appended && counted <= last, "round {round}: {counted} counted of {last}");
        }
    }
    let (appended, purged) = known.values().fold((0, 0), |sum, [appended, purged]| (sum.0 + appended, sum.1 + purged));
    println!("{} workers: {appended} batches acknowledged, {purged} numbers purged", known.len());
    assert!(appended > 50 && purged > 10, "{appended} and {purged}");
}

/// Appends, erases, counts, purges and compacts until it is killed.
pub(super) fn work(store: &RedbStore) {
    let run = Run::new("work");
    thread::scope(|scope| {
        scope.spawn(|| {
            loop {
                thread::sleep(Duration::from_millis(40));
                store.compact().unwrap();
            }
        });
        for _ in 0..6 {
            let worker = run.digest();
            scope.spawn(move || {
                let (chains, name) = (chains_of(&worker), worker.to_string());
                for number in 1.. {
                    let entries = chains.map(|chain| entry(chain, number, body(None, Some(&name)))).to_vec();
                    let erased = vec![place(chains[0], number - 1)];
                    block_on(store.append(LedgerBatch::new(entries, erased))).unwrap();
                    block_on(store.count(DayCount::new(DAY, &name[..40], 1))).unwrap();
                    tell(&format!("appended {name} {number}"));
                    if number % 7 == 0 {
                        let checkpoints = chains.map(|chain| checkpoint(chain, number - 3)).to_vec();
                        block_on(store.purge(LedgerPurge::new(checkpoints, DAY, DAY))).unwrap();
                        tell(&format!("purged {name} {}", number - 3));
                    }
                }
            });
        }
    });
}
