//! A store that is down: neither signed in nor anonymous, and nothing is lost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::time::Duration;

use tower_consent::{Lifetime, MemoryStore, StoreErrorKind, TokenLayer, Tokens};

use crate::{
    site::{NAME, START, Site, routes, visitor},
    watched::Watched,
};

/// 503, never 401 and never 200; the cookie stays, so that everything is as before once the store is back.
#[tokio::test]
async fn unavailable_is_neither_valid_nor_anonymous() {
    let site = Site::new();
    let mut visitor = visitor(&site);
    let token = site.browse(&mut visitor, "POST /login").await.token().unwrap();
    site.store.breaks(&["get"]);
    for what in
        ["/account", "/maybe", "/guarded", "/guarded/blind", "POST /logout", "POST /logout/everywhere", "POST /rotate"]
    {
        for answer in [site.browse(&mut visitor, what).await, site.by_bearer(what, &token).await] {
            assert_eq!(answer.status, 503, "{what}");
            assert_eq!(answer.field("retry-after"), Some("5"));
            assert!(answer.field("www-authenticate").is_none());
            assert_eq!(answer.lines("set-cookie"), [""; 0], "{what}");
            assert_eq!(answer.cache_control(), Some("private, no-cache"), "{what}");
        }
    }
    visitor.assert_holds(NAME);
    assert_eq!(site.browse(&mut visitor, "/").await.body, "open", "who does not ask does not notice");
    site.store.breaks(&[]);
    assert_eq!(site.browse(&mut visitor, "/account").await.body, "user-17");
}

/// R124: the store first. A delete that fails is told, the cookie stays and the token is alive.
#[tokio::test]
async fn a_log_out_that_fails_changes_nothing() {
    for (what, operation) in
        [("POST /logout", "delete"), ("POST /logout/clear", "delete"), ("POST /logout/everywhere", "delete_all_of")]
    {
        let site = Site::new();
        let mut visitor = visitor(&site);
        site.browse(&mut visitor, "POST /login").await;
        site.store.breaks(&[operation]);
        let answer = site.browse(&mut visitor, what).await;
        assert_eq!((answer.status.as_u16(), answer.lines("set-cookie")), (503, vec![]), "{what}");
        assert!(answer.field("clear-site-data").is_none());
        visitor.assert_holds(NAME);
        assert_eq!(site.browse(&mut visitor, "/account").await.status, 200, "alive, and the visitor can try again");
        site.store.breaks(&[]);
        assert_eq!(site.browse(&mut visitor, what).await.status, 204);
        visitor.assert_lacks(NAME);
    }
}

/// Nobody is signed in, and nothing is left behind, where the store cannot keep the token.
#[tokio::test]
async fn a_sign_in_that_fails_signs_nobody_in() {
    let site = Site::new();
    site.store.breaks(&["insert_new"]);
    let answer = site.ask("POST /login", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.lines("set-cookie"), site.store.len()), (503, vec![], 0));

    // The old token cannot be ended: no sign-in over it, and the new one is deleted again as far as that works.
    let site = Site::new();
    let mut visitor = visitor(&site);
    let old = site.browse(&mut visitor, "POST /login").await.token().unwrap();
    site.store.calls();
    site.store.breaks(&["delete"]);
    let answer = site.browse(&mut visitor, "POST /login").await;
    assert_eq!((answer.status.as_u16(), answer.lines("set-cookie")), (503, vec![]));
    assert_eq!(site.store.calls(), ["insert_new", "get", "delete", "delete"]);
    assert_eq!(site.by_cookie("/account", &old).await.status, 200, "as before");
}

#[tokio::test]
async fn a_rotation_that_fails_leaves_the_old_token() {
    for broken in ["insert_new", "delete"] {
        let site = Site::new();
        let mut visitor = visitor(&site);
        site.browse(&mut visitor, "POST /login").await;
        site.store.breaks(&[broken]);
        let answer = site.browse(&mut visitor, "POST /rotate").await;
        assert_eq!((answer.status.as_u16(), answer.lines("set-cookie")), (503, vec![]), "{broken}");
        site.store.breaks(&[]);
        assert_eq!(site.browse(&mut visitor, "/account").await.status, 200);
    }
}

/// A note of a use that fails is a failure: whether the token was ended meanwhile cannot be told.
#[tokio::test]
async fn a_note_that_fails() {
    let site = Site::new();
    let tokens = Tokens::builder(site.store.clone()).clock(site.clock.clone()).idle_limit(Lifetime::seconds(60));
    let app = routes().layer(TokenLayer::new(tokens.build().unwrap()));
    let site = Site { app, ..site };
    let token = site.sign_in().await;
    site.clock.advance(6);
    site.store.breaks(&["touch"]);
    let answer = site.by_cookie("/account", &token).await;
    assert_eq!((answer.status.as_u16(), answer.lines("set-cookie")), (503, vec![]));
    site.store.breaks(&[]);
    assert_eq!(site.by_cookie("/account", &token).await.status, 200);
}

/// A store that is full refuses the new one, and keeps all others.
#[tokio::test]
async fn a_full_store_loses_nobody() {
    let clock = tower_consent::ManualClock::at(START);
    let store = Watched::over(MemoryStore::builder().capacity(2).build(), Duration::ZERO);
    let tokens = Tokens::builder(store.clone()).clock(clock.clone()).build().unwrap();
    let site = Site { app: routes().layer(TokenLayer::new(tokens.clone())), clock, store, tokens };
    let held = [site.sign_in().await, site.sign_in().await];
    let answer = site.ask("POST /login", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.lines("set-cookie")), (503, vec![]));
    assert_eq!(site.tokens.issue("x").await.unwrap_err().kind(), StoreErrorKind::Full);
    for token in held {
        assert_eq!(site.by_cookie("/account", &token).await.status, 200);
    }
}

/// The visitor is told nothing of the store, the log is: with what failed.
#[tokio::test]
async fn a_failure_reaches_the_log() {
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    // Beside one subscriber alone, a thread that has none could switch the line off for all of them.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
    let guard = tracing::subscriber::set_default(subscriber);
    let site = Site::new();
    let token = site.sign_in().await;
    site.store.breaks(&["get"]);
    let answer = site.by_cookie("/account", &token).await;
    drop(guard);
    assert_eq!(answer.status, 503);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("the token store failed") && log.contains("the store is unavailable"), "{log}");
    assert!(!log.contains(&token));
}
