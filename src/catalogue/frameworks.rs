//! Names that frameworks give to cookies of their own: sessions, sign-in, CSRF tokens, one-time messages, languages.
//!
//! The Open Cookie Database lists some of them as the cookies of third parties (`sessionid` as Instagram's) or of a product
//! that is built with the framework (`connect.sid` as Zendesk's), and others begin with one of its prefixes (`_session_id`
//! with `_s`). So none of them is judged by the catalogue.
//!
//! 1. Names are compared byte by byte, with and without a `__Host-`, `__Secure-`, `__Http-` or `__Host-Http-` before them.
//! 2. A `*` at the end stands for anything, one before it for an application's own name.
//! 3. A name with an application's own name in it (`_*_session`) counts only where the catalogue does not know it better:
//!    exactly, or by a prefix of five bytes.

use super::lookup::Catalogue;

mod names;

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
        names::ALL.iter().flat_map(|group| group.names.iter().map(|known| group.cookie(known)))
    }
}

/// The framework that uses a name for itself, if one is known to. A name that several use is told of the first.
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

fn find(name: &[u8]) -> Option<FrameworkCookie> {
    let mut all = names::ALL.iter().flat_map(|group| group.names.iter().map(move |known| (group, known)));
    let (group, known) = all.find(|(_, known)| known.fits(name))?;
    let is_loose = known.is_loose() && Catalogue::lookup_to_enforce(name).is_some();
    (!is_loose).then(|| group.cookie(known))
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
    const fn cookie(&self, known: &Known) -> FrameworkCookie {
        FrameworkCookie { name: known.name, framework: self.framework, purpose: known.purpose, source: self.source }
    }
}

#[derive(Debug)]
struct Known {
    name: &'static str,
    /// Where the `*` stands.
    star: Option<u8>,
    purpose: &'static str,
}

impl Known {
    const fn new(name: &'static str, purpose: &'static str) -> Self {
        let mut star = None;
        let mut place = 0;
        let mut rest = name.as_bytes();
        while let [byte, after @ ..] = rest {
            if *byte == b'*' && star.is_none() {
                star = Some(place);
            }
            (rest, place) = (after, place + 1);
        }
        Self { name, star, purpose }
    }

    fn fits(&self, name: &[u8]) -> bool {
        let known = self.name.as_bytes();
        let Some(star) = self.star.map(usize::from) else {
            return known == name;
        };
        let after = known.get(star + 1..).unwrap_or_default();
        let begins = known.get(..star).and_then(|before| name.strip_prefix(before));
        // What the star stands for is at least a byte.
        begins.is_some_and(|rest| match after.strip_suffix(b"*") {
            None => rest.len() > after.len() && rest.ends_with(after),
            Some(inner) => rest.get(1..).is_some_and(|rest| memchr::memmem::find(rest, inner).is_some()),
        })
    }

    /// Whether it stands for names with an application's own name in them.
    fn is_loose(&self) -> bool {
        self.star.is_some_and(|star| usize::from(star) + 1 < self.name.len())
    }
}
