//! The layer in the places where applications stand. Each recipe is run by a test.
//!
//! | recipe | the whole of it | run by |
//! |---|---|---|
//! | [axum](#axum) | here, and `manual::banner` | this page |
//! | [plain hyper](#plain-hyper) | `examples/hyper.rs` | `tests/hyper.rs`, HTTP/1.1 and HTTP/2 |
//! | [tower-sessions](#tower-sessions-and-axum-login) | `examples/existing_sessions.rs` | `tests/existing_sessions.rs` |
//! | [axum-login](#tower-sessions-and-axum-login) | `examples/axum_login.rs` | `tests/axum_login.rs` |
//! | [behind nginx](#behind-nginx) | `examples/nginx.conf` | `tests/nginx.rs`, in a real nginx |
//! | [behind a CDN](#behind-a-cdn) | here | `tests/caches.rs`, as far as header fields go |
//! | [a single-page application](#a-single-page-application) | here, and `manual::banner` for React | this page |
//! | [several subdomains](#several-subdomains) | here | this page |
//! | [tonic](#tonic) | `examples/tonic.rs` | `tests/tonic.rs`, over HTTP/2 |
//! | a site in another language | `examples/guard` | `tests/guard`: [`deployment`] |
//!
//! [`deployment`]: super::deployment#before-a-site-in-any-language
//!
//! # axum
//!
//! The layer is added last, which makes it the outermost. Handlers take the [`Decision`](crate::Decision); a change is an
//! answer like any other.
//!
//! ```
//! use axum::{Router, body::Body, routing::get};
//! use http::header::SET_COOKIE;
//! use tower::ServiceExt;
//! use tower_consent::{Category, ConsentLayer, ConsentPages, Decision, MemoryStore, Policy, test::Visitor};
//!
//! async fn home(consent: Decision) -> ([(http::HeaderName, &'static str); 1], &'static str) {
//!     let text = if consent.allows(Category::ANALYTICS) { "counted" } else { "not counted" };
//!     ([(SET_COOKIE, "visits=1; Path=/")], text)
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = MemoryStore::new();
//! let policy = Policy::builder().cookies(Category::ANALYTICS, ["visits"]).build()?;
//! let app: Router = Router::new()
//!     .route("/", get(home))
//!     .nest_service("/privacy", ConsentPages::at("/privacy", store.clone()))
//!     .layer(ConsentLayer::new(policy).with_records(store));
//!
//! let mut visitor = Visitor::undecided();
//! let home = "https://example.com/";
//! let answer = app.clone().oneshot(visitor.request(home).body(Body::empty())?).await?;
//! visitor.receive(home, &answer);
//! visitor.assert_lacks("visits");
//!
//! let (choice, form) = ("https://example.com/privacy/choice", "action=accept-all&revision=1&return=/");
//! let form = visitor.form(choice).header("content-type", "application/x-www-form-urlencoded").body(Body::from(form))?;
//! let answer = app.clone().oneshot(form).await?;
//! visitor.receive(choice, &answer);
//! let answer = app.oneshot(visitor.request(home).body(Body::empty())?).await?;
//! visitor.receive(home, &answer);
//! visitor.assert_holds("visits");
//! # Ok(())
//! # }
//! ```
//!
//! # Plain hyper
//!
//! Layer and pages are tower services of `http` requests and responses with any body. One service is made, and cloned for
//! each connection: clones share the policy. Without extractors the way is
//! [`ConsentContext::of`](crate::ConsentContext::of) the request's extensions.
//!
//! ```
//! use std::convert::Infallible;
//! use http::{HeaderValue, Request, Response, header::{COOKIE, SET_COOKIE}};
//! use tower::{Layer, ServiceExt, service_fn};
//! use tower_consent::{Category, ConsentContext, ConsentLayer, Policy};
//!
//! async fn handle(request: Request<String>) -> Result<Response<String>, Infallible> {
//!     let context = ConsentContext::of(request.extensions());
//!     let is_allowed = context.is_some_and(|context| context.decision().allows(Category::ANALYTICS));
//!     let mut answer = Response::new(format!("{is_allowed}, {:?}", request.headers().get(COOKIE)));
//!     answer.headers_mut().append(SET_COOKIE, HeaderValue::from_static("_ga=1; Path=/"));
//!     Ok(answer)
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let policy = Policy::builder().essential(["basket"]).cookies(Category::ANALYTICS, ["_ga"]).build()?;
//! let service = ConsentLayer::new(policy).layer(service_fn(handle));
//! // With hyper-util: `TowerToHyperService::new(service.clone())` for each connection.
//! let request = Request::get("/").header(COOKIE, "basket=1; _ga=1").body(String::new())?;
//! let answer = service.oneshot(request).await?;
//! assert_eq!(answer.body(), r#"false, Some("basket=1")"#);
//! assert!(!answer.headers().contains_key(SET_COOKIE));
//! # Ok(())
//! # }
//! ```
//!
//! # tower-sessions and axum-login
//!
//! Their cookie is essential, and capped at seven days; their store is held to seven days by a small middleware of
//! yours. [`sessions`](super::sessions) says why each line is there.
//!
//! ```text
//! .layer(from_fn(seven_days))                                         // the store's half of the promise
//! .layer(SessionManagerLayer::new(store))                             // tower-sessions, or
//! .layer(AuthManagerLayerBuilder::new(People, sessions).build())      // axum-login around it
//! .layer(ConsentLayer::new(Policy::builder().auth_cookie("id").build()?))
//! ```
//!
//! # Behind nginx
//!
//! The file `examples/nginx.conf`. Its test runs it: one visitor's answer never reaches another, what is the same for all is
//! stored, a forged `X-Forwarded-For` does not reach the visit log, HTTP/2's crumbs arrive as one line, and twenty expired
//! cookies fit through.
//!
#![doc = concat!("```nginx\n", include_str!("../../examples/nginx.conf"), "```")]
//!
//! The application then names the proxy: `TrustedProxies::new(ProxyHeader::XForwardedFor, ["127.0.0.1/32"])`, with
//! [`VisitLayer::with_proxies`](crate::VisitLayer::with_proxies). Nothing else of this crate reads an address.
//!
//! # Behind a CDN
//!
//! | setting of the CDN | value | why |
//! |---|---|---|
//! | cache by origin headers | on; no rule that stores pages whatever they say | a stored `Set-Cookie` or a page of one visitor is replayed to others (R75, R76) |
//! | "ignore `Set-Cookie`", "remove cookies", "cache everything" | only for paths of files that never ask the decision | the layer cannot see what happens behind it (R75) |
//! | `Vary` | many CDNs heed only `Accept-Encoding`: then `private` must count, which is the default; no `caches = "vary-only"` | a copy for one signal or choice would go to all (R76, R77) |
//! | forward `Cookie`, `DNT`, `Sec-GPC`, `Sec-Fetch-*`, `Origin`, `Accept`, `Accept-Language` | all of them, unchanged | the decision, and where a consent comes from (R5, R7, R18, R73) |
//! | forward `Host` | as the visitor asked, or `with_trusted_origins` | a consent of another host is refused (R73) |
//! | its own cookies (bot checks, stickiness) | declared: [`Preset::Cloudflare`](crate::Preset::Cloudflare), [`Preset::AwsLoadBalancer`](crate::Preset::AwsLoadBalancer) | the layer strips what it does not know on the way in, and never sees what is set outside (R40, R49) |
//! | country header | set by the CDN on each request, and taken off what visitors send: [`Regions`](crate::Regions) | otherwise a visitor chooses the law |
//! | longest header | at least 8 KiB in each direction | twenty expired cookies take 4 KiB (R43, R60) |
//! | HTTP/2 and HTTP/3 | as you like | crumbs are read as one, whether they are joined or not (R46, R47) |
//! | its access log, its analytics, "real user monitoring" | off, or declared as a service and held back | they know nothing of refusals: see [`limits`](super::limits) (R84) |
//! | early hints, "speed" scripts that it adds to pages | off, or declared | a script that the CDN adds asks nobody (R85) |
//!
//! # A single-page application
//!
//! It asks `/privacy/api/state`, and posts to `/privacy/api/choice`. On an origin of its own it is a trusted one, and answered
//! with CORS; it fetches with `credentials: "include"`. The consent cookie travels within the same site only
//! (`app.example.com` to `www.example.com`).
//!
//! ```
//! use axum::{Router, body::{Body, to_bytes}};
//! use http::{StatusCode, header::{CONTENT_TYPE, ORIGIN}};
//! use tower::ServiceExt;
//! use tower_consent::{Category, ConsentLayer, ConsentPages, MemoryStore, Policy, test::Visitor};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = MemoryStore::new();
//! let pages = ConsentPages::at("/privacy", store.clone()).with_trusted_origins(["https://app.example.com"])?;
//! let policy = Policy::builder().cookies(Category::ANALYTICS, ["visits"]).build()?;
//! let app: Router = Router::new()
//!     .nest_service("/privacy", pages)
//!     .layer(ConsentLayer::new(policy).with_records(store));
//!
//! let (state, choice) = ("https://www.example.com/privacy/api/state", "https://www.example.com/privacy/api/choice");
//! let mut visitor = Visitor::undecided();
//! let allowed = async |visitor: &mut Visitor| -> Result<bool, Box<dyn std::error::Error>> {
//!     let request = visitor.subresource(state, "empty").body(Body::empty())?;
//!     let answer = to_bytes(app.clone().oneshot(request).await?.into_body(), 10_000).await?;
//!     let answer: serde_json::Value = serde_json::from_slice(&answer)?;
//!     Ok(answer["categories"]["analytics"]["allowed"] == true)
//! };
//! assert!(!allowed(&mut visitor).await?);
//!
//! for (origin, status) in [("https://evil.example", StatusCode::FORBIDDEN), ("https://app.example.com", StatusCode::OK)] {
//!     let mut request = visitor.subresource(choice, "empty").method("POST").header(CONTENT_TYPE, "application/json");
//!     let fields = request.headers_mut().expect("an address");
//!     fields.insert("sec-fetch-site", if status.is_success() { "same-site" } else { "cross-site" }.parse()?);
//!     fields.insert(ORIGIN, origin.parse()?);
//!     let answer = app.clone().oneshot(request.body(Body::from(r#"{"revision": 1, "grant": ["analytics"]}"#))?).await?;
//!     assert_eq!(answer.status(), status);
//!     visitor.receive(choice, &answer);
//! }
//! assert!(allowed(&mut visitor).await?);
//! # Ok(())
//! # }
//! ```
//!
//! # Several subdomains
//!
//! One choice for all of them needs a cookie with a Domain, which every host below can write: so it is signed, and all hosts
//! have the same policy. What that risks: [`deployment`](super::deployment#several-subdomains).
//!
//! ```
//! use std::convert::Infallible;
//! use http::{Request, Response, header::SET_COOKIE};
//! use tower::{Layer, ServiceExt, service_fn};
//! use tower_consent::{Category, ConsentContext, ConsentCookie, ConsentLayer, Policy, test::Visitor};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let secret = [7; 32];
//! let policy = Policy::builder()
//!     .site_domain("example.com")
//!     .consent_cookie(ConsentCookie::shared("example.com"))
//!     .mac_key("2026a", secret) // the same on every host
//!     .cookies(Category::ANALYTICS, ["_ga"])
//!     .build()?;
//! // Stands for two servers: `www` takes the choice, `shop` sets what needs it.
//! let service = ConsentLayer::new(policy).layer(service_fn(async |request: Request<String>| {
//!     let context = ConsentContext::of(request.extensions()).expect("the layer");
//!     let mut answer = Response::new(String::new());
//!     match request.uri().path() {
//!         "/accept" => context.decision().grant_all_unrecorded().apply(answer.headers_mut()),
//!         _ => { answer.headers_mut().append(SET_COOKIE, "_ga=1; Domain=example.com; Path=/".parse().expect("a line")); }
//!     }
//!     Ok::<_, Infallible>(answer)
//! }));
//! let mut visitor = Visitor::undecided();
//! for (address, holds) in [
//!     ("https://shop.example.com/", false),
//!     ("https://www.example.com/accept", false),
//!     ("https://shop.example.com/", true),
//! ] {
//!     let answer = service.clone().oneshot(visitor.request(address).body(String::new())?).await?;
//!     visitor.receive(address, &answer);
//!     assert_eq!(visitor.holds("_ga"), holds, "{address}");
//! }
//! visitor.assert_holds("__Secure-consent");
//! # Ok(())
//! # }
//! ```
//!
//! # tonic
//!
//! gRPC carries cookies as metadata, and browsers send them with gRPC-Web. The layer goes around tonic's services as around
//! every other. Messages and trailers pass untouched.
//!
//! ```text
//! Server::builder().layer(ConsentLayer::new(policy)).add_service(prices)
//!
//! async fn ask(&self, request: tonic::Request<Question>) -> Result<tonic::Response<Price>, Status> {
//!     let decision = ConsentContext::of(request.extensions()).map(|context| context.decision());
//! ```
