//! What every token store promises, as written at [`TokenStore`]: one suite, run against each of them.
//!
//! `run(label, open)` is the whole of it. `open` gives a handle on the same tokens each time: a clone, or, where a server
//! keeps them, a store with connections of its own, as a second process would have. The store's sweep interval must be a
//! minute or more. Digests and subjects are new in every run, so that many runs can share one server at a time.

use std::{
    collections::BTreeSet,
    future::{Future, poll_fn},
    hash::{BuildHasher, RandomState},
    pin::pin,
    slice::from_ref,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::Poll,
    time::{Duration, Instant},
};

use http::{Request, Response};
use tokio::{
    sync::oneshot,
    task::{self, JoinSet},
    time,
};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_consent::{
    Clock, ManualClock, StoreError, StoreErrorKind, SystemClock, TokenContext, TokenDigest, TokenForm, TokenLayer,
    TokenRecord, TokenStore, Tokens,
};

/// Seven days.
const LIFE: i64 = 604_800;

/// Where digests and subjects of one run come from.
#[derive(Debug)]
pub(crate) struct Run {
    id: String,
    count: AtomicU64,
    now: i64,
}

impl Run {
    pub(crate) fn new(label: &str) -> Self {
        let id = format!("{label} {:016x}", RandomState::new().hash_one(std::process::id()));
        Self { id, count: AtomicU64::new(0), now: SystemClock.unix_seconds() }
    }

    /// A digest that nobody has seen.
    pub(crate) fn digest(&self) -> TokenDigest {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        TokenDigest::of(format!("{} {count}", self.id).as_bytes())
    }

    /// A subject of this run alone.
    pub(crate) fn subject(&self, name: &str) -> String {
        format!("{} {name}", self.id)
    }

    /// A token of `subject(name)`, issued now, for seven days.
    pub(crate) fn record(&self, name: &str) -> TokenRecord {
        self.record_of(&self.subject(name))
    }

    fn record_of(&self, subject: &str) -> TokenRecord {
        TokenRecord::new(self.digest(), subject, self.now, self.now + LIFE).unwrap()
    }

    /// A token that ended some seconds ago.
    pub(crate) fn ended_record(&self, name: &str, seconds: i64) -> TokenRecord {
        let end = self.now - seconds;
        TokenRecord::new(self.digest(), &self.subject(name), end - LIFE, end).unwrap()
    }
}

/// The whole contract.
pub(crate) async fn run<S: TokenStore>(label: &str, open: impl AsyncFn() -> S) {
    let run = Arc::new(Run::new(label));
    let (one, other) = (Arc::new(open().await), Arc::new(open().await));
    inserts_are_found(&run, &one, &other).await;
    every_field_comes_back(&run, &one, &other).await;
    nothing_is_overwritten(&run, &one, &other).await;
    one_insert_of_many_wins(&run, &one, &other).await;
    a_deletion_is_final(&run, &one, &other).await;
    one_deletion_of_many_wins(&run, &one, &other).await;
    every_deletion_is_told_once(&run, &one, &other).await;
    one_rotation_of_many_wins(&run, &one, &other).await;
    subjects_are_exact(&run, &one, &other).await;
    many_tokens_of_one_subject(&run, &one, &other).await;
    for round in 0..5 {
        the_end_of_a_subject_is_an_end(&run, &one, &other, round).await;
    }
    a_rotating_session_is_listed(&run, &one, &other, 10).await;
    a_use_is_noted(&run, &one, &other).await;
    a_use_brings_nothing_back(&run, &one, &other).await;
    ended_tokens_are_not_judged(&run, &one, &other).await;
    what_is_dropped_leaves_nothing_half(&run, &one, &other).await;
}

/// A token is live for 604,800 seconds from its issue, and not one more; the store still has it then.
pub(crate) async fn exactly_seven_days<S: TokenStore>(store: S) {
    let (store, clock) = (Arc::new(store), ManualClock::at(SystemClock.unix_seconds()));
    let tokens = Tokens::builder(Arc::clone(&store)).clock(clock.clone()).build().unwrap();
    let subject = Run::new("seven days").subject("s");
    let issued = tokens.issue(subject.as_str()).await.unwrap();
    let token = issued.token().expose();
    for (second, is_live) in [(0, true), (604_799, true), (604_800, false), (604_801, false), (604_799, true)] {
        clock.set(issued.record().issued_at() + second);
        let found = tokens.verify(&token).await.unwrap();
        assert_eq!(found.as_ref(), is_live.then_some(issued.record()), "after {second} s");
        assert_eq!(store.list_of(&subject).await.unwrap().len(), 1);
    }
    assert!(tokens.revoke(&token).await.unwrap());
    assert!(tokens.verify(&token).await.unwrap().is_none());
    assert_gone(&store, issued.record()).await;
}

/// A log-out that saw a session under one token, while the session rotates on and on: when it is answered, the session is
/// over, under every token. The rotations go through one handle, the log-out through the other.
///
/// A log-out may give up where rotations are faster than it is. It is sent again then, at most `patience` times in all.
/// Between two rotations the client pauses for a random time of less than `pause` milliseconds.
pub(crate) async fn a_log_out_beats_rotations<S: TokenStore>(
    label: &str,
    (rounds, patience, pause): (u64, u32, u64),
    (rotates, ends): (S, S),
) {
    let (run, random) = (Run::new(label), RandomState::new());
    let (rotates, ends) = (Tokens::new(rotates), Tokens::new(ends));
    let (mut rotations, mut given_up, mut longest) = (0, 0, Duration::ZERO);
    for round in 0..rounds {
        let subject = run.subject(&format!("{round}"));
        let first = rotates.issue(subject.as_str()).await.unwrap().token().expose().to_string();
        let (is_over, (begins, begun)) = (Arc::new(AtomicBool::new(false)), oneshot::channel());
        let count = Arc::new(AtomicU64::new(0));
        let rotating = tokio::spawn({
            let (rotates, is_over, mut token) = (rotates.clone(), Arc::clone(&is_over), first.clone());
            let (count, random) = (Arc::clone(&count), random.clone());
            async move {
                let () = begun.await.unwrap();
                loop {
                    let is_late = is_over.load(Ordering::SeqCst);
                    let Some(issued) = rotates.rotate(&token).await.unwrap() else { return };
                    assert!(!is_late, "round {round}: rotated after its end");
                    token = issued.token().expose().to_string();
                    let done = count.fetch_add(1, Ordering::SeqCst);
                    if pause > 0 {
                        time::sleep(Duration::from_millis(random.hash_one((round, done)) % pause)).await;
                    }
                }
            }
        });
        let wait = Duration::from_micros(random.hash_one(round) % 10_000);
        let begins = Mutex::new(Some(begins));
        let site = TokenLayer::new(ends.clone()).layer(service_fn(async |request: Request<()>| {
            let context = TokenContext::of(request.extensions()).unwrap();
            let session = context.session(request.headers()).await.unwrap().unwrap();
            begins.lock().unwrap().take().unwrap().send(()).unwrap();
            while count.load(Ordering::SeqCst) == 0 {
                time::sleep(Duration::from_micros(100)).await;
            }
            time::sleep(wait).await;
            let (begin, mut given_up) = (Instant::now(), 0);
            while let Err(error) = session.end().await {
                assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
                assert!(error.to_string().contains("as fast as"), "{error}");
                given_up += 1;
                assert!(given_up <= patience, "round {round}: given up {given_up} times");
            }
            Ok::<_, StoreError>(Response::new((begin.elapsed(), given_up)))
        }));
        let request = Request::builder().header("cookie", format!("__Host-token={first}")).body(()).unwrap();
        let (took, times) = site.oneshot(request).await.unwrap().into_body();
        is_over.store(true, Ordering::SeqCst);
        (longest, given_up) = (longest.max(took), given_up + times);
        time::timeout(Duration::from_secs(20), rotating).await.expect("it still rotates").unwrap();
        let rotated = count.load(Ordering::SeqCst);
        rotations += rotated;
        for tokens in [&rotates, &ends] {
            assert_eq!(tokens.list(&subject).await.unwrap(), [], "round {round}: after {rotated} rotations");
        }
    }
    println!("{label}: {rotations} rotations, {rounds} log-outs, the longest {longest:?}, given up {given_up} times");
    assert!(given_up <= patience, "given up {given_up} times in {rounds} log-outs");
}

/// Asserts that no operation finds this token.
pub(crate) async fn assert_gone(store: &impl TokenStore, record: &TokenRecord) {
    let digest = record.digest();
    assert_eq!(store.get(digest).await.unwrap(), None, "get finds it");
    let listed = store.list_of(record.subject()).await.unwrap();
    assert!(!listed.iter().any(|listed| listed.digest() == digest), "it is listed");
    assert!(!store.touch(digest, record.expires_at()).await.unwrap(), "a touch finds it");
    assert!(!store.delete(digest).await.unwrap(), "a delete finds it");
}

/// The digests of a subject, in order, each once.
async fn listed(store: &impl TokenStore, subject: &str) -> BTreeSet<TokenDigest> {
    let list = store.list_of(subject).await.unwrap();
    assert!(list.iter().all(|record| record.subject() == subject), "a token of somebody else is listed");
    let digests: BTreeSet<_> = list.iter().map(|record| *record.digest()).collect();
    assert_eq!(digests.len(), list.len(), "a token is listed twice");
    digests
}

/// Runs all at a time, half of them on each handle, and gives their answers.
pub(crate) async fn together<S, F: Future<Output: Send + 'static> + Send + 'static>(
    one: &Arc<S>,
    other: &Arc<S>,
    count: usize,
    work: impl Fn(Arc<S>, usize) -> F,
) -> Vec<F::Output> {
    let mut tasks = JoinSet::new();
    for index in 0..count {
        tasks.spawn(work(Arc::clone(if index % 2 == 0 { one } else { other }), index));
    }
    tasks.join_all().await
}

async fn inserts_are_found<S: TokenStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    let record = run.record("insert");
    for store in [one, other] {
        assert_gone(store, &record).await;
        assert_eq!(store.delete_all_of(record.subject()).await.unwrap(), 0);
    }
    assert!(one.insert_new(record.clone()).await.unwrap());
    for store in [one, other, one] {
        assert_eq!(store.get(record.digest()).await.unwrap().as_ref(), Some(&record));
        assert_eq!(store.list_of(record.subject()).await.unwrap(), from_ref(&record));
        store.sweep().await.unwrap();
    }
    // Many at a time, none lost.
    let records: Vec<_> = (0..100).map(|_| run.record("insert many")).collect();
    let insert = |store: Arc<S>, index: usize| {
        let record = records[index].clone();
        async move { store.insert_new(record).await.unwrap() }
    };
    assert_eq!(together(one, other, records.len(), insert).await, [true; 100]);
    for record in &records {
        assert_eq!(other.get(record.digest()).await.unwrap().as_ref(), Some(record));
    }
    assert_eq!(listed(one, records[0].subject()).await.len(), records.len());
}

async fn every_field_comes_back<S: TokenStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    let data: Vec<u8> = (0..=255).cycle().take(1_024).collect();
    let label = "\u{0}\"'\\ %_\r\n\u{7f}\u{1f36a} ".to_owned() + &"x".repeat(240);
    assert_eq!(label.len(), 255);
    let (subject, now) = (run.subject("fields"), run.now);
    let record = |issued, expires| TokenRecord::new(run.digest(), &subject, issued, expires).unwrap();
    let records = [
        record(now, now + LIFE).with_label(&label).unwrap().with_data(&data).unwrap(),
        record(now, now + LIFE).with_label("Firefox").unwrap().with_form(TokenForm::BrowserSession),
        record(now, now + LIFE).with_data(&[0]).unwrap().with_form(TokenForm::Bearer),
        record(now - 1, now + 1_000).with_seen_at(now + 7),
        record(0, now + 10 * 365 * 86_400).with_seen_at(0),
        record(-1, now + LIFE).with_seen_at(-1),
        record(i64::MIN, now + LIFE),
        record(now, now + LIFE).with_seen_at(i64::MAX),
    ];
    for record in &records {
        assert!(one.insert_new(record.clone()).await.unwrap());
        for store in [one, other] {
            assert_eq!(store.get(record.digest()).await.unwrap().as_ref(), Some(record));
        }
    }
    let mut list = other.list_of(&subject).await.unwrap();
    list.sort_by_key(|record| *record.digest());
    let mut records = records;
    records.sort_by_key(|record| *record.digest());
    assert_eq!(list, records);
    assert_eq!(other.delete_all_of(&subject).await.unwrap(), 8);
}

async fn nothing_is_overwritten<S: TokenStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    let first = run.record("first").with_label("first").unwrap();
    assert!(one.insert_new(first.clone()).await.unwrap());
    let second = TokenRecord::new(*first.digest(), &run.subject("second"), run.now + 1, run.now + 2 * LIFE).unwrap();
    let second = second.with_seen_at(run.now + 3).with_label("second").unwrap().with_data(b"second").unwrap();
    for store in [one, other] {
        assert!(!store.insert_new(second.clone()).await.unwrap());
        assert!(!store.insert_new(first.clone()).await.unwrap(), "the same once more is not new either");
    }
    for store in [one, other] {
        assert_eq!(store.get(first.digest()).await.unwrap().as_ref(), Some(&first));
        assert_eq!(store.list_of(first.subject()).await.unwrap(), from_ref(&first));
        assert!(listed(store, second.subject()).await.is_empty());
        assert_eq!(store.delete_all_of(second.subject()).await.unwrap(), 0);
    }
    assert_eq!(one.delete_all_of(first.subject()).await.unwrap(), 1);
    assert_gone(other, &first).await;
}

async fn one_insert_of_many_wins<S: TokenStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    let digest = run.digest();
    let records: Vec<_> = (0..50).map(|index| run.record(&format!("wins {index}")).with_digest(digest)).collect();
    let insert = |store: Arc<S>, index: usize| {
        let record = records[index].clone();
        async move { store.insert_new(record.clone()).await.unwrap().then_some(record) }
    };
    let winners: Vec<_> = together(one, other, records.len(), insert).await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    for store in [one, other] {
        assert_eq!(store.get(&digest).await.unwrap().as_ref(), Some(&winners[0]));
        for record in &records {
            let expected = usize::from(record.subject() == winners[0].subject());
            assert_eq!(listed(store, record.subject()).await.len(), expected);
        }
    }
    assert!(one.delete(&digest).await.unwrap());
}

async fn a_deletion_is_final<S: TokenStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    for (deleter, witness) in [(one, other), (other, one), (one, one)] {
        let (gone, left) = (run.record("delete"), run.record("delete"));
        for record in [&gone, &left] {
            assert!(one.insert_new(record.clone()).await.unwrap());
            // Whoever keeps what it has read has it now.
            assert!(deleter.get(record.digest()).await.unwrap().is_some());
            assert!(witness.get(record.digest()).await.unwrap().is_some());
        }
        assert!(deleter.delete(gone.digest()).await.unwrap());
        assert_eq!(witness.get(gone.digest()).await.unwrap(), None, "seen at once");
        for store in [deleter, witness] {
            assert_gone(store, &gone).await;
            assert_eq!(store.list_of(left.subject()).await.unwrap(), from_ref(&left));
        }
        assert!(one.delete(left.digest()).await.unwrap());
        assert_eq!(witness.delete_all_of(left.subject()).await.unwrap(), 0);
    }
}

async fn one_deletion_of_many_wins<S: TokenStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    for _ in 0..10 {
        let record = run.record("delete many");
        assert!(one.insert_new(record.clone()).await.unwrap());
        let digest = *record.digest();
        let delete = |store: Arc<S>, _| async move { store.delete(&digest).await.unwrap() };
        let told = together(one, other, 50, delete).await;
        assert_eq!(told.iter().filter(|&&told| told).count(), 1);
        assert_gone(one, &record).await;
    }
}

/// Single deletions and two deletions of all, at a time: together they are told of each token once.
async fn every_deletion_is_told_once<S: TokenStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    let records: Vec<_> = (0..60).map(|_| run.record("told once")).collect();
    for record in &records {
        assert!(one.insert_new(record.clone()).await.unwrap());
    }
    let delete = |store: Arc<S>, index: usize| {
        let record = records[index].clone();
        async move {
            match index % 20 {
                7 => store.delete_all_of(record.subject()).await.unwrap(),
                _ => u64::from(store.delete(record.digest()).await.unwrap()),
            }
        }
    };
    let told = together(one, other, 30, delete).await;
    assert_eq!(told.iter().sum::<u64>(), 60);
    assert!(listed(other, records[0].subject()).await.is_empty());
}

/// Adds the successor, takes the old one away; if somebody else did that, takes the successor away.
async fn rotate(store: &impl TokenStore, old: &TokenRecord, new: TokenDigest) -> Option<TokenRecord> {
    let successor = old.with_digest(new);
    assert!(store.insert_new(successor.clone()).await.unwrap());
    if store.delete(old.digest()).await.unwrap() {
        return Some(successor);
    }
    store.delete(successor.digest()).await.unwrap();
    None
}

async fn one_rotation_of_many_wins<S: TokenStore>(run: &Arc<Run>, one: &Arc<S>, other: &Arc<S>) {
    let old = run.record("rotate").with_data(b"basket").unwrap();
    assert!(one.insert_new(old.clone()).await.unwrap());
    let attempt = |store: Arc<S>, _| {
        let (run, old) = (Arc::clone(run), old.clone());
        async move { rotate(&store, &old, run.digest()).await }
    };
    let winners: Vec<_> = together(one, other, 20, attempt).await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    assert_gone(other, &old).await;
    for store in [one, other] {
        assert_eq!(store.list_of(old.subject()).await.unwrap(), winners);
    }
}

/// A list is of one moment: it shows a session that rotates without pause, under one token, or under both that there are
/// while it rotates. At least this many lists are made.
pub(crate) async fn a_rotating_session_is_listed<S: TokenStore>(
    run: &Arc<Run>,
    one: &Arc<S>,
    other: &Arc<S>,
    least: u32,
) {
    let mut token = run.record("rotate and list");
    let subject = token.subject().to_owned();
    assert!(one.insert_new(token.clone()).await.unwrap());
    let rotating = tokio::spawn({
        let (run, one) = (Arc::clone(run), Arc::clone(one));
        async move {
            let (begin, mut count) = (Instant::now(), 0);
            while begin.elapsed() < Duration::from_secs(1) {
                token = rotate(&one, &token, run.digest()).await.expect("nobody else ends it");
                count += 1;
                task::yield_now().await;
            }
            count
        }
    });
    let (mut lists, mut lost, mut too_many) = (0, 0, 0);
    while !rotating.is_finished() {
        let length = listed(other, &subject).await.len();
        lists += 1;
        lost += u32::from(length == 0);
        too_many += u32::from(length > 2);
        task::yield_now().await;
    }
    let rotations = rotating.await.unwrap();
    assert!(rotations >= 10 && lists >= least, "{rotations} rotations, {lists} lists");
    assert_eq!((lost, too_many), (0, 0), "lists without the session, with more than two, of {lists}");
    assert_eq!(other.delete_all_of(&subject).await.unwrap(), 1);
}

/// A subject is its bytes: no prefix, no pattern, no other case, no other normal form.
async fn subjects_are_exact<S: TokenStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    let long = run.subject(&"x".repeat(254 - run.subject("").len()));
    let mut subjects: Vec<String> = [
        "",
        "a",
        "A",
        "ab",
        "abc",
        "a*",
        "a?",
        "a[b]",
        "[a-z]",
        "a{b}",
        "{a",
        "a}",
        "a:b",
        "a:",
        ":",
        "::",
        "a\0",
        "a\0b",
        "a b",
        "a ",
        " a",
        "a%",
        "%",
        "_",
        "a_",
        "a\n",
        "a\r\nb",
        "a\\",
        "a\\*",
        "'a'",
        "\"a\"",
        "a;--",
        "$1",
        "a/b",
        "\u{e9}",
        "e\u{301}",
        "\u{1f36a}",
        "\u{7f}",
        "\u{202e}a",
        "\u{fffd}",
        "\u{10ffff}",
    ]
    .iter()
    .flat_map(|name| [run.subject(name), format!("{name} {}", run.id)])
    .collect();
    subjects.extend([long.clone(), long.clone() + "y", long.clone() + "z"]);
    assert_eq!(subjects.last().map(String::len), Some(255));
    assert_eq!(subjects.iter().collect::<BTreeSet<_>>().len(), subjects.len());

    let mut records = Vec::new();
    for subject in &subjects {
        let pair = [run.record_of(subject), run.record_of(subject)];
        for record in &pair {
            assert!(one.insert_new(record.clone()).await.unwrap(), "{subject:?}");
            assert_eq!(other.get(record.digest()).await.unwrap().as_ref(), Some(record), "{subject:?}");
        }
        records.push(pair.map(|record| *record.digest()));
    }
    for (index, subject) in subjects.iter().enumerate() {
        assert_eq!(listed(other, subject).await, BTreeSet::from(records[index]), "{subject:?}");
        assert_eq!(one.delete_all_of(subject).await.unwrap(), 2, "{subject:?}");
        assert!(listed(other, subject).await.is_empty(), "{subject:?}");
        for digest in &records[index] {
            assert_eq!(other.get(digest).await.unwrap(), None, "{subject:?}");
        }
        assert_eq!(one.delete_all_of(subject).await.unwrap(), 0, "{subject:?}");
        for digest in records[index + 1..].iter().flatten() {
            assert!(other.get(digest).await.unwrap().is_some(), "deleted with {subject:?}");
        }
    }
}

/// More of them than one batch of any store.
async fn many_tokens_of_one_subject<S: TokenStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    const COUNT: usize = 2_500;
    let (records, near): (Vec<_>, _) = ((0..COUNT).map(|_| run.record("many")).collect(), run.record("many more"));
    assert!(one.insert_new(near.clone()).await.unwrap());
    for chunk in records.chunks(100) {
        let insert = |store: Arc<S>, index: usize| {
            let record = chunk[index].clone();
            async move { store.insert_new(record).await.unwrap() }
        };
        assert_eq!(together(one, other, chunk.len(), insert).await, [true; 100]);
    }
    let digests: BTreeSet<_> = records.iter().map(|record| *record.digest()).collect();
    assert_eq!(listed(other, near.subject()).await.len(), 1);
    assert_eq!(listed(other, records[0].subject()).await, digests);
    assert_eq!(one.delete_all_of(records[0].subject()).await.unwrap(), COUNT as u64);
    assert!(listed(other, records[0].subject()).await.is_empty());
    for digest in &digests {
        assert_eq!(other.get(digest).await.unwrap(), None);
    }
    assert_eq!(other.list_of(near.subject()).await.unwrap(), [near]);
}

/// While sessions rotate and people sign in, all of a subject is deleted. Every session that was there before is dead
/// afterwards, under whatever token it goes by then; what was acknowledged meanwhile is gone or listed.
async fn the_end_of_a_subject_is_an_end<S: TokenStore>(run: &Arc<Run>, one: &Arc<S>, other: &Arc<S>, round: u64) {
    let name = format!("storm {round}");
    let (subject, is_over) = (run.subject(&name), Arc::new(AtomicBool::new(false)));
    let acknowledged: Arc<Mutex<Vec<TokenDigest>>> = Arc::default();
    let is_rotated: Arc<Mutex<BTreeSet<TokenDigest>>> = Arc::default();
    let mut sessions = JoinSet::new();
    for index in 0..24 {
        let store = Arc::clone(if index % 2 == 0 { one } else { other });
        let (run, is_over, is_rotated) = (Arc::clone(run), Arc::clone(&is_over), Arc::clone(&is_rotated));
        let mut token = run.record(&name);
        assert!(store.insert_new(token.clone()).await.unwrap());
        sessions.spawn(async move {
            // It rotates to its end, and a little longer than that.
            while !is_over.load(Ordering::SeqCst) {
                let new = run.digest();
                is_rotated.lock().unwrap().insert(new);
                match rotate(&store, &token, new).await {
                    Some(successor) => token = successor,
                    None => return true,
                }
                task::yield_now().await;
            }
            rotate(&store, &token, run.digest()).await.is_none()
        });
    }
    let mut sign_ins = JoinSet::new();
    for index in 0..8 {
        let store = Arc::clone(if index % 2 == 0 { one } else { other });
        let (run, name, is_over) = (Arc::clone(run), name.clone(), Arc::clone(&is_over));
        let acknowledged = Arc::clone(&acknowledged);
        sign_ins.spawn(async move {
            while !is_over.load(Ordering::SeqCst) {
                let token = run.record(&name);
                assert!(store.insert_new(token.clone()).await.unwrap());
                acknowledged.lock().unwrap().push(*token.digest());
                // They come in slower than they can be deleted.
                time::sleep(Duration::from_millis(1)).await;
            }
        });
    }

    time::sleep(Duration::from_millis(5 + 10 * round)).await;
    let before = acknowledged.lock().unwrap().clone();
    let deleted = one.delete_all_of(&subject).await.unwrap();
    assert!(deleted >= 1);
    for digest in &before {
        for store in [one, other] {
            assert_eq!(store.get(digest).await.unwrap(), None, "it was acknowledged before");
        }
    }
    time::sleep(Duration::from_millis(5)).await;
    is_over.store(true, Ordering::SeqCst);
    assert_eq!(sessions.join_all().await, [true; 24], "a session lives on by rotation");
    sign_ins.join_all().await;

    let list = listed(other, &subject).await;
    let acknowledged = acknowledged.lock().unwrap().clone();
    assert!(list.is_disjoint(&is_rotated.lock().unwrap()), "a successor of a dead session is listed");
    for digest in &acknowledged {
        let found = one.get(digest).await.unwrap();
        assert_eq!(found.is_some(), list.contains(digest), "found and not listed, or listed and not found");
    }
    for digest in &before {
        assert!(!list.contains(digest), "it came back");
    }
    assert_eq!(other.delete_all_of(&subject).await.unwrap(), list.len() as u64);
    assert!(listed(one, &subject).await.is_empty());
}

async fn a_use_is_noted<S: TokenStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    let data: Vec<u8> = (0..=255).collect();
    let record = run.record("touch").with_label("Firefox").unwrap().with_data(&data).unwrap();
    // A store in memory shares the record itself.
    let expected = |seen_at: i64| record.with_digest(*record.digest()).with_seen_at(seen_at);
    let (start, fresh) = (record.seen_at(), record.with_digest(*record.digest()));
    assert!(one.insert_new(fresh).await.unwrap());
    for (store, seen_at, noted) in [
        (one, start + 60, start + 60),
        (other, start + 61, start + 61),
        (one, start + 5, start + 61),
        (other, start - 9, start + 61),
    ] {
        assert!(store.touch(record.digest(), seen_at).await.unwrap());
        assert_eq!(store.get(record.digest()).await.unwrap(), Some(expected(noted)));
        assert_eq!(one.list_of(record.subject()).await.unwrap(), [expected(noted)]);
    }
    assert!(one.delete(record.digest()).await.unwrap());
    assert_gone(one, &record).await;
}

/// A touch while a token is deleted, however late it arrives, does not make a token again.
async fn a_use_brings_nothing_back<S: TokenStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    let unknown = run.record("touch unknown");
    assert!(!one.touch(unknown.digest(), run.now + 1).await.unwrap());
    assert_gone(one, &unknown).await;
    for round in 0..20 {
        let record = run.record("touch race");
        let (digest, subject) = (*record.digest(), record.subject().to_owned());
        assert!(one.insert_new(record.clone()).await.unwrap());
        let work = |store: Arc<S>, index: usize| {
            let (subject, seen_at) = (subject.clone(), record.seen_at() + index as i64);
            async move {
                match (index, round % 2) {
                    (5, 0) => assert!(store.delete(&digest).await.unwrap()),
                    (5, _) => assert_eq!(store.delete_all_of(&subject).await.unwrap(), 1),
                    // There or not: both are right while the token goes.
                    _ => drop(store.touch(&digest, seen_at).await.unwrap()),
                }
            }
        };
        together(one, other, 12, work).await;
        for store in [one, other] {
            assert_gone(store, &record).await;
        }
        assert_eq!(one.delete_all_of(&subject).await.unwrap(), 0);
    }
}

/// The end is judged by others; here it only deletes, and one interval later.
async fn ended_tokens_are_not_judged<S: TokenStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    for seconds in [0, 1, 20] {
        let record = run.ended_record("ended", seconds);
        assert!(one.insert_new(record.clone()).await.unwrap());
        one.sweep().await.unwrap();
        for store in [one, other] {
            assert_eq!(store.get(record.digest()).await.unwrap().as_ref(), Some(&record));
            assert_eq!(store.list_of(record.subject()).await.unwrap(), from_ref(&record));
            assert!(store.touch(record.digest(), record.seen_at()).await.unwrap());
            assert!(!store.insert_new(record.clone()).await.unwrap());
        }
        assert!(other.delete(record.digest()).await.unwrap());
        assert_gone(one, &record).await;
    }
}

/// Polls a future this many times, a moment apart, and lets go of it.
pub(crate) async fn begin<T>(future: impl Future<Output = T>, polls: usize) {
    let mut future = pin!(future);
    for _ in 0..polls {
        if poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_ready())).await {
            return;
        }
        time::sleep(Duration::from_micros(300)).await;
    }
}

async fn what_is_dropped_leaves_nothing_half<S: TokenStore>(run: &Run, one: &Arc<S>, other: &Arc<S>) {
    for round in 0..30 {
        let (stays, added) = (run.record("dropped"), run.record("dropped"));
        let (subject, polls) = (stays.subject(), round % 6);
        assert!(one.insert_new(stays.clone()).await.unwrap());
        begin(one.insert_new(added.clone()), polls).await;
        begin(one.touch(stays.digest(), stays.seen_at() + 1), polls).await;
        match round % 3 {
            0 => begin(one.delete(stays.digest()), polls).await,
            1 => begin(one.delete_all_of(subject), polls).await,
            _ => {}
        }
        // What was begun may still be under way; then two looks differ.
        let mut looks = 0;
        loop {
            let list = listed(other, subject).await;
            let mut found = BTreeSet::new();
            for record in [&stays, &added] {
                found.extend(other.get(record.digest()).await.unwrap().map(|record| *record.digest()));
            }
            if found == list && list == listed(other, subject).await {
                break;
            }
            looks += 1;
            assert!(looks < 100, "half of something is left: found {}, listed {}", found.len(), list.len());
            time::sleep(Duration::from_millis(20)).await;
        }
        // The store still works, on the same handle.
        while one.delete_all_of(subject).await.unwrap() > 0 {}
        let last = run.record("dropped");
        assert!(one.insert_new(last.clone()).await.unwrap());
        assert!(one.delete(last.digest()).await.unwrap());
        if polls > 0 {
            // An insert that was still under way has arrived by now, and this takes it away.
            time::sleep(Duration::from_millis(5)).await;
            one.delete_all_of(subject).await.unwrap();
        }
    }
}
