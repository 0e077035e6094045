//! The layer in front of an application, under several policies, and how what passes is held against the naive filter.

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    pin::pin,
    sync::LazyLock,
    task::{Context, Poll, Waker},
};

use http::{HeaderMap, HeaderValue, Request, Response, header};
use tower::{Layer, Service};
use tower_consent::{
    Category, ConsentContext, ConsentLayer, ManualClock, Policy, Regime, Selection, Signal, SignalScope, UnknownCookies,
};

use super::naive::{self, Answer, World};

/// 2027-01-15T08:00:00Z.
pub(crate) const NOW: i64 = 1_800_000_000;

// The application, and the layer in front of it.

pub(crate) struct App<F>(F);

impl<F: FnMut(Request<()>) -> Response<()>> Service<Request<()>> for App<F> {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        ready(Ok((self.0)(request)))
    }
}

/// One exchange. The application answers at once, so that the layer must too.
pub(crate) fn exchange(
    layer: &ConsentLayer,
    request: Request<()>,
    app: impl FnMut(Request<()>) -> Response<()>,
) -> Response<()> {
    let mut service = layer.layer(App(app));
    let mut answer = pin!(service.call(request));
    match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(response)) => response,
        Poll::Pending => panic!("the layer waits for something of its own"),
    }
}

pub(crate) fn lines(headers: &HeaderMap, name: header::HeaderName) -> Vec<Vec<u8>> {
    headers.get_all(name).iter().map(|value| value.as_bytes().to_vec()).collect()
}

pub(crate) fn shown(line: &[u8]) -> String {
    line.escape_ascii().to_string()
}

// The policies.

/// Cookie rules of every policy here: prefixes inside prefixes, exact names inside prefixes, names that differ only in
/// case, bytes that are not ASCII.
pub(crate) const RULES: &[(&str, Category)] = &[
    ("sid", Category::ESSENTIAL),
    ("csrf", Category::ESSENTIAL),
    ("__Host-sid", Category::ESSENTIAL),
    ("app_*", Category::ESSENTIAL),
    ("app_st_*", Category::ANALYTICS),
    ("app_ads", Category::MARKETING),
    ("_ga", Category::ANALYTICS),
    ("_ga_*", Category::ANALYTICS),
    ("_GA", Category::MARKETING),
    ("_gid", Category::ANALYTICS),
    ("_fbp", Category::MARKETING),
    ("_fb_*", Category::MARKETING),
    ("theme", Category::FUNCTIONAL),
    ("th\u{e8}me", Category::FUNCTIONAL),
];

pub(crate) const ASKED: [Category; 3] = [Category::FUNCTIONAL, Category::ANALYTICS, Category::MARKETING];

pub(crate) struct Scenario {
    pub(crate) label: &'static str,
    pub(crate) layer: ConsentLayer,
    /// The signals that the browser sends.
    pub(crate) signals: &'static [(&'static str, &'static str)],
    /// The value of the consent cookie, where the visitor has chosen.
    pub(crate) consent: Option<String>,
    /// What is allowed.
    pub(crate) allowed: &'static [Category],
    pub(crate) unknown_passes: bool,
    /// DNT is set to *no cookies at all*.
    pub(crate) nothing_is_stored: bool,
}

impl Scenario {
    pub(crate) fn world(&self, allowed: &[Category]) -> World {
        let rules = RULES
            .iter()
            .map(|(name, category)| (*name, *category == Category::ESSENTIAL || allowed.contains(category)));
        World {
            rules: rules.collect(),
            unknown_passes: self.unknown_passes,
            nothing_is_stored: self.nothing_is_stored,
            now: NOW,
        }
    }

    pub(crate) fn request(&self, cookies: &[Vec<u8>]) -> Request<()> {
        let mut request = Request::new(());
        for (name, value) in self.signals {
            request.headers_mut().append(*name, HeaderValue::from_static(value));
        }
        if let Some(consent) = &self.consent {
            let line = HeaderValue::try_from(format!("__Host-consent={consent}")).unwrap();
            request.headers_mut().append(header::COOKIE, line);
        }
        for line in cookies {
            request.headers_mut().append(header::COOKIE, HeaderValue::from_bytes(line).unwrap());
        }
        request
    }
}

/// The value of the consent cookie after this choice, as the layer itself writes it.
fn consent_value(layer: &ConsentLayer, granted: &[Category]) -> String {
    let response = exchange(layer, Request::new(()), |request| answer_with_choice(&request, &[], granted, &[]));
    let line = lines(response.headers(), header::SET_COOKIE).remove(0);
    let (name, value) = naive::cut(&naive::split(&line, b';')[0], b'=').unwrap();
    assert_eq!(name, b"__Host-consent");
    String::from_utf8(value).unwrap()
}

/// A response with these lines, then the visitor's choice, then those lines.
pub(crate) fn answer_with_choice(
    request: &Request<()>,
    before: &[Vec<u8>],
    granted: &[Category],
    after: &[Vec<u8>],
) -> Response<()> {
    let selection = granted.iter().fold(Selection::none(), |selection, category| selection.grant(*category));
    let decision = ConsentContext::of(request.extensions()).unwrap().decision().clone();
    let mut response = answer_with(before);
    decision.choose_unrecorded(&selection).unwrap().apply(response.headers_mut());
    for line in after {
        response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_bytes(line).unwrap());
    }
    response
}

pub(crate) fn answer_with(lines: &[Vec<u8>]) -> Response<()> {
    let mut response = Response::new(());
    for line in lines {
        response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_bytes(line).unwrap());
    }
    response
}

pub(crate) static SCENARIOS: LazyLock<Vec<Scenario>> = LazyLock::new(|| {
    use Regime::{OptIn, OptOut};
    use UnknownCookies::{Pass, Report, Strip};
    const GPC: &[(&str, &str)] = &[("sec-gpc", "1")];
    const DNT: &[(&str, &str)] = &[("dnt", "1")];
    const NOTHING: &[Category] = &[];
    const ANALYTICS: &[Category] = &[Category::ANALYTICS];
    const ALL: &[Category] = &ASKED;
    // (label, unknown, regime, signals, what the visitor granted, what is allowed then, no cookies at all)
    #[rustfmt::skip]
    let table = [
        ("opt-in, nobody decided",         Strip,  OptIn,  &[][..], None,            NOTHING,   false),
        ("opt-in, analytics granted",      Strip,  OptIn,  &[],     Some(ANALYTICS), ANALYTICS, false),
        ("opt-in, unknown pass",           Pass,   OptIn,  &[],     None,            NOTHING,   false),
        ("opt-in, all, unknown reported",  Report, OptIn,  &[],     Some(ALL),       ALL,       false),
        ("opt-out, nobody decided",        Pass,   OptOut, &[],     None,            ALL,       false),
        ("opt-out, all but analytics no",  Pass,   OptOut, &[],     Some(ANALYTICS), ANALYTICS, false),
        ("opt-out, all refused",           Strip,  OptOut, &[],     Some(NOTHING),   NOTHING,   false),
        ("opt-out, GPC",                   Report, OptOut, GPC,     None,            NOTHING,   false),
        // The choice was made without the signal, so the signal wins (R97).
        ("opt-in, all granted, then DNT",  Pass,   OptIn,  DNT,     Some(ALL),       NOTHING,   false),
        ("opt-out, DNT: no cookies",       Strip,  OptOut, DNT,     Some(ANALYTICS), NOTHING,   true),
    ];
    let scenario = |(label, unknown, regime, signals, granted, allowed, nothing_is_stored)| {
        let mut policy = Policy::builder().unknown(unknown).regime(regime);
        if nothing_is_stored {
            policy = policy.signal(Signal::Dnt, SignalScope::NoCookies);
        }
        for (name, category) in RULES {
            policy = policy.cookies(*category, [*name]);
        }
        let layer = ConsentLayer::new(policy.build().unwrap()).with_clock(ManualClock::at(NOW));
        let consent = Option::map(granted, |granted: &[Category]| consent_value(&layer, granted));
        let unknown_passes = unknown != Strip;
        Scenario { label, layer, signals, consent, allowed, unknown_passes, nothing_is_stored }
    };
    table.into_iter().map(scenario).collect()
});

// Request.

/// Holds what came through against what the oracle lets through.
pub(crate) fn judge_request(world: &World, sent: &[Vec<u8>], came: &[Vec<u8>]) -> Result<(), String> {
    let mut came_pairs = Vec::new();
    let mut blank_lines = 0;
    for line in came {
        let pairs: Vec<Vec<u8>> =
            naive::split(line, b';').iter().map(|piece| naive::trim(piece)).filter(|piece| !piece.is_empty()).collect();
        if pairs.is_empty() {
            blank_lines += 1;
        } else {
            came_pairs.push(pairs);
        }
    }
    let mut expected_pairs = Vec::new();
    let mut lines_without_loss = Vec::new();
    let mut allowed_blank_lines = 0;
    let mut has_loss = false;
    for line in sent {
        let judged = world.request_line(line);
        // Where the documents leave a choice, whatever the layer chose for this name counts.
        let stays = |pair: &Vec<u8>, answer: &Answer| match answer {
            Answer::Yes => true,
            Answer::No => false,
            Answer::Either => came_pairs.iter().flatten().any(|came| came == pair),
        };
        let kept: Vec<Vec<u8>> =
            judged.iter().filter(|(pair, answer)| stays(pair, answer)).map(|(pair, _)| pair.clone()).collect();
        has_loss |= kept.len() != judged.len();
        if judged.is_empty() {
            allowed_blank_lines += 1;
        }
        if kept.len() == judged.len() && !judged.is_empty() {
            lines_without_loss.push(line.clone());
        }
        if !kept.is_empty() {
            expected_pairs.push(kept);
        }
    }
    if came_pairs != expected_pairs {
        return Err(format!("pairs: expected {:?}", show_all(&expected_pairs.concat())));
    }
    // A field from which all was taken is removed, not left empty (R48).
    if blank_lines > allowed_blank_lines {
        return Err("an emptied line was left in".into());
    }
    // What loses nothing keeps its bytes.
    for line in lines_without_loss {
        if !came.contains(&line) {
            return Err(format!("rewritten though nothing was taken from it: {}", shown(&line)));
        }
    }
    if !has_loss && came != sent {
        return Err("rewritten though nothing was stripped".into());
    }
    Ok(())
}

pub(crate) fn show_all(lines: &[Vec<u8>]) -> Vec<String> {
    lines.iter().map(|line| shown(line)).collect()
}

pub(crate) fn check_request(
    scenario: &Scenario,
    cookies: &[Vec<u8>],
    fake: Option<(usize, &str)>,
) -> Result<(), String> {
    let mut cookies = cookies.to_vec();
    if let Some((at, value)) = fake {
        let at = at % (cookies.len() + 1);
        cookies.insert(at, format!("__Host-consent={value}").into_bytes());
    }
    // A consent cookie that is there but cannot be used closes everything, in every regime (design, section 2, rule 5).
    let is_spoilt = fake.is_some_and(|(_, value)| scenario.consent.as_deref() != Some(value));
    let world = scenario.world(if is_spoilt { &[] } else { scenario.allowed });
    let request = scenario.request(&cookies);
    let sent = lines(request.headers(), header::COOKIE);
    let mut came = None;
    exchange(&scenario.layer, request, |request| {
        came = Some(lines(request.headers(), header::COOKIE));
        for (name, value) in scenario.signals {
            assert_eq!(request.headers()[*name], *value, "R7, R18: the signal stays for the application");
        }
        Response::new(())
    });
    let came = came.unwrap();
    judge_request(&world, &sent, &came).map_err(|error| {
        format!("{}\n  sent {:?}\n  came {:?}\n  {error}", scenario.label, show_all(&sent), show_all(&came))
    })
}

// Response.

/// Whether the lines that left can have come from these outcomes, each line's in its turn.
fn matches(outcomes: &[Vec<Option<Vec<u8>>>], left: &[Vec<u8>]) -> bool {
    let Some((first, rest)) = outcomes.split_first() else {
        return left.is_empty();
    };
    first.iter().any(|outcome| match outcome {
        None => matches(rest, left),
        Some(line) => left.first() == Some(line) && matches(rest, &left[1..]),
    })
}

pub(crate) fn judge_response(
    label: &str,
    outcomes: &[Vec<Option<Vec<u8>>>],
    set: &[Vec<u8>],
    left: &[Vec<u8>],
) -> Result<(), String> {
    if matches(outcomes, left) {
        return Ok(());
    }
    let expected: Vec<Vec<String>> = outcomes
        .iter()
        .map(|outcomes| {
            outcomes.iter().map(|line| line.as_ref().map_or("(dropped)".into(), |line| shown(line))).collect()
        })
        .collect();
    Err(format!("{label}\n  set {:?}\n  left {:?}\n  expected {expected:?}", show_all(set), show_all(left)))
}

pub(crate) fn check_response(scenario: &Scenario, set: &[Vec<u8>]) -> Result<(), String> {
    let world = scenario.world(scenario.allowed);
    let response = exchange(&scenario.layer, scenario.request(&[]), |_| answer_with(set));
    let outcomes: Vec<_> = set.iter().map(|line| world.response_line(line)).collect();
    judge_response(scenario.label, &outcomes, set, &lines(response.headers(), header::SET_COOKIE))
}
