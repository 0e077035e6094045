//! On the way in: what a handler does not see.

use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};

use super::{HiddenFields, addresses, hints::Hint, names};
use crate::{
    policy::{AddressDetail, ReferrerDetail},
    visit::anonymize,
};

impl HiddenFields {
    /// Hides what is to be hidden of a request. `uri` tells the host where HTTP/2 has no `Host`.
    pub(super) fn hide(&self, uri: &Uri, headers: &mut HeaderMap) {
        let hidden: Vec<HeaderName> = headers.keys().filter(|name| self.hides(name)).cloned().collect();
        for name in hidden {
            headers.remove(name);
        }
        if self.addresses == AddressDetail::Truncated {
            for name in names::ADDRESSES {
                rewrite(headers, &HeaderName::from_static(name), |value| Some(addresses::truncated_list(value)));
            }
        }
        if self.addresses != AddressDetail::Full {
            let keeps_network = self.addresses == AddressDetail::Truncated;
            rewrite(headers, &header::FORWARDED, |value| Some(addresses::forwarded(value, keeps_network)));
        }
        if headers.contains_key(header::REFERER) {
            let host = host_of(uri, headers);
            rewrite(headers, &header::REFERER, |value| {
                let is_own = host.as_deref().is_some_and(|host| authority(value).eq_ignore_ascii_case(host));
                reduced(value, if is_own { self.own_referrer } else { self.referrer })
            });
        }
    }

    /// Whether a field goes as a whole.
    fn hides(&self, name: &HeaderName) -> bool {
        let text = name.as_str();
        let is_whole = self.addresses == AddressDetail::Full;
        let is_hint = match Hint::of(text) {
            Some(Hint::Brief) => self.hides_brief_hints,
            Some(Hint::Detailed) => self.hides_detailed_hints,
            None => false,
        };
        is_hint
            || (self.hides_identifiers && names::IDENTIFIERS.contains(&text))
            || (!is_whole && names::PLACES.contains(&text))
            || (self.addresses == AddressDetail::None && names::ADDRESSES.contains(&text))
            || self.request_fields.contains(name)
    }
}

/// What stays of a referrer; nothing of what is no address of a page.
fn reduced(value: &str, detail: ReferrerDetail) -> Option<String> {
    match detail {
        ReferrerDetail::None => None,
        // As browsers write it.
        ReferrerDetail::Origin => anonymize::referrer(value).map(|origin| origin + "/"),
        ReferrerDetail::Path => anonymize::referrer_path(value),
        ReferrerDetail::Query => Some(value.to_owned()),
    }
}

/// Writes each copy of a field anew; what is left empty, or is no text, goes.
fn rewrite(headers: &mut HeaderMap, name: &HeaderName, change: impl Fn(&str) -> Option<String>) {
    if !headers.contains_key(name) {
        return;
    }
    let lines: Vec<HeaderValue> = headers
        .get_all(name)
        .iter()
        .filter_map(|line| change(line.to_str().ok()?))
        .filter(|line| !line.is_empty())
        .filter_map(|line| HeaderValue::try_from(line).ok())
        .collect();
    headers.remove(name);
    for line in lines {
        headers.append(name, line);
    }
}

/// The host and port that were asked.
fn host_of(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let named = || headers.get(header::HOST).and_then(|host| host.to_str().ok());
    uri.authority().map(|authority| authority.as_str()).or_else(named).map(str::to_owned)
}

/// Host and port of an address, without who signs in there.
fn authority(address: &str) -> &str {
    let rest = address.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}
