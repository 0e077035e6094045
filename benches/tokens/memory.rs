//! The store in memory, beside tower-sessions' and beside a signed token that needs no store.

use std::{hint::black_box, sync::Barrier, thread, time::Instant};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use tower_consent::{MemoryStore, TokenDigest, TokenStore as _, Tokens};
use tower_sessions::{
    SessionStore as _,
    session::{Id, Record},
};

use super::{
    Done, Result, Size,
    accounts::{LIFE, Picks, digest, record, subject, text, unix_seconds},
    figures::{Contest, Goal, Sheet, Times, each, now},
    sweep,
};

/// Tokens that are asked for again and again.
const HOT: usize = 1_000;
/// Operations of one contender in one round. Many short rounds stand a busy machine better than a few long ones.
const OPERATIONS: usize = 1_000;
/// Rounds of one thread for each round of a section.
const SHORT: usize = 8;
/// Operations of each thread, where two run.
const PARALLEL: usize = 10_000;

pub(crate) fn section(size: Size) -> Result<Done> {
    let peer = Peer::new(size.tokens)?;
    let ours = Ours::new(size.tokens)?;
    let jwt = Jwt::new()?;
    let times = speeds(size, &ours, &peer, &jwt)?;

    let mut sheet =
        Sheet::new(format!("MemoryStore, {} tokens, beside tower-sessions' MemoryStore and jsonwebtoken", size.tokens));
    times.list(&mut sheet);
    let peer_hot = "tower-sessions load, hot";
    let peer_random = "tower-sessions load, random";
    sheet.row("get, random / tower-sessions load", times.ratio("get, random", peer_random), Goal::AtMost(0.15));
    sheet.row("get, hot / tower-sessions load", times.ratio("get, hot", peer_hot), Goal::AtMost(0.15));
    sheet.row("verify, random / tower-sessions load", times.ratio("verify, random", peer_random), Goal::AtMost(0.30));
    sheet.row("verify, hot / tower-sessions load", times.ratio("verify, hot", peer_hot), Goal::AtMost(0.30));
    sheet.row("verify, random / JWT", times.ratio("verify, random", "JWT HS256 decode"), Goal::AtMost(0.20));
    sheet.row("verify, hot / JWT", times.ratio("verify, hot", "JWT HS256 decode"), Goal::AtMost(0.20));
    let parallel = parallel(size, &ours, &peer)?;
    sheet.row("two threads, million gets a second", 1_000.0 / parallel.of("get"), Goal::None);
    sheet.row("two threads, million loads a second", 1_000.0 / parallel.of("load"), Goal::None);
    sheet.row("two threads, gets for one load", parallel.ratio("load", "get"), Goal::AtLeast(10.0));
    sheet.row("two threads, verifications for one load", parallel.ratio("load", "verify"), Goal::None);
    sheet.row("allocations per verify", ours.allocations()?, Goal::Exactly(0.0));
    sheet.row("allocations per load", peer.allocations()?, Goal::None);
    sheet.row("allocations per JWT", jwt.allocations()?, Goal::None);
    sheet.row("live bytes per token", ours.live_bytes, Goal::AtMost(250.0));
    sheet.row("live bytes per session of tower-sessions", peer.live_bytes, Goal::None);
    sheet.print();
    drop((ours, peer));
    sweep::section(size)?;
    Ok(Done::Measured)
}

fn speeds(size: Size, ours: &Ours, peer: &Peer, jwt: &Jwt) -> Result<Times> {
    let mut contest = Contest::default();
    // Every round picks anew among all. Hot ones come in turn, after a lap that brings them back into the caches.
    let mut picks = Picks(1);
    contest.add("tower-sessions load, random", move || peer.load(&picks.of(&peer.ids, OPERATIONS)));
    contest.add("tower-sessions load, hot", move || {
        peer.load(&peer.ids[..HOT])?;
        peer.load(&peer.ids[..HOT])
    });
    let mut picks = Picks(2);
    contest.add("get, random", move || ours.get(&picks.of(&ours.digests, OPERATIONS)));
    contest.add("get, hot", move || {
        ours.get(&ours.digests[..HOT])?;
        ours.get(&ours.digests[..HOT])
    });
    let mut picks = Picks(3);
    contest.add("verify, random", move || {
        ours.verify(&(0..OPERATIONS).map(|_| bytes(picks.below(size.tokens))).collect::<Vec<_>>())
    });
    let hot: Vec<_> = (0..HOT).map(bytes).collect();
    contest.add("verify, hot", move || {
        ours.verify(&hot)?;
        ours.verify(&hot)
    });
    contest.add("JWT HS256 decode", move || jwt.decode(OPERATIONS));
    contest.run(SHORT * size.rounds)
}

/// A token's text, without a way to it through memory.
fn bytes(number: usize) -> [u8; 43] {
    text(number).into_bytes().first_chunk().copied().unwrap_or([0; 43])
}

/// Nanoseconds per operation, both threads' operations counted.
fn parallel(size: Size, ours: &Ours, peer: &Peer) -> Result<Times> {
    let mut contest = Contest::default();
    let mut seed = 100;
    let mut next = move || {
        seed += 2;
        [Picks(seed), Picks(seed + 1)]
    };
    let mut again = next;
    let mut once_more = next;
    contest.add("load", move || {
        let picked = next().map(|mut picks| picks.of(&peer.ids, PARALLEL / 4));
        both(&picked, |ids| peer.load(ids))
    });
    contest.add("get", move || {
        let picked = again().map(|mut picks| picks.of(&ours.digests, PARALLEL));
        both(&picked, |digests| ours.get(digests))
    });
    contest.add("verify", move || {
        let pick = |mut picks: Picks| (0..PARALLEL / 2).map(|_| bytes(picks.below(size.tokens))).collect::<Vec<_>>();
        let picked = once_more().map(pick);
        both(&picked, |texts| ours.verify(texts))
    });
    contest.run(size.rounds)
}

fn both<T: Sync>(picked: &[Vec<T>; 2], run: impl Fn(&[T]) -> Result<f64> + Sync) -> Result<f64> {
    let barrier = Barrier::new(3);
    thread::scope(|scope| {
        let mut threads = Vec::new();
        for picked in picked {
            let (barrier, run) = (&barrier, &run);
            threads.push(scope.spawn(move || {
                barrier.wait();
                run(picked)
            }));
        }
        barrier.wait();
        let begin = Instant::now();
        for thread in threads {
            thread.join().map_err(|_panic| "a thread panicked")??;
        }
        Ok(each(begin, picked.iter().map(Vec::len).sum()))
    })
}

/// This library's store.
struct Ours {
    tokens: Tokens,
    store: MemoryStore,
    digests: Vec<TokenDigest>,
    live_bytes: f64,
}

impl Ours {
    fn new(count: usize) -> Result<Self> {
        let now_at = unix_seconds();
        let digests = (0..count).map(digest).collect();
        let mut made = Err("not made".into());
        let measured = allocation_counter::measure(|| made = fill(count, now_at));
        let store: MemoryStore = made?;
        let live_bytes = measured.bytes_current as f64 / count as f64;
        Ok(Self { tokens: Tokens::new(store.clone()), store, digests, live_bytes })
    }

    fn get(&self, digests: &[TokenDigest]) -> Result<f64> {
        let start = Instant::now();
        for digest in digests {
            black_box(now(self.store.get(digest))?).ok_or("a token is missing")?;
        }
        Ok(each(start, digests.len()))
    }

    fn verify(&self, texts: &[[u8; 43]]) -> Result<f64> {
        let start = Instant::now();
        for text in texts {
            black_box(now(self.tokens.verify(text))?).ok_or("a token is not alive")?;
        }
        Ok(each(start, texts.len()))
    }

    fn allocations(&self) -> Result<f64> {
        let texts: Vec<_> = (0..HOT).map(bytes).collect();
        count_allocations(HOT, || self.verify(&texts))
    }
}

fn fill(count: usize, now_at: i64) -> Result<MemoryStore> {
    let store = MemoryStore::new();
    for number in 0..count {
        now(store.insert_new(record(number, now_at, now_at + LIFE)?))?;
    }
    Ok(store)
}

/// tower-sessions' store.
struct Peer {
    store: tower_sessions::MemoryStore,
    ids: Vec<Id>,
    live_bytes: f64,
}

impl Peer {
    fn new(count: usize) -> Result<Self> {
        let id = |number| {
            let bytes = *digest(number).as_bytes();
            Id(bytes.first_chunk().map_or(0, |first| i128::from_le_bytes(*first)))
        };
        let ids: Vec<_> = (0..count).map(id).collect();
        let expiry_date = OffsetDateTime::now_utc() + Duration::seconds(LIFE);
        let store = tower_sessions::MemoryStore::default();
        let mut filled = Ok(());
        let measured = allocation_counter::measure(|| {
            filled = ids.iter().enumerate().try_for_each(|(number, id)| {
                let data = [("user".to_owned(), subject(number).into())].into();
                now(store.save(&Record { id: *id, data, expiry_date }))?;
                Ok(())
            });
        });
        filled.map(|()| Self { store, ids, live_bytes: measured.bytes_current as f64 / count as f64 })
    }

    fn load(&self, ids: &[Id]) -> Result<f64> {
        let start = Instant::now();
        for id in ids {
            black_box(now(self.store.load(id))?).ok_or("a session is missing")?;
        }
        Ok(each(start, ids.len()))
    }

    fn allocations(&self) -> Result<f64> {
        count_allocations(HOT, || self.load(&self.ids[..HOT]))
    }
}

/// A token that is signed and not stored.
struct Jwt {
    text: String,
    key: DecodingKey,
    validation: Validation,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    iat: i64,
    exp: i64,
}

impl Jwt {
    fn new() -> Result<Self> {
        let secret = [7; 32];
        let iat = unix_seconds();
        let claims = Claims { sub: subject(17), iat, exp: iat + LIFE };
        let text = encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(&secret))?;
        Ok(Self { text, key: DecodingKey::from_secret(&secret), validation: Validation::new(Algorithm::HS256) })
    }

    fn decode(&self, times: usize) -> Result<f64> {
        let start = Instant::now();
        for _ in 0..times {
            black_box(decode::<Claims>(black_box(&self.text), &self.key, &self.validation)?);
        }
        Ok(each(start, times))
    }

    fn allocations(&self) -> Result<f64> {
        count_allocations(HOT, || self.decode(HOT))
    }
}

fn count_allocations(operations: usize, run: impl Fn() -> Result<f64>) -> Result<f64> {
    run()?;
    let mut ran = Ok(0.0);
    let measured = allocation_counter::measure(|| ran = run());
    ran?;
    Ok(measured.count_total as f64 / operations as f64)
}
