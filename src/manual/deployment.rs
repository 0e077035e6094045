//! The first day, the place of the layer, and what stands in front of it. Many servers, and growth: [`scale`](super::scale).
//!
//! # The first day
//!
//! A running site sets cookies that nobody remembers. Undeclared cookies are stripped by default, and a session cookie
//! among them signs everybody out. So begin by looking:
//!
//! 1. **Start in report-only.** The layer works everything out and tells of it, and leaves other cookies alone. Take
//!    the [presets](crate::Preset) of the parts that you use.
//!
//!    ```
//!    use tower_consent::{Policy, Preset};
//!
//!    let policy = Policy::builder().preset(Preset::TowerSessions).preset(Preset::Cloudflare).report_only().build()?;
//!    # Ok::<(), tower_consent::ConfigError>(())
//!    ```
//!
//! 2. **Read the warnings.** With feature `tracing` (on by default) and any subscriber, each undeclared name is warned
//!    of once, with what to write to declare it:
//!
//!    ```text
//!    WARN undeclared cookie would be stripped; declare it: .cookies(Category::…, ["theme"]) in code, or [[cookies]] name = "theme" and category = "…" in the policy file cookie=theme direction="response"
//!    ```
//!
//!    `direction="response"`: something in your application sets it. `direction="request"`: a script, a proxy, or an
//!    older version of the site did; visitors can also send any name they like. At level `debug` there is an event for
//!    every cookie that would be stripped, with the reason. With feature `metrics`, count `consent_cookies_total` by
//!    `action`, `reason` and `enforced`.
//!
//!    An [`Inventory`](crate::Inventory) gathers the same without a log, with attributes and lifetimes, and writes a draft
//!    policy from it (feature `draft`):
//!
//!    ```
//!    use tower_consent::{ConsentLayer, Inventory, Policy, PolicyHandle};
//!
//!    let policy = PolicyHandle::new(Policy::builder().report_only().build()?);
//!    let inventory = Inventory::new();
//!    let layer = ConsentLayer::new(policy.clone()).with_inventory(inventory.clone());
//!    // … after a day: on a page for staff, or at the end of your own browser tests
//!    let lacking = inventory.undeclared(&policy.current());
//!    # Ok::<(), tower_consent::ConfigError>(())
//!    ```
//!
//!    Before any code, `cargo run --example inventory -- visit.har` does it from a recording of the browser: see
//!    [`existing_banners`](super::existing_banners).
//!
//! 3. **Declare** each name under the purpose it has. Only what the visitor's own request needs is essential. What you
//!    do not know, leave undeclared.
//!
//! 4. **Ask.** Put the fragments of the consent pages into your layout, nest the pages, and add the records: see
//!    [below](#taking-the-answer), and the guide `manual::banner`. All of that works in report-only too.
//!
//! 5. **Enforce**, when the warnings are only about names that you want to lose: leave out `report_only`. Who is afraid
//!    of a forgotten name sets [`UnknownCookies::Report`](crate::UnknownCookies::Report) for a while: declared cookies
//!    are enforced, undeclared ones pass and are warned of.
//!
//! Report-only is not without effect. An answer whose handler asked for the decision becomes `private`, and the consent
//! cookie is written. Handlers that ask the decision get the true answer; whether cookies are really held back is
//! [`Decision::is_enforced`](crate::Decision::is_enforced).
//!
//! # Where the layer goes
//!
//! Outermost, around everything that sets or reads cookies. A layer outside of it is not covered, in either direction:
//!
//! ```
//! use axum::{Router, body::Body, middleware::map_response, response::Response, routing::get};
//! use http::{HeaderValue, Request, header::SET_COOKIE};
//! use tower::ServiceExt;
//! use tower_consent::{Category, ConsentLayer, Policy};
//!
//! // Stands for any layer that sets a cookie: a session, a flash message, statistics.
//! async fn statistics(mut response: Response) -> Response {
//!     response.headers_mut().append(SET_COOKIE, HeaderValue::from_static("_ga=1; Path=/"));
//!     response
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let policy = || Policy::builder().cookies(Category::ANALYTICS, ["_ga"]).build();
//! let pages = Router::new().route("/", get(|| async { "hello" }));
//!
//! // Right. In axum the layer that is added last is the outermost.
//! let right = pages.clone().layer(map_response(statistics)).layer(ConsentLayer::new(policy()?));
//! let answer = right.oneshot(Request::new(Body::empty())).await?;
//! assert!(!answer.headers().contains_key(SET_COOKIE));
//!
//! // Wrong: the cookie is added after the consent layer has looked.
//! let wrong = pages.layer(ConsentLayer::new(policy()?)).layer(map_response(statistics));
//! let answer = wrong.oneshot(Request::new(Body::empty())).await?;
//! assert_eq!(answer.headers()[SET_COOKIE], "_ga=1; Path=/");
//! # Ok(())
//! # }
//! ```
//!
//! With `tower::ServiceBuilder` it is the other way round: the layer that is added *first* is the outermost.
//!
//! Outside may stand what neither sets nor reads cookies: tracing, compression, timeouts, limits. A session layer
//! outside keeps working, but its cookie is not held to the policy.
//!
//! A cache that stands inside does not see the `Cache-Control` that the layer writes: let it store only answers whose
//! handlers do not ask the decision. A cache outside obeys what the layer writes.
//!
//! # Routes that are not covered (axum)
//!
//! `Router::layer` covers the routes and the fallback that are there when it is called. A route or a nested router that
//! is added afterwards is not covered:
//!
//! ```
//! use axum::{Router, body::Body, extract::Request, routing::get};
//! use tower::ServiceExt;
//! use tower_consent::{ConsentLayer, Decision, Policy, Reason};
//!
//! async fn page(consent: Decision) -> String {
//!     consent.verdict(tower_consent::Category::ESSENTIAL).reason().as_str().to_owned()
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let app = Router::new()
//!     .route("/before", get(page))
//!     .layer(ConsentLayer::new(Policy::builder().build()?))
//!     .route("/after", get(page));
//!
//! # let get = async |path: &str| {
//! #     let answer = app.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
//! #     String::from_utf8(axum::body::to_bytes(answer.into_body(), 100).await.unwrap().to_vec()).unwrap()
//! # };
//! assert_eq!(get("/before").await, "essential");
//! // An extractor without the layer refuses everything, and says why.
//! assert_eq!(get("/after").await, Reason::NoLayer.as_str());
//! # Ok(())
//! # }
//! ```
//!
//! So add the layer last, to the outermost router.
//!
//! Requests that must be left wholly alone (webhooks, health checks) are named with
//! [`PolicyBuilder::stand_down`](crate::PolicyBuilder::stand_down).
//!
//! # Taking the answer
//!
//! The consent pages (feature `pages`) take it: they stand inside of the layer, like every other route.
//!
//! ```
//! # #[cfg(all(feature = "axum", feature = "pages"))] {
//! use axum::Router;
//! use tower_consent::{ConsentLayer, ConsentPages, GpcResource, MemoryStore, Policy, PolicyHandle};
//!
//! # fn app() -> Result<Router, Box<dyn std::error::Error>> {
//! let policy = PolicyHandle::new(Policy::builder().build()?);
//! let store = MemoryStore::new();
//! let pages = ConsentPages::at("/privacy", store.clone()).with_trusted_origins(["https://app.example.com"])?;
//! let app: Router = Router::new()
//!     .nest_service("/privacy", pages)
//!     .route_service("/.well-known/gpc.json", GpcResource::of(policy.clone()))
//!     .layer(ConsentLayer::new(policy).with_records(store));
//! # Ok(app)
//! # }
//! # }
//! ```
//!
//! A refusal may come from anywhere: who forges one only protects the visitor. A grant may not. It must come by POST, from
//! a page of this very site or of a **trusted origin**, and name the revision that was shown. What the browser says counts:
//! `Sec-Fetch-Site: same-origin`, and where it is missing, an `Origin` of the host that was asked (the authority of the
//! request, or `Host`; never `X-Forwarded-Host`).
//!
//! - **A proxy** must therefore pass `Host`, `Origin` and `Sec-Fetch-Site` on. It may end TLS: `https` for `http` is
//!   accepted.
//! - **A single-page application on another origin** is a trusted origin. It is answered with CORS
//!   (`Access-Control-Allow-Origin` with that origin, credentials allowed), and its preflight too; nobody else is. The consent
//!   cookie travels to it only within the same site.
//! - **A rate limit** before `/privacy/choice` and `/privacy/api/choice` is yours: every grant writes a record of some hundred
//!   bytes that is kept for three years. Refusals without an earlier grant are only counted. Do not limit refusals: let
//!   them through, or limit far above what a person does. Bodies beyond 16 KiB are refused by the pages themselves.
//!
//! A handler of your own takes an answer by [`Choices`](crate::Choices), which records it, and checks the origin itself:
//!
//! ```
//! use axum::{http::{HeaderMap, StatusCode}, response::{IntoResponse, Redirect, Response}};
//! use tower_consent::{ChoiceError, Choices};
//!
//! /// For `POST /consent/accept`. Never on GET: browsers fetch ahead.
//! async fn accept(choices: Choices, headers: HeaderMap) -> Result<Response, ChoiceError> {
//!     // Browsers that do not send this header send `Origin` with a POST: the pages check that as well.
//!     if headers.get("sec-fetch-site").is_none_or(|site| site != "same-origin") {
//!         return Ok(StatusCode::FORBIDDEN.into_response());
//!     }
//!     Ok((choices.accept_all().await?, Redirect::to("/")).into_response())
//! }
//!
//! /// For `POST /consent/refuse`. Cannot fail.
//! async fn refuse(choices: Choices) -> impl IntoResponse {
//!     (choices.refuse_all().await, Redirect::to("/"))
//! }
//! # let _: (axum::routing::MethodRouter, axum::routing::MethodRouter) = (axum::routing::post(accept), axum::routing::post(refuse));
//! ```
//!
//! # Content-Security-Policy
//!
//! The pages bring a strict one of their own: nothing inline, nothing from elsewhere, no frame around them. **Your** pages
//! with the fragments need no more than
//!
//! ```text
//! script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'
//! ```
//!
//! The script comes from `/privacy/consent.js`, the style from `/privacy/style.css`, and no code stands inside of the page. With
//! nonces in place of `'self'`, `ConsentPages::fragments_with_nonce` writes yours onto the script. A script that it starts
//! for `data-consent` is made with the nonce of its element; third parties' hosts must stand in `script-src` as always. A
//! style sheet by `with_stylesheet` is a path of this site, because the pages allow no other.
//!
//! A `Referrer-Policy: no-referrer` of yours makes browsers send `Origin: null` with forms: consent then counts only from
//! browsers that send `Sec-Fetch-Site`. `same-origin` has no such effect.
//!
//! # Behind a proxy or a CDN
//!
//! **From the visitor to the server** these header fields must arrive as the browser sent them:
//!
//! | field | what it is read for | without it |
//! |---|---|---|
//! | `Cookie` | the choice, and everything that is filtered | every visitor is new: asked again on each page |
//! | `Sec-GPC`, `DNT` | the signals | a signal is not honoured |
//! | `Sec-Fetch-Site`, `-Mode`, `-Dest` | where a consent comes from; requests of other sites, on which the consent cookie does not travel; documents | such a request counts as of somebody who has not decided: under opt-out its cookies pass. Documents are told by `Accept` |
//! | `Accept` | documents, where `Sec-Fetch-Dest` is missing: refused cookies are expired there | nothing is expired until the visitor chooses |
//! | `Origin`, `Host` | where a consent comes from, for browsers without `Sec-Fetch-Site` | their consent is not taken; a refusal is |
//! | `Accept-Language` | the language of banner and pages | English |
//!
//! Some CDNs drop `Cookie` for paths that they cache. Then those paths must not depend on the decision.
//!
//! **From the server to the visitor** the layer says what may be stored, because a shared cache stores `Set-Cookie` and
//! replays it to others (RFC 9111 section 7.3):
//!
//! | answer | what it gets |
//! |---|---|
//! | its handler asked for the decision | `Cache-Control: private`; `Vary: Cookie, DNT, Sec-GPC` and the headers of [`regime_resolver`] |
//! | a `Set-Cookie` line is left in it | `Cache-Control: private` |
//! | it changes the consent | `Cache-Control: no-store` |
//! | it is one of the consent pages | `Cache-Control: no-store`; only the style and the script may be kept, for an hour |
//! | it has `Vary: Cookie` already | `DNT, Sec-GPC` too |
//! | none of these | its headers stay as they are |
//!
//! What the application said is merged and never weakened: `public` and `s-maxage` go, `no-store` stays. Fields that
//! speak past `Cache-Control` to one kind of cache (`CDN-Cache-Control`, `Cloudflare-CDN-Cache-Control`, RFC 9213;
//! `Surrogate-Control`, Akamai's `Edge-Control`) are set to the same, or the CDN would obey them instead; nginx's
//! `X-Accel-Expires` becomes 0. A rule in the CDN's own settings that stores everything beats all headers: do not have one for pages.
//!
//! A middleware that looks at the decision and does not change the answer by it uses
//! [`ConsentContext::peek`](crate::ConsentContext::peek), which leaves caching alone.
//!
//! **Cookies of the proxy itself** (bot checks, stickiness) are set outside of the layer, so it cannot hold them back.
//! They arrive with requests: declare them, most simply by a [preset](crate::Preset), or they are stripped there and
//! warned of.
//!
//! **Regions.** Where the regime depends on a country header, the proxy must set it on every request and remove what
//! visitors send under that name. Otherwise a visitor chooses the law.
//!
//! [`regime_resolver`]: crate::PolicyBuilder::regime_resolver
//!
//! # Several subdomains
//!
//! By default each host has a consent cookie of its own, under the prefix `__Host-`: no other host can write it. One
//! choice for `www.example.com` and `shop.example.com` needs a cookie with a Domain:
//!
//! ```
//! use tower_consent::{Category, ConsentCookie, Policy};
//!
//! # let secret = [7; 32];
//! let policy = Policy::builder()
//!     .site_domain("example.com")
//!     .consent_cookie(ConsentCookie::shared("example.com"))
//!     .mac_key("2026a", secret) // at least 32 random bytes, the same on every host
//!     .cookies(Category::ANALYTICS, ["_ga"])
//!     .build()?;
//! assert_eq!(policy.consent_cookie_name(), "__Secure-consent");
//! # Ok::<(), tower_consent::ConfigError>(())
//! ```
//!
//! The risk: **every** host below `example.com` can then write the cookie, a forgotten or hijacked one too. With a MAC
//! key such a host cannot invent a consent. It can still plant a real one of somebody else, or a second cookie beside
//! the visitor's own. Two that differ count as none: nothing passes that is not essential, and the visitor is asked
//! again (R69, R73). Give all hosts the same categories and services: a choice that is made on one forgets what only
//! another asks for.
//!
//! To change the key, put the new one first and keep the old one for as long as a choice lives: the first signs, all
//! verify.
//!
//! # Development over plain HTTP
//!
//! The consent cookie is Secure. Chromium and Firefox keep such a cookie from `http://localhost` and
//! `http://127.0.0.1`, so nothing is needed there. For another name without TLS, and for browsers that make no such
//! exception:
//!
//! ```
//! use tower_consent::{ConsentCookie, Policy};
//!
//! let mut builder = Policy::builder();
//! if cfg!(debug_assertions) {
//!     builder = builder.consent_cookie(ConsentCookie::plain_http());
//! }
//! let policy = builder.build()?;
//! # Ok::<(), tower_consent::ConfigError>(())
//! ```
//!
//! Not in production: anybody on the network could write that cookie. There is no such way for the token cookie, which
//! is worth stealing: sign in on `localhost`, or with TLS.
//!
//! [`ConsentLayer::with_debug_header`](crate::ConsentLayer::with_debug_header) shows in each answer of a debug build
//! what was held back and why.
//!
//! # What is expired, and when
//!
//! To strip a cookie from requests does not remove it from the browser. Refused cookies that a request showed are
//! expired there, with `Max-Age=0`:
//!
//! - On documents, and on answers that change the consent. Never on an answer that the application marks `public`,
//!   `immutable` or `s-maxage`, and never on a cross-site request that cannot show the choice.
//! - Only names that a rule declares. The browser deletes a cookie of exactly the same name, Domain and Path (RFC
//!   6265bis section 5.7), and a request shows only the name: the rest must stand in the policy.
//! - At each scope of the rule. By default that is the host, and `site_domain` if there is one: two lines for a name. A
//!   cookie under another path or domain needs a [`Scope`](crate::Scope).
//! - At most 20 lines and 4 KiB in an answer, because many servers and proxies refuse more than 8 KiB of headers. With
//!   `site_domain` that is ten names. The rest follows on the next page, since the browser shows it again. It is
//!   stripped from requests all the while.
//!
//! A cookie that comes back again and again is set by a script after each page, or stands at a scope that the rule does
//! not name.
//!
//! **Partitioned cookies** (CHIPS) exist once in each partition and once outside, and a deletion reaches only the copy
//! of its own kind. A rule that is marked [`partitioned`](crate::CookieRule::partitioned) expires both, which takes two
//! lines for each scope. Copies in the partitions of other top-level sites are expired when the visitor is there.
//!
//! # Before a site in any language
//!
//! `examples/guard` is a reverse proxy on [hyper](super::recipes#plain-hyper) with the layer and the pages in it. It was
//! tried before sites on Express 5 and on Django 5.2, as they are.
//!
//! ```sh
//! cargo run --example guard -- --upstream http://127.0.0.1:8000 --policy policy.toml
//! ```
//!
//! | option | what | default |
//! |---|---|---|
//! | `--upstream URL` | the site, over plain HTTP/1.1; reached through the guard only | needed |
//! | `--policy FILE` | [TOML or JSON](super::defaults#a-complete-policy-file) | needed |
//! | `--listen ADDR` | HTTP/1.1 and HTTP/2 without TLS | `127.0.0.1:3002` |
//! | `--pages PATH` | where the consent pages stand; what the site has there is hidden | `/privacy` |
//! | `--trust ADDR`, `--trust PREFIX` | a proxy before the guard whose `Forwarded` and `X-Forwarded-…` are kept; everybody else's are removed | none |
//! | `--tell` | each request for a page tells the site what is allowed: `Consent-Allows: essential, analytics` | off |
//! | `--timeout SECONDS` | how long the site may take to answer | 60 |
//! | `--data FOLDER` | where records and keys are kept | `target/tmp` |
//!
//! The site adds one line to its layout, `<script src="/privacy/include.js" defer></script>`, which puts banner and footer into
//! the page; scripts of third parties wait with `type="text/plain" data-consent="analytics"`. A site that writes the banner
//! itself asks `/privacy/fragments?path=…` with the visitor's fields, and gets `head`, `banner` and `footer` as JSON.
//!
//! **Django** sets cookies of its own, which the policy declares. Without `messages` the one-time messages are lost, its admin's
//! too; without `django_language` the language that was picked with `set_language`:
//!
//! ```toml
//! essential = ["sessionid", "csrftoken", "messages"]
//!
//! [[cookies]]
//! name = "django_language"
//! category = "functional"
//! purpose = "Remembers the language that the visitor picked"
//! ```
//!
//! The guard keeps `Host`, which `ALLOWED_HOSTS` must name as visitors write it. Over plain HTTP nothing else is needed. Where TLS
//! ends before the guard:
//!
//! | Django's setting | when |
//! |---|---|
//! | `SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")` | what ends TLS says `X-Forwarded-Proto`, and has `--trust`. Without both each form is refused: "Origin checking failed" |
//! | `CSRF_TRUSTED_ORIGINS = ["https://www.example.com"]` | only if that cannot be: forms pass then, but Django goes on writing `http` into absolute addresses |
//! | `USE_X_FORWARDED_HOST = True` | only if what ends TLS changes `Host` and says `X-Forwarded-Host`, with `--trust` |
//!
//! So forms, sign-in to the admin, redirects and streams passed, on its own server and on gunicorn; static files on the former.
//! With `--tell` a view reads `request.headers["Consent-Allows"]`.
//!
//! It is an example, to be read and built upon, with these limits: no TLS before it (put what ends TLS there, and `--trust` it),
//! no `https` and no HTTP/2 to the site, no 103 and other 1xx answers, WebSockets over HTTP/1.1 only, no second try when the
//! site does not answer, no draining of connections when it ends, one process on one file of records.
//!
//! # What a server cannot reach
//!
//! Cookies of other hosts; cookies that a script of your page sets, until the next request; local storage, fingerprints,
//! ETags; what is outside of the layer; what was stored before. [`limits`](super::limits) has each, and what to do about it. A
//! withdrawal deletes no data of yours; what this library stores, [`Rights::erase`](crate::Rights::erase) deletes. WebSockets
//! and streams that are open were judged when they began.
