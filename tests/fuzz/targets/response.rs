//! `Set-Cookie` lines, against the naive filter and against a browser. The first byte picks the policy and the visitor;
//! each line of the rest is a field line.

use std::sync::LazyLock;

use http::header;
use tower_consent::{
    AttributeFloors, Category, ConsentLayer, CookieRule, Lifetime, ManualClock, Policy, SameSite, UnknownCookies,
};

use super::{
    browser::{Jar, MANNERS, Page, Stored, read},
    field_lines,
    naive::{self, Answer, World},
    pick, request,
    scenarios::{NOW, SCENARIOS, Scenario, answer_with, exchange, judge_response, lines, show_all},
};

const PAGES: [Page; 2] = [
    Page { is_secure: true, host: "www.example.com", path: "/shop/basket" },
    Page { is_secure: false, host: "www.example.com", path: "/shop/basket" },
];

const CONSENT: &[u8] = b"__Host-consent";

pub(crate) fn run(input: &[u8]) {
    let Some((which, rest)) = pick(input, SCENARIOS.len()) else { return };
    let set = field_lines(rest, 6);
    if let Err(found) = check(&SCENARIOS[which], &set).and_then(|()| check_floors(&set)) {
        panic!("{found}");
    }
}

/// Each line leaves as the naive filter has it; no browser keeps what the policy refuses; and what a browser keeps comes
/// back to the application.
pub(crate) fn check(scenario: &Scenario, set: &[Vec<u8>]) -> Result<(), String> {
    let name_of = |line: &Vec<u8>| naive::cut(&naive::split(line, b';')[0], b'=').map(|(name, _)| naive::trim(&name));
    let is_consent = |line: &Vec<u8>| name_of(line).is_some_and(|name| name == CONSENT);
    let consents: Vec<_> = set.iter().filter(|line| is_consent(line)).collect();
    let may_count =
        |line: &&Vec<u8>| naive::cut(line, b'=').is_some_and(|(_, value)| naive::trim(&value).starts_with(b"1:"));
    // Whether such a line is a consent is the matter of another target.
    if consents.iter().any(may_count) || (scenario.nothing_is_stored && !consents.is_empty()) {
        return Ok(());
    }
    // A consent that says nothing is a refusal (design, section 3).
    let world = scenario.world(if consents.is_empty() { scenario.allowed } else { &[] });
    let response = exchange(&scenario.layer, scenario.request(&[]), |_| answer_with(set));
    let all_left = lines(response.headers(), header::SET_COOKIE);
    let left: Vec<_> = all_left.iter().filter(|line| !is_consent(line)).cloned().collect();
    let others: Vec<_> = set.iter().filter(|line| !is_consent(line)).cloned().collect();
    let outcomes: Vec<_> = others.iter().map(|line| world.response_line(line)).collect();
    judge_response(scenario.label, &outcomes, &others, &left)?;
    find_bypass(&world, set, &left).map_err(|error| {
        let (set, left) = (show_all(set), show_all(&left));
        format!("{}: {error}\n  set {set:?}\n  left {left:?}", scenario.label)
    })?;
    if consents.is_empty() {
        come_back(scenario, &world, &left)?;
    }
    Ok(())
}

/// Whether any browser would keep a cookie that the policy refuses.
pub(crate) fn find_bypass(world: &World, set: &[Vec<u8>], left: &[Vec<u8>]) -> Result<(), String> {
    for page in PAGES {
        for manner in MANNERS {
            for line in left {
                let Ok(cookie) = read(line, page, manner, world.now) else { continue };
                // A page cannot say that a line deletes what this very second ends: clocks differ.
                if !cookie.is_live(world.now) {
                    continue;
                }
                let name = cookie.name.escape_ascii();
                if world.nothing_is_stored {
                    return Err(format!(
                        "a browser stores {name:?} though nothing may be stored ({page:?}, {manner:?})"
                    ));
                }
                if world.may_pass(&cookie.name) == Answer::No {
                    return Err(format!("a browser stores the refused {name:?} ({page:?}, {manner:?})"));
                }
            }
            // And the other way round: what it would have kept and may keep, it keeps.
            for line in set {
                let Ok(cookie) = read(line, page, manner, world.now) else { continue };
                let is_wanted = cookie.is_live(world.now) && cookie.name != CONSENT && !world.nothing_is_stored;
                if is_wanted && world.may_pass(&cookie.name) == Answer::Yes && !left.contains(line) {
                    return Err(format!("a browser is kept from {:?}", cookie.name.escape_ascii().to_string()));
                }
            }
        }
    }
    Ok(())
}

/// What a browser kept comes back, and reaches the application as it left.
fn come_back(scenario: &Scenario, world: &World, left: &[Vec<u8>]) -> Result<(), String> {
    for page in PAGES {
        let mut jar = Jar::default();
        for line in left {
            if let Ok(cookie) = read(line, page, MANNERS[0], world.now) {
                jar.store(cookie, world.now);
            }
        }
        let line = jar.line(page);
        if line.is_empty() || http::HeaderValue::from_bytes(&line).is_err() {
            continue;
        }
        let sent = [naive::trim(&line)];
        request::check(scenario, &sent)?;
        let mut came = Vec::new();
        exchange(&scenario.layer, scenario.request(&sent), |request| {
            came = lines(request.headers(), header::COOKIE);
            http::Response::new(())
        });
        let came: Vec<_> =
            came.iter().flat_map(|line| naive::split(line, b';')).map(|pair| naive::trim(&pair)).collect();
        for Stored { name, value, path, .. } in &jar.0 {
            let is_sent = page.path.as_bytes().starts_with(path);
            let pair = naive::trim(&[&name[..], b"=", value].concat());
            if is_sent && world.may_pass(name) == Answer::Yes && line_has(&sent[0], &pair) && !came.contains(&pair) {
                return Err(format!("{}: {} does not come back", scenario.label, pair.escape_ascii()));
            }
        }
    }
    Ok(())
}

fn line_has(line: &[u8], pair: &[u8]) -> bool {
    naive::split(line, b';').iter().any(|piece| naive::trim(piece) == pair)
}

/// A site with caps and floors: nothing is refused, everything is amended.
static FLOORS: LazyLock<ConsentLayer> = LazyLock::new(|| {
    let floors = AttributeFloors::NONE.secure().http_only().same_site(SameSite::Lax);
    let policy = Policy::builder()
        .unknown(UnknownCookies::Pass)
        .floors(floors)
        .auth_cookie("sid")
        .cookie(CookieRule::new("app_*", Category::ESSENTIAL).max_age(Lifetime::seconds(60)).add_max_age())
        .build();
    ConsentLayer::new(policy.unwrap()).with_clock(ManualClock::at(NOW))
});

/// No browser keeps a cookie for longer than its rule says, or with less than the policy's attributes.
pub(crate) fn check_floors(set: &[Vec<u8>]) -> Result<(), String> {
    let is_consent = |line: &Vec<u8>| line.windows(CONSENT.len()).any(|part| part == CONSENT);
    if set.iter().any(is_consent) {
        return Ok(());
    }
    let response = exchange(&FLOORS, http::Request::new(()), |_| answer_with(set));
    let left = lines(response.headers(), header::SET_COOKIE);
    for line in &left {
        if !set.iter().any(|set| line.starts_with(set)) {
            return Err(format!("written anew: {}", line.escape_ascii()));
        }
        for page in PAGES {
            for manner in MANNERS {
                let Ok(cookie) = read(line, page, manner, NOW) else { continue };
                if !cookie.is_live(NOW) {
                    continue;
                }
                let (most, must_end) = match &cookie.name[..] {
                    b"sid" => (7 * 86_400, false),
                    // What it does not say itself is added by how the specification reads it.
                    name if name.starts_with(b"app_") => (60, manner == MANNERS[0]),
                    _ => (i64::MAX - NOW, false),
                };
                let is_short = cookie.ends.map_or(!must_end, |end| end <= NOW + most);
                let has_all = cookie.is_secure && cookie.is_http_only && cookie.same_site >= 2;
                if !is_short || !has_all {
                    return Err(format!("{manner:?}: {} is stored as {cookie:?}", line.escape_ascii()));
                }
            }
        }
    }
    Ok(())
}
