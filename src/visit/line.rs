//! The line of one visit while its answer is under way.

use std::{
    fmt,
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri, header, request::Parts, uri::Authority,
};

use super::{
    anonymize,
    layer::Settings,
    text::{self, plain},
    visit::{Visit, VisitTime, method_name},
};
use crate::{
    decide::Decision,
    enforce::ConsentContext,
    policy::{AddressDetail, AgentDetail, Detail, PathDetail, ReferrerDetail},
};

/// What is known so far. When it is dropped, the line is reduced to what may be written, and queued.
pub(super) struct Line {
    settings: Arc<Settings>,
    context: Option<ConsentContext>,
    began: Instant,
    seconds: i64,
    /// What is told of everybody. Gone only while this is dropped.
    visit: Option<Box<Visit>>,
    /// What is told of who may be tracked; nothing where the decision on the request says no.
    traits: Option<Box<Traits>>,
    /// The length that the answer announced.
    announced: Option<u64>,
}

/// What is declared of who may be tracked, as it came.
struct Traits {
    uri: Option<Uri>,
    address: Option<IpAddr>,
    user_agent: Option<HeaderValue>,
    referrer: Option<HeaderValue>,
}

impl Line {
    /// Begins a line, where one may be written.
    pub(super) fn begin(settings: &Arc<Settings>, parts: &Parts) -> Option<Self> {
        let context = ConsentContext::of(&parts.extensions);
        let decision = context.map(ConsentContext::peek);
        let facts = decision.map(|decision| decision.policy().visits);
        let untracked = facts.map_or_else(|| settings.without_decision(), |facts| facts.untracked);
        let tracked = facts.filter(|_| decision.is_some_and(Decision::may_track));
        let tracked = tracked.map(|facts| facts.tracked);
        // What ends up tracked was tracked from the beginning, but not the other way round.
        if !untracked.log && !tracked.is_some_and(|detail| detail.log) {
            return None;
        }
        let has_path =
            untracked.path >= PathDetail::Path || tracked.is_some_and(|detail| detail.path >= PathDetail::Path);
        Some(Self {
            settings: Arc::clone(settings),
            context: context.cloned(),
            began: Instant::now(),
            seconds: settings.log.now(),
            visit: Some(Box::new(Visit {
                time: VisitTime::cut(0, untracked.time),
                method: method_name(&parts.method),
                host: host(parts),
                path: has_path.then(|| plain(parts.uri.path().as_bytes(), text::PATH)),
                status: None,
                duration: Duration::ZERO,
                bytes: 0,
                address: None,
                user_agent: None,
                referrer: None,
                is_tracked: false,
                // Nothing follows the head of such an answer.
                is_complete: parts.method == Method::HEAD,
            })),
            traits: tracked.map(|detail| Box::new(Traits::read(settings, &detail, parts))),
            announced: None,
        })
    }

    /// Notes the head of the answer.
    pub(super) fn answer<C>(&mut self, response: &Response<C>) {
        let Some(visit) = &mut self.visit else { return };
        let status = response.status();
        visit.status = Some(status);
        let is_head_only =
            matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) || status.is_informational();
        visit.is_complete |= is_head_only;
        let length = response.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        self.announced = length.and_then(|length| length.parse().ok());
    }

    /// Counts bytes of the body.
    pub(super) fn count(&mut self, bytes: usize) {
        let Some(visit) = &mut self.visit else { return };
        visit.bytes = visit.bytes.saturating_add(bytes as u64);
        if self.announced == Some(visit.bytes) {
            visit.is_complete = true;
        }
    }

    /// Notes that the answer is whole.
    pub(super) fn complete(&mut self) {
        if let Some(visit) = &mut self.visit {
            visit.is_complete = true;
        }
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What came with the request may be more than what may be written.
        f.debug_struct("Line").field("may_be_tracked", &self.traits.is_some()).finish_non_exhaustive()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let Some(mut visit) = self.visit.take() else { return };
        let decision = self.context.as_ref().map(ConsentContext::peek);
        // Without a status the head of an answer never came; a body that was given up before its head was judged is none.
        visit.is_complete &= visit.status.is_some();
        let facts = decision.map(|decision| decision.policy().visits);
        let traits = self.traits.take().filter(|_| decision.is_some_and(Decision::may_track));
        let detail = match (facts, &traits) {
            (Some(facts), Some(_)) => facts.tracked,
            (Some(facts), None) => facts.untracked,
            (None, _) => self.settings.without_decision(),
        };
        if !detail.log {
            return;
        }
        visit.time = VisitTime::cut(self.seconds, detail.time);
        let spent = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        visit.duration = Duration::from_millis(spent);
        if detail.path == PathDetail::None {
            visit.path = None;
        }
        if let Some(traits) = traits {
            visit.is_tracked = true;
            traits.write(&detail, &mut visit);
        }
        self.settings.log.write(visit);
    }
}

impl Traits {
    /// Takes what is declared, and nothing else.
    fn read(settings: &Settings, detail: &Detail, parts: &Parts) -> Self {
        let field = |name: HeaderName| parts.headers.get(name).cloned();
        Self {
            uri: (detail.path == PathDetail::Query && parts.uri.query().is_some()).then(|| parts.uri.clone()),
            address: if detail.address == AddressDetail::None { None } else { client(settings, parts) },
            user_agent: if detail.user_agent == AgentDetail::None { None } else { field(header::USER_AGENT) },
            referrer: if detail.referrer == ReferrerDetail::None { None } else { field(header::REFERER) },
        }
    }

    fn write(self, detail: &Detail, visit: &mut Visit) {
        if let Some(uri) = &self.uri {
            let whole = uri.path_and_query().map_or("", |whole| whole.as_str());
            visit.path = Some(plain(whole.as_bytes(), text::PATH));
        }
        visit.address = self.address.map(|address| match detail.address {
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

/// The host that was asked; nothing for what is no host.
fn host(parts: &Parts) -> Option<String> {
    let in_field = |headers: &HeaderMap| Authority::try_from(headers.get(header::HOST)?.as_bytes()).ok();
    let host = match parts.uri.host() {
        Some(host) => host.to_ascii_lowercase(),
        None => in_field(&parts.headers)?.host().to_ascii_lowercase(),
    };
    Some(plain(host.as_bytes(), text::HOST))
}

/// The client's address, as the connection or trusted proxies tell it.
fn client(settings: &Settings, parts: &Parts) -> Option<IpAddr> {
    let peer = settings.peer.as_ref()?(parts)?.to_canonical();
    match &settings.proxies {
        Some(proxies) => proxies.client(peer, &parts.headers),
        None => Some(peer),
    }
}
