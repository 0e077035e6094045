//! Header fields on their way through (RFC 9110 section 7.6, RFC 9112 section 6, RFC 9113 section 8.2).

use std::net::IpAddr;

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Uri, Version,
    header::{
        ALT_SVC, CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, FORWARDED, HOST, TE, TRANSFER_ENCODING, UPGRADE, VIA,
    },
    request::Parts,
};

use super::refusal::Refusal;

/// The guard tells the site in it what the visitor allows.
pub(crate) const CONSENT_ALLOWS: HeaderName = HeaderName::from_static("consent-allows");

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// They speak of one connection, whether `Connection` names them or not.
const OF_ONE_CONNECTION: [&str; 9] = [
    "connection",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// Who asks: for the fields that tell the site of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visitor {
    pub(crate) address: IpAddr,
    /// Whether it is a proxy of ours, whose word on others counts.
    pub(crate) is_trusted: bool,
}

/// Refuses what one server may read in one way and another server in another.
pub(crate) fn check(parts: &Parts) -> Result<(), Refusal> {
    let headers = &parts.headers;
    if matches!(parts.method, Method::CONNECT | Method::TRACE) {
        return Err(Refusal::NO_TUNNEL);
    }
    if !parts.uri.path().starts_with('/') {
        return Err(Refusal::NO_PATH);
    }
    if has_odd_coding(headers) {
        return Err(Refusal::CODING);
    }
    // hyper leaves one of them out, and from 1.12 on closes the connection afterwards.
    if headers.contains_key(TRANSFER_ENCODING) && headers.contains_key(CONTENT_LENGTH) {
        return Err(Refusal::TWO_LENGTHS);
    }
    if headers.get_all(EXPECT).iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"100-continue")) {
        return Err(Refusal::EXPECTATION);
    }
    Ok(())
}

/// Whether the body is in a coding other than `chunked`, which alone was taken off.
pub(crate) fn has_odd_coding(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let first = codings.next();
    first.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked")) || codings.next().is_some()
}

/// The host that the visitor asked, with its port; `None` if HTTP/1.0 does not say.
///
/// A target in absolute form beats `Host` (RFC 9112 section 3.2.2); over HTTP/2 the two must not differ.
pub(crate) fn host(parts: &Parts) -> Result<Option<HeaderValue>, Refusal> {
    let mut lines = parts.headers.get_all(HOST).iter();
    let line = lines.next();
    let named = parts.uri.authority().map(|authority| authority.as_str().as_bytes());
    let is_of_http2 = parts.version == Version::HTTP_2;
    let contradicts = |named: &[u8]| line.is_some_and(|line| !line.as_bytes().eq_ignore_ascii_case(named));
    if lines.next().is_some() || (is_of_http2 && named.is_some_and(contradicts)) {
        return Err(Refusal::NO_HOST);
    }
    let Some(host) = named.or_else(|| line.map(HeaderValue::as_bytes)) else {
        return if parts.version == Version::HTTP_10 { Ok(None) } else { Err(Refusal::NO_HOST) };
    };
    let is_plain = host.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(byte));
    let is_host = std::str::from_utf8(host).is_ok_and(|host| host.parse::<http::uri::Authority>().is_ok());
    match HeaderValue::from_bytes(host) {
        Ok(host) if is_plain && is_host => Ok(Some(host)),
        _ => Err(Refusal::NO_HOST),
    }
}

/// Whether this asks for a WebSocket: the one protocol that may take a connection over. `h2c`, for one, would open a way
/// past all that looks at requests.
pub(crate) fn asks_for_web_socket(parts: &Parts) -> bool {
    let headers = &parts.headers;
    parts.method == Method::GET
        && parts.version == Version::HTTP_11
        && tokens(headers, &CONNECTION).any(|token| token.eq_ignore_ascii_case("upgrade"))
        && is_web_socket(headers)
        && !headers.contains_key(CONTENT_LENGTH)
        && !headers.contains_key(TRANSFER_ENCODING)
}

/// Whether `Upgrade` says `websocket`, and nothing else.
pub(crate) fn is_web_socket(headers: &HeaderMap) -> bool {
    let mut protocols = tokens(headers, &UPGRADE);
    protocols.next().is_some_and(|protocol| protocol.eq_ignore_ascii_case("websocket")) && protocols.next().is_none()
}

/// Makes a visitor's fields those of a request to the site.
pub(crate) fn prepare(headers: &mut HeaderMap, version: Version, visitor: Visitor, host: Option<&HeaderValue>) {
    let takes_trailers = tokens(headers, &TE).any(|token| token.eq_ignore_ascii_case("trailers"));
    // Before ours are set: a visitor may name any field in `Connection`.
    remove_of_connection(headers);
    remove_forged(headers, visitor.is_trusted);
    join_crumbs(headers);
    if takes_trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
        headers.insert(CONNECTION, HeaderValue::from_static("te"));
    }
    tell_of(headers, visitor, host);
    if let Some(host) = host {
        headers.insert(HOST, host.clone());
    }
    add_via(headers, version);
}

/// Makes the site's fields those of an answer to the visitor.
pub(crate) fn clean_answer(headers: &mut HeaderMap) {
    if headers.contains_key(TRANSFER_ENCODING) {
        headers.remove(CONTENT_LENGTH);
    }
    remove_of_connection(headers);
    // It would lead browsers past the guard.
    headers.remove(ALT_SVC);
}

/// Leaves out behind a body what must stand before it, and what the layer would have to judge.
pub(crate) fn clean_trailers(trailers: &mut HeaderMap) {
    remove_of_connection(trailers);
    remove_forged(trailers, false);
    for name in ["authorization", "content-length", "cookie", "host", "set-cookie", "trailer"] {
        trailers.remove(name);
    }
}

fn remove_of_connection(headers: &mut HeaderMap) {
    let named = tokens(headers, &CONNECTION).filter_map(|token| token.parse::<HeaderName>().ok());
    for name in named.collect::<Vec<_>>() {
        headers.remove(name);
    }
    for name in OF_ONE_CONNECTION {
        headers.remove(name);
    }
}

/// Removes what only the guard, or a proxy before it that it trusts, may say.
fn remove_forged(headers: &mut HeaderMap, is_trusted: bool) {
    let is_forged = |name: &&HeaderName| {
        // Many a server reads `_` as `-` (CGI, WSGI): a field with it is nobody's word.
        let written = name.as_str();
        let read = written.replace('_', "-");
        match read.as_str() {
            // CGI makes a setting of it that programs obey (CVE-2016-5385).
            "consent-allows" | "proxy" => true,
            "forwarded" | "x-real-ip" => !is_trusted || read != written,
            _ => read.starts_with("x-forwarded-") && (!is_trusted || read != written),
        }
    };
    for name in headers.keys().filter(is_forged).cloned().collect::<Vec<_>>() {
        headers.remove(name);
    }
}

/// HTTP/2 may cut cookies into several lines, HTTP/1.1 may not (RFC 9113 section 8.2.3).
fn join_crumbs(headers: &mut HeaderMap) {
    if headers.get_all(COOKIE).iter().nth(1).is_some() {
        let crumbs: Vec<_> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
        if let Ok(line) = HeaderValue::from_bytes(&crumbs.join(&b"; "[..])) {
            headers.insert(COOKIE, line);
        }
    }
}

/// Tells the site for whom the guard asks, in the usual fields and in the one of RFC 7239. They are removed already where
/// nobody of ours has set them.
fn tell_of(headers: &mut HeaderMap, visitor: Visitor, host: Option<&HeaderValue>) {
    let address = visitor.address;
    append(headers, FORWARDED_FOR, &address.to_string());
    headers.entry(FORWARDED_PROTO).or_insert(HeaderValue::from_static("http"));
    let node = if address.is_ipv6() { format!("\"[{address}]\"") } else { address.to_string() };
    let mut pair = format!("for={node};proto=http");
    if let Some(host) = host {
        headers.entry(FORWARDED_HOST).or_insert_with(|| host.clone());
        if let Ok(host) = host.to_str() {
            pair.push_str(&format!(";host=\"{host}\""));
        }
    }
    append(headers, FORWARDED, &pair);
}

fn add_via(headers: &mut HeaderMap, version: Version) {
    let protocol = match version {
        Version::HTTP_2 => "2.0",
        Version::HTTP_10 => "1.0",
        _ => "1.1",
    };
    append(headers, VIA, &format!("{protocol} guard"));
}

/// Appends to a list, in one line: not every server joins several.
fn append(headers: &mut HeaderMap, name: HeaderName, member: &str) {
    let mut line = Vec::new();
    for value in headers.get_all(&name) {
        line.extend_from_slice(value.as_bytes());
        line.extend_from_slice(b", ");
    }
    line.extend_from_slice(member.as_bytes());
    if let Ok(line) = HeaderValue::from_bytes(&line) {
        headers.insert(name, line);
    }
}

/// The members of a list field that are text.
fn tokens<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|token| !token.is_empty())
}

/// The address of the same page on the site.
pub(crate) fn at_site(site: &http::uri::Authority, asked: &Uri) -> Result<Uri, Refusal> {
    let path = asked.path_and_query().map_or("/", |path| path.as_str());
    let uri = Uri::builder().scheme("http").authority(site.clone()).path_and_query(path).build();
    uri.map_err(|_unlikely| Refusal::NO_PATH)
}
