//! Holds the layer, HTTP in and HTTP out, against a naive filter that was written from the documents: which cookies pass
//! and which do not, byte for byte, for arbitrary bytes and several policies.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "oracle/inputs.rs"]
mod inputs;
#[path = "oracle/naive.rs"]
mod naive;
#[path = "common/property.rs"]
mod property;
#[path = "oracle/scenarios.rs"]
mod scenarios;

use http::header;
use inputs::{cookie_line, date, set_cookie_line};
use property::hold;
use proptest::{prelude::*, sample::select};
use scenarios::{
    ASKED, NOW, SCENARIOS, answer_with, answer_with_choice, check_request, check_response, exchange, judge_response,
    lines, show_all,
};
use tower_consent::Category;

/// Values that are no consent; with one of them in the request the consent is malformed or ambiguous (R53, R118).
const NO_CONSENTS: &[&str] =
    &["", "x", "1", "1:1", "1:1:2026-99-99+analytics", "2:1:2027-01-14+analytics", "\"\"", "all"];

/// R25-R27, R35, R36, R38, R46-R49, R66-R72, R7, R18.
#[test]
fn request_lines_keep_exactly_what_the_oracle_keeps() {
    let lines = prop::collection::vec(cookie_line(), 0..4);
    let scenario = 0..SCENARIOS.len();
    hold(&(scenario, lines), |(scenario, lines)| check_request(&SCENARIOS[scenario], &lines, None));
}

/// R53, R118: a second or unusable consent cookie closes everything that is not essential; an equal copy changes nothing.
#[test]
fn request_lines_with_a_second_consent_cookie() {
    let lines = prop::collection::vec(cookie_line(), 0..4);
    let fake = (0..4_usize, prop_oneof![3 => select(NO_CONSENTS).prop_map(Some), 1 => Just(None)]);
    hold(&(0..SCENARIOS.len(), lines, fake), |(scenario, lines, (at, fake))| {
        let scenario = &SCENARIOS[scenario];
        // `None`: a copy of the real one, where there is one.
        let value = fake.unwrap_or(scenario.consent.as_deref().unwrap_or("x"));
        check_request(scenario, &lines, Some((at, value)))
    });
}

// Response.

/// R24-R31, R35-R40, R57, R66, R67: each line whole or not at all, in order, as it came or with one `Max-Age=0` behind it.
#[test]
fn response_lines_are_exactly_those_of_the_oracle() {
    let lines = prop::collection::vec(set_cookie_line(), 0..5);
    hold(&(0..SCENARIOS.len(), lines), |(scenario, lines)| check_response(&SCENARIOS[scenario], &lines));
}

/// R31, R57: a refused cookie's Expires, alone. What the browser's date parser reads as past leaves as a deletion, all
/// else is dropped.
#[test]
fn a_refused_cookie_leaves_only_if_its_expires_is_past_for_browsers() {
    let scenario = &SCENARIOS[0];
    hold(&date(), |date| check_response(scenario, &[[b"_ga=1; Expires=", &date[..]].concat()]));
}

/// Design, section 3: a choice made in the response opens or closes the gate for all of its lines, also for those that
/// were written before it. R39: the order stays.
#[test]
fn a_choice_in_the_response_judges_all_its_lines() {
    const GRANTS: &[&[Category]] = &[&[], &[Category::MARKETING, Category::FUNCTIONAL], &ASKED];
    let lines_around = || prop::collection::vec(set_cookie_line(), 0..3);
    // Where nothing may be stored there is no choice to store.
    let scenarios: Vec<usize> = (0..SCENARIOS.len()).filter(|place| !SCENARIOS[*place].nothing_is_stored).collect();
    hold(&(select(scenarios), select(GRANTS), lines_around(), lines_around()), |(scenario, granted, before, after)| {
        let scenario = &SCENARIOS[scenario];
        let world = scenario.world(granted);
        let mut consent_line = Vec::new();
        let response = exchange(&scenario.layer, scenario.request(&[]), |request| {
            let response = answer_with_choice(&request, &before, granted, &after);
            consent_line = lines(response.headers(), header::SET_COOKIE).remove(before.len());
            response
        });
        let set = [before, vec![consent_line.clone()], after].concat();
        let outcome = |line: &Vec<u8>| {
            if *line == consent_line { vec![Some(line.clone())] } else { world.response_line(line) }
        };
        let outcomes: Vec<_> = set.iter().map(outcome).collect();
        judge_response(scenario.label, &outcomes, &set, &lines(response.headers(), header::SET_COOKIE))
    });
}

/// Design, section 3: a response that only deletes our cookie, sets one that cannot be used, or sets it twice with
/// different values, is filtered as a full refusal. An essential cookie passes all the same.
#[test]
fn a_response_that_spoils_the_consent_cookie_is_a_full_refusal() {
    let spoilers: &[&[&str]] = &[
        &["__Host-consent=; Max-Age=0; Path=/; Secure"],
        &["__Host-consent=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; Secure"],
        &["__Host-consent=x; Path=/; Secure"],
        &["__Host-consent=1:1:2027-01-15+functional+analytics+marketing; Path=/; Secure", "__Host-consent=x"],
        &[
            "__Host-consent=1:1:2027-01-15+functional+analytics+marketing; Path=/; Secure",
            "__Host-consent=1:1:2027-01-14+functional+analytics+marketing; Path=/; Secure",
        ],
    ];
    for scenario in SCENARIOS.iter().filter(|scenario| !scenario.nothing_is_stored) {
        for spoiler in spoilers {
            let mut set = vec![b"_ga=1".to_vec(), b"sid=1".to_vec()];
            set.extend(spoiler.iter().map(|line| line.as_bytes().to_vec()));
            set.push(b"_fbp=1; Path=/".to_vec());
            let response = exchange(&scenario.layer, scenario.request(&[]), |_| answer_with(&set));
            let mut left = lines(response.headers(), header::SET_COOKIE);
            left.retain(|line| !line.starts_with(b"__Host-consent="));
            assert_eq!(show_all(&left), ["sid=1"], "{}: {spoiler:?}", scenario.label);
        }
    }
}

// The oracle itself.

/// The oracle is only worth what it knows: the documents' own examples (R26, R27, R30, R31, R38, R57, R68).
#[test]
fn the_oracle_knows_the_examples_of_the_documents() {
    let world = SCENARIOS[0].world(&[]);
    let keep = |line: &str| vec![Some(line.as_bytes().to_vec())];
    let amend = |line: &str| vec![Some([line.as_bytes(), b"; Max-Age=0"].concat())];
    let drop = |_: &str| vec![None];
    type Expected<'a> = &'a dyn Fn(&str) -> Vec<Option<Vec<u8>>>;
    let table: &[(&str, Expected<'_>)] = &[
        ("sid=1; Path=/", &keep),
        (" sid\t= 1", &keep),
        ("_ga=1; Path=/", &drop),
        ("\u{a0}sid=1", &drop),
        ("SID=1", &drop),
        ("%73id=1", &drop),
        ("=_ga=1; Max-Age=0", &drop),
        ("_ga", &drop),
        ("$Version=1; Max-Age=0", &drop),
        ("_ga=; Max-Age=0", &keep),
        ("_ga=; Max-Age=99; Max-Age=0", &keep),
        ("_ga=; Max-Age=0; Max-Age=99", &drop),
        ("_ga=; Max-Age=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", &drop),
        ("_ga=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", &amend),
        ("_ga=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=", &amend),
        ("_ga=; Expires=0", &drop),
        ("_ga=; Expires=-1", &drop),
        ("_ga=; Max-Age=", &drop),
        ("_ga=; Max-Age=-", &drop),
        ("_ga=; Expires=1970-01-01", &drop),
        ("_ga=; Expires=Thu, 01 Jan 69 00:00:00 GMT", &drop),
        ("_ga=; Expires=Thu, 01 Jan 70 00:00:00 GMT", &amend),
    ];
    for (line, expected) in table {
        assert_eq!(world.response_line(line.as_bytes()), expected(line), "{line}");
    }
    let dates = [
        ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
        ("Fri, 15 Jan 2027 08:00:00 GMT", Some(NOW)),
        ("31-Dec-69 23:59:59", Some(3_155_759_999)),
        ("Wed, 31 Dec 1969 23:59:59", Some(-1)),
        ("29 Feb 2028 1:2:3 xyz", Some(1_835_398_923)),
        ("29 Feb 2027 00:00:00", None),
        ("1 Jan 1970 24:00:00", None),
        ("1 Jan 1600 00:00:00", None),
        ("1 Jan 1970", None),
    ];
    for (text, seconds) in dates {
        assert_eq!(naive::cookie_date(text.as_bytes()), seconds, "{text}");
    }
}

/// What the properties found once, so that it need not be found again.
#[test]
fn what_was_found_once_stays_mended() {
    // R71: half of a letter encoded, the other half raw. Decoded byte by byte it is a refused name.
    let requests: &[&[u8]] = &[b"th%c3\xa8me=1", b"sid=1; th\xc3%A8me=1", b"_g%61=1"];
    // R29, R30, R57: Chromium takes the last Max-Age as it stands, and where that one says nothing the cookie is stored.
    let responses: &[&[u8]] = &[
        b"_ga=1; Max-Age=0; Max-Age=",
        b"_ga=1; Max-Age=0; Max-Age=x",
        b"_ga=1; Max-Age=-1; Max-Age=+5",
        b"_ga=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Expires=0",
        b"th%c3\xa8me=1",
    ];
    for scenario in SCENARIOS.iter() {
        for line in requests {
            check_request(scenario, &[line.to_vec()], None).unwrap();
        }
        for line in responses {
            check_response(scenario, &[line.to_vec()]).unwrap();
        }
    }
}
