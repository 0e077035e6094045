//! What every store of consent records promises, as written at [`ConsentStore`]: one suite, run against each of them.
//!
//! `run(label, open)` is the whole of it, but for the days at which a purge begins: these concern all texts and counters
//! of a store, so `a_purge_ends_at_its_days(label, open)` needs one that no other test uses. `open` gives a handle on the
//! same records each time: a clone, or, where a server keeps them, a store with connections of its own, as a second process
//! would have. Chains, owners, texts and counters are new in every run, so that many runs can share one server at a time:
//! they keep what must stay under days in the far future, and what may go under days of long ago.

use std::{slice::from_ref, sync::Arc, time::Duration};

use time::{Date, Month};
use tokio::time as timer;
use tower_consent::{
    ChainId, Checkpoint, ConsentStore, DayCount, EntryBody, EntryKind, EntryPlace, LedgerBatch, LedgerEntry,
    LedgerPurge, MAX_ENTRY_DATA, MAX_SUBJECT, MAX_TEXT, Owner, RecordId, StoreError, StoreErrorKind, TextHash,
};

use super::contract::{Run, begin, together};

/// The whole contract, but for [`a_purge_ends_at_its_days`].
pub(crate) async fn run<S: ConsentStore>(label: &str, open: impl AsyncFn() -> S) {
    let run = Arc::new(Run::new(label));
    let (one, other) = (Arc::new(open().await), Arc::new(open().await));
    what_is_appended_is_found(&run, &one, &other).await;
    every_field_comes_back(&run, &one, &other).await;
    owners_are_exact(&run, &one, &other).await;
    the_order_is_that_of_times(&run, &one, &other).await;
    chains_are_read_in_parts(&run, &one, &other).await;
    a_taken_place_is_refused(&run, &one, &other).await;
    one_append_of_many_wins(&run, &one, &other).await;
    an_erased_body_is_found_by_nobody(&run, &one, &other).await;
    what_is_not_there_cannot_be_erased(&run, &one, &other).await;
    texts_are_kept_once(&run, &one, &other).await;
    counters_add_up(&run, &one, &other).await;
    a_purge_takes_what_is_before_its_checkpoint(&run, &one, &other).await;
    checkpoints_move_on_only(&run, &one, &other).await;
    what_was_shown_lately_stays(&run, &one, &other).await;
    many_appends_are_all_found(&run, &one, &other).await;
    what_is_dropped_leaves_nothing_half(&run, &one, &other).await;
}

/// What was last shown, or counted, on the day of a purge stays; what was a day before goes. It counts what went. For a
/// store that holds nothing else.
pub(crate) async fn a_purge_ends_at_its_days<S: ConsentStore>(label: &str, open: impl AsyncFn() -> S) {
    let run = Run::new(label);
    let (one, other) = (open().await, open().await);
    let (last, first) = (day(2026, Month::February, 28), day(2026, Month::March, 1));
    let texts = ["", " moved on", " later"].map(|name| run.subject(name));
    for (text, day) in texts.iter().zip([last, last, first]) {
        one.keep_text(TextHash::of(text), text, day).await.unwrap();
    }
    one.keep_text(TextHash::of(&texts[1]), &texts[1], first).await.unwrap();
    let counts = [(last, "a"), (last, "b"), (first, "a"), (first, "b")].map(|(day, what)| DayCount::new(day, what, 3));
    for count in &counts {
        other.count(count.clone()).await.unwrap();
    }
    assert_eq!(one.counts().await.unwrap(), counts);

    let chain = chain(&run);
    other.append(LedgerBatch::new(vec![entry(chain, 1, None), entry(chain, 2, None)], vec![])).await.unwrap();
    // Each day is for its own kind.
    assert_eq!(one.purge(LedgerPurge::new(vec![], last, last)).await.unwrap(), 0);
    assert_eq!(one.purge(LedgerPurge::new(vec![], first, last)).await.unwrap(), 1);
    for store in [&one, &other] {
        assert_eq!(store.text(&TextHash::of(&texts[0])).await.unwrap(), None);
        for text in &texts[1..] {
            assert_eq!(store.text(&TextHash::of(text)).await.unwrap().as_ref(), Some(text));
        }
        assert_eq!(store.counts().await.unwrap(), counts);
    }
    assert_eq!(one.purge(LedgerPurge::new(vec![checkpoint(chain, 1)], last, first)).await.unwrap(), 3);
    for store in [&one, &other] {
        assert_eq!(store.counts().await.unwrap(), counts[2..]);
        assert_eq!(all(store, chain).await, [entry(chain, 2, None)]);
    }
    let later = day(2026, Month::March, 2);
    assert_eq!(other.purge(LedgerPurge::new(vec![checkpoint(chain, 2)], later, later)).await.unwrap(), 5);
    for store in [&one, &other] {
        assert_eq!(store.counts().await.unwrap(), []);
        for text in &texts {
            assert_eq!(store.text(&TextHash::of(text)).await.unwrap(), None);
        }
    }
    assert_eq!(one.purge(LedgerPurge::new(vec![checkpoint(chain, 2)], later, later)).await.unwrap(), 0);
    // What went can come again.
    one.keep_text(TextHash::of(&texts[0]), &texts[0], last).await.unwrap();
    one.count(counts[0].clone()).await.unwrap();
    assert_eq!(other.text(&TextHash::of(&texts[0])).await.unwrap().as_ref(), Some(&texts[0]));
    assert_eq!(other.counts().await.unwrap(), counts[..1]);
}

/// A chain that nobody has seen.
pub(crate) fn chain(run: &Run) -> ChainId {
    ChainId::from_bytes(*run.digest().as_bytes().first_chunk().unwrap())
}

/// The record of a browser that nobody has seen.
pub(crate) fn browser(run: &Run) -> RecordId {
    RecordId::from_bytes(*run.digest().as_bytes().first_chunk().unwrap())
}

pub(crate) fn place(chain: ChainId, number: u64) -> EntryPlace {
    EntryPlace { chain, number }
}

/// An entry whose hashes tell its number.
pub(crate) fn entry(chain: ChainId, number: u64, body: Option<EntryBody>) -> LedgerEntry {
    let (commitment, link) = ([number as u8; 32], [!number as u8; 32]);
    let time = 1_700_000_000 + i64::try_from(number).unwrap();
    LedgerEntry::new(place(chain, number), time, EntryKind::Choice, commitment, link, body)
}

pub(crate) fn body(browser: Option<RecordId>, subject: Option<&str>) -> Option<EntryBody> {
    Some(EntryBody::new([5; 32], browser, subject, *b"{\"granted\":[]}").unwrap())
}

pub(crate) fn checkpoint(chain: ChainId, number: u64) -> Checkpoint {
    Checkpoint::new(place(chain, number), [number as u8; 32], [!number as u8; 32])
}

fn day(year: i32, month: Month, day: u8) -> Date {
    Date::from_calendar_date(year, month, day).unwrap()
}

/// Nobody keeps anything under a day before this.
fn long_ago() -> Date {
    day(1900, Month::January, 1)
}

/// Nobody purges what was shown or counted then.
fn far_ahead() -> Date {
    day(2900, Month::December, 31)
}

/// A purge of these chains alone.
fn purge(checkpoints: Vec<Checkpoint>) -> LedgerPurge {
    LedgerPurge::new(checkpoints, long_ago(), long_ago())
}

fn append(entries: impl Into<Vec<LedgerEntry>>) -> LedgerBatch {
    LedgerBatch::new(entries.into(), vec![])
}

/// What is there of a chain.
pub(crate) async fn all(store: &impl ConsentStore, chain: ChainId) -> Vec<LedgerEntry> {
    store.entries_after(place(chain, 0), usize::MAX).await.unwrap()
}

async fn of_browser(store: &impl ConsentStore, browser: RecordId) -> Vec<LedgerEntry> {
    store.entries_of(&Owner::Record(browser)).await.unwrap()
}

async fn of_subject(store: &impl ConsentStore, subject: &str) -> Vec<LedgerEntry> {
    store.entries_of(&Owner::Subject(subject.into())).await.unwrap()
}

/// Nothing, if the store does not know it; its checkpoint, if it has one.
async fn known(store: &impl ConsentStore, chain: ChainId) -> Option<Option<Checkpoint>> {
    let chains = store.chains().await.unwrap();
    let mut found = chains.into_iter().filter(|(known, _)| *known == chain);
    let first = found.next();
    assert!(found.next().is_none(), "a chain is told twice");
    first.map(|(_, checkpoint)| checkpoint)
}

async fn what_is_appended_is_found<S: ConsentStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    let (chains, browser, subject) = ([chain(run), chain(run), chain(run)], browser(run), run.subject("append"));
    for store in [one, other] {
        for chain in chains {
            assert_eq!(known(store, chain).await, None);
            assert_eq!(all(store, chain).await, []);
        }
        assert_eq!(of_browser(store, browser).await, []);
        assert_eq!(of_subject(store, &subject).await, []);
    }
    let both = || body(Some(browser), Some(&subject));
    // One alone, then several of several chains, one of them new.
    let first = entry(chains[0], 1, both());
    one.append(append([first.clone()])).await.unwrap();
    for store in [other, one] {
        assert_eq!(all(store, chains[0]).await, from_ref(&first));
        assert_eq!(of_browser(store, browser).await, from_ref(&first));
        assert_eq!(of_subject(store, &subject).await, from_ref(&first));
        assert_eq!(known(store, chains[0]).await, Some(None));
    }
    let more = [
        entry(chains[1], 1, body(Some(browser), None)),
        entry(chains[0], 2, body(None, Some(&subject))),
        entry(chains[0], 3, both()),
        entry(chains[1], 2, body(None, None)),
        entry(chains[0], 4, None),
    ];
    other.append(append(more.clone())).await.unwrap();
    // Nothing at all is no mistake.
    other.append(LedgerBatch::default()).await.unwrap();
    let [of_1_1, of_0_2, of_0_3, of_1_2, of_0_4] = more;
    for store in [one, other] {
        assert_eq!(all(store, chains[0]).await, [first.clone(), of_0_2.clone(), of_0_3.clone(), of_0_4.clone()]);
        assert_eq!(all(store, chains[1]).await, [of_1_1.clone(), of_1_2.clone()]);
        let mut expected = [first.clone(), of_1_1.clone(), of_0_3.clone()];
        expected.sort_by_key(|entry| (entry.time, entry.place));
        assert_eq!(of_browser(store, browser).await, expected);
        assert_eq!(of_subject(store, &subject).await, [first.clone(), of_0_2.clone(), of_0_3.clone()]);
        assert_eq!(known(store, chains[1]).await, Some(None));
        assert_eq!(known(store, chains[2]).await, None);
    }
}

async fn every_field_comes_back<S: ConsentStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    let (chain, browser) = (chain(run), browser(run));
    let bytes = |from: u8| -> [u8; 32] { std::array::from_fn(|n| from.wrapping_add(n as u8)) };
    let largest: Vec<u8> = (0..=255).cycle().take(MAX_ENTRY_DATA).collect();
    let mut longest = run.subject("\u{0}\"'\\ %_*?[]\r\n\u{7f}k\u{e4}the \u{1f36a}");
    longest.extend(std::iter::repeat_n('x', MAX_SUBJECT - longest.len()));
    let body = |salt, browser, subject, data: &[u8]| Some(EntryBody::new(salt, browser, subject, data).unwrap());
    let bodies = [
        body(bytes(0), Some(browser), Some(&*longest), &largest),
        body(bytes(1), None, Some(&longest), b""),
        body([0; 32], Some(browser), None, b"\0"),
        body([255; 32], None, None, &largest),
        None,
        body(bytes(9), Some(browser), Some("\u{e4}"), "{\"\u{1f36a}\":1}".as_bytes()),
    ];
    let times = [i64::MIN, -1, 0, 1_800_000_000, i64::MAX, i64::MAX];
    let kinds = [EntryKind::Choice, EntryKind::Erasure, EntryKind::Request];
    let mut entries = Vec::new();
    for (number, (body, time)) in (1..).zip(bodies.into_iter().zip(times)) {
        let kind = kinds[number as usize % 3];
        let hashes = (bytes(100 + number as u8), bytes(200 - number as u8));
        entries.push(LedgerEntry::new(place(chain, number), time, kind, hashes.0, hashes.1, body));
    }
    one.append(append(entries.clone())).await.unwrap();
    for store in [one, other] {
        assert_eq!(all(store, chain).await, entries);
        let picked = |numbers: &[usize]| numbers.iter().map(|number| entries[*number].clone()).collect::<Vec<_>>();
        assert_eq!(of_subject(store, &longest).await, picked(&[0, 1]));
        assert_eq!(of_browser(store, browser).await, picked(&[0, 2, 5]));
    }
}

async fn owners_are_exact<S: ConsentStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    let (chains, base) = ([chain(run), chain(run)], run.subject("exact"));
    let tails = ["", "a", "a\0", "a\0\0", "a ", " a", "aa", "A", "\u{e4}", "a\u{308}", "%", "a*", "a%", "a_", "\u{ff}"];
    let subjects = tails.map(|tail| format!("{base}{tail}"));
    let entries: Vec<_> =
        (1..).zip(&subjects).map(|(number, subject)| entry(chains[0], number, body(None, Some(subject)))).collect();
    one.append(append(entries.clone())).await.unwrap();
    for store in [one, other] {
        for (subject, entry) in subjects.iter().zip(&entries) {
            assert_eq!(of_subject(store, subject).await, from_ref(entry), "{subject:?}");
        }
        for nobody in [&base[..base.len() - 1], &format!("{base}a\0a"), "", &"x".repeat(MAX_SUBJECT + 1)] {
            assert_eq!(of_subject(store, nobody).await, [], "{nobody:?}");
        }
        // Longer than any subject: cut anywhere, it is nobody's name.
        for length in [256, 256 + base.len() + 1, 512] {
            let nobody = format!("{base}a{}", "a".repeat(length));
            assert_eq!(of_subject(store, &nobody).await, [], "{nobody:?}");
        }
    }
    // Nor are records, where all but the last bit is the same; nor is a record a subject.
    let (near, beside) = (browser(run), chains[1]);
    let mut twin = *near.as_bytes();
    twin[15] ^= 1;
    let twin = RecordId::from_bytes(twin);
    one.append(append([entry(beside, 1, body(Some(near), None)), entry(beside, 2, body(Some(twin), None))]))
        .await
        .unwrap();
    for store in [one, other] {
        assert_eq!(of_browser(store, near).await, [entry(beside, 1, body(Some(near), None))]);
        assert_eq!(of_browser(store, twin).await, [entry(beside, 2, body(Some(twin), None))]);
        assert_eq!(of_subject(store, &near.to_string()).await, []);
    }
}

async fn the_order_is_that_of_times<S: ConsentStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    let (browser, subject) = (browser(run), run.subject("order"));
    let (mut low, mut high) = (chain(run), chain(run));
    if low > high {
        std::mem::swap(&mut low, &mut high);
    }
    let at = |chain, number, time| {
        let mut entry = entry(chain, number, body(Some(browser), Some(&subject)));
        entry.time = time;
        entry
    };
    // Numbers beyond what one byte or one digit holds.
    let expected = [
        at(high, 300, i64::MIN),
        at(low, 2, -256),
        at(low, 10, -2),
        at(low, 9, -1),
        at(low, 255, 0),
        at(high, 9, 0),
        at(high, 10, 0),
        at(high, 256, 0),
        at(high, 257, 0),
        at(low, 256, 1),
        at(low, 1, 300),
        at(high, 1, i64::MAX),
    ];
    let written = [3, 11, 0, 8, 5, 1, 10, 7, 2, 9, 6, 4].map(|index: usize| expected[index].clone());
    for (index, entry) in written.into_iter().enumerate() {
        let store = if index % 2 == 0 { one } else { other };
        store.append(append([entry])).await.unwrap();
    }
    for store in [one, other] {
        assert_eq!(of_browser(store, browser).await, expected);
        assert_eq!(of_subject(store, &subject).await, expected);
        let numbers = |entries: Vec<LedgerEntry>| entries.iter().map(|entry| entry.place.number).collect::<Vec<_>>();
        assert_eq!(numbers(all(store, low).await), [1, 2, 9, 10, 255, 256]);
        assert_eq!(numbers(all(store, high).await), [1, 9, 10, 256, 257, 300]);
    }
}

async fn chains_are_read_in_parts<S: ConsentStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    let (read, beside) = (chain(run), chain(run));
    let entries: Vec<_> = (1..=300).map(|number| entry(read, number, body(None, None))).collect();
    for part in entries.chunks(70) {
        one.append(append(part)).await.unwrap();
        one.append(append([entry(beside, part[0].place.number, None)])).await.unwrap();
    }
    for store in [one, other] {
        let after = async |number, limit| store.entries_after(place(read, number), limit).await.unwrap();
        assert_eq!(after(0, usize::MAX).await, entries);
        assert_eq!(after(0, 300).await, entries);
        assert_eq!(after(0, 299).await, entries[..299]);
        assert_eq!(after(0, 1).await, entries[..1]);
        assert_eq!(after(0, 0).await, []);
        assert_eq!(after(255, 2).await, entries[255..257]);
        assert_eq!(after(299, 7).await, entries[299..]);
        for beyond in [300, 301, i64::MAX as u64, 1 << 63, u64::MAX - 1, u64::MAX] {
            assert_eq!(after(beyond, 7).await, []);
        }
        assert_eq!(store.entries_after(place(chain(run), 0), 7).await.unwrap(), []);
        let mut read_on = Vec::new();
        loop {
            let part = after(read_on.last().map_or(0, |entry: &LedgerEntry| entry.place.number), 64).await;
            if part.is_empty() {
                break;
            }
            read_on.extend(part);
        }
        assert_eq!(read_on, entries);
    }
}

fn assert_taken(answer: Result<(), StoreError>) {
    assert_eq!(answer.expect_err("a place is taken twice").kind(), StoreErrorKind::Invalid);
}

async fn a_taken_place_is_refused<S: ConsentStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    let (chain, fresh) = (chain(run), chain(run));
    let (owner, thief) = (run.subject("owner"), run.subject("thief"));
    let held: Vec<_> = (1..=4).map(|number| entry(chain, number, body(None, Some(&owner)))).collect();
    one.append(append(held.clone())).await.unwrap();
    // Purged, with a body and erased.
    one.purge(purge(vec![checkpoint(chain, 1)])).await.unwrap();
    one.append(LedgerBatch::new(vec![], vec![place(chain, 2)])).await.unwrap();
    let mut left = held[1..].to_vec();
    left[0].body = None;
    let by_thief = body(Some(browser(run)), Some(&thief));
    for taken in [1, 2, 3, 4] {
        for store in [one, other] {
            let stolen = entry(chain, taken, by_thief.clone());
            let new = [entry(fresh, 1, by_thief.clone()), entry(chain, 5, by_thief.clone())];
            let [before, after] = new;
            // First, last and in the middle; and what would have been erased is not.
            for entries in [
                vec![stolen.clone()],
                vec![stolen.clone(), before.clone(), after.clone()],
                vec![before.clone(), stolen.clone(), after.clone()],
                vec![before.clone(), after.clone(), stolen.clone()],
            ] {
                assert_taken(store.append(LedgerBatch::new(entries, vec![place(chain, 3), place(chain, 4)])).await);
            }
            // The same once more is not new either.
            assert_taken(store.append(append([held[taken as usize - 1].clone()])).await);
        }
        for store in [one, other] {
            assert_eq!(all(store, chain).await, left);
            assert_eq!(all(store, fresh).await, []);
            assert_eq!(known(store, fresh).await, None);
            assert_eq!(of_subject(store, &thief).await, []);
            assert_eq!(of_subject(store, &owner).await, left[1..]);
        }
    }
    // The places that were beside are free.
    let next = [entry(fresh, 1, None), entry(chain, 5, None)];
    other.append(append(next.clone())).await.unwrap();
    assert_eq!(all(one, fresh).await, next[..1]);
    assert_eq!(all(one, chain).await.last(), Some(&next[1]));
}

async fn one_append_of_many_wins<S: ConsentStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    let (wanted, subject) = (chain(run), run.subject("wins"));
    let (chains, victims): (Vec<_>, Vec<_>) = (0..50).map(|_| (chain(run), chain(run))).unzip();
    for victim in &victims {
        one.append(append([entry(*victim, 1, body(None, Some(&subject)))])).await.unwrap();
    }
    let work = |store: Arc<S>, index: usize| {
        let name = format!("{subject} {index}");
        let entries = vec![entry(chains[index], 1, body(None, Some(&name))), entry(wanted, 1, body(None, Some(&name)))];
        let batch = LedgerBatch::new(entries, vec![place(victims[index], 1)]);
        async move { (index, store.append(batch).await) }
    };
    let mut winners = Vec::new();
    for (index, answer) in together(one, other, chains.len(), work).await {
        match answer {
            Ok(()) => winners.push(index),
            Err(error) => assert_eq!(error.kind(), StoreErrorKind::Invalid, "{error}"),
        }
    }
    assert_eq!(winners.len(), 1, "{winners:?}");
    for store in [one, other] {
        let name = format!("{subject} {}", winners[0]);
        assert_eq!(all(store, wanted).await, [entry(wanted, 1, body(None, Some(&name)))]);
        assert_eq!(of_subject(store, &subject).await.len(), chains.len() - 1);
        for (index, (chain, victim)) in chains.iter().zip(&victims).enumerate() {
            let (added, erased) = (all(store, *chain).await, all(store, *victim).await[0].body.is_none());
            assert_eq!((added.len(), erased), if index == winners[0] { (1, true) } else { (0, false) });
            let found = of_subject(store, &format!("{subject} {index}")).await;
            assert_eq!(found.len(), if index == winners[0] { 2 } else { 0 });
        }
    }
}

async fn an_erased_body_is_found_by_nobody<S: ConsentStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    let (chains, browser, subject) = ([chain(run), chain(run)], browser(run), run.subject("erased"));
    let mut entries: Vec<_> = (1..=4)
        .flat_map(|number| chains.map(|chain| entry(chain, number, body(Some(browser), Some(&subject)))))
        .collect();
    one.append(append(entries.clone())).await.unwrap();
    let mut erase = async |index: usize, erased: &[usize]| {
        let (eraser, witness) = if index.is_multiple_of(2) { (one, other) } else { (other, one) };
        // What tells of it is written with it.
        let told = entry(chains[0], 5 + index as u64, None);
        let places = erased.iter().map(|index| entries[*index].place).collect();
        eraser.append(LedgerBatch::new(vec![told.clone()], places)).await.unwrap();
        entries.push(told);
        erased.iter().for_each(|index| entries[*index].body = None);
        for store in [witness, eraser] {
            let with_body = |entry: &&LedgerEntry| entry.body.is_some();
            let mut left: Vec<_> = entries.iter().filter(with_body).cloned().collect();
            left.sort_by_key(|entry| (entry.time, entry.place));
            assert_eq!(of_browser(store, browser).await, left);
            assert_eq!(of_subject(store, &subject).await, left);
            for chain in chains {
                let expected = entries.iter().filter(|entry| entry.place.chain == chain).cloned();
                assert_eq!(all(store, chain).await, expected.collect::<Vec<_>>());
            }
        }
    };
    erase(0, &[2]).await;
    // Once more, beside others, and one of them twice.
    erase(1, &[2, 3, 7, 3]).await;
    erase(2, &[]).await;
    erase(3, &[0, 1, 4, 5, 6]).await;
    erase(4, &[0, 1, 2, 3, 4, 5, 6, 7]).await;
    // One that has just come.
    let brief = entry(chains[1], 5, body(Some(browser), Some(&subject)));
    one.append(LedgerBatch::new(vec![brief.clone()], vec![brief.place])).await.unwrap();
    let mut bare = brief;
    bare.body = None;
    for store in [one, other] {
        assert_eq!(of_browser(store, browser).await, []);
        assert_eq!(of_subject(store, &subject).await, []);
        assert_eq!(all(store, chains[1]).await.last(), Some(&bare));
        assert_eq!(known(store, chains[1]).await, Some(None));
    }
}

async fn what_is_not_there_cannot_be_erased<S: ConsentStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    let (held, unknown, subject) = (chain(run), chain(run), run.subject("not there"));
    let entries = [1, 2].map(|number| entry(held, number, body(None, Some(&subject))));
    one.append(append(entries.clone())).await.unwrap();
    let missing = [(held, 0), (held, 3), (held, i64::MAX as u64), (unknown, 1), (unknown, 0)];
    let missing: Vec<_> = missing.into_iter().map(|(chain, number)| place(chain, number)).collect();
    for store in [one, other] {
        store.append(LedgerBatch::new(vec![], missing.clone())).await.unwrap();
        assert_eq!(all(store, held).await, entries);
        assert_eq!(of_subject(store, &subject).await, entries);
        assert_eq!(known(store, unknown).await, None);
    }
    // It leaves no mark: what comes there later has its body.
    let later = [entry(held, 3, body(None, Some(&subject))), entry(unknown, 1, body(None, Some(&subject)))];
    other.append(append(later.clone())).await.unwrap();
    assert_eq!(all(one, unknown).await, later[1..]);
    assert_eq!(of_subject(one, &subject).await.len(), 4);
}

async fn texts_are_kept_once<S: ConsentStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    let text = run.subject("\u{0}\"'\\ %_\r\n\u{7f}\u{1f36a} <p>We use cookies\u{2026}</p>");
    let mut largest = run.subject("");
    largest.extend(std::iter::repeat_n('\u{e4}', (MAX_TEXT - largest.len()) / 2));
    largest.extend(std::iter::repeat_n('x', MAX_TEXT - largest.len()));
    for text in [text, largest] {
        let hash = TextHash::of(&text);
        assert_eq!(other.text(&hash).await.unwrap(), None);
        one.keep_text(hash, &text, far_ahead()).await.unwrap();
        for store in [other, one] {
            assert_eq!(store.text(&hash).await.unwrap().as_ref(), Some(&text));
        }
        // The store works out no hash: what is there stays.
        other.keep_text(hash, "another", far_ahead()).await.unwrap();
        for store in [other, one] {
            assert_eq!(store.text(&hash).await.unwrap().as_ref(), Some(&text));
        }
        let mut near = *hash.as_bytes();
        near[31] ^= 1;
        assert_eq!(one.text(&TextHash::from_bytes(near)).await.unwrap(), None);
    }
    // Many keep the same one at a time.
    let text = run.subject("shown to many");
    let keep = |store: Arc<S>, _| {
        let text = text.clone();
        async move { store.keep_text(TextHash::of(&text), &text, far_ahead()).await.unwrap() }
    };
    together(one, other, 50, keep).await;
    assert_eq!(other.text(&TextHash::of(&text)).await.unwrap(), Some(text));
}

/// The counters whose names begin so, in the order in which the store tells them.
async fn counts(store: &impl ConsentStore, prefix: &str) -> Vec<DayCount> {
    let mut counts = store.counts().await.unwrap();
    assert!(counts.is_sorted(), "counters are out of order");
    counts.retain(|count| count.what.starts_with(prefix));
    counts
}

async fn counters_add_up<S: ConsentStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    let prefix = name(run);
    let (ahead, after) = (far_ahead(), day(2901, Month::January, 1));
    // Bytes, not what a language makes of them; and names as long as they may be.
    let names = ["", " B", "-a", "B", "a", "a-b", "aa", "ab", "b", "\u{e4}"].map(|tail| format!("{prefix}{tail}"));
    let longest = format!("{prefix}{}", "c".repeat(64 - prefix.len()));
    let mut expected = Vec::new();
    for day in [ahead, after] {
        for (amount, what) in (1..).zip(names.iter().chain([&longest])) {
            expected.push(DayCount::new(day, what.clone(), amount));
        }
    }
    expected.sort();
    for (index, count) in expected.iter().rev().enumerate() {
        let store = if index % 2 == 0 { one } else { other };
        store.count(count.clone()).await.unwrap();
    }
    for store in [one, other] {
        assert_eq!(counts(store, &prefix).await, expected);
    }
    // Many at a time, none lost.
    let prefix = name(run);
    let add = |store: Arc<S>, index: usize| {
        let count = DayCount::new(ahead, format!("{prefix}{}", index % 2), 1 + index as u64);
        async move { store.count(count).await.unwrap() }
    };
    together(one, other, 200, add).await;
    one.count(DayCount::new(ahead, format!("{prefix}0"), 1 << 40)).await.unwrap();
    let sums = [(1 << 40) + (0..200).step_by(2).map(|n| n + 1).sum::<u64>(), (1..200).step_by(2).map(|n| n + 1).sum()];
    for store in [one, other] {
        let expected = [0, 1].map(|n| DayCount::new(ahead, format!("{prefix}{n}"), sums[n]));
        assert_eq!(counts(store, &prefix).await, expected);
    }
}

/// The name of a counter that nobody has used, of 22 bytes.
fn name(run: &Run) -> String {
    chain(run).to_string()
}

async fn a_purge_takes_what_is_before_its_checkpoint<S: ConsentStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    let chains = [chain(run), chain(run), chain(run), chain(run)];
    let (browser, subject) = (browser(run), run.subject("purge"));
    let mut left: Vec<_> = (1..=300)
        .flat_map(|number| [chains[0], chains[1], chains[2]].map(|chain| (chain, number)))
        .map(|(chain, number)| entry(chain, number, body(Some(browser), Some(&subject))))
        .collect();
    for part in left.chunks(90) {
        one.append(append(part)).await.unwrap();
    }
    // Erased ones go, and count, as all others do.
    one.append(LedgerBatch::new(vec![], vec![place(chains[0], 1), place(chains[2], 300)])).await.unwrap();
    for entry in &mut left {
        if [place(chains[0], 1), place(chains[2], 300)].contains(&entry.place) {
            entry.body = None;
        }
    }
    let mut held = chains.map(|_| None);
    let assert_left = async |left: &[LedgerEntry], held: &[Option<Checkpoint>; 4]| {
        let mut with_body: Vec<_> = left.iter().filter(|entry| entry.body.is_some()).cloned().collect();
        with_body.sort_by_key(|entry| (entry.time, entry.place));
        for store in [other, one] {
            for (chain, held) in chains.into_iter().zip(held) {
                let expected = left.iter().filter(|entry| entry.place.chain == chain).cloned();
                let expected: Vec<_> = expected.collect();
                let is_known = held.is_some() || !expected.is_empty();
                assert_eq!(known(store, chain).await, is_known.then_some(*held));
                assert_eq!(all(store, chain).await, expected);
            }
            assert_eq!(of_browser(store, browser).await, with_body);
            assert_eq!(of_subject(store, &subject).await, with_body);
        }
    };
    assert_left(&left, &held).await;
    assert_eq!(one.purge(purge(vec![])).await.unwrap(), 0);
    assert_left(&left, &held).await;
    // A part of one; then a part of it and all of another; then what was never there.
    for (numbers, expected) in [([257, 0, 0, 0], 257), ([258, 0, 300, 0], 301), ([0, 0, 0, 7], 0), ([300, 0, 0, 0], 42)]
    {
        let numbers: Vec<_> = chains.into_iter().zip(numbers).filter(|(_, number)| *number > 0).collect();
        let checkpoints: Vec<_> = numbers.iter().map(|(chain, number)| checkpoint(*chain, *number)).collect();
        assert_eq!(other.purge(purge(checkpoints)).await.unwrap(), expected);
        for (chain, number) in numbers {
            left.retain(|entry| entry.place.chain != chain || entry.place.number > number);
            held[chains.iter().position(|known| *known == chain).unwrap()] = Some(checkpoint(chain, number));
        }
        assert_left(&left, &held).await;
    }
    // What was purged cannot be erased, and its place stays taken, also where nothing ever was.
    one.append(LedgerBatch::new(vec![], vec![place(chains[0], 5), place(chains[3], 7)])).await.unwrap();
    for (chain, number) in [(chains[0], 300), (chains[2], 1), (chains[3], 1), (chains[3], 7)] {
        assert_taken(other.append(append([entry(chain, number, None)])).await);
    }
    assert_left(&left, &held).await;
    for (chain, number) in [(chains[0], 301), (chains[3], 8)] {
        let next = entry(chain, number, body(None, None));
        one.append(append([next.clone()])).await.unwrap();
        left.push(next);
    }
    for store in [one, other] {
        assert_eq!(all(store, chains[0]).await, left[left.len() - 2..][..1]);
        assert_eq!(all(store, chains[3]).await, left[left.len() - 1..]);
    }
}

async fn checkpoints_move_on_only<S: ConsentStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    let chain = chain(run);
    one.append(append((1..=9).map(|number| entry(chain, number, None)).collect::<Vec<_>>())).await.unwrap();
    let sealed = |number, seal| Checkpoint::new(place(chain, number), [seal; 32], [seal; 32]);
    // Before anything is gone, it stands before the first.
    assert_eq!(one.purge(purge(vec![sealed(0, 1)])).await.unwrap(), 0);
    assert_eq!(known(other, chain).await, Some(Some(sealed(0, 1))));
    assert_eq!(all(other, chain).await.len(), 9);
    assert_eq!(other.purge(purge(vec![sealed(5, 2)])).await.unwrap(), 5);
    for (store, number) in [(one, 5), (other, 5), (one, 4), (other, 0)] {
        assert_eq!(store.purge(purge(vec![sealed(number, 3)])).await.unwrap(), 0);
        for store in [one, other] {
            assert_eq!(known(store, chain).await, Some(Some(sealed(5, 2))));
            assert_eq!(all(store, chain).await.len(), 4);
        }
    }
    assert_eq!(one.purge(purge(vec![sealed(6, 4)])).await.unwrap(), 1);
    // Many at a time: the farthest stays, and each entry is told once.
    one.append(append((10..=49).map(|number| entry(chain, number, None)).collect::<Vec<_>>())).await.unwrap();
    let work = |store: Arc<S>, index: usize| {
        let purge = purge(vec![sealed(10 + index as u64, index as u8)]);
        async move { store.purge(purge).await.unwrap() }
    };
    let told: u64 = together(one, other, 30, work).await.into_iter().sum();
    for store in [one, other] {
        assert_eq!(known(store, chain).await, Some(Some(sealed(39, 29))));
        assert_eq!(all(store, chain).await.len(), 10);
    }
    assert_eq!(told, 33);
}

/// On a store that others use: what may go is of long ago, and what must stay lies far ahead.
async fn what_was_shown_lately_stays<S: ConsentStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    let (old, bound) = (day(1950, Month::June, 1), day(1950, Month::June, 2));
    let prefix = name(run);
    let texts = [0, 1, 2, 3].map(|name| run.subject(&format!("shown {name}")));
    for (text, days) in
        texts.iter().zip([[old, old], [old, far_ahead()], [far_ahead(), old], [far_ahead(), far_ahead()]])
    {
        for (store, day) in [one, other].into_iter().zip(days) {
            store.keep_text(TextHash::of(text), text, day).await.unwrap();
        }
    }
    for (day, amount) in [(old, 3), (far_ahead(), 4)] {
        one.count(DayCount::new(day, prefix.clone(), amount)).await.unwrap();
    }
    other.purge(LedgerPurge::new(vec![], bound, bound)).await.unwrap();
    for store in [one, other] {
        assert_eq!(store.text(&TextHash::of(&texts[0])).await.unwrap(), None);
        for text in &texts[1..] {
            assert_eq!(store.text(&TextHash::of(text)).await.unwrap().as_ref(), Some(text));
        }
        assert_eq!(counts(store, &prefix).await, [DayCount::new(far_ahead(), prefix.clone(), 4)]);
    }
}

async fn many_appends_are_all_found<S: ConsentStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    const TASKS: usize = 250;
    const EACH: u64 = 4;
    let chains: Vec<_> = (0..TASKS).map(|_| chain(run)).collect();
    let (browser, subject) = (browser(run), run.subject("many"));
    let work = |store: Arc<S>, index: usize| {
        let (chain, subject) = (chains[index], subject.clone());
        async move {
            for number in 1..=EACH {
                let entry = entry(chain, number, body(Some(browser), Some(&subject)));
                store.append(append([entry])).await.unwrap();
            }
        }
    };
    together(one, other, TASKS, work).await;
    let mut expected: Vec<_> = chains
        .iter()
        .flat_map(|chain| (1..=EACH).map(|number| entry(*chain, number, body(Some(browser), Some(&subject)))))
        .collect();
    expected.sort_by_key(|entry| (entry.time, entry.place));
    assert_eq!(expected.len(), 1_000);
    for store in [one, other] {
        assert_eq!(of_browser(store, browser).await, expected);
        assert_eq!(of_subject(store, &subject).await, expected);
        let known = store.chains().await.unwrap();
        for chain in &chains {
            assert_eq!(all(store, *chain).await.len() as u64, EACH);
            assert_eq!(known.iter().filter(|known| known == &&(*chain, None)).count(), 1);
        }
    }
}

async fn what_is_dropped_leaves_nothing_half<S: ConsentStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    for round in 0..30 {
        let (chains, browser, subject) =
            ([chain(run), chain(run)], browser(run), run.subject(&format!("half {round}")));
        let owned = || body(Some(browser), Some(&subject));
        one.append(append([entry(chains[0], 1, owned())])).await.unwrap();
        let added = vec![entry(chains[0], 2, owned()), entry(chains[1], 1, owned()), entry(chains[0], 3, owned())];
        let batch = LedgerBatch::new(added, vec![place(chains[0], 1)]);
        begin(one.append(batch), round % 6).await;
        if round % 2 == 0 {
            begin(one.purge(purge(vec![checkpoint(chains[0], 2)])), round % 6).await;
        }
        // What was begun may still be under way; then two looks differ.
        let look = async || {
            let (zero, second) = (all(other, chains[0]).await, all(other, chains[1]).await);
            let owners = (of_browser(other, browser).await, of_subject(other, &subject).await);
            (zero, second, owners, known(other, chains[0]).await)
        };
        let mut looks = 0;
        loop {
            let (seen, again) = (look().await, look().await);
            let (zero, second, (of_browser, of_subject), known) = &seen;
            let number = |entry: &LedgerEntry| (entry.place.number, entry.body.is_some());
            let numbers: Vec<_> = zero.iter().map(number).collect();
            let is_appended = second.len() == 1;
            let is_purged = *known == Some(Some(checkpoint(chains[0], 2)));
            let expected: &[_] = match (is_appended, is_purged) {
                (false, false) => &[(1, true)],
                (true, false) => &[(1, false), (2, true), (3, true)],
                (true, true) => &[(3, true)],
                (false, true) => &[],
            };
            let with_body = expected.iter().filter(|(_, has_body)| *has_body).count() + second.len();
            let is_whole = numbers == expected && of_browser.len() == with_body && of_browser == of_subject;
            if is_whole && seen == again {
                break;
            }
            looks += 1;
            assert!(looks < 100, "half of something is left: {seen:?}");
            timer::sleep(Duration::from_millis(20)).await;
        }
        // The store still works, on the same handle.
        one.append(append([entry(chains[1], 2, None)])).await.unwrap();
    }
}
