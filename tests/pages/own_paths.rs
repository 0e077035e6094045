//! Where a visitor goes back to: a path of this site, whatever the form says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use url::Url;

use crate::site::{HOST, Site, form};

const OWN: &[&str] = &[
    "/",
    "/shop",
    "/shop?page=2&sort=price",
    "/shop?next=//evil.example",
    "/shop?next=https://evil.example/%5C",
    "/shop#reviews",
    "/caf%C3%A9",
    "/a%20b",
    "/a/b/",
    "/@user;v=1,2!*'()",
    "/100%",
    "/privacy/cookies",
    "/?",
];

const NASTY: &[&str] = &[
    "",
    "shop",
    "?x",
    "#x",
    "https://evil.example",
    "https://evil.example/",
    "HTTPS://evil.example",
    "http:evil.example",
    "https:/evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "//evil.example/%2f..",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/ /evil.example",
    "/\u{0}/evil.example",
    "/\u{7f}/evil.example",
    "/shop\r\nSet-Cookie: a=b",
    "/shop\nLocation: https://evil.example",
    "/%2f/evil.example",
    "/%2F%2Fevil.example",
    "/%2fevil.example",
    "/%5cevil.example",
    "/%5C%5Cevil.example",
    "/%252f/evil.example",
    "/%25252fevil.example",
    "/%09/evil.example",
    "/%0a/evil.example",
    "/%0d%0aSet-Cookie:%20a=b",
    "/%00",
    "/%20/evil.example",
    "/shop/..//evil.example",
    "/shop/%2e%2e//evil.example",
    "/.//evil.example",
    "/%2e//evil.example",
    "/shop/..%2f%2fevil.example",
    "/..\\/evil.example",
    "/\u{3000}/evil.example",
    "/\u{ff0f}evil.example",
    "/caf\u{e9}",
    "\u{feff}/shop",
    ".evil.example",
    "@evil.example",
    ":80",
    "/shop?a=\\evil",
    "/shop#\u{1}",
];

#[tokio::test]
async fn only_own_paths_are_gone_back_to() {
    let site = Site::new().await;
    let mut visitor = site.visitor();
    site.choose(&mut visitor, "action=reject-all").await;
    let long = format!("/{}", "a".repeat(3_000));
    let nasty = NASTY.iter().copied().chain([long.as_str()]);
    for (path, is_own) in OWN.iter().map(|path| (*path, true)).chain(nasty.map(|path| (path, false))) {
        let answer = site.choose(&mut visitor, &form(&[("action", "reject-all"), ("return", path)])).await;
        let expected = if is_own { path } else { "/privacy/?kept=1" };
        assert_eq!(answer.location(), expected, "{path:?}");
        // As a browser reads it.
        let target = Url::parse(HOST).unwrap().join(answer.location()).unwrap();
        assert_eq!(target.origin().ascii_serialization(), HOST, "{path:?}");

        // By the address of the preferences page, and by the stop on the way.
        let query = form(&[("kept", "1"), ("return", path)]);
        let answer = site.get(&mut visitor, &format!("/privacy/?{query}")).await;
        assert_eq!(answer.field("location"), is_own.then_some(path), "{path:?}");
        let page = site.get(&mut visitor, &format!("/privacy/?{}", form(&[("return", path)]))).await;
        assert_eq!(page.status, 200);
        if !is_own {
            page.assert_lacks("evil.example");
        }
    }
}
