//! 2captcha, T1 to T9.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use tower_consent::{ConfigErrorKind, RedbStore, ServiceEntry, TokenStore as _, Tokens};

use crate::{
    shared::{
        counts_families_of_who_agreed, forgets_who_may_not_be_tracked, shows_no_small_group, signed_in,
        tells_a_small_change, tells_a_vendor_only_by_consent, works_without_cookies,
    },
    site::{CONSENT, KEY, Site, jar, log, others, policy, text, value},
};

const NAME: &str = "2captcha";
const STATISTICS: &str = "stat_seen";

/// Who has chosen nothing, or refused, is given no identifier of any kind: no two of them can be told apart.
#[tokio::test]
async fn t1() {
    let site = Site::of(NAME);
    let paths = ["/page", "/members", "/privacy/", "/privacy/cookies", "/privacy/your-data", "/privacy/api/state"];
    for choice in [None, Some("reject-all"), Some("save"), Some("withdraw")] {
        let mut seen = Vec::new();
        for _ in 0..3 {
            let mut visitor = site.visitor();
            let mut said = Vec::new();
            if let Some(choice) = choice {
                let answer = site.choose(&mut visitor, choice).await;
                said.push(format!("{:?} {}", answer.headers, answer.body));
            }
            for path in paths {
                let answer = site.get(&mut visitor, path).await;
                said.push(format!("{:?} {}", answer.headers, answer.body));
            }
            assert_eq!(others(&visitor), [""; 0], "{choice:?}");
            assert_eq!(visitor.holds(CONSENT), choice.is_some());
            seen.push((said, visitor.cookies().map(|cookie| cookie.to_string()).collect::<Vec<_>>()));
        }
        assert!(seen.windows(2).all(|two| two[0] == two[1]), "{choice:?}: answers differ from visitor to visitor");
    }
    assert_eq!(site.records.latest(10).await.unwrap(), [""; 0], "the server has no record of them either");
    assert!(site.store.is_empty());
}

/// The default is refusal, it is possible at every time and from everywhere, and leaves no identifier.
#[tokio::test]
async fn t2() {
    let site = Site::of(NAME);
    let mut visitor = site.visitor();
    let page = site.get(&mut visitor, "/page").await;
    page.assert_says("value=\"reject-all\"");
    page.assert_lacks(" checked");
    assert_eq!(jar(&visitor), [""; 0]);
    let state = site.state(&mut visitor).await;
    for (name, category) in state["categories"].as_object().unwrap() {
        assert_eq!(category["allowed"], name == "essential", "{name}");
    }
    for (name, service) in state["services"].as_object().unwrap() {
        assert_eq!(service["allowed"], false, "{name}");
    }
    // After a grant, too, and at a revision that is not the current one.
    for form in [
        "action=reject-all",
        "action=reject-all&revision=99",
        "action=withdraw",
        "action=save&revision=1",
        "action=opt-out",
    ] {
        for granted in [false, true] {
            let mut visitor = site.visitor();
            if granted {
                site.choose(&mut visitor, "accept-all").await;
                site.get(&mut visitor, "/page").await;
                visitor.assert_holds(STATISTICS);
            }
            let answer = site.post(&mut visitor, "/privacy/choice", form).await;
            assert_eq!(answer.status, 303, "{form}");
            site.get(&mut visitor, "/page").await;
            assert_eq!(others(&visitor), [""; 0], "{form}");
            let said = value(&visitor, CONSENT).unwrap();
            assert!(
                !said.contains('#'),
                "a refusal keeps no number of a record, not even that of an old grant: {said}"
            );
        }
    }
}

/// Browser, computer and system are counted in families, of who agreed; the others are in the totals alone.
#[tokio::test]
async fn t3() {
    counts_families_of_who_agreed(NAME, "save&category=analytics").await;
    // So much is written of a visit, too, and of nobody who did not agree.
    let site = Site::of(NAME);
    let mut visitor = site.visitor();
    site.choose(&mut visitor, "save&category=analytics").await;
    let lines = site.visits_of(&mut visitor, &["/page"]).await;
    assert_eq!((&lines[0]["user_agent"], &lines[0]["address"]), (&"firefox on linux".into(), &"198.51.100.0".into()));
    forgets_who_may_not_be_tracked(NAME, "save&category=analytics", Some("2026-11-22T12Z")).await;
}

/// As C2.
#[tokio::test]
async fn t4() {
    works_without_cookies(NAME).await;
}

/// What partners may get: totals in which nobody can be singled out.
#[tokio::test]
async fn t5() {
    shows_no_small_group(NAME, "save&category=analytics").await;
}

/// As C8, for each of the third parties.
#[tokio::test]
async fn t6() {
    tells_a_vendor_only_by_consent(NAME, "helpdesk", "functional", "Help desk").await;
    tells_a_vendor_only_by_consent(NAME, "mailer", "marketing", "News by e-mail").await;
}

/// Number and day of the revision are shown; a small change keeps consent and is told; use is no consent.
#[tokio::test]
async fn t7() {
    tells_a_small_change(NAME, "3 March 2021", STATISTICS).await;
}

/// No secret lies in the store or stands in the log, in any form.
#[tokio::test]
async fn t8() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::of(NAME);
    let mut visitor = site.visitor();
    site.get(&mut visitor, "/page").await;
    site.choose(&mut visitor, "accept-all").await;
    let token = signed_in(&site, &mut visitor, "ada").await;
    site.get(&mut visitor, "/account").await;
    site.get(&mut visitor, "/page").await;
    site.by_bearer("GET", "/account", &token).await;
    site.by_bearer("GET", "/account", &token[..42]).await;
    let consent = value(&visitor, CONSENT).unwrap();
    // The same in a file.
    let path = folder.path().join("tokens.redb");
    let store = RedbStore::open(&path).unwrap();
    let tokens = Tokens::new(store.clone());
    let issued = tokens.issue("ada").await.unwrap();
    let filed = issued.token().expose();
    assert!(tokens.verify(&filed).await.unwrap().is_some());
    assert!(store.get(issued.record().digest()).await.unwrap().is_some());
    site.post(&mut visitor, "/sign-out", "").await;

    let written = log();
    assert!(written.windows(STATISTICS.len()).any(|part| part == STATISTICS.as_bytes()), "there is a log to look at");
    let file = std::fs::read(&path).unwrap();
    assert!(file.windows(3).any(|part| part == b"ada"), "there is a file to look at");
    let holds = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    for secret in [&token, &filed] {
        let raw = URL_SAFE_NO_PAD.decode(secret).unwrap();
        let hex: String = raw.iter().map(|byte| format!("{byte:02x}")).collect();
        for part in [secret.as_bytes(), &secret.as_bytes()[..16], &raw, &raw[..16], hex.as_bytes()] {
            assert!(!holds(&written, part), "in the log");
            assert!(!holds(&file, part), "in the store");
        }
    }
    assert!(!holds(&written, consent.as_bytes()), "the consent cookie is in the log");
    assert!(!holds(&written, &KEY));
}

/// With this policy nobody can declare a service that sells or shares.
#[test]
fn t9() {
    assert!(policy(NAME).build().is_ok());
    let broker = ServiceEntry::new("broker", "marketing").sale_or_sharing();
    let error = policy(NAME).service_entry(broker.clone()).build().unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::NoSale);
    assert!(error.place().starts_with("services[2]"), "{error}");
    // In the file itself, for each of its services.
    let file = text(NAME);
    let services: Vec<_> = file.match_indices("[[services]]\n").map(|(at, line)| at + line.len()).collect();
    assert_eq!(services.len(), 2);
    for at in services {
        let marked = format!("{}sale_or_sharing = true\n{}", &file[..at], &file[at..]);
        let error = toml::from_str::<tower_consent::PolicyBuilder>(&marked).unwrap().build().unwrap_err();
        assert_eq!(error.kind(), ConfigErrorKind::NoSale);
        // The promise is what refuses it.
        let without = marked.replace("no_sale = true", "");
        assert!(toml::from_str::<tower_consent::PolicyBuilder>(&without).unwrap().build().is_ok());
    }
}
