//! The example with tower-sessions, over real connections: seven days in the browser and in its store, a sign-out on both
//! sides, and no session lost with everything switched on (C4-C6, R121, R124).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../examples/existing_sessions.rs"]
#[allow(dead_code, reason = "its `main` is not called here")]
mod example;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::Router;
use example::{SIGNED_IN_AT, USER};
use http::{Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::json;
use tokio::{net::TcpListener, task::JoinHandle};
use tower_consent::{AttributeFloors, ConsentLayer, Policy, SameSite, Signal, test::Visitor};
use tower_sessions::{
    MemoryStore, Session, SessionManagerLayer, SessionStore,
    session::{Id, Record},
};

const DAY: i64 = 86_400;

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

/// An application on a free port, and its session store.
struct Site {
    addr: SocketAddr,
    store: MemoryStore,
    client: Client<HttpConnector, Full<Bytes>>,
    server: JoinHandle<()>,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Site {
    async fn start(policy: Policy) -> Self {
        let store = MemoryStore::default();
        Self::serve(example::app(policy, store.clone()), store).await
    }

    async fn serve(app: Router, store: MemoryStore) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { addr, store, client: Client::builder(TokioExecutor::new()).build_http(), server }
    }

    fn address(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// The visitor opens a page.
    async fn get(&self, visitor: &mut Visitor, path: &str) -> Response<String> {
        let address = self.address(path);
        let request = visitor.request(&address).body(Full::default()).unwrap();
        self.send(visitor, &address, request).await
    }

    /// The visitor sends a form.
    async fn post(&self, visitor: &mut Visitor, path: &str, form: &'static str) -> Response<String> {
        let address = self.address(path);
        let request = visitor.form(&address).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(visitor, &address, request.body(Full::from(form)).unwrap()).await
    }

    async fn send(
        &self,
        visitor: &mut Visitor,
        address: &str,
        request: http::Request<Full<Bytes>>,
    ) -> Response<String> {
        let answer = self.client.request(request).await.unwrap();
        visitor.receive(address, &answer);
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Response::from_parts(parts, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn sign_in(&self, visitor: &mut Visitor) {
        let answer = self.post(visitor, "/sign-in", "name=ada").await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    }

    async fn says(&self, visitor: &mut Visitor) -> String {
        self.get(visitor, "/").await.into_body()
    }

    /// What the session store keeps of the visitor's session.
    async fn record(&self, visitor: &Visitor) -> Option<Record> {
        self.store.load(&id(visitor)).await.unwrap()
    }

    /// Lets time go by for the visitor's session in the store.
    async fn pass(&self, visitor: &Visitor, seconds: i64) {
        let mut record = self.record(visitor).await.unwrap();
        record.expiry_date -= time::Duration::seconds(seconds);
        let at = record.data[SIGNED_IN_AT].as_i64().unwrap() - seconds;
        record.data.insert(SIGNED_IN_AT.to_owned(), json!(at));
        self.store.save(&record).await.unwrap();
    }
}

/// The session that the visitor's browser names.
fn id(visitor: &Visitor) -> Id {
    let cookie = visitor.cookies().find(|cookie| cookie.name() == b"id").expect("a session cookie");
    std::str::from_utf8(cookie.value()).unwrap().parse().unwrap()
}

fn life_in_browser(visitor: &Visitor) -> i64 {
    let cookie = visitor.cookies().find(|cookie| cookie.name() == b"id").expect("a session cookie");
    cookie.expires().expect("a persistent cookie") - now()
}

fn session_line<B>(answer: &Response<B>) -> &str {
    let mut lines = answer.headers().get_all(header::SET_COOKIE).iter().map(|line| line.to_str().unwrap());
    lines.find(|line| line.starts_with("id=")).expect("a session cookie")
}

#[tokio::test]
async fn the_browser_keeps_the_cookie_for_seven_days_where_the_session_layer_asks_for_thirty() {
    let site = Site::start(example::policy().build().unwrap()).await;
    let mut visitor = Visitor::undecided();
    let answer = site.get(&mut visitor, "/").await;
    let line = session_line(&answer);
    assert!(line.contains("Max-Age=2592000") && line.ends_with("; Max-Age=604800"), "{line}");
    let life = life_in_browser(&visitor);
    assert!((7 * DAY - 5..=7 * DAY).contains(&life), "{life}");

    // A sign-in says seven days by itself.
    site.sign_in(&mut visitor).await;
    let life = life_in_browser(&visitor);
    assert!((7 * DAY - 5..=7 * DAY).contains(&life), "{life}");
}

#[tokio::test]
async fn their_store_ends_a_sign_in_after_seven_days_however_much_it_is_used() {
    let site = Site::start(example::policy().build().unwrap()).await;
    let mut visitor = Visitor::undecided();
    site.sign_in(&mut visitor).await;
    let end = site.record(&visitor).await.unwrap().expiry_date.unix_timestamp();
    assert!((7 * DAY - 5..=7 * DAY).contains(&(end - now())), "{}", end - now());

    // Five days on, a visit changes the session: its end stays where it was, in the store and in the browser.
    site.pass(&visitor, 5 * DAY).await;
    assert_eq!(site.says(&mut visitor).await, "ada, visit 1\n");
    let left = site.record(&visitor).await.unwrap().expiry_date.unix_timestamp() - now();
    assert!((2 * DAY - 5..=2 * DAY).contains(&left), "{left}");
    let life = life_in_browser(&visitor);
    assert!((2 * DAY - 5..=2 * DAY).contains(&life), "{life}");

    site.pass(&visitor, 2 * DAY - 60).await;
    assert_eq!(site.says(&mut visitor).await, "ada, visit 2\n", "in its last minute");
    site.pass(&visitor, 60).await;
    assert!(site.record(&visitor).await.is_none(), "the store itself refuses it");
    assert_eq!(site.says(&mut visitor).await, "nobody, visit 1\n");
}

#[tokio::test]
async fn a_session_that_its_store_would_keep_is_ended_too() {
    let site = Site::start(example::policy().build().unwrap()).await;
    let mut visitor = Visitor::undecided();
    site.sign_in(&mut visitor).await;
    let mut record = site.record(&visitor).await.unwrap();
    record.expiry_date += time::Duration::days(30);
    record.data.insert(SIGNED_IN_AT.to_owned(), json!(now() - 7 * DAY));
    site.store.save(&record).await.unwrap();
    assert_eq!(site.says(&mut visitor).await, "nobody, visit 1\n");
    assert!(site.store.load(&record.id).await.unwrap().is_none(), "and deleted");
    assert_ne!(id(&visitor), record.id);
}

#[tokio::test]
async fn a_session_from_before_gets_its_seven_days_from_its_first_request() {
    let site = Site::start(example::policy().build().unwrap()).await;
    let mut visitor = Visitor::undecided();
    site.sign_in(&mut visitor).await;
    let mut record = site.record(&visitor).await.unwrap();
    record.expiry_date += time::Duration::days(23);
    record.data.remove(SIGNED_IN_AT);
    site.store.save(&record).await.unwrap();

    assert_eq!(site.says(&mut visitor).await, "ada, visit 1\n", "nobody is signed out by the change");
    let record = site.record(&visitor).await.unwrap();
    assert!((now() - 5..=now()).contains(&record.data[SIGNED_IN_AT].as_i64().unwrap()));
    let left = record.expiry_date.unix_timestamp() - now();
    assert!((7 * DAY - 5..=7 * DAY).contains(&left), "{left}");
}

#[tokio::test]
async fn a_sign_out_deletes_in_their_store_and_in_the_browser() {
    let site = Site::start(example::policy().build().unwrap()).await;
    let mut visitor = Visitor::undecided();
    site.sign_in(&mut visitor).await;
    let before = id(&visitor);
    let mut thief = visitor.clone();
    assert_eq!(site.says(&mut thief).await, "ada, visit 1\n");

    let answer = site.post(&mut visitor, "/sign-out", "").await;
    assert!(session_line(&answer).contains("Max-Age=0"), "{}", session_line(&answer));
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    visitor.assert_lacks("id");
    assert!(site.store.load(&before).await.unwrap().is_none());
    assert_eq!(site.says(&mut visitor).await, "nobody, visit 1\n");
    assert_eq!(site.says(&mut thief).await, "nobody, visit 1\n", "a copy of the cookie is of no use");
}

/// Undeclared cookies stripped, floors on every line, a MAC key, and signals and choices of every kind.
#[tokio::test]
async fn with_everything_switched_on_no_session_is_lost() {
    let floors = AttributeFloors::NONE.secure().http_only().same_site(SameSite::Lax);
    let policy = || example::policy().floors(floors).mac_key("k", [7; 32]).signal_always().build().unwrap();
    let shared = Arc::new(policy());
    let site = Site::start(policy()).await;
    for (name, visitor) in [
        ("undecided", Visitor::undecided()),
        ("consenting", Visitor::consenting(&shared)),
        ("refusing", Visitor::refusing(&shared)),
        ("Do Not Track", Visitor::undecided().with_signal(Signal::Dnt)),
        ("Global Privacy Control", Visitor::consenting(&shared).with_signal(Signal::Gpc)),
    ] {
        let mut visitor = visitor;
        let home = site.address("/");
        visitor.script_sets(&home, "_ga=GA1.1.1; Path=/");
        visitor.script_sets(&home, "undeclared=1; Path=/");
        assert_eq!(site.says(&mut visitor).await, "nobody, visit 1\n", "{name}");
        site.sign_in(&mut visitor).await;
        for visit in 2..5 {
            assert_eq!(site.says(&mut visitor).await, format!("ada, visit {visit}\n"), "{name}");
        }
        // A change of mind does not sign out (R127).
        assert_eq!(site.post(&mut visitor, "/refuse", "").await.status(), StatusCode::OK);
        assert_eq!(site.says(&mut visitor).await, "ada, visit 5\n", "{name}");
        visitor.assert_lacks("_ga");
        let record = site.record(&visitor).await.unwrap();
        assert_eq!(record.data[USER], "ada");
        site.post(&mut visitor, "/sign-out", "").await;
        visitor.assert_lacks("id");
    }
}

#[tokio::test]
async fn report_only_leaves_the_session_as_it_was() {
    let site = Site::start(example::policy().report_only().build().unwrap()).await;
    let mut visitor = Visitor::undecided();
    let answer = site.get(&mut visitor, "/").await;
    assert!(session_line(&answer).ends_with("; Max-Age=2592000"), "{}", session_line(&answer));
}

/// What the guide warns of: tower-sessions writes deletions without Secure, and browsers take none for a `__Host-` name.
#[tokio::test]
async fn a_host_prefix_outlives_the_sign_out_in_the_browser() {
    let store = MemoryStore::default();
    let sessions = SessionManagerLayer::new(store.clone()).with_name("__Host-id");
    let pages = Router::new()
        .route("/", axum::routing::get(async |session: Session| session.insert(USER, "ada").await.unwrap()))
        .route("/sign-out", axum::routing::post(async |session: Session| session.flush().await.unwrap()))
        .layer(sessions)
        .layer(ConsentLayer::new(Policy::builder().auth_cookie("__Host-id").build().unwrap()));
    let site = Site::serve(pages, store).await;
    let mut visitor = Visitor::undecided();
    site.get(&mut visitor, "/").await;
    visitor.assert_holds("__Host-id");
    let answer = site.post(&mut visitor, "/sign-out", "").await;
    let line = answer.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(line.starts_with("__Host-id=;") && !line.contains("Secure"), "{line}");
    visitor.assert_holds("__Host-id");
}
