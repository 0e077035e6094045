//! The application under test, with handlers of every kind, and how requests are sent to it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use http_body_util::BodyExt;
use tower::Service;
use tower_consent::{
    ConsentLayer, ManualClock, NewToken, Policy, RequireSession, Session, SignIn, SignedIn, StoreError, TokenLayer,
    Tokens, test::Visitor,
};

use crate::watched::Watched;

pub(crate) const HOST: &str = "https://www.example.com";
pub(crate) const NAME: &str = "__Host-token";
/// Some day.
pub(crate) const START: i64 = 1_800_000_000;
pub(crate) const SEVEN_DAYS: i64 = 604_800;
/// The form of a token, and one that nobody issued.
pub(crate) const STRANGER: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// An application, its clock and its store.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) app: Router,
    pub(crate) clock: ManualClock,
    pub(crate) store: Watched,
    pub(crate) tokens: Tokens,
}

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Site {
    /// With the token layer alone.
    pub(crate) fn new() -> Self {
        Self::of(routes(), |app, tokens| app.layer(TokenLayer::new(tokens)))
    }

    /// Behind a consent layer that keeps this policy.
    pub(crate) fn with_policy(policy: Arc<Policy>) -> Self {
        Self::of(routes(), |app, tokens| app.layer(ConsentLayer::new(policy).with_tokens(tokens)))
    }

    pub(crate) fn of(routes: Router, wrap: impl FnOnce(Router, Tokens) -> Router) -> Self {
        let (clock, store) = (ManualClock::at(START), Watched::new());
        let tokens = Tokens::builder(store.clone()).clock(clock.clone()).build().unwrap();
        Self { app: wrap(routes, tokens.clone()), clock, store, tokens }
    }

    /// The same store and clock behind another stack.
    pub(crate) fn again(&self, wrap: impl FnOnce(Router, Tokens) -> Router) -> Self {
        Self { app: wrap(routes(), self.tokens.clone()), ..self.clone() }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.app.clone().call(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    /// A request with these fields; `POST /path` or `/path`.
    pub(crate) async fn ask(&self, what: &str, fields: &[(&str, &[u8])]) -> Answer {
        self.send(request(what, fields)).await
    }

    /// With this token as a cookie.
    pub(crate) async fn by_cookie(&self, what: &str, token: &str) -> Answer {
        self.ask(what, &[("cookie", format!("{NAME}={token}").as_bytes())]).await
    }

    /// With this token as a bearer token.
    pub(crate) async fn by_bearer(&self, what: &str, token: &str) -> Answer {
        self.ask(what, &[("authorization", format!("Bearer {token}").as_bytes())]).await
    }

    /// As a browser does it, which keeps what the answer sets.
    pub(crate) async fn browse(&self, visitor: &mut Visitor, what: &str) -> Answer {
        self.browse_with(visitor, what, &[]).await
    }

    pub(crate) async fn browse_with(&self, visitor: &mut Visitor, what: &str, fields: &[(&str, &str)]) -> Answer {
        let (method, path) = split(what);
        let address = format!("{HOST}{path}");
        let builder = if method == "POST" { visitor.form(&address) } else { visitor.request(&address) };
        let mut request = builder.body(Body::empty()).unwrap();
        for (name, value) in fields {
            request
                .headers_mut()
                .append(header::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        let answer = self.send(request).await;
        let mut response = http::Response::new(());
        *response.headers_mut() = answer.headers.clone();
        visitor.receive(&address, &response);
        answer
    }

    /// Signs in by HTTP, and gives the token of the cookie.
    pub(crate) async fn sign_in(&self) -> String {
        let answer = self.ask("POST /login", &[]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        self.store.calls();
        answer.token().expect("a token cookie")
    }
}

impl Answer {
    pub(crate) fn lines(&self, name: &str) -> Vec<String> {
        self.headers.get_all(name).iter().map(|line| line.to_str().unwrap().to_owned()).collect()
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn cache_control(&self) -> Option<&str> {
        self.field("cache-control")
    }

    /// The token that its cookie line sets.
    pub(crate) fn token(&self) -> Option<String> {
        let lines = self.lines("set-cookie");
        let value = lines.iter().find_map(|line| line.strip_prefix("__Host-token=")?.split(';').next())?;
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// The Max-Age of the line that sets the token cookie.
    pub(crate) fn max_age(&self) -> Option<i64> {
        let lines = self.lines("set-cookie");
        assert_eq!(lines.len(), 1, "{lines:?}");
        lines[0].split("; ").find_map(|part| part.strip_prefix("Max-Age=")).map(|seconds| seconds.parse().unwrap())
    }

    /// Whether it deletes the token cookie.
    pub(crate) fn expires(&self) -> bool {
        self.lines("set-cookie").iter().any(|line| line.starts_with("__Host-token=;") && line.contains("Max-Age=0"))
    }
}

fn split(what: &str) -> (&str, &str) {
    what.split_once(' ').unwrap_or(("GET", what))
}

pub(crate) fn request(what: &str, fields: &[(&str, &[u8])]) -> Request<Body> {
    let (method, path) = split(what);
    let mut request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    for (name, value) in fields {
        let name = header::HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().append(name, HeaderValue::from_bytes(value).unwrap());
    }
    request
}

pub(crate) fn visitor(site: &Site) -> Visitor {
    Visitor::undecided().at(site.clock.clone())
}

/// Handlers of every kind.
pub(crate) fn routes() -> Router {
    let guarded = Router::new()
        .route("/guarded", get(async |session: Session| session.subject().to_owned()))
        .route("/guarded/blind", get(async || "behind the guard"))
        .route_layer(RequireSession);
    Router::new()
        .route("/", get(async || "open").post(async || "open"))
        .route("/login", post(login))
        .route("/login/page", get(async |_: SignIn| "who are you?"))
        .route("/account", get(account).post(account))
        .route("/maybe", get(maybe))
        .route("/logout", post(async |session: Session| session.end().await))
        .route("/logout/clear", post(clear))
        .route("/logout/everywhere", post(async |session: Session| session.end_all().await))
        .route("/rotate", post(rotate))
        .merge(guarded)
}

async fn account(session: Session) -> String {
    session.subject().to_owned()
}

async fn maybe(session: Option<Session>) -> String {
    session.map_or_else(|| "nobody".to_owned(), |session| session.subject().to_owned())
}

async fn clear(session: Session) -> Result<impl IntoResponse, StoreError> {
    Ok(session.end().await?.clear_site_data())
}

/// What the request asks for: `subject` and `form`.
pub(crate) fn wanted(headers: &HeaderMap) -> NewToken {
    let field = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let new = NewToken::of(field("subject").unwrap_or("user-17")).with_label("laptop").with_data(*b"data");
    match field("form") {
        Some("browser") => new.browser_session(),
        Some("bearer") => new.bearer(),
        _ => new,
    }
}

async fn login(sign_in: SignIn, headers: HeaderMap) -> Result<Response, StoreError> {
    Ok(told(sign_in.issue(wanted(&headers)).await?))
}

async fn rotate(session: Session) -> Result<Response, StoreError> {
    Ok(match session.rotate().await? {
        Some(signed_in) => told(signed_in),
        None => (StatusCode::GONE, "ended meanwhile").into_response(),
    })
}

/// The bearer token and the signal stand in the body, as a page would show them.
fn told(signed_in: SignedIn) -> Response {
    let body = match (signed_in.bearer(), signed_in.forbidden_by()) {
        (Some(token), None) => format!("bearer {token}"),
        (Some(token), Some(signal)) => format!("{} {token}", signal.header_name()),
        (None, None) => String::new(),
        (None, Some(_)) => panic!("a signal, and no bearer token"),
    };
    (signed_in, body).into_response()
}
