//! What happens to a cookie of a name, in either direction.

use super::disguise::{can_be_another, undisguised};
#[cfg(feature = "catalogue")]
use crate::catalogue::{Catalogue, framework_cookie, is_encoded_by_framework};
use crate::{
    consent::{CategoryBits, MAX_CATEGORIES, Target},
    decide::Decision,
    policy::{Class, CompiledRule, Reason, UnknownCookies, Verdict},
};

/// What an answer for a cookie goes by.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Basis<'d> {
    /// It is one of the library's own, or of a banner that the policy reads.
    Own,
    Rule(&'d CompiledRule),
    /// No rule declares it. The category that the catalogue knows it to be of, where the policy asks it and has that.
    Undeclared(Option<Target>),
}

impl<'d> Basis<'d> {
    pub(crate) const fn rule(self) -> Option<&'d CompiledRule> {
        match self {
            Self::Rule(rule) => Some(rule),
            Self::Own | Self::Undeclared(_) => None,
        }
    }

    pub(crate) const fn target(self) -> Option<Target> {
        match self {
            Self::Own => None,
            Self::Rule(rule) => Some(rule.target),
            Self::Undeclared(target) => target,
        }
    }
}

/// Asks the decision by cookie name, and remembers its answers for the cookies of one message.
#[derive(Debug)]
pub(crate) struct Judge<'d> {
    decision: &'d Decision,
    categories: [Option<Verdict>; MAX_CATEGORIES],
    /// Those of them that are allowed.
    passing: CategoryBits,
    has_optional: bool,
}

impl<'d> Judge<'d> {
    pub(crate) const fn new(decision: &'d Decision) -> Self {
        Self { decision, categories: [None; MAX_CATEGORIES], passing: CategoryBits::NONE, has_optional: false }
    }

    pub(crate) const fn decision(&self) -> &'d Decision {
        self.decision
    }

    /// The answer for a cookie of this name. `None`: it is nameless or begins with `$`, is always dropped, and not
    /// reported.
    pub(crate) fn name(&mut self, name: &[u8]) -> Option<(Verdict, Basis<'d>)> {
        self.class(self.decision.policy().classify(name), name)
    }

    /// Whether a cookie passes by the quick way, which almost all go: a rule declares it, its category is known to be
    /// allowed, and no reader can take its name for another. There is nothing to report of it.
    #[inline(always)]
    pub(crate) fn passes(&mut self, class: Class<'d>, name: &[u8]) -> bool {
        match class {
            Class::Rule(CompiledRule { target: Target::Category(category), is_prefix, .. })
                if self.passing.contains(*category) && !(*is_prefix && can_be_another(name)) =>
            {
                self.has_optional |= !self.decision.policy().is_essential(*category);
                true
            }
            _ => false,
        }
    }

    /// The answer for a cookie of this class.
    pub(crate) fn class(&mut self, class: Class<'d>, name: &[u8]) -> Option<(Verdict, Basis<'d>)> {
        match class {
            Class::Never => None,
            Class::Own => Some((Verdict::allow(Reason::OwnCookie), Basis::Own)),
            Class::Banner => {
                // It is expired when the visitor chooses elsewhere.
                self.has_optional = true;
                Some((Verdict::allow(Reason::BannerCookie), Basis::Own))
            }
            Class::Rule(rule) => {
                let verdict = self.target(rule.target);
                self.has_optional |= verdict.reason() != Reason::Essential;
                if rule.is_prefix && verdict.is_allowed() && self.is_disguised(name, Some(rule)) {
                    return Some((Verdict::refuse(Reason::Disguised), Basis::Rule(rule)));
                }
                Some((verdict, Basis::Rule(rule)))
            }
            Class::Unknown => {
                let (verdict, target) = self.unknown(name);
                Some((verdict, Basis::Undeclared(target)))
            }
        }
    }

    /// The answer of the rule that declares a name, if one does.
    pub(crate) fn declared(&mut self, name: &[u8]) -> Option<(Verdict, &'d CompiledRule)> {
        match self.decision.policy().classify(name) {
            Class::Rule(rule) => Some((self.target(rule.target), rule)),
            Class::Own | Class::Banner | Class::Unknown | Class::Never => None,
        }
    }

    fn unknown(&self, name: &[u8]) -> (Verdict, Option<Target>) {
        let (verdict, target) = match self.decision.policy().unknown {
            UnknownCookies::Strip => (Verdict::refuse(Reason::UnknownCookie), None),
            UnknownCookies::Pass | UnknownCookies::Report => (Verdict::allow(Reason::UnknownCookie), None),
            UnknownCookies::Catalogue => self.by_catalogue(name),
        };
        if verdict.is_allowed() && self.is_disguised(name, None) {
            return (Verdict::refuse(Reason::Disguised), target);
        }
        (verdict, target)
    }

    /// The answer for a name that no rule declares, by what is known of it elsewhere.
    #[cfg(feature = "catalogue")]
    fn by_catalogue(&self, name: &[u8]) -> (Verdict, Option<Target>) {
        if framework_cookie(name).is_some() {
            return (Verdict::allow(Reason::UnknownCookie), None);
        }
        let Some(entry) = Catalogue::lookup_to_enforce(name) else {
            return (Verdict::refuse(Reason::UnknownCookie), None);
        };
        match self.decision.policy().names.category_index(entry.category.as_bytes()).map(Target::Category) {
            Some(target) => (self.decision.judge(target), Some(target)),
            None => (Verdict::refuse(Reason::NotInPolicy), None),
        }
    }

    /// No policy asks for it without the feature.
    #[cfg(not(feature = "catalogue"))]
    const fn by_catalogue(&self, _: &[u8]) -> (Verdict, Option<Target>) {
        (Verdict::refuse(Reason::UnknownCookie), None)
    }

    /// Whether any cookie so far is one that is not essential.
    pub(crate) const fn has_optional(&self) -> bool {
        self.has_optional
    }

    /// Whether an answer is told: a refusal always, an undeclared cookie that passes where the policy wants to hear of it.
    pub(crate) fn is_reported(&self, verdict: Verdict, basis: Basis<'_>) -> bool {
        let tells = || matches!(self.decision.policy().unknown, UnknownCookies::Report | UnknownCookies::Catalogue);
        !verdict.is_allowed() || (matches!(basis, Basis::Undeclared(_)) && tells())
    }

    #[inline]
    fn target(&mut self, target: Target) -> Verdict {
        let Target::Category(category) = target else {
            return self.decision.judge(target);
        };
        match self.categories.get_mut(usize::from(category.0)) {
            Some(Some(known)) => *known,
            Some(place) => {
                let verdict = *place.insert(self.decision.judge(target));
                if verdict.is_allowed() {
                    self.passing.insert(category);
                }
                verdict
            }
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
            Class::Unknown => match self.decision.policy().unknown {
                UnknownCookies::Strip => true,
                UnknownCookies::Pass | UnknownCookies::Report => false,
                // A framework's name counts as a declared one: its session can be tossed in under a look-alike too.
                #[cfg(feature = "catalogue")]
                UnknownCookies::Catalogue => {
                    let (verdict, target) = self.by_catalogue(&seen);
                    !verdict.is_allowed() || (target.is_none() && !is_encoded_by_framework(name))
                }
                #[cfg(not(feature = "catalogue"))]
                UnknownCookies::Catalogue => true,
            },
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
