//! The response future: what happens to an answer before it goes out.

use std::{
    fmt::Write as _,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{HeaderMap, HeaderName, HeaderValue, Response};
use pin_project_lite::pin_project;

use super::{context::ConsentContext, layer::Shared};
use crate::{
    consent::Reading,
    cookies::{
        cache::{self, Keep},
        change::consent_line,
        expire::expire,
        request::Shown,
        response::{LineAction, consent_change, filter, forget_consent},
    },
    decide::Decision,
    policy::{CacheRule, Narrow, Verdict, start_of},
    report::{Action, CookieName, Direction},
};

/// A refusal that never lapses is renewed on a page once it is this old: half of what a browser keeps a cookie.
const RENEW_AFTER_SECONDS: i64 = 200 * 86_400;

/// Characters that a `consent-debug` header has at most.
const MAX_NOTES: usize = 2_000;

pin_project! {
    /// The future of a [`ConsentService`](super::ConsentService)'s answer.
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        flight: Option<Flight>,
    }
}

/// What is known of a request while its answer is awaited.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) context: ConsentContext,
    pub(super) shown: Shown,
    pub(super) is_document: bool,
    /// What the debug header says so far.
    pub(super) notes: String,
    pub(super) shared: Shared,
}

impl<F> ResponseFuture<F> {
    pub(super) const fn new(inner: F, flight: Option<Flight>) -> Self {
        Self { inner, flight }
    }
}

impl<F, C, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<C>, E>>,
{
    type Output = Result<Response<C>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut answer = ready!(this.inner.poll(cx));
        if let (Ok(response), Some(flight)) = (&mut answer, this.flight.take()) {
            let narrow = response.extensions().get::<Narrow>().cloned();
            flight.conclude(narrow, response.headers_mut());
        }
        Poll::Ready(answer)
    }
}

impl Flight {
    /// Filters the answer.
    fn conclude(mut self, narrow: Option<Narrow>, headers: &mut HeaderMap) {
        let first = self.context.first();
        let change = consent_change(headers, first);
        let has_changed = change.is_some();
        if has_changed || narrow.is_some() {
            let last = match change {
                Some(choice) => first.reread(Reading::Choice(choice)),
                None => first.clone(),
            };
            self.context.conclude(match &narrow {
                Some(narrow) => last.narrowed_by(narrow),
                None => last,
            });
        }
        let context = self.context.clone();
        let decision = context.peek();
        let acts = decision.is_enforced();

        let mut has_cookies = filter(headers, decision, acts, |what, name, verdict, target| {
            let action = match what {
                LineAction::Stripped => Action::Stripped,
                LineAction::Passed => Action::Passed,
                LineAction::Amended => Action::Amended,
            };
            self.shared.note(&mut self.notes, action, Direction::Response, name, verdict);
            self.shared.reporter.cookie(decision, action, Direction::Response, name, verdict, target);
        });
        if acts {
            if change.is_some_and(|choice| choice.granted.is_empty())
                && decision.forbids_storing().is_some()
                && context.first().raw_choice().is_some()
            {
                forget_consent(headers, decision);
                has_cookies = true;
            }
            if self.is_document || has_changed {
                has_cookies |= expire(headers, decision, &self.shown, |name, verdict, target| {
                    self.shared.note(&mut self.notes, Action::Expired, Direction::Response, name, verdict);
                    let reporter = &self.shared.reporter;
                    reporter.cookie(decision, Action::Expired, Direction::Response, name, verdict, target);
                });
            }
        }
        if self.is_document && !has_changed {
            has_cookies |= renew_refusal(headers, decision);
        }
        keep_out_of_caches(headers, &context, has_changed, has_cookies && acts);
        self.add_notes(headers);
    }

    fn add_notes(&self, headers: &mut HeaderMap) {
        static CONSENT_DEBUG: HeaderName = HeaderName::from_static("consent-debug");
        if let Some(notes) = HeaderValue::try_from(&self.notes).ok().filter(|notes| !notes.is_empty()) {
            headers.insert(&CONSENT_DEBUG, notes);
        }
    }
}

/// Where any regime can be opt-out a refusal never lapses, but the browser forgets its cookie after 400 days: it is written
/// again, with its day and its grants as they were.
fn renew_refusal(headers: &mut HeaderMap, decision: &Decision) -> bool {
    let policy = decision.policy();
    let Some(choice) = decision.raw_choice() else {
        return false;
    };
    let is_due = policy.can_opt_out()
        && !choice.refused.is_empty()
        && decision.now() - start_of(choice.day) > RENEW_AFTER_SECONDS
        && decision.forbids_storing().is_none()
        && !cache::is_for_everybody(headers);
    let line = is_due.then(|| consent_line(policy, choice, decision.now())).flatten();
    let is_renewed = line.is_some();
    if let Some(line) = line {
        headers.append(http::header::SET_COOKIE, line);
    }
    is_renewed
}

fn keep_out_of_caches(headers: &mut HeaderMap, context: &ConsentContext, has_changed: bool, has_cookies: bool) {
    let policy = context.policy();
    let was_asked = context.was_asked();
    if has_changed {
        cache::keep_out(headers, Keep::NoStore);
    } else if has_cookies || (was_asked && policy.caches == CacheRule::Private) {
        cache::keep_out(headers, Keep::Private);
    }
    if was_asked || cache::varies_by_cookie(headers) {
        cache::vary(headers, was_asked, policy.regime_headers());
    }
}

impl Shared {
    /// Adds a line to the debug header, if it is on and this is a debug build.
    pub(super) fn note(&self, notes: &mut String, action: Action, direction: Direction, name: &[u8], verdict: Verdict) {
        if !cfg!(debug_assertions) || !self.has_debug_header || notes.len() > MAX_NOTES {
            return;
        }
        let separator = if notes.is_empty() { "" } else { ", " };
        let (name, action, direction) = (CookieName::new(name), action.as_str(), direction.as_str());
        // Writing to a String cannot fail.
        let _infallible = write!(notes, "{separator}{direction} {name} {action}: {}", verdict.reason().as_str());
    }
}
