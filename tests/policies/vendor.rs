//! The browser vendor's affiliate, M1 to M6.

use std::net::IpAddr;

use axum::body::Body;
use tower_consent::anonymize;

use crate::{
    shared::{asks_anew_after_a_material_change, ends_by_itself, forgets_who_may_not_be_tracked, tells_a_small_change},
    site::{AGENT, HOST, Site, jar, log, others},
};

const NAME: &str = "vendor";

/// An address is personal: of who may not be tracked none is written anywhere, of who may only the network.
#[tokio::test]
async fn m1() {
    let site = Site::of(NAME);
    let mut visitor = site.visitor();
    site.choose(&mut visitor, "save&category=improvement").await;
    site.clear_visits();
    for (peer, network) in [
        ("198.51.100.77", "198.51.100.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("::ffff:198.51.100.77", "198.51.100.0"),
        ("2002:c633:644d::1", "2002:c633:6400::"),
    ] {
        let mut request = visitor.request(&format!("{HOST}/page")).body(Body::empty()).unwrap();
        request.extensions_mut().insert(peer.parse::<IpAddr>().unwrap());
        site.send(request).await;
        let line = site.visits().pop().unwrap();
        assert_eq!((&line["address"], &line["is_tracked"]), (&network.into(), &true.into()), "{peer}");
    }
    forgets_who_may_not_be_tracked(NAME, "save&category=improvement", Some("2026-11-22T12:00Z")).await;
    // Nor does it stand in what the library tells by `tracing`.
    assert!(!String::from_utf8_lossy(&log()).contains("198.51.100.77"));
}

/// What is left of personal data is what the one anonymising function leaves, and names nobody: whatever differs only in
/// what is cut off has the same line.
#[tokio::test]
async fn m2() {
    let site = Site::of(NAME);
    let mut visitor = site.visitor();
    site.choose(&mut visitor, "accept-all").await;
    site.clear_visits();
    let mut lines = Vec::new();
    for (peer, agent, referrer) in [
        ("198.51.100.77", AGENT, "https://search.example/find?q=my+illness"),
        (
            "198.51.100.3",
            "Mozilla/5.0 (X11; Linux i686; rv:52.0) Gecko/20100101 Firefox/52.0 Ada/1",
            "https://search.example/",
        ),
        (
            "198.51.100.255",
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:99.0) Gecko/20100101 Firefox/99.0",
            "https://ada:secret@search.example/ada#ada",
        ),
    ] {
        let peer: IpAddr = peer.parse().unwrap();
        let request =
            visitor.request(&format!("{HOST}/page?user=ada")).header("user-agent", agent).header("referer", referrer);
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(peer);
        site.send(request).await;
        let mut line = site.visits().pop().unwrap();
        assert_eq!(line["address"], anonymize::address(peer).to_string());
        assert_eq!(line["user_agent"], anonymize::user_agent(agent).to_string());
        assert_eq!(line["referrer"], anonymize::referrer(referrer).unwrap());
        line.as_object_mut().unwrap().remove("duration_ms");
        assert!(!line.to_string().contains("ada"), "{line}");
        lines.push(line);
    }
    assert!(lines.windows(2).all(|two| two[0] == two[1]), "{lines:?}");
}

/// A handler asks for its purpose in one line, and gets exactly what the visitor allowed for that purpose.
#[tokio::test]
async fn m3() {
    let site = Site::of(NAME);
    for (choice, said, held) in [
        ("", "improvement false recommendations false", &[][..]),
        ("save&category=improvement", "improvement true recommendations false", &["install_id"]),
        ("save&category=recommendations", "improvement false recommendations true", &["interests"]),
        ("save&category=functional", "improvement false recommendations false", &["theme"]),
        ("accept-all", "improvement true recommendations true", &["install_id", "interests", "theme"]),
        ("reject-all", "improvement false recommendations false", &[]),
    ] {
        let mut visitor = site.visitor();
        if !choice.is_empty() {
            site.choose(&mut visitor, choice).await;
        }
        assert_eq!(site.get(&mut visitor, "/recommend").await.body, said, "{choice:?}");
        site.get(&mut visitor, "/page").await;
        assert_eq!(others(&visitor), held, "{choice:?}: {:?}", jar(&visitor));
        site.choose(&mut visitor, "withdraw").await;
        let said = site.get(&mut visitor, "/recommend").await.body;
        assert_eq!(said, "improvement false recommendations false", "{choice:?}, withdrawn");
    }
    // What the policy does not have is never allowed, whatever was accepted.
    let mut visitor = site.visitor();
    site.choose(&mut visitor, "accept-all").await;
    assert_eq!(site.post(&mut visitor, "/tell/tidio", "").await.body, "kept");
    assert_eq!(site.told(), [""; 0]);
}

/// As C9: kept no longer than declared, then destroyed, by itself.
#[tokio::test]
async fn m4() {
    ends_by_itself(NAME, 7, "accept-all").await;
}

/// As C13 and T7: a significant change is announced and asks anew, a small one is announced; use alone agrees to nothing.
#[tokio::test]
async fn m6() {
    asks_anew_after_a_material_change(NAME, "install_id").await;
    tells_a_small_change(NAME, "25 May 2018", "install_id").await;
}
