//! The path under which the pages stand, and what is asked for below it.

use std::fmt;

/// The public path, in the form in which it stands in links: empty for the root, else `/a/b` without a slash at the end.
///
/// Every byte is one that a path may hold (RFC 3986 section 3.3), so that it can stand in HTML, JSON and headers as it is.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct PublicPath(Box<str>);

impl PublicPath {
    /// Empty segments, `.` and `..` go; what cannot stand in a path is percent-encoded.
    pub(super) fn new(path: &str) -> Self {
        let mut normal = String::with_capacity(path.len() + 1);
        for segment in path.split('/').filter(|segment| !matches!(*segment, "" | "." | "..")) {
            normal.push('/');
            segment.bytes().for_each(|byte| push_encoded(&mut normal, byte));
        }
        Self(normal.into())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The preferences page.
    pub(super) fn root(&self) -> String {
        format!("{}/", self.0)
    }

    /// What stands behind the public path; `None` if this is not below it.
    pub(super) fn strip<'p>(&self, path: &'p str) -> Option<&'p str> {
        let rest = path.strip_prefix(&*self.0)?;
        (rest.is_empty() || rest.starts_with('/')).then_some(rest)
    }
}

impl fmt::Debug for PublicPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.root())
    }
}

// Of what a path may hold, `&`, `'` and `;` are encoded too: they mean something in HTML. A `%` that is there stays.
fn push_encoded(path: &mut String, byte: u8) {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => path.push(char::from(byte)),
        b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'(' | b')' | b'*' | b'+' | b',' | b'=' | b':' | b'@' | b'%' => {
            path.push(char::from(byte));
        }
        _ => path.push_str(&format!("%{byte:02X}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_path_is_always_one() {
        for (written, normal) in [
            ("/privacy", "/privacy"),
            ("privacy/", "/privacy"),
            ("", ""),
            ("/", ""),
            ("//evil.example//x/", "/evil.example/x"),
            ("/../a/./b", "/a/b"),
            ("/a b?c#d\"<>&'\\e", "/a%20b%3Fc%23d%22%3C%3E%26%27%5Ce"),
            ("/datenschutz-ü", "/datenschutz-%C3%BC"),
            ("/a%20b", "/a%20b"),
        ] {
            assert_eq!(PublicPath::new(written).as_str(), normal, "{written}");
        }
    }

    #[test]
    fn what_is_below_it() {
        let path = PublicPath::new("/privacy");
        assert_eq!(path.strip("/privacy"), Some(""));
        assert_eq!(path.strip("/privacy/cookies"), Some("/cookies"));
        assert_eq!(path.strip("/privacy-policy"), None);
        assert_eq!(path.strip("/"), None);
        assert_eq!(PublicPath::new("/").strip("/cookies"), Some("/cookies"));
    }
}
