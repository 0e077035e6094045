//! The services that are measured, and the one loop that measures all of them.

use std::convert::Infallible;
use std::fmt::Debug;
use std::future::{Future, Ready, ready};
use std::hint::black_box;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use axum_extra::extract::cookie::{CookieJar, Key, SignedCookieJar};
use http::header::{COOKIE, HeaderMap, SET_COOKIE};
use http::{HeaderValue, Request, Response};
use tower::{Layer, Service};
use tower_cookies::{CookieManagerLayer, Cookies};

use super::profiles::{self, CONSENT, ConsentKind, Lines, Profile, SESSION, Template};
use super::{Body, Result, ours, today};

/// What the handler saw of the last request. Every handler writes it, `bare` too, so that it costs
/// each contender the same and the net figures do not hold it.
static COOKIE_BYTES: AtomicUsize = AtomicUsize::new(0);
static FOUND: AtomicBool = AtomicBool::new(false);

/// The contender that all others are counted from, and the one that they are compared with.
pub(crate) const BARE: &str = "bare";
pub(crate) const YARDSTICK: &str = "tower-cookies get";
/// What this library, consent and sign-in together, stands in for.
pub(crate) const TODAY: &str = "today's stack";
/// Where they stand among [`all`].
pub(crate) const BARE_INDEX: usize = 0;
pub(crate) const YARDSTICK_INDEX: usize = 1;

/// What a contender does with cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It looks at them.
    Reads,
    /// It takes out what the visitor refused, in both directions.
    Enforces,
    /// It does so too, is this library, and is held to the goals.
    Ours,
}

/// One way of serving a request.
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    pub(crate) role: Role,
    consent: fn(ConsentKind) -> String,
    session: String,
    service: Box<dyn Run>,
}

impl Contender {
    /// Any service round [`handler`]. `consent` is its own way of writing the consent cookie.
    pub(crate) fn new<S, B>(name: &'static str, role: Role, consent: fn(ConsentKind) -> String, service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<B>, Error: Debug> + 'static,
    {
        Self { name, role, consent, session: today::session_id(), service: Box::new(Plain(service)) }
    }

    /// With another value of the session cookie than the one that tower-sessions knows.
    pub(crate) fn with_session(mut self, session: String) -> Self {
        self.session = session;
        self
    }

    pub(crate) fn template(&self, profile: Profile, document: bool) -> Result<Template> {
        let consent = (self.consent)(profile.consent());
        Template::new(profile, document, &consent, &self.session)
    }

    /// Serves the request so many times.
    pub(crate) fn run(&mut self, template: &Template, times: u32) -> Result<()> {
        self.service.run(template, times)
    }

    /// Makes sure that the contender does its work: a layer that does nothing is fast.
    pub(crate) fn check(&mut self, profile: Profile, template: &Template, lines: &Lines) -> Result<()> {
        let answer = self.service.once(template)?;
        let cookie_bytes = COOKIE_BYTES.load(Ordering::Relaxed);
        let found = FOUND.load(Ordering::Relaxed);
        let (wanted_bytes, wanted_lines) = if self.role != Role::Reads {
            (template.allowed, profiles::allowed_lines(profile, lines))
        } else {
            (template.sent, lines.to_vec())
        };
        let answered = profiles::lines_of(&answer);
        let is_kept = |line: &&HeaderValue| answered.contains(line);
        // An enforcing contender may add lines of its own, and expire what it took out.
        let lines_are_right = wanted_lines.iter().all(|line| is_kept(&line))
            && lines.iter().filter(is_kept).count() == wanted_lines.len();

        let problem = if cookie_bytes != wanted_bytes {
            format!("the handler got {cookie_bytes} bytes of cookies instead of {wanted_bytes}")
        } else if !lines_are_right {
            format!("the answer sets {answered:?} instead of {wanted_lines:?}")
        } else if self.name != BARE && profile != Profile::None && !found {
            "the handler did not find what it looked for".to_owned()
        } else {
            return Ok(());
        };
        Err(format!("{} on {}: {problem}", self.name, profile.name()).into())
    }
}

/// A service of any type, behind one type. The loop stands inside, so that it is compiled for each.
trait Run {
    fn run(&mut self, template: &Template, times: u32) -> Result<()>;
    fn once(&mut self, template: &Template) -> Result<HeaderMap>;
}

struct Plain<S>(S);

impl<S, B> Run for Plain<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error: Debug>,
{
    #[inline(never)]
    fn run(&mut self, template: &Template, times: u32) -> Result<()> {
        for _ in 0..times {
            black_box(&serve(&mut self.0, template)?);
        }
        Ok(())
    }

    fn once(&mut self, template: &Template) -> Result<HeaderMap> {
        let response = serve(&mut self.0, template)?;
        Ok(response.into_parts().0.headers)
    }
}

/// Drives one request to its answer. Nothing here waits for anything, so polling again is enough.
fn serve<S, B>(service: &mut S, template: &Template) -> Result<Response<B>>
where
    S: Service<Request<Body>, Response = Response<B>, Error: Debug>,
{
    let mut cx = Context::from_waker(Waker::noop());
    let report = |error: S::Error| format!("the service failed: {error:?}");
    while service.poll_ready(&mut cx).map_err(report)?.is_pending() {}
    let mut future = pin!(service.call(template.request()));
    loop {
        if let Poll::Ready(answer) = future.as_mut().poll(&mut cx) {
            return Ok(answer.map_err(report)?);
        }
    }
}

/// Notes what a handler saw and answers it: 200, a few bytes, the `Set-Cookie` lines.
pub(crate) fn answer(request: &Request<Body>, found: bool, lines: &Lines) -> Response<Body> {
    let cookie = request.headers().get(COOKIE);
    COOKIE_BYTES.store(cookie.map_or(0, HeaderValue::len), Ordering::Relaxed);
    FOUND.store(found, Ordering::Relaxed);

    let mut response = Response::new(Body::from("hello, world"));
    for line in lines.iter() {
        response.headers_mut().append(SET_COOKIE, line.clone());
    }
    response
}

/// The innermost service: does what `find` says, then answers.
#[derive(Clone)]
pub(crate) struct Handler<F> {
    lines: Lines,
    find: F,
}

/// A handler that answers after `find` has looked for its cookie.
pub(crate) fn handler<F>(lines: &Lines, find: F) -> Handler<F>
where
    F: Fn(&Request<Body>) -> bool,
{
    Handler { lines: lines.clone(), find }
}

impl<F> Service<Request<Body>> for Handler<F>
where
    F: Fn(&Request<Body>) -> bool,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let found = (self.find)(&request);
        ready(Ok(answer(&request, found, &self.lines)))
    }
}

/// Every contender: `bare`, the yardstick, the other peers, this library.
pub(crate) fn all(lines: &Lines) -> Result<Vec<Contender>> {
    let key = today::key();
    let signed = move |request: &Request<Body>, key: &Key| {
        let cookies = request.extensions().get::<Cookies>();
        cookies.is_some_and(|cookies| cookies.signed(key).get(CONSENT).is_some())
    };
    let mut contenders = vec![
        Contender::new(BARE, Role::Reads, ours::consent_value, handler(lines, |_| false)),
        Contender::new(
            YARDSTICK,
            Role::Reads,
            ours::consent_value,
            CookieManagerLayer::new().layer(handler(lines, |request| {
                let cookies = request.extensions().get::<Cookies>();
                cookies.is_some_and(|cookies| cookies.get(SESSION).is_some())
            })),
        ),
        Contender::new("tower-cookies signed", Role::Reads, today::consent_value, {
            let key = key.clone();
            CookieManagerLayer::new().layer(handler(lines, move |request| signed(request, &key)))
        }),
        Contender::new(
            "axum-extra jar",
            Role::Reads,
            ours::consent_value,
            handler(lines, |request| CookieJar::from_headers(request.headers()).get(SESSION).is_some()),
        ),
        Contender::new(
            "axum-extra signed",
            Role::Reads,
            today::consent_value,
            handler(lines, move |request| {
                let jar = SignedCookieJar::from_headers(request.headers(), key.clone());
                jar.get(CONSENT).is_some()
            }),
        ),
        Contender::new(TODAY, Role::Enforces, today::consent_value, today::stack(lines)?),
    ];
    contenders.extend(ours::variants(lines)?);
    Ok(contenders)
}
