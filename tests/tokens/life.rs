//! How long a token lives.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{sync::Arc, time::Duration};

use tower_consent::{
    ConfigErrorKind, ConsentLayer, Lifetime, ManualClock, MemoryStore, Policy, TokenLayer, TokenRules, TokenStore,
    Tokens, TokensBuilder,
};

use crate::{
    site::{SEVEN_DAYS, START, Site, routes, visitor},
    watched::Watched,
};

const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;

/// A site whose tokens have these settings.
fn site(settings: impl FnOnce(TokensBuilder) -> TokensBuilder) -> Site {
    let site = Site::new();
    let builder = Tokens::builder(site.store.clone()).clock(site.clock.clone());
    let tokens = settings(builder).build().unwrap();
    let app = routes().layer(TokenLayer::new(tokens.clone()));
    Site { app, tokens, ..site }
}

/// R121: used every day, it still ends at the very second.
#[tokio::test]
async fn seven_days_from_the_issue_used_or_not() {
    for is_used in [true, false] {
        let site = Site::new();
        let token = site.sign_in().await;
        if is_used {
            for day in 1..7 {
                site.clock.set(START + day * DAY);
                assert_eq!(site.by_cookie("/account", &token).await.status, 200, "day {day}");
            }
        }
        site.clock.set(START + 604_799);
        assert_eq!(site.by_cookie("/account", &token).await.body, "user-17");
        assert_eq!(site.by_bearer("/account", &token).await.body, "user-17");
        site.clock.set(START + 604_800);
        for answer in [site.by_cookie("/account", &token).await, site.by_bearer("/account", &token).await] {
            assert_eq!(answer.status, 401);
        }
        assert_eq!(site.by_cookie("/maybe", &token).await.body, "nobody");
        assert_eq!(site.store.len(), 1, "it is refused by the time, and not because the store forgot it");
    }
}

/// The browser and the server agree to the second.
#[tokio::test]
async fn the_cookie_ends_with_the_token() {
    let site = Site::new();
    let mut visitor = visitor(&site);
    site.browse(&mut visitor, "POST /login").await;
    site.clock.set(START + 604_799);
    visitor.assert_holds("__Host-token");
    site.clock.set(START + 604_800);
    visitor.assert_lacks("__Host-token");
}

/// Only the clock of `Tokens` ends a token: a store whose own clock is hours ahead, or behind, ends nothing early and
/// prolongs nothing, as long as its sweeps come late enough.
#[tokio::test]
async fn a_store_with_a_wrong_clock_ends_nothing_early() {
    for hours in [-5, 5] {
        let (clock, wrong) = (ManualClock::at(START), ManualClock::at(START + hours * HOUR));
        let store = MemoryStore::builder().clock(wrong.clone()).sweep_interval(Duration::from_secs(6 * 3_600)).build();
        let tokens = Tokens::builder(store.clone()).clock(clock.clone()).build().unwrap();
        let token = tokens.issue("user-17").await.unwrap().token().expose();
        let advance = |seconds: i64| {
            clock.set(START + seconds);
            wrong.set(START + hours * HOUR + seconds);
        };
        advance(604_799);
        assert_eq!(tokens.purge().await.unwrap(), 0, "{hours}");
        assert!(tokens.verify(&token).await.unwrap().is_some(), "{hours}");
        advance(604_800);
        assert_eq!(tokens.purge().await.unwrap(), 0, "{hours}");
        assert!(tokens.verify(&token).await.unwrap().is_none(), "{hours}");
        assert_eq!(store.len(), 1);
        advance(SEVEN_DAYS + 11 * HOUR);
        // The store's own sweep may have been there first.
        tokens.purge().await.unwrap();
        assert_eq!(store.len(), 0, "R125: ended tokens are deleted");
    }
}

#[tokio::test]
async fn a_shorter_life() {
    let site = site(|tokens| tokens.lifetime(Lifetime::seconds(3_600)));
    let answer = site.ask("POST /login", &[]).await;
    assert_eq!(answer.max_age(), Some(3_600), "{answer:?}");
    let token = answer.token().unwrap();
    site.clock.advance(3_599);
    assert_eq!(site.by_cookie("/account", &token).await.status, 200);
    site.clock.advance(1);
    assert_eq!(site.by_cookie("/account", &token).await.status, 401);
}

#[tokio::test]
async fn more_than_seven_days_needs_a_policy_that_says_so() {
    let builder = || Tokens::builder(MemoryStore::new());
    let error = |tokens: TokensBuilder| tokens.build().map(|_| ()).unwrap_err();
    for (life, kind) in [
        (Lifetime::seconds(604_801), ConfigErrorKind::LongTokenLifetime),
        (Lifetime::days(30), ConfigErrorKind::LongTokenLifetime),
        (Lifetime::days(401), ConfigErrorKind::LongLifetime),
        (Lifetime::months(1), ConfigErrorKind::NotExact),
        (Lifetime::seconds(0), ConfigErrorKind::ZeroLifetime),
    ] {
        let error = error(builder().lifetime(life));
        assert_eq!((error.kind(), error.place()), (kind, "tokens.lifetime"), "{life}");
        assert_eq!(error.value(), life.to_string());
    }
    assert!(builder().lifetime(Lifetime::seconds(604_800)).build().is_ok());
    let error = error(builder().idle_limit(Lifetime::seconds(59)));
    assert_eq!((error.kind(), error.place()), (ConfigErrorKind::ShortIdleLimit, "tokens.idle_limit"));

    let month = TokenRules::default().longer_than_seven_days(Lifetime::days(30));
    let policy = Policy::builder().tokens(month).build().unwrap();
    let site = site(|tokens| tokens.policy(&policy));
    let answer = site.ask("POST /login", &[]).await;
    assert_eq!(answer.max_age(), Some(2_592_000), "{answer:?}");
    let token = answer.token().unwrap();
    site.clock.set(START + 30 * DAY - 1);
    assert_eq!(site.by_cookie("/account", &token).await.status, 200);
    site.clock.set(START + 30 * DAY);
    assert_eq!(site.by_cookie("/account", &token).await.status, 401);

    // What the policy says of 30 days says nothing of 31: code has seven days of its own, and not more.
    let longer = builder().policy(&policy).lifetime(Lifetime::days(31)).build();
    assert_eq!(longer.map(|_| ()).unwrap_err().kind(), ConfigErrorKind::LongTokenLifetime);
}

/// Of the policy's life and that of the tokens the shorter one holds, whichever that is.
#[tokio::test]
async fn inside_a_consent_layer_the_shorter_life_wins() {
    let rules = |days| TokenRules::default().longer_than_seven_days(Lifetime::days(days));
    for (policy, own, seconds) in [(1, 7, DAY), (30, 7, 7 * DAY), (7, 2, 2 * DAY)] {
        let policy = Arc::new(Policy::builder().tokens(rules(policy)).build().unwrap());
        let site = site(|tokens| tokens.lifetime(Lifetime::days(own)));
        let site = site.again(|app, tokens| app.layer(ConsentLayer::new(policy).with_tokens(tokens)));
        let answer = site.ask("POST /login", &[]).await;
        assert_eq!(answer.max_age(), Some(seconds), "{answer:?}");
        let token = answer.token().unwrap();
        site.clock.set(START + seconds - 1);
        assert_eq!(site.by_cookie("/account", &token).await.status, 200);
        site.clock.set(START + seconds);
        assert_eq!(site.by_cookie("/account", &token).await.status, 401);
    }
}

/// A policy that is made stricter holds for tokens that were issued before, in everything that is said of them.
#[tokio::test]
async fn a_policy_made_stricter_holds_for_older_tokens() {
    let site = Site::new();
    let token = site.sign_in().await;
    let day = || TokenRules::default().with_lifetime(Lifetime::days(1));
    let policy = Policy::builder().tokens(day()).build().unwrap();
    let site = site.again(|app, tokens| app.layer(ConsentLayer::new(policy).with_tokens(tokens)));
    site.clock.set(START + DAY - 100);
    let answer = site.by_cookie("POST /rotate", &token).await;
    assert_eq!(answer.max_age(), Some(100), "what is left of one day: {answer:?}");
    let token = answer.token().unwrap();
    site.clock.set(START + DAY - 1);
    assert_eq!(site.by_cookie("/account", &token).await.status, 200);
    site.clock.set(START + DAY);
    assert_eq!(site.by_cookie("/account", &token).await.status, 401);
}

/// Where the consent layer stands down, what the policy promises of tokens holds all the same.
#[tokio::test]
async fn standing_down_prolongs_nothing() {
    let rules = TokenRules::default().with_lifetime(Lifetime::days(1)).with_cookie_name("__Host-sign-in");
    let policy = Policy::builder()
        .tokens(rules)
        .stand_down(|parts| parts.headers.get("quiet").is_some_and(|quiet| quiet == "1"));
    let policy = Arc::new(policy.build().unwrap());
    let site = Site::with_policy(policy);
    // Issued before there was such a policy, and by a request from which the layer stands down.
    let older = site.tokens.issue("user-17").await.unwrap().token().expose();
    let answer = site.ask("POST /login", &[("quiet", b"1")]).await;
    let line = &answer.lines("set-cookie")[0];
    assert!(line.starts_with("__Host-sign-in="), "{line}");
    assert_eq!(answer.max_age(), Some(DAY));
    let newer = line.split(';').next().unwrap().to_owned();
    for pair in [newer, format!("__Host-sign-in={older}")] {
        for (now, status) in [(START + DAY - 1, 200), (START + DAY, 401)] {
            site.clock.set(now);
            for path in ["/account", "/guarded"] {
                for quiet in [&b"0"[..], b"1"] {
                    let answer = site.ask(path, &[("cookie", pair.as_bytes()), ("quiet", quiet)]).await;
                    assert_eq!(answer.status, status, "{path} {}", now - START);
                }
            }
        }
    }
}

/// An idle limit of ten minutes: uses are noted once a minute, and a note is the only write.
#[tokio::test]
async fn an_idle_limit_ends_what_is_not_used() {
    let site = site(|tokens| tokens.idle_limit(Lifetime::seconds(600)));
    let token = site.sign_in().await;
    for (after, calls) in [
        (0, vec!["get"]),
        (59, vec!["get"]),
        (60, vec!["get", "touch"]),
        (61, vec!["get"]),
        (119, vec!["get"]),
        (120, vec!["get", "touch"]),
        (719, vec!["get", "touch"]),
        (719 + 599, vec!["get", "touch"]),
    ] {
        site.clock.set(START + after);
        assert_eq!(site.by_cookie("/account", &token).await.status, 200, "+{after}");
        assert_eq!(site.store.calls(), calls, "+{after}");
    }
    site.clock.set(START + 719 + 599 + 600);
    assert_eq!(site.by_cookie("/account", &token).await.status, 401);
    assert_eq!(site.store.calls(), ["get", "delete"], "an ended token is not noted, and gone for good");
    assert_eq!(site.store.len(), 0);
    assert!(
        site.again(|app, tokens| app.layer(TokenLayer::new(tokens))).by_cookie("/account", &token).await.status == 401
    );
    // The absolute end stands above it.
    let token = site.sign_in().await;
    let start = START + 719 + 599 + 600;
    for at in (0..SEVEN_DAYS).step_by(500) {
        site.clock.set(start + at);
        assert_eq!(site.by_cookie("/account", &token).await.status, 200);
    }
    site.clock.set(start + SEVEN_DAYS);
    assert_eq!(site.by_cookie("/account", &token).await.status, 401);
    // Without a limit nothing is ever written.
    let site = Site::new();
    let token = site.sign_in().await;
    for _ in 0..7 {
        site.by_cookie("/account", &token).await;
        site.clock.advance(DAY - 1);
    }
    assert_eq!(site.store.calls(), ["get"; 7]);
}

/// A rotation is a use: the new secret is not older than the use that was noted a moment ago.
#[tokio::test]
async fn a_rotation_keeps_the_note_of_its_use() {
    let site = site(|tokens| tokens.idle_limit(Lifetime::seconds(600)));
    let token = site.sign_in().await;
    site.clock.advance(599);
    let answer = site.by_cookie("POST /rotate", &token).await;
    let token = answer.token().unwrap();
    site.clock.advance(540);
    assert_eq!(site.by_cookie("/account", &token).await.status, 200, "nine minutes after its last use");
}

/// The note of a use brings no token back: ended between look-up and note, it stays ended, and the visitor is anonymous.
#[tokio::test]
async fn a_note_creates_nothing() {
    let clock = ManualClock::at(START);
    let store = Watched::new();
    let tokens = Tokens::builder(Late(store.clone())).clock(clock.clone());
    let tokens = tokens.idle_limit(Lifetime::seconds(60)).build().unwrap();
    let token = tokens.issue("user-17").await.unwrap().token().expose();
    clock.advance(30);
    store.calls();
    assert!(tokens.verify(&token).await.unwrap().is_none());
    assert_eq!(store.calls(), ["get", "delete", "touch"]);
    assert_eq!(store.len(), 0);
}

/// A store whose tokens are deleted by somebody else right after they were looked up.
#[derive(Debug)]
struct Late(Watched);

impl TokenStore for Late {
    fn insert_new(&self, record: tower_consent::TokenRecord) -> tower_consent::StoreFuture<'_, bool> {
        self.0.insert_new(record)
    }
    fn get(
        &self,
        digest: &tower_consent::TokenDigest,
    ) -> tower_consent::StoreFuture<'_, Option<tower_consent::TokenRecord>> {
        let digest = *digest;
        tower_consent::StoreFuture::awaited(async move {
            let found = self.0.get(&digest).await;
            self.0.delete(&digest).await?;
            found
        })
    }
    fn delete(&self, digest: &tower_consent::TokenDigest) -> tower_consent::StoreFuture<'_, bool> {
        self.0.delete(digest)
    }
    fn delete_all_of(&self, subject: &str) -> tower_consent::StoreFuture<'_, u64> {
        self.0.delete_all_of(subject)
    }
    fn list_of(&self, subject: &str) -> tower_consent::StoreFuture<'_, Vec<tower_consent::TokenRecord>> {
        self.0.list_of(subject)
    }
    fn touch(&self, digest: &tower_consent::TokenDigest, seen_at: i64) -> tower_consent::StoreFuture<'_, bool> {
        self.0.touch(digest, seen_at)
    }
    fn sweep(&self) -> tower_consent::StoreFuture<'_, u64> {
        self.0.sweep()
    }
}
