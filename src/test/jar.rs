//! A cookie jar that stores and sends as a browser does (rfc6265bis sections 5.6 to 5.8).

use std::fmt;

use http::Uri;

use crate::{
    cookies::set_cookie::{Attributes, name, value_and_rest},
    policy::{MAX_COOKIE_SECONDS, NamePrefix, SameSite},
};

/// Bytes of name and value together that browsers store at most.
const MAX_NAME_AND_VALUE: usize = 4_096;

/// A cookie that the browser holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldCookie {
    name: Vec<u8>,
    value: Vec<u8>,
    /// `None` while it waits for the site that is asked next.
    domain: Option<String>,
    is_host_only: bool,
    path: Vec<u8>,
    is_secure: bool,
    is_http_only: bool,
    is_partitioned: bool,
    same_site: Option<SameSite>,
    expires: Option<i64>,
}

impl HeldCookie {
    /// The name; empty for a nameless cookie.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// The host, or the domain with everything below it; empty while a choice waits for the site that is asked next.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.domain.as_deref().unwrap_or_default()
    }

    /// Whether the cookie is sent to the very host only that set it.
    #[must_use]
    pub const fn is_host_only(&self) -> bool {
        self.is_host_only
    }

    /// The path under which the cookie is sent.
    #[must_use]
    pub fn path(&self) -> &[u8] {
        &self.path
    }

    /// Whether it is sent over https only.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// Whether it is out of reach of scripts.
    #[must_use]
    pub const fn is_http_only(&self) -> bool {
        self.is_http_only
    }

    /// Whether it lives in the partition of the visited site (CHIPS).
    #[must_use]
    pub const fn is_partitioned(&self) -> bool {
        self.is_partitioned
    }

    /// When the cookie ends, in Unix seconds; `None` if with the browser session.
    #[must_use]
    pub const fn expires(&self) -> Option<i64> {
        self.expires
    }

    fn is_live(&self, now: i64) -> bool {
        self.expires.is_none_or(|end| end > now)
    }

    /// Whether both are the same cookie, so that one replaces or deletes the other.
    fn is_same(&self, other: &Self) -> bool {
        let key = |cookie: &Self| (cookie.is_host_only, cookie.is_partitioned);
        self.name == other.name && self.domain == other.domain && self.path == other.path && key(self) == key(other)
    }

    fn is_sent(&self, place: &Place, is_cross_site: bool) -> bool {
        let Some(domain) = &self.domain else { return false };
        let is_host = place.host == *domain || (!self.is_host_only && is_below(&place.host, domain));
        let may_cross = self.same_site == Some(SameSite::None) && !self.is_partitioned;
        is_host
            && is_under(place.path.as_bytes(), &self.path)
            && (place.is_secure || !self.is_secure)
            && (may_cross || !is_cross_site)
    }
}

impl fmt::Display for HeldCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={} at ", self.name.escape_ascii(), self.value.escape_ascii())?;
        match (&self.domain, self.is_host_only) {
            (None, _) => f.write_str("the site that is asked next"),
            (Some(host), true) => write!(f, "only {host}"),
            (Some(domain), false) => write!(f, "{domain} and below"),
        }?;
        write!(f, ", path {}", self.path.escape_ascii())?;
        let marks = [(self.is_secure, "Secure"), (self.is_http_only, "HttpOnly"), (self.is_partitioned, "Partitioned")];
        marks.iter().filter(|(has, _)| *has).try_for_each(|(_, mark)| write!(f, ", {mark}"))
    }
}

/// An address, as far as cookies need it.
#[derive(Clone, Debug)]
pub(super) struct Place {
    scheme: String,
    authority: String,
    host: String,
    path: String,
    is_secure: bool,
}

impl Place {
    /// `None` for what is no absolute http(s) address.
    pub(super) fn parse(address: &str) -> Option<Self> {
        let uri: Uri = address.parse().ok()?;
        let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"))?.to_owned();
        let host = uri.host().filter(|host| !host.is_empty())?.to_ascii_lowercase();
        let is_local = host == "localhost" || host.ends_with(".localhost") || host == "[::1]" || host == "127.0.0.1";
        Some(Self {
            is_secure: scheme == "https" || is_local,
            authority: uri.authority()?.to_string(),
            path: uri.path().to_owned(),
            scheme,
            host,
        })
    }

    pub(super) fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }

    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    pub(super) const fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// The directory of the path (rfc6265bis section 5.1.4).
    fn default_path(&self) -> &str {
        match self.path.rsplit_once('/') {
            Some((directory, _)) if directory.starts_with('/') => directory,
            _ => "/",
        }
    }
}

/// Who sets a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setter {
    Server,
    Script,
}

/// Why a line is not stored.
type Why = &'static str;

/// The cookies of one browser, the oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Jar {
    cookies: Vec<HeldCookie>,
    rejected: Vec<(String, Why)>,
}

impl Jar {
    /// The cookies that have not expired.
    pub(super) fn live(&self, now: i64) -> impl Iterator<Item = &HeldCookie> {
        self.cookies.iter().filter(move |cookie| cookie.is_live(now))
    }

    /// The lines that were not stored, and why.
    pub(super) fn rejected(&self) -> impl Iterator<Item = &(String, Why)> {
        self.rejected.iter()
    }

    /// Stores what a line sets, or deletes.
    pub(super) fn store(&mut self, line: &[u8], address: &str, setter: Setter, now: i64) {
        let judged = match Place::parse(address) {
            Some(place) => read(line, &place, now).and_then(|cookie| self.may_store(cookie, &place, setter, now)),
            None => Err("the address is not an absolute one"),
        };
        match judged {
            Ok(cookie) => self.put(cookie, now),
            Err(why) => self.rejected.push((line.escape_ascii().to_string(), why)),
        }
    }

    /// Holds the cookie of a line for the site that is asked next, unless the line says for which.
    pub(super) fn promise(&mut self, line: &[u8], now: i64) {
        let (value, rest) = value_and_rest(line);
        let attributes = Attributes::parse(rest);
        let domain = attributes.domain.map(domain_of);
        self.put(
            HeldCookie { is_host_only: domain.is_none(), domain, ..new(name(line), value, &attributes, now) },
            now,
        );
    }

    /// Gives the waiting cookies to this site; tells whether none waits any more.
    pub(super) fn settle(&mut self, place: &Place) -> bool {
        let mut settled: Vec<HeldCookie> = Vec::with_capacity(self.cookies.len());
        for mut cookie in self.cookies.drain(..) {
            if place.is_secure || !cookie.is_secure {
                cookie.domain.get_or_insert_with(|| place.host.clone());
            }
            settled.retain(|older| !older.is_same(&cookie));
            settled.push(cookie);
        }
        self.cookies = settled;
        self.cookies.iter().all(|cookie| cookie.domain.is_some())
    }

    /// The `Cookie` line of a request: longer paths first, then older cookies (rfc6265bis section 5.8.3).
    pub(super) fn line(&self, place: &Place, is_cross_site: bool, now: i64) -> Vec<u8> {
        let mut sent: Vec<_> = self.live(now).filter(|cookie| cookie.is_sent(place, is_cross_site)).collect();
        sent.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pair = |cookie: &&HeldCookie| match &cookie.name[..] {
            [] => cookie.value.clone(),
            name => [name, &cookie.value].join(&b'='),
        };
        sent.iter().map(pair).collect::<Vec<_>>().join(&b"; "[..])
    }

    fn put(&mut self, cookie: HeldCookie, now: i64) {
        self.cookies.retain(|known| known.is_live(now));
        let place = self.cookies.iter().position(|known| known.is_same(&cookie));
        match (place, cookie.is_live(now)) {
            (Some(place), true) => {
                // A cookie that is set anew keeps its age.
                if let Some(known) = self.cookies.get_mut(place) {
                    *known = cookie;
                }
            }
            (Some(place), false) => _ = self.cookies.remove(place),
            (None, true) => self.cookies.push(cookie),
            (None, false) => {}
        }
    }

    /// What depends on the cookies that are there and on who sets one.
    fn may_store(&self, cookie: HeldCookie, place: &Place, setter: Setter, now: i64) -> Result<HeldCookie, Why> {
        if setter == Setter::Script && cookie.is_http_only {
            return Err("a script cannot set HttpOnly");
        }
        if setter == Setter::Script && self.live(now).any(|known| known.is_http_only && known.is_same(&cookie)) {
            return Err("a script cannot overwrite an HttpOnly cookie");
        }
        // "Leave Secure cookies alone": an insecure page must not shadow or delete one.
        let shadows = |known: &HeldCookie| {
            let (known_domain, domain) = (known.domain(), cookie.domain());
            known.is_secure
                && known.name == cookie.name
                && (known_domain == domain || is_below(known_domain, domain) || is_below(domain, known_domain))
                && is_under(&cookie.path, &known.path)
        };
        if !cookie.is_secure && !place.is_secure && self.live(now).any(shadows) {
            return Err("a page without https cannot overwrite a Secure cookie");
        }
        Ok(cookie)
    }
}

/// The cookie of a line, with the line's own attributes only.
fn new(name: &[u8], value: &[u8], attributes: &Attributes<'_>, now: i64) -> HeldCookie {
    let most = now.saturating_add(MAX_COOKIE_SECONDS);
    HeldCookie {
        name: name.to_vec(),
        value: value.to_vec(),
        domain: None,
        is_host_only: true,
        path: attributes.path.unwrap_or(b"/").to_vec(),
        is_secure: attributes.secure,
        is_http_only: attributes.http_only,
        is_partitioned: false,
        same_site: attributes.same_site,
        expires: attributes.lifetime(now).map(|seconds| now.saturating_add(seconds).min(most)),
    }
}

/// What a line sets at an address, or why nothing (R24 to R36).
fn read(line: &[u8], place: &Place, now: i64) -> Result<HeldCookie, Why> {
    if line.iter().any(|byte| matches!(byte, 0x00..=0x08 | 0x0a..=0x1f | 0x7f)) {
        return Err("it holds a control character");
    }
    let name = name(line);
    let (value, rest) = value_and_rest(line);
    let attributes = Attributes::parse(rest);
    if name.is_empty() && value.is_empty() {
        return Err("it has neither name nor value");
    }
    if name.len() + value.len() > MAX_NAME_AND_VALUE {
        return Err("name and value have more than 4096 bytes");
    }
    let mut cookie = new(name, value, &attributes, now);
    cookie.is_partitioned = has_partitioned(rest);
    let domain = attributes.domain.map(domain_of).filter(|domain| !domain.is_empty());
    cookie.is_host_only = domain.as_ref().is_none_or(|domain| is_suffix(domain));
    cookie.domain = Some(match domain {
        None => place.host.clone(),
        Some(domain) if domain == place.host || (!is_suffix(&domain) && is_below(&place.host, &domain)) => domain,
        Some(_) => return Err("its Domain is not the host's"),
    });
    if !cookie.path.starts_with(b"/") || attributes.path.is_none() {
        cookie.path = place.default_path().into();
    }
    check_secure(&cookie, place)?;
    check_prefix(&cookie, &attributes)?;
    Ok(cookie)
}

fn check_secure(cookie: &HeldCookie, place: &Place) -> Result<(), Why> {
    if cookie.is_secure && !place.is_secure {
        return Err("Secure needs https");
    }
    if cookie.same_site == Some(SameSite::None) && !cookie.is_secure {
        return Err("SameSite=None needs Secure");
    }
    if cookie.is_partitioned && !cookie.is_secure {
        return Err("Partitioned needs Secure");
    }
    Ok(())
}

fn check_prefix(cookie: &HeldCookie, attributes: &Attributes<'_>) -> Result<(), Why> {
    let prefix = NamePrefix::of(&cookie.name);
    if cookie.name.is_empty() && NamePrefix::of(&cookie.value).needs_secure {
        return Err("a nameless cookie must not look like one with a prefix");
    }
    if prefix.needs_secure && !cookie.is_secure {
        return Err("its prefix needs Secure");
    }
    if prefix.needs_http_only && !cookie.is_http_only {
        return Err("its prefix needs HttpOnly");
    }
    let is_host = attributes.domain.is_none_or(<[u8]>::is_empty) && attributes.path == Some(b"/");
    if prefix.needs_host && !is_host {
        return Err("its prefix needs Path=/ and no Domain");
    }
    Ok(())
}

/// Whether the attribute `Partitioned` stands in a line.
fn has_partitioned(rest: &[u8]) -> bool {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    rest.split(|byte| *byte == b';').skip(1).any(|piece| {
        let attribute = piece.split(|byte| *byte == b'=').next().unwrap_or_default();
        let start = attribute.iter().position(|byte| !is_blank(byte)).unwrap_or_default();
        let end = attribute.iter().rposition(|byte| !is_blank(byte)).map_or(start, |last| last + 1);
        attribute.get(start..end).is_some_and(|name| name.eq_ignore_ascii_case(b"partitioned"))
    })
}

/// A Domain attribute without one leading dot, in lower case.
fn domain_of(value: &[u8]) -> String {
    let domain = value.strip_prefix(b".").unwrap_or(value);
    String::from_utf8_lossy(domain).to_ascii_lowercase()
}

/// Whether a domain is taken for a public suffix, of which there is no list here: one without a dot.
fn is_suffix(domain: &str) -> bool {
    !domain.contains('.')
}

/// Whether a host lies below a domain (rfc6265bis section 5.1.3). An IP address lies below nothing.
fn is_below(host: &str, domain: &str) -> bool {
    let is_address = host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok();
    !is_address && host.strip_suffix(domain).is_some_and(|start| start.ends_with('.'))
}

/// Whether a request path lies under a cookie's path (rfc6265bis section 5.1.4).
fn is_under(path: &[u8], cookie_path: &[u8]) -> bool {
    path.strip_prefix(cookie_path)
        .is_some_and(|rest| rest.is_empty() || cookie_path.ends_with(b"/") || rest.starts_with(b"/"))
}
