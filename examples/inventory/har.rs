//! Reads HAR 1.2 as Chrome, Firefox and Playwright write it. Values of cookies are read, because they stand in the header
//! fields, and never told.

use std::fs;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::Deserialize;
use serde_json::{Value, error::Category};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use url::Url;

/// One request with its answer: their cookie fields.
pub(crate) struct Exchange {
    pub(crate) host: String,
    /// Unix seconds.
    pub(crate) seconds: i64,
    pub(crate) request: HeaderMap,
    pub(crate) response: HeaderMap,
}

#[derive(Deserialize)]
struct File {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    started_date_time: String,
    request: Request,
    response: Message,
}

#[derive(Deserialize)]
struct Request {
    url: String,
    #[serde(default)]
    headers: Vec<Field>,
    #[serde(default)]
    cookies: Vec<Cookie>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    headers: Vec<Field>,
    #[serde(default)]
    cookies: Vec<Cookie>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    value: String,
}

/// A cookie of the lists. Only the name is sure: browsers write the others in several types, or not at all.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Cookie {
    name: String,
    path: Value,
    domain: Value,
    expires: Value,
    http_only: Value,
    secure: Value,
    same_site: Value,
}

impl Default for Cookie {
    fn default() -> Self {
        let null = || Value::Null;
        Self {
            name: String::new(),
            path: null(),
            domain: null(),
            expires: null(),
            http_only: null(),
            secure: null(),
            same_site: null(),
        }
    }
}

/// The exchanges of a file over HTTP, the earliest first.
///
/// # Errors
///
/// A text with the file, and the line or the entry (counted from 1).
pub(crate) fn read(path: &str) -> Result<Vec<Exchange>, String> {
    let bytes = fs::read(path).map_err(|error| format!("{path}: {error}"))?;
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let file: File = serde_json::from_slice(text).map_err(|error| format!("{path}:{}", place(&error)))?;
    let mut exchanges = Vec::new();
    for (number, entry) in (1..).zip(file.log.entries) {
        let exchange = exchange(entry).map_err(|what| format!("{path}: entry {number}: {what}"))?;
        exchanges.extend(exchange);
    }
    exchanges.sort_by_key(|exchange| exchange.seconds);
    Ok(exchanges)
}

/// Where a file is no HAR file, and why. The parser's own words may repeat what stands there, which may be a value.
fn place(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let what = match error.classify() {
        Category::Data if said.starts_with("missing field") => {
            said.split(" at line").next().unwrap_or_default().to_owned()
        }
        Category::Data => "something else stands here than HAR 1.2 has".to_owned(),
        Category::Eof => "the file ends too early".to_owned(),
        Category::Syntax | Category::Io => "not JSON".to_owned(),
    };
    format!("{}:{}: {what}", error.line(), error.column())
}

/// `None` for what is not HTTP: `data:`, `blob:`, extensions.
fn exchange(entry: Entry) -> Result<Option<Exchange>, String> {
    let url = Url::parse(&entry.request.url).map_err(|error| format!("request.url: {error}"))?;
    let host = match url.host_str() {
        Some(host) if matches!(url.scheme(), "http" | "https" | "ws" | "wss") => host.to_owned(),
        _ => return Ok(None),
    };
    let started = OffsetDateTime::parse(&entry.started_date_time, &Rfc3339)
        .map_err(|_no_date| "startedDateTime is not a date of RFC 3339".to_owned())?;
    let seconds = started.unix_timestamp();
    let Request { headers, cookies, .. } = entry.request;
    let request = fields(&header::COOKIE, headers, || cookies.iter().map(|cookie| format!("{}=", cookie.name)));
    let Message { headers, cookies } = entry.response;
    let response = fields(&header::SET_COOKIE, headers, || cookies.iter().map(|cookie| line(cookie, seconds)));
    Ok(Some(Exchange { host, seconds, request: request?, response: response? }))
}

/// The fields of this name; where the recording has none, what its list of cookies says.
fn fields<L: Iterator<Item = String>>(
    name: &HeaderName,
    headers: Vec<Field>,
    listed: impl FnOnce() -> L,
) -> Result<HeaderMap, String> {
    let of_name = headers.into_iter().filter(|field| field.name.eq_ignore_ascii_case(name.as_str()));
    let mut lines: Vec<String> = of_name.map(|field| field.value).collect();
    if lines.is_empty() {
        lines = listed().collect();
    }
    let mut map = HeaderMap::new();
    // Chrome has written all Set-Cookie lines as one, with line feeds between them.
    for line in lines.iter().flat_map(|lines| lines.split('\n')).filter(|line| !line.is_empty()) {
        let value = HeaderValue::from_bytes(line.as_bytes())
            .map_err(|_control| format!("a {name} field with a control character"))?;
        map.append(name, value);
    }
    Ok(map)
}

/// A `Set-Cookie` line without the value.
fn line(cookie: &Cookie, now: i64) -> String {
    let mut line = format!("{}=", cookie.name);
    let mut add = |name: &str, value: &Value| {
        if let Some(value) = value.as_str().filter(|value| !value.is_empty()) {
            line.push_str(&format!("; {name}={value}"));
        }
    };
    add("Path", &cookie.path);
    add("Domain", &cookie.domain);
    add("SameSite", &cookie.same_site);
    for (name, is_on) in [("HttpOnly", &cookie.http_only), ("Secure", &cookie.secure)] {
        if *is_on == Value::Bool(true) {
            line.push_str(&format!("; {name}"));
        }
    }
    // ISO 8601 by the standard; what is none is no lifetime.
    let expires = cookie.expires.as_str().and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
    if let Some(expires) = expires {
        line.push_str(&format!("; Max-Age={}", expires.unix_timestamp() - now));
    }
    line
}
