//! The request filter: what a request shows, and the `Cookie` lines without what is refused.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use memchr::memmem::Finder;

use super::{
    judge::Judge,
    pairs::{pairs, trim, trim_end, trim_start},
};
use crate::{
    consent::{Reading, Target},
    policy::{Policy, Verdict},
};

/// One of our own cookies in the `Cookie` lines of a request. The vectorised search passes over the rest of a line at
/// memory speed.
///
/// The consent cookie is looked for before anything else, because what happens to every other cookie depends on it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FoundCookie<'a> {
    value: Option<&'a [u8]>,
    /// Another value under the same name.
    other: Option<&'a [u8]>,
}

impl<'a> FoundCookie<'a> {
    /// Looks for a name in a `Cookie` line. There can be many: HTTP/2 sends one for each pair if it likes (RFC 9113
    /// section 8.2.3).
    pub(crate) fn add(&mut self, name: &Finder<'_>, line: &'a [u8]) {
        for place in name.find_iter(line) {
            let Some(value) = value_at(line, place, name.needle().len()) else { continue };
            match self.value {
                None => self.value = Some(value),
                // A neighbour's copy that differs: neither can be believed (R53, R69).
                Some(first) if first != value => self.other = Some(value),
                Some(_) => {}
            }
        }
    }

    /// The value; `Err` if there are two that differ.
    pub(crate) const fn value(&self) -> Result<Option<&'a [u8]>, Ambiguous> {
        if self.other.is_some() { Err(Ambiguous) } else { Ok(self.value) }
    }

    /// The first value, and one that differs.
    pub(crate) fn values(&self) -> impl Iterator<Item = &'a [u8]> {
        self.value.into_iter().chain(self.other)
    }

    /// The consent that the request shows, if this is the consent cookie.
    pub(crate) fn reading(&self, policy: &Policy) -> Reading {
        match self.value() {
            Ok(None) => Reading::Nothing,
            Ok(Some(value)) => policy.read_consent(value),
            Err(Ambiguous) => Reading::Ambiguous,
        }
    }
}

/// Two cookies of one name have different values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ambiguous;

/// The value of the pair whose name stands here; `None` if this is only a part of another name, or of a value.
fn value_at(line: &[u8], place: usize, length: usize) -> Option<&[u8]> {
    if !matches!(trim_end(line.get(..place)?), [] | [.., b';']) {
        return None;
    }
    let [b'=', value @ ..] = trim_start(line.get(place + length..)?) else {
        return None;
    };
    let end = memchr::memchr(b';', value).unwrap_or(value.len());
    value.get(..end).map(trim)
}

/// Takes out of the `Cookie` lines what is refused, or with `act` off only says what would go. `report` hears of every
/// pair that goes, and of unknown ones that stay.
///
/// Gives the lines as they were, if they hold a cookie that is refused, or could be once the answer changes the consent.
pub(crate) fn sift(
    headers: &mut HeaderMap,
    judge: &mut Judge<'_>,
    act: bool,
    report: &mut impl FnMut(&[u8], Verdict, Option<Target>),
) -> Shown {
    let mut lines = headers.get_all(header::COOKIE).iter();
    match (lines.next(), lines.next()) {
        (None, _) => Shown::Nothing,
        (Some(line), None) => match kept(line, judge, report) {
            Kept::Some(line) if act => headers.insert(header::COOKIE, line).map_or(Shown::Nothing, Shown::One),
            Kept::None if act => headers.remove(header::COOKIE).map_or(Shown::Nothing, Shown::One),
            _ if judge.has_optional() => Shown::One(line.clone()),
            _ => Shown::Nothing,
        },
        (Some(_), Some(_)) => sift_many(headers, judge, act, report),
    }
}

fn sift_many(
    headers: &mut HeaderMap,
    judge: &mut Judge<'_>,
    act: bool,
    report: &mut impl FnMut(&[u8], Verdict, Option<Target>),
) -> Shown {
    let lines: Vec<HeaderValue> = headers.get_all(header::COOKIE).iter().cloned().collect();
    let mut is_changed = false;
    let sifted: Vec<Option<HeaderValue>> = lines
        .iter()
        .map(|line| match kept(line, judge, report) {
            Kept::All => Some(line.clone()),
            Kept::None => {
                is_changed = true;
                None
            }
            Kept::Some(line) => {
                is_changed = true;
                Some(line)
            }
        })
        .collect();
    if act && is_changed {
        headers.remove(header::COOKIE);
        sifted.into_iter().flatten().for_each(|line| _ = headers.append(header::COOKIE, line));
    }
    if is_changed || judge.has_optional() { Shown::Many(lines) } else { Shown::Nothing }
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

/// What stays of one line. A line of which everything stays keeps its bytes, blanks included.
fn kept(line: &HeaderValue, judge: &mut Judge<'_>, report: &mut impl FnMut(&[u8], Verdict, Option<Target>)) -> Kept {
    let policy = judge.decision().policy();
    let bytes = line.as_bytes();
    // Grown once, to the line's own length, and only when there is something to leave out.
    let mut rest: Option<Vec<u8>> = None;
    let mut kept_until = 0;
    for pair in pairs(bytes) {
        let class = policy.classify_at(pair.name, pair.name_start);
        let keep = judge.passes(class, pair.name)
            || judge.class(class, pair.name).is_some_and(|(verdict, basis)| {
                if judge.is_reported(verdict, basis) {
                    report(pair.name, verdict, basis.target());
                }
                verdict.is_allowed()
            });
        match (&mut rest, keep) {
            (None, true) => kept_until = pair.end,
            (None, false) => {
                let mut start = Vec::with_capacity(bytes.len());
                start.extend_from_slice(bytes.get(..kept_until).unwrap_or_default());
                rest = Some(start);
            }
            (Some(kept), true) => {
                if !kept.is_empty() {
                    kept.extend_from_slice(b"; ");
                }
                kept.extend_from_slice(bytes.get(pair.start..pair.end).unwrap_or_default());
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        category::Category,
        decide::decide,
        policy::{Narrow, Regime},
        signal::Signals,
    };

    /// Where nothing is to be stripped, reading the consent, deciding and looking at every cookie allocate nothing,
    /// whatever the number of cookies.
    #[test]
    fn nothing_to_strip_is_nothing_to_allocate() {
        let policy = Policy::builder()
            .essential(["session", "app_*"])
            .cookies(Category::ANALYTICS, ["_ga", "_ga_*"])
            .mac_key("k1", [7; 32])
            .build();
        let policy = Arc::new(policy.unwrap());
        let choice = {
            let reading = Reading::Nothing;
            let decision = decide(Arc::clone(&policy), Regime::OptIn, Signals::NONE, reading, &Narrow::nothing(), 0);
            let change = decision.grant_all_unrecorded();
            let line = change.header_value().unwrap().to_str().unwrap().to_owned();
            line.split(';').next().unwrap().to_owned()
        };
        for cookies in [1, 12, 700] {
            let many: String =
                (0..cookies).map(|number| format!("; app_{number}=x; _ga_{number}=GA1.1.{number}")).collect();
            // A static value, so that a clone of it only counts.
            let line: &'static str = format!("session=1{many}; {choice}").leak();
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_static(line));
            let mut told = 0;
            let measured = allocation_counter::measure(|| {
                let mut found = FoundCookie::default();
                found.add(policy.consent_finder(), line.as_bytes());
                let reading = found.reading(&policy);
                let policy = Arc::clone(&policy);
                let decision = decide(policy, Regime::OptIn, Signals::NONE, reading, &Narrow::nothing(), 0);
                let shown = sift(&mut headers, &mut Judge::new(&decision), true, &mut |_, _, _| told += 1);
                assert!(matches!(shown, Shown::One(_)));
            });
            assert_eq!((measured.count_total, told), (0, 0), "{cookies} cookies");
            assert_eq!(headers[header::COOKIE], line);
        }
    }
}
