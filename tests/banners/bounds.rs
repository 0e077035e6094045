//! How many of a banner's cookies an answer expires or sets again, and which: as many as fit, each once, and none that the
//! application sets itself.

use http::{HeaderMap, header};
use time::{OffsetDateTime, macros::date};
use tower_consent::{
    Banner, Category, ConsentContext, ConsentLayer, ConsentSource, Policy, Reason, Reissue, UndecidedReason,
};

use super::common::{clock_at, decision_of, request, response, serve};

fn layer(policy: Policy) -> ConsentLayer {
    ConsentLayer::new(policy).with_clock(clock_at(date!(2026 - 11 - 22)))
}

fn now() -> OffsetDateTime {
    date!(2026 - 11 - 22).midnight().assume_utc()
}

fn lines(headers: &HeaderMap) -> Vec<String> {
    headers.get_all(header::SET_COOKIE).iter().map(|line| line.to_str().unwrap().to_owned()).collect()
}

fn starting(lines: &[String], start: &str) -> usize {
    lines.iter().filter(|line| line.starts_with(start)).count()
}

/// The answer to a page, in which the banner's cookies are set again.
async fn page(banner: Banner, cookies: &str) -> HeaderMap {
    let source = ConsentSource::banner(banner).reissue(Reissue::default());
    let policy = super::policy().source(source).build().unwrap();
    let headers = [("sec-fetch-dest", "document"), ("cookie", cookies)];
    serve(&layer(policy), request(&headers), |_| response(&[])).await.into_parts().0.headers
}

/// The lines of an answer in which the visitor withdraws, beside the application's own ones.
async fn withdrawn(source: ConsentSource, cookies: &str, own: &[(&str, &str)]) -> Vec<String> {
    let policy = super::policy().source(source).build().unwrap();
    let answer = serve(&layer(policy), request(&[("cookie", cookies)]), |request| {
        let mut answer = response(own);
        ConsentContext::of(request.extensions()).unwrap().decision().withdraw().apply(answer.headers_mut());
        answer
    })
    .await;
    lines(answer.headers())
}

const COOKIEBOT: &str = "CookieConsent={stamp:%27k4mQ0nVbT2sYc7RzPq==%27%2Cnecessary:true%2Cpreferences:true%2Cstatistics:true%2C\
                         marketing:true%2Cmethod:%27explicit%27%2Cver:1%2Cutc:1790826394701%2Cregion:%27de%27}";

/// A Cookiebot choice with so many more of its cookies.
fn cookiebot(more: usize) -> String {
    let more: String = (0..more).map(|number| format!("; CookieConsentBulkSetting-{number}=x")).collect();
    format!("{COOKIEBOT}{more}")
}

/// A choice of Civic Cookie Control.
fn civic(analytics: &str, days: i64) -> String {
    let at = (now() - time::Duration::days(10)).unix_timestamp() * 1_000;
    format!(
        "CookieControl={{\"optionalCookies\":{{\"analytics\":\"{analytics}\"}},\"consentDate\":{at},\
         \"consentExpiry\":{days},\"interactedWith\":true}}"
    )
}

#[tokio::test]
async fn twenty_cookies_are_set_again_and_no_more() {
    let few = lines(&page(Banner::Cookiebot, &cookiebot(1)).await);
    assert_eq!(few.len(), 2, "the one that decides, and the one beside it: {few:?}");
    assert_eq!(lines(&page(Banner::Cookiebot, &cookiebot(19)).await).len(), 20);
    assert_eq!(
        lines(&page(Banner::Cookiebot, &cookiebot(20)).await),
        [""; 0],
        "a part of them would be another choice"
    );
}

#[tokio::test]
async fn six_kibibytes_of_cookies_are_set_again_and_no_more() {
    // The `=` of each is not counted.
    let name = "CookieConsentBulkTicket";
    let rest = 6 * 1024 - (COOKIEBOT.len() - 1) - name.len();
    for (length, count) in [(rest, 2), (rest + 1, 0)] {
        let cookies = format!("{COOKIEBOT}; {name}={}", "x".repeat(length));
        assert_eq!(lines(&page(Banner::Cookiebot, &cookies).await).len(), count, "{length}");
    }
}

/// What is one visitor's stays out of shared caches.
#[tokio::test]
async fn an_answer_that_sets_a_banners_cookie_again_is_private() {
    let private = page(Banner::Cookiebot, COOKIEBOT).await;
    assert_eq!((lines(&private).len(), &private[header::CACHE_CONTROL]), (1, &"private".parse().unwrap()));
    // Every one of its cookies is the application's own here: nothing is added.
    let policy = super::policy().source(ConsentSource::banner(Banner::Cookiebot).reissue(Reissue::default()));
    let headers = [("sec-fetch-dest", "document"), ("cookie", COOKIEBOT)];
    let own = [("set-cookie", "CookieConsent=new"), ("cache-control", "max-age=60")];
    let answer = serve(&layer(policy.build().unwrap()), request(&headers), |_| response(&own)).await;
    assert_eq!(lines(answer.headers()), ["CookieConsent=new"]);
}

/// With no second left a line would delete the banner's cookie, and with it a refusal that stands.
#[tokio::test]
async fn a_refusal_at_its_banners_end_is_not_deleted() {
    for (value, left) in
        [(civic("revoked", 11), Some(86_400)), (civic("revoked", 10), None), (civic("revoked", 9), None)]
    {
        let source = ConsentSource::banner(Banner::CivicCookieControl).category(Category::ANALYTICS, ["analytics"]);
        let policy = super::policy().source(source.reissue(Reissue::default())).build().unwrap();
        let headers = [("sec-fetch-dest", "document"), ("cookie", &*value)];
        let layer = layer(policy);
        let decision = decision_of(&layer, request(&headers)).await;
        assert_eq!(decision.verdict(Category::ANALYTICS).reason(), Reason::Refused, "{value}");
        let answer = serve(&layer, request(&headers), |_| response(&[])).await;
        let expected: Vec<_> =
            left.map(|left| format!("{value}; Path=/; Max-Age={left}; Secure; SameSite=Lax")).into_iter().collect();
        assert_eq!(lines(answer.headers()), expected);
    }
}

#[tokio::test]
async fn twenty_lines_expire_cookies_of_banners_and_no_more() {
    for (more, count) in [(18, 19), (19, 20), (20, 20), (40, 20)] {
        let lines = withdrawn(ConsentSource::banner(Banner::Cookiebot), &cookiebot(more), &[]).await;
        assert_eq!(starting(&lines, "CookieConsent"), count, "{more}: {lines:?}");
        assert_eq!(starting(&lines, "CookieConsent=; "), 1, "the one that decides is among them");
    }
}

/// Those that only stand beside the choice go too, each once.
#[tokio::test]
async fn all_cookies_of_a_banner_are_expired_once() {
    let source = || ConsentSource::banner(Banner::Cookiebot);
    let cookies = format!("{0}; {0}", cookiebot(2));
    let lines = withdrawn(source(), &cookies, &[]).await;
    for name in ["CookieConsent", "CookieConsentBulkSetting-0", "CookieConsentBulkSetting-1"] {
        assert_eq!(starting(&lines, &format!("{name}=; ")), 1, "{name}: {lines:?}");
    }
    assert_eq!(starting(&lines, "CookieConsent"), 3);
}

#[tokio::test]
async fn a_banners_cookie_that_the_application_sets_is_not_expired() {
    let own = [("set-cookie", "CookieConsent=new; Path=/")];
    let lines = withdrawn(ConsentSource::banner(Banner::Cookiebot), &cookiebot(1), &own).await;
    assert_eq!(starting(&lines, "CookieConsent=; "), 0, "{lines:?}");
    assert_eq!(starting(&lines, "CookieConsent=new"), 1, "{lines:?}");
    assert_eq!(starting(&lines, "CookieConsentBulkSetting-0=; "), 1, "{lines:?}");
}

/// Each banner is read by its own name, wherever our own cookie stands among the sources.
#[tokio::test]
async fn every_source_is_read_wherever_our_own_stands() {
    let named = [
        (ConsentSource::banner(Banner::Cookiebot), COOKIEBOT.to_owned()),
        (
            ConsentSource::banner(Banner::Klaro).category(Category::ANALYTICS, ["matomo"]),
            "klaro=%7B%22matomo%22%3Atrue%7D".to_owned(),
        ),
        (
            ConsentSource::banner(Banner::CivicCookieControl).category(Category::ANALYTICS, ["analytics"]),
            civic("accepted", 90),
        ),
    ];
    for own_at in 0..=named.len() {
        let mut sources: Vec<_> = named.iter().map(|(source, _)| source.clone()).collect();
        sources.insert(own_at, ConsentSource::own());
        let policy = sources.into_iter().fold(super::policy(), |policy, source| policy.source(source));
        let layer = layer(policy.build().unwrap());
        for (_, cookie) in &named {
            let decision = decision_of(&layer, request(&[("cookie", cookie)])).await;
            assert!(decision.allows(Category::ANALYTICS), "{own_at}: {cookie}");
        }
        assert_eq!(decision_of(&layer, request(&[])).await.undecided(), Some(UndecidedReason::None));
    }
}
