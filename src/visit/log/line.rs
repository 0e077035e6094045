//! The line of one visit while its answer is under way.

use std::{fmt, sync::Arc, time::Instant};

use http::{Response, StatusCode, header, request::Parts};

use super::{draft::Draft, layer::Settings};
use crate::{decide::Decision, enforce::ConsentContext, policy::PathDetail};

/// When it is dropped, what may not be written is let go, and the rest is queued.
pub(super) struct Line {
    settings: Arc<Settings>,
    context: Option<ConsentContext>,
    began: Instant,
    seconds: i64,
    /// Gone only while this is dropped. In a box, because an answer's body carries it.
    draft: Option<Box<Draft>>,
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
            draft: Some(Box::new(Draft::read(settings, has_path, tracked, parts))),
            announced: None,
        })
    }

    /// Notes the head of the answer.
    pub(super) fn answer<C>(&mut self, response: &Response<C>) {
        let Some(draft) = &mut self.draft else { return };
        let status = response.status();
        draft.status = Some(status);
        let is_head_only =
            matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) || status.is_informational();
        draft.is_complete |= is_head_only;
        let length = response.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        self.announced = length.and_then(|length| length.parse().ok());
    }

    /// Counts bytes of the body.
    pub(super) fn count(&mut self, bytes: usize) {
        let Some(draft) = &mut self.draft else { return };
        draft.bytes = draft.bytes.saturating_add(bytes as u64);
        if self.announced == Some(draft.bytes) {
            draft.is_complete = true;
        }
    }

    /// Notes that the answer is whole.
    pub(super) fn complete(&mut self) {
        if let Some(draft) = &mut self.draft {
            draft.is_complete = true;
        }
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What came with the request may be more than what may be written.
        f.debug_struct("Line")
            .field("may_be_tracked", &self.draft.as_ref().is_some_and(|draft| draft.is_tracked()))
            .finish_non_exhaustive()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let Some(mut draft) = self.draft.take() else { return };
        // Without a status the head of an answer never came; a body that was given up before its head was judged is none.
        draft.is_complete &= draft.status.is_some();
        if !self.context.as_ref().is_some_and(ConsentContext::may_track) {
            draft.forget_traits();
        }
        let facts = self.context.as_ref().map(|context| context.peek().policy().visits);
        let detail = match facts {
            Some(facts) if draft.is_tracked() => facts.tracked,
            Some(facts) => facts.untracked,
            None => self.settings.without_decision(),
        };
        if detail.log {
            draft.conclude(detail, self.seconds, self.began);
            self.settings.log.write(*draft);
        }
    }
}
