//! Where a request comes from: a page of this site, of an origin that the application trusts, or of anybody.
//!
//! 1. `Sec-Fetch-Site: same-origin` is the browser's own word, and settles it.
//! 2. Otherwise `Origin` is compared: with the trusted origins, and, where the browser says nothing of the site, with the
//!    host that was asked. Another port is another origin, and so is another scheme where that of the request is known.
//! 3. Who says neither is trusted with nothing but a refusal.

use std::{error::Error, fmt};

use http::{HeaderMap, Uri, header};

/// An origin: scheme, host and port, as a browser writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin(Box<str>);

/// A trusted origin that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginError(String);

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "trusted_origins: {:?} is not an origin: a scheme, a host and a port at most are", self.0)
    }
}

impl Error for OriginError {}

impl Origin {
    /// Reads `https://host` or `https://host:8443`; a slash at the end is forgiven.
    pub(super) fn parse(text: &str) -> Result<Self, OriginError> {
        let normal = normal_origin(text.strip_suffix('/').unwrap_or(text));
        normal.map(Self).ok_or_else(|| OriginError(text.to_owned()))
    }
}

/// Lower case, without the scheme's own port.
fn normal_origin(text: &str) -> Option<Box<str>> {
    let lower = text.to_ascii_lowercase();
    let (scheme, authority) = lower.split_once("://")?;
    let own_port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    let is_authority = !authority.is_empty()
        && !authority.starts_with(':')
        && authority.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte));
    let host = authority.strip_suffix(own_port).unwrap_or(authority);
    is_authority.then(|| format!("{scheme}://{host}").into())
}

/// What is known of where a request comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    is_own: bool,
    /// The origin, if it is a trusted one, as the browser wrote it.
    trusted: Option<Box<str>>,
}

impl Source {
    pub(super) fn of(uri: &Uri, headers: &HeaderMap, trusted: &[Origin]) -> Self {
        let origin = only(headers, header::ORIGIN.as_str());
        let normal = origin.and_then(normal_origin);
        let trusted = origin.filter(|_| trusted.iter().any(|known| Some(&known.0) == normal.as_ref())).map(Box::from);
        let is_own = if headers.contains_key("sec-fetch-site") {
            only(headers, "sec-fetch-site") == Some("same-origin")
        } else {
            normal.is_some_and(|origin| is_own(&origin, uri, headers))
        };
        Self { is_own, trusted }
    }

    /// Whether it is a page of this very site.
    pub(super) const fn is_own(&self) -> bool {
        self.is_own
    }

    /// Whether consent may come from there.
    pub(super) const fn is_trusted(&self) -> bool {
        self.is_own || self.trusted.is_some()
    }

    /// The origin to answer to, if it is a trusted one.
    pub(super) fn trusted_origin(&self) -> Option<&str> {
        self.trusted.as_deref()
    }
}

/// The one value of a field that must not be there twice.
fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut copies = headers.get_all(name).iter();
    let first = copies.next()?;
    first.to_str().ok().filter(|_| copies.next().is_none())
}

fn is_own(origin: &str, uri: &Uri, headers: &HeaderMap) -> bool {
    let host = uri.authority().map(|authority| authority.as_str()).or_else(|| only(headers, header::HOST.as_str()));
    let Some((scheme, host)) = origin.split_once("://").map(|(scheme, _)| scheme).zip(host) else { return false };
    // A server behind a proxy may take https for http, never http for https.
    let is_downgrade = scheme == "http" && uri.scheme_str() == Some("https");
    !is_downgrade && normal_origin(&format!("{scheme}://{host}")).as_deref() == Some(origin)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn source(uri: &'static str, fields: &[(&'static str, &str)]) -> Source {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let trusted = [Origin::parse("https://app.example.com").unwrap()];
        Source::of(&Uri::from_static(uri), &headers, &trusted)
    }

    #[test]
    fn where_requests_come_from() {
        let (site, origin, host) = ("sec-fetch-site", "origin", "host");
        let own = (true, true);
        let friend = (false, true);
        let stranger = (false, false);
        for (uri, fields, expected) in [
            ("/", &[][..], stranger),
            ("/", &[(site, "same-origin")], own),
            ("/", &[(site, "same-origin"), (origin, "null")], own),
            ("/", &[(site, "same-site")], stranger),
            ("/", &[(site, "cross-site")], stranger),
            ("/", &[(site, "none")], stranger),
            ("/", &[(site, "Same-Origin")], stranger),
            ("/", &[(site, "")], stranger),
            ("/", &[(site, "same-origin"), (site, "cross-site")], stranger),
            ("/", &[(site, "same-origin"), (site, "same-origin")], stranger),
            ("/", &[(site, "\u{e9}")], stranger),
            // The browser's word counts before the host's.
            ("/", &[(site, "cross-site"), (origin, "https://a.example"), (host, "a.example")], stranger),
            ("/", &[(site, "same-site"), (origin, "https://app.example.com")], friend),
            ("/", &[(site, "cross-site"), (origin, "https://app.example.com:443")], friend),
            ("/", &[(site, "cross-site"), (origin, "http://app.example.com")], stranger),
            ("/", &[(site, "cross-site"), (origin, "https://app.example.com:8443")], stranger),
            ("/", &[(site, "cross-site"), (origin, "https://app.example.com.evil.example")], stranger),
            ("/", &[(site, "cross-site"), (origin, "https://evil.example?https://app.example.com")], stranger),
            ("/", &[(origin, "https://app.example.com"), (origin, "https://app.example.com")], stranger),
            ("/", &[(origin, "https://a.example"), (host, "a.example")], own),
            ("/", &[(origin, "https://A.example"), (host, "a.EXAMPLE:443")], own),
            ("/", &[(origin, "http://a.example"), (host, "a.example:80")], own),
            ("/", &[(origin, "https://a.example"), (host, "a.example:80")], stranger),
            ("/", &[(origin, "https://a.example:8443"), (host, "a.example:8443")], own),
            ("/", &[(origin, "https://a.example:8443"), (host, "a.example")], stranger),
            ("/", &[(origin, "https://a.example"), (host, "a.example"), (host, "b.example")], stranger),
            ("/", &[(origin, "https://a.example"), (origin, "https://b.example"), (host, "a.example")], stranger),
            ("/", &[(origin, "null"), (host, "a.example")], stranger),
            ("/", &[(origin, "null"), (host, "null")], stranger),
            ("/", &[(origin, "a.example"), (host, "a.example")], stranger),
            ("/", &[(origin, "ftp://a.example"), (host, "a.example")], stranger),
            ("/", &[(origin, "https://"), (host, "")], stranger),
            ("/", &[(origin, "https://b.example"), (host, "a.example")], stranger),
            ("/", &[(origin, "https://a.example"), ("x-forwarded-host", "a.example"), (host, "b.example")], stranger),
            ("/", &[("referer", "https://a.example/"), (host, "a.example")], stranger),
            ("https://a.example/", &[(origin, "https://a.example")], own),
            ("https://a.example/", &[(origin, "http://a.example")], stranger),
            // TLS ends at a proxy.
            ("http://a.example/", &[(origin, "https://a.example")], own),
            ("http://a.example/", &[(origin, "https://b.example"), (host, "b.example")], stranger),
            ("/", &[(origin, "http://[::1]:3000"), (host, "[::1]:3000")], own),
        ] {
            let found = source(uri, fields);
            assert_eq!((found.is_own(), found.is_trusted()), expected, "{uri} {fields:?}");
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in [
            "",
            "*",
            "null",
            "app.example.com",
            "https://",
            "https://a.example/path",
            "https://*.example.com",
            "ftp://a.example",
            "https://user@a.example",
            "https://a.example?x",
            "https://:443",
            "//a.example",
        ] {
            let error = Origin::parse(text).unwrap_err();
            assert!(error.to_string().contains(&format!("{text:?}")), "{error}");
        }
        assert_eq!(Origin::parse("HTTPS://A.example:443/"), Origin::parse("https://a.example"));
    }
}
