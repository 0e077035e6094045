//! The requests that are measured, and the `Set-Cookie` lines that answer them.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, Uri};

use super::{Body, Result};

/// The cookie that carries the visitor's choice.
pub(crate) const CONSENT: &str = "__Host-consent";
/// The cookie that carries the sign-in.
pub(crate) const SESSION: &str = "session";

/// Cookies that always pass. A name that ends in `*` stands for a prefix.
pub(crate) const ESSENTIAL: &[&str] =
    &[CONSENT, SESSION, "csrftoken", "lang", "theme", "OptanonConsent", "__cf_bm", "pref_*"];
/// Cookies of the category *analytics*.
pub(crate) const ANALYTICS: &[&str] = &["_ga", "_ga_*", "_gid"];
/// Cookies of the category *marketing*.
pub(crate) const MARKETING: &[&str] = &["_fbp", "_gcl_au", "_mkt_*"];

/// Whether a cookie needs the visitor's consent.
pub(crate) fn is_optional(name: &str) -> bool {
    is_listed(name, ANALYTICS) || is_listed(name, MARKETING)
}

fn is_listed(name: &str, rules: &[&str]) -> bool {
    rules.iter().any(|rule| match rule.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == *rule,
    })
}

/// What the consent cookie of a request says. It never knows of a signal, so that a signal beats
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConsentKind {
    /// Analytics and marketing granted.
    Granted,
    /// Analytics and marketing refused.
    Refused,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// No cookies at all.
    None,
    /// DNT and Sec-GPC, three cookies, one of them to strip.
    Dnt,
    /// Twelve cookies, 1.2 kB, all of them allowed.
    Real,
    /// The same twelve, five of them to strip.
    RealStrip,
    /// 180 cookies, 8 kB, nine of ten to strip.
    Huge,
    /// 720 cookies, 32 kB, nine of ten to strip.
    Huge4,
}

impl Profile {
    pub(crate) const ALL: [Self; 6] = [Self::None, Self::Dnt, Self::Real, Self::RealStrip, Self::Huge, Self::Huge4];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Dnt => "dnt",
            Self::Real => "real",
            Self::RealStrip => "real-strip",
            Self::Huge => "huge",
            Self::Huge4 => "huge4",
        }
    }

    pub(crate) fn named(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|profile| profile.name() == name);
        found.ok_or_else(|| format!("no profile {name:?}").into())
    }

    pub(crate) fn has_signals(self) -> bool {
        self == Self::Dnt
    }

    /// Whether a contender that enforces consent has request cookies to strip.
    pub(crate) fn strips(self) -> bool {
        !matches!(self, Self::None | Self::Real)
    }

    pub(crate) fn consent(self) -> ConsentKind {
        match self {
            Self::None | Self::Dnt | Self::Real => ConsentKind::Granted,
            Self::RealStrip | Self::Huge | Self::Huge4 => ConsentKind::Refused,
        }
    }

    /// The cookies, in the order in which the browser sends them.
    fn cookies(self, consent: &str, session: &str) -> Vec<(String, String)> {
        let own = [(CONSENT, consent), (SESSION, session)];
        let others: &[(&str, &str)] = match self {
            Self::None => return Vec::new(),
            Self::Dnt => &REAL[..1],
            Self::Real | Self::RealStrip => REAL,
            Self::Huge | Self::Huge4 => SHORT,
        };
        let mut cookies: Vec<_> =
            own.iter().chain(others).map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let total = match self {
            Self::Huge => 180,
            Self::Huge4 => 720,
            _ => 0,
        };
        for number in cookies.len()..total {
            cookies.push(numbered(number));
        }
        cookies
    }
}

/// One of the many cookies of a huge header: 43 bytes with its name, one in ten of them essential.
fn numbered(number: usize) -> (String, String) {
    let name = match number % 10 {
        0 => format!("pref_{number:05}"),
        1..=5 => format!("_ga_{number:010}"),
        _ => format!("_mkt_{number:05}"),
    };
    let value = format!("{:x}", 0xb5ad_4ece_da1c_e2a9_u128 * (number as u128 + 1)).repeat(3);
    let room = 42 - name.len();
    (name, value[..room].to_owned())
}

/// What stands beside consent and session in a realistic header. The first is the one that `dnt`
/// sends.
const REAL: &[(&str, &str)] = &[
    ("_ga", "GA1.1.1234567890.1767225600"),
    ("_ga_7Q2MXK9BHT", "GS2.1.s1767225600$o14$g1$t1767229200$j51$l0$h0"),
    ("_gid", "GA1.2.987654321.1767225600"),
    ("_fbp", "fb.1.1767225600123.987654321012345678"),
    ("_gcl_au", "1.1.1122334455.1767225600"),
    (
        "OptanonConsent",
        "isGpcEnabled=0&datestamp=Thu+Jan+01+2026+10%3A00%3A00+GMT%2B0100\
         +(Central+European+Standard+Time)\
         &version=202411.2.0&browserGpcFlag=0&isIABGlobal=false&hosts=&landingPath=NotLandingPage\
         &consentId=5d2c6b1e-0f7a-4f6e-9b53-1c8a7e4d9f20&interactionCount=2&isAnonUser=1\
         &groups=C0001%3A1%2CC0002%3A1%2CC0003%3A1%2CC0004%3A1%2CC0005%3A1%2CBG17%3A1%2CBG18%3A1\
         &intType=1&geolocation=DE%3BBE&AwaitingReconsent=false&identifierType=Cookie+Unique+Id\
         &GPPCookiesCount=1&prevHadToken=0&isLandingPage=false&crossDomain=false\
         &lastSync=2026-01-01T09%3A00%3A00.000Z&banner=bottom&layout=standard&scope=ab",
    ),
    (
        "__cf_bm",
        "Zq3vK8rT1yWm5nXc7LpBd2sHf9JgA4eUoR6iQ0zMvNk-1767225600-1.0.1.1-\
         b7KxPq2YtVwZ4mRc8LnHs1JdF6gT3aUeXoI9yQ5kB0vMzNpWrCfSjDhGlEuAtOi",
    ),
    ("csrftoken", "k3J9xQ2mV7bN5cR8tY1wZ4pL6sD0fG3hKjA9eU2oI7yT5rW8qX1zC4vB6nM0aSdF"),
    ("lang", "en"),
    ("theme", "dark"),
];

/// The essential cookies that lead a huge header.
const SHORT: &[(&str, &str)] = &[
    ("csrftoken", "k3J9xQ2mV7bN5cR8tY1wZ4pL6sD0fG3hKjA9eU2oI7yT5rW8qX1zC4vB6nM0aSdF"),
    ("lang", "en"),
    ("theme", "dark"),
];

/// What every request carries: a script's fetch, or a navigation to a document, on which a consent
/// layer may have more to do (expire cookies in the browser).
const FETCH: &[(&str, &str)] =
    &[("accept", "*/*"), ("sec-fetch-dest", "empty"), ("sec-fetch-mode", "cors"), ("sec-fetch-site", "same-origin")];
const DOCUMENT: &[(&str, &str)] = &[
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("sec-fetch-dest", "document"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-site", "same-origin"),
];
const ALWAYS: &[(&str, &str)] = &[
    ("host", "www.example.com"),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"),
    ("accept-language", "en-GB,en;q=0.7,de;q=0.3"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("referer", "https://www.example.com/account"),
    ("connection", "keep-alive"),
];
const SIGNALS: &[(&str, &str)] = &[("dnt", "1"), ("sec-gpc", "1")];

/// A request that can be made again and again.
#[derive(Debug)]
pub(crate) struct Template {
    headers: HeaderMap,
    uri: Uri,
    /// Bytes of the `Cookie` header.
    pub(crate) sent: usize,
    /// Bytes that are left of it where consent is enforced.
    pub(crate) allowed: usize,
}

impl Template {
    pub(crate) fn new(profile: Profile, document: bool, consent: &str, session: &str) -> Result<Self> {
        let cookies = profile.cookies(consent, session);
        // A cookie without a rule would be stripped by one contender and passed by another.
        let is_declared = |name: &str| is_optional(name) || is_listed(name, ESSENTIAL);
        if let Some((name, _)) = cookies.iter().find(|(name, _)| !is_declared(name)) {
            return Err(format!("no list has the cookie {name:?}").into());
        }
        let signals = if profile.has_signals() { SIGNALS } else { &[] };
        let strips = profile.strips();
        let line = |keep: &dyn Fn(&str) -> bool| {
            let kept = cookies.iter().filter(|(name, _)| keep(name));
            let pairs: Vec<_> = kept.map(|(name, value)| format!("{name}={value}")).collect();
            pairs.join("; ")
        };
        let sent = line(&|_| true);
        let allowed = line(&|name| !strips || !is_optional(name));

        let mut fields = ALWAYS.to_vec();
        fields.extend(if document { DOCUMENT } else { FETCH });
        fields.extend(signals);
        if !sent.is_empty() {
            fields.push(("cookie", &sent));
        }
        Ok(Self {
            headers: from_one_buffer(&fields)?,
            uri: Uri::from_static("/account/orders?page=2"),
            sent: sent.len(),
            allowed: allowed.len(),
        })
    }

    pub(crate) fn request(&self) -> Request<Body> {
        let mut request = Request::new(Body::default());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        request
    }
}

/// All values share one buffer, as hyper's do: a clone counts a reference and copies no bytes.
fn from_one_buffer(fields: &[(&'static str, &str)]) -> Result<HeaderMap> {
    let text: String = fields.iter().map(|&(_, value)| value).collect();
    let buffer = Bytes::from(text);
    let mut headers = HeaderMap::with_capacity(fields.len());
    let mut start = 0;
    for &(name, value) in fields {
        let end = start + value.len();
        let value = HeaderValue::from_maybe_shared(buffer.slice(start..end))?;
        headers.append(HeaderName::from_static(name), value);
        start = end;
    }
    Ok(headers)
}

/// The `Set-Cookie` lines of an answer, cheap to clone.
pub(crate) type Lines = Arc<[HeaderValue]>;

const SET_COOKIE: [&str; 5] = [
    "session=c2Vzc2lvbi1pZC0yMi1jaA; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=604800",
    "_ga=GA1.1.1234567890.1767225600; Path=/; Domain=example.com; Max-Age=63072000",
    "lang=en; Path=/; Max-Age=31536000; SameSite=Lax",
    "_fbp=fb.1.1767225600123.987654321012345678; Path=/; Domain=example.com; Max-Age=7776000",
    "theme=dark; Path=/; Max-Age=31536000; SameSite=Lax",
];

/// The first `count` lines (at most five; the second and the fourth need consent).
pub(crate) fn set_cookie_lines(count: usize) -> Lines {
    let lines = SET_COOKIE.iter().take(count);
    lines.map(|line| HeaderValue::from_static(line)).collect()
}

/// The lines that must be left in an answer to `profile` where consent is enforced.
pub(crate) fn allowed_lines(profile: Profile, lines: &Lines) -> Vec<HeaderValue> {
    let is_refused = |line: &&HeaderValue| {
        let name = line.as_bytes().split(|&byte| byte == b'=').next();
        let name = name.and_then(|name| std::str::from_utf8(name).ok());
        // A visitor without a consent cookie has granted nothing.
        (profile == Profile::None || profile.strips()) && name.is_some_and(is_optional)
    };
    let left = lines.iter().filter(|line| !is_refused(line));
    left.cloned().collect()
}

/// What an answer carries, for the check before the measurement.
pub(crate) fn lines_of(headers: &HeaderMap) -> Vec<HeaderValue> {
    headers.get_all(header::SET_COOKIE).iter().cloned().collect()
}
