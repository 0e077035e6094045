//! This library, as it is measured: the whole layer, with and without MAC keys, with and without sign-in.

use std::{
    future::Future,
    pin::pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, Waker},
};

use http::{Request, Response};
use tower::{
    Layer, Service,
    layer::util::{Identity, Stack},
    service_fn,
};
use tower_consent::{
    Category, ConfigError, ConsentContext, ConsentCookie, ConsentLayer, MemoryStore, Policy, PolicyBuilder, StoreError,
    TokenContext, TokenLayer, TokenRules, Tokens,
};

use super::{
    Body, Result,
    contenders::{Contender, Role, answer, handler},
    profiles::{ANALYTICS, CONSENT, ConsentKind, ESSENTIAL, Lines, MARKETING, SESSION},
};

/// The whole layer, sign-in included, under a handler that asks for the session.
pub(crate) const WITH_TOKEN: &str = "ours + token";
/// The same under a handler that does not ask.
pub(crate) const UNASKED: &str = "ours + token, unasked";

fn policy() -> PolicyBuilder {
    declared(&[CONSENT])
}

/// The policy of all cookies but the library's own, which are not declared.
pub(crate) fn declared(own: &[&str]) -> PolicyBuilder {
    Policy::builder()
        .consent_cookie(ConsentCookie::default().with_name(CONSENT))
        .essential(ESSENTIAL.iter().copied().filter(|name| !own.contains(name)))
        .cookies(Category::ANALYTICS, ANALYTICS.iter().copied())
        .cookies(Category::MARKETING, MARKETING.iter().copied())
}

fn layer(has_mac: bool) -> Result<ConsentLayer, ConfigError> {
    let policy = if has_mac { policy().mac_key("k1", [7; 32]) } else { policy() };
    Ok(ConsentLayer::new(policy.build()?))
}

/// What is measured of this library. Each has a column.
pub(crate) fn variants(lines: &Lines) -> Result<Vec<Contender>> {
    let handler = || handler(lines, |request| ConsentContext::of(request.extensions()).is_some());
    let variant = |name, has_mac, value: fn(ConsentKind) -> String| {
        layer(has_mac).map(|layer| Contender::new(name, Role::Ours, value, layer.layer(handler())))
    };
    Ok(vec![
        variant("ours", true, consent_value)?,
        variant("ours, no MAC", false, |kind| value(kind, false))?,
        with_token(lines)?,
        unasked(lines)?,
    ])
}

fn with_token(lines: &Lines) -> Result<Contender> {
    let (tokens, token) = tokens()?;
    let lines = lines.clone();
    let handler = service_fn(move |request: Request<Body>| {
        let lines = lines.clone();
        async move {
            let found = match TokenContext::of(request.extensions()) {
                Some(context) => context.session(request.headers()).await?.is_some(),
                None => false,
            };
            Ok::<_, StoreError>(answer(&request, found, &lines))
        }
    });
    let layer = layer_with(tokens)?;
    Ok(Contender::new(WITH_TOKEN, Role::Ours, consent_value, layer.layer(handler)).with_session(token))
}

fn unasked(lines: &Lines) -> Result<Contender> {
    let (tokens, token) = tokens()?;
    let handler = handler(lines, |request| TokenContext::of(request.extensions()).is_some());
    let layer = layer_with(tokens)?;
    Ok(Contender::new(UNASKED, Role::Ours, consent_value, layer.layer(handler)).with_session(token))
}

/// The layer with a MAC key, and tokens in the cookie that is every contender's session.
fn layer_with(tokens: Tokens) -> Result<ConsentLayer<Stack<Identity, TokenLayer>>> {
    let rules = TokenRules::default().with_cookie_name(SESSION);
    let policy = declared(&[CONSENT, SESSION]).tokens(rules).mac_key("k1", [7; 32]).build()?;
    Ok(ConsentLayer::new(policy).with_tokens(tokens))
}

/// Tokens in memory, and one that is alive.
fn tokens() -> Result<(Tokens, String)> {
    let tokens = Tokens::new(MemoryStore::new());
    let mut issue = pin!(tokens.issue("user-17"));
    match issue.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(issued) => {
            let token = issued?.token().expose();
            Ok((tokens.clone(), token))
        }
        Poll::Pending => Err("the token store waits".into()),
    }
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
