//! A browser that keeps no cookies: nothing loops, nothing pretends, and the page says it.

use super::{BANNER, accessibility::Axe, is_shown, screenshot, site::Site, site::policy, text};
use crate::driver::{Browser, Options};

async fn says_so(javascript: bool) {
    let options = Options { javascript, keep_cookies: false, ..Options::default() };
    let Some(browser) = Browser::start_with(options).await else { return };
    let site = Site::start(policy()).await;
    for answer in ["accept-all", "reject-all"] {
        browser.goto(&site.url("/shop")).await;
        site.take_requests();
        browser.follow(&format!("{BANNER} button[value={answer}]")).await;
        let words = text(&browser).await;
        assert!(words.contains("cookies"), "{words}");
        assert!(browser.address().await.contains("/privacy"), "stops there");
        assert!(is_shown(&browser, ".consent-message").await, "{words}");
        let pages = site.take_requests();
        let is_asset = |request: &str| [".js", ".css"].iter().any(|end| request.ends_with(end));
        let is_api = |request: &str| request.contains("/api/");
        // The script asks whether its choice was kept, and leaves it to the form then.
        assert_eq!(pages.iter().filter(|request| is_api(request)).count(), if javascript { 2 } else { 0 });
        let pages: Vec<_> = pages.iter().filter(|request| !is_asset(request) && !is_api(request)).collect();
        assert_eq!(pages, ["GET /privacy/", "POST /privacy/choice"]);
        assert_eq!(browser.cookies().await, []);
    }
    if javascript {
        if let Some(axe) = Axe::load() {
            axe.check(&browser, "no-cookies").await;
        }
        screenshot(&browser, "no-cookies").await;
    }
    browser.close().await;
}

#[tokio::test]
async fn with_script() {
    says_so(true).await;
}

#[tokio::test]
async fn without_script() {
    says_so(false).await;
}
