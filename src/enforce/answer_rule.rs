//! What else an answer says by the final decision.

use std::{fmt, sync::Arc};

use http::{HeaderMap, StatusCode};

use crate::{cookies::cache::Keep, decide::Decision};

/// Header fields that follow from the decision: a room further in adds one with
/// [`ConsentLayer::with_answer_rule`](super::ConsentLayer::with_answer_rule). It is asked once for each answer, after the
/// final decision is known (which a layer inside cannot wait for), and before cache fields are written.
pub(crate) trait AnswerRule: fmt::Debug + Send + Sync + 'static {
    /// Changes the header fields. Where they now depend on the visitor's choice, how far the answer is to be kept out of
    /// caches: it then counts as if the application had asked for the decision.
    fn apply(&self, decision: &Decision, status: StatusCode, headers: &mut HeaderMap) -> Option<Keep>;

    /// Whether it says what a page may load: then a choice acts only on the next page.
    fn says_what_loads(&self) -> bool {
        false
    }
}

/// All of them, in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub(super) struct AnswerRules(Vec<Arc<dyn AnswerRule>>);

impl AnswerRules {
    pub(super) fn add(&mut self, rule: Arc<dyn AnswerRule>) {
        self.0.push(rule);
    }

    /// Where the answer depends on the choice by one of them, how far it is kept out of caches.
    pub(super) fn apply(&self, decision: &Decision, status: StatusCode, headers: &mut HeaderMap) -> Option<Keep> {
        self.0.iter().fold(None, |keep, rule| keep.max(rule.apply(decision, status, headers)))
    }
}
