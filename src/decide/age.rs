//! Whether a choice still counts: its day, its revision, and the moments at which its parts end.

use crate::{
    consent::{Choice, Consent, Reading, UndecidedReason},
    policy::{OutdatedGrants, Policy, day_after, day_number},
};

/// The state of consent that follows from a reading, and whether its grants and refusals still count.
pub(super) fn judge_age(policy: &Policy, reading: Reading, now: i64) -> (Consent, bool, bool) {
    let undecided = |reason| (Consent::Undecided(reason, None), false, false);
    let choice = match reading {
        Reading::Choice(choice) => choice,
        Reading::Nothing => return undecided(UndecidedReason::None),
        Reading::Unseen => return undecided(UndecidedReason::Unseen),
        Reading::Malformed => return undecided(UndecidedReason::Malformed),
        Reading::Ambiguous => return undecided(UndecidedReason::Ambiguous),
        Reading::Unauthentic => return undecided(UndecidedReason::Unauthentic),
    };
    // A day ahead is a clock that is not quite right, or another server's midnight.
    if day_number(choice.day) > now.div_euclid(86_400) + 1 || choice.seen > policy.latest_revision() {
        return undecided(UndecidedReason::Future);
    }
    // What is not there need not be worked out; a choice that names nothing lives like a refusal.
    let (grants, refuses) = (!choice.granted.is_empty(), !choice.refused.is_empty());
    let grants_live = grants && !have_grants_ended(policy, &choice, now);
    let refusals_live = (refuses || !grants) && !have_refusals_ended(policy, &choice, now);
    let lapsed = if choice.granted.is_empty() { !refusals_live } else { !grants_live };
    let keeps_scope = policy.outdated_grants == OutdatedGrants::KeepScope;
    let consent = if choice.revision < policy.material_revision() && !keeps_scope {
        Consent::Undecided(UndecidedReason::Outdated, Some(choice))
    } else if lapsed {
        Consent::Undecided(UndecidedReason::Expired, Some(choice))
    } else {
        Consent::Decided(choice)
    };
    (consent, grants_live, refusals_live)
}

/// Whether [`grants_end`] is past.
fn have_grants_ended(policy: &Policy, choice: &Choice, now: i64) -> bool {
    choice.until.is_some_and(|until| until <= now) || policy.grant_lifetime.has_ended(choice.day, now)
}

/// Whether [`refusals_end`] is past.
fn have_refusals_ended(policy: &Policy, choice: &Choice, now: i64) -> bool {
    !policy.keeps_refusals() && policy.refusal_lifetime.has_ended(day_after(choice.day), now)
}

/// The moment at which the grants of a choice have ended: they count from the start of their UTC day, which is never
/// more than promised, and never outlive the end that a banner gave them.
pub(crate) fn grants_end(policy: &Policy, choice: &Choice) -> i64 {
    let end = policy.grant_lifetime.end_from_day(choice.day);
    choice.until.map_or(end, |until| until.min(end))
}

/// The moment at which the refusals of a choice have ended: they count from the end of their UTC day, which is never
/// less than promised. Where something passes until it is refused they never end.
pub(crate) fn refusals_end(policy: &Policy, choice: &Choice) -> i64 {
    if policy.keeps_refusals() {
        return i64::MAX;
    }
    policy.refusal_lifetime.end_from_day(day_after(choice.day))
}
