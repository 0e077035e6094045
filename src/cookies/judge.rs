//! What happens to a cookie of a name, in either direction.

use super::disguise::undisguised;
use crate::{
    consent::{MAX_CATEGORIES, Target},
    decide::Decision,
    policy::{Class, CompiledRule, Reason, UnknownCookies, Verdict},
};

/// Asks the decision by cookie name, and remembers its answers for the cookies of one message.
#[derive(Debug)]
pub(crate) struct Judge<'d> {
    decision: &'d Decision,
    categories: [Option<Verdict>; MAX_CATEGORIES],
}

impl<'d> Judge<'d> {
    pub(crate) const fn new(decision: &'d Decision) -> Self {
        Self { decision, categories: [None; MAX_CATEGORIES] }
    }

    /// The answer for a cookie of this name. `None`: it is nameless or begins with `$`, is always dropped, and not
    /// reported.
    pub(crate) fn name(&mut self, name: &[u8]) -> Option<(Verdict, Option<&'d CompiledRule>)> {
        let policy = self.decision.policy();
        let judged = match policy.classify(name) {
            Class::Never => return None,
            Class::Consent => return Some((Verdict::allow(Reason::OwnCookie), None)),
            Class::Rule(rule) => (self.target(rule.target), Some(rule)),
            Class::Unknown => {
                let passes = policy.unknown != UnknownCookies::Strip;
                (Verdict { allowed: passes, reason: Reason::UnknownCookie }, None)
            }
        };
        let is_declared_exactly = judged.1.is_some_and(|rule| !rule.is_prefix);
        if judged.0.is_allowed() && !is_declared_exactly && self.is_disguised(name) {
            return Some((Verdict::refuse(Reason::Disguised), judged.1));
        }
        Some(judged)
    }

    fn target(&mut self, target: Target) -> Verdict {
        let Target::Category(category) = target else {
            return self.decision.judge(target);
        };
        match self.categories.get_mut(usize::from(category.0)) {
            Some(Some(known)) => *known,
            Some(place) => *place.insert(self.decision.judge(target)),
            None => self.decision.judge(target),
        }
    }

    /// Whether a reader that decodes or trims would find a refused cookie under this name.
    fn is_disguised(&self, name: &[u8]) -> bool {
        let Some(seen) = undisguised(name) else {
            return false;
        };
        match self.decision.policy().classify(&seen) {
            Class::Rule(rule) => !self.decision.allows_target(rule.target),
            Class::Never | Class::Consent => true,
            Class::Unknown => self.decision.policy().unknown == UnknownCookies::Strip,
        }
    }
}
