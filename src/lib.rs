//! A tower layer that keeps a site's privacy policy: no cookie passes, in either direction, that the visitor did not
//! agree to, whichever library set it. Do Not Track and Global Privacy Control are obeyed. The pages that ask come with it,
//! and a record that proves each choice. Sign-in tokens live exactly seven days, and are gone at log-out.
//!
//! This page is a book's first chapter; the others are the modules below [`manual`].
//!
//! 1. **Start**: [a whole application](#start)
//! 2. **Concepts**: [what happens to cookies](#what-happens-to-cookies), [the words](#concepts),
//!    [sign-in tokens](#sign-in-tokens)
//! 3. **Recipes**: [for axum, hyper, sessions, proxies, gRPC](#recipes)
//! 4. **The manual**: [chapter by chapter](#the-manual)
//! 5. **Reference**: [features](#features), every default, every rule
//!
//! # Start
//!
//! ```no_run
//! use axum::{
//!     Router,
//!     response::{Html, IntoResponse, Redirect},
//!     routing::{get, post},
//! };
//! use tower_consent::{
//!     Category, ConsentLayer, ConsentPages, Decision, Fragments, Policy, RedbStore, Session, SignIn, StoreError, Tokens,
//! };
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let policy = Policy::builder()
//!         .site_domain("example.com") // where third-party scripts put their cookies
//!         .auth_cookie("session") // somebody else's session cookie: essential, never longer than 7 days
//!         .essential(["csrf"])
//!         .cookies(Category::ANALYTICS, ["_ga", "_ga_*", "_gid"])
//!         .cookies(Category::MARKETING, ["_fbp"])
//!         .build()?; // or: toml::from_str::<PolicyBuilder>(text)?.build()?, any serde format
//!
//!     let store = RedbStore::open("consent.redb")?; // or MemoryStore, RedisStore, PostgresStore
//!     let pages = ConsentPages::at("/privacy", store.clone());
//!
//!     let app = Router::new()
//!         .route("/", get(home))
//!         .route("/login", post(login))
//!         .route("/account", get(account))
//!         .route("/logout", post(logout))
//!         .with_state(pages.clone()) // the fragments come from here
//!         .nest_service("/privacy", pages)
//!         .layer(
//!             ConsentLayer::new(policy) // outermost: sees every Set-Cookie
//!                 .with_records(store.clone()) // choices are recorded before they act
//!                 .with_tokens(Tokens::new(store)), // the same one layer: seven days, cookie or bearer
//!         );
//!
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//!     axum::serve(listener, app).await?;
//!     Ok(())
//! }
//!
//! async fn home(consent: Decision, our: Fragments) -> Html<String> {
//!     // Never fails the request. What needs consent is only rendered where it is allowed.
//!     let greeting = if consent.allows(Category::ANALYTICS) { "Hello again" } else { "Hello" };
//!     // A third party's script waits in the page: it runs when the visitor agrees, without a page load.
//!     let tag = r#"<script type="text/plain" data-consent="analytics" data-src="/statistics.js"></script>"#;
//!     Html(format!("<head>{}</head><body><p>{greeting}</p>{tag}{}{}</body>", our.head, our.footer, our.banner))
//! }
//!
//! async fn login(sign_in: SignIn) -> Result<impl IntoResponse, StoreError> {
//!     // After the password was checked.
//!     Ok((sign_in.issue("user-17").await?, Redirect::to("/")))
//! }
//!
//! async fn account(session: Session) -> String {
//!     session.subject().to_owned() // 401 without a live token; `Option<Session>` allows both
//! }
//!
//! async fn logout(session: Session) -> Result<impl IntoResponse, StoreError> {
//!     session.end().await
//! }
//! ```
//!
//! `ConsentLayer::new(policy)` alone is a complete layer; records, tokens and pages are added where they are wanted. The
//! same without a framework is `examples/hyper.rs`; small sites with askama and maud templates are
//! `examples/pages_askama.rs` and `examples/pages_maud.rs`; a shop is `cargo run --example demo`.
//!
//! **From nothing to a banner that is obeyed** takes ten minutes: the guide is `manual::banner`. **A banner that the site
//! already has** is named in the policy and obeyed on the server: [`manual::existing_banners`]. **On a running site, begin
//! with report-only**: [`manual::deployment`] goes through the first day, layer order, proxies and caches.
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
//! ones, and names that begin with `$`, always. This layer does no I/O, takes no lock and cannot fail.
//!
//! # Concepts
//!
//! - A [`Category`] is the purpose of a cookie: *essential* (always on), *functional*, *analytics*, *marketing*, and
//!   what a site adds.
//! - A **service** is a named third party inside a category, which a visitor can allow or refuse by itself.
//! - A [`Policy`] is what the site promises: categories, services, a [`CookieRule`] for each name or prefix, lifetimes,
//!   what each signal turns off, and the texts that visitors read. It is checked as a whole when it is
//!   [built](PolicyBuilder::build). A [`PolicyHandle`] publishes another while the server runs.
//! - A [`Revision`] is a published state of the policy. A *material* one closes earlier grants and asks again; a *notice*
//!   keeps every choice, and is shown until it was seen. Refusals stay.
//! - [`Signals`] are what the browser asks for by header: `DNT` and `Sec-GPC`.
//! - A **choice** is what the visitor decided: by category and service, at which revision, on which day, under which
//!   signals. It travels in [the consent cookie](manual::cookie_format).
//! - A [`ConsentSource`] is where a choice is read from: our own cookie, or the cookie of another [`Banner`].
//! - A [`Regime`] is what holds where nobody has decided: opt-in (nothing passes that is not essential) or opt-out; for all,
//!   or by the visitor's country ([`Regions`]).
//! - An [`Inventory`] gathers which cookies really pass, and writes a draft policy from it.
//! - [`GoogleConsent`] is the state of Google's Consent Mode that follows from a decision.
//! - A [`Decision`] is the answer for one request: what is allowed and why, whether to ask, which signals were
//!   honoured. The first rule that matches wins: essential; taken away by the application ([`Narrow`]); a signal; the
//!   choice; the regime.
//! - A **visit** may be tracked where the category that the policy names for it is allowed ([`Decision::may_track`]). By that go
//!   the lines of a [`VisitLog`], the counters of [`VisitCounts`], and the header fields that [`HiddenFields`] keep from
//!   handlers. See [`manual::visits`].
//! - A [`ContentSecurityPolicy`] lets only allowed services load in the page; a [`Permit`] lets only them have data.
//! - A [`Prompt`] is what the visitor is to be shown unasked ([`Decision::prompt`]): the question, a notice, or nothing.
//! - A **record** is written before a grant acts ([`ConsentLayer::with_records`], [`Choices`]): where none can be written,
//!   nothing is granted, and a refusal or withdrawal takes effect all the same. [`Records`] stand in a chain of hashes. The
//!   methods of [`Decision`] that keep no record are named `…_unrecorded`.
//! - A [`Proof`] is the document on a browser or an account, for a regulator: [`Records::proof`]. See [`manual::records`].
//! - [`Rights`] are what a person can ask of what is stored: access, correction, erasure, objection. [`AccountLink`] keeps an
//!   opt-out with the account, on every browser of it.
//!
//! # Sign-in tokens
//!
//! - A [`Token`] is an opaque secret of 256 bits. [`Tokens`] issues, verifies and ends them over a [`TokenStore`], which
//!   knows only their [digests](TokenDigest).
//! - A token lives exactly seven days from its issue, whether it is used or not; a policy can promise less, and more only
//!   by saying so ([`TokenRules`]).
//! - [`ConsentLayer::with_tokens`] adds them to the layer; [`TokenLayer`] is the same without consent. Handlers take
//!   [`Session`] (401 without a live token, 503 where the store cannot tell) and [`SignIn`]; [`RequireSession`] guards whole
//!   routes. Without a framework, the way is [`TokenContext`].
//! - A log-out ([`Session::end`]) deletes the token from the store first. After that answer it is refused everywhere.
//!
//! # Recipes
//!
//! [`manual::recipes`]: [axum](manual::recipes#axum), [plain hyper](manual::recipes#plain-hyper),
//! [tower-sessions and axum-login](manual::recipes#tower-sessions-and-axum-login), [nginx](manual::recipes#behind-nginx),
//! [a CDN](manual::recipes#behind-a-cdn), [a single-page application](manual::recipes#a-single-page-application),
//! [several subdomains](manual::recipes#several-subdomains), [tonic](manual::recipes#tonic). Each is run by a test. A site in
//! another language: [`manual::deployment`](manual::deployment#before-a-site-in-any-language).
//!
//! # The manual
//!
//! | to | read |
//! |---|---|
#![cfg_attr(feature = "pages", doc = "| begin | [`manual::banner`]: from nothing to a banner that is obeyed |")]
//! | write a policy | [`manual::privacy_policy`]: from the text for people to a file; [`manual::existing_banners`]: from the banner and the cookies that are there |
//! | switch it on | [`manual::deployment`]: report-only, layer order, proxies; [`manual::moving`]: from autumn-web, axum_session, ASP.NET |
//! | keep more than cookies | [`manual::visits`]: logs, counters, header fields; [`manual::records`]: proof; [`manual::sessions`]: seven days; [`manual::stores`] |
//! | look something up | [`manual::defaults`]; [`manual::laws`]: rule → setting; [`manual::cookie_format`]; [`manual::dependencies`] |
//! | stand load and attacks | [`manual::scale`]: many servers, measured figures, growth; [`manual::attacks`]: what is withstood, and which limits the server sets |
//! | know what it cannot do | [`manual::limits`] |
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `pages` | yes | `ConsentPages`: the banner, the pages and the JSON API; `RequireRevision`, `GpcResource` |
//! | `tracing` | yes | an event for each stripped cookie (debug), a warning for each undeclared name (once) |
//! | `metrics` | no | the counter `consent_cookies_total`, through the `metrics` facade |
//! | `catalogue` | no | [`UnknownCookies::Catalogue`], `Catalogue::lookup`: what the Open Cookie Database knows of a name |
//! | `axum` | no | extractors ([`Decision`], [`Choices`], `Fragments`, [`Session`], [`SignIn`], [`Tokens`]), answers and response parts (axum 0.8) |
//! | `draft` | no | `Inventory::draft`: a draft policy as TOML from what a running site was seen to use; brings `catalogue` |
//! | `redb` | yes | `RedbStore`: records and tokens in one file, for one process |
//! | `redis` | no | `RedisStore`: Redis or Valkey, single or cluster, TLS |
//! | `postgres` | no | `PostgresStore`, TLS |
//! | `full` | no | all of the above |
//! | `test` | no | for an application's own tests: a visitor with a cookie jar that stores as a browser does |
//!
//! A feature adds and never changes behaviour.
#![forbid(unsafe_code)]
// docs.rs says of each item which feature brings it.
#![cfg_attr(docsrs, feature(doc_cfg))]
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
mod visit;

#[cfg(feature = "catalogue")]
pub use crate::catalogue::{Catalogue, CatalogueEntry, CatalogueLabel, FrameworkCookie, framework_cookie};
#[cfg(feature = "pages")]
pub use crate::endpoint::{
    ConsentPages, Fragments, GpcResource, Needed, OriginError, PagesFuture, PromptPage, RequireRevision,
    RequireRevisionFuture, RequireRevisionService,
    look::{self, Language, LanguageError, Languages, Look},
};
#[cfg(feature = "draft")]
pub use crate::report::Draft;
#[cfg(feature = "postgres")]
pub use crate::store::{PostgresStore, PostgresStoreBuilder};
#[cfg(feature = "redb")]
pub use crate::store::{RedbStore, RedbStoreBuilder};
#[cfg(feature = "redis")]
pub use crate::store::{RedisConnection, RedisStore, RedisStoreBuilder};
#[cfg(feature = "tracing")]
pub use crate::visit::TracingSink;
pub use crate::{
    catalogue::{KnownCookie, Preset},
    category::{Category, CategorySet, NAME_LIMIT, NameError},
    clock::{Clock, ManualClock, SystemClock},
    consent::{NamedChoice, Names, RecordId, RecordIdError, UndecidedReason},
    cookies::change::{ConsentChange, Selection, SelectionError},
    decide::{
        Decision, Permit, Prompt, Vendor,
        google::{GoogleConsent, NonceError},
    },
    enforce::{ConsentContext, ConsentLayer, ConsentService, ResponseFuture},
    policy::{
        About, AddressDetail, AgentDetail, AttributeFloors, CacheRule, CategoryEntry, CategoryKind, ConfigError,
        ConfigErrorKind, ConsentCookie, ConsentSource, CookieOrigin, CookieRule, CountryHeader, DeclaredCategory,
        DeclaredCookie, DeclaredService, Lifetime, LifetimeError, Mode, Narrow, OutdatedGrants, PathDetail, Policy,
        PolicyBuilder, PolicyHandle, PublishError, Reason, ReferrerDetail, Regime, RegionLaw, Regions, Reissue,
        Retention, Revision, RevisionKind, RuleTarget, SameSite, Scope, ServiceEntry, SetCookieLine, SignalScope, Text,
        TimeDetail, TokenRules, UnknownCookies, Verdict, VisitDetail, VisitRules,
    },
    record::{
        AccountLink, AccountLinkFuture, AccountLinkService, ChainHead, ChoiceError, ChoiceMethod, Choices, DueRule,
        Erased, Finding, FindingKind, Outcome, Proof, RecordLayer, RecordService, Records, RecordsBuilder, RequestKind,
        Rights, RightsRequest, Verification, WorkingDays,
    },
    report::{
        Action, CookieEvent, CookieName, Direction, DroppedSightings, HowOften, Inventory, InventorySnapshot, Observer,
        SeenAttributes, SeenCookie, SeenScope, Standing,
    },
    signal::{Signal, Signals},
    sources::Banner,
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
    visit::{
        ContentSecurityPolicy, CountFuture, CountLayer, CountReport, CountService, Counted, CspLayer, CspService,
        DayReport, HiddenFields, HiddenLayer, HiddenService, JsonLinesSink, Load, MemorySink, NetworkError,
        OutcomeCount, ProxyHeader, SignalsSeen, TrustedProxies, Visit, VisitBody, VisitCounts, VisitCountsBuilder,
        VisitFuture, VisitLayer, VisitLog, VisitLogBuilder, VisitOutcome, VisitService, VisitSink, anonymize,
    },
};

pub mod manual;

// The examples of the README are tested with the others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
