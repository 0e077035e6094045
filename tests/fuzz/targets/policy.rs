//! Policy files: TOML, and JSON where the text begins with a brace.

use http::{Request, Response, header};
use tower_consent::{
    Category, ConfigError, ConsentContext, ConsentLayer, CookieOrigin, Decision, ManualClock, Policy, PolicyBuilder,
    Regime,
};

use super::{
    browser::{MANNERS, Page, read},
    naive,
    scenarios::{exchange, lines, shown},
    with_lines,
};

/// 2026-11-21T12:00:00Z.
const NOW: i64 = 1_795_262_400;

pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Err(found) = check(text) {
        panic!("{found}");
    }
}

/// A file is refused with the place and the value, or it makes a policy that keeps its word.
pub(crate) fn check(text: &str) -> Result<(), String> {
    let is_json = text.trim_start().starts_with('{');
    let read = || -> Result<PolicyBuilder, String> {
        if is_json {
            serde_json::from_str(text).map_err(|error| error.to_string())
        } else {
            toml::from_str(text).map_err(|error| error.to_string())
        }
    };
    let Ok(builder) = read().map_err(|error| assert!(!error.trim().is_empty())) else { return Ok(()) };
    let built = builder.build();
    same_in_the_other_format(text, is_json, &built)?;
    match built {
        Ok(policy) => keeps_its_word(policy),
        Err(error) if error.place().is_empty() || !error.to_string().contains(error.place()) => {
            Err(format!("an error without a place: {error}"))
        }
        Err(_) => Ok(()),
    }
}

/// The format does not matter: the same tree as JSON gives the same policy, or the same error.
fn same_in_the_other_format(text: &str, is_json: bool, built: &Result<Policy, ConfigError>) -> Result<(), String> {
    let other = if is_json {
        let Ok(tree) = serde_json::from_str::<toml::Value>(text) else { return Ok(()) };
        let Ok(builder) = tree.try_into::<PolicyBuilder>() else {
            return Err("refused as TOML, and not as JSON".into());
        };
        builder
    } else {
        let tree: toml::Value = toml::from_str(text).map_err(|error| error.to_string())?;
        let tree = serde_json::to_value(tree).map_err(|error| error.to_string())?;
        serde_json::from_value(tree).map_err(|error| format!("refused as JSON, and not as TOML: {error}"))?
    };
    let (one, other) = (outcome(built), outcome(&other.build()));
    if one != other { Err(format!("{one} in one format, {other} in the other")) } else { Ok(()) }
}

fn outcome(built: &Result<Policy, ConfigError>) -> String {
    match built {
        Ok(policy) => format!("{policy:?} {:?}", policy.declared_cookies().collect::<Vec<_>>()),
        Err(error) => error.to_string(),
    }
}

fn keeps_its_word(policy: Policy) -> Result<(), String> {
    let layer = ConsentLayer::new(policy).with_clock(ManualClock::at(NOW));
    let undecided = decision(&layer, &[]);
    cookies_follow(&layer, &[], &undecided)?;
    if undecided.regime() == Regime::OptIn && undecided.undecided().is_none() {
        return Err("somebody decided in the visitor's place".into());
    }
    for grants in [true, false] {
        let Some((pair, line)) = choose(&layer, grants)? else { continue };
        let sent = [pair];
        let decision = decision(&layer, &sent);
        let Some(choice) = decision.choice().filter(|_| decision.undecided().is_none()) else {
            return Err(format!("{} is written, and read as {:?}", shown(&line), decision.undecided()));
        };
        let named: Vec<_> = if grants { choice.granted().collect() } else { choice.refused().collect() };
        for category in decision.policy().declared_categories() {
            let is_asked = category.category != Category::ESSENTIAL;
            if is_asked && (!named.contains(&category.category) || decision.allows(category.category) != grants) {
                return Err(format!("{}: {} is not {grants}", shown(&line), category.category));
            }
        }
        cookies_follow(&layer, &sent, &decision)?;
    }
    Ok(())
}

fn decision(layer: &ConsentLayer, sent: &[Vec<u8>]) -> Decision {
    let mut seen = None;
    exchange(layer, with_lines(header::COOKIE, sent), |request| {
        seen = ConsentContext::of(request.extensions()).map(|context| context.peek().clone());
        Response::new(())
    });
    seen.expect("a context")
}

/// Every declared cookie goes as its category or service does, and only that: in the verdict and on the wire.
fn cookies_follow(layer: &ConsentLayer, consent: &[Vec<u8>], decision: &Decision) -> Result<(), String> {
    let policy = decision.policy();
    let declared = policy.declared_cookies().filter(|cookie| cookie.origin == CookieOrigin::Rule);
    let names: Vec<_> =
        declared.map(|cookie| format!("{}{}", cookie.name, if cookie.is_prefix { "x1" } else { "" })).collect();
    for name in names.iter().take(40) {
        // A longer rule may stand inside of a prefix.
        let Some((category, service)) = policy.lookup(name.as_bytes()) else { continue };
        let is_allowed = service.map_or_else(|| decision.allows(category), |service| decision.allows_service(service));
        let is_nothing_passing = decision.undecided().is_some() && decision.regime() == Regime::OptIn;
        if is_nothing_passing && is_allowed && category != Category::ESSENTIAL {
            return Err(format!("{name} of {category} is allowed to who was not asked"));
        }
        if category == Category::ESSENTIAL && !is_allowed {
            return Err(format!("{name} is essential and refused"));
        }
        let pair = format!("{name}=1").into_bytes();
        if http::HeaderValue::from_bytes(&pair).is_err() {
            return Err(format!("{name:?} can stand in no header"));
        }
        let verdict = decision.cookie_verdict(name.as_bytes());
        if verdict.is_allowed() && !is_allowed {
            return Err(format!("{name} passes, and what it is for is refused"));
        }
        let passes = verdict.is_allowed() || !decision.is_enforced();
        let sent = [consent, std::slice::from_ref(&pair)].concat();
        let mut came = Vec::new();
        let response = exchange(layer, with_lines(header::COOKIE, &sent), |request| {
            came = lines(request.headers(), header::COOKIE);
            let mut response = Response::new(());
            response.headers_mut().append(header::SET_COOKIE, http::HeaderValue::from_bytes(&pair).unwrap());
            response
        });
        let is_pair = |line: &Vec<u8>| line.starts_with(&pair);
        if came.contains(&pair) != passes {
            return Err(format!("{name}: {verdict} and in the request it is otherwise"));
        }
        let left = lines(response.headers(), header::SET_COOKIE);
        let left = left.iter().filter(|line| is_pair(line) && !is_deletion(line)).count();
        if (left != 0) != passes {
            return Err(format!("{name}: {verdict} and in the response it is otherwise"));
        }
    }
    Ok(())
}

fn is_deletion(line: &[u8]) -> bool {
    naive::Ending::of(&naive::split(line, b';')[1..], NOW) != naive::Ending::Stores
}

/// The pair of a cookie, and its line.
type Written = (Vec<u8>, Vec<u8>);

/// A choice of everything or nothing, if one is written.
fn choose(layer: &ConsentLayer, grants: bool) -> Result<Option<Written>, String> {
    let mut name = String::new();
    let response = exchange(layer, Request::new(()), |request| {
        let decision = ConsentContext::of(request.extensions()).expect("a context").decision();
        name = decision.policy().consent_cookie_name().to_owned();
        let mut response = Response::new(());
        let change = if grants { decision.grant_all_unrecorded() } else { decision.refuse_all() };
        change.apply(response.headers_mut());
        response
    });
    let lines = lines(response.headers(), header::SET_COOKIE);
    let Some(line) = lines.into_iter().find(|line| line.starts_with(format!("{name}=").as_bytes())) else {
        return Ok(None);
    };
    // A browser keeps it, at a host that the policy means.
    let stored = MANNERS.iter().map(|manner| {
        let hosts = ["www.example.com", "example.com"];
        let page = |host| Page { is_secure: true, host, path: "/" };
        hosts.map(|host| read(&line, page(host), *manner, NOW)).into_iter().find_map(Result::ok)
    });
    let has_domain =
        naive::split(&line, b';').iter().any(|part| naive::trim(part).to_ascii_lowercase().starts_with(b"domain="));
    for cookie in stored {
        match cookie {
            Some(cookie) if cookie.is_live(NOW) && cookie.name == name.as_bytes() => {}
            None if has_domain => {}
            other => return Err(format!("no browser keeps {}: {other:?}", shown(&line))),
        }
    }
    Ok(Some((naive::split(&line, b';').remove(0), line)))
}
