//! Names that frameworks give to cookies of their own: sessions, sign-in, CSRF tokens, one-time messages, languages.
//!
//! The Open Cookie Database lists some of them as the cookies of third parties (`sessionid` as Instagram's) or of a product
//! that is built with the framework (`connect.sid` as Zendesk's), and others begin with one of its prefixes (`_session_id`
//! with `_s`). So none of them is judged by the catalogue.
//!
//! 1. Names are compared byte by byte, with and without a `__Host-`, `__Secure-`, `__Http-` or `__Host-Http-` before them.
//! 2. A `*` at the end stands for anything or nothing, one before that for an application's own name.
//! 3. A name with an application's own name in it (`_*_session`) counts only where the catalogue does not know it better:
//!    exactly, or by a prefix of five bytes.

mod compiled;
mod identity;
mod javascript;
mod scripts;

use super::lookup::Catalogue;

const SESSION: &str = "session";
const SIGN_IN: &str = "sign-in";
const REMEMBERED: &str = "remembered sign-in";
const CSRF: &str = "CSRF";
const MESSAGE: &str = "one-time message";
const LANGUAGE: &str = "language";
const APPEARANCE: &str = "appearance";

/// Beginnings of names in which a part is percent-encoded: AWS Amplify has the user's name there, as `me%40example.com`,
/// and OWIN a digest as base64, as `…%3D`.
const ENCODED: [&str; 2] = ["CognitoIdentityServiceProvider.", "OpenIdConnect.nonce."];

static GROUPS: [&[Group]; 5] = [scripts::GROUPS, compiled::GROUPS, javascript::GROUPS, identity::GROUPS, ANY];

/// In place of a framework's name: such a name says nothing of what its cookie is for.
pub(crate) const ANYBODY: &str = "Applications of all kinds";

/// What belongs to no one framework, and the loosest names, which are tried last.
static ANY: &[Group] = &[
    Group::new(
        ANYBODY,
        "what many applications call a cookie of their own, and the Open Cookie Database knows as another domain's",
        &[
            Known::new("auth_token", SIGN_IN),
            Known::new("token", SIGN_IN),
            Known::new("uid", SIGN_IN),
            Known::new("u", SIGN_IN),
            Known::new("pid", SESSION),
            Known::new("c", SESSION),
            Known::new("locale", LANGUAGE),
            Known::new("lang", LANGUAGE),
        ],
    ),
    Group::new(
        "Laravel, Catalyst",
        "Laravel, config/session.php: cookie; Catalyst::Plugin::Session::State::Cookie: cookie_name",
        &[Known::new("*_session", SESSION), Known::new("*-session", SESSION)],
    ),
];

/// A cookie that a framework sets for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FrameworkCookie {
    /// Its name; a `*` stands for what differs.
    pub name: &'static str,
    /// Who sets it.
    pub framework: &'static str,
    /// What for, in a word or two: "session", "CSRF", "sign-in", "language".
    pub purpose: &'static str,
    /// Where that is said.
    pub source: &'static str,
}

impl FrameworkCookie {
    /// Every name that is known, framework by framework.
    pub fn all() -> impl Iterator<Item = Self> {
        groups().flat_map(|group| group.names.iter().map(|known| group.cookie(known)))
    }
}

/// The framework that uses a name for itself, if one is known to. A name as it stands counts before one with a `*`; a name
/// that several use is told of the first.
///
/// ```
/// use tower_consent::framework_cookie;
///
/// assert_eq!(framework_cookie(b"__Host-sessionid").unwrap().framework, "Django");
/// assert_eq!(framework_cookie(b"_shop_session").unwrap().name, "_*_session");
/// assert_eq!(framework_cookie(b"_ga"), None);
/// ```
#[must_use]
pub fn framework_cookie(name: &[u8]) -> Option<FrameworkCookie> {
    find(name).or_else(|| find(without_prefix(name)?))
}

fn groups() -> impl Iterator<Item = &'static Group> {
    GROUPS.iter().copied().flatten()
}

/// A name as it stands before one with a `*`; of several of a kind the first.
fn find(name: &[u8]) -> Option<FrameworkCookie> {
    let first = *name.first()?;
    let mut pattern = None;
    for group in groups() {
        for known in group.names.iter().filter(|known| known.first == first || known.first == b'*') {
            if pattern.is_some() && known.star.is_some() || !known.fits(name) {
                continue;
            }
            if known.star.is_none() {
                return Some(group.cookie(known));
            }
            pattern = Some((group, known));
        }
    }
    let (group, known) = pattern?;
    let is_loose = known.is_loose() && Catalogue::lookup_to_enforce(name).is_some();
    (!is_loose).then(|| group.cookie(known))
}

/// Whether a framework percent-encodes a part of this name itself, so that it is no look-alike of another.
pub(crate) fn is_encoded_by_framework(name: &[u8]) -> bool {
    let name = without_prefix(name).unwrap_or(name);
    ENCODED.iter().any(|start| name.starts_with(start.as_bytes()))
}

/// A name without the prefix that makes a browser hold its cookie to the host or to HTTPS.
fn without_prefix(name: &[u8]) -> Option<&[u8]> {
    let prefixes: [&[u8]; 4] = [b"__Host-Http-", b"__Host-", b"__Secure-", b"__Http-"];
    prefixes.into_iter().find_map(|prefix| name.strip_prefix(prefix))
}

/// The names of one framework.
#[derive(Debug)]
struct Group {
    framework: &'static str,
    source: &'static str,
    names: &'static [Known],
}

impl Group {
    const fn new(framework: &'static str, source: &'static str, names: &'static [Known]) -> Self {
        Self { framework, source, names }
    }

    const fn cookie(&self, known: &Known) -> FrameworkCookie {
        FrameworkCookie { name: known.name, framework: self.framework, purpose: known.purpose, source: self.source }
    }
}

#[derive(Debug)]
struct Known {
    name: &'static str,
    /// Its first byte, so that most names are passed over without a look at them.
    first: u8,
    /// Where the `*` stands.
    star: Option<u8>,
    purpose: &'static str,
}

impl Known {
    const fn new(name: &'static str, purpose: &'static str) -> Self {
        let first = match name.as_bytes() {
            [first, ..] => *first,
            [] => 0,
        };
        let mut star = None;
        let mut place = 0;
        let mut rest = name.as_bytes();
        while let [byte, after @ ..] = rest {
            if *byte == b'*' && star.is_none() {
                star = Some(place);
            }
            (rest, place) = (after, place + 1);
        }
        Self { name, first, star, purpose }
    }

    fn fits(&self, name: &[u8]) -> bool {
        let known = self.name.as_bytes();
        let Some(star) = self.star.map(usize::from) else {
            return known == name;
        };
        let after = known.get(star + 1..).unwrap_or_default();
        let begins = known.get(..star).and_then(|before| name.strip_prefix(before));
        begins.is_some_and(|rest| match (after, after.strip_suffix(b"*")) {
            ([], _) => true,
            (_, None) => rest.len() > after.len() && rest.ends_with(after),
            (_, Some(inner)) => rest.get(1..).is_some_and(|rest| memchr::memmem::find(rest, inner).is_some()),
        })
    }

    /// Whether it stands for names with an application's own name in them.
    fn is_loose(&self) -> bool {
        self.star.is_some_and(|star| usize::from(star) + 1 < self.name.len())
    }
}

/// What the names take in the binary, a relocation of 24 bytes for each reference included.
#[cfg(test)]
pub(super) fn static_size() -> usize {
    let names = |group: &Group| group.names.iter().map(|known| size_of::<Known>() + 2 * 24 + known.name.len());
    groups()
        .map(|group| {
            let own = size_of::<Group>() + 3 * 24 + group.framework.len() + group.source.len();
            own + names(group).sum::<usize>()
        })
        .sum()
}
