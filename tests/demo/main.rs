//! The demo over real connections, HTTP/1.1 and HTTP/2, with cookies as real sites and their banners write them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../examples/demo/app/mod.rs"]
mod app;

mod account;
mod five;
mod office;
#[path = "../../examples/demo/policies.rs"]
mod policies;
mod site;
mod statistics;
mod visits;

use axum::http::StatusCode;
use site::{PROTOCOLS, Site};
use tower_consent::{PolicyBuilder, Revision};

const GA: &str = "_ga=GA1.1.1734567890.1762128000";
const GA_PROPERTY: &str = "_ga_S1H0P12345=GS2.1.s1762128000$o1$g1$t1762128042$j18$l0$h0";
const GCL_AU: &str = "_gcl_au=1.1.1357924680.1762128000";
const FBP: &str = "_fbp=fb.1.1762128000123.1098115397";
const CF_BM: &str = "__cf_bm=3lWq0yT5s9a8Zk.ZmXl7wq0.1762128000-1.0.1.1-y5F_h8VgW3Zq==";
const CART: &str = "cart=2";
const LANG: &str = "lang=de";

/// OneTrust: a form-encoded query string of more than 600 bytes.
const ONE_TRUST: &str = "OptanonConsent=isGpcEnabled=0&datestamp=Mon+Nov+03+2025+10%3A12%3A44+GMT%2B0100+\
    (Mitteleurop%C3%A4ische+Normalzeit)&version=202509.1.0&browserGpcFlag=0&isIABGlobal=false&hosts=H12%3A1%2CH345%3A0\
    %2CH6%3A0%2CH77%3A0%2CH81%3A0%2CH99%3A0&consentId=5d2c1f0e-8a53-4b6e-9d3f-0c1a2b3c4d5e&interactionCount=1&\
    isAnonUser=1&landingPath=NotLandingPage&groups=C0001%3A1%2CC0002%3A0%2CC0003%3A1%2CC0004%3A0%2CC0005%3A0%2CBG36\
    %3A0%2CV2STACK42%3A0&intType=3&geolocation=DE%3BBY&AwaitingReconsent=false&GPPCookiesCount=1&\
    gppSid=7&iType=1&crTime=1762161164123&otherPages=https%3A%2F%2Fwww.example.com%2Fteapots%3Fcolour%3Dblue%26page%3D2";
/// orestbida/cookieconsent v2: raw JSON with quotes and commas, which RFC 6265 does not allow and browsers send.
const ORESTBIDA_V2: &str = r#"cc_cookie={"categories":["necessary","analytics"],"level":["necessary","analytics"],"revision":0,"data":null,"rfc_cookie":false,"consent_date":"2025-11-03T09:12:44.123Z","consent_uuid":"c8a5d1a2-61ad-4b0f-8d21-6f1b0c9f3a7e","last_consent_update":"2025-11-03T09:12:44.123Z"}"#;
/// GOV.UK: raw JSON.
const GOV_UK: &str = r#"cookies_policy={"essential":true,"settings":true,"usage":false,"campaigns":false}"#;
/// Cookiebot: a JavaScript object literal, half of it encoded.
const COOKIEBOT: &str = "CookieConsent={stamp:%27dGhpcyBpcyBub3QgcmVhbA==%27%2Cnecessary:true%2Cpreferences:false\
    %2Cstatistics:true%2Cmarketing:false%2Cmethod:%27explicit%27%2Cver:1%2Cutc:1762161164123%2Cregion:%27de%27}";
const BANNERS: [&str; 4] = [ONE_TRUST, ORESTBIDA_V2, GOV_UK, COOKIEBOT];

/// What the browser of a visitor brings who was here before.
const VISITOR: [&str; 7] = [GA, CART, GA_PROPERTY, LANG, CF_BM, FBP, GCL_AU];

fn policy_file() -> PolicyBuilder {
    let file: PolicyBuilder = toml::from_str(include_str!("../../examples/demo/policy.toml")).expect("a policy file");
    file.mac_key("test", [7; 32])
}

/// What the buttons send.
const ACCEPT: &str = "action=accept-all&revision=2&method=banner";
const REJECT: &str = "action=reject-all&revision=2&method=banner";
const WITHDRAW: &str = "action=withdraw&method=footer";
const SAVE: &str = "action=save&revision=2&method=page";

/// The banner, which asks.
const BANNER: &str = "data-consent-banner";

const DOCUMENT: (&str, &str) = ("sec-fetch-dest", "document");
const SHOP_ESSENTIAL: [&str; 4] = ["__cf_bm", "cart", "csrf", "id"];
const SHOP_ALL: [&str; 10] =
    ["__cf_bm", "_fbp", "_ga", "_ga_S1H0P12345", "_gcl_au", "_gid", "cart", "csrf", "id", "lang"];

#[tokio::test]
async fn before_consent_only_essential_cookies_pass() {
    for protocol in PROTOCOLS {
        let site = Site::start(policy_file(), protocol).await;
        assert_eq!(site.seen(&VISITOR, &[]).await, format!("{CART}; {CF_BM}"));
        assert_eq!(site.get("/shop", &[], &[]).await.set_names(), SHOP_ESSENTIAL);

        let page = site.get("/", &VISITOR, &[DOCUMENT]).await;
        assert_eq!(page.expired_names(), ["_fbp", "_ga", "_ga_S1H0P12345", "_gcl_au", "lang"]);
        assert!(page.shows("_ga", "stripped", "nobody has decided yet"), "{}", page.body);
        assert!(page.shows("cart", "passed", "it is essential"));
        assert!(page.body.contains(BANNER));
        assert!(page.body.contains("revision 2 of 2025-11-03"));
        assert!(!page.body.contains("checked"), "no box is ticked beforehand");
        assert!(page.body.contains("data-consent-withdraw hidden"), "nothing to take back");
        assert_eq!((page.header("vary"), page.header("cache-control")), ("Cookie, DNT, Sec-GPC", "private"));
    }
}

#[tokio::test]
async fn accepting_opens_both_directions_and_withdrawing_closes_them() {
    for protocol in PROTOCOLS {
        let site = Site::start(policy_file(), protocol).await;
        let accepted = site.answer(&[], &[], ACCEPT).await;
        let cookies: Vec<_> = VISITOR.into_iter().chain([&*accepted]).collect();
        assert_eq!(site.seen(&cookies, &[]).await, cookies.join("; "), "every byte, in order");
        assert_eq!(site.get("/shop", &cookies, &[]).await.set_names(), SHOP_ALL);
        let page = site.get("/", &cookies, &[DOCUMENT]).await;
        assert!(page.expired_names().is_empty());
        assert!(page.shows("_fbp", "passed", "the visitor agreed") && page.body.contains("data-consent-withdraw>"));

        // The answer to the withdrawal itself already expires what the browser has.
        let reply = site.post("/privacy/choice", &cookies, &[], WITHDRAW).await;
        assert_eq!(reply.expired_names(), ["_fbp", "_ga", "_ga_S1H0P12345", "_gcl_au", "lang"]);
        let withdrawn = reply.consent().expect("a refusal is remembered");
        let cookies: Vec<_> = VISITOR.into_iter().chain([&*withdrawn]).collect();
        assert_eq!(site.seen(&cookies, &[]).await, format!("{CART}; {CF_BM}; {withdrawn}"));
        assert_eq!(site.get("/shop", &cookies, &[]).await.set_names(), SHOP_ESSENTIAL);
        let page = site.get("/", &cookies, &[]).await;
        assert!(page.shows("_fbp", "stripped", "the visitor refused"));
        assert!(!page.body.contains(BANNER), "who refused is not asked again");
    }
}

#[tokio::test]
async fn choosing_opens_what_was_ticked() {
    for protocol in PROTOCOLS {
        let site = Site::start(policy_file(), protocol).await;
        let chosen = site.answer(&[], &[], &format!("{SAVE}&category=functional&service=meta")).await;
        let cookies: Vec<_> = VISITOR.into_iter().chain([&*chosen]).collect();
        assert_eq!(site.seen(&cookies, &[]).await, format!("{CART}; {LANG}; {CF_BM}; {FBP}; {chosen}"));
        let shop = site.get("/shop", &cookies, &[]).await;
        assert_eq!(shop.set_names(), ["__cf_bm", "_fbp", "cart", "csrf", "id", "lang"]);
        assert!(shop.body.contains("Willkommen im Laden</h1>"), "the language came through");
        let page = site.get("/privacy/", &cookies, &[]).await;
        assert!(page.body.contains(r#"value="meta" checked"#), "{}", page.body);
        assert!(page.body.contains(r#"value="google-ads""#) && !page.body.contains(r#"value="google-ads" checked"#));

        // No box at all refuses everything.
        let refused = site.answer(&[], &[], SAVE).await;
        assert_eq!(site.seen(&[GA, &refused], &[]).await, refused);
        let reply = site.post("/privacy/choice", &[], &[], &format!("{SAVE}&category=essential")).await;
        assert_eq!((reply.status, reply.consent()), (StatusCode::BAD_REQUEST, None));
        let reply = site.post("/privacy/choice", &[], &[], &format!("{SAVE}&service=%3Cb%3E")).await;
        assert_eq!((reply.status, reply.consent()), (StatusCode::BAD_REQUEST, None));
        assert!(!reply.body.contains("<b>"));
    }
}

#[tokio::test]
async fn a_new_revision_asks_again_with_no_box_ticked() {
    for protocol in PROTOCOLS {
        let site = Site::start(policy_file(), protocol).await;
        let chosen = site.answer(&[], &[], &format!("{SAVE}&category=functional")).await;
        let newer = policy_file().revision(Revision::new(3).on(2025, 12, 1));
        let site = Site::start(newer, protocol).await;
        let page = site.get("/", &[LANG, GA, &chosen], &[]).await;
        assert!(page.body.contains("revision 3 of 2025-12-01") && page.body.contains(BANNER));
        assert!(page.shows("lang", "stripped", "the policy has changed since the choice"), "{}", page.body);
        assert!(page.shows("_ga", "stripped", "the visitor refused"));
        assert!(!page.body.contains("checked"));
    }
}

#[tokio::test]
async fn a_signal_refuses_and_later_consent_in_its_knowledge_counts() {
    let signals = [("dnt", "the browser sends Do Not Track"), ("sec-gpc", "the browser sends Global Privacy Control")];
    for protocol in PROTOCOLS {
        for (header, why) in signals {
            let site = Site::start(policy_file(), protocol).await;
            let on = (header, "1");
            let before = site.answer(&[], &[], ACCEPT).await;
            for consent in [None, Some(&*before)] {
                let cookies: Vec<_> = [GA, CART].into_iter().chain(consent).collect();
                let essential: Vec<_> = [CART].into_iter().chain(consent).collect();
                assert_eq!(site.seen(&cookies, &[on]).await, essential.join("; "));
                assert_eq!(site.get("/shop", &cookies, &[on]).await.set_names(), SHOP_ESSENTIAL);
                let page = site.get("/", &cookies, &[on, DOCUMENT]).await;
                assert!(page.shows("_ga", "stripped", why), "{}", page.body);
                assert_eq!(page.expired_names(), ["_ga"]);
                assert!(!page.body.contains(BANNER), "nobody is asked for what a signal refused");
            }
            let after = site.answer(&[&before], &[on], ACCEPT).await;
            assert_eq!(site.seen(&[GA, CART, &after], &[on]).await, format!("{GA}; {CART}; {after}"));
        }
    }
}

#[tokio::test]
async fn cookies_of_banners_pass_byte_for_byte_where_they_are_declared() {
    assert!(ONE_TRUST.len() > 600);
    for protocol in PROTOCOLS {
        let mut cookies = BANNERS.to_vec();
        cookies.splice(1..1, [GA, CF_BM]);
        cookies.splice(4..4, [FBP, CART]);

        let names = BANNERS.map(|cookie| cookie.split('=').next().expect("a name"));
        let declared = policy_file().essential(names);
        let site = Site::start(declared, protocol).await;
        let left: Vec<_> = cookies.iter().copied().filter(|cookie| ![GA, FBP].contains(cookie)).collect();
        assert_eq!(site.seen(&cookies, &[]).await, left.join("; "));

        // Undeclared, they are stripped, and their quotes and commas harm no neighbour.
        let site = Site::start(policy_file(), protocol).await;
        assert_eq!(site.seen(&cookies, &[]).await, format!("{CF_BM}; {CART}"));
        let page = site.get("/", &cookies, &[DOCUMENT]).await;
        assert!(page.shows("cc_cookie", "stripped", "no rule of the policy declares this cookie"), "{}", page.body);
        assert_eq!(page.expired_names(), ["_fbp", "_ga"], "what is not declared is not expired");
    }
}

#[tokio::test]
async fn consent_from_another_site_is_refused_and_a_refusal_is_not() {
    let foreign: [&[(&str, &str)]; 5] = [
        &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("origin", "https://evil.example")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("sec-fetch-site", "none")],
    ];
    for protocol in PROTOCOLS {
        let site = Site::start(policy_file(), protocol).await;
        for headers in foreign {
            for form in [ACCEPT, &format!("{SAVE}&category=analytics")] {
                let reply = site.post("/privacy/choice", &[GA], headers, form).await;
                assert_eq!((reply.status, reply.consent()), (StatusCode::FORBIDDEN, None), "{headers:?}");
            }
            for form in [REJECT, WITHDRAW, SAVE] {
                let consent = site.answer(&[GA], headers, form).await;
                assert_eq!(site.seen(&[GA, &consent], &[]).await, consent, "{headers:?}");
            }
        }
        // A browser that does not know `Sec-Fetch-Site`.
        let origin = format!("http://{}", site.addr);
        site.answer(&[], &[("origin", &origin)], ACCEPT).await;
        let reply = site.post("/privacy/choice", &[], &[], "action=perhaps").await;
        assert_eq!((reply.status, reply.consent()), (StatusCode::BAD_REQUEST, None));
        assert_eq!(site.get("/privacy/choice", &[], &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);
    }
}

#[tokio::test]
async fn the_shop_works_without_consent() {
    for protocol in PROTOCOLS {
        let site = Site::start(policy_file(), protocol).await;
        let shop = site.get("/shop", &[], &[]).await;
        let cookies: Vec<_> = shop.set_cookies().map(|line| line.split(';').next().expect("a pair")).collect();
        let token = cookies.iter().find_map(|pair| pair.strip_prefix("csrf=")).expect("a token");
        let added = site.post("/shop/cart", &cookies, &[], &format!("csrf={token}")).await;
        assert_eq!((added.status, added.set_names()), (StatusCode::SEE_OTHER, vec!["cart", "id"]));
        let shop = site.get("/shop", &cookies, &[]).await;
        assert!(shop.body.contains("You were here 2 times. Your cart holds 1 teapot."), "{}", shop.body);

        let forged = site.post("/shop/cart", &cookies, &[], "csrf=another").await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN);
        let language = site.post("/shop/language", &cookies, &[], "language=de").await;
        assert_eq!((language.status, language.set_names()), (StatusCode::SEE_OTHER, vec![]));
    }
}

#[tokio::test]
async fn of_every_cookie_there_is_only_declared_ones_leave() {
    for protocol in PROTOCOLS {
        let site = Site::start(policy_file(), protocol).await;
        let policy = policy_file().build().expect("a policy");
        let essential = |name: &&str| {
            let declared = policy.lookup(name.as_bytes());
            declared.is_some_and(|(category, _)| category == tower_consent::Category::ESSENTIAL)
        };
        let all = site.get("/everything", &[], &[]).await;
        assert!(all.set_names().len() > 10 && all.set_names().iter().all(essential), "{:?}", all.set_names());

        let accepted = site.answer(&[], &[], ACCEPT).await;
        let all = site.get("/everything", &[&accepted], &[]).await;
        let names = all.set_names();
        assert!(names.iter().all(|name| policy.lookup(name.trim_end().as_bytes()).is_some()), "{names:?}");
        for trick in ["undeclared", "_GA", "_ga%20", "\"_ga\"", "", "$Version"] {
            assert!(!names.contains(&trick), "{trick}");
        }
    }
}

#[tokio::test]
async fn names_from_visitors_are_escaped() {
    for protocol in PROTOCOLS {
        let site = Site::start(policy_file(), protocol).await;
        let page = site.get("/", &["<script>alert(1)</script>=1", "\"><img src=x>=2", "$Version=1"], &[]).await;
        assert!(page.body.contains("&#60;script&#62;") && !page.body.contains("<script>"));
        assert!(!page.body.contains("<img"), "{}", page.body);
        assert!(page.shows("$Version", "stripped", "it has no name that servers agree on"));
    }
}
