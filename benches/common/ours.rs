//! This library, as it is measured: the whole layer, with and without MAC keys.

use std::{
    future::Future,
    pin::pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, Waker},
};

use http::{Request, Response};
use tower::{Layer, Service, service_fn};
use tower_consent::{Category, ConfigError, ConsentContext, ConsentCookie, ConsentLayer, Policy, PolicyBuilder};

use super::{
    Body,
    contenders::{Contender, Role, handler},
    profiles::{ANALYTICS, CONSENT, ConsentKind, ESSENTIAL, Lines, MARKETING},
};

fn policy() -> PolicyBuilder {
    Policy::builder()
        .consent_cookie(ConsentCookie::default().with_name(CONSENT))
        // The library's own cookie is not declared.
        .essential(ESSENTIAL.iter().copied().filter(|name| *name != CONSENT))
        .cookies(Category::ANALYTICS, ANALYTICS.iter().copied())
        .cookies(Category::MARKETING, MARKETING.iter().copied())
}

fn layer(has_mac: bool) -> Result<ConsentLayer, ConfigError> {
    let policy = if has_mac { policy().mac_key("k1", [7; 32]) } else { policy() };
    Ok(ConsentLayer::new(policy.build()?))
}

/// What is measured of this library. Each has a column and is held to the goals.
pub(crate) fn variants(lines: &Lines) -> Vec<Contender> {
    let handler = || handler(lines, |request| ConsentContext::of(request.extensions()).is_some());
    let variant = |name, has_mac, value: fn(ConsentKind) -> String| {
        layer(has_mac).ok().map(|layer| Contender::new(name, Role::Ours, value, layer.layer(handler())))
    };
    [variant("ours", true, consent_value), variant("ours, no MAC", false, |kind| value(kind, false))]
        .into_iter()
        .flatten()
        .collect()
}

/// The consent cookie's value with a MAC, as a browser sends it.
pub(crate) fn consent_value(kind: ConsentKind) -> String {
    value(kind, true)
}

/// The consent cookie's value: written today by the layer itself, without a signal.
fn value(kind: ConsentKind, has_mac: bool) -> String {
    let written = Arc::new(OnceLock::new());
    let slot = Arc::clone(&written);
    let answer = service_fn(move |request: Request<Body>| {
        if let Some(context) = ConsentContext::of(request.extensions()) {
            let change = match kind {
                ConsentKind::Granted => context.decision().grant_all_unrecorded(),
                ConsentKind::Refused => context.decision().refuse_all(),
            };
            _ = slot.set(change);
        }
        async { Ok::<_, std::convert::Infallible>(Response::new(Body::default())) }
    });
    if let Ok(layer) = layer(has_mac) {
        let mut service = layer.layer(answer);
        let answer = pin!(service.call(Request::new(Body::default())));
        // Nothing in there waits for anything.
        assert!(matches!(answer.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(_))));
    }
    let line = written.get().and_then(|change| change.header_value()).and_then(|line| line.to_str().ok());
    let value = line.and_then(|line| line.split(';').next()).and_then(|pair| pair.split_once('='));
    value.map(|(_, value)| value.to_owned()).unwrap_or_default()
}
