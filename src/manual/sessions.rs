//! Applications that sign in with tower-sessions or axum-login: how to keep the seven days with them, and how to move to
//! [`Tokens`](crate::Tokens).
//!
//! The policy promises that a sign-in lives seven days and is gone at the sign-out. With this crate's own
//! [`Tokens`](crate::Tokens) that holds by itself. With a session library it takes some lines, because only one half of
//! a session is a cookie:
//!
//! | half | who ends it | what to do |
//! |---|---|---|
//! | the cookie in the browser | this layer, at seven days, whatever the library asks for | [declare it as `auth_cookie`](#the-cookie) |
//! | the session in its store | the library | [set its end to seven days from the sign-in](#the-store) |
//! | both, at the sign-out | the library deletes, this layer lets the deletion through | [`flush`](#the-sign-out) |
//!
//! `examples/existing_sessions.rs` is a whole application (`cargo run --example existing_sessions`). What is said here
//! of tower-sessions was looked up and tested with 0.15.0, of axum-login with 0.18.0.
//!
//! # The cookie
//!
//! tower-sessions calls its cookie `id`, and axum-login keeps its data in the same session, so the cookie is the same.
//!
//! ```
//! use tower_consent::{Policy, Preset};
//!
//! let policy = Policy::builder()
//!     .preset(Preset::TowerSessions) // or Preset::AxumLogin: what the cookie is for, and that it is essential
//!     .auth_cookie("id")             // and that it never lives longer than seven days
//!     .build()?;
//! # Ok::<(), tower_consent::ConfigError>(())
//! ```
//!
//! A preset alone sets no limit. `auth_cookie` caps: a line that asks for thirty days leaves with `; Max-Age=604800`
//! appended, and browsers take the last. It adds nothing to a line without Max-Age, which ends with the browser.
//!
//! - **Another name** is declared under that name: `auth_cookie("sid")`.
//! - **No `__Host-` prefix with tower-sessions 0.15.** It writes the deletion of its cookie without `Secure`, and
//!   browsers take no line without it for such a name. The session is gone from the store, and a dead cookie stays.
//! - **Keep me signed in.** A cookie that outlives the browser needs no consent only if the visitor asked for it (R112).
//!   So without the tick set `Expiry::OnSessionEnd` for the cookie, and end the session in the store by your own
//!   time, as below.
//!
//! # The store
//!
//! `Expiry::OnInactivity` slides: every change of the session begins the time anew, and a session in use never ends.
//! The promise counts from the sign-in, so the end must be a date: `Expiry::AtDateTime`.
//!
//! It is not enough to set it in the sign-in handler. A session is made anew for each request, with the expiry of the
//! session *layer*; the next change would save that again (without any expiry: two weeks from then). So write down when
//! the sign-in was, and set the end wherever the session is about to be saved: in a middleware inside of the session
//! layer.
//!
//! ```
//! use axum::{Router, extract::Request, middleware::{Next, from_fn}, response::{IntoResponse, Response}, routing::get};
//! use http::StatusCode;
//! use time::{Duration, OffsetDateTime};
//! use tower_consent::{ConsentLayer, Policy};
//! use tower_sessions::{Expiry, MemoryStore, Session, SessionManagerLayer, session};
//!
//! const LIFE: Duration = Duration::days(7);
//!
//! async fn seven_days(session: Session, request: Request, next: Next) -> Result<Response, StatusCode> {
//!     held(session, request, next).await.map_err(|_error| StatusCode::SERVICE_UNAVAILABLE)
//! }
//!
//! async fn held(session: Session, request: Request, next: Next) -> Result<Response, session::Error> {
//!     let now = OffsetDateTime::now_utc();
//!     let end_of = |at: i64| OffsetDateTime::from_unix_timestamp(at).unwrap_or(OffsetDateTime::UNIX_EPOCH) + LIFE;
//!     if let Some(at) = session.get::<i64>("signed_in_at").await?
//!         && now >= end_of(at)
//!     {
//!         session.clear().await;
//!         session.cycle_id().await?; // deletes the old id in the store
//!     }
//!     let answer = next.run(request).await;
//!     // Sessions from before this middleware do not say when they began: their seven days begin now.
//!     let is_signed_in = session.get::<String>("user").await?.is_some();
//!     if is_signed_in && session.get::<i64>("signed_in_at").await?.is_none() {
//!         session.insert("signed_in_at", now.unix_timestamp()).await?;
//!     }
//!     if session.is_modified()
//!         && let Some(at) = session.get::<i64>("signed_in_at").await?
//!     {
//!         session.set_expiry(Some(Expiry::AtDateTime(end_of(at))));
//!     }
//!     Ok(answer)
//! }
//!
//! let policy = Policy::builder().auth_cookie("id").build()?;
//! let app: Router = Router::new()
//!     .route("/", get(|| async { "hello" }))
//!     .layer(from_fn(seven_days))                                     // inside of the session layer
//!     .layer(SessionManagerLayer::new(MemoryStore::default()))
//!     .layer(ConsentLayer::new(policy));                              // outermost
//! # let _ = app;
//! # Ok::<(), tower_consent::ConfigError>(())
//! ```
//!
//! The sign-in handler writes `user` and `signed_in_at`, after `session.cycle_id()`: the id from before may be known to
//! somebody else. An ended session is emptied with `clear` and `cycle_id` and not with `flush`: if a handler of the same
//! request writes to a flushed session, tower-sessions 0.15 saves it under the old id.
//!
//! A store that deletes nothing by itself keeps ended sessions for good: run its deletion
//! (`ExpiredDeletion::continuously_delete_expired`), and watch it, because it stops at the first error.
//!
//! # The sign-out
//!
//! `session.flush()` deletes the session in the store. It is then empty, for which the session layer writes a deletion of
//! the cookie. A deletion always passes this layer: under every choice, signal and limit.
//!
//! ```
//! use axum::{http::header::CACHE_CONTROL, response::{IntoResponse, Redirect}};
//! use tower_sessions::{Session, session};
//!
//! /// For `POST /sign-out`, never for a GET: browsers fetch ahead.
//! async fn sign_out(session: Session) -> Result<impl IntoResponse, StatusError> {
//!     session.flush().await?;
//!     Ok(([(CACHE_CONTROL, "no-store")], Redirect::to("/")))
//! }
//! # struct StatusError(session::Error);
//! # impl From<session::Error> for StatusError { fn from(error: session::Error) -> Self { Self(error) } }
//! # impl IntoResponse for StatusError {
//! #     fn into_response(self) -> axum::response::Response { http::StatusCode::SERVICE_UNAVAILABLE.into_response() }
//! # }
//! # let _: axum::routing::MethodRouter = axum::routing::post(sign_out);
//! ```
//!
//! What tower-sessions cannot promise: a request that began before the sign-out and changes the session saves it
//! afterwards. Most stores then write it again, and whoever has the old cookie is signed in once more. A token that was
//! ended is never brought back.
//!
//! # axum-login
//!
//! axum-login 0.18.0 is built on tower-sessions **0.14**: name that version in your `Cargo.toml`, because its session
//! layer and stores are other types than those of 0.15. `examples/axum_login.rs` is a whole application (`cargo run --example
//! axum_login`). The lines that differ:
//!
//! ```text
//! // The layer: the session layer goes into axum-login's, and that stands where the session layer stood.
//! let auth = AuthManagerLayerBuilder::new(backend, SessionManagerLayer::new(store)).build();
//! .layer(from_fn(seven_days)).layer(auth).layer(ConsentLayer::new(policy))
//!
//! // The middleware: who is signed in is known to AuthSession, which has the session.
//! async fn seven_days(auth: AuthSession<Backend>, mut request: Request, next: Next) -> ...
//!     let session = auth.session.clone();
//!     // where the seven days are over, also: AuthSession has read the user before
//!     let mut nobody = auth.clone();
//!     nobody.user = None;
//!     request.extensions_mut().insert(nobody);
//!     // and afterwards
//!     let is_signed_in = auth.user.is_some() && !session.is_empty().await;
//!
//! // The sign-in: who is signed in already signs out first; login() takes a new id only where nobody was.
//! auth.login(&user).await?;
//! auth.session.cycle_id().await?;
//! auth.session.insert("signed_in_at", OffsetDateTime::now_utc().unix_timestamp()).await?;
//!
//! // The sign-out: logout() flushes the session.
//! auth.logout().await?;
//! ```
//!
//! The `AuthSession` of the middleware is a copy from before the handler, which does not learn of a sign-in or a sign-out.
//! So the sign-in handler must write `signed_in_at` itself, and after a sign-out only `is_empty` tells that nobody is
//! signed in any more: a time written then would bring up a new session.
//!
//! # The first run with everything switched on
//!
//! 1. **Report-only**, with the presets of what you use. Nothing is capped yet, and nobody is signed out:
//!
//!    ```
//!    use tower_consent::{Policy, Preset};
//!
//!    let policy = Policy::builder().preset(Preset::AxumLogin).auth_cookie("id").report_only().build()?;
//!    # Ok::<(), tower_consent::ConfigError>(())
//!    ```
//!
//! 2. **Look at the warnings** for names that nobody declared
//!    ([the first day](super::deployment#the-first-day)). A session cookie under a name of your own is the one that you
//!    must not forget.
//! 3. **Enforce.** Undeclared cookies are stripped from now on; the session's is essential, and passes under every
//!    choice and signal. The one exception is your own: [`SignalScope::NoCookies`](crate::SignalScope::NoCookies)
//!    stores no cookie at all under a signal, and a session library has no other way to know its visitor. Only tokens
//!    have: they are given as bearer tokens there. What else that costs:
//!    [strict Do Not Track](super::privacy_policy#what-strict-do-not-track-costs).
//! 4. **The middleware** of the seven days. Nobody is signed out by it: sessions from before get seven days.
//!
//! Refusing or withdrawing consent signs nobody out, and signing out forgets no choice (R127).
//!
//! # Moving to `Tokens`
//!
//! Step by step, with nobody signed out. Both libraries have a `Session`: name one of them otherwise.
//!
//! 1. Do all of the above: from then on the last old session ends after seven days.
//! 2. Add the tokens to the layer: [`ConsentLayer::with_tokens`](crate::ConsentLayer::with_tokens).
//! 3. Sign in with tokens only, and accept both. Do not turn an old session into a token: its seven days would begin
//!    anew.
//! 4. Sign out of both.
//! 5. After seven days take the old way out. tower-sessions may stay for what is no sign-in, a cart for example.
//!
//! ```
//! use axum::{Form, Router, body::Body, response::{IntoResponse, Redirect, Response}, routing::{get, post}};
//! use http::{Request, StatusCode, header::{COOKIE, SET_COOKIE}};
//! use tower::ServiceExt;
//! use tower_consent::{ConsentLayer, MemoryStore, NewToken, Policy, Session, SignIn, StoreError, Tokens};
//! use tower_sessions::{MemoryStore as OldStore, Session as OldSession, SessionManagerLayer};
//!
//! #[derive(serde::Deserialize)]
//! struct Login { name: String, keep_me_signed_in: Option<String> }
//!
//! /// Step 3: new sign-ins are tokens. The old session is ended, so that nobody has two.
//! async fn login(sign_in: SignIn, old: OldSession, Form(login): Form<Login>) -> Result<Response, StoreError> {
//!     // check the password here
//!     if old.flush().await.is_err() {
//!         return Ok(StatusCode::SERVICE_UNAVAILABLE.into_response());
//!     }
//!     let token = NewToken::of(login.name);
//!     let token = if login.keep_me_signed_in.is_some() { token } else { token.browser_session() };
//!     Ok(sign_in.issue(token).await?.redirect("/").into_response())
//! }
//!
//! /// Step 3: who is asking, by token or by an old session.
//! async fn who(session: Option<Session>, old: OldSession) -> String {
//!     match session {
//!         Some(session) => session.subject().to_owned(),
//!         None => old.get::<String>("user").await.ok().flatten().unwrap_or_else(|| "nobody".to_owned()),
//!     }
//! }
//!
//! /// Step 4: out of both.
//! async fn logout(session: Option<Session>, old: OldSession) -> Result<Response, StoreError> {
//!     if let Some(session) = session {
//!         let _ended = session.end().await?; // the layer expires the cookie with this answer
//!     }
//!     Ok(match old.flush().await {
//!         Ok(()) => Redirect::to("/").into_response(),
//!         Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
//!     })
//! }
//! # /// A sign-in as it was before.
//! # async fn old_login(old: OldSession) { old.insert("user", "ada").await.unwrap() }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let policy = Policy::builder().auth_cookie("id").build()?;
//! let app = Router::new()
//!     .route("/", get(who))
//!     .route("/login", post(login))
//!     .route("/logout", post(logout))
//! #   .route("/old-login", post(old_login))
//!     .layer(SessionManagerLayer::new(OldStore::default()))
//!     .layer(ConsentLayer::new(policy).with_tokens(Tokens::new(MemoryStore::new()))); // step 2
//! # let ask = async |method: &str, path: &str, cookies: &str, form: &'static str| {
//! #     let request = Request::builder().method(method).uri(path).header(COOKIE, cookies);
//! #     let request = request.header("content-type", "application/x-www-form-urlencoded").body(Body::from(form));
//! #     let answer = app.clone().oneshot(request.unwrap()).await.unwrap();
//! #     let lines = answer.headers().get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap().to_owned());
//! #     let lines: Vec<_> = lines.collect();
//! #     let body = axum::body::to_bytes(answer.into_body(), 1_000).await.unwrap();
//! #     (lines, String::from_utf8(body.to_vec()).unwrap())
//! # };
//! # let pair = |line: &String| line.split(';').next().unwrap().to_owned();
//! # let old = pair(&ask("POST", "/old-login", "", "").await.0[0]);
//! # assert_eq!(ask("GET", "/", &old, "").await.1, "ada", "an old session is accepted");
//! # let (lines, _) = ask("POST", "/login", &old, "name=ada").await;
//! # let token = pair(lines.iter().find(|line| line.starts_with("__Host-token=")).unwrap());
//! # assert!(lines.iter().any(|line| line.starts_with("id=;")), "the old one is ended: {lines:?}");
//! # assert_eq!(ask("GET", "/", &token, "").await.1, "ada");
//! # assert_eq!(ask("GET", "/", &old, "").await.1, "nobody");
//! # let other = pair(&ask("POST", "/old-login", "", "").await.0[0]);
//! # let (lines, _) = ask("POST", "/logout", &format!("{token}; {other}"), "").await;
//! # assert_eq!(lines.iter().filter(|line| line.contains("Max-Age=0")).count(), 2, "{lines:?}");
//! # assert_eq!(ask("GET", "/", &token, "").await.1, "nobody");
//! # assert_eq!(ask("GET", "/", &other, "").await.1, "nobody");
//! # Ok(())
//! # }
//! ```
//!
//! # How strong a sign-in is
//!
//! Seven days without an end for want of use meet NIST SP 800-63B at AAL1, which asks for a new sign-in at least every
//! thirty days. They do **not** meet AAL2 (24 hours, or an hour without use) nor AAL3 (12 hours, or 15 minutes): there,
//! set [`TokenRules`](crate::TokenRules) with a shorter life and an idle limit. OWASP ASVS leaves the idle limit to a
//! risk decision that is written down (R126).
//!
//! # The back button
//!
//! `no-store` keeps a private page out of caches, not out of a browser's memory: Chromium 156 shows such a page as it was
//! left when the visitor goes back after a sign-out, although the cookie is gone. Nothing on it works any more, but it can
//! be read. `Clear-Site-Data: "cache"` clears it away, not with the answer to the sign-out, during which the page is still
//! shown, but with a later one: `examples/demo` sends it with a style sheet of the page that follows.
