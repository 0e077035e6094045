//! What an application does by hand today: consent in a signed jar, both header directions filtered
//! with the `cookie` crate, sign-in by tower-sessions.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use cookie::{Cookie, CookieJar, Key};
use http::header::{COOKIE, HeaderMap, SET_COOKIE};
use http::{HeaderValue, Request, Response};
use time::{Duration, OffsetDateTime};
use tower::{Layer, Service, service_fn};
use tower_sessions::session::{Id, Record};
use tower_sessions::{MemoryStore, Session, SessionManagerLayer, SessionStore};

use super::contenders::answer;
use super::profiles::{CONSENT, ConsentKind, Lines, SESSION, is_optional};
use super::{Body, Result};

/// The sign-in of every request: the same in each process, so that instruction counts repeat.
const SESSION_ID: Id = Id(0x2f6c_91d3_5be8_470a_8c3d_e7f1_02b4_96a5);

pub(crate) fn session_id() -> String {
    SESSION_ID.to_string()
}

/// The key of everything that the `cookie` crate signs here.
pub(crate) fn key() -> Key {
    let secret: Vec<u8> = (0..64).collect();
    Key::from(&secret)
}

/// The consent cookie as the `cookie` crate signs it: 44 characters of MAC, 64 of payload.
pub(crate) fn consent_value(kind: ConsentKind) -> String {
    let granted = match kind {
        ConsentKind::Granted => "a1.m1",
        ConsentKind::Refused => "a0.m0",
    };
    let payload = format!("{granted}.r3.20260901.5d2c6b1e-0f7a-4f6e-9b53-1c8a7e4d9f20.essential1");
    let mut jar = CookieJar::new();
    jar.signed_mut(&key()).add(Cookie::new(CONSENT, payload));
    let signed = jar.get(CONSENT);
    signed.map_or_else(String::new, |cookie| cookie.value().to_owned())
}

/// The sign-in as tower-sessions stores it.
pub(crate) fn record() -> Record {
    Record {
        id: SESSION_ID,
        data: [("user".to_owned(), "user-17".into())].into(),
        expiry_date: OffsetDateTime::now_utc() + Duration::days(7),
    }
}

/// Sessions in memory, one of which is the sign-in.
pub(crate) fn sessions() -> Result<MemoryStore> {
    let store = MemoryStore::default();
    let record = record();
    // The store answers at once; what it fails with would be seen by the check before the
    // measurement.
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(saved) = store.save(&record).as_mut().poll(&mut cx) else {
        return Err("the session store waits".into());
    };
    saved?;
    Ok(store)
}

/// The filter over tower-sessions over a handler that loads its session once.
pub(crate) fn stack(
    lines: &Lines,
) -> Result<impl Service<Request<Body>, Response = Response<Body>, Error: Debug> + 'static> {
    let lines = lines.clone();
    let handler = service_fn(move |request: Request<Body>| {
        let lines = lines.clone();
        async move {
            let found = match request.extensions().get::<Session>() {
                Some(session) => session.get::<String>("user").await?.is_some(),
                None => false,
            };
            Ok::<_, tower_sessions::session::Error>(answer(&request, found, &lines))
        }
    });
    let sessions = SessionManagerLayer::new(sessions()?).with_name(SESSION);
    Ok(filter(sessions.layer(handler)))
}

/// Keeps consent round any service.
pub(crate) fn filter<S>(inner: S) -> Filter<S> {
    Filter { inner, key: key() }
}

#[derive(Clone)]
pub(crate) struct Filter<S> {
    inner: S,
    key: Key,
}

impl<S, A, B> Service<Request<A>> for Filter<S>
where
    S: Service<Request<A>, Response = Response<B>, Future: Send + 'static>,
{
    type Response = Response<B>;
    type Error = S::Error;
    // Boxed, as axum's `middleware::from_fn` does it.
    type Future = Pin<Box<dyn Future<Output = Result<Response<B>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<A>) -> Self::Future {
        let grants_all = grants_all(request.headers(), &self.key);
        if !grants_all {
            filter_request(request.headers_mut());
        }
        let answer = self.inner.call(request);
        Box::pin(async move {
            let mut answer = answer.await?;
            if !grants_all {
                filter_response(answer.headers_mut());
            }
            Ok(answer)
        })
    }
}

fn pairs(headers: &HeaderMap) -> impl Iterator<Item = Cookie<'_>> {
    let lines = headers.get_all(COOKIE).into_iter();
    let texts = lines.filter_map(|line| line.to_str().ok());
    texts.flat_map(|text| Cookie::split_parse(text).flatten())
}

/// Whether the visitor granted everything that is optional, and no signal says otherwise.
fn grants_all(headers: &HeaderMap, key: &Key) -> bool {
    let is_on = |name: &str| headers.get(name).is_some_and(|value| value == "1");
    let mut jar = CookieJar::new();
    for cookie in pairs(headers) {
        jar.add_original(cookie.into_owned());
    }
    let consent = jar.signed(key).get(CONSENT);
    let is_granted = consent.is_some_and(|cookie| cookie.value().starts_with("a1.m1."));
    is_granted && !is_on("dnt") && !is_on("sec-gpc")
}

fn filter_request(headers: &mut HeaderMap) {
    let allowed = pairs(headers).filter(|cookie| !is_optional(cookie.name()));
    let allowed: Vec<_> = allowed.map(|cookie| cookie.to_string()).collect();
    match HeaderValue::try_from(allowed.join("; ")) {
        Ok(line) if !line.is_empty() => headers.insert(COOKIE, line),
        _ => headers.remove(COOKIE),
    };
}

fn filter_response(headers: &mut HeaderMap) {
    let is_allowed = |line: &&HeaderValue| {
        let text = line.to_str().ok();
        let cookie = text.and_then(|text| Cookie::parse(text).ok());
        cookie.is_some_and(|cookie| !is_optional(cookie.name()))
    };
    let lines = headers.get_all(SET_COOKIE).iter();
    let allowed: Vec<_> = lines.filter(is_allowed).cloned().collect();
    headers.remove(SET_COOKIE);
    for line in allowed {
        headers.append(SET_COOKIE, line);
    }
}
