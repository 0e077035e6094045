//! A site that records choices, and how a visitor uses it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::Query,
    response::IntoResponse,
    routing::{get, post},
};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;
use tower_consent::{
    AccountLink, Category, ChoiceMethod, Choices, ConsentLayer, ConsentStore, Decision, HiddenFields, ManualClock,
    MemoryStore, Owner, Policy, PolicyBuilder, RecordId, Records, Regime, Revision, Rights, Selection, ServiceEntry,
    Session, SignIn, StoreError, Tokens,
};

pub(crate) const START: i64 = 1_800_000_000;
pub(crate) const DAY: i64 = 86_400;
pub(crate) const KEY: [u8; 32] = [7; 32];

pub(crate) fn builder() -> PolicyBuilder {
    Policy::builder()
        .revision(Revision::new(1).on(2026, 1, 1))
        .cookies(Category::ANALYTICS, ["_ga"])
        .cookies(Category::MARKETING, ["_fbp"])
        .service_entry(ServiceEntry::new("maps", "functional"))
        .mac_key("k1", KEY)
}

pub(crate) fn opt_out() -> PolicyBuilder {
    builder().regime(Regime::OptOut)
}

#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) app: Router,
    pub(crate) clock: ManualClock,
    pub(crate) records: Records,
    pub(crate) rights: Rights,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::with(builder(), MemoryStore::new())
    }

    pub(crate) fn with(policy: PolicyBuilder, store: impl ConsentStore) -> Self {
        let clock = ManualClock::at(START);
        let records = Records::builder(store).chain_key(KEY).clock(clock.clone()).build();
        let tokens = Tokens::builder(MemoryStore::new()).clock(clock.clone()).build().unwrap();
        Self::over(policy.build().unwrap(), records, tokens, clock)
    }

    pub(crate) fn over(policy: Policy, records: Records, tokens: Tokens, clock: ManualClock) -> Self {
        let rights = Rights::new(records.clone()).with_tokens(tokens.clone());
        let app = Router::new()
            .route(
                "/accept",
                post(async |choices: Choices| {
                    choices.by(ChoiceMethod::Banner).in_language("de").showing("May we count?").accept_all().await
                }),
            )
            .route("/again", post(async |choices: Choices| choices.confirmed().accept_all().await))
            .route(
                "/analytics",
                post(async |choices: Choices| choices.choose(&Selection::none().grant(Category::ANALYTICS)).await),
            )
            .route(
                "/maps",
                post(async |choices: Choices| choices.choose(&Selection::none().grant_service("maps")).await),
            )
            .route("/map", get(async |decision: Decision| decision.allows_service("maps").to_string()))
            .route("/nothing", post(async |choices: Choices| choices.choose(&Selection::none()).await))
            .route(
                "/unknown",
                post(async |choices: Choices| choices.choose(&Selection::none().grant_service("nobody")).await),
            )
            .route("/refuse", post(async |choices: Choices| choices.by(ChoiceMethod::Footer).refuse_all().await))
            .route("/withdraw", post(async |choices: Choices| choices.withdraw().await))
            .route("/sign-in", post(sign_in))
            .route("/me", get(async |session: Session| session.subject().to_owned()))
            .route(
                "/tracks",
                get(async |decision: Decision, headers: HeaderMap| {
                    let seen = headers.get(header::COOKIE).map_or("", |line| line.to_str().unwrap());
                    let open = decision.allows(Category::ANALYTICS);
                    ([(header::SET_COOKIE, "_ga=1; Path=/")], format!("{open} {}", seen.contains("_ga=")))
                }),
            )
            .route(
                "/referrer",
                get(async |headers: HeaderMap| {
                    headers.get(header::REFERER).map_or("", |from| from.to_str().unwrap()).to_owned()
                }),
            )
            .layer(AccountLink)
            .layer(
                ConsentLayer::new(policy)
                    .with_clock(clock.clone())
                    .with_records(records.clone())
                    .with_tokens(tokens)
                    .with_hidden(HiddenFields::new()),
            );
        Self { app, clock, records, rights }
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser { site: self.clone(), cookies: Vec::new(), headers: HeaderMap::new() }
    }

    pub(crate) async fn proof(&self, owner: &Owner) -> Value {
        serde_json::from_str(&self.records.proof(owner).await.unwrap().to_json()).unwrap()
    }

    /// How often something was only counted.
    pub(crate) async fn counted(&self) -> u64 {
        self.records.day_counts().await.unwrap().iter().map(|count| count.count).sum()
    }
}

async fn sign_in(sign_in: SignIn, Query(who): Query<Vec<(String, String)>>) -> Result<impl IntoResponse, StoreError> {
    Ok((sign_in.issue(&*who[0].1).await?, "in"))
}

/// Holds cookies by name, as far as these tests need it.
#[derive(Clone)]
pub(crate) struct Browser {
    pub(crate) site: Site,
    pub(crate) cookies: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Browser {
    pub(crate) fn sending(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path).await
    }

    pub(crate) async fn post(&mut self, path: &str) -> Answer {
        self.send("POST", path).await
    }

    async fn send(&mut self, method: &str, path: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        *request.headers_mut() = self.headers.clone();
        if !self.cookies.is_empty() {
            let line: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request.headers_mut().insert(header::COOKIE, line.join("; ").parse().unwrap());
        }
        let response = self.site.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for line in parts.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (pair, rest) = line.split_once(';').unwrap_or((line, ""));
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !rest.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    pub(crate) fn consent(&self) -> &str {
        self.cookie("__Host-consent").unwrap_or("")
    }

    /// The number of the record in the consent cookie.
    pub(crate) fn record(&self) -> Option<Owner> {
        use base64::Engine as _;
        let (_, id) = self.consent().split('~').next()?.split_once('#')?;
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(id).unwrap();
        Some(Owner::Record(RecordId::from_bytes(bytes.try_into().unwrap())))
    }
}

pub(crate) fn account(subject: &str) -> Owner {
    Owner::Subject(Arc::from(subject))
}

/// The outcomes of a proof's events.
pub(crate) fn outcomes(proof: &Value) -> Vec<&str> {
    proof["events"].as_array().unwrap().iter().map(|event| event["outcome"].as_str().unwrap()).collect()
}
