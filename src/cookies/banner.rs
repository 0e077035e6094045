//! The cookies of banners: read from a request, expired when the visitor chooses elsewhere, set again.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

use super::{
    cache::is_for_everybody,
    pairs::{pairs, trim},
    request::Shown,
    set_cookie,
};
use crate::{
    decide::{Decision, Found, grants_end, refusals_end},
    policy::{BannerSource, MAX_COOKIE_SECONDS, MAX_EXPIRY_LINES, Policy, SameSite, Scope, expiry_line},
    sources::{
        Banner,
        answers::Mapping,
        jar::Jar,
        reading::{self, BannerReading},
    },
};

/// Bytes of cookies that one answer sets again at most: many servers and proxies cap all headers at 8 KiB.
const MAX_REISSUED: usize = 6 * 1024;

/// The banners of a policy whose name stands in a `Cookie` line: no other reader runs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BannersSeen(u32);

impl BannersSeen {
    /// Looks for banners in a line.
    pub(crate) fn add(&mut self, policy: &Policy, line: &[u8]) {
        for (place, banner) in policy.banners().iter().enumerate() {
            if banner.is_in(line) {
                self.0 |= 1 << place;
            }
        }
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    const fn contains(self, place: usize) -> bool {
        self.0 & (1 << place) != 0
    }
}

/// What every source of the policy says, in its order; `own` is read where it stands among them.
pub(crate) fn sources<'p>(
    policy: &'p Policy,
    seen: BannersSeen,
    headers: &'p HeaderMap,
    own: impl FnOnce() -> Found<'p>,
) -> impl Iterator<Item = Found<'p>> {
    let (before, after) = policy.banners().split_at(policy.own_place().min(policy.banners().len()));
    let read = move |(place, banner): (usize, &'p BannerSource)| {
        let reading = if seen.contains(place) {
            banner.read(&jar(headers, |name| banner.owns(name)))
        } else {
            BannerReading::Nothing
        };
        Found::Banner(banner, reading)
    };
    let before_count = before.len();
    let behind = after.iter().enumerate().map(move |(place, banner)| (place + before_count, banner));
    before.iter().enumerate().map(read).chain(std::iter::once_with(own)).chain(behind.map(read))
}

/// The cookies of a banner.
fn jar(headers: &HeaderMap, is_its: impl Fn(&[u8]) -> bool) -> Jar<'_> {
    let mut jar = Jar::default();
    let lines = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes);
    for (name, value) in lines.flat_map(cookies).filter(|(name, _)| is_its(name)) {
        jar.add(name, value);
    }
    jar
}

/// The names and raw values of a line.
fn cookies(line: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    pairs(line).filter_map(|pair| {
        let whole = line.get(pair.start..pair.end)?;
        let equals = memchr::memchr(b'=', whole)?;
        Some((pair.name, trim(whole.get(equals + 1..)?)))
    })
}

impl Banner {
    /// The banners whose cookies a request carries, under their usual names: for reports and drafts. A name alone does not
    /// tell: some are shared by several tools (`CookieConsent`), so the value must have the tool's shape too.
    ///
    /// What is enforced is read only from the sources that the policy names.
    ///
    /// ```
    /// use tower_consent::Banner;
    ///
    /// let mut headers = http::HeaderMap::new();
    /// headers.insert("cookie", "session=1; klaro=%7B%22matomo%22%3Atrue%7D".parse()?);
    /// assert_eq!(Banner::detect(&headers).collect::<Vec<_>>(), [Banner::Klaro]);
    /// # Ok::<(), http::header::InvalidHeaderValue>(())
    /// ```
    pub fn detect(headers: &HeaderMap) -> impl Iterator<Item = Self> {
        let nothing_mapped = Mapping::default();
        Self::ALL.iter().copied().filter(move |banner| {
            let format = banner.format();
            let first = format.cookies.first().map_or("", |first| first.name).as_bytes();
            let jar = jar(headers, |name| format.cookies.iter().any(|cookie| cookie.is(name)));
            let is_there = format.first_values(&jar, first).next().is_some();
            let has_shape = || match reading::read(format, &jar, first, &nothing_mapped, None) {
                BannerReading::Malformed => false,
                BannerReading::Nothing
                | BannerReading::Ambiguous
                | BannerReading::Choice(_)
                | BannerReading::OptOut(_) => true,
            };
            is_there && has_shape()
        })
    }
}

/// Expires the cookies of banners that the request showed: the visitor has chosen elsewhere, and the banner asks again.
/// Those without which a banner has no choice go first: the others may be more than fit.
///
/// `host` is the request's, in lower case and without port: a banner may have named it as a Domain.
pub(crate) fn expire_banners(headers: &mut HeaderMap, policy: &Policy, shown: &Shown, host: Option<&str>) {
    // Never more names than lines, so that the search for one that came before stays short.
    let mut done: Vec<&[u8]> = Vec::new();
    let mut lines = 0;
    let is_its = |name: &&[u8]| policy.banners().iter().any(|banner| banner.owns(name));
    let all = || shown.lines().iter().flat_map(|line| cookies(line.as_bytes())).map(|(name, _)| name);
    let names = || all().filter(is_its);
    let decides = |name: &&[u8]| policy.banners().iter().any(|banner| banner.decides_by(name));
    for name in names().filter(decides).chain(names().filter(|name| !decides(name))) {
        if done.contains(&name) || is_set(headers, name) {
            continue;
        }
        let mut is_new = true;
        // Several banners can share a cookie: it stands where one of them says.
        let mut scopes: Vec<Scope> = Vec::new();
        for scope in
            policy.banners().iter().filter(|banner| banner.owns(name)).flat_map(|banner| banner.scopes_at(host))
        {
            if scopes.contains(&scope) {
                continue;
            }
            let line = expiry_line(name, &scope, false, false);
            scopes.push(scope);
            let Some(line) = line else { continue };
            if lines == MAX_EXPIRY_LINES {
                return;
            }
            lines += 1;
            headers.append(header::SET_COOKIE, line);
            if std::mem::take(&mut is_new) {
                done.push(name);
            }
        }
    }
}

/// Whether the answer sets a cookie of this name itself.
fn is_set(headers: &HeaderMap, name: &[u8]) -> bool {
    headers.get_all(header::SET_COOKIE).iter().any(|line| set_cookie::name(line.as_bytes()) == name)
}

/// Sets the cookies of the banner again that holds the choice, byte for byte, until the choice ends; tells whether it did.
pub(crate) fn reissue_banner(headers: &mut HeaderMap, decision: &Decision, shown: &Shown) -> bool {
    let Some(banner) = decision.banner_source() else { return false };
    let (Some(reissue), Some(choice)) = (&banner.reissue, decision.raw_choice()) else { return false };
    let policy = decision.policy();
    let end = if choice.granted.is_empty() { refusals_end(policy, choice) } else { grants_end(policy, choice) };
    // The banner too holds its cookie for good no longer than it says itself.
    let end = choice.until.map_or(end, |until| until.min(end));
    let left = end.saturating_sub(decision.now()).min(MAX_COOKIE_SECONDS);
    // Without its time a choice would begin anew with each page.
    let is_due = decision.undecided().is_none()
        && choice.is_dated
        && left > 0
        && decision.forbids_storing().is_none()
        && !is_for_everybody(headers);
    if !is_due {
        return false;
    }
    let its = || shown.lines().iter().flat_map(|line| cookies(line.as_bytes())).filter(|(name, _)| banner.owns(name));
    // Of copies that differ nobody can tell which one stands where: the older one must not take the newer one's place.
    // Nor of several that decide, as a banner with a cookie for each of its policies has them.
    let is_copied = |(name, value)| {
        let differs = |(other, copy)| {
            if other == name { copy != value } else { banner.decides_by(name) && banner.decides_by(other) }
        };
        its().any(differs)
    };
    let bytes: usize = its().map(|(name, value)| name.len() + value.len()).sum();
    // Counted first: each of them is compared with each.
    if its().count() > MAX_EXPIRY_LINES || bytes > MAX_REISSUED || its().any(is_copied) {
        return false;
    }
    let mut done: Vec<&[u8]> = Vec::new();
    for (name, value) in its() {
        if done.contains(&name) || is_set(headers, name) {
            continue;
        }
        done.push(name);
        let left = left.to_string();
        let parts: [&[u8]; 10] = [
            name,
            b"=",
            value,
            b"; Path=",
            reissue.path.as_bytes(),
            if reissue.domain.is_some() { b"; Domain=" } else { b"" },
            reissue.domain.as_deref().unwrap_or_default().as_bytes(),
            b"; Max-Age=",
            left.as_bytes(),
            if reissue.secure { b"; Secure" } else { b"" },
        ];
        let same_site: &[u8] = match reissue.same_site {
            SameSite::None => b"; SameSite=None",
            SameSite::Lax => b"; SameSite=Lax",
            SameSite::Strict => b"; SameSite=Strict",
        };
        // Bytes of a header value, cut at `;`, and plain text: they are one again.
        if let Ok(line) = HeaderValue::from_maybe_shared(Bytes::from([parts.concat().as_slice(), same_site].concat())) {
            headers.append(header::SET_COOKIE, line);
        }
    }
    !done.is_empty()
}
