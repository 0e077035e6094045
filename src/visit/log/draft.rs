//! A line on its way to the log's thread.

use std::{
    net::IpAddr,
    ops::Range,
    time::{Duration, Instant},
};

use http::{HeaderName, HeaderValue, Method, StatusCode, header, request::Parts, uri::Authority};

use super::{
    anonymize,
    layer::Settings,
    text::{self, push_plain},
    visit::{Visit, VisitTime, method_name},
    without_parameters,
};
use crate::policy::{AddressDetail, AgentDetail, Detail, PathDetail, ReferrerDetail};

/// What is known of a visit so far. All its texts stand in one buffer: memory that one thread takes and another gives back
/// costs a request more than all that is done here.
pub(super) struct Draft {
    pub(super) time: VisitTime,
    method: &'static str,
    pub(super) status: Option<StatusCode>,
    pub(super) duration: Duration,
    pub(super) bytes: u64,
    pub(super) is_complete: bool,
    texts: String,
    host: Option<Range<usize>>,
    path: Option<Range<usize>>,
    /// What is told of who may be tracked alone. Its texts stand behind the others.
    traits: Option<Traits>,
}

/// What is declared of who may be tracked, made less already.
struct Traits {
    begin: usize,
    address: Option<IpAddr>,
    /// The path with its query, where that is declared.
    path: Option<Range<usize>>,
    user_agent: Option<Range<usize>>,
    referrer: Option<Range<usize>>,
}

impl Draft {
    /// Takes what is declared: of everybody, and of who may be tracked where the decision on the request says so.
    pub(super) fn read(settings: &Settings, has_path: bool, tracked: Option<Detail>, parts: &Parts) -> Self {
        let mut texts = String::with_capacity(capacity(tracked, parts));
        let host = push_host(&mut texts, parts);
        let path = || without_parameters(parts.uri.path());
        let path = has_path.then(|| push_plain(&mut texts, path().as_bytes(), text::PATH));
        let traits = tracked.map(|detail| Traits::read(&mut texts, settings, detail, parts));
        Self {
            time: VisitTime::cut(0, Detail::UNTRACKED.time),
            method: method_name(&parts.method),
            status: None,
            duration: Duration::ZERO,
            bytes: 0,
            // Nothing follows the head of an answer to HEAD.
            is_complete: parts.method == Method::HEAD,
            texts,
            host,
            path,
            traits,
        }
    }

    pub(super) const fn is_tracked(&self) -> bool {
        self.traits.is_some()
    }

    /// Lets go of what is told of who may be tracked alone: it does not go to the log's thread, not even unread.
    pub(super) fn forget_traits(&mut self) {
        if let Some(traits) = self.traits.take() {
            let mut texts = std::mem::take(&mut self.texts).into_bytes();
            texts.iter_mut().skip(traits.begin).for_each(|byte| *byte = 0);
            texts.truncate(traits.begin);
            self.texts = String::from_utf8(texts).unwrap_or_default();
        }
    }

    /// Ends it, with what is declared in the end.
    pub(super) fn conclude(&mut self, detail: Detail, seconds: i64, began: Instant) {
        self.time = VisitTime::cut(seconds, detail.time);
        let spent = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.duration = Duration::from_millis(spent);
        if detail.path == PathDetail::None {
            self.path = None;
        }
    }

    /// The line as sinks see it.
    pub(super) fn into_visit(self) -> Visit {
        let Self { time, method, status, duration, bytes, is_complete, texts, host, path, traits } = self;
        let text = |place: Option<Range<usize>>| texts.get(place?).map(str::to_owned);
        let is_tracked = traits.is_some();
        let (address, whole_path, user_agent, referrer) = traits.map_or((None, None, None, None), |traits| {
            (traits.address, traits.path, traits.user_agent, traits.referrer)
        });
        Visit {
            time,
            method,
            host: text(host),
            path: text(whole_path.or(path)),
            status,
            duration,
            bytes,
            address,
            user_agent: text(user_agent),
            referrer: text(referrer),
            is_tracked,
            is_complete,
        }
    }
}

impl Traits {
    fn read(texts: &mut String, settings: &Settings, detail: Detail, parts: &Parts) -> Self {
        let begin = texts.len();
        let path = parts.uri.path_and_query().filter(|_| detail.path == PathDetail::Query);
        let agent = parts.headers.get(header::USER_AGENT);
        let referrer = parts.headers.get(header::REFERER).and_then(|referrer| referrer.to_str().ok());
        Self {
            begin,
            address: address(settings, detail.address, parts),
            path: path.map(|path| push_plain(texts, path.as_str().as_bytes(), text::PATH)),
            user_agent: agent.and_then(|agent| push_agent(texts, agent.as_bytes(), detail.user_agent)),
            referrer: referrer.and_then(|referrer| push_referrer(texts, referrer, detail.referrer)),
        }
    }
}

/// Enough for all texts of almost every request, so that the buffer is taken once.
fn capacity(tracked: Option<Detail>, parts: &Parts) -> usize {
    let field = |name: HeaderName| parts.headers.get(name).map_or(0, HeaderValue::len);
    let path = parts.uri.path_and_query().map_or(0, |path| path.as_str().len());
    let common = field(header::HOST) + path;
    let traits = tracked.map_or(0, |_| field(header::USER_AGENT) + field(header::REFERER) + path);
    (common + traits).min(text::HOST + 2 * text::PATH + text::AGENT + text::REFERRER)
}

fn address(settings: &Settings, detail: AddressDetail, parts: &Parts) -> Option<IpAddr> {
    let peer = settings.peer.as_ref().filter(|_| detail != AddressDetail::None)?;
    let peer = peer(parts)?.to_canonical();
    let client = match &settings.proxies {
        Some(proxies) => proxies.client(peer, &parts.headers)?,
        None => peer,
    };
    Some(if detail == AddressDetail::Full { client } else { anonymize::address(client) })
}

fn push_agent(texts: &mut String, agent: &[u8], detail: AgentDetail) -> Option<Range<usize>> {
    match detail {
        AgentDetail::None => None,
        AgentDetail::Family => {
            let family = anonymize::user_agent(&String::from_utf8_lossy(agent)).to_string();
            Some(push_plain(texts, family.as_bytes(), text::AGENT))
        }
        AgentDetail::Full => Some(push_plain(texts, agent, text::AGENT)),
    }
}

/// One that cannot be read is left out: it could be anything.
fn push_referrer(texts: &mut String, referrer: &str, detail: ReferrerDetail) -> Option<Range<usize>> {
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
    kept.map(|kept| push_plain(texts, kept.as_bytes(), text::REFERRER))
}

/// The host that was asked, in lower case; nothing for what is no host.
fn push_host(texts: &mut String, parts: &Parts) -> Option<Range<usize>> {
    let given = match parts.uri.host() {
        Some(host) => host.as_bytes(),
        None => parts.headers.get(header::HOST)?.as_bytes(),
    };
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let end = given.iter().position(|byte| !is_name(byte)).unwrap_or(given.len());
    let (name, port) = given.split_at(end);
    let place = match port {
        // What almost all ask for; the rest is for a parser.
        [] => push_plain(texts, name, text::HOST),
        [b':', port @ ..] if port.iter().all(u8::is_ascii_digit) => push_plain(texts, name, text::HOST),
        _ => push_plain(texts, Authority::try_from(given).ok()?.host().as_bytes(), text::HOST),
    };
    if let Some(host) = texts.get_mut(place.clone()) {
        host.make_ascii_lowercase();
    }
    Some(place)
}
