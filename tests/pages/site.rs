//! A site with consent pages, in axum or on bare hyper, and how a visitor uses it.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    convert::Infallible,
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    Router,
    extract::{FromRef, State},
    response::{Html, IntoResponse, Response as AxumResponse},
    routing::{get, post},
};
use http::{HeaderMap, Request, Response, StatusCode, Uri, header, request::Builder};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use serde_json::Value;
use time::macros::datetime;
use tokio::net::TcpListener;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_consent::{
    About, Category, ChainId, Checkpoint, ConsentLayer, ConsentPages, ConsentStore, DayCount, Decision, EntryPlace,
    Fragments, GpcResource, LedgerBatch, LedgerEntry, LedgerPurge, ManualClock, MemoryStore, Owner, Policy,
    PolicyBuilder, PolicyHandle, Records, RequireRevision, Revision, ServiceEntry, SignIn, StoreError, StoreErrorKind,
    StoreFuture, TextHash, TokenDigest, TokenRecord, TokenStore, Tokens, test::Visitor,
};

pub(crate) const HOST: &str = "https://www.example.com";
pub(crate) const CONSENT: &str = "__Host-consent";
pub(crate) const KEY: [u8; 32] = [7; 32];
const NOON: i64 = datetime!(2026-11-22 12:00 UTC).unix_timestamp();

/// Own cookies beside services, services alone, and neither; an essential service.
pub(crate) fn policy() -> PolicyBuilder {
    Policy::builder()
        .about(About::new("Example Ltd").privacy_policy("/privacy-policy").imprint("/imprint"))
        .revision(Revision::new(1).on(2026, 1, 1).changes("The first."))
        .revision(Revision::new(3).on(2026, 11, 1).changes("More <b>services</b>."))
        .cookies(Category::ANALYTICS, ["_ga"])
        .service_entry(ServiceEntry::new("google-ads", "marketing").label("Google Ads").provider("Google"))
        .service_entry(ServiceEntry::new("meta", "marketing").provider("Meta"))
        .service_entry(ServiceEntry::new("youtube", "functional").label("YouTube").purpose("Shows films"))
        .service_entry(ServiceEntry::new("stripe", "essential"))
        .cookies(Category::FUNCTIONAL, ["theme"])
        .mac_key("k1", KEY)
}

/// How a site is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// axum, whose router strips `/privacy`.
    Axum,
    /// hyper with one service for everything, over HTTP/1.1 or HTTP/2.
    Hyper { http2: bool },
}

pub(crate) const CARRIERS: [Carrier; 3] =
    [Carrier::Axum, Carrier::Hyper { http2: false }, Carrier::Hyper { http2: true }];

/// A store that can be switched off.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub(crate) memory: MemoryStore,
    down: Arc<AtomicBool>,
}

impl Store {
    fn new() -> Self {
        Self { memory: MemoryStore::new(), down: Arc::default() }
    }

    pub(crate) fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    fn gate<'a, T: Send + 'a>(&self, inner: impl FnOnce() -> StoreFuture<'a, T>) -> StoreFuture<'a, T> {
        if self.down.load(Ordering::SeqCst) {
            return StoreFuture::ready(Err(StoreError::new(StoreErrorKind::Unavailable, "pulled-plug")));
        }
        inner()
    }
}

impl ConsentStore for Store {
    fn append(&self, batch: LedgerBatch) -> StoreFuture<'_, ()> {
        self.gate(|| self.memory.append(batch))
    }
    fn entries_of(&self, owner: &Owner) -> StoreFuture<'_, Vec<LedgerEntry>> {
        self.gate(|| self.memory.entries_of(owner))
    }
    fn entries_after(&self, place: EntryPlace, limit: usize) -> StoreFuture<'_, Vec<LedgerEntry>> {
        self.gate(|| self.memory.entries_after(place, limit))
    }
    fn chains(&self) -> StoreFuture<'_, Vec<(ChainId, Option<Checkpoint>)>> {
        self.gate(|| self.memory.chains())
    }
    fn keep_text(&self, hash: TextHash, text: &str, day: time::Date) -> StoreFuture<'_, ()> {
        self.gate(|| self.memory.keep_text(hash, text, day))
    }
    fn text(&self, hash: &TextHash) -> StoreFuture<'_, Option<String>> {
        self.gate(|| self.memory.text(hash))
    }
    fn count(&self, count: DayCount) -> StoreFuture<'_, ()> {
        self.gate(|| self.memory.count(count))
    }
    fn counts(&self) -> StoreFuture<'_, Vec<DayCount>> {
        self.gate(|| self.memory.counts())
    }
    fn purge(&self, purge: LedgerPurge) -> StoreFuture<'_, u64> {
        self.gate(|| self.memory.purge(purge))
    }
}

impl TokenStore for Store {
    fn insert_new(&self, record: TokenRecord) -> StoreFuture<'_, bool> {
        self.gate(|| self.memory.insert_new(record))
    }
    fn get(&self, digest: &TokenDigest) -> StoreFuture<'_, Option<TokenRecord>> {
        self.gate(|| self.memory.get(digest))
    }
    fn delete(&self, digest: &TokenDigest) -> StoreFuture<'_, bool> {
        self.gate(|| self.memory.delete(digest))
    }
    fn delete_all_of(&self, subject: &str) -> StoreFuture<'_, u64> {
        self.gate(|| self.memory.delete_all_of(subject))
    }
    fn list_of(&self, subject: &str) -> StoreFuture<'_, Vec<TokenRecord>> {
        self.gate(|| self.memory.list_of(subject))
    }
    fn touch(&self, digest: &TokenDigest, seen_at: i64) -> StoreFuture<'_, bool> {
        self.gate(|| self.memory.touch(digest, seen_at))
    }
    fn sweep(&self) -> StoreFuture<'_, u64> {
        self.gate(|| self.memory.sweep())
    }
}

/// What a handler of the site may ask for.
#[derive(Clone)]
struct Shared {
    pages: ConsentPages,
}

impl FromRef<Shared> for ConsentPages {
    fn from_ref(shared: &Shared) -> Self {
        shared.pages.clone()
    }
}

#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) policy: Arc<Policy>,
    pub(crate) handle: PolicyHandle,
    pub(crate) clock: ManualClock,
    pub(crate) records: Records,
    /// Of the records.
    pub(crate) store: Store,
    /// Of the tokens.
    pub(crate) tokens: Store,
    pub(crate) pages: ConsentPages,
    server: Server,
}

#[derive(Clone)]
enum Server {
    Axum(Box<Router>),
    Hyper { address: String, http2: bool },
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::with(policy()).await
    }

    pub(crate) async fn with(policy: PolicyBuilder) -> Self {
        Self::on(Carrier::Axum, policy, |pages| pages).await
    }

    pub(crate) async fn on(
        carrier: Carrier,
        policy: PolicyBuilder,
        set: impl FnOnce(ConsentPages) -> ConsentPages,
    ) -> Self {
        let (clock, store, tokens) = (ManualClock::at(NOON), Store::new(), Store::new());
        let policy = Arc::new(policy.build().unwrap());
        let handle = PolicyHandle::new(Arc::clone(&policy));
        let records = Records::builder(store.clone()).chain_key(KEY).clock(clock.clone()).build();
        let pages = set(ConsentPages::at("/privacy", records.clone()));
        let issuer = Tokens::builder(tokens.clone()).clock(clock.clone()).build().unwrap();
        let layer = ConsentLayer::new(handle.clone())
            .with_clock(clock.clone())
            .with_records(records.clone())
            .with_tokens(issuer);
        let server = match carrier {
            Carrier::Axum => Server::Axum(Box::new(router(pages.clone(), handle.clone()).layer(layer))),
            Carrier::Hyper { http2 } => Server::Hyper { address: serve(layer.layer(bare(pages.clone()))).await, http2 },
        };
        Self { policy, handle, clock, records, store, tokens, pages, server }
    }

    /// A visitor who lives by the site's clock.
    pub(crate) fn visitor(&self) -> Visitor {
        Visitor::undecided().at(self.clock.clone())
    }

    pub(crate) async fn send(&self, request: Request<impl Into<Bytes>>) -> Answer {
        let request = request.map(|body| Full::new(body.into()));
        match &self.server {
            Server::Axum(router) => Answer::of(router.clone().oneshot(request).await.unwrap()).await,
            Server::Hyper { address, http2 } => {
                let client: Client<HttpConnector, Full<Bytes>> =
                    Client::builder(TokioExecutor::new()).http2_only(*http2).build_http();
                let (mut parts, body) = request.into_parts();
                let path = parts.uri.path_and_query().unwrap().clone();
                parts.uri = format!("{address}{path}").parse::<Uri>().unwrap();
                if *http2 {
                    parts.headers.remove(header::HOST);
                }
                parts.version = http::Version::default();
                Answer::of(client.request(Request::from_parts(parts, body)).await.unwrap()).await
            }
        }
    }

    /// A page, as if the visitor had typed its path.
    pub(crate) async fn get(&self, visitor: &mut Visitor, path: &str) -> Answer {
        let address = format!("{HOST}{path}");
        let request = visitor.request(&address).body("").unwrap();
        self.receive(visitor, &address, request).await
    }

    /// A form of the site's own.
    pub(crate) async fn post(&self, visitor: &mut Visitor, path: &str, form: &str) -> Answer {
        let address = format!("{HOST}{path}");
        let request = visitor.form(&address).header(header::CONTENT_TYPE, FORM).body(form.to_owned()).unwrap();
        self.receive(visitor, &address, request).await
    }

    pub(crate) async fn choose(&self, visitor: &mut Visitor, form: &str) -> Answer {
        self.post(visitor, "/privacy/choice", form).await
    }

    /// A call of a script on a page of the site.
    pub(crate) async fn call(&self, visitor: &mut Visitor, path: &str, body: Value) -> Answer {
        self.call_with(visitor, path, &body.to_string(), JSON).await
    }

    pub(crate) async fn call_with(&self, visitor: &mut Visitor, path: &str, body: &str, kind: &str) -> Answer {
        let address = format!("{HOST}/privacy/api/{path}");
        let request = visitor.subresource(&address, "empty").method("POST").header(header::CONTENT_TYPE, kind);
        self.receive(visitor, &address, request.body(body.to_owned()).unwrap()).await
    }

    pub(crate) async fn state(&self, visitor: &mut Visitor) -> Value {
        let address = format!("{HOST}/privacy/api/state");
        let request = visitor.subresource(&address, "empty").body("").unwrap();
        self.receive(visitor, &address, request).await.json()
    }

    /// Sends a request with the visitor's cookies, and stores what the answer sets.
    pub(crate) async fn receive(
        &self,
        visitor: &mut Visitor,
        address: &str,
        request: Request<impl Into<Bytes>>,
    ) -> Answer {
        let answer = self.send(request).await;
        let mut response = Response::new(());
        *response.headers_mut() = answer.headers.clone();
        visitor.receive(address, &response);
        answer
    }

    /// What is on record of this visitor's browser, as JSON.
    pub(crate) async fn proof(&self, visitor: &mut Visitor) -> Value {
        let id = self.record_id(visitor).await.expect("a record");
        let proof = self.records.proof(&Owner::Record(id)).await.unwrap();
        serde_json::from_str(&proof.to_json()).unwrap()
    }

    pub(crate) async fn record_id(&self, visitor: &mut Visitor) -> Option<tower_consent::RecordId> {
        let seen = Arc::new(std::sync::Mutex::new(None));
        let slot = Arc::clone(&seen);
        let mut service = ConsentLayer::new(Arc::clone(&self.policy)).with_clock(self.clock.clone()).layer(service_fn(
            move |request: Request<&str>| {
                let decision = tower_consent::ConsentContext::of(request.extensions()).unwrap().decision().clone();
                *slot.lock().unwrap() = decision.choice().and_then(|choice| choice.record_id());
                async { Ok::<_, Infallible>(Response::new(())) }
            },
        ));
        service.call(visitor.request(HOST).body("").unwrap()).await.unwrap();
        seen.lock().unwrap().take()
    }
}

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
pub(crate) const JSON: &str = "application/json";

fn router(pages: ConsentPages, handle: PolicyHandle) -> Router<()> {
    async fn shop(fragments: Fragments) -> Html<String> {
        let Fragments { head, banner, footer, .. } = fragments;
        Html(format!("<html><head>{head}</head><body>[banner]{banner}[/banner][footer]{footer}[/footer]</body>"))
    }
    async fn film(
        State(pages): State<ConsentPages>,
        decision: Decision,
        headers: HeaderMap,
        uri: Uri,
        axum::extract::Query(query): axum::extract::Query<Vec<(String, String)>>,
    ) -> AxumResponse {
        let path = uri.path_and_query().unwrap().as_str();
        match query.first().map(|(_, needed)| needed.as_str()) {
            Some(name) if name == "functional" || name == "marketing" || name == "analytics" => {
                let category = Category::new(name).unwrap();
                if decision.allows(category) {
                    return Html("the content").into_response();
                }
                pages.prompt_page(&decision, &headers, path, category).into_response()
            }
            needed => {
                let service = needed.unwrap_or("youtube");
                if decision.allows_service(service) {
                    return Html("the content").into_response();
                }
                pages.prompt_page(&decision, &headers, path, service).into_response()
            }
        }
    }
    async fn sign_in(sign_in: SignIn) -> Result<impl IntoResponse, StoreError> {
        Ok((sign_in.issue("user-17").await?, "in"))
    }
    let gated = Router::<Shared>::new()
        .route("/gated", get(|| async { "through" }).post(|| async { "through" }))
        .route_layer(RequireRevision::new(pages.clone()));
    Router::<Shared>::new()
        .merge(gated)
        .route("/shop", get(shop))
        .route("/film", get(film))
        .route("/sign-in", post(sign_in))
        .route_service("/.well-known/gpc.json", GpcResource::of(handle))
        .nest_service("/privacy", pages.clone())
        .with_state(Shared { pages })
}

/// One service for everything, as without a framework.
fn bare<B>(
    pages: ConsentPages,
) -> impl Service<Request<B>, Response = Response<Full<Bytes>>, Error = Infallible, Future: Send> + Clone
where
    B: hyper::body::Body<Data: Send> + Send + 'static,
{
    service_fn(move |request: Request<B>| {
        let mut pages = pages.clone();
        async move {
            if request.uri().path().starts_with("/privacy") {
                return pages.call(request).await;
            }
            let mut answer = Response::new(Full::new(Bytes::from_static(b"a page of the site")));
            *answer.status_mut() = StatusCode::OK;
            Ok(answer)
        }
    })
}

async fn serve<S>(service: S) -> String
where
    S: Service<Request<hyper::body::Incoming>, Response = Response<Full<Bytes>>, Error = Infallible, Future: Send>
        + Clone
        + Send
        + 'static,
{
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    // Ends with the test's runtime.
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = TowerToHyperService::new(service.clone());
            tokio::spawn(async move {
                let server = auto::Builder::new(TokioExecutor::new());
                let _closed = server.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    address
}

/// A form's fields, encoded.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    let mut encoded = url::form_urlencoded::Serializer::new(String::new());
    encoded.extend_pairs(fields);
    encoded.finish()
}

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) async fn of<B>(response: Response<B>) -> Self
    where
        B: hyper::body::Body<Error: std::fmt::Debug>,
    {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self { status: parts.status.as_u16(), headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn all(&self, name: &str) -> String {
        let values: Vec<_> = self.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect();
        values.join(", ")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The code of a problem, which says the same status as the answer.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.field("content-type"), Some("application/problem+json"), "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{self:?}");
        problem["code"].as_str().unwrap().to_owned()
    }

    pub(crate) fn location(&self) -> &str {
        assert_eq!(self.status, 303, "{self:?}");
        self.field("location").expect("a location")
    }

    /// Whether it sets the consent cookie, and whether that grants something.
    pub(crate) fn sets_consent(&self) -> bool {
        self.all("set-cookie").contains(CONSENT)
    }

    #[track_caller]
    pub(crate) fn assert_says(&self, text: &str) {
        assert!(self.body.contains(text), "{text:?} is not in {}", self.body);
    }

    #[track_caller]
    pub(crate) fn assert_lacks(&self, text: &str) {
        assert!(!self.body.contains(text), "{text:?} is in {}", self.body);
    }
}

/// A request with these fields and nothing else.
pub(crate) fn raw(method: &str, path: &str, fields: &[(&str, &str)]) -> Builder {
    fields
        .iter()
        .fold(Request::builder().method(method).uri(path), |builder, (name, value)| builder.header(*name, *value))
}
