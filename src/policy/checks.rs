//! The checks of single values: domains, names, scopes, lifetimes, the consent cookie's own settings.

use super::{
    consent_cookie::ConsentCookie,
    error::{ConfigError, ConfigErrorKind as Kind},
    lifetime::Lifetime,
    matcher::MIN_PREFIX,
    regime::UnknownCookies,
    retention::Retention,
    revision::Revision,
    rule::{AttributeFloors, CookieRule, SameSite},
    scope::{NamePrefix, Scope, is_token},
};
use crate::sources::own;

/// Bytes of the largest consent cookie with its attributes; browsers store 4,096 of name and value.
const MAX_CONSENT_COOKIE: usize = 3_800;
/// Bytes of name and value that a browser stores (rfc6265bis section 5.6).
const MAX_NAME_AND_VALUE: usize = 4_096;

/// Bytes of the name of a cookie of our own: more is a mistake.
const MAX_OWN_NAME: usize = 128;

pub(super) type Result<T> = std::result::Result<T, ConfigError>;

pub(super) fn check_lifetime(lifetime: Lifetime, (months, days): (u16, u32), place: &str) -> Result<()> {
    let kind = if lifetime.is_zero() {
        Kind::ZeroLifetime
    } else if lifetime.is_longer_than(months, days) {
        Kind::LongLifetime
    } else {
        return Ok(());
    };
    Err(ConfigError::new(kind, place, lifetime.to_string()))
}

/// A file that asks for the catalogue is not obeyed without one.
pub(super) fn check_unknown(unknown: UnknownCookies, has_catalogue: bool) -> Result<()> {
    if unknown == UnknownCookies::Catalogue && !has_catalogue {
        return Err(ConfigError::new(Kind::NeedsCatalogue, "unknown", "catalogue"));
    }
    Ok(())
}

/// Revisions from the first to the last.
pub(super) fn check_revisions(revisions: &[Revision]) -> Result<()> {
    let mut before: Option<&Revision> = None;
    for (place, revision) in revisions.iter().enumerate() {
        let at = |field: &str| format!("revisions[{place}].{field}");
        let number = revision.number.to_string();
        if !(1..=own::MAX_REVISION).contains(&revision.number) {
            return Err(ConfigError::new(Kind::BadRevision, at("number"), number));
        }
        if let Some((year, month, day)) = revision.bad_date {
            return Err(ConfigError::new(Kind::BadDate, at("date"), format!("{year:04}-{month:02}-{day:02}")));
        }
        if before.is_some_and(|before| before.number >= revision.number) {
            return Err(ConfigError::new(Kind::RevisionOrder, at("number"), number));
        }
        let earlier = before.and_then(|before| before.date).zip(revision.date);
        if let Some((_, date)) = earlier.filter(|(before, date)| date < before) {
            return Err(ConfigError::new(Kind::RevisionOrder, at("date"), date.to_string()));
        }
        before = Some(revision);
    }
    Ok(())
}

/// A record is no use if it goes before the consent that it proves.
pub(super) fn check_retention(retention: &Retention, grant_lifetime: Lifetime) -> Result<()> {
    for (lifetime, place) in [
        (retention.consent_records, "retention.consent_records"),
        (retention.rights_requests, "retention.rights_requests"),
        (retention.day_counts, "retention.day_counts"),
        (retention.visit_log, "retention.visit_log"),
        (retention.inventory, "retention.inventory"),
    ] {
        if lifetime.is_zero() {
            return Err(ConfigError::new(Kind::ZeroLifetime, place, lifetime.to_string()));
        }
    }
    // The day on which a month is shortest, and one on which it is longest.
    let is_shorter = [59, 0].into_iter().any(|day| {
        let now = day * 86_400;
        retention.consent_records.seconds_from(now) < grant_lifetime.seconds_from(now)
    });
    if is_shorter {
        let value = retention.consent_records.to_string();
        return Err(ConfigError::new(Kind::ShortRetention, "retention.consent_records", value));
    }
    Ok(())
}

/// What a page may link to: nothing that runs as a script, and nothing without TLS.
pub(super) fn check_link(link: &str, place: &str) -> Result<()> {
    let is_plain =
        |link: &str| link.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\'));
    let is_path = link.starts_with('/') && !link.starts_with("//");
    let is_address = link.strip_prefix("https://").is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
    if (is_path || is_address) && is_plain(link) {
        return Ok(());
    }
    Err(ConfigError::new(Kind::BadLink, place, link))
}

pub(super) fn check_domain(domain: &str, place: &str) -> Result<()> {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if domain.len() <= 253 && domain.split('.').all(is_label) {
        return Ok(());
    }
    Err(ConfigError::new(Kind::BadDomain, place, domain))
}

/// A host as a `Content-Security-Policy` names it (CSP Level 3, section 2.3.1), without a path.
pub(super) fn check_host_source(host: &str, place: &str) -> Result<()> {
    let rest = ["https://", "http://", "wss://", "ws://"].iter().find_map(|scheme| host.strip_prefix(scheme));
    let rest = rest.unwrap_or(host);
    let (name, port) = rest.split_once(':').map_or((rest, None), |(name, port)| (name, Some(port)));
    let name = name.strip_prefix("*.").unwrap_or(name);
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    if check_domain(name, place).is_ok() && port.is_none_or(is_port) {
        return Ok(());
    }
    Err(ConfigError::new(Kind::BadHostSource, place, host))
}

pub(super) fn check_consent_cookie(cookie: &ConsentCookie) -> Result<()> {
    let place = |field: &str| format!("consent_cookie.{field}");
    check_own_cookie_name(&cookie.name, &place("name"))?;
    if let Some(domain) = &cookie.domain {
        check_domain(domain, &place("domain"))?;
    }
    let prefix = NamePrefix::of(cookie.name.as_bytes());
    match &cookie.domain {
        Some(domain) if prefix.needs_host => Err(ConfigError::new(Kind::HostPrefixScope, place("domain"), domain)),
        _ if prefix.needs_secure && !cookie.secure => {
            Err(ConfigError::new(Kind::PrefixNeedsSecure, place("name"), &cookie.name))
        }
        _ if prefix.needs_http_only && !cookie.http_only => {
            Err(ConfigError::new(Kind::PrefixNeedsHttpOnly, place("name"), &cookie.name))
        }
        _ if cookie.same_site == SameSite::None && !cookie.secure => {
            Err(ConfigError::new(Kind::SameSiteNoneNotSecure, place("same_site"), "none"))
        }
        _ => Ok(()),
    }
}

/// The name of a cookie that the library writes itself.
pub(super) fn check_own_cookie_name(name: &str, place: &str) -> Result<()> {
    if is_token(name.as_bytes()) && !name.starts_with('$') && name.len() <= MAX_OWN_NAME {
        return Ok(());
    }
    Err(ConfigError::new(Kind::NotAToken, place, name))
}

pub(super) fn check_consent_cookie_size(cookie: &ConsentCookie, value: usize) -> Result<()> {
    let attributes = "=; Path=/; Max-Age=34560000; Secure; HttpOnly; SameSite=Strict; Domain=".len();
    let size = cookie.name.len() + value + attributes + cookie.domain.as_ref().map_or(0, String::len);
    if size <= MAX_CONSENT_COOKIE {
        return Ok(());
    }
    Err(ConfigError::new(Kind::ConsentCookieTooLarge, "categories and services", size.to_string()))
}

/// The bytes that a rule's name stands for, and whether they are only the beginning.
pub(super) fn pattern(rule: &CookieRule) -> (&[u8], bool) {
    let name = rule.name.as_bytes();
    match name.strip_suffix(b"*") {
        Some(prefix) if !rule.literal => (prefix, true),
        _ => (name, false),
    }
}

pub(super) fn check_cookie_name(name: &[u8], is_prefix: bool, rule: &CookieRule) -> std::result::Result<(), Kind> {
    let is_blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    let is_forbidden = |byte: &u8| matches!(byte, b';' | b'=' | 0x00..=0x08 | 0x0a..=0x1f | 0x7f);
    if name.first() == Some(&b'$') {
        return Err(Kind::DollarName);
    }
    if is_prefix && name.len() < MIN_PREFIX {
        return Err(Kind::ShortPrefix);
    }
    if name.is_empty()
        || name.len() > MAX_NAME_AND_VALUE
        || name.iter().any(is_forbidden)
        || is_blank(name.first())
        || (!is_prefix && is_blank(name.last()))
    {
        return Err(Kind::NeverStored);
    }
    if !rule.literal && name.contains(&b'*') {
        return Err(Kind::StarInside);
    }
    Ok(())
}

pub(super) fn check_scope(scope: &Scope, prefix: NamePrefix, place: &str) -> Result<()> {
    if let Some(domain) = &scope.domain {
        check_domain(domain, &format!("{place}.domain"))?;
        if prefix.needs_host {
            return Err(ConfigError::new(Kind::HostPrefixScope, format!("{place}.domain"), domain));
        }
    }
    let is_plain = |byte: u8| matches!(byte, 0x21..=0x3a | 0x3c..=0x7e);
    let path = &scope.path;
    if !path.starts_with('/') || !path.bytes().all(is_plain) {
        return Err(ConfigError::new(Kind::BadPath, format!("{place}.path"), path));
    }
    if prefix.needs_host && path != "/" {
        return Err(ConfigError::new(Kind::HostPrefixScope, format!("{place}.path"), path));
    }
    Ok(())
}

pub(super) fn check_floors(floors: AttributeFloors, place: &str) -> Result<()> {
    // A floor of None raises nothing unless Secure comes with it.
    if floors.same_site == Some(SameSite::None) && !floors.secure {
        return Err(ConfigError::new(Kind::SameSiteNoneNotSecure, format!("{place}.same_site"), "none"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tests are built with every feature on, so that the one without is seen here.
    #[test]
    fn the_catalogue_needs_its_feature() {
        for unknown in [UnknownCookies::Strip, UnknownCookies::Pass, UnknownCookies::Report] {
            assert_eq!(check_unknown(unknown, false), Ok(()));
        }
        assert_eq!(check_unknown(UnknownCookies::Catalogue, true), Ok(()));
        let error = check_unknown(UnknownCookies::Catalogue, false).unwrap_err();
        assert_eq!(error.kind(), Kind::NeedsCatalogue);
        let said = "policy: unknown = \"catalogue\": needs the feature `catalogue` of tower-consent, which this build does \
                    not have";
        assert_eq!(error.to_string(), said);
    }
}
