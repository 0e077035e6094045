//! The store in one file: what a restart, a crash, a second process and a damaged file do to it.

use std::{
    collections::BTreeMap,
    env, fs,
    future::Future,
    hash::{BuildHasher, RandomState},
    io::{self, BufRead, BufReader, Read, Write},
    path::Path,
    pin::pin,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::{task::JoinSet, time};
use tower_consent::{ManualClock, RedbStore, StoreErrorKind, TokenDigest, TokenRecord, TokenStore};

use super::{
    contract::{self, Run},
    redb_ledger,
};

pub(super) const NAME: &str = "tokens.redb";

pub(super) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

pub(super) fn open(folder: &TempDir) -> RedbStore {
    RedbStore::open(folder.path().join(NAME)).unwrap()
}

/// An executor of a few lines: the store needs no other.
pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    struct Parked(Thread);
    impl Wake for Parked {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Parked(thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park();
    }
}

/// Inserts them all, many at a time.
async fn insert_all(store: &RedbStore, records: &[TokenRecord]) {
    for chunk in records.chunks(1_000) {
        let mut tasks = JoinSet::new();
        for record in chunk {
            let (store, record) = (store.clone(), record.clone());
            tasks.spawn(async move { store.insert_new(record).await.unwrap() });
        }
        assert!(tasks.join_all().await.into_iter().all(|is_new| is_new));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn contract() {
    let folder = folder();
    let store = open(&folder);
    contract::run("redb", async || store.clone()).await;
}

/// With a memory so small that nearly every look-up goes to the file.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn contract_without_memory() {
    for tokens in [0, 3] {
        let folder = folder();
        let store = RedbStore::builder().cache_tokens(tokens).open(folder.path().join(NAME)).unwrap();
        contract::run("redb", async || store.clone()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_log_out_beats_rotations() {
    let folder = folder();
    let store = open(&folder);
    contract::a_log_out_beats_rotations("redb log-out", (20, 2, 0), (store.clone(), store)).await;
}

#[tokio::test]
async fn seven_days() {
    let folder = folder();
    contract::exactly_seven_days(open(&folder)).await;
}

/// No runtime, no thread of a runtime.
#[test]
fn any_executor_will_do() {
    let (folder, run) = (folder(), Run::new("executor"));
    let store = open(&folder);
    let record = run.record("s");
    assert!(block_on(store.insert_new(record.clone())).unwrap());
    assert!(block_on(store.touch(record.digest(), record.seen_at() + 1)).unwrap());
    assert_eq!(block_on(store.list_of(record.subject())).unwrap().len(), 1);
    assert_eq!(block_on(store.sweep()).unwrap(), 0);
    assert_eq!(block_on(store.delete_all_of(record.subject())).unwrap(), 1);
    block_on(contract::assert_gone(&store, &record));
    assert!(!store.compact().unwrap() || !store.compact().unwrap());
}

/// What was answered is there after a restart, to the last byte, and what was deleted is not.
#[tokio::test]
async fn a_restart_keeps_everything() {
    let (folder, run) = (folder(), Run::new("restart"));
    let data: Vec<u8> = (0..=255).cycle().take(1_024).collect();
    let records: Vec<_> = (0..200)
        .map(|n| run.record(&format!("{}", n % 7)).with_data(&data).unwrap().with_label("Firefox").unwrap())
        .collect();
    let store = open(&folder);
    insert_all(&store, &records).await;
    for record in &records[..50] {
        assert!(store.delete(record.digest()).await.unwrap());
    }
    assert!(store.touch(records[60].digest(), records[60].issued_at() + 99).await.unwrap());
    drop(store);
    let store = open(&folder);
    for record in &records[..50] {
        contract::assert_gone(&store, record).await;
    }
    for (index, record) in records.iter().enumerate().skip(50) {
        let seen_at = record.issued_at() + if index == 60 { 99 } else { 0 };
        let expected = record.clone().with_seen_at(seen_at);
        assert_eq!(store.get(record.digest()).await.unwrap(), Some(expected));
    }
    let listed = store.list_of(records[55].subject()).await.unwrap();
    assert_eq!(listed.len(), records[50..].iter().filter(|record| record.subject() == records[55].subject()).count());
}

/// What was begun and not awaited to its end is done before the file is closed.
#[tokio::test]
async fn dropping_the_store_finishes_what_waits() {
    let (folder, run) = (folder(), Run::new("drop"));
    let records: Vec<_> = (0..100).map(|_| run.record("s")).collect();
    let store = open(&folder);
    for record in &records {
        let mut insert = pin!(store.insert_new(record.clone()));
        drop(insert.as_mut().poll(&mut Context::from_waker(Waker::noop())));
    }
    drop(store);
    assert_eq!(open(&folder).list_of(records[0].subject()).await.unwrap().len(), 100);
}

#[test]
fn a_second_store_is_told_that_the_file_is_in_use() {
    let folder = folder();
    let store = open(&folder);
    let path = folder.path().join(NAME);
    let assert_in_use = |message: &str| {
        let expected = format!("the store is in use by another process: {}: another process", path.display());
        assert!(message.starts_with(&expected), "{message}");
    };
    let error = RedbStore::open(&path).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::InUse);
    assert_in_use(&error.to_string());
    let other_process = |expected: &str| {
        let mut child = child("open", folder.path());
        let told: Vec<_> = lines(&mut child).collect();
        child.wait().unwrap();
        let line = told[0].clone();
        assert!(line.starts_with(expected), "{line}");
        line
    };
    assert_in_use(other_process("InUse ").strip_prefix("InUse ").unwrap());
    let clone = store.clone();
    drop(store);
    other_process("InUse ");
    drop(clone);
    other_process("opened");
    open(&folder);
}

/// Without a sweep of the application's: two intervals after its end nothing finds a token, also in a store opened since.
#[tokio::test]
async fn swept_by_itself() {
    let folder = folder();
    let store = RedbStore::builder().sweep_interval(Duration::from_secs(1));
    let store = store.open(folder.path().join(NAME)).unwrap();
    let run = Run::new("swept");
    // They end in a second, may go after another, and must be gone after a third.
    let ended: Vec<_> = (0..700).map(|n| run.ended_record(&format!("{}", n % 3), -1)).collect();
    let live: Vec<_> = (0..10).map(|n| run.record(&format!("{}", n % 3))).collect();
    insert_all(&store, &ended).await;
    insert_all(&store, &live).await;
    for record in &ended {
        assert!(store.get(record.digest()).await.unwrap().is_some(), "it is in memory now");
    }
    time::sleep(Duration::from_millis(3_300)).await;
    for record in &ended {
        contract::assert_gone(&store, record).await;
    }
    drop(store);
    assert_left(&folder, &run, &ended, &live).await;
}

/// A process that is restarted more often than it sweeps: what has ended is deleted when the store is opened.
#[tokio::test]
async fn swept_at_opening() {
    let (folder, run) = (folder(), Run::new("swept at opening"));
    let store = RedbStore::builder().sweep_interval(Duration::from_secs(86_400));
    let store = store.open(folder.path().join(NAME)).unwrap();
    let ended: Vec<_> = (0..700).map(|n| run.ended_record(&format!("{}", n % 3), 310)).collect();
    // These are kept for an interval, of five minutes.
    let mut left: Vec<_> = (0..5).map(|n| run.ended_record(&format!("{}", n % 3), 200)).collect();
    left.extend((0..10).map(|n| run.record(&format!("{}", n % 3))));
    insert_all(&store, &ended).await;
    insert_all(&store, &left).await;
    drop(store);
    let store = open(&folder);
    let begin = Instant::now();
    for record in &ended {
        while store.get(record.digest()).await.unwrap().is_some() {
            assert!(begin.elapsed() < Duration::from_secs(20), "it is not swept");
            time::sleep(Duration::from_millis(10)).await;
        }
    }
    drop(store);
    assert_left(&folder, &run, &ended, &left).await;
}

/// Asserts that the file has no trace of the ended ones, and all others, of the subjects 0 to 2.
async fn assert_left(folder: &TempDir, run: &Run, ended: &[TokenRecord], left: &[TokenRecord]) {
    let store = RedbStore::builder().sweep_interval(Duration::from_secs(86_400));
    let store = store.open(folder.path().join(NAME)).unwrap();
    for record in ended {
        contract::assert_gone(&store, record).await;
    }
    for subject in ["0", "1", "2"].map(|name| run.subject(name)) {
        let expected = left.iter().filter(|record| record.subject() == subject).count();
        assert_eq!(store.list_of(&subject).await.unwrap().len(), expected);
        assert_eq!(store.delete_all_of(&subject).await.unwrap(), expected as u64);
    }
}

/// How many: all of them where everything is tested, few where somebody waits.
pub(super) fn all_or(few: usize, all: usize) -> usize {
    if std::env::var_os("CI").is_some() { all } else { few }
}

/// One interval after the end, and no second earlier.
#[tokio::test]
async fn swept_one_interval_after_the_end() {
    let (folder, run, clock) = (folder(), Run::new("sweep"), ManualClock::at(0));
    let interval = Duration::from_secs(600);
    let store = RedbStore::builder().clock(clock.clone()).sweep_interval(interval);
    let store = store.open(folder.path().join(NAME)).unwrap();
    // The sweep at opening is over: the next that sweeps is this test.
    time::sleep(Duration::from_millis(300)).await;
    let (record, before_1970) = (run.record("s"), run.record("s"));
    let before_1970 = TokenRecord::new(*before_1970.digest(), record.subject(), -700, -601).unwrap();
    insert_all(&store, &[record.clone(), before_1970.clone()]).await;
    assert_eq!(store.sweep().await.unwrap(), 1);
    contract::assert_gone(&store, &before_1970).await;
    clock.set(record.expires_at() + 599);
    assert_eq!(store.sweep().await.unwrap(), 0);
    assert!(store.get(record.digest()).await.unwrap().is_some());
    clock.advance(1);
    assert_eq!(store.sweep().await.unwrap(), 1);
    contract::assert_gone(&store, &record).await;
    assert_eq!(store.delete_all_of(record.subject()).await.unwrap(), 0);
}

/// While 100,000 tokens (10,000 outside of CI) are swept, others are looked up in the file, signed in and signed out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_stalls_nobody() {
    let (folder, run, clock) = (folder(), Run::new("sweep many"), ManualClock::at(0));
    let store = RedbStore::builder().clock(clock.clone()).cache_tokens(0).open(folder.path().join(NAME)).unwrap();
    let count = all_or(10_000, 100_000);
    let ended: Vec<_> = (0..count).map(|n| run.ended_record(&format!("{}", n % 1_000), 1)).collect();
    let live: Vec<_> = (0..100).map(|_| run.record("live")).collect();
    insert_all(&store, &ended).await;
    insert_all(&store, &live).await;
    clock.set(ended[0].expires_at() + 300);

    let is_over = Arc::new(AtomicBool::new(false));
    let reader = {
        let (store, is_over, live) = (store.clone(), Arc::clone(&is_over), live.clone());
        thread::spawn(move || {
            let (mut count, mut longest) = (0_u64, Duration::ZERO);
            while !is_over.load(Ordering::SeqCst) {
                for record in &live {
                    let begin = Instant::now();
                    assert!(block_on(store.get(record.digest())).unwrap().is_some());
                    longest = longest.max(begin.elapsed());
                    count += 1;
                }
            }
            (count, longest)
        })
    };
    let writer = {
        let (store, is_over) = (store.clone(), Arc::clone(&is_over));
        let records: Vec<_> = (0..100_000).map(|_| run.record("writer")).collect();
        thread::spawn(move || {
            let (mut count, mut longest) = (0_u64, Duration::ZERO);
            for record in records {
                if is_over.load(Ordering::SeqCst) {
                    break;
                }
                let begin = Instant::now();
                assert!(block_on(store.insert_new(record.clone())).unwrap());
                assert!(block_on(store.delete(record.digest())).unwrap());
                longest = longest.max(begin.elapsed());
                count += 1;
            }
            (count, longest)
        })
    };
    let begin = Instant::now();
    assert_eq!(store.sweep().await.unwrap(), count as u64);
    let took = begin.elapsed();
    is_over.store(true, Ordering::SeqCst);
    let ((gets, longest_get), (writes, longest_write)) = (reader.join().unwrap(), writer.join().unwrap());
    println!(
        "100,000 swept in {took:?}; meanwhile {gets} look-ups, the longest {longest_get:?}; {writes} sign-ins with \
         sign-outs, the longest pair {longest_write:?}"
    );
    assert!(gets >= 200 && writes >= 20, "{gets} look-ups and {writes} pairs got through");
    assert!(store.list_of(ended[0].subject()).await.unwrap().is_empty());
    assert_eq!(store.list_of(live[0].subject()).await.unwrap().len(), 100);
}

/// Look-ups all the time while tokens are deleted: once a deletion is acknowledged, none sees the token again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_look_up_revives_a_deleted_token() {
    let count = all_or(2_000, 20_000);
    const DELETERS: usize = 50;
    let (folder, run) = (folder(), Run::new("revive"));
    // So small a memory that most look-ups miss it, and fill it.
    let store = RedbStore::builder().cache_tokens(1_000).open(folder.path().join(NAME)).unwrap();
    let records: Arc<Vec<_>> = Arc::new((0..count).map(|n| run.record(&format!("{}", n % 100))).collect());
    insert_all(&store, &records).await;
    let (next, is_over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let readers: Vec<_> = (0..3)
        .map(|reader| {
            let (store, records) = (store.clone(), Arc::clone(&records));
            let (next, is_over) = (Arc::clone(&next), Arc::clone(&is_over));
            thread::spawn(move || {
                let mut seen = 0_u64;
                while !is_over.load(Ordering::SeqCst) {
                    // Those that are deleted just now.
                    let window = next.load(Ordering::SeqCst);
                    for record in records.iter().take(window).skip(window.saturating_sub(DELETERS)).skip(reader) {
                        seen += u64::from(block_on(store.get(record.digest())).unwrap().is_some());
                    }
                }
                seen
            })
        })
        .collect();
    let mut deleters = JoinSet::new();
    for _ in 0..DELETERS {
        let (store, records, next) = (store.clone(), Arc::clone(&records), Arc::clone(&next));
        deleters.spawn(async move {
            while let Some(record) = records.get(next.fetch_add(1, Ordering::SeqCst)) {
                assert!(store.delete(record.digest()).await.unwrap());
                for _ in 0..20 {
                    assert!(store.get(record.digest()).await.unwrap().is_none(), "a deleted token is found");
                }
                tokio::task::yield_now().await;
                assert!(store.get(record.digest()).await.unwrap().is_none(), "a deleted token is found again");
            }
        });
    }
    deleters.join_all().await;
    is_over.store(true, Ordering::SeqCst);
    let seen: u64 = readers.into_iter().map(|reader| reader.join().unwrap()).sum();
    assert!(seen > 1_000, "the readers saw only {seen} tokens before their end");
    for record in &*records {
        assert!(store.get(record.digest()).await.unwrap().is_none());
    }
}

/// Compaction loses nothing, cuts the file, and takes what deleted tokens left in it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compaction_keeps_everything() {
    let (folder, run) = (folder(), Run::new("compact"));
    let marker = |n: usize| format!("<marker {n:05}>");
    let records: Vec<_> =
        (0..6_000).map(|n| run.record(&format!("{}", n % 10)).with_data(marker(n).as_bytes()).unwrap()).collect();
    let store = open(&folder);
    insert_all(&store, &records).await;
    for subject in 1..10 {
        assert_eq!(store.delete_all_of(&run.subject(&subject.to_string())).await.unwrap(), 600);
    }
    // How many of the deleted tokens can be found in the file.
    let left = || {
        let bytes = fs::read(folder.path().join(NAME)).unwrap();
        let found = bytes.windows(14).filter(|window| window.starts_with(b"<marker ")).map(<[u8]>::to_vec);
        let found: std::collections::BTreeSet<_> = found.collect();
        (bytes.len(), (0..6_000).filter(|n| n % 10 != 0 && found.contains(marker(*n).as_bytes())).count())
    };
    let before = left();
    let compacting = store.clone();
    assert!(tokio::task::spawn_blocking(move || compacting.compact()).await.unwrap().unwrap());
    let after = left();
    println!("bytes and deleted tokens in the file: {before:?}, after compaction: {after:?}");
    assert!(after.0 < before.0 / 2);
    assert!(before.1 > 1_000, "nothing was to be done");
    assert_eq!(after.1, 0);
    let check = async |store: &RedbStore| {
        for (n, record) in records.iter().enumerate() {
            let expected = (n % 10 == 0).then(|| record.clone());
            assert_eq!(store.get(record.digest()).await.unwrap(), expected);
        }
        assert_eq!(store.list_of(records[0].subject()).await.unwrap().len(), 600);
    };
    check(&store).await;
    let last = run.record("last");
    assert!(store.insert_new(last.clone()).await.unwrap());
    drop(store);
    let store = open(&folder);
    check(&store).await;
    assert_eq!(store.get(last.digest()).await.unwrap(), Some(last));
}

/// A look-up that memory answers allocates nothing.
#[test]
fn a_token_in_use_is_found_without_allocation() {
    let (folder, run) = (folder(), Run::new("allocation"));
    let store = open(&folder);
    let record = run.record("s");
    assert!(block_on(store.insert_new(record.clone())).unwrap());
    let mut found = None;
    let counted = allocation_counter::measure(|| {
        for _ in 0..100 {
            let answer = store.get(record.digest());
            let answer = pin!(answer).poll(&mut Context::from_waker(Waker::noop()));
            found = match answer {
                Poll::Ready(Ok(found)) => found,
                _ => None,
            };
        }
    });
    assert_eq!(found.as_ref(), Some(&record));
    assert_eq!(counted.count_total, 0);
}

/// Only its owner reads it.
#[cfg(unix)]
#[test]
fn a_new_file_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let _store = open(&folder);
    assert_eq!(fs::metadata(folder.path().join(NAME)).unwrap().permissions().mode() & 0o7777, 0o600);
}

/// Each says what is wrong and where, and leaves what it found.
#[test]
fn a_bad_path_is_an_error() {
    let folder = folder();
    let (path, file) = (folder.path().join("none").join(NAME), folder.path().join("file"));
    fs::write(&file, b"no database, and not empty").unwrap();
    let long = folder.path().join("x".repeat(300));
    for path in [path.as_path(), folder.path(), &file, &file.join(NAME), &long] {
        let error = RedbStore::open(path).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Config, "{error}");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
    assert_eq!(fs::read(&file).unwrap(), b"no database, and not empty");
}

/// A file that was cut short, overwritten or altered is an error or is repaired; it is no panic, and no other record than
/// was written comes out of it.
#[tokio::test]
async fn a_damaged_file_is_an_error() {
    let (folder, run) = (folder(), Run::new("damaged"));
    let path = folder.path().join(NAME);
    let records: Vec<_> = (0..300).map(|n| run.record(&format!("{}", n % 5)).with_data(&[7; 100]).unwrap()).collect();
    let store = open(&folder);
    insert_all(&store, &records).await;
    drop(store);
    let whole = fs::read(&path).unwrap();
    let hasher = RandomState::new();
    let random = |n: usize| usize::try_from(hasher.hash_one(n) >> 1).unwrap();

    let mut damaged: Vec<(String, Vec<u8>)> = Vec::new();
    for length in [1, 8, 9, 100, 4_095, 4_096, 8_192, whole.len() / 2, whole.len() - 4_096, whole.len() - 1] {
        damaged.push((format!("cut to {length} bytes"), whole[..length].to_vec()));
    }
    for length in [16, 5_000, whole.len()] {
        damaged.push((format!("{length} bytes of garbage"), (0..length).map(|n| random(n) as u8).collect()));
        let mut bytes = whole.clone();
        bytes[..length].copy_from_slice(&damaged.last().unwrap().1);
        damaged.push((format!("begins with {length} bytes of garbage"), bytes));
    }
    for start in [9, 64, 128, 320, 4_096, 8_192, 100_000] {
        let mut bytes = whole.clone();
        bytes[start..].iter_mut().enumerate().for_each(|(n, byte)| *byte = random(n) as u8);
        damaged.push((format!("garbage from byte {start}"), bytes));
    }
    for n in 0..150 {
        let (mut bytes, at) = (whole.clone(), if n % 3 == 0 { random(n) % 4_096 } else { random(n) % whole.len() });
        bytes[at] ^= 1 << (n % 8);
        damaged.push((format!("byte {at} altered"), bytes));
    }
    // Zeros where data was: no unfinished file, but one that lost its beginning.
    let mut bytes = whole.clone();
    bytes[..4_096].fill(0);
    damaged.push(("begins with zeros".to_owned(), bytes));

    let mut refused = 0;
    for (what, bytes) in damaged {
        fs::write(&path, &bytes).unwrap();
        match RedbStore::open(&path) {
            Ok(store) => {
                for record in &records {
                    match store.get(record.digest()).await {
                        Ok(Some(found)) => assert_eq!(found, *record, "{what}"),
                        Ok(None) => panic!("{what}: a token is lost and nobody was told"),
                        Err(error) => assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{what}: {error}"),
                    }
                }
                for name in 0..5 {
                    drop(store.list_of(&run.subject(&name.to_string())).await);
                }
            }
            Err(error) => {
                refused += 1;
                assert!(error.to_string().contains(&path.display().to_string()), "{what}: {error}");
                let expected = [StoreErrorKind::Corrupt, StoreErrorKind::Config];
                assert!(expected.contains(&error.kind()), "{what}: {error}");
            }
        }
    }
    assert!(refused > 20, "{refused}");
}

/// What a crash leaves that came while the file was made: begun anew.
#[tokio::test]
async fn an_unfinished_file_is_begun_anew() {
    let (folder, run) = (folder(), Run::new("unfinished"));
    for length in [0, 5, 4_096, 1 << 20] {
        let path = folder.path().join(format!("{length}"));
        fs::write(&path, vec![0; length]).unwrap();
        let store = RedbStore::open(&path).unwrap();
        assert!(store.insert_new(run.record("s")).await.unwrap());
    }
}

// Crashes.

/// Fifty times over one file: a process that issues and revokes from several threads is killed at a random moment, and
/// the file is opened again. What it acknowledged holds.
#[test]
fn killed_processes_lose_nothing_that_they_acknowledged() {
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Known {
        Issued,
        Either,
        Revoked,
    }
    let (folder, hasher) = (folder(), RandomState::new());
    let mut known: BTreeMap<TokenDigest, (String, Known)> = BTreeMap::new();
    for round in 0..all_or(10, 50) {
        let mut child = child("work", folder.path());
        let mut lines = lines(&mut child);
        let mut seen = Vec::new();
        // Every fifth is killed while it opens the file, or makes it.
        let moment = if round % 5 == 0 {
            Duration::from_millis(hasher.hash_one(round) % 40)
        } else {
            assert_eq!(lines.next().as_deref(), Some("opened"));
            Duration::from_millis(20 + hasher.hash_one(round) % 131)
        };
        let reader = thread::spawn(move || {
            seen.extend(lines);
            seen
        });
        thread::sleep(moment);
        // SIGKILL.
        child.kill().unwrap();
        child.wait().unwrap();
        for line in reader.join().unwrap() {
            let mut words = line.split(' ');
            let (Some(what), Some(digest), Some(subject)) = (words.next(), words.next(), words.next()) else {
                continue;
            };
            let state = match what {
                "issued" => Known::Issued,
                "revoking" => Known::Either,
                "revoked" => Known::Revoked,
                _ => panic!("{line}"),
            };
            known.insert(digest.parse().unwrap(), (subject.to_owned(), state));
        }

        let store = open(&folder);
        let mut listed: BTreeMap<String, Vec<TokenDigest>> = BTreeMap::new();
        for (digest, (subject, known)) in &known {
            let list = listed.entry(subject.clone()).or_insert_with(|| {
                let mut list: Vec<_> =
                    block_on(store.list_of(subject)).unwrap().iter().map(|record| *record.digest()).collect();
                list.sort();
                list
            });
            let is_listed = list.binary_search(digest).is_ok();
            let is_found = block_on(store.get(digest)).unwrap().is_some();
            assert_eq!(is_found, is_listed, "round {round}: half of a token");
            match known {
                Known::Issued => assert!(is_found, "round {round}: an acknowledged token is lost"),
                Known::Revoked => assert!(!is_found, "round {round}: a revoked token is back"),
                Known::Either => {}
            }
        }
    }
    let count = |state| known.values().filter(|(_, known)| *known == state).count();
    let (issued, revoked) = (count(Known::Issued), count(Known::Revoked));
    let either = count(Known::Either);
    println!("50 kills: {issued} tokens alive, {revoked} revoked, {either} were about to be revoked");
    assert!(issued > 50 && revoked > 50);
}

/// A disk that is full for a while: an error, nothing lost, and it works again without a restart.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_for_as_long_as_it_is_full() {
    let folder = folder();
    let mut child = child("full", folder.path());
    let mut input = child.stdin.take().unwrap();
    let mut lines = lines(&mut child);
    assert_eq!(lines.next().as_deref(), Some("opened"));
    let failed = lines.next().unwrap();
    assert!(failed.starts_with("Unavailable the store is unavailable: "), "{failed}");
    assert!(failed.contains(NAME), "{failed}");
    let prlimit = Command::new("prlimit").args(["--fsize=unlimited", "--pid", &child.id().to_string()]).status();
    assert!(prlimit.unwrap().success());
    input.write_all(b"go on\n").unwrap();
    let acknowledged = lines.next().unwrap();
    let acknowledged: usize = acknowledged.strip_prefix("acknowledged ").expect(&acknowledged).parse().unwrap();
    let digests: Vec<TokenDigest> = lines.by_ref().take(acknowledged).map(|line| line.parse().unwrap()).collect();
    assert!(child.wait().unwrap().success());
    assert!(acknowledged > 100, "{acknowledged}");
    let store = open(&folder);
    for digest in &digests {
        assert!(block_on(store.get(digest)).unwrap().is_some());
    }
}

/// This test binary, as another process: the test below, with a task.
pub(super) fn child(task: &str, folder: &Path) -> Child {
    // Also where the file has been built anew since this process began.
    let running = Path::new("/proc").join(std::process::id().to_string()).join("exe");
    let binary = if running.exists() { running } else { env::current_exe().unwrap() };
    let arguments = ["--exact", "redb::as_a_child", "--ignored", "--nocapture"];
    let mut command = if task == "full" {
        // No file longer than this many blocks of 512 or 1,024 bytes; a write beyond is an error, and no signal.
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; ulimit -S -f 6000; exec \"$0\" \"$@\""]).arg(binary);
        command
    } else {
        Command::new(binary)
    };
    command
        .args(arguments)
        .env("TOWER_CONSENT_TASK", task)
        .env("TOWER_CONSENT_FOLDER", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What a child tells, whole lines only. The harness writes lines of its own.
pub(super) fn lines(child: &mut Child) -> impl Iterator<Item = String> + Send + use<> {
    let mut output = BufReader::new(child.stdout.take().unwrap());
    std::iter::from_fn(move || {
        loop {
            let mut line = String::new();
            let is_whole = output.read_line(&mut line).unwrap() > 0 && line.ends_with('\n');
            if !is_whole {
                return None;
            }
            if let Some((_, told)) = line.trim_end().split_once("> ") {
                return Some(told.to_owned());
            }
        }
    })
}

/// One line, written at once.
pub(super) fn tell(line: &str) {
    let mut output = io::stdout().lock();
    output.write_all(format!("> {line}\n").as_bytes()).unwrap();
    output.flush().unwrap();
}

#[test]
#[ignore = "a task for a child process of the tests above, and of those of records"]
fn as_a_child() {
    let Ok(task) = env::var("TOWER_CONSENT_TASK") else { return };
    let path = Path::new(&env::var_os("TOWER_CONSENT_FOLDER").unwrap()).join(NAME);
    match RedbStore::open(&path) {
        Ok(store) => {
            tell("opened");
            match task.as_str() {
                "work" => work(&store),
                "full" => fill(&store),
                "records" => redb_ledger::work(&store),
                "proofs" => super::proofs::work(&store),
                _ => {}
            }
        }
        Err(error) => tell(&format!("{:?} {error}", error.kind())),
    }
}

/// Issues and revokes until it is killed.
fn work(store: &RedbStore) {
    let run = Run::new("work");
    let tell_of = |what: &str, record: &TokenRecord| {
        tell(&format!("{what} {} {}", record.digest(), record.subject()));
    };
    thread::scope(|scope| {
        for worker in 0..6 {
            let (run, tell_of) = (&run, &tell_of);
            scope.spawn(move || {
                for round in 0.. {
                    // A name without spaces, for the lines that are told.
                    let subject = format!("worker-{worker}-{}", std::process::id());
                    let subject = if worker == 5 { format!("{subject}-{round}") } else { subject };
                    let records: Vec<_> = (0..3)
                        .map(|_| {
                            let record = run.record("s");
                            let (issued, ended) = (record.issued_at(), record.expires_at());
                            TokenRecord::new(*record.digest(), &subject, issued, ended).unwrap()
                        })
                        .collect();
                    for record in &records {
                        assert!(block_on(store.insert_new(record.clone())).unwrap());
                        tell_of("issued", record);
                    }
                    if worker == 5 {
                        records.iter().for_each(|record| tell_of("revoking", record));
                        assert_eq!(block_on(store.delete_all_of(&subject)).unwrap(), 3);
                        records.iter().for_each(|record| tell_of("revoked", record));
                    } else {
                        assert!(block_on(store.touch(records[1].digest(), records[1].seen_at() + 1)).unwrap());
                        tell_of("revoking", &records[0]);
                        assert!(block_on(store.delete(records[0].digest())).unwrap());
                        tell_of("revoked", &records[0]);
                    }
                }
            });
        }
    });
}

/// Inserts until the disk is full; later it is not.
fn fill(store: &RedbStore) {
    let run = Run::new("fill");
    let mut acknowledged = Vec::new();
    let insert = |acknowledged: &mut Vec<TokenRecord>| {
        let record = run.record("s").with_data(&[3; 1_024]).unwrap();
        block_on(store.insert_new(record.clone())).map(|is_new| {
            assert!(is_new);
            acknowledged.push(record);
        })
    };
    let error = loop {
        if let Err(error) = insert(&mut acknowledged) {
            break error;
        }
    };
    // What was acknowledged is found, or the store says that it cannot tell.
    for record in &acknowledged {
        match block_on(store.get(record.digest())) {
            Ok(found) => assert_eq!(found.as_ref(), Some(record)),
            Err(error) => assert_eq!(error.kind(), StoreErrorKind::Unavailable),
        }
    }
    tell(&format!("{:?} {error}", error.kind()));
    io::stdin().read_exact(&mut [0]).unwrap();
    for _ in 0..100 {
        insert(&mut acknowledged).unwrap();
    }
    for record in &acknowledged {
        assert_eq!(block_on(store.get(record.digest())).unwrap().as_ref(), Some(record));
    }
    assert!(block_on(store.list_of(&run.subject("s"))).unwrap().len() >= acknowledged.len());
    tell(&format!("acknowledged {}", acknowledged.len()));
    for record in &acknowledged {
        tell(&record.digest().to_string());
    }
}

// Figures.

/// `cargo test --release --test stores redb::figures -- --ignored --nocapture`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures; asserts nothing"]
async fn figures() {
    let folder =
        tempfile::tempdir_in(env::var_os("TOWER_CONSENT_FOLDER").unwrap_or_else(|| env::temp_dir().into())).unwrap();
    let run = Run::new("figures");
    let median = |mut times: Vec<Duration>| {
        times.sort();
        times[times.len() / 2]
    };
    let store = open(&folder);
    let mut log = fs::File::create(folder.path().join("log")).unwrap();
    let (mut syncs, mut inserts) = (Vec::new(), Vec::new());
    // In turns, so that both see the same disk.
    for _ in 0..500 {
        let begin = Instant::now();
        log.write_all(&[1; 64]).unwrap();
        log.sync_data().unwrap();
        syncs.push(begin.elapsed());
        let record = run.record("s");
        let begin = Instant::now();
        assert!(store.insert_new(record).await.unwrap());
        inserts.push(begin.elapsed());
    }
    let (sync, insert) = (median(syncs), median(inserts));
    println!("fdatasync {sync:?}, insert {insert:?}: {:.2} times", insert.as_secs_f64() / sync.as_secs_f64());

    let rate = async |tasks: usize, each: usize| {
        let begin = Instant::now();
        let mut set = JoinSet::new();
        for task in 0..tasks {
            let (store, records) =
                (store.clone(), (0..each).map(|_| run.record(&format!("{task}"))).collect::<Vec<_>>());
            set.spawn(async move {
                for record in records {
                    assert!(store.insert_new(record).await.unwrap());
                }
            });
        }
        set.join_all().await;
        (tasks * each) as f64 / begin.elapsed().as_secs_f64()
    };
    let (one, many) = (rate(1, 500).await, rate(64, 200).await);
    println!("inserts a second: one at a time {one:.0}, 64 at a time {many:.0}: {:.1} times", many / one);

    let records: Vec<_> = (0..100_000).map(|n| run.record(&format!("{}", n % 50_000))).collect();
    insert_all(&store, &records).await;
    let per = |begin: Instant, count: usize| begin.elapsed() / u32::try_from(count).unwrap();
    let begin = Instant::now();
    for _ in 0..1_000_000 {
        assert!(store.get(records[99_999].digest()).await.unwrap().is_some());
    }
    println!("get from memory {:?}", per(begin, 1_000_000));
    let begin = Instant::now();
    for record in &records[..40_000] {
        assert!(store.get(record.digest()).await.unwrap().is_some());
    }
    println!("get from the file {:?}", per(begin, 50_000));
    let begin = Instant::now();
    for record in &records[..1_000] {
        assert!(store.touch(record.digest(), record.seen_at() + 1).await.unwrap());
    }
    println!("touch, one at a time {:?}", per(begin, 1_000));
    drop(store);
    let begin = Instant::now();
    let store = open(&folder);
    println!("opened with about 114,000 tokens in {:?}", begin.elapsed());
    drop(store);
}
