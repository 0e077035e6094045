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
    /// Two that differ: whose request it is cannot be told (R53). A sign-in ends both.
    AtOdds([Option<TokenDigest>; 2]),
    /// One token.
    One { digest: TokenDigest, by_cookie: bool },
}

impl Presented {
    /// Reads the `Cookie` and `Authorization` fields.
    pub(super) fn read(headers: &HeaderMap, cookie: &Finder<'_>) -> Self {
        let mut found = FoundCookie::default();
        headers.get_all(header::COOKIE).iter().for_each(|line| found.add(cookie, line.as_bytes()));
        let lines = headers.get_all(header::AUTHORIZATION).iter();
        let mut bearers = lines.filter_map(|line| bearer(line.as_bytes()));
        let by_bearer = bearers.next();
        let other_bearer = bearers.find(|other| Some(*other) != by_bearer);
        let by_cookie = found.value().ok().flatten();
        let mut all = found.values().chain(by_bearer).chain(other_bearer);
        let Some(text) = all.next() else { return Self::Nothing };
        if let Some(other) = all.find(|other| *other != text) {
            return Self::AtOdds([text, other].map(|text| Token::parse(text).map(|token| token.digest())));
        }
        let by_cookie = by_cookie.is_some();
        match Token::parse(text) {
            Some(token) => Self::One { digest: token.digest(), by_cookie },
            None => Self::Malformed { by_cookie },
        }
    }

    /// The tokens, for a sign-in that ends them.
    pub(super) fn digests(&self) -> impl Iterator<Item = TokenDigest> + use<> {
        match *self {
            Self::Nothing | Self::Malformed { .. } => [None, None],
            Self::AtOdds(digests) => digests,
            Self::One { digest, .. } => [Some(digest), None],
        }
        .into_iter()
        .flatten()
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
        use Presented::{Malformed, Nothing};
        let digest = |text: &str| Token::parse(text.as_bytes()).map(|token| token.digest());
        let at_odds = |one: &str, other: &str| Presented::AtOdds([digest(one), digest(other)]);
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
            (cookie(A), bearer(B), at_odds(A, B)),
            (cookie(A), vec!["Bearer".to_owned()], at_odds(A, "")),
            (cookie(A), vec!["Bearer of.another.kind".to_owned()], at_odds(A, "")),
            (cookie(A), vec!["Basic dDp0".to_owned()], one(A, true)),
            (vec![format!("t={A}; t={A}")], vec![], one(A, true)),
            (vec![format!("t={A}; t={B}")], vec![], at_odds(A, B)),
            (vec![format!("t={A}"), format!("t={B}")], vec![], at_odds(A, B)),
            (vec![format!("t={A}; t=")], vec![], at_odds(A, "")),
            (vec![], vec![format!("Bearer {A}"), format!("Bearer {B}")], at_odds(A, B)),
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
