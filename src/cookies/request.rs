//! The request filter: what a request shows, and the `Cookie` lines without what is refused.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

use super::{
    judge::Judge,
    pairs::{Pair, pairs},
    swar::is_odd,
};
use crate::{
    consent::{Reading, Target, Verdicts},
    decide::Decision,
    policy::{Class, Policy, Reason, UnknownCookies, Verdict},
};

/// What the `Cookie` lines of a request hold, gathered in one pass and without an allocation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    /// The value of the consent cookie.
    consent: Option<&'a [u8]>,
    is_ambiguous: bool,
    /// The targets of declared cookies.
    targets: Verdicts,
    has_unknown: bool,
    /// A nameless pair, or a name that begins with `$`.
    has_never: bool,
    /// A name that some parsers read as another one.
    has_odd: bool,
}

impl<'a> Seen<'a> {
    /// Nothing seen yet.
    pub(crate) const NOTHING: Self = Self {
        consent: None,
        is_ambiguous: false,
        targets: Verdicts::NONE,
        has_unknown: false,
        has_never: false,
        has_odd: false,
    };

    /// Looks at a `Cookie` line. There can be many: HTTP/2 sends one for each pair if it likes (RFC 9113 section 8.2.3).
    pub(crate) fn add(&mut self, policy: &Policy, line: &'a [u8]) {
        for pair in pairs(line) {
            match policy.classify(pair.name) {
                Class::Consent => match self.consent {
                    None => self.consent = Some(pair.value()),
                    // A neighbour's copy that differs: neither can be believed (R53, R69).
                    Some(first) => self.is_ambiguous |= first != pair.value(),
                },
                Class::Rule(rule) => {
                    self.targets.insert(rule.target);
                    self.has_odd |= rule.is_prefix && is_odd(pair.name);
                }
                Class::Unknown => {
                    self.has_unknown = true;
                    self.has_odd |= is_odd(pair.name);
                }
                Class::Never => self.has_never = true,
            }
        }
    }

    /// The consent that the request shows.
    pub(crate) fn reading(&self, policy: &Policy) -> Reading {
        match self.consent {
            None => Reading::Nothing,
            Some(_) if self.is_ambiguous => Reading::Ambiguous,
            Some(value) => policy.read_consent(value),
        }
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

/// Takes out of the `Cookie` lines what is refused, and gives the lines as they were. `report` hears of every pair that
/// goes, and of every unknown one that stays.
pub(crate) fn strip(
    headers: &mut HeaderMap,
    decision: &Decision,
    mut report: impl FnMut(&[u8], Verdict, Option<Target>),
) -> Shown {
    let mut judge = Judge::new(decision);
    let single = headers.get_all(header::COOKIE).iter().nth(1).is_none();
    if single {
        let Some(line) = headers.get(header::COOKIE) else {
            return Shown::Nothing;
        };
        return match kept(line, &mut judge, &mut report) {
            Kept::All => Shown::One(line.clone()),
            Kept::None => headers.remove(header::COOKIE).map_or(Shown::Nothing, Shown::One),
            Kept::Some(line) => headers.insert(header::COOKIE, line).map_or(Shown::Nothing, Shown::One),
        };
    }
    let lines: Vec<HeaderValue> = headers.get_all(header::COOKIE).iter().cloned().collect();
    headers.remove(header::COOKIE);
    for line in &lines {
        match kept(line, &mut judge, &mut report) {
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
    let mut judge = Judge::new(decision);
    for line in headers.get_all(header::COOKIE) {
        pairs(line.as_bytes()).for_each(|pair| _ = stays(&pair, &mut judge, &mut report));
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

fn stays(pair: &Pair<'_>, judge: &mut Judge<'_>, report: &mut impl FnMut(&[u8], Verdict, Option<Target>)) -> bool {
    let Some((verdict, rule)) = judge.name(pair.name) else {
        return false;
    };
    if !verdict.is_allowed() || verdict.reason() == Reason::UnknownCookie {
        report(pair.name, verdict, rule.map(|rule| rule.target));
    }
    verdict.is_allowed()
}

/// What stays of one line. A line of which everything stays keeps its bytes, blanks included.
fn kept(line: &HeaderValue, judge: &mut Judge<'_>, report: &mut impl FnMut(&[u8], Verdict, Option<Target>)) -> Kept {
    let bytes = line.as_bytes();
    // Grown once, to the line's own length, and only when there is something to leave out.
    let mut rest: Option<Vec<u8>> = None;
    let mut kept_until = 0;
    let mut is_first = true;
    for pair in pairs(bytes) {
        let keep = stays(&pair, judge, report);
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
