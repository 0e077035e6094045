//! What is written of who may be tracked alone.

use std::{net::IpAddr, sync::Arc};

use http::{HeaderName, HeaderValue, header, request::Parts, uri::PathAndQuery};

use super::{
    anonymize,
    client::TrustedProxies,
    layer::Settings,
    text::{self, plain},
    visit::Visit,
};
use crate::policy::{AddressDetail, AgentDetail, Detail, PathDetail, ReferrerDetail};

/// What is declared of who may be tracked, as it came. It is made less on the log's thread, so that no request pays for
/// that; of who may not be tracked it never gets there.
pub(super) struct Traits {
    detail: Detail,
    path: Option<PathAndQuery>,
    peer: Option<IpAddr>,
    proxies: Option<(Arc<TrustedProxies>, Vec<HeaderValue>)>,
    user_agent: Option<HeaderValue>,
    referrer: Option<HeaderValue>,
}

impl Traits {
    /// Takes what is declared, and nothing else.
    pub(super) fn read(settings: &Settings, detail: Detail, parts: &Parts) -> Self {
        let field = |name: HeaderName, is_declared: bool| parts.headers.get(name).filter(|_| is_declared).cloned();
        let is_whole = detail.path == PathDetail::Query;
        let peer = settings.peer.as_ref().filter(|_| detail.address != AddressDetail::None);
        let peer = peer.and_then(|peer| peer(parts)).map(|peer| peer.to_canonical());
        let proxies = peer.zip(settings.proxies.as_ref());
        Self {
            detail,
            path: parts.uri.path_and_query().filter(|_| is_whole).cloned(),
            peer,
            proxies: proxies.map(|(peer, proxies)| (Arc::clone(proxies), proxies.lines(peer, &parts.headers))),
            user_agent: field(header::USER_AGENT, detail.user_agent != AgentDetail::None),
            referrer: field(header::REFERER, detail.referrer != ReferrerDetail::None),
        }
    }

    /// Writes as much as is declared.
    pub(super) fn write(self, visit: &mut Visit) {
        let detail = self.detail;
        if let Some(path) = &self.path {
            visit.path = Some(plain(path.as_str().as_bytes(), text::PATH));
        }
        let client = self.peer.and_then(|peer| match &self.proxies {
            Some((proxies, lines)) => proxies.client(peer, lines),
            None => Some(peer),
        });
        visit.address = client.map(|address| match detail.address {
            AddressDetail::Full => address,
            _ => anonymize::address(address),
        });
        visit.user_agent = self.user_agent.and_then(|agent| user_agent(agent.as_bytes(), detail.user_agent));
        visit.referrer = self.referrer.and_then(|referrer| referrer_text(referrer.to_str().ok()?, detail.referrer));
    }
}

fn user_agent(agent: &[u8], detail: AgentDetail) -> Option<String> {
    match detail {
        AgentDetail::None => None,
        AgentDetail::Family => Some(anonymize::user_agent(&String::from_utf8_lossy(agent)).to_string()),
        AgentDetail::Full => Some(plain(agent, text::AGENT)),
    }
}

/// One that cannot be read is left out: it could be anything.
fn referrer_text(referrer: &str, detail: ReferrerDetail) -> Option<String> {
    let kept = match detail {
        ReferrerDetail::None => None,
        ReferrerDetail::Origin => anonymize::referrer(referrer),
        ReferrerDetail::Path => anonymize::referrer_path(referrer),
        ReferrerDetail::Query => anonymize::referrer_path(referrer).map(|mut kept| {
            let whole = referrer.split('#').next().unwrap_or_default();
            if let Some((_, query)) = whole.split_once('?') {
                kept.push('?');
                kept.push_str(query);
            }
            kept
        }),
    };
    kept.map(|kept| plain(kept.as_bytes(), text::REFERRER))
}
