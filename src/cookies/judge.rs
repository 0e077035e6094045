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
    has_optional: bool,
}

impl<'d> Judge<'d> {
    pub(crate) const fn new(decision: &'d Decision) -> Self {
        Self { decision, categories: [None; MAX_CATEGORIES], has_optional: false }
    }

    pub(crate) const fn decision(&self) -> &'d Decision {
        self.decision
    }

    /// The answer for a cookie of this name. `None`: it is nameless or begins with `$`, is always dropped, and not
    /// reported.
    #[inline]
    pub(crate) fn name(&mut self, name: &[u8]) -> Option<(Verdict, Option<&'d CompiledRule>)> {
        match self.decision.policy().classify(name) {
            Class::Never => None,
            Class::Own => Some((Verdict::allow(Reason::OwnCookie), None)),
            Class::Banner => {
                // It is expired when the visitor chooses elsewhere.
                self.has_optional = true;
                Some((Verdict::allow(Reason::BannerCookie), None))
            }
            Class::Rule(rule) => {
                let verdict = self.target(rule.target);
                self.has_optional |= verdict.reason() != Reason::Essential;
                if rule.is_prefix && verdict.is_allowed() && self.is_disguised(name, Some(rule)) {
                    return Some((Verdict::refuse(Reason::Disguised), Some(rule)));
                }
                Some((verdict, Some(rule)))
            }
            Class::Unknown => Some((self.unknown(name), None)),
        }
    }

    /// The answer of the rule that declares a name, if one does.
    pub(crate) fn declared(&mut self, name: &[u8]) -> Option<(Verdict, &'d CompiledRule)> {
        match self.decision.policy().classify(name) {
            Class::Rule(rule) => Some((self.target(rule.target), rule)),
            Class::Own | Class::Banner | Class::Unknown | Class::Never => None,
        }
    }

    fn unknown(&self, name: &[u8]) -> Verdict {
        match self.decision.policy().unknown {
            UnknownCookies::Strip => Verdict::refuse(Reason::UnknownCookie),
            UnknownCookies::Pass | UnknownCookies::Report if self.is_disguised(name, None) => {
                Verdict::refuse(Reason::Disguised)
            }
            UnknownCookies::Pass | UnknownCookies::Report => Verdict::allow(Reason::UnknownCookie),
        }
    }

    /// Whether any cookie so far is one that is not essential.
    pub(crate) const fn has_optional(&self) -> bool {
        self.has_optional
    }

    /// Whether an answer is told: a refusal always, an unknown cookie that passes where the policy wants to hear of it.
    pub(crate) fn is_reported(&self, verdict: Verdict) -> bool {
        !verdict.is_allowed()
            || (verdict.reason() == Reason::UnknownCookie && self.decision.policy().unknown == UnknownCookies::Report)
    }

    #[inline]
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

    /// Whether a reader that decodes or trims would take this cookie for another: for a refused one (R50, R71), or for
    /// one that another rule declares, such as a session that is tossed in under a look-alike name (R67).
    fn is_disguised(&self, name: &[u8], rule: Option<&CompiledRule>) -> bool {
        let Some(seen) = undisguised(name) else {
            return false;
        };
        match self.decision.policy().classify(&seen) {
            Class::Rule(other) => {
                !rule.is_some_and(|rule| std::ptr::eq(rule, other)) || !self.decision.judge(other.target).is_allowed()
            }
            Class::Never | Class::Own | Class::Banner => true,
            Class::Unknown => self.decision.policy().unknown == UnknownCookies::Strip,
        }
    }
}

impl Decision {
    /// The answer for a cookie of this name, in either direction. A nameless cookie, and one whose name begins with `$`, is
    /// dropped in every case: [`Reason::UnknownCookie`].
    #[must_use]
    pub fn cookie_verdict(&self, name: &[u8]) -> Verdict {
        if !self.has_layer() {
            return Verdict::refuse(Reason::NoLayer);
        }
        Judge::new(self).name(name).map_or(Verdict::refuse(Reason::UnknownCookie), |(verdict, _)| verdict)
    }
}
