//! Paths without what can tell visitors apart.

use std::borrow::Cow;

/// A path, without what stands behind a `;` in each segment: old servers put session ids there.
pub(super) fn without_parameters(path: &str) -> Cow<'_, str> {
    if memchr::memchr(b';', path.as_bytes()).is_none() {
        return Cow::Borrowed(path);
    }
    let segments: Vec<&str> = path.split('/').map(|segment| segment.split(';').next().unwrap_or_default()).collect();
    Cow::Owned(segments.join("/"))
}
