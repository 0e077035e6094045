//! The site that each of the servers serves. It keeps nothing in its process that another one would need.

use std::{error::Error, sync::Arc};

use axum::{
    Extension, Form, Router,
    extract::Query,
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;
use tower_consent::{
    AccountLink, Category, ConsentLayer, ConsentPages, Decision, DueRule, NewToken, Owner, Policy, RecordId, Records,
    RequestKind, Rights, Session, SignIn, StoreError, Tokens,
};

use super::stores::Stores;

/// The secrets that every server of the site has.
#[derive(Clone, Copy)]
pub(crate) struct Keys {
    /// Authenticates the consent cookie.
    cookie: [u8; 32],
    /// Links the consent records.
    pub(crate) chain: [u8; 32],
}

impl Keys {
    /// Reads them: 128 hexadecimal digits.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let digits: Option<Vec<_>> = text.chars().map(|digit| u8::try_from(digit.to_digit(16)?).ok()).collect();
        let digits = digits.filter(|digits| digits.len() == 128)?;
        let bytes: Vec<_> = digits.as_chunks().0.iter().map(|[high, low]| high << 4 | low).collect();
        let (cookie, rest) = bytes.split_first_chunk()?;
        Some(Self { cookie: *cookie, chain: rest.try_into().ok()? })
    }

    /// The records of a store, as every server writes and verifies them.
    pub(crate) fn records(&self, stores: &Stores) -> Records {
        Records::builder(Arc::clone(&stores.records)).chain_key(self.chain).build()
    }
}

/// The site over these stores.
pub(crate) fn site(stores: &Stores, keys: &Keys) -> Result<Router, Box<dyn Error + Send + Sync>> {
    let policy = Policy::builder()
        .cookies(Category::ANALYTICS, ["_ga", "_ga_*"])
        .cookies(Category::MARKETING, ["_fbp"])
        .mac_key("fleet", keys.cookie)
        .build()?;
    let (tokens, records) = (Tokens::new(Arc::clone(&stores.tokens)), keys.records(stores));
    let rights = Rights::new(records.clone()).with_tokens(tokens.clone());
    Ok(Router::new()
        .route("/", get(home))
        // A load balancer asks it, and nobody's consent or session.
        .route("/health", get(async || "well"))
        .route("/sign-in", post(sign_in))
        .route("/account", get(async |session: Session| session.subject().to_owned()))
        .route("/rotate", post(rotate))
        .route("/sign-out", post(async |session: Session| session.end().await))
        .route("/sign-out-everywhere", post(async |session: Session| session.end_all().await))
        .route("/request", post(request))
        .route("/office/verify", get(verify))
        .route("/office/record", get(record))
        .route("/office/sweep", post(sweep))
        .nest_service("/privacy", ConsentPages::at("/privacy", records.clone()))
        .layer(Extension(rights))
        .layer(AccountLink)
        .layer(ConsentLayer::new(policy).with_records(records).with_tokens(tokens)))
}

/// Who asks, and what passes.
async fn home(consent: Decision, session: Option<Session>) -> impl IntoResponse {
    let user = session.as_ref().map_or("nobody", Session::subject);
    let analytics = if consent.allows(Category::ANALYTICS) { "on" } else { "off" };
    ([(header::SET_COOKIE, "_ga=1; Path=/; Max-Age=3600")], format!("{user}, analytics {analytics}"))
}

#[derive(Deserialize)]
struct SignInForm {
    name: String,
    /// For a program.
    #[serde(default)]
    bearer: bool,
}

async fn sign_in(sign_in: SignIn, Form(form): Form<SignInForm>) -> Result<Response, StoreError> {
    // Check the password here.
    let token = NewToken::of(form.name);
    let signed_in = sign_in.issue(if form.bearer { token.bearer() } else { token }).await?;
    Ok(match signed_in.bearer() {
        Some(token) => token.to_owned().into_response(),
        None => (signed_in, Redirect::to("/account")).into_response(),
    })
}

async fn rotate(session: Session) -> Result<Response, StoreError> {
    Ok(match session.rotate().await? {
        None => StatusCode::UNAUTHORIZED.into_response(),
        Some(signed_in) => match signed_in.bearer() {
            Some(token) => token.to_owned().into_response(),
            None => (signed_in, "rotated").into_response(),
        },
    })
}

/// A person asks for what is stored of them; staff answers.
async fn request(session: Session, rights: Extension<Rights>) -> Result<String, StoreError> {
    let request = rights.receive(Some(session.subject()), RequestKind::Access, &DueRule::default()).await?;
    Ok(format!("by {}", request.due))
}

fn officer(session: &Session) -> Result<(), StatusCode> {
    if session.subject() == "officer" { Ok(()) } else { Err(StatusCode::FORBIDDEN) }
}

fn unavailable(_error: StoreError) -> StatusCode {
    StatusCode::SERVICE_UNAVAILABLE
}

async fn verify(session: Session, records: Extension<Records>) -> Result<String, StatusCode> {
    officer(&session)?;
    let found = records.verify().await.map_err(unavailable)?;
    serde_json::to_string(&found).map_err(|_unwritable| StatusCode::INTERNAL_SERVER_ERROR)
}

#[derive(Deserialize)]
struct Which {
    record: String,
}

/// What is on record of a browser. `Records::proof` says besides whether all chains are intact, for which it walks along them.
async fn record(session: Session, rights: Extension<Rights>, which: Query<Which>) -> Result<String, StatusCode> {
    officer(&session)?;
    let id: RecordId = which.record.parse().map_err(|_malformed| StatusCode::BAD_REQUEST)?;
    Ok(rights.export(&Owner::Record(id)).await.map_err(unavailable)?.to_json())
}

/// What the store and the records do by themselves at every interval, now: how many tokens and records went.
async fn sweep(session: Session, sign_in: SignIn, records: Extension<Records>) -> Result<String, StatusCode> {
    officer(&session)?;
    let tokens = sign_in.tokens().purge().await.map_err(unavailable)?;
    let entries = records.purge().await.map_err(unavailable)?;
    Ok(format!("{tokens} {entries}"))
}
