//! What is known of one name.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use serde::Serialize;

use crate::policy::SameSite;

/// Scopes that are kept of a name. Real cookies have one or two.
const MOST_SCOPES: usize = 4;
/// Bytes of a domain (RFC 1035 section 2.3.4), and of a path. Longer ones are not kept.
const LONGEST_DOMAIN: usize = 253;
const LONGEST_PATH: usize = 128;

/// What a `Set-Cookie` line says beside the value.
pub(crate) struct SetLine<'a> {
    pub(crate) is_deletion: bool,
    /// Seconds; `None` if the cookie ends with the browser session.
    pub(crate) lifetime: Option<i64>,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    pub(crate) partitioned: bool,
    pub(crate) same_site: Option<SameSite>,
    pub(crate) domain: Option<&'a [u8]>,
    pub(crate) path: Option<&'a [u8]>,
}

/// A name in the table. Counters are added to in place, because every message comes by.
pub(super) struct Entry {
    first_day: i64,
    last_day: AtomicI64,
    requests: AtomicU64,
    /// Nothing until an answer sets or deletes the cookie.
    lines: Mutex<Option<Box<Lines>>>,
}

/// What the `Set-Cookie` lines of a name said.
#[derive(Clone, Debug, Default)]
struct Lines {
    sets: u64,
    deletions: u64,
    secure: u64,
    http_only: u64,
    partitioned: u64,
    /// Without a lifetime.
    session: u64,
    same_site: [bool; 4],
    longest: Option<i64>,
    scopes: Vec<SeenScope>,
    has_more_scopes: bool,
}

/// A copy of an entry.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) first_day: i64,
    pub(super) last_day: i64,
    pub(super) in_requests: u64,
    pub(super) sets: u64,
    pub(super) deletions: u64,
    pub(super) attributes: Option<SeenAttributes>,
}

impl Entry {
    pub(super) fn new(today: i64) -> Self {
        Self { first_day: today, last_day: AtomicI64::new(today), requests: AtomicU64::new(0), lines: Mutex::default() }
    }

    pub(super) fn last_day(&self) -> i64 {
        self.last_day.load(Ordering::Relaxed)
    }

    fn seen_on(&self, today: i64) {
        // Most of the time it is there already, and a line that is only read stays in every core's cache.
        if self.last_day() < today {
            self.last_day.fetch_max(today, Ordering::Relaxed);
        }
    }

    pub(super) fn shown(&self, today: i64) {
        self.seen_on(today);
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes a line; tells whether it is the first one.
    pub(super) fn set(&self, today: i64, line: &SetLine<'_>) -> bool {
        self.seen_on(today);
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = lines.is_none();
        lines.get_or_insert_default().add(line);
        is_first
    }

    pub(super) fn is_set(&self) -> bool {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    pub(super) fn facts(&self) -> Facts {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner).as_deref().cloned();
        let (sets, deletions) = lines.as_ref().map_or((0, 0), |lines| (lines.sets, lines.deletions));
        Facts {
            first_day: self.first_day,
            last_day: self.last_day(),
            in_requests: self.requests.load(Ordering::Relaxed),
            sets,
            deletions,
            attributes: lines.filter(|lines| lines.sets > 0).map(SeenAttributes::from),
        }
    }
}

impl Lines {
    fn add(&mut self, line: &SetLine<'_>) {
        // A deletion says nothing of how the cookie lives.
        if line.is_deletion {
            self.deletions = self.deletions.saturating_add(1);
            return;
        }
        self.sets = self.sets.saturating_add(1);
        self.secure += u64::from(line.secure);
        self.http_only += u64::from(line.http_only);
        self.partitioned += u64::from(line.partitioned);
        self.session += u64::from(line.lifetime.is_none());
        self.longest = self.longest.max(line.lifetime);
        let [unset, none, lax, strict] = &mut self.same_site;
        *match line.same_site {
            None => unset,
            Some(SameSite::None) => none,
            Some(SameSite::Lax) => lax,
            Some(SameSite::Strict) => strict,
        } = true;
        self.add_scope(line);
    }

    fn add_scope(&mut self, line: &SetLine<'_>) {
        // Browsers leave a leading dot out, take an empty Domain for none, and a Path that is none for none.
        let domain = line.domain.map(|domain| domain.strip_prefix(b".").unwrap_or(domain)).filter(|it| !it.is_empty());
        let path = line.path.filter(|path| path.starts_with(b"/"));
        let is_same = |known: &SeenScope| {
            known.path.as_deref().map(str::as_bytes) == path
                && match (&known.domain, domain) {
                    (None, None) => true,
                    (Some(known), Some(domain)) => known.as_bytes().eq_ignore_ascii_case(domain),
                    _ => false,
                }
        };
        if self.scopes.iter().any(is_same) {
            return;
        }
        let fits = |bytes: Option<&[u8]>, most| {
            bytes.is_none_or(|bytes| bytes.len() <= most && bytes.iter().all(u8::is_ascii_graphic))
        };
        if self.scopes.len() >= MOST_SCOPES || !fits(domain, LONGEST_DOMAIN) || !fits(path, LONGEST_PATH) {
            self.has_more_scopes = true;
            return;
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let domain = domain.map(|domain| text(domain).to_ascii_lowercase());
        self.scopes.push(SeenScope { domain, path: path.map(text) });
    }
}

/// The attributes of all the lines that set a cookie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SeenAttributes {
    /// `Secure`.
    pub secure: HowOften,
    /// `HttpOnly`.
    pub http_only: HowOften,
    /// `Partitioned`.
    pub partitioned: HowOften,
    /// Every `SameSite` that a line gave.
    pub same_site: Vec<SameSite>,
    /// Whether a line gave no `SameSite`, or one that browsers do not know.
    pub lacks_same_site: bool,
    /// Lines without a lifetime: the cookie ends with the browser session.
    pub session: HowOften,
    /// The longest lifetime, in seconds from the answer on; `None` if no line gave one.
    pub longest_lifetime: Option<i64>,
    /// Where it was set: at most four places.
    pub scopes: Vec<SeenScope>,
    /// Whether there were more places, or places that cannot be written here: longer than 253 bytes (128 for a path), or
    /// not of visible ASCII.
    pub has_more_scopes: bool,
}

/// How many of the lines had an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum HowOften {
    /// None of them.
    Never,
    /// Some of them.
    Sometimes,
    /// All of them.
    Always,
}

impl HowOften {
    const fn of(count: u64, all: u64) -> Self {
        match count {
            0 => Self::Never,
            _ if count == all => Self::Always,
            _ => Self::Sometimes,
        }
    }
}

/// A `Domain` and a `Path` as a line gave them: visible ASCII, anybody's text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SeenScope {
    /// In lower case, without a leading dot; `None` for the host alone.
    pub domain: Option<String>,
    /// `None` where the line gave none that counts: then it is the folder of the page.
    pub path: Option<String>,
}

impl From<Lines> for SeenAttributes {
    fn from(lines: Lines) -> Self {
        let of = |count| HowOften::of(count, lines.sets);
        let [lacks_same_site, none, lax, strict] = lines.same_site;
        let same_site = [(none, SameSite::None), (lax, SameSite::Lax), (strict, SameSite::Strict)];
        Self {
            secure: of(lines.secure),
            http_only: of(lines.http_only),
            partitioned: of(lines.partitioned),
            same_site: same_site.into_iter().filter_map(|(was_seen, one)| was_seen.then_some(one)).collect(),
            lacks_same_site,
            session: of(lines.session),
            longest_lifetime: lines.longest,
            scopes: lines.scopes,
            has_more_scopes: lines.has_more_scopes,
        }
    }
}
