//! The style and the script: the only answers that caches may keep.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use super::answer::Answer;
use crate::store::TextHash;

/// A file with its tag.
#[derive(Clone, Debug)]
pub(super) struct Asset {
    text: Bytes,
    content_type: &'static str,
    tag: String,
}

impl Asset {
    pub(super) fn style(text: impl Into<Bytes>) -> Self {
        Self::new(text.into(), "text/css; charset=utf-8")
    }

    pub(super) fn script(text: impl Into<Bytes>) -> Self {
        Self::new(text.into(), "text/javascript; charset=utf-8")
    }

    fn new(text: Bytes, content_type: &'static str) -> Self {
        let hash = TextHash::of(&String::from_utf8_lossy(&text)).to_string();
        // 64 bits of it tell one version from another.
        let tag = format!("\"{}\"", hash.get(..16).unwrap_or_default());
        Self { text, content_type, tag }
    }

    /// The file, or 304 where the browser has it already.
    pub(super) fn answer(&self, request: &HeaderMap) -> Answer {
        let is_known = request.get_all(header::IF_NONE_MATCH).iter().any(|line| self.matches(line));
        let mut answer = Response::new(if is_known { Bytes::new() } else { self.text.clone() });
        let headers = answer.headers_mut();
        // The same for everybody, and an hour old at most after an upgrade.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Ok(tag) = HeaderValue::from_str(&self.tag) {
            headers.insert(header::ETAG, tag);
        }
        if is_known {
            *answer.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        }
        answer
    }

    /// `If-None-Match` compares weakly (RFC 9110 section 13.1.2): a proxy that compresses may have weakened the tag.
    fn matches(&self, line: &HeaderValue) -> bool {
        let tags = line.to_str().unwrap_or_default().split(',').map(str::trim);
        let mut tags = tags.map(|tag| tag.strip_prefix("W/").unwrap_or(tag));
        tags.any(|tag| tag == self.tag || tag == "*")
    }
}
