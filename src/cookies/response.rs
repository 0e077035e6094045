//! The response filter: each `Set-Cookie` line is kept whole or dropped whole, on every status.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

use super::{
    change::{consent_line, full_refusal},
    judge::Judge,
    set_cookie::{Attributes, name, value_and_rest},
};
use crate::{
    consent::{Choice, Reading, Target},
    decide::Decision,
    policy::{CompiledRule, NamePrefix, Policy, Reason, SameSite, SetCookieLine, Verdict},
};

/// The consent that a response itself sets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConsentSet {
    /// What it says; a refusal of everything where it says nothing that counts.
    pub(crate) choice: Choice,
    /// Two lines set different values: the browser would keep the last one, whatever the answer was judged by.
    pub(crate) are_at_odds: bool,
}

/// The consent that a response sets, if it sets our cookie. A line that only deletes it, one that a browser or this policy
/// would not accept, and two that differ count as a refusal of everything.
pub(crate) fn consent_change(headers: &HeaderMap, decision: &Decision) -> Option<ConsentSet> {
    let policy = decision.policy();
    let mut value = None;
    let mut is_sound = true;
    let mut are_at_odds = false;
    let mut is_set = false;
    for line in headers.get_all(header::SET_COOKIE) {
        let name = name(line.as_bytes());
        if name != policy.consent_cookie_name().as_bytes() {
            continue;
        }
        is_set = true;
        let (content, rest) = value_and_rest(line.as_bytes());
        let attributes = Attributes::parse(rest);
        if attributes.is_deletion(decision.now()) {
            // What stood before it is gone.
            value = None;
            continue;
        }
        is_sound &= is_stored(name, &attributes);
        are_at_odds |= value.is_some_and(|first| first != content);
        value = Some(content);
    }
    let read = || match policy.read_consent(value?) {
        Reading::Choice(choice) if is_sound && !are_at_odds => Some(choice),
        _ => None,
    };
    is_set.then(|| ConsentSet { choice: read().unwrap_or_else(|| full_refusal(decision)), are_at_odds })
}

/// Puts one refusal in the place of consent lines that contradict each other (R41).
pub(crate) fn settle(headers: &mut HeaderMap, decision: &Decision) {
    let policy = decision.policy();
    let is_own = |line: &HeaderValue| name(line.as_bytes()) == policy.consent_cookie_name().as_bytes();
    let others: Vec<_> = headers.get_all(header::SET_COOKIE).iter().filter(|line| !is_own(line)).cloned().collect();
    headers.remove(header::SET_COOKIE);
    let refusal = consent_line(policy, &full_refusal(decision), decision.now());
    others.into_iter().chain(refusal).for_each(|line| _ = headers.append(header::SET_COOKIE, line));
}

/// Whether a browser accepts the line by its prefix (R34).
fn is_stored(name: &[u8], attributes: &Attributes<'_>) -> bool {
    let prefix = NamePrefix::of(name);
    let is_host = attributes.domain.is_none_or(<[u8]>::is_empty) && attributes.path == Some(b"/");
    (attributes.secure || !prefix.needs_secure)
        && (attributes.http_only || !prefix.needs_http_only)
        && (is_host || !prefix.needs_host)
        && (attributes.secure || attributes.same_site != Some(SameSite::None))
}

/// What the filter does to one line.
#[derive(Debug)]
enum Fate {
    Keep,
    /// Kept, with this appended.
    Append(String),
    Drop,
}

/// What the filter saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineAction {
    /// The line was dropped.
    Stripped,
    /// The line passed although no rule declares it.
    Passed,
    /// The line was kept, with attributes appended.
    Amended,
}

/// Filters every line; tells whether any is left. With `act` off, it only reports.
pub(crate) fn filter(
    headers: &mut HeaderMap,
    decision: &Decision,
    act: bool,
    mut report: impl FnMut(LineAction, &[u8], Verdict, Option<Target>),
) -> bool {
    let mut judge = Judge::new(decision);
    let all_stay = headers
        .get_all(header::SET_COOKIE)
        .iter()
        .all(|line| matches!(fate(line.as_bytes(), &mut judge, &mut |_, _, _, _| ()), (Fate::Keep, false)));
    if all_stay {
        return true;
    }
    if !act {
        headers.get_all(header::SET_COOKIE).iter().for_each(|line| _ = fate(line.as_bytes(), &mut judge, &mut report));
        return true;
    }
    // Taken as clones, which only count: the map's own way of giving its values away allocates for them.
    let mut kept = Vec::with_capacity(headers.get_all(header::SET_COOKIE).iter().count());
    for line in headers.get_all(header::SET_COOKIE) {
        match fate(line.as_bytes(), &mut judge, &mut report).0 {
            Fate::Keep => kept.push(line.clone()),
            Fate::Append(more) => kept.push(with_more(line, &more)),
            Fate::Drop => {}
        }
    }
    headers.remove(header::SET_COOKIE);
    let is_left = !kept.is_empty();
    kept.into_iter().for_each(|line| _ = headers.append(header::SET_COOKIE, line));
    is_left
}

fn with_more(line: &HeaderValue, more: &str) -> HeaderValue {
    let longer = [line.as_bytes(), more.as_bytes()].concat();
    // A header value and plain text after it are a header value.
    HeaderValue::from_maybe_shared(Bytes::from(longer)).unwrap_or_else(|_never| line.clone())
}

type Report<'r> = &'r mut dyn FnMut(LineAction, &[u8], Verdict, Option<Target>);

/// What happens to a line, and whether there is something to report of one that stays as it is.
fn fate(line: &[u8], judge: &mut Judge<'_>, report: Report<'_>) -> (Fate, bool) {
    let decision = judge.decision();
    let name = name(line);
    let Some((verdict, basis)) = judge.name(name) else {
        return (Fate::Drop, false);
    };
    let policy = decision.policy();
    let (rule, target) = (basis.rule(), basis.target());
    let stores_nothing = decision.forbids_storing();
    // A banner's cookie stays as the banner wants it: with HttpOnly, for one, it could not read it any more.
    let is_own = matches!(verdict.reason(), Reason::OwnCookie | Reason::BannerCookie);
    let must_read = !verdict.is_allowed()
        || stores_nothing.is_some()
        || (!is_own && (has_amendments(policy, rule) || policy.has_drop_hook()));
    if !must_read {
        let is_told = judge.is_reported(verdict, basis);
        if is_told {
            report(LineAction::Passed, name, verdict, target);
        }
        return (Fate::Keep, is_told);
    }
    let attributes = Attributes::parse(value_and_rest(line).1);
    let is_deletion = attributes.is_deletion(decision.now());
    let refused = if verdict.is_allowed() {
        // One of our own was read for this alone.
        stores_nothing.map(|signal| Verdict::refuse(Reason::NoCookies(signal)))
    } else {
        Some(verdict)
    };
    let more = match refused {
        Some(verdict) if !is_deletion => {
            report(LineAction::Stripped, name, verdict, target);
            return (Fate::Drop, false);
        }
        // A browser whose clock differs may take a date that has just passed for a life.
        Some(_) if attributes.max_age.is_none() || attributes.is_max_age_doubtful => "; Max-Age=0".to_owned(),
        Some(_) => String::new(),
        // Where a browser might take it for a life, that life would be without the policy's limits.
        None if is_deletion && has_amendments(policy, rule) && !attributes.deletes_everywhere(decision.now()) => {
            "; Max-Age=0".to_owned()
        }
        None if is_deletion => String::new(),
        None => amendments(policy, rule, &attributes, decision.now()),
    };
    if !is_own && policy.hook_drops(&SetCookieLine { name, line, verdict, is_deletion }) {
        report(LineAction::Stripped, name, Verdict::refuse(Reason::Hook), target);
        return (Fate::Drop, false);
    }
    if more.is_empty() {
        let is_told = verdict.is_allowed() && judge.is_reported(verdict, basis);
        if is_told {
            report(LineAction::Passed, name, verdict, target);
        }
        return (Fate::Keep, is_told);
    }
    report(LineAction::Amended, name, verdict, target);
    (Fate::Append(more), false)
}

fn floors_of(policy: &Policy, rule: Option<&CompiledRule>) -> crate::policy::AttributeFloors {
    rule.map_or(policy.floors, |rule| rule.floors)
}

fn has_amendments(policy: &Policy, rule: Option<&CompiledRule>) -> bool {
    rule.is_some_and(|rule| rule.source.max_age.is_some()) || !floors_of(policy, rule).is_none()
}

/// What is appended to an allowed line: a shorter life, and the attributes that it lacks.
fn amendments(policy: &Policy, rule: Option<&CompiledRule>, attributes: &Attributes<'_>, now: i64) -> String {
    let mut more = String::new();
    if let Some(rule) = rule
        && let Some(max_age) = rule.source.max_age
    {
        let most = max_age.seconds_from(now);
        let is_over = match attributes.lifetime(now) {
            Some(seconds) => seconds > most || attributes.is_max_age_doubtful,
            None => rule.source.add_max_age || attributes.max_age_with_plus.is_some_and(|seconds| seconds > most),
        };
        // Some dates are none by the specification, and a life in Chromium.
        let is_over_in_chromium = || {
            attributes.max_age.is_none() && attributes.lifetime_in_chromium(now).is_some_and(|seconds| seconds > most)
        };
        if is_over || is_over_in_chromium() {
            more.push_str("; Max-Age=");
            more.push_str(&most.to_string());
        }
    }
    let floors = floors_of(policy, rule);
    if floors.is_none() {
        return more;
    }
    let mut same_site = attributes.same_site;
    if let Some(least) = floors.same_site.filter(|least| *least > SameSite::None)
        && same_site.is_none_or(|said| said < least)
    {
        same_site = Some(least);
        more.push_str("; SameSite=");
        more.push_str(least.as_str());
    }
    if !attributes.secure && (floors.secure || same_site == Some(SameSite::None)) {
        more.push_str("; Secure");
    }
    if !attributes.http_only && floors.http_only {
        more.push_str("; HttpOnly");
    }
    more
}
