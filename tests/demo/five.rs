//! The demo under each of the five policies, as `--policy` starts it.

use axum::http::StatusCode;
use tower_consent::{Category, CookieOrigin, Policy, PolicyBuilder};

use crate::{
    DOCUMENT, app, policies,
    site::{PROTOCOLS, Site},
};

fn policy(name: &str) -> PolicyBuilder {
    let file: PolicyBuilder = toml::from_str(&policies::read(name).expect("a file")).expect("a policy file");
    app::own_cookies::declare(file).expect("a policy").mac_key("test", [7; 32])
}

/// What a policy declares beside the library's own and the shop's, as names that begin so.
fn foreign(policy: &Policy, is_essential: bool) -> Vec<String> {
    let rules = policy.declared_cookies().filter(|cookie| cookie.origin == CookieOrigin::Rule);
    let rules = rules.filter(|cookie| (cookie.category == Category::ESSENTIAL) == is_essential);
    rules.map(|cookie| cookie.name.to_owned()).filter(|name| !["id", "csrf", "cart"].contains(&&**name)).collect()
}

#[tokio::test]
async fn the_demo_starts_with_each_of_the_five() {
    for (name, _) in policies::NAMED {
        for protocol in PROTOCOLS {
            let site = Site::start(policy(name), protocol).await;
            let paths = [
                "/",
                "/shop",
                "/everything",
                "/sign-in",
                "/records",
                "/privacy-policy",
                "/imprint",
                "/privacy/",
                "/privacy/cookies",
                "/privacy/update",
                "/privacy/your-data",
                "/.well-known/gpc.json",
                "/bearer.js",
            ];
            for path in paths {
                assert_eq!(site.get(path, &[], &[DOCUMENT]).await.status, StatusCode::OK, "{name}: {path}");
            }
            for path in ["/film", "/nothing"] {
                assert_eq!(site.get(path, &[], &[DOCUMENT]).await.status, StatusCode::NOT_FOUND, "{name}: {path}");
            }
            assert!(!site.get("/shop", &[], &[]).await.body.contains("Example Video"), "{name}: no film");

            // The shop works, and what the policy asks for comes with consent alone.
            let built = policy(name).build().expect("a policy");
            let (essential, optional) = (foreign(&built, true), foreign(&built, false));
            assert!(!optional.is_empty(), "{name}");
            let is_one_of = |known: &[String], name: &str| known.iter().any(|known| name.starts_with(known.as_str()));
            let everything = site.get("/everything", &[], &[]).await;
            let set = everything.set_names();
            assert!(set.iter().all(|set| is_one_of(&essential, set)), "{name}: {set:?}");
            assert_eq!(set.len(), essential.len(), "{name}: {set:?}");
            let shop = site.get("/shop", &[], &[]).await;
            assert!(
                ["cart", "csrf", "id"].iter().all(|own| shop.set_names().contains(own)),
                "{name}: {:?}",
                shop.set_names()
            );
            let accepted = site.answer(&[], &[], "action=accept-all&revision=1&method=banner").await;
            let shop = site.get("/shop", &[&accepted], &[]).await;
            for cookie in &optional {
                assert!(shop.set_names().iter().any(|set| set.starts_with(cookie.as_str())), "{name}: {cookie}");
            }
        }
    }
}

#[tokio::test]
async fn statements_stand_in_the_privacy_policy_too() {
    for (name, said) in [("capsolver", "not meant for people under 18"), ("vendor", "a breach of security")] {
        let site = Site::start(policy(name), PROTOCOLS[0]).await;
        assert!(site.get("/privacy-policy", &[], &[]).await.body.contains(said), "{name}");
    }
}

/// A file of one's own, which may speak of the shop's cookies itself.
#[test]
fn any_file_will_do_and_a_wrong_one_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("own.toml");
    std::fs::write(&path, "essential = ['cart']\npresets = ['tower-sessions']\n").expect("written");
    let policy = policy(path.to_str().expect("text")).build().expect("a policy");
    let essential = |name: &[u8]| policy.lookup(name).is_some_and(|(category, _)| category == Category::ESSENTIAL);
    assert!(essential(b"id") && essential(b"csrf") && essential(b"cart"));
    let error = policies::read("capsolvr").expect_err("no such file").to_string();
    assert!(
        error.contains("\"capsolvr\"") && error.contains("capsolver, 2captcha, browsec, filehost, vendor"),
        "{error}"
    );
}
