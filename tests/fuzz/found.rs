//! What the fuzzers found, by name, so that it need not be found again.

use http::header;
use tower_consent::{AttributeFloors, Category, ConsentLayer, CookieRule, ManualClock, Policy, SameSite};

use crate::targets::{
    self, response,
    scenarios::{NOW, answer_with, exchange, lines},
};

fn left(layer: &ConsentLayer, line: &str) -> Vec<String> {
    let response = exchange(layer, http::Request::new(()), |_| answer_with(&[line.as_bytes().to_vec()]));
    let left = lines(response.headers(), header::SET_COOKIE);
    left.into_iter().map(|line| String::from_utf8(line).unwrap()).collect()
}

fn capped() -> ConsentLayer {
    let rule = CookieRule::new("basket", Category::ESSENTIAL);
    let policy = Policy::builder().auth_cookie("sid").cookie(rule.floors(AttributeFloors::NONE)).build();
    ConsentLayer::new(policy.unwrap()).with_clock(ManualClock::at(NOW))
}

/// R29, R30: a line that deletes by the specification, and that Chromium stores because the last Max-Age or Expires is
/// unreadable, left without the caps and floors of its rule. It is made a deletion for all.
#[test]
fn a_doubtful_deletion_escapes_no_limit() {
    let floors = AttributeFloors::NONE.secure().http_only().same_site(SameSite::Lax);
    let strict = ConsentLayer::new(Policy::builder().essential(["sid"]).floors(floors).build().unwrap());
    let far = "Expires=Fri, 31 Dec 9999 23:59:59 GMT";
    for line in [
        "sid=1; Max-Age=0; Max-Age=".to_owned(),
        format!("sid=1; Max-Age=0; Max-Age=x; {far}"),
        format!("sid=1; {far}; Max-Age=-1; Max-Age=+99999999"),
        "sid=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Expires=0".to_owned(),
        "sid=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=+99999999".to_owned(),
    ] {
        let plain = format!("{line}; Max-Age=0");
        assert_eq!(left(&capped(), &line), std::slice::from_ref(&plain), "with a cap");
        assert_eq!(left(&strict, &line), [plain], "with floors");
        response::check_floors(&[line.clone().into_bytes()]).unwrap();
    }
    for line in ["sid=1; Max-Age=0", "sid=1; Max-Age=x; Max-Age=-5", "sid=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"] {
        assert_eq!(left(&capped(), line), [line], "what deletes for all stays as it is");
    }
    // Without limits there is nothing to escape.
    assert_eq!(left(&capped(), "basket=1; Max-Age=0; Max-Age="), ["basket=1; Max-Age=0; Max-Age="]);
}

/// D3: `Max-Age=+99999999` is no number by the specification, and four months to Chromium: it passed the cap of seven days.
#[test]
fn a_plus_sign_escapes_no_cap() {
    let line = "sid=1; Max-Age=+99999999";
    assert_eq!(left(&capped(), line), [format!("{line}; Max-Age=604800")]);
    for line in [
        "sid=1; Max-Age=+604800",
        "sid=1; Max-Age=+",
        "sid=1; Max-Age=++9999999",
        "sid=1; Max-Age=+99999999; Max-Age=5",
    ] {
        assert_eq!(left(&capped(), line), [line]);
    }
}

/// A service was granted by name within a category that was refused. Half a year later the grant has ended, and the refusal
/// of the category has not: under opt-out the service passed.
#[test]
fn an_ended_grant_leaves_the_refusal_of_its_category() {
    targets::consent_cookie::run(b"D1:5:2026-05-20+analytics!marketing+@youtube");
    targets::consent_cookie::run(b"D1:3.5:2026-05-20+analyt+@matomoics!marketing+@youtube:dg");
}

/// JSON Schema takes `3.0` for an integer, and so says the description of the API; it was called malformed.
#[test]
fn a_whole_number_may_be_written_with_a_point() {
    for number in ["3.0", "3e0", "0.3e1", "30E-1"] {
        targets::api::run(format!("AAAA{{\"revision\":{number},\"all\":true}}").as_bytes());
    }
    for number in ["3.5", "-1.0", "4294967296.0", "1e10", "-0.5"] {
        targets::api::run(format!("AAAA{{\"revision\":{number},\"all\":true}}").as_bytes());
    }
}
