//! The opt-out of a known person, on every browser of theirs.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{Request, Response, header};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::{
    event::{ChoiceMethod, ConsentEvent, Outcome, to_json},
    ledger::Draft,
    objection::Objection,
    records::Records,
};
use crate::{
    consent::{Choice, Target},
    cookies::{change::ConsentChange, judge::Judge, request::sift, set_cookie},
    decide::Decision,
    enforce::ConsentContext,
    policy::{Narrow, Reason},
    store::{EntryKind, StoreError},
    token::TokenContext,
    visit::hide_again,
};

/// Keeps a known person's opt-out with the account (11 CCR 7025(c), R98). Stands inside of a consent layer
/// [with records](crate::ConsentLayer::with_records) and [with tokens](crate::ConsentLayer::with_tokens).
///
/// 1. A signal that is first seen with a signed-in request is written to the account.
/// 2. The account's opt-out holds although the signal is absent later, and on browsers that never sent it: what they
///    granted *before* it is closed. A choice that was made *after* it, and a grant that was given while signed in, stand.
/// 3. The answer to a sign-in sets it in the consent cookie, so that it holds after the log-out too.
/// 4. A refusal that was [recorded](crate::Choices) while signed in counts as one, and so does
///    [`Rights::object`](super::Rights::object).
///
/// A cookie that only refuses refuses what it does not name as well: an opt-out of marketing alone, put into a cookie that
/// grants nothing, closes the rest until the visitor chooses.
///
/// It asks the store once for a signed-in person and minute. Where the store is down, or that of the tokens, nothing passes
/// that is not essential for requests that show a token: an opt-out may be there.
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::{Router, routing::get};
/// use tower_consent::{AccountLink, ConsentLayer, MemoryStore, Policy, Tokens};
///
/// let store = MemoryStore::new();
/// let app: Router = Router::new()
///     .route("/", get(|| async { "hello" }))
///     .layer(AccountLink)
///     .layer(ConsentLayer::new(Policy::default()).with_records(store.clone()).with_tokens(Tokens::new(store)));
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a layer without settings, which is written as a value")]
pub struct AccountLink;

impl<S> Layer<S> for AccountLink {
    type Service = AccountLinkService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AccountLinkService { inner }
    }
}

/// The service that [`AccountLink`] wraps around another.
#[derive(Clone, Debug)]
pub struct AccountLinkService<S> {
    inner: S,
}

impl<S, B, C> Service<Request<B>> for AccountLinkService<S>
where
    S: Service<Request<B>, Response = Response<C>> + Clone,
{
    type Response = Response<C>;
    type Error = S::Error;
    type Future = AccountLinkFuture<S, B, C, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Some(link) = Link::of(&request) else {
            return AccountLinkFuture {
                state: State::Calling { future: self.inner.call(request) },
                link: None,
                change: None,
            };
        };
        if !link.tokens.is_presented(request.headers()) {
            let state = State::Calling { future: self.inner.call(request) };
            return AccountLinkFuture { state, link: Some(link), change: None };
        }
        // The clone is not ready; the service that is goes with the request.
        let next = self.inner.clone();
        let ready = std::mem::replace(&mut self.inner, next);
        let session = link.tokens.session(request.headers());
        let asked = link.clone();
        link.consent.set_open(true);
        let look_up = async move {
            match session.await {
                Ok(Some(session)) => asked.changes(Arc::from(session.subject())).await,
                Ok(None) => Applied::default(),
                // Whose token it is nobody can tell: an account that opted out may be behind it.
                Err(_down) => Applied { narrow: Some(Narrow::all()), change: None },
            }
        };
        let state = State::Asking { look_up: Box::pin(look_up), rest: Some((ready, request)) };
        AccountLinkFuture { state, link: Some(link), change: None }
    }
}

/// What a request is judged by.
#[derive(Clone)]
struct Link {
    records: Records,
    tokens: TokenContext,
    consent: ConsentContext,
}

/// What the account's opt-out does to a request and its answer.
#[derive(Default)]
struct Applied {
    narrow: Option<Narrow>,
    change: Option<ConsentChange>,
}

impl Link {
    fn of<B>(request: &Request<B>) -> Option<Self> {
        let extensions = request.extensions();
        let (records, tokens) = (Records::of(extensions)?.clone(), TokenContext::of(extensions)?.clone());
        Some(Self { records, tokens, consent: ConsentContext::of(extensions)?.clone() })
    }

    /// What the opt-out of an account changes, after a signal of this request was written to it.
    async fn changes(&self, subject: Arc<str>) -> Applied {
        let decision = self.consent.peek();
        self.records.follow(decision.policy());
        match self.objection(decision, subject).await {
            Ok(Some(objection)) => apply(decision, &objection),
            Ok(None) => Applied::default(),
            Err(_down) => Applied { narrow: Some(Narrow::all()), change: None },
        }
    }

    async fn objection(&self, decision: &Decision, subject: Arc<str>) -> Result<Option<Objection>, StoreError> {
        let held = self.records.objection_of(&subject).await?;
        let mut closed = Objection::by_signal(decision);
        if closed.categories.is_empty() && closed.services.is_empty() {
            return Ok(held);
        }
        let is_known = held.as_ref().is_some_and(|held| held.covers(&closed));
        if is_known {
            return Ok(held);
        }
        if let Some(held) = held {
            closed.add(held);
        }
        let mut event = ConsentEvent::new(Outcome::Object, decision, ChoiceMethod::Signal);
        event.refused.clone_from(&closed.categories);
        event.refused_services.clone_from(&closed.services);
        let (kind, time, data) = (EntryKind::Choice, self.records.moment(), to_json(&event));
        let subject = Some(subject);
        self.records.append(Draft { kind, time, record_id: None, subject, data, erased: Vec::new() }).await?;
        Ok(Some(closed))
    }
}

/// What an opt-out closes, of what the browser's own choice leaves open.
fn apply(decision: &Decision, objection: &Objection) -> Applied {
    let policy = decision.policy();
    // Of a banner's choice whose day nobody knows, nobody knows that it is newer.
    let is_newer = |choice: &Choice| choice.is_dated && choice.day > objection.day;
    if decision.undecided().is_none() && decision.raw_choice().is_some_and(is_newer) {
        return Applied::default();
    }
    let names = policy.names();
    let objected: Vec<Target> = objection
        .categories
        .iter()
        .filter_map(|name| names.category_index(name.as_bytes()).map(Target::Category))
        .chain(objection.services.iter().filter_map(|name| names.service_index(name.as_bytes()).map(Target::Service)))
        .filter(|target| policy.askable().any(|known| known == *target))
        .collect();
    let is_covered = |target: Target| {
        objected.contains(&target)
            || policy.category_of(target).is_some_and(|of| objected.contains(&Target::Category(of)))
    };
    if !policy.askable().any(|target| is_covered(target) && decision.judge(target).is_allowed()) {
        return Applied::default();
    }
    let described: Vec<_> = objected.iter().filter_map(|target| policy.describe(*target)).collect();
    let categories = described.iter().filter(|(_, service)| service.is_none()).map(|(category, _)| *category);
    let services = described.iter().filter_map(|(_, service)| *service);
    let narrow = services.fold(Narrow::categories(categories), Narrow::and_service);
    Applied { narrow: Some(narrow), change: Some(decision.object_to(&objected)) }
}

impl Objection {
    /// What a signal closes in this request.
    fn by_signal(decision: &Decision) -> Self {
        let policy = decision.policy();
        let mut closed = Self { day: decision.today(), categories: Vec::new(), services: Vec::new() };
        for target in policy.askable() {
            if matches!(decision.judge(target).reason(), Reason::Signal(_)) {
                match policy.describe(target) {
                    Some((_, Some(service))) => closed.services.push(service.to_owned()),
                    Some((category, None)) => closed.categories.push(category.to_string()),
                    None => {}
                }
            }
        }
        closed
    }

    fn covers(&self, other: &Self) -> bool {
        other.categories.iter().all(|name| self.categories.contains(name))
            && other.services.iter().all(|name| self.services.contains(name) || !self.categories.is_empty())
    }

    fn add(&mut self, other: Self) {
        self.categories.extend(other.categories);
        self.services.extend(other.services);
        for names in [&mut self.categories, &mut self.services] {
            names.sort();
            names.dedup();
        }
    }
}

type LookUp = Pin<Box<dyn Future<Output = Applied> + Send>>;

pin_project! {
    /// The future of an [`AccountLinkService`]'s answer.
    pub struct AccountLinkFuture<S, B, C, F> {
        #[pin]
        state: State<S, B, C, F>,
        link: Option<Link>,
        change: Option<ConsentChange>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, B, C, F> {
        Asking { look_up: LookUp, rest: Option<(S, Request<B>)> },
        Calling { #[pin] future: F },
        Concluding { look_up: LookUp, response: Option<Response<C>> },
        Done,
    }
}

impl<S, B, C> Future for AccountLinkFuture<S, B, C, S::Future>
where
    S: Service<Request<B>, Response = Response<C>>,
{
    type Output = Result<Response<C>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let next = match this.state.as_mut().project() {
                StateProjection::Asking { look_up, rest } => {
                    let applied = ready!(look_up.as_mut().poll(cx));
                    let Some((mut inner, mut request)) = rest.take() else { return Poll::Pending };
                    if let Some((narrow, link)) = applied.narrow.zip(this.link.as_ref()) {
                        request = narrow_request(&link.consent, &narrow, request);
                    }
                    if let Some(link) = this.link.as_ref() {
                        link.consent.set_open(false);
                    }
                    *this.change = applied.change;
                    State::Calling { future: inner.call(request) }
                }
                StateProjection::Calling { future } => {
                    let mut response = match ready!(future.poll(cx)) {
                        Ok(response) => response,
                        Err(error) => return Poll::Ready(Err(error)),
                    };
                    let signed_in = this.link.as_ref().and_then(|link| link.tokens.signed_in());
                    match this.link.clone().zip(signed_in) {
                        Some((link, subject)) => {
                            link.consent.set_open(true);
                            let look_up = async move { link.changes(subject).await };
                            State::Concluding { look_up: Box::pin(look_up), response: Some(response) }
                        }
                        None => {
                            conclude(this.link.as_ref(), this.change.take(), &mut response);
                            return Poll::Ready(Ok(response));
                        }
                    }
                }
                StateProjection::Concluding { look_up, response } => {
                    let applied = ready!(look_up.as_mut().poll(cx));
                    let Some(mut response) = response.take() else { return Poll::Pending };
                    if let Some(link) = this.link.as_ref() {
                        link.consent.set_open(false);
                    }
                    if applied.change.is_none()
                        && let Some(narrow) = applied.narrow
                    {
                        narrow.apply(response.extensions_mut());
                    }
                    conclude(this.link.as_ref(), applied.change.or_else(|| this.change.take()), &mut response);
                    this.state.set(State::Done);
                    return Poll::Ready(Ok(response));
                }
                // Polled after its end.
                StateProjection::Done => return Poll::Pending,
            };
            this.state.set(next);
        }
    }
}

/// Takes from the request what the account objects to.
fn narrow_request<B>(consent: &ConsentContext, narrow: &Narrow, request: Request<B>) -> Request<B> {
    let (mut parts, body) = request.into_parts();
    let decision = consent.narrow_by(narrow);
    if parts.headers.contains_key(header::COOKIE) {
        sift(&mut parts.headers, &mut Judge::new(decision), decision.is_enforced(), &mut |_, _, _| {});
    }
    hide_again(&mut parts);
    Request::from_parts(parts, body)
}

/// Puts the opt-out into the consent cookie, unless the application sets it itself.
fn conclude<C>(link: Option<&Link>, change: Option<ConsentChange>, response: &mut Response<C>) {
    let Some((link, change)) = link.zip(change) else { return };
    let name = link.consent.policy().consent_cookie_name().as_bytes();
    let mut lines = response.headers().get_all(header::SET_COOKIE).iter();
    if !lines.any(|line| set_cookie::name(line.as_bytes()) == name) {
        change.apply(response.headers_mut());
    }
}

impl<S, B, C, F> fmt::Debug for AccountLinkFuture<S, B, C, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccountLinkFuture")
    }
}
