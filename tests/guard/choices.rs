//! Cookies in both directions, the pages, and what the site is given for its own pages.

use serde_json::Value;

use crate::{
    site::Site,
    visitor::{Browser, Front, PROTOCOLS, lines},
};

const FORM: [(&str, &str); 2] =
    [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
const ACCEPT: &str = "action=accept-all&revision=1&return=/";

async fn accept(browser: &Browser, front: &Front) -> String {
    let answer = browser.post(front, "POST", "/privacy/choice", &FORM, ACCEPT).await;
    assert_eq!(answer.status, 303, "{answer:?}");
    answer.cookies()[0].split(';').next().expect("a pair").to_owned()
}

#[tokio::test]
async fn no_cookie_passes_without_consent_and_then_it_does() {
    for http2 in PROTOCOLS {
        let (site, _) = Site::start().await;
        let front = Front::before(site.addr).await;
        let browser = Browser::over(http2);
        let cookies = [("cookie", "_ga=GA1.1.1; session=8a1f"), ("cookie", "odd=1")];
        let answer = browser.ask(&front, "GET", "/", &cookies).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, "the site"));
        assert_eq!(answer.cookies(), ["session=8a1f; Path=/; HttpOnly"]);
        assert_eq!(lines(&site.last().headers, "cookie"), ["session=8a1f"]);

        let consent = accept(&browser, &front).await;
        assert_eq!(site.requests().len(), 1, "the site has nothing to do with it");
        let cookies = [("cookie", "_ga=GA1.1.1"), ("cookie", "session=8a1f"), ("cookie", &consent)];
        let answer = browser.ask(&front, "GET", "/", &cookies).await;
        assert_eq!(
            answer.cookies(),
            ["session=8a1f; Path=/; HttpOnly", "_ga=GA1.1.1; Path=/; Max-Age=34560000"],
            "and what nobody declared does not leave"
        );
        // HTTP/2 may send each cookie in a line of its own, HTTP/1.1 may not.
        assert_eq!(lines(&site.last().headers, "cookie"), [format!("_ga=GA1.1.1; session=8a1f; {consent}")]);

        // Errors and answers without a body are no way around it.
        for path in ["/nothing", "/unchanged", "/early"] {
            let answer = browser.ask(&front, "GET", path, &[]).await;
            assert_eq!(answer.cookies(), ["session=8a1f; Path=/; HttpOnly"], "{path}");
        }
    }
}

#[tokio::test]
async fn the_pages_stand_before_the_site_and_hide_no_more_than_their_path() {
    let (site, _) = Site::start().await;
    let front = Front::before(site.addr).await;
    for http2 in PROTOCOLS {
        let browser = Browser::over(http2);
        for (path, holds) in [
            ("/privacy", "data-consent-form"),
            ("/privacy/", "data-consent-form"),
            ("/privacy/cookies", "_ga_*"),
            ("/privacy/consent.js", "document.currentScript"),
            ("/privacy/include.js", "fragments"),
            ("/.well-known/gpc.json", "\"gpc\":true"),
        ] {
            let answer = browser.ask(&front, "GET", path, &[]).await;
            assert!(answer.status.is_success() && answer.body.contains(holds), "{path}: {answer:?}");
        }
        assert_eq!(browser.ask(&front, "GET", "/privacy/unknown", &[]).await.status, 404);
        assert!(site.requests().is_empty());
        assert_eq!(browser.ask(&front, "GET", "/privacy-policy", &[]).await.body, "the site");
        assert_eq!(site.requests().len(), 1);
        let (other, _) = Site::start().await;
        let moved = Front::with(other.addr, |guard| guard.pages = "/about/cookies".to_owned()).await;
        assert!(browser.ask(&moved, "GET", "/about/cookies/", &[]).await.body.contains("data-consent-form"));
        assert_eq!(browser.ask(&moved, "GET", "/privacy/", &[]).await.body, "the site");
        site.forget();
    }
}

#[tokio::test]
async fn a_site_in_any_language_gets_its_banner() {
    let (site, _) = Site::start().await;
    let front = Front::before(site.addr).await;
    for http2 in PROTOCOLS {
        let browser = Browser::over(http2);
        let fragments = async |cookies: &[(&str, &str)]| {
            let answer = browser.ask(&front, "GET", "/privacy/fragments?path=%2Fshop%3Fpage%3D2", cookies).await;
            assert_eq!(
                (answer.status.as_u16(), &answer.headers["content-type"]),
                (200, &"application/json".parse().unwrap())
            );
            assert!(answer.headers["cache-control"].to_str().unwrap().contains("no-store"), "{answer:?}");
            serde_json::from_str::<Value>(&answer.body).expect("JSON")
        };
        let asks = fragments(&[]).await;
        assert!(asks["banner"].as_str().unwrap().contains("data-consent-banner"), "{asks}");
        assert!(asks["banner"].as_str().unwrap().contains("/shop?page=2"), "{asks}");
        assert!(asks["head"].as_str().unwrap().contains("/privacy/consent.js"), "{asks}");
        let consent = accept(&browser, &front).await;
        let answered = fragments(&[("cookie", &consent)]).await;
        assert_eq!(answered["banner"], "");
        assert!(answered["footer"].as_str().unwrap().contains("/privacy/"), "{answered}");
        assert_eq!(browser.ask(&front, "POST", "/privacy/fragments", &[]).await.status, 405);
    }
}

#[tokio::test]
async fn the_site_is_told_what_is_allowed_only_if_wanted_and_only_for_pages() {
    let (site, _) = Site::start().await;
    let front = Front::with(site.addr, |guard| guard.tells = true).await;
    for http2 in PROTOCOLS {
        let browser = Browser::over(http2);
        let page = ("sec-fetch-dest", "document");
        let answer = browser.ask(&front, "GET", "/", &[page, ("consent-allows", "analytics")]).await;
        assert_eq!(lines(&site.last().headers, "consent-allows"), ["essential"], "nobody else says it");
        assert_eq!(lines(&answer.headers, "cache-control"), ["private"]);
        let consent = accept(&browser, &front).await;
        browser.ask(&front, "GET", "/", &[page, ("cookie", &consent)]).await;
        assert_eq!(lines(&site.last().headers, "consent-allows"), ["essential, analytics"]);
        let forged = [("consent-allows", "analytics"), ("consent_allows", "analytics"), ("sec-fetch-dest", "image")];
        browser.ask(&front, "GET", "/picture", &forged).await;
        let seen = site.last().headers;
        assert!(!seen.contains_key("consent-allows") && !seen.contains_key("consent_allows"), "{seen:?}");
    }
    let silent = Front::before(site.addr).await;
    Browser::over(false).ask(&silent, "GET", "/", &[("accept", "text/html"), ("consent-allows", "analytics")]).await;
    assert!(!site.last().headers.contains_key("consent-allows"));
}
