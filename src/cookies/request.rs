//! The request filter: what a request shows, and the `Cookie` lines without what is refused.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

use super::{
    disguise::undisguised,
    pairs::{Pair, pairs},
};
use crate::{
    consent::{Reading, Target, Verdicts},
    decide::Decision,
    policy::{Class, CompiledRule, Policy, Reason, UnknownCookies, Verdict},
};

/// What the `Cookie` lines of a request hold, gathered in one pass and without an allocation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// The consent that the request shows.
    pub(crate) reading: Reading,
    /// The targets of declared cookies.
    targets: Verdicts,
    has_unknown: bool,
    /// A nameless pair, or a name that begins with `$`.
    has_never: bool,
    /// A name that some parsers read as another one.
    has_odd: bool,
}

impl Seen {
    /// Looks at every `Cookie` line: HTTP/2 sends a line for each pair if it likes (RFC 9113 section 8.2.3).
    pub(crate) fn scan(policy: &Policy, headers: &HeaderMap) -> Self {
        let mut seen = Self {
            reading: Reading::Nothing,
            targets: Verdicts::NONE,
            has_unknown: false,
            has_never: false,
            has_odd: false,
        };
        let mut consent = None;
        for line in headers.get_all(header::COOKIE) {
            for pair in pairs(line.as_bytes()) {
                match policy.classify(pair.name) {
                    Class::Consent => match consent {
                        None => consent = Some(pair.value),
                        Some(first) if first == pair.value => {}
                        // A neighbour's copy: neither can be believed (R53, R69).
                        Some(_) => seen.reading = Reading::Ambiguous,
                    },
                    Class::Rule(rule) => {
                        seen.targets.insert(rule.target);
                        seen.has_odd |= rule.is_prefix && is_odd(pair.name);
                    }
                    Class::Unknown => {
                        seen.has_unknown = true;
                        seen.has_odd |= is_odd(pair.name);
                    }
                    Class::Never => seen.has_never = true,
                }
            }
        }
        if let (Some(value), Reading::Nothing) = (consent, seen.reading) {
            seen.reading = policy.read_consent(value);
        }
        seen
    }

    /// Whether a refused cookie might have to be expired in the browser once the consent changes.
    pub(crate) fn has_declared(&self) -> bool {
        !self.targets.is_empty()
    }

    /// Whether every cookie passes, so that nothing needs a second look. Cookies that only have to be reported do.
    pub(crate) fn all_pass(&self, decision: &Decision) -> bool {
        !self.has_never
            && !self.has_odd
            && !(self.has_unknown && decision.policy().unknown != UnknownCookies::Pass)
            && decision.allows_all(&self.targets)
    }
}

fn is_odd(name: &[u8]) -> bool {
    name.iter().any(|byte| *byte == b'%' || !byte.is_ascii_graphic())
}

/// What happens to a cookie of this name, in either direction. `None`: it is nameless or begins with `$`, is always
/// dropped, and not reported.
pub(crate) fn judge_name<'p>(decision: &'p Decision, name: &[u8]) -> Option<(Verdict, Option<&'p CompiledRule>)> {
    let policy = decision.policy();
    let judged = match policy.classify(name) {
        Class::Never => return None,
        Class::Consent => return Some((Verdict::allow(Reason::OwnCookie), None)),
        Class::Rule(rule) => (decision.judge(rule.target), Some(rule)),
        Class::Unknown => {
            let passes = policy.unknown != UnknownCookies::Strip;
            (Verdict { allowed: passes, reason: Reason::UnknownCookie }, None)
        }
    };
    let is_declared_exactly = judged.1.is_some_and(|rule| !rule.is_prefix);
    if judged.0.is_allowed() && !is_declared_exactly && is_disguised(decision, name) {
        return Some((Verdict::refuse(Reason::Disguised), judged.1));
    }
    Some(judged)
}

/// Whether a reader that decodes or trims would find a refused cookie under this name.
fn is_disguised(decision: &Decision, name: &[u8]) -> bool {
    let Some(seen) = undisguised(name) else {
        return false;
    };
    match decision.policy().classify(&seen) {
        Class::Rule(rule) => !decision.allows_target(rule.target),
        Class::Never | Class::Consent => true,
        Class::Unknown => decision.policy().unknown == UnknownCookies::Strip,
    }
}

/// Takes out of the `Cookie` lines what is refused, and gives the lines as they were. `report` hears of every pair that
/// goes, and of every unknown one that stays.
pub(crate) fn strip(
    headers: &mut HeaderMap,
    decision: &Decision,
    mut report: impl FnMut(&[u8], Verdict, Option<Target>),
) -> Shown {
    let single = headers.get_all(header::COOKIE).iter().nth(1).is_none();
    if single {
        let Some(line) = headers.get(header::COOKIE) else {
            return Shown::Nothing;
        };
        return match kept(line, decision, &mut report) {
            Kept::All => Shown::One(line.clone()),
            Kept::None => headers.remove(header::COOKIE).map_or(Shown::Nothing, Shown::One),
            Kept::Some(line) => headers.insert(header::COOKIE, line).map_or(Shown::Nothing, Shown::One),
        };
    }
    let lines: Vec<HeaderValue> = headers.get_all(header::COOKIE).iter().cloned().collect();
    headers.remove(header::COOKIE);
    for line in &lines {
        match kept(line, decision, &mut report) {
            Kept::All => _ = headers.append(header::COOKIE, line.clone()),
            Kept::None => {}
            Kept::Some(line) => _ = headers.append(header::COOKIE, line),
        }
    }
    Shown::Many(lines)
}

/// Only reports what [`strip`] would do.
pub(crate) fn report_only(
    headers: &HeaderMap,
    decision: &Decision,
    mut report: impl FnMut(&[u8], Verdict, Option<Target>),
) {
    for line in headers.get_all(header::COOKIE) {
        pairs(line.as_bytes()).for_each(|pair| _ = stays(&pair, decision, &mut report));
    }
}

/// The `Cookie` lines that the browser sent, for the clean-up that may follow.
#[derive(Clone, Debug, Default)]
pub(crate) enum Shown {
    #[default]
    Nothing,
    One(HeaderValue),
    Many(Vec<HeaderValue>),
}

impl Shown {
    /// Remembers the lines of a request that is let through as it is.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut lines = headers.get_all(header::COOKIE).iter();
        match (lines.next(), lines.next()) {
            (None, _) => Self::Nothing,
            (Some(line), None) => Self::One(line.clone()),
            (Some(_), Some(_)) => Self::Many(headers.get_all(header::COOKIE).iter().cloned().collect()),
        }
    }

    pub(crate) fn lines(&self) -> &[HeaderValue] {
        match self {
            Self::Nothing => &[],
            Self::One(line) => std::slice::from_ref(line),
            Self::Many(lines) => lines,
        }
    }
}

enum Kept {
    All,
    None,
    Some(HeaderValue),
}

fn stays(pair: &Pair<'_>, decision: &Decision, report: &mut impl FnMut(&[u8], Verdict, Option<Target>)) -> bool {
    let Some((verdict, rule)) = judge_name(decision, pair.name) else {
        return false;
    };
    if !verdict.is_allowed() || verdict.reason() == Reason::UnknownCookie {
        report(pair.name, verdict, rule.map(|rule| rule.target));
    }
    verdict.is_allowed()
}

/// What stays of one line. A line of which everything stays keeps its bytes, blanks included.
fn kept(line: &HeaderValue, decision: &Decision, report: &mut impl FnMut(&[u8], Verdict, Option<Target>)) -> Kept {
    let bytes = line.as_bytes();
    // Grown once, to the line's own length, and only when there is something to leave out.
    let mut rest: Option<Vec<u8>> = None;
    let mut kept_until = 0;
    let mut is_first = true;
    for pair in pairs(bytes) {
        let keep = stays(&pair, decision, report);
        match (&mut rest, keep) {
            (None, true) => kept_until = pair.end,
            (None, false) => {
                let mut start = Vec::with_capacity(bytes.len());
                start.extend_from_slice(bytes.get(..kept_until).unwrap_or_default());
                is_first = start.is_empty();
                rest = Some(start);
            }
            (Some(kept), true) => {
                if !is_first {
                    kept.extend_from_slice(b"; ");
                }
                is_first = false;
                kept.extend_from_slice(pair.bytes);
            }
            (Some(_), false) => {}
        }
    }
    match rest {
        None => Kept::All,
        Some(kept) if kept.is_empty() => Kept::None,
        // Bytes of a header value, cut at `;`: they are one again.
        Some(kept) => HeaderValue::from_maybe_shared(Bytes::from(kept)).map_or(Kept::None, Kept::Some),
    }
}
