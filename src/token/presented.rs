//! The token that came with a request: from its cookie or its `Authorization`, and from nowhere else.

use http::{HeaderMap, header};
use memchr::memmem::Finder;

use super::secret::Token;
use crate::{cookies::request::FoundCookie, store::TokenDigest};

/// What a request shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presented {
    /// No token at all.
    Nothing,
    /// Something that is no token, alone. It never reaches the store.
    Malformed { by_cookie: bool },
    /// Two that differ: whose request it is cannot be told (R53).
    AtOdds,
    /// One token.
    One { digest: TokenDigest, by_cookie: bool },
}

impl Presented {
    /// Reads the `Cookie` and `Authorization` fields.
    pub(super) fn read(headers: &HeaderMap, cookie: &Finder<'_>) -> Self {
        let mut found = FoundCookie::default();
        headers.get_all(header::COOKIE).iter().for_each(|line| found.add(cookie, line.as_bytes()));
        let Ok(by_cookie) = found.value() else { return Self::AtOdds };
        let mut bearers = headers.get_all(header::AUTHORIZATION).iter().filter_map(|line| bearer(line.as_bytes()));
        let by_bearer = bearers.next();
        if bearers.any(|other| Some(other) != by_bearer) {
            return Self::AtOdds;
        }
        let text = match (by_cookie, by_bearer) {
            (None, None) => return Self::Nothing,
            (Some(cookie), Some(bearer)) if cookie != bearer => return Self::AtOdds,
            (Some(text), _) | (None, Some(text)) => text,
        };
        let by_cookie = by_cookie.is_some();
        match Token::parse(text) {
            Some(token) => Self::One { digest: token.digest(), by_cookie },
            None => Self::Malformed { by_cookie },
        }
    }

    /// Whether it came by cookie: then the browser must forget it once it is dead. Where two differ nothing is expired,
    /// because one of them may be planted, and the other alive.
    pub(super) const fn is_by_cookie(&self) -> bool {
        matches!(self, Self::Malformed { by_cookie: true } | Self::One { by_cookie: true, .. })
    }
}

/// The credentials of `Bearer <credentials>` (RFC 6750 section 2.1); the scheme's case does not count (RFC 9110 section 11.1).
fn bearer(line: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = line.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return None;
    }
    match rest {
        [] => Some(&[]),
        [b' ', ..] => Some(rest.trim_ascii()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const A: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const B: &str = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA";

    #[test]
    fn what_a_request_shows() {
        use Presented::{AtOdds, Malformed, Nothing};
        let one = |text: &str, by_cookie| Presented::One {
            digest: Token::parse(text.as_bytes()).unwrap().digest(),
            by_cookie,
        };
        let bearer = |text: &str| vec![format!("Bearer {text}")];
        let cookie = |text: &str| vec![format!("a=b; t={text}")];
        for (cookies, authorization, expected) in [
            (vec![], vec![], Nothing),
            (vec!["xt=1; t_=2".to_owned()], vec!["Basic dDp0".to_owned()], Nothing),
            (cookie(A), vec![], one(A, true)),
            (vec![], bearer(A), one(A, false)),
            (vec![], vec![format!("bEaReR   {A} ")], one(A, false)),
            (vec![], vec![format!("Bearer\t{A}")], Nothing),
            (vec![], vec![format!("Bearer{A}")], Nothing),
            (cookie(A), bearer(A), one(A, true)),
            (cookie(A), bearer(B), AtOdds),
            (cookie(A), vec!["Bearer".to_owned()], AtOdds),
            (cookie(A), vec!["Bearer of.another.kind".to_owned()], AtOdds),
            (cookie(A), vec!["Basic dDp0".to_owned()], one(A, true)),
            (vec![format!("t={A}; t={A}")], vec![], one(A, true)),
            (vec![format!("t={A}; t={B}")], vec![], AtOdds),
            (vec![format!("t={A}"), format!("t={B}")], vec![], AtOdds),
            (vec![format!("t={A}; t=")], vec![], AtOdds),
            (vec![], vec![format!("Bearer {A}"), format!("Bearer {B}")], AtOdds),
            (vec![], vec![format!("Bearer {A}"), format!("Bearer {A}")], one(A, false)),
            (cookie(""), vec![], Malformed { by_cookie: true }),
            (cookie(&A[1..]), vec![], Malformed { by_cookie: true }),
            (cookie(&format!("{A}A")), vec![], Malformed { by_cookie: true }),
            (cookie(&"A".repeat(100_000)), vec![], Malformed { by_cookie: true }),
            (cookie(&A.replace('A', "+")), vec![], Malformed { by_cookie: true }),
            // The last character of 32 bytes has two bits that must be zero: one token has one written form.
            (cookie(&format!("{}B", &A[1..])), vec![], Malformed { by_cookie: true }),
            (cookie(&format!("\"{A}\"")), vec![], Malformed { by_cookie: true }),
            (vec![], bearer("\u{e9}"), Malformed { by_cookie: false }),
        ] {
            let mut headers = HeaderMap::new();
            for (name, lines) in [(header::COOKIE, &cookies), (header::AUTHORIZATION, &authorization)] {
                for line in lines {
                    headers.append(&name, HeaderValue::from_bytes(line.as_bytes()).unwrap());
                }
            }
            let found = Presented::read(&headers, &Finder::new("t"));
            assert_eq!(found, expected, "{cookies:?} {authorization:?}");
        }
    }
}
