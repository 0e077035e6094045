//! `Cookie` lines. The first byte picks the policy and the visitor; each line of the rest is a field line.

use http::header;

use super::{
    field_lines, naive, pick,
    scenarios::{SCENARIOS, Scenario, check_request, exchange, lines, show_all},
    server,
};

const CONSENT: &[u8] = b"__Host-consent";

pub(crate) fn run(input: &[u8]) {
    let Some((which, rest)) = pick(input, SCENARIOS.len()) else { return };
    if let Err(found) = check(&SCENARIOS[which], &field_lines(rest, 8)) {
        panic!("{found}");
    }
}

/// What came is what the naive filter leaves, and what no reader takes for something else; filtered again, it stays.
pub(crate) fn check(scenario: &Scenario, sent: &[Vec<u8>]) -> Result<(), String> {
    let Some(is_spoilt) = spoils_consent(scenario, sent) else { return Ok(()) };
    if is_spoilt {
        // The scenario's own consent stands beside it, or nothing does: either way nothing counts any more.
        let spoilt = Some((0, "x"));
        check_request(scenario, sent, spoilt)?;
    } else {
        check_request(scenario, sent, None)?;
    }
    let once = came_through(scenario, sent);
    let twice = came_through(scenario, &once);
    // The consent cookie of the scenario is sent anew each time.
    if twice.last() != once.last() || twice.len() < once.len() {
        let (once, twice) = (show_all(&once), show_all(&twice));
        return Err(format!("{}: filtered twice\n  once  {once:?}\n  twice {twice:?}", scenario.label));
    }
    let world = scenario.world(if is_spoilt { &[] } else { scenario.allowed });
    for (how, name) in server::names(&once) {
        let is_blank = name.is_empty() && once.iter().all(|line| naive::trim(line).is_empty());
        let may_be_seen = match world.declared(&name) {
            Some((is_allowed, _)) => is_allowed,
            None => world.unknown_passes,
        };
        if !may_be_seen && !is_blank && !name.is_empty() {
            let (sent, once) = (show_all(sent), show_all(&once));
            let name = name.escape_ascii();
            return Err(format!("{}: a server sees {name} ({how})\n  sent {sent:?}\n  came {once:?}", scenario.label));
        }
    }
    Ok(())
}

/// Whether the lines hold a consent cookie that cannot be used. `None`: it could be one, of which another target judges.
fn spoils_consent(scenario: &Scenario, sent: &[Vec<u8>]) -> Option<bool> {
    let mut spoils = false;
    for piece in sent.iter().flat_map(|line| naive::split(line, b';')) {
        let Some((name, value)) = naive::cut(&piece, b'=') else { continue };
        if naive::trim(&name) != CONSENT {
            continue;
        }
        let value = naive::trim(&value);
        if scenario.consent.as_ref().is_some_and(|own| own.as_bytes() == value) {
            continue;
        }
        if value.starts_with(b"1:") {
            return None;
        }
        spoils = true;
    }
    Some(spoils)
}

fn came_through(scenario: &Scenario, sent: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut came = Vec::new();
    exchange(&scenario.layer, scenario.request(sent), |request| {
        came = lines(request.headers(), header::COOKIE);
        http::Response::new(())
    });
    came
}
