//! A new secret for a session.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use tower_consent::{TokenForm, Tokens};

use crate::{
    site::{NAME, START, Site, visitor},
    watched::Watched,
};

/// The same session under another secret: it ends when the old one would have, in the same form, and the old one is dead.
#[tokio::test]
async fn a_new_secret_and_nothing_else() {
    for (form, kept) in [("", TokenForm::Persistent), ("browser", TokenForm::BrowserSession)] {
        let site = Site::new();
        let mut visitor = visitor(&site);
        let answer = site.browse_with(&mut visitor, "POST /login", &[("form", form)]).await;
        let (old, before) = (answer.token().unwrap(), site.tokens.list("user-17").await.unwrap().remove(0));
        site.clock.advance(100_000);
        site.store.calls();
        let answer = site.browse(&mut visitor, "POST /rotate").await;
        assert_eq!(site.store.calls(), ["get", "insert_new", "delete"], "in this order a crash loses nobody");
        assert_eq!(answer.cache_control(), Some("no-store"));
        let new = answer.token().unwrap();
        assert_ne!(new, old);
        assert_eq!(answer.max_age(), (form != "browser").then_some(504_800), "what is left, and no more");
        let after = site.tokens.list("user-17").await.unwrap();
        assert_eq!(after.len(), 1);
        let after = &after[0];
        assert_ne!(after.digest(), before.digest());
        assert_eq!((after.issued_at(), after.expires_at()), (before.issued_at(), before.expires_at()));
        assert_eq!((after.form(), after.label(), after.data()), (kept, "laptop", &b"data"[..]));
        assert_eq!(site.by_cookie("/account", &old).await.status, 401);
        site.clock.set(START + 604_799);
        assert_eq!(site.by_cookie("/account", &new).await.status, 200);
        site.clock.set(START + 604_800);
        assert_eq!(site.by_cookie("/account", &new).await.status, 401);
        assert_eq!(visitor.holds(NAME), form == "browser", "the browser ends the one, and the server both");
    }
}

#[tokio::test]
async fn a_bearer_token_stays_one() {
    let site = Site::new();
    let answer = site.ask("POST /login", &[("form", b"bearer")]).await;
    let old = answer.body.strip_prefix("bearer ").unwrap().to_owned();
    let answer = site.by_bearer("POST /rotate", &old).await;
    let new = answer.body.strip_prefix("bearer ").unwrap();
    assert_eq!((answer.lines("set-cookie"), answer.cache_control()), (vec![], Some("no-store")));
    assert_eq!(site.by_bearer("/account", &old).await.status, 401);
    assert_eq!(site.by_bearer("/account", new).await.status, 200);
}

/// The old one was ended between look-up and exchange: the new one is deleted, and the visitor is anonymous.
#[tokio::test]
async fn a_log_out_wins() {
    let rotate = async |session: tower_consent::Session, tokens: Tokens| {
        // Another request logs out meanwhile.
        assert!(tokens.revoke_one_of(session.subject(), session.digest()).await?);
        let rotated = session.rotate().await?;
        Ok::<_, tower_consent::StoreError>(rotated.map_or("ended meanwhile", |_| "rotated"))
    };
    let routes = crate::site::routes().route("/meanwhile", axum::routing::post(rotate));
    let site = Site::of(routes, |app, tokens| app.layer(tower_consent::TokenLayer::new(tokens)));
    let token = site.sign_in().await;
    let answer = site.by_cookie("POST /meanwhile", &token).await;
    assert_eq!(answer.body, "ended meanwhile");
    // Whoever ended it has told the browser; by now that may hold another one.
    assert_eq!((answer.expires(), answer.cache_control()), (false, Some("private, no-cache")));
    assert_eq!(site.store.len(), 0, "the new one is gone too");
}

/// The same by hand, and of two at a time one gets the new secret.
#[tokio::test]
async fn by_hand() {
    let (store, clock) = (Watched::new(), tower_consent::ManualClock::at(START));
    let tokens = Tokens::builder(store.clone()).clock(clock.clone()).build().unwrap();
    let old = tokens.issue("user-17").await.unwrap().token().expose();
    let (one, two) = tokio::join!(tokens.rotate(&old), tokens.rotate(&old));
    let rotated: Vec<_> = [one, two].into_iter().filter_map(|rotated| rotated.unwrap()).collect();
    assert_eq!((rotated.len(), store.len()), (1, 1));
    let new = rotated[0].token().expose();
    assert!(tokens.verify(&new).await.unwrap().is_some());
    clock.set(START + 604_800);
    assert!(tokens.rotate(&new).await.unwrap().is_none(), "an ended token has no successor");
    assert_eq!(store.len(), 1);
}
