//! What else an answer says by the final decision.

use std::{fmt, sync::Arc};

use http::{HeaderMap, StatusCode};

use crate::decide::Decision;

/// Header fields that follow from the decision: a room further in adds one with
/// [`ConsentLayer::with_answer_rule`](super::ConsentLayer::with_answer_rule). It is asked once for each answer, after the
/// final decision is known (which a layer inside cannot wait for), and before cache fields are written.
pub(crate) trait AnswerRule: fmt::Debug + Send + Sync + 'static {
    /// Changes the header fields. Whether they now depend on the visitor's choice: then the answer is kept out of shared
    /// caches, as if the application had asked.
    fn apply(&self, decision: &Decision, status: StatusCode, headers: &mut HeaderMap) -> bool;
}

/// All of them, in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub(super) struct AnswerRules(Vec<Arc<dyn AnswerRule>>);

impl AnswerRules {
    pub(super) fn add(&mut self, rule: Arc<dyn AnswerRule>) {
        self.0.push(rule);
    }

    /// Whether the answer depends on the choice by one of them.
    pub(super) fn apply(&self, decision: &Decision, status: StatusCode, headers: &mut HeaderMap) -> bool {
        self.0.iter().fold(false, |depends, rule| rule.apply(decision, status, headers) | depends)
    }
}
