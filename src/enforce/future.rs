//! The response future: what happens to an answer before it goes out.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use pin_project_lite::pin_project;

use super::{context::ConsentContext, layer::Shared, notes::Notes};
use crate::{
    consent::{Choice, Reading, SourceIndex},
    cookies::{
        banner::{expire_banners, reissue_banner},
        cache::{self, CacheFields, Keep},
        change::{consent_deletion, consent_line},
        expire::expire,
        request::Shown,
        response::{LineAction, consent_change, filter, settle},
    },
    decide::Decision,
    policy::{CacheRule, Narrow, start_of},
    report::{Action, Direction},
};

/// A refusal that never lapses is renewed on a page once it is this old: half of what a browser keeps a cookie.
const RENEW_AFTER_SECONDS: i64 = 200 * 86_400;

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
    pub(super) notes: Notes,
    /// The host of the request, where the policy reads a banner's cookie that it shows.
    pub(super) host: Option<Box<str>>,
    pub(super) shared: Arc<Shared>,
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
            flight.conclude(narrow, response.status(), response.headers_mut());
        }
        Poll::Ready(answer)
    }
}

impl Flight {
    /// Filters the answer.
    fn conclude(self, narrow: Option<Narrow>, status: StatusCode, headers: &mut HeaderMap) {
        let Self { context, shown, is_document, mut notes, host, shared } = self;
        let fields = CacheFields::read(headers, Some(context.policy().consent_cookie_name()));
        // Before any line of the layer's own is there.
        if let Some(inventory) = shared.inventory.as_ref().filter(|_| fields.has_set_cookie) {
            inventory.see_response(headers, context.policy());
        }
        let change = fields.has_consent.then(|| consent_change(headers, context.first())).flatten();
        let (change, are_at_odds) = change.map_or((None, false), |change| (Some(change.choice), change.are_at_odds));
        let decision = conclusion(&context, change.as_ref(), narrow.as_ref());
        let acts = decision.is_enforced();

        let mut has_cookies = false;
        if are_at_odds {
            settle(headers, decision);
        }
        if fields.has_set_cookie {
            let mut batch = None;
            has_cookies = filter(headers, decision, acts, |what, name, verdict, target| {
                let action = match what {
                    LineAction::Stripped => Action::Stripped,
                    LineAction::Passed => Action::Passed,
                    LineAction::Amended => Action::Amended,
                };
                notes.add(&shared, action, Direction::Response, name, verdict);
                let batch = batch.get_or_insert_with(|| shared.reporter.batch(decision, Direction::Response));
                batch.cookie(action, name, verdict, target);
            });
        }
        if acts {
            if let Some(line) = change.as_ref().and_then(|choice| forgetting(choice, context.first())) {
                headers.append(header::SET_COOKIE, line);
            }
            // An answer that changes the consent is stored nowhere, whatever lines it has.
            if let Some(choice) = &change {
                if takes_over(choice, context.first()) {
                    expire_banners(headers, decision.policy(), &shown, host.as_deref());
                }
            } else if is_document {
                has_cookies |= reissue_banner(headers, decision, &shown);
            }
            if (is_document || change.is_some()) && !shown.lines().is_empty() {
                let mut batch = shared.reporter.batch(decision, Direction::Response);
                has_cookies |= expire(headers, decision, &shown, |name, verdict, target| {
                    notes.add(&shared, Action::Expired, Direction::Response, name, verdict);
                    batch.cookie(Action::Expired, name, verdict, target);
                });
            }
        }
        let is_renewed = is_document && change.is_none() && renew_refusal(headers, decision);
        let by_rules = shared.answer_rules.apply(decision, status, headers);
        if by_rules.is_some() {
            context.note_asked();
        }
        let has_lines = is_renewed || (has_cookies && acts);
        keep_out_of_caches(headers, &context, &fields, change.is_some(), has_lines.then_some(Keep::Private), by_rules);
        notes.write(headers);
    }
}

/// The final decision: the request's own, unless the answer changes the consent or narrows.
fn conclusion<'c>(context: &'c ConsentContext, change: Option<&Choice>, narrow: Option<&Narrow>) -> &'c Decision {
    if change.is_none() && narrow.is_none() {
        return context.first();
    }
    let first = context.first();
    let last = change.map_or_else(|| first.clone(), |choice| first.reread(Reading::Choice(*choice)));
    context.conclude(match narrow {
        Some(narrow) => last.narrowed_by(narrow),
        None => last,
    })
}

/// Under a signal that stores nothing not even a refusal can be written: a grant that the browser still holds is deleted
/// when it is withdrawn, so that it does not come back to life when the signal goes. A refusal that it holds is left, and
/// so is everything where to forget would open more than to keep.
fn forgetting(change: &Choice, first: &Decision) -> Option<HeaderValue> {
    (first.forbids_storing().is_some() && is_forgotten(change, first))
        .then(|| consent_deletion(first.policy()))
        .flatten()
}

/// Whether a withdrawal that cannot be written deletes what is held.
pub(crate) fn is_forgotten(change: &Choice, first: &Decision) -> bool {
    change.granted.is_empty()
        && first.raw_choice().is_some_and(|held| !held.granted.is_empty())
        && !first.policy().keeps_refusals()
}

/// Whether a choice that was made elsewhere takes the place of a banner's: it is written, or what is held is to go.
fn takes_over(change: &Choice, first: &Decision) -> bool {
    first.forbids_storing().is_none() || is_forgotten(change, first)
}

/// Where a refusal never lapses, but the browser forgets its cookie after 400 days: it is written
/// again, with its day and its grants as they were.
fn renew_refusal(headers: &mut HeaderMap, decision: &Decision) -> bool {
    let policy = decision.policy();
    let held = decision.raw_choice().filter(|choice| choice.source == SourceIndex::OWN);
    let Some(choice) = held.filter(|_| policy.keeps_refusals()) else {
        return false;
    };
    // Names that the policy no longer has cannot be written again: such a cookie is left as it is.
    let is_due = !choice.refused.is_empty()
        && choice.is_whole
        && decision.now().saturating_sub(start_of(choice.day)) > RENEW_AFTER_SECONDS
        && decision.forbids_storing().is_none()
        && !cache::is_for_everybody(headers);
    let line = is_due.then(|| consent_line(policy, choice, decision.now())).flatten();
    let is_renewed = line.is_some();
    if let Some(line) = line {
        headers.append(header::SET_COOKIE, line);
    }
    is_renewed
}

fn keep_out_of_caches(
    headers: &mut HeaderMap,
    context: &ConsentContext,
    fields: &CacheFields,
    has_changed: bool,
    by_lines: Option<Keep>,
    by_rules: Option<Keep>,
) {
    let policy = context.policy();
    let was_asked = context.was_asked();
    let by_asking = was_asked.then_some(Keep::Private).max(by_rules).filter(|_| policy.caches == CacheRule::Private);
    let by_change = has_changed.then_some(Keep::NoStore);
    if let Some(keep) = by_change.or(by_lines.max(by_asking)) {
        cache::keep_out(headers, fields, keep);
    }
    if was_asked || (fields.has_vary && cache::varies_by_cookie(headers)) {
        cache::vary(headers, was_asked, policy.regime_headers());
    }
}
