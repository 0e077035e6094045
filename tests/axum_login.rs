//! The example with axum-login, through its router: seven days in the browser and in its store, a sign-out on both sides,
//! and nobody signed out by a refusal (C4-C6, R121, R124, R127).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../examples/axum_login.rs"]
#[allow(dead_code, reason = "its `main` is not called here")]
mod example;

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{Router, body::Body};
use axum_login::tower_sessions::{
    SessionStore,
    session::{Id, Record},
};
use example::SIGNED_IN_AT;
use http::{Request, Response, header};
use http_body_util::BodyExt;
use serde_json::json;
use tower::ServiceExt;
use tower_consent::{Policy, test::Visitor};
use tower_sessions_memory_store::MemoryStore;

const DAY: i64 = 86_400;

/// The application, its session store, and a visitor who has decided nothing.
struct Site {
    app: Router,
    store: MemoryStore,
    visitor: Visitor,
}

impl Site {
    fn open(policy: Policy) -> Self {
        let store = MemoryStore::default();
        Self { app: example::app(policy, store.clone()), store, visitor: Visitor::undecided() }
    }

    async fn send(&mut self, address: &str, request: Request<Body>) -> Response<String> {
        let answer = self.app.clone().oneshot(request).await.unwrap();
        self.visitor.receive(address, &answer);
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Response::from_parts(parts, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn post(&mut self, path: &str, form: &'static str) -> Response<String> {
        let address = format!("https://example.com{path}");
        let request = self.visitor.form(&address).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(&address, request.body(Body::from(form)).unwrap()).await
    }

    async fn says(&mut self) -> String {
        let address = "https://example.com/";
        let request = self.visitor.request(address).body(Body::empty()).unwrap();
        self.send(address, request).await.into_body()
    }

    /// The session that the visitor's browser names.
    fn id(&self) -> Id {
        let cookie = self.visitor.cookies().find(|cookie| cookie.name() == b"id").expect("a session cookie");
        std::str::from_utf8(cookie.value()).unwrap().parse().unwrap()
    }

    async fn record(&self) -> Record {
        self.store.load(&self.id()).await.unwrap().expect("a session in the store")
    }

    fn life_in_browser(&self) -> i64 {
        let cookie = self.visitor.cookies().find(|cookie| cookie.name() == b"id").expect("a session cookie");
        cookie.expires().expect("a persistent cookie") - now()
    }
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

/// The seconds of a slow test are no fault.
fn is_about(seconds: i64, days: i64) -> bool {
    (days * DAY - 60..=days * DAY).contains(&seconds)
}

#[tokio::test]
async fn a_sign_in_ends_after_seven_days_on_both_sides_however_much_it_is_used() {
    let mut site = Site::open(example::policy().build().unwrap());
    assert_eq!(site.says().await, "nobody, visit 1\n");
    assert!(is_about(site.life_in_browser(), 7), "the session layer asks for thirty: {}", site.life_in_browser());
    assert_eq!(site.post("/sign-in", "name=ada&password=hate").await.status(), 401);
    let before = site.id();
    assert_eq!(site.post("/sign-in", "name=ada&password=love").await.status(), 303);
    assert_ne!(site.id(), before, "a new id at the sign-in");
    assert!(is_about(site.life_in_browser(), 7), "{}", site.life_in_browser());

    // Five days on, a visit changes the session: its end stays where it was.
    let mut record = site.record().await;
    let at = record.data[SIGNED_IN_AT].as_i64().unwrap() - 5 * DAY;
    record.data.insert(SIGNED_IN_AT.to_owned(), json!(at));
    record.expiry_date -= time::Duration::days(5);
    site.store.save(&record).await.unwrap();
    assert_eq!(site.says().await, "ada, visit 2\n");
    let left = site.record().await.expiry_date.unix_timestamp() - now();
    assert!(is_about(left, 2), "in the store: {left}");
    assert!(is_about(site.life_in_browser(), 2), "in the browser: {}", site.life_in_browser());

    // And over, although the store would keep it: for the handler of the very request too.
    let mut record = site.record().await;
    record.data.insert(SIGNED_IN_AT.to_owned(), json!(now() - 7 * DAY));
    record.expiry_date += time::Duration::days(20);
    site.store.save(&record).await.unwrap();
    assert_eq!(site.says().await, "nobody, visit 1\n");
    assert!(site.store.load(&record.id).await.unwrap().is_none(), "and deleted");
}

#[tokio::test]
async fn a_session_from_before_gets_its_seven_days_from_its_first_request() {
    let mut site = Site::open(example::policy().build().unwrap());
    site.post("/sign-in", "name=ada&password=love").await;
    let mut record = site.record().await;
    record.data.remove(SIGNED_IN_AT);
    record.expiry_date += time::Duration::days(23);
    site.store.save(&record).await.unwrap();
    assert_eq!(site.says().await, "ada, visit 1\n", "nobody is signed out by the change");
    let record = site.record().await;
    assert!((now() - record.data[SIGNED_IN_AT].as_i64().unwrap()) < 60);
    assert!(is_about(record.expiry_date.unix_timestamp() - now(), 7));
}

#[tokio::test]
async fn a_sign_out_leaves_nothing_on_either_side() {
    let mut site = Site::open(example::policy().build().unwrap());
    site.post("/sign-in", "name=ada&password=love").await;
    let id = site.id();
    assert_eq!(site.post("/sign-out", "").await.status(), 303);
    site.visitor.assert_lacks("id");
    assert!(site.store.load(&id).await.unwrap().is_none());
    assert_eq!(site.says().await, "nobody, visit 1\n");
}

#[tokio::test]
async fn a_second_sign_in_takes_a_new_id_and_ends_the_old_one() {
    let mut site = Site::open(example::policy().build().unwrap());
    site.post("/sign-in", "name=ada&password=love").await;
    let first = site.id();
    site.post("/sign-in", "name=ada&password=love").await;
    assert_ne!(site.id(), first);
    assert!(site.store.load(&first).await.unwrap().is_none());
    assert_eq!(site.says().await, "ada, visit 1\n");
}

#[tokio::test]
async fn a_refusal_signs_nobody_out() {
    let policy = || example::policy().build().unwrap();
    let mut site = Site::open(policy());
    site.post("/sign-in", "name=ada&password=love").await;
    site.visitor = site.visitor.refuses(&Arc::new(policy()));
    assert_eq!(site.says().await, "ada, visit 1\n");
}
