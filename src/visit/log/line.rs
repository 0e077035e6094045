//! The line of one visit while its answer is under way.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use http::{Method, Response, StatusCode, header, request::Parts, uri::Authority};

use super::{
    layer::Settings,
    text::{self, plain},
    traits::Traits,
    visit::{Visit, VisitTime, method_name},
    without_parameters,
};
use crate::{decide::Decision, enforce::ConsentContext, policy::PathDetail};

/// What is known so far. When it is dropped, what may not be written is let go, and the rest is queued.
pub(super) struct Line {
    settings: Arc<Settings>,
    context: Option<ConsentContext>,
    began: Instant,
    seconds: i64,
    /// What is told of everybody. Gone only while this is dropped.
    visit: Option<Box<Visit>>,
    /// What is told of who may be tracked; nothing where the decision on the request says no.
    traits: Option<Box<Traits>>,
    /// The length that the answer announced.
    announced: Option<u64>,
}

impl Line {
    /// Begins a line, where one may be written.
    pub(super) fn begin(settings: &Arc<Settings>, parts: &Parts) -> Option<Self> {
        let context = ConsentContext::of(&parts.extensions);
        let decision = context.map(ConsentContext::peek);
        if let Some(decision) = decision.filter(|_| settings.policy.is_none()) {
            settings.log.see_policy(decision.policy());
        }
        let facts = decision.map(|decision| decision.policy().visits);
        let untracked = facts.map_or_else(|| settings.without_decision(), |facts| facts.untracked);
        let tracked = facts.filter(|_| decision.is_some_and(Decision::may_track));
        let tracked = tracked.map(|facts| facts.tracked);
        // What ends up tracked was tracked from the beginning, but not the other way round.
        if !untracked.log && !tracked.is_some_and(|detail| detail.log) {
            return None;
        }
        let has_path =
            untracked.path >= PathDetail::Path || tracked.is_some_and(|detail| detail.path >= PathDetail::Path);
        Some(Self {
            settings: Arc::clone(settings),
            context: context.cloned(),
            began: Instant::now(),
            seconds: settings.log.now(),
            visit: Some(Box::new(Visit {
                time: VisitTime::cut(0, untracked.time),
                method: method_name(&parts.method),
                host: host(parts),
                path: has_path.then(|| plain(without_parameters(parts.uri.path()).as_bytes(), text::PATH)),
                status: None,
                duration: Duration::ZERO,
                bytes: 0,
                address: None,
                user_agent: None,
                referrer: None,
                is_tracked: false,
                // Nothing follows the head of such an answer.
                is_complete: parts.method == Method::HEAD,
            })),
            traits: tracked.map(|detail| Box::new(Traits::read(settings, detail, parts))),
            announced: None,
        })
    }

    /// Notes the head of the answer.
    pub(super) fn answer<C>(&mut self, response: &Response<C>) {
        let Some(visit) = &mut self.visit else { return };
        let status = response.status();
        visit.status = Some(status);
        let is_head_only =
            matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) || status.is_informational();
        visit.is_complete |= is_head_only;
        let length = response.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        self.announced = length.and_then(|length| length.parse().ok());
    }

    /// Counts bytes of the body.
    pub(super) fn count(&mut self, bytes: usize) {
        let Some(visit) = &mut self.visit else { return };
        visit.bytes = visit.bytes.saturating_add(bytes as u64);
        if self.announced == Some(visit.bytes) {
            visit.is_complete = true;
        }
    }

    /// Notes that the answer is whole.
    pub(super) fn complete(&mut self) {
        if let Some(visit) = &mut self.visit {
            visit.is_complete = true;
        }
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What came with the request may be more than what may be written.
        f.debug_struct("Line").field("may_be_tracked", &self.traits.is_some()).finish_non_exhaustive()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let Some(mut visit) = self.visit.take() else { return };
        let decision = self.context.as_ref().map(ConsentContext::peek);
        // Without a status the head of an answer never came; a body that was given up before its head was judged is none.
        visit.is_complete &= visit.status.is_some();
        let facts = decision.map(|decision| decision.policy().visits);
        let traits = self.traits.take().filter(|_| self.context.as_ref().is_some_and(ConsentContext::may_track));
        let detail = match (facts, &traits) {
            (Some(facts), Some(_)) => facts.tracked,
            (Some(facts), None) => facts.untracked,
            (None, _) => self.settings.without_decision(),
        };
        if !detail.log {
            return;
        }
        visit.time = VisitTime::cut(self.seconds, detail.time);
        let spent = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        visit.duration = Duration::from_millis(spent);
        if detail.path == PathDetail::None {
            visit.path = None;
        }
        visit.is_tracked = traits.is_some();
        self.settings.log.write(visit, traits);
    }
}

/// The host that was asked; nothing for what is no host.
fn host(parts: &Parts) -> Option<String> {
    let given = match parts.uri.host() {
        Some(host) => host.as_bytes(),
        None => parts.headers.get(header::HOST)?.as_bytes(),
    };
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let end = given.iter().position(|byte| !is_name(byte)).unwrap_or(given.len());
    let (name, port) = given.split_at(end);
    let mut host = match port {
        // What almost all ask for; the rest is for a parser.
        [] => plain(name, text::HOST),
        [b':', port @ ..] if port.iter().all(u8::is_ascii_digit) => plain(name, text::HOST),
        _ => plain(Authority::try_from(given).ok()?.host().as_bytes(), text::HOST),
    };
    host.make_ascii_lowercase();
    Some(host)
}
