//! Moving over from what kept consent so far: autumn-web, axum_session, ASP.NET Core.
//!
//! What was read of them: autumn-web 0.9.0, axum_session 0.22.1, and the sources of ASP.NET Core's `CookiePolicyMiddleware`.
//!
//! # In common
//!
//! 1. **They ask the code; this asks the header.** A gate in a handler holds what the handler sets. This layer holds what any
//!    library sets, and cleans the requests too. So undeclared cookies will turn up: begin in
//!    [report-only](super::deployment#the-first-day).
//! 2. **Choices that were made stay only if they can be read.** ASP.NET's cookie is one of the
//!    [banners](super::existing_banners) that are read. The others are not: their visitors are asked once more. Leave the old
//!    cookie undeclared, and it is stripped; declare it under a purpose of its own, and it is expired too:
//!
//!    ```
//!    # use tower_consent::{Category, Policy};
//!    // Nobody will agree to it again, so it goes with the first refusal or signal.
//!    let policy = Policy::builder().cookies(Category::FUNCTIONAL, ["autumn.consent"]).build()?;
//!    # assert_eq!(policy.lookup(b"autumn.consent"), Some((Category::FUNCTIONAL, None)));
//!    # Ok::<(), tower_consent::ConfigError>(())
//!    ```
//! 3. **The gates in the code may stay.** They ask the [`Decision`](crate::Decision) from now on, and the layer stands behind
//!    them for what they forgot.
//!
//! # From autumn-web's consent
//!
//! | there | here |
//! |---|---|
//! | `Consent` as an extractor | [`Decision`](crate::Decision) |
//! | `consent.allows("analytics", VERSION)` | `decision.allows(Category::ANALYTICS)`; the version is the policy's |
//! | category `"necessary"` | [`Category::ESSENTIAL`](crate::Category::ESSENTIAL) |
//! | any other category, as a text | built in: functional, analytics, marketing; your own: [`CategoryEntry`](crate::CategoryEntry) |
//! | a policy version; every other one asks again | [`Revision`](crate::Revision): *material* asks again, a *notice* does not; a refusal stays |
//! | `needs_prompt` | [`Decision::prompt`](crate::Decision::prompt) |
//! | `inject_consent_banner` | `Fragments` in the layout, or `examples/guard`'s script |
//! | `POST /consent/accept`, `/consent/reject` | `ConsentPages`; withdrawal and single services beside them |
//! | the cookie `autumn.consent`: version, time, categories; 180 days | `__Host-consent`: [revision, day, categories](super::cookie_format), with a MAC; 6 calendar months |
//! | `autumn.sid` and `autumn-csrf` pass always | declare them: `.auth_cookie("autumn.sid")`, `.essential(["autumn-csrf"])` |
//! | nothing | requests are cleaned, refused cookies expired, DNT and Sec-GPC obeyed, choices recorded |
//!
//! Before:
//!
//! ```text
//! async fn home(consent: Consent) -> Response {
//!     let mut answer = page();
//!     if consent.allows("analytics", POLICY_VERSION) {
//!         answer.headers_mut().append(SET_COOKIE, statistics());
//!     }
//!     answer
//! }
//! ```
//!
//! After: the gate is gone, and the cookie is held back all the same.
//!
//! ```
//! use axum::{Router, body::Body, routing::get};
//! use http::{Request, header::{COOKIE, SET_COOKIE}};
//! use tower::ServiceExt;
//! use tower_consent::{Category, ConsentLayer, Policy};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let policy = Policy::builder()
//!     .auth_cookie("autumn.sid")
//!     .essential(["autumn-csrf"])
//!     .cookies(Category::ANALYTICS, ["statistics"])
//!     .build()?;
//! let app: Router = Router::new()
//!     .route("/", get(async || [(SET_COOKIE, "statistics=1; Path=/")]))
//!     .layer(ConsentLayer::new(policy));
//!
//! // The old choice is not read: nobody has decided.
//! let old = "autumn.consent=1%7C2026-11-01T10%3A00%3A00%2B00%3A00%7Canalytics";
//! let answer = app.oneshot(Request::get("/").header(COOKIE, old).body(Body::empty())?).await?;
//! assert!(!answer.headers().contains_key(SET_COOKIE));
//! # Ok(())
//! # }
//! ```
//!
//! # From axum_session's opt-in
//!
//! `SessionMode::OptIn` answers one question: may this session be kept. That is no consent to anything: a session that a sign-in
//! or a cart needs is essential, and one that only counts visits is not.
//!
//! | there | here |
//! |---|---|
//! | `SessionConfig::default().with_mode(SessionMode::OptIn)` | `SessionMode::Persistent`, and [`Preset::AxumSession`](crate::Preset::AxumSession) |
//! | `session.set_store(true)`, after a click | `Choices::accept_all`, or the pages |
//! | `session.set_store(false)` | [`Choices::withdraw`](crate::Choices::withdraw); the session of a sign-in is not touched |
//! | the cookie `store`: `true` | `__Host-consent`; `store` may go |
//! | a session without consent is made, and dropped after the answer | none is made for statistics: ask the [`Decision`](crate::Decision) |
//!
//! Before:
//!
//! ```text
//! let config = SessionConfig::default().with_mode(SessionMode::OptIn);
//! async fn accept(session: Session<..>) { session.set_store(true) }
//! ```
//!
//! After:
//!
//! ```
//! use axum::{Router, body::Body, routing::get};
//! use http::{Request, header::{COOKIE, SET_COOKIE}};
//! use tower::ServiceExt;
//! use tower_consent::{Category, ConsentLayer, Decision, Policy, Preset};
//!
//! // What the session is kept for is asked where it is written.
//! async fn article(consent: Decision) -> String {
//!     if consent.allows(Category::ANALYTICS) { "last read: written".to_owned() } else { "last read: left out".to_owned() }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let policy = Policy::builder()
//!     .preset(Preset::AxumSession)
//!     .auth_cookie("session") // and it ends after seven days
//!     .cookies(Category::ANALYTICS, ["last_read"])
//!     .build()?;
//! let session = async || [(SET_COOKIE, "session=17; Path=/; HttpOnly; Max-Age=2592000")];
//! let app: Router = Router::new()
//!     .route("/article", get(article))
//!     .route("/sign-in", get(session))
//!     .layer(ConsentLayer::new(policy));
//!
//! // `store=true` is no consent to statistics.
//! let request = Request::get("/article").header(COOKIE, "session=17; store=true").body(Body::empty())?;
//! let answer = axum::body::to_bytes(app.clone().oneshot(request).await?.into_body(), 100).await?;
//! assert_eq!(answer, "last read: left out");
//! // The session is essential: it passes without any.
//! let answer = app.oneshot(Request::get("/sign-in").body(Body::empty())?).await?;
//! assert_eq!(answer.headers()[SET_COOKIE], "session=17; Path=/; HttpOnly; Max-Age=2592000; Max-Age=604800");
//! # Ok(())
//! # }
//! ```
//!
//! # From ASP.NET Core's CookiePolicy
//!
//! | there | here |
//! |---|---|
//! | `UseCookiePolicy()` before what sets cookies | [`ConsentLayer`](crate::ConsentLayer), outermost |
//! | cookies set through `Response.Cookies` are held | every `Set-Cookie` line is, whoever wrote it |
//! | `CheckConsentNeeded = _ => true` | always; [`stand_down`](crate::PolicyBuilder::stand_down) for requests that are left alone |
//! | `CookieOptions.IsEssential` at each cookie | [`essential`](crate::PolicyBuilder::essential) in the policy, by name |
//! | `ITrackingConsentFeature.CanTrack` | `decision.allows(..)`, for each purpose |
//! | `GrantConsent()`, `WithdrawConsent()` | [`Choices`](crate::Choices), or the pages |
//! | one answer for everything | by category and by service, a refusal too; a refusal is remembered |
//! | `.AspNet.Consent=yes`, a year | `__Host-consent`, 6 calendar months; theirs can be read: below |
//! | `MinimumSameSitePolicy`, `Secure`, `HttpOnly` | [`AttributeFloors`](crate::AttributeFloors): only ever raised |
//! | `OnAppendCookie`, `OnDeleteCookie` | [`drop_cookie`](crate::PolicyBuilder::drop_cookie); deletions always pass |
//! | withdrawal leaves the cookies where they are | they are expired, and taken out of requests |
//!
//! A site that stays in .NET is put behind [`examples/guard`](super::deployment#before-a-site-in-any-language). A
//! site that moves to Rust goes on reading the old cookie, and its *yes* counts for what the text named then. It asks one
//! question for everything; where the new policy is finer, leave that source out and ask again (R87).
//!
//! Before:
//!
//! ```text
//! services.Configure<CookiePolicyOptions>(o => { o.CheckConsentNeeded = _ => true; });
//! app.UseCookiePolicy();
//! Response.Cookies.Append("_pk_id", id);      // held back until .AspNet.Consent=yes
//! ```
//!
//! After:
//!
//! ```
//! use axum::{Router, body::Body, routing::get};
//! use http::{Request, header::{COOKIE, SET_COOKIE}};
//! use tower::ServiceExt;
//! use tower_consent::{Banner, Category, ConsentLayer, ConsentSource, Policy};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let policy = Policy::builder()
//!     .essential([".AspNetCore.Session", ".AspNetCore.Antiforgery.*"])
//!     .cookies(Category::ANALYTICS, ["_pk_*"])
//!     .source(ConsentSource::banner(Banner::AspNet))
//!     .build()?;
//! let app: Router = Router::new()
//!     .route("/", get(async || [(SET_COOKIE, "_pk_id=1; Path=/")]))
//!     .layer(ConsentLayer::new(policy));
//! for (cookies, leaves) in [("", false), (".AspNet.Consent=no", false), (".AspNet.Consent=yes", true)] {
//!     let answer = app.clone().oneshot(Request::get("/").header(COOKIE, cookies).body(Body::empty())?).await?;
//!     assert_eq!(answer.headers().contains_key(SET_COOKIE), leaves, "{cookies}");
//! }
//! // A signal beats it: a banner does not write down which signals it knew.
//! let request = Request::get("/").header(COOKIE, ".AspNet.Consent=yes").header("sec-gpc", "1").body(Body::empty())?;
//! assert!(!app.oneshot(request).await?.headers().contains_key(SET_COOKIE));
//! # Ok(())
//! # }
//! ```
