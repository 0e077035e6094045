//! What was seen, as a policy says it: scopes, the site's domain, names of services.

use crate::{
    category::NAME_LIMIT,
    policy::{CompiledRule, Policy, Scope},
    report::inventory::{SeenCookie, SeenScope},
};

/// The scope that a line names; `None` without a Path, which is then the page's.
pub(super) fn scope(seen: &SeenScope) -> Option<Scope> {
    let path = seen.path.as_deref()?;
    Some(seen.domain.as_ref().map_or_else(Scope::host_only, Scope::domain).path(path))
}

/// The domain that all the cookies with a `Domain` share, if there is one.
pub(super) fn common_domain(cookies: &[SeenCookie]) -> Option<String> {
    let scopes = cookies.iter().filter_map(|cookie| cookie.attributes.as_ref()).flat_map(|seen| &seen.scopes);
    let domains: Vec<_> = scopes.filter_map(|scope| scope.domain.as_deref()).collect();
    let shortest = *domains.iter().min_by_key(|domain| domain.len())?;
    let is_below =
        |domain: &&str| domain.strip_suffix(shortest).is_some_and(|before| before.is_empty() || before.ends_with('.'));
    (domains.iter().all(is_below) && is_domain(shortest)).then(|| shortest.to_owned())
}

pub(super) fn is_domain(domain: &str) -> bool {
    domain.contains('.') && Policy::builder().site_domain(domain).build().is_ok()
}

/// A name for a service: lower-case letters and digits, and a `-` for each run of anything else.
pub(super) fn slug(platform: &str) -> String {
    let mut slug = String::new();
    for byte in platform.bytes().map(|byte| byte.to_ascii_lowercase()) {
        if byte.is_ascii_alphanumeric() {
            slug.push(char::from(byte));
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(NAME_LIMIT);
    slug.trim_end_matches('-').to_owned()
}

/// A name that is a token.
pub(super) fn text(token: &[u8]) -> String {
    String::from_utf8_lossy(token).into_owned()
}

/// Whether a file can hold the name of a rule: in one, a `*` is never only a character.
pub(super) fn is_writable(rule: &CompiledRule) -> bool {
    !(rule.source.literal && rule.source.name.contains('*'))
}
