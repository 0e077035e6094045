//! Keeps an answer that is one visitor's out of shared caches (RFC 9111): merged with what the application said, and never
//! weaker than that.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::pairs::trim;
use crate::signal::SEC_GPC;

/// Which fields an answer has, gathered in one pass: a look-up for each would hash its name.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CacheFields {
    pub(crate) has_set_cookie: bool,
    pub(crate) has_vary: bool,
    has_cache_control: bool,
    /// A field by which an application speaks to one kind of cache past `Cache-Control`: `CDN-Cache-Control` and its like
    /// (RFC 9213), `Surrogate-Control` before it.
    has_targeted: bool,
}

impl CacheFields {
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let mut fields = Self::default();
        for name in headers.keys() {
            match name.as_str() {
                "set-cookie" => fields.has_set_cookie = true,
                "vary" => fields.has_vary = true,
                "cache-control" => fields.has_cache_control = true,
                name => fields.has_targeted |= is_targeted(name),
            }
        }
        fields
    }
}

fn is_targeted(name: &str) -> bool {
    name.ends_with("-cache-control") || name == "surrogate-control"
}

/// How far an answer is kept out of caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Only the visitor's own browser may store it.
    Private,
    /// Nobody may store it.
    NoStore,
}

impl Keep {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::NoStore => "no-store",
        }
    }

    const fn header_value(self) -> HeaderValue {
        HeaderValue::from_static(self.as_str())
    }
}

/// Sees to it that no shared cache stores the answer.
pub(crate) fn keep_out(headers: &mut HeaderMap, fields: &CacheFields, keep: Keep) {
    if fields.has_targeted {
        let names: Vec<HeaderName> = headers.keys().filter(|name| is_targeted(name.as_str())).cloned().collect();
        names.into_iter().for_each(|name| _ = headers.insert(name, keep.header_value()));
    }
    if !fields.has_cache_control {
        headers.insert(header::CACHE_CONTROL, keep.header_value());
        return;
    }
    let mut directives: Vec<Cow<'_, str>> = Vec::new();
    let mut is_kept = false;
    let mut is_shared = false;
    for line in headers.get_all(header::CACHE_CONTROL) {
        for directive in split_outside_quotes(line.as_bytes()) {
            let name = directive.split(|byte| *byte == b'=').next().unwrap_or_default();
            let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
            if is("public") || is("s-maxage") {
                is_shared = true;
                continue;
            }
            // `private="field"` covers only that field, and is not widely known: the plain word is needed.
            is_kept |= is("no-store") || (keep == Keep::Private && directive.eq_ignore_ascii_case(b"private"));
            directives.push(String::from_utf8_lossy(directive));
        }
    }
    if is_kept && !is_shared {
        return;
    }
    if directives.is_empty() {
        headers.insert(header::CACHE_CONTROL, keep.header_value());
        return;
    }
    if !is_kept {
        directives.push(Cow::Borrowed(keep.as_str()));
    }
    let merged = HeaderValue::try_from(directives.join(", ")).unwrap_or_else(|_not_text| keep.header_value());
    headers.insert(header::CACHE_CONTROL, merged);
}

/// Whether the application means the answer for everybody: then nothing of one visitor's may be added to it.
pub(crate) fn is_for_everybody(headers: &HeaderMap) -> bool {
    headers.get_all(header::CACHE_CONTROL).iter().any(|line| {
        split_outside_quotes(line.as_bytes()).any(|directive| {
            let name = directive.split(|byte| *byte == b'=').next().unwrap_or_default();
            ["public", "immutable", "s-maxage"].iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
        })
    })
}

/// Whether `Vary` names `Cookie`.
pub(crate) fn varies_by_cookie(headers: &HeaderMap) -> bool {
    vary_members(headers).any(|member| member.eq_ignore_ascii_case(b"cookie"))
}

/// Adds to `Vary` what it lacks; `*` stays as it is.
pub(crate) fn vary(headers: &mut HeaderMap, by_cookie: bool, region: &[HeaderName]) {
    let has = |name: &HeaderName| {
        vary_members(headers).any(|member| member == b"*" || member.eq_ignore_ascii_case(name.as_str().as_bytes()))
    };
    let cookie = by_cookie.then_some(&header::COOKIE);
    let wanted = cookie.into_iter().chain([&header::DNT, &SEC_GPC]).chain(region);
    let missing: Vec<&str> = wanted.filter(|name| !has(name)).map(spelled).collect();
    if missing.is_empty() {
        return;
    }
    // One line: some caches read only the first.
    let said = headers.get_all(header::VARY).iter().map(|line| String::from_utf8_lossy(trim(line.as_bytes())));
    let merged = said.filter(|line| !line.is_empty()).chain(missing.iter().map(|name| Cow::Borrowed(*name)));
    let merged = merged.collect::<Vec<_>>().join(", ");
    if let Ok(merged) = HeaderValue::try_from(merged) {
        headers.insert(header::VARY, merged);
    } else {
        // What the application said is no text: it stays, and ours follows on a line of its own.
        missing.iter().for_each(|name| _ = headers.append(header::VARY, spell_value(name)));
    }
}

fn spell_value(name: &str) -> HeaderValue {
    HeaderValue::try_from(name).unwrap_or_else(|_never| HeaderValue::from_static("*"))
}

/// The names as people write them.
fn spelled(name: &HeaderName) -> &str {
    match name.as_str() {
        "cookie" => "Cookie",
        "dnt" => "DNT",
        "sec-gpc" => "Sec-GPC",
        other => other,
    }
}

fn vary_members(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers.get_all(header::VARY).iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b',').map(trim))
}

/// The members of a list in which quoted strings may hold commas.
fn split_outside_quotes(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut is_quoted = false;
    let mut is_escaped = false;
    line.split(move |byte| {
        let splits = *byte == b',' && !is_quoted;
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            _ => {}
        }
        splits
    })
    .map(trim)
    .filter(|member| !member.is_empty())
}
