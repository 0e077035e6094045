//! Keeps an answer that is one visitor's out of shared caches (RFC 9111): merged with what the application said, and never
//! weaker than that.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{pairs::trim, set_cookie::name};
use crate::signal::SEC_GPC;

/// Which fields an answer has, gathered in one pass: a look-up for each would hash its name.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CacheFields {
    pub(crate) has_set_cookie: bool,
    /// Whether one of these lines sets the consent cookie, or deletes it.
    pub(crate) has_consent: bool,
    pub(crate) has_vary: bool,
    has_cache_control: bool,
    /// A field by which an application speaks to one kind of cache past `Cache-Control`: `CDN-Cache-Control` and its like
    /// (RFC 9213), `Surrogate-Control` before it.
    has_targeted: bool,
    /// `X-Accel-Expires`, which is nginx's.
    has_accel_expires: bool,
}

impl CacheFields {
    /// Looks at all fields once. `consent_cookie`: its name, where it matters whether it is among those set.
    pub(crate) fn read(headers: &HeaderMap, consent_cookie: Option<&str>) -> Self {
        let mut fields = Self::default();
        for (field, value) in headers {
            match field.as_str() {
                "set-cookie" => {
                    fields.has_set_cookie = true;
                    fields.has_consent |= consent_cookie.is_some_and(|own| name(value.as_bytes()) == own.as_bytes());
                }
                "vary" => fields.has_vary = true,
                "cache-control" => fields.has_cache_control = true,
                X_ACCEL_EXPIRES => fields.has_accel_expires = true,
                name => fields.has_targeted |= is_targeted(name),
            }
        }
        fields
    }
}

const SURROGATE_CONTROL: &str = "surrogate-control";
/// Akamai's own: there it beats `Cache-Control`, and `!no-store` in it lifts a `no-store`.
const EDGE_CONTROL: &str = "edge-control";
/// How long nginx stores an answer, in seconds: there it beats `Cache-Control`, `private` and `no-store` too.
const X_ACCEL_EXPIRES: &str = "x-accel-expires";

fn is_targeted(name: &str) -> bool {
    name.ends_with("-cache-control") || !knows_private(name)
}

/// Whether a field that speaks to one kind of cache has a `private`; those that are older than RFC 9213 have none.
fn knows_private(name: &str) -> bool {
    name != SURROGATE_CONTROL && name != EDGE_CONTROL
}

/// The name of a cache directive: what stands before its `=`.
fn directive_name(directive: &[u8]) -> &[u8] {
    trim(directive.split(|byte| *byte == b'=').next().unwrap_or_default())
}

/// Whether a field has a directive of this name.
fn says(line: &HeaderValue, known: &str) -> bool {
    split_outside_quotes(line.as_bytes()).any(|said| directive_name(said).eq_ignore_ascii_case(known.as_bytes()))
}

/// How far an answer is kept out of caches, from the least on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Keep {
    /// Only the visitor's own browser may store it.
    Private,
    /// Only the visitor's own browser may store it, and it must ask before it shows it again.
    PrivateNoCache,
    /// Nobody may store it.
    NoStore,
}

impl Keep {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::PrivateNoCache => "private, no-cache",
            Self::NoStore => "no-store",
        }
    }

    /// What must stand in the field, unless `no-store` does.
    const fn directives(self) -> &'static [&'static str] {
        match self {
            Self::Private => &["private"],
            Self::PrivateNoCache => &["private", "no-cache"],
            Self::NoStore => &["no-store"],
        }
    }

    const fn header_value(self) -> HeaderValue {
        HeaderValue::from_static(self.as_str())
    }
}

/// Sees to it that no shared cache stores the answer.
pub(crate) fn keep_out(headers: &mut HeaderMap, fields: &CacheFields, keep: Keep) {
    if fields.has_targeted {
        keep_out_targeted(headers, keep);
    }
    if fields.has_accel_expires {
        headers.insert(X_ACCEL_EXPIRES, HeaderValue::from_static("0"));
    }
    if fields.has_cache_control && is_kept_out(headers, keep) {
        return;
    }
    let is_broken = |line: &HeaderValue| !quotes_are_closed(line.as_bytes());
    // Behind a quote that is never closed our word would not be seen.
    if !fields.has_cache_control || headers.get_all(header::CACHE_CONTROL).iter().any(is_broken) {
        headers.insert(header::CACHE_CONTROL, keep.header_value());
        return;
    }
    let mut directives: Vec<Cow<'_, str>> = Vec::new();
    let mut missing: Vec<&str> = keep.directives().to_vec();
    let mut is_shared = false;
    let lines = || headers.get_all(header::CACHE_CONTROL).iter();
    let is_no_store = keep == Keep::NoStore || lines().any(|line| says(line, "no-store"));
    for line in lines() {
        for directive in split_outside_quotes(line.as_bytes()) {
            let name = directive_name(directive);
            let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
            // A cache that knows `must-understand` passes over a `no-store` beside it (RFC 9111 section 5.2.2.3).
            if is("public") || is("s-maxage") || (is_no_store && is("must-understand")) {
                is_shared = true;
                continue;
            }
            if is("no-store") {
                missing.clear();
            }
            // `private="field"` covers only that field, and is not widely known: the plain word is needed.
            missing.retain(|wanted| !directive.eq_ignore_ascii_case(wanted.as_bytes()));
            directives.push(String::from_utf8_lossy(directive));
        }
    }
    if missing.is_empty() && !is_shared {
        return;
    }
    if directives.is_empty() {
        headers.insert(header::CACHE_CONTROL, keep.header_value());
        return;
    }
    directives.extend(missing.into_iter().map(Cow::Borrowed));
    let merged = HeaderValue::try_from(directives.join(", ")).unwrap_or_else(|_not_text| keep.header_value());
    headers.insert(header::CACHE_CONTROL, merged);
}

/// Whether one plain line says it all: as it does where another layer of this crate stands inside. To merge costs more.
fn is_kept_out(headers: &HeaderMap, keep: Keep) -> bool {
    let mut lines = headers.get_all(header::CACHE_CONTROL).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else { return false };
    let said = line.as_bytes();
    said == Keep::NoStore.as_str().as_bytes()
        || said == keep.as_str().as_bytes()
        || (keep == Keep::Private && said == Keep::PrivateNoCache.as_str().as_bytes())
}

/// The same for the fields that speak to one kind of cache.
fn keep_out_targeted(headers: &mut HeaderMap, keep: Keep) {
    // A shared cache that may not store has nothing to ask about.
    let keep = if keep == Keep::PrivateNoCache { Keep::Private } else { keep };
    let is_kept = |name: &HeaderName, value: &HeaderValue| {
        let mut all = split_outside_quotes(value.as_bytes());
        !says(value, "must-understand")
            && !says(value, "!no-store")
            && all.any(|directive| {
                directive.eq_ignore_ascii_case(b"no-store")
                    || (keep == Keep::Private
                        && knows_private(name.as_str())
                        && directive.eq_ignore_ascii_case(b"private"))
            })
    };
    let open = |(name, value): (&HeaderName, &HeaderValue)| {
        (is_targeted(name.as_str()) && !is_kept(name, value)).then(|| name.clone())
    };
    let names: Vec<HeaderName> = headers.iter().filter_map(open).collect();
    let is_no_store = |value: &HeaderValue| {
        split_outside_quotes(value.as_bytes()).any(|directive| directive.eq_ignore_ascii_case(b"no-store"))
    };
    for name in names {
        // One line replaces all copies, so it says the strictest of what they said.
        let is_strict = !knows_private(name.as_str()) || headers.get_all(&name).iter().any(is_no_store);
        let keep = if is_strict { Keep::NoStore } else { keep };
        headers.insert(name, keep.header_value());
    }
}

/// Whether the application means the answer for everybody: then nothing of one visitor's may be added to it.
pub(crate) fn is_for_everybody(headers: &HeaderMap) -> bool {
    headers.iter().any(|(name, value)| {
        (*name == header::CACHE_CONTROL || is_targeted(name.as_str()))
            && split_outside_quotes(value.as_bytes()).any(|directive| {
                let said = directive_name(directive);
                ["public", "immutable", "s-maxage"].iter().any(|known| said.eq_ignore_ascii_case(known.as_bytes()))
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

/// The members of a list in which quoted strings may hold commas. A quote that is never closed is an ordinary
/// character: some caches read on behind it.
fn split_outside_quotes(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let are_closed = quotes_are_closed(line);
    let mut quotes = Quotes::default();
    line.split(move |byte| (quotes.is_outside(*byte) || !are_closed) && *byte == b',')
        .map(trim)
        .filter(|member| !member.is_empty())
}

fn quotes_are_closed(line: &[u8]) -> bool {
    let mut quotes = Quotes::default();
    line.iter().for_each(|byte| _ = quotes.is_outside(*byte));
    !quotes.is_quoted
}

#[derive(Default)]
struct Quotes {
    is_quoted: bool,
    is_escaped: bool,
}

impl Quotes {
    /// Takes the next byte, and tells whether it stands outside of quoted strings.
    const fn is_outside(&mut self, byte: u8) -> bool {
        let is_outside = !self.is_quoted;
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' if self.is_quoted => self.is_escaped = true,
            b'"' => self.is_quoted = !self.is_quoted,
            _ => {}
        }
        is_outside
    }
}
