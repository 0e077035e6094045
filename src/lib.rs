//! A tower layer that keeps a site's privacy policy: no cookie passes, in either direction, that the visitor did not
//! agree to, whichever library set it. Do Not Track and Global Privacy Control are obeyed. Sign-in tokens live exactly
//! seven days, and are gone at log-out.
//!
//! # A whole application
//!
//! ```no_run
//! use axum::{
//!     Form, Router,
//!     http::{HeaderMap, StatusCode},
//!     response::{Html, IntoResponse, Redirect, Response},
//!     routing::{get, post},
//! };
//! use tower_consent::{Category, ConsentLayer, Decision, Policy, Preset, Selection};
//! use tower_sessions::{MemoryStore, SessionManagerLayer};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let policy = Policy::builder()
//!         .site_domain("example.com") // where third-party scripts put their cookies
//!         .preset(Preset::TowerSessions) // the cookies of a part that everybody knows
//!         .essential(["csrf"])
//!         .cookies(Category::ANALYTICS, ["_ga", "_ga_*", "_gid"])
//!         .cookies(Category::MARKETING, ["_fbp"])
//!         .build()?; // or: toml::from_str::<PolicyBuilder>(text)?.build()?, any serde format
//!
//!     let app = Router::new()
//!         .route("/", get(home))
//!         .route("/consent", post(answer))
//!         .layer(SessionManagerLayer::new(MemoryStore::default()))
//!         .layer(ConsentLayer::new(policy)); // outermost: sees every Set-Cookie
//!
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//!     axum::serve(listener, app).await?;
//!     Ok(())
//! }
//!
//! async fn home(consent: Decision) -> Html<String> {
//!     // Never fails the request. A script of a third party is only rendered where it is allowed.
//!     let script = if consent.allows(Category::ANALYTICS) { "<script src=/statistics.js></script>" } else { "" };
//!     let notice = match consent.asks() {
//!         Some(_reason) => {
//!             "<form method=post action=/consent>
//!                <button name=answer value=accept>Accept all</button>
//!                <button name=answer value=refuse>Refuse all</button>
//!                <button name=answer value=statistics>Only statistics</button>
//!              </form>"
//!         }
//!         None => "",
//!     };
//!     Html(format!("<p>Hello</p>{notice}{script}"))
//! }
//!
//! async fn answer(consent: Decision, headers: HeaderMap, Form(fields): Form<Vec<(String, String)>>) -> Response {
//!     let answer = fields.iter().find(|(name, _)| name == "answer").map(|(_, value)| value.as_str());
//!     let change = match answer {
//!         Some("accept") => Ok(consent.grant_all_unrecorded()),
//!         Some("statistics") => consent.choose_unrecorded(&Selection::none().grant(Category::ANALYTICS)),
//!         _ => Ok(consent.refuse_all()),
//!     };
//!     // Consent only counts from a page of this site; a refusal always does.
//!     let is_own_page = headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin");
//!     match change {
//!         Ok(change) if change.is_grant() && !is_own_page => StatusCode::FORBIDDEN.into_response(),
//!         Ok(change) => (change, Redirect::to("/")).into_response(),
//!         Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
//!     }
//! }
//! ```
//!
//! The same without a framework is `examples/hyper.rs`; a shop with a consent page is `cargo run --example demo`.
//! **On a running site, begin with report-only**: [`manual::deployment`] goes through the first day, layer order,
//! proxies and caches.
//!
//! # What happens to cookies
//!
//! 1. **Request.** Every `Cookie` line loses the pairs that are not allowed. What stays keeps its bytes and its order.
//! 2. **Response.** Each `Set-Cookie` line is kept whole or dropped whole, on every status. Deletions pass. If the
//!    answer changes the consent, it is judged by the new one.
//! 3. **Browser.** Refused cookies that a request showed are expired at the scopes that the policy declares.
//! 4. **Caches.** An answer that depends on the visitor's choice, or sets a cookie, is kept out of shared caches.
//!
//! Names are compared byte by byte, as browsers do (RFC 6265bis). Undeclared cookies are stripped by default; nameless
//! ones, and names that begin with `$`, always. The layer does no I/O, takes no lock and cannot fail.
//!
//! # Concepts
//!
//! - A [`Category`] is the purpose of a cookie: *essential* (always on), *functional*, *analytics*, *marketing*, and
//!   what a site adds.
//! - A **service** is a named third party inside a category, which a visitor can allow or refuse by itself.
//! - A [`Policy`] is what the site promises: categories, services, a [`CookieRule`] for each name or prefix, lifetimes,
//!   what each signal turns off. It is checked as a whole when it is [built](PolicyBuilder::build). Its [`Revision`]
//!   says which choices are outdated.
//! - [`Signals`] are what the browser asks for by header: `DNT` and `Sec-GPC`.
//! - A **choice** is what the visitor decided: by category and service, at which revision, on which day, under which
//!   signals. It travels in [the consent cookie](manual::cookie_format). A handler makes one with
//!   [`Decision::grant_all_unrecorded`], [`Decision::choose_unrecorded`], [`Decision::refuse_all`] or
//!   [`Decision::withdraw`], and puts the [`ConsentChange`] into its response.
//! - A [`Regime`] is what holds where nobody has decided: opt-in (nothing passes that is not essential) or opt-out.
//! - A [`Decision`] is the answer for one request: what is allowed and why, whether to ask, which signals were
//!   honoured. The first rule that matches wins: essential; taken away by the application ([`Narrow`]); a signal; the
//!   choice; the regime.
//!
//! # Sign-in tokens
//!
//! - A [`Token`] is an opaque secret of 256 bits. [`Tokens`] issues, verifies and ends them over a [`TokenStore`], which
//!   knows only their [digests](TokenDigest).
//! - A token lives exactly seven days from its issue, whether it is used or not; a policy can promise less, and more only
//!   by saying so ([`TokenRules`]).
//! - [`ConsentLayer::with_tokens`] adds them to the layer; [`TokenLayer`] is the same without consent. Handlers take
//!   [`Session`] and [`SignIn`]; [`RequireSession`] guards whole routes. Without a framework, the way is [`TokenContext`].
//! - A log-out ([`Session::end`]) deletes the token from the store first. After that answer it is refused everywhere.
//!
//! ```
//! # #[cfg(feature = "axum")] {
//! use axum::{Router, response::IntoResponse, routing::{get, post}};
//! use tower_consent::{ConsentLayer, MemoryStore, Policy, Session, SignIn, StoreError, Tokens};
//!
//! async fn login(sign_in: SignIn) -> Result<impl IntoResponse, StoreError> {
//!     Ok((sign_in.issue("user-17").await?, "welcome"))
//! }
//! async fn account(session: Session) -> String {
//!     session.subject().to_owned() // 401 without a live token, 503 where the store cannot tell
//! }
//! async fn logout(session: Session) -> Result<impl IntoResponse, StoreError> {
//!     session.end().await
//! }
//!
//! let app: Router = Router::new()
//!     .route("/login", post(login))
//!     .route("/account", get(account))
//!     .route("/logout", post(logout))
//!     .layer(ConsentLayer::new(Policy::default()).with_tokens(Tokens::new(MemoryStore::new())));
//! # }
//! ```
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `tracing` | yes | an event for each stripped cookie (debug), a warning for each undeclared name (once) |
//! | `metrics` | no | the counter `consent_cookies_total`, through the `metrics` facade |
//! | `axum` | no | extractors ([`Decision`], [`Session`], [`SignIn`], [`Tokens`]) and response parts (axum 0.8) |
//! | `redb` | yes | `RedbStore`: tokens in one file, for one process |
//! | `redis` | no | `RedisStore`: Redis or Valkey, single or cluster, TLS |
//! | `postgres` | no | `PostgresStore`, TLS |
//! | `full` | no | all of the above |
//! | `test` | no | for an application's own tests: a visitor with a cookie jar that stores as a browser does |
//!
//! A feature adds and never changes behaviour.
//!
//! # The manual
//!
//! [`manual::deployment`], [`manual::defaults`], [`manual::stores`], [`manual::sessions`], [`manual::laws`],
//! [`manual::cookie_format`].
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "a test may panic"
    )
)]

#[cfg(feature = "axum")]
mod axum;
mod catalogue;
mod category;
mod clock;
mod consent;
mod cookies;
mod decide;
#[cfg(feature = "pages")]
mod endpoint;
mod enforce;
mod policy;
mod record;
mod report;
mod signal;
mod sources;
mod store;
#[cfg(feature = "test")]
pub mod test;
mod token;

#[cfg(feature = "pages")]
pub use crate::endpoint::{
    ConsentPages, Fragments, GpcResource, Needed, OriginError, PagesFuture, PromptPage, RequireRevision,
    RequireRevisionFuture, RequireRevisionService,
    look::{self, Language, LanguageError, Languages, Look},
};
#[cfg(feature = "postgres")]
pub use crate::store::{PostgresStore, PostgresStoreBuilder};
#[cfg(feature = "redb")]
pub use crate::store::{RedbStore, RedbStoreBuilder};
#[cfg(feature = "redis")]
pub use crate::store::{RedisConnection, RedisStore, RedisStoreBuilder};
pub use crate::{
    catalogue::{KnownCookie, Preset},
    category::{Category, CategorySet, NAME_LIMIT, NameError},
    clock::{Clock, ManualClock, SystemClock},
    consent::{NamedChoice, Names, RecordId, UndecidedReason},
    cookies::change::{ConsentChange, Selection, SelectionError},
    decide::{Decision, Prompt},
    enforce::{ConsentContext, ConsentLayer, ConsentService, ResponseFuture},
    policy::{
        About, AttributeFloors, CacheRule, CategoryEntry, CategoryKind, ConfigError, ConfigErrorKind, ConsentCookie,
        CookieOrigin, CookieRule, DeclaredCategory, DeclaredCookie, DeclaredService, Lifetime, LifetimeError, Mode,
        Narrow, OutdatedGrants, Policy, PolicyBuilder, PolicyHandle, PublishError, Reason, Regime, Retention, Revision,
        RevisionKind, RuleTarget, SameSite, Scope, ServiceEntry, SetCookieLine, SignalScope, Text, TokenRules,
        UnknownCookies, Verdict,
    },
    record::{
        AccountLink, AccountLinkFuture, AccountLinkService, ChainHead, ChoiceError, ChoiceMethod, Choices, DueRule,
        Erased, Finding, FindingKind, Outcome, Proof, RecordLayer, RecordService, Records, RecordsBuilder, RequestKind,
        Rights, RightsRequest, Verification, WorkingDays,
    },
    report::{Action, CookieEvent, CookieName, Direction, Observer},
    signal::{Signal, Signals},
    store::{
        ChainId, Checkpoint, ConsentStore, DayCount, EntryBody, EntryKind, EntryPlace, LedgerBatch, LedgerEntry,
        LedgerPurge, MAX_DATA, MAX_ENTRY_DATA, MAX_LABEL, MAX_SUBJECT, MAX_TEXT, MemoryStore, MemoryStoreBuilder,
        Owner, StoreError, StoreErrorKind, StoreFuture, TextHash, TokenDigest, TokenDigestError, TokenForm,
        TokenRecord, TokenStore,
    },
    token::{
        Ended, Issued, NewToken, RejectionKind, RequireSession, RequireSessionFuture, RequireSessionService, Session,
        SessionRejection, SignIn, SignInAnswer, SignedIn, Token, TokenContext, TokenFuture, TokenLayer, TokenService,
        Tokens, TokensBuilder,
    },
};

pub mod manual;

// The examples of the README are tested with the others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
