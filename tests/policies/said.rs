//! What no server can keep is said to visitors, in their language.

use crate::site::{Site, policy};

const POLICIES: [&str; 5] = ["capsolver", "2captcha", "browsec", "filehost", "vendor"];

/// C14, B4, M5 and the others: on the page of cookies.
#[tokio::test]
async fn statements_stand_on_the_page_of_cookies_in_the_visitors_language() {
    for (name, english, german) in [
        ("capsolver", "not meant for people under 18", "nicht für Menschen unter 18 Jahren"),
        ("2captcha", "linked to no person", "die zu keiner Person gehören"),
        ("browsec", "We disclose data only where the law makes us.", "Wir geben Daten nur weiter, wo das Gesetz"),
        ("filehost", "It does not hold how long your visit took", "Wie lange Ihr Besuch dauerte, enthält es nicht"),
        ("vendor", "If a breach of security affects your data", "Betrifft eine Datenpanne Ihre Daten"),
    ] {
        let site = Site::of(name);
        for (languages, said, unsaid) in
            [("en", english, german), ("de-AT,de;q=0.9", german, english), ("fr", english, german)]
        {
            let fields = [("accept-language", languages)];
            let page = site.get_with(&mut site.visitor(), "/privacy/cookies", &fields).await;
            page.assert_says(said);
            page.assert_lacks(unsaid);
        }
    }
}

/// Each says every statement in both languages, and no text is left out of the page.
#[test]
fn every_text_is_there_in_both_languages() {
    for name in POLICIES {
        let policy = policy(name).build().unwrap();
        let mut count = 0;
        for statement in policy.about().statements() {
            assert_ne!(statement.in_language("en"), statement.in_language("de"), "{name}");
            count += 1;
        }
        assert!(count > 0, "{name}");
        for service in policy.declared_services() {
            let purpose = service.purpose.unwrap_or_else(|| panic!("{name}: {}", service.name));
            assert!(service.provider.is_some(), "{name}: {}", service.name);
            assert_ne!(purpose.in_language("en"), purpose.in_language("de"), "{name}: {}", service.name);
        }
        for cookie in policy.declared_cookies().filter(|cookie| cookie.origin == tower_consent::CookieOrigin::Rule) {
            let purpose = cookie.purpose.unwrap_or_else(|| panic!("{name}: {}", cookie.name));
            assert_ne!(purpose.in_language("en"), purpose.in_language("de"), "{name}: {}", cookie.name);
            assert!(cookie.provider.is_some(), "{name}: {}", cookie.name);
        }
    }
}

/// The guide from a privacy policy to a policy file: what it quotes stands in the file, and the tests that it names are there.
#[test]
fn the_guide_quotes_the_file_and_names_every_test() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let guide: String = read("src/manual/privacy_policy.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("//!"))
        .fold(String::new(), |text, line| text + line.strip_prefix(' ').unwrap_or(line) + "\n");
    let file = crate::site::text("capsolver");
    let quotes: Vec<_> = guide.split("```toml\n").skip(1).map(|rest| rest.split_once("```").unwrap().0).collect();
    assert!(quotes.len() >= 4, "{quotes:?}");
    for quote in quotes {
        assert!(file.contains(quote), "capsolver.toml does not say {quote}");
    }
    let mut named = 0;
    for (module, letter, lines) in
        [("capsolver", 'c', 13), ("two_captcha", 't', 9), ("browsec", 'b', 6), ("filehost", 'l', 6), ("vendor", 'm', 6)]
    {
        let tests = read(&format!("tests/policies/{module}.rs"));
        for line in 1..=lines {
            if tests.contains(&format!("async fn {letter}{line}()")) || tests.contains(&format!("fn {letter}{line}()"))
            {
                let name = format!("{letter}{line}`");
                assert!(
                    guide.contains(&format!("`{name}")) || guide.contains(&format!("::{name}")),
                    "the guide has no {name}"
                );
                named += 1;
            }
        }
    }
    assert_eq!(named, 38);
}
