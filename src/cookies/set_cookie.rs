//! Reads a `Set-Cookie` line as browsers do (rfc6265bis section 5.6): on bytes, without ever failing.

use super::{
    date,
    pairs::trim,
    swar::{find_name_end, find_semicolon},
};
use crate::policy::SameSite;

/// Bytes of an attribute's value above which browsers ignore the attribute.
const MAX_ATTRIBUTE: usize = 1_024;

/// The name of the cookie that a line sets; empty without `=`.
pub(crate) fn name(line: &[u8]) -> &[u8] {
    let (before, after) = line.split_at_checked(find_name_end(line)).unwrap_or((line, &[]));
    if after.first() == Some(&b'=') { trim(before) } else { &[] }
}

/// The value that a line sets, and what follows it, which begins with `;` if there is anything.
pub(crate) fn value_and_rest(line: &[u8]) -> (&[u8], &[u8]) {
    let head = find_name_end(line);
    let from = if line.get(head) == Some(&b'=') { head + 1 } else { 0 };
    let end = find_semicolon(line, from);
    (trim(line.get(from..end).unwrap_or_default()), line.get(end..).unwrap_or_default())
}

/// The attributes of a line, each as the last one of its name says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attributes<'a> {
    /// Seconds; `None` if absent or unreadable.
    pub(crate) max_age: Option<i64>,
    /// Whether the last Max-Age is unreadable. By the specification an earlier one then stands; some browsers have let
    /// the last one count, and fall back on Expires.
    pub(crate) is_max_age_doubtful: bool,
    /// Seconds of the last Max-Age where it has a plus sign: unreadable by the specification, and a number to some browsers.
    pub(crate) max_age_with_plus: Option<i64>,
    /// Unix seconds; `None` if absent or unreadable.
    pub(crate) expires: Option<i64>,
    /// Whether the last Expires is unreadable, as with Max-Age.
    pub(crate) is_expires_doubtful: bool,
    /// The text of the last Expires: Chromium reads some that the specification does not.
    last_expires: Option<&'a [u8]>,
    pub(crate) domain: Option<&'a [u8]>,
    pub(crate) path: Option<&'a [u8]>,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    pub(crate) partitioned: bool,
    /// `None` if absent or unknown, which browsers take for their default.
    pub(crate) same_site: Option<SameSite>,
}

impl<'a> Attributes<'a> {
    /// Reads what stands after the first `;`.
    pub(crate) fn parse(rest: &'a [u8]) -> Self {
        let mut attributes = Self::default();
        for piece in rest.split(|byte| *byte == b';').skip(1) {
            let equals = piece.iter().position(|byte| *byte == b'=').unwrap_or(piece.len());
            let (name, value) = piece.split_at_checked(equals).unwrap_or((piece, &[]));
            let (name, value) = (trim(name), trim(value.get(1..).unwrap_or_default()));
            if value.len() > MAX_ATTRIBUTE {
                continue;
            }
            let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
            if is("max-age") {
                // An unreadable one is ignored, and leaves an earlier one in force.
                let seconds = max_age(value);
                attributes.is_max_age_doubtful = seconds.is_none();
                attributes.max_age_with_plus = value.strip_prefix(b"+").and_then(digits);
                attributes.max_age = seconds.or(attributes.max_age);
            } else if is("expires") {
                let moment = date::parse(value);
                attributes.is_expires_doubtful = moment.is_none();
                attributes.last_expires = Some(value);
                attributes.expires = moment.or(attributes.expires);
            } else if is("domain") {
                attributes.domain = Some(value);
            } else if is("path") {
                attributes.path = Some(value);
            } else if is("secure") {
                attributes.secure = true;
            } else if is("httponly") {
                attributes.http_only = true;
            } else if is("partitioned") {
                attributes.partitioned = true;
            } else if is("samesite") {
                attributes.same_site = same_site(value);
            }
        }
        attributes
    }

    /// Whether the line only deletes: Max-Age counts before Expires, in whatever order they stand (R30, R57).
    pub(crate) fn is_deletion(&self, now: i64) -> bool {
        match (self.max_age, self.expires) {
            (Some(seconds), _) => seconds <= 0,
            (None, Some(moment)) => moment <= now,
            (None, None) => false,
        }
    }

    /// Whether every browser takes a deletion for one.
    pub(crate) fn deletes_everywhere(&self, now: i64) -> bool {
        match self.max_age {
            Some(_) => !self.is_max_age_doubtful,
            None => {
                !self.is_max_age_doubtful
                    && !self.is_expires_doubtful
                    && self.lifetime_in_chromium(now).is_some_and(|seconds| seconds <= 0)
            }
        }
    }

    /// How many seconds the cookie lives from now on; `None` if it ends with the browser session.
    pub(crate) fn lifetime(&self, now: i64) -> Option<i64> {
        self.max_age.or_else(|| self.expires.map(|moment| moment.saturating_sub(now)))
    }

    /// The same by the last Expires alone, as Chromium reads it.
    pub(crate) fn lifetime_in_chromium(&self, now: i64) -> Option<i64> {
        self.last_expires.and_then(date::parse_as_chromium).map(|moment| moment.saturating_sub(now))
    }
}

/// `-?DIGIT+`, cut to what fits.
fn max_age(value: &[u8]) -> Option<i64> {
    let (is_negative, text) = match value {
        [b'-', text @ ..] => (true, text),
        text => (false, text),
    };
    digits(text).map(|number| if is_negative { -number } else { number })
}

fn digits(text: &[u8]) -> Option<i64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let add = |number: i64, digit: &u8| number.saturating_mul(10).saturating_add(i64::from(digit - b'0'));
    Some(text.iter().fold(0, add))
}

fn same_site(value: &[u8]) -> Option<SameSite> {
    [SameSite::None, SameSite::Lax, SameSite::Strict]
        .into_iter()
        .find(|known| value.eq_ignore_ascii_case(known.as_str().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_as_browsers_split_them() {
        for (line, name, value) in [
            ("a=b", "a", "b"),
            ("a=b=c; Path=/", "a", "b=c"),
            (" a \t= b ; x", "a", "b"),
            ("a=\"b;c\"", "a", "\"b"),
            ("=_ga=1", "", "_ga=1"),
            ("_ga", "", "_ga"),
            ("", "", ""),
            (";a=b", "", ""),
            ("a,b=c", "a,b", "c"),
            ("\u{a0}a=b", "\u{a0}a", "b"),
        ] {
            let (content, _) = value_and_rest(line.as_bytes());
            assert_eq!((super::name(line.as_bytes()), content), (name.as_bytes(), value.as_bytes()), "{line:?}");
        }
    }

    #[test]
    fn only_what_a_browser_deletes_is_a_deletion() {
        let now = 1_800_000_000;
        for (line, deletes) in [
            ("a=; Max-Age=0", true),
            ("a=1; max-age=-5", true),
            ("a=1; MAX-AGE= 0 ", true),
            ("a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", true),
            ("a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0", true),
            ("a=; Max-Age=0; Max-Age=99", false),
            ("a=; Max-Age=99; Max-Age=0", true),
            ("a=; Max-Age=99; Expires=Thu, 01 Jan 1970 00:00:00 GMT", false),
            ("a=; Max-Age=0; Expires=Thu, 01 Jan 2099 00:00:00 GMT", true),
            ("a=; Expires=0", false),
            ("a=; Expires=-1", false),
            ("a=; Max-Age=", false),
            ("a=; Max-Age=-", false),
            ("a=; Max-Age=+0", false),
            ("a=; Max-Age=0x0", false),
            ("a=; Max-Age=\"0\"", false),
            ("a=; Expires=1970-01-01T00:00:00Z", false),
            ("a=; Expires=01 Jan 69 00:00:00 GMT", false),
            ("a=; Max-Age=0; Max-Age=foo", true),
            ("a=b", false),
            ("a=", false),
        ] {
            let (_, rest) = value_and_rest(line.as_bytes());
            assert_eq!(Attributes::parse(rest).is_deletion(now), deletes, "{line}");
        }
    }

    #[test]
    fn an_attribute_of_more_than_1024_bytes_is_ignored() {
        let line = format!("a=b; Max-Age={}; Secure={}", "0".repeat(1_025), "x".repeat(1_024));
        let (_, rest) = value_and_rest(line.as_bytes());
        let attributes = Attributes::parse(rest);
        assert_eq!(attributes.max_age, None);
        assert!(attributes.secure);
    }
}
