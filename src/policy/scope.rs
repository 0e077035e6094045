//! Where a cookie lives in the browser, and the `Set-Cookie` line that ends it there.

use bytes::Bytes;
use http::HeaderValue;
use serde::{Deserialize, Serialize};

/// A Domain and Path at which a cookie is set: a deletion only reaches the cookie of the same name, Domain and Path
/// (rfc6265bis section 5.7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) domain: Option<String>,
    #[serde(default = "root", skip_serializing_if = "is_root")]
    pub(crate) path: String,
}

fn root() -> String {
    "/".to_owned()
}

fn is_root(path: &str) -> bool {
    path == "/"
}

impl Scope {
    /// Only the host that set the cookie, path `/`.
    #[must_use]
    pub fn host_only() -> Self {
        Self { domain: None, path: root() }
    }

    /// A domain and everything below it, path `/`.
    pub fn domain(domain: impl Into<String>) -> Self {
        Self { domain: Some(domain.into()), path: root() }
    }

    /// The same scope under another path.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }
}

/// The prefixes by which a browser demands attributes (rfc6265bis section 4.1.3; `__Http-` from layered cookies).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NamePrefix {
    pub(crate) needs_secure: bool,
    pub(crate) needs_http_only: bool,
    pub(crate) needs_host: bool,
}

impl NamePrefix {
    /// Browsers compare prefixes without regard to case.
    pub(crate) fn of(name: &[u8]) -> Self {
        let starts = |prefix: &[u8]| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        let (secure, http, host, host_http) =
            (starts(b"__Secure-"), starts(b"__Http-"), starts(b"__Host-"), starts(b"__Host-Http-"));
        Self { needs_secure: secure || http || host, needs_http_only: http || host_http, needs_host: host }
    }
}

/// Whether a name is a token (RFC 9110 section 5.6.2): only such a name can stand in a line of ours.
pub(crate) fn is_token(name: &[u8]) -> bool {
    const MARKS: &[u8] = b"!#$%&'*+-.^_`|~";
    !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || MARKS.contains(byte))
}

/// Lines that one answer carries at most; so no rule may need more.
pub(crate) const MAX_EXPIRY_LINES: usize = 20;

/// The lines that end the cookie of this name at these scopes; none if the name is not a token.
///
/// `Secure` stands where a prefix or the rule asks for it and nowhere else: elsewhere it would keep an insecure page
/// from deleting its own cookie. A cookie that can be partitioned has a copy in each partition and one outside, and a
/// deletion reaches only the copy of its own kind.
pub(crate) fn expiry_lines<'a>(
    name: &'a [u8],
    scopes: &'a [Scope],
    secure: bool,
    partitioned: bool,
) -> impl Iterator<Item = HeaderValue> + 'a {
    scopes.iter().flat_map(move |scope| {
        let plain = expiry_line(name, scope, secure || partitioned, false);
        let in_partition = partitioned.then(|| expiry_line(name, scope, true, true)).flatten();
        plain.into_iter().chain(in_partition)
    })
}

/// The line that ends the cookie of this name at this scope; `None` if the name is not a token.
pub(crate) fn expiry_line(name: &[u8], scope: &Scope, secure: bool, partitioned: bool) -> Option<HeaderValue> {
    let prefix = NamePrefix::of(name);
    // A browser ignores a line for a `__Host-` name that has a Domain or another Path.
    let is_lost = prefix.needs_host && (scope.domain.is_some() || scope.path != "/");
    if is_lost || !is_token(name) {
        return None;
    }
    let parts: [&[u8]; 9] = [
        name,
        b"=; Path=",
        scope.path.as_bytes(),
        if scope.domain.is_some() { b"; Domain=" } else { b"" },
        scope.domain.as_deref().unwrap_or_default().as_bytes(),
        b"; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        if secure || prefix.needs_secure { b"; Secure" } else { b"" },
        if prefix.needs_http_only { b"; HttpOnly" } else { b"" },
        if partitioned { b"; Partitioned" } else { b"" },
    ];
    HeaderValue::from_maybe_shared(Bytes::from(parts.concat())).ok()
}
