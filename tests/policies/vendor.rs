//! The browser vendor's affiliate, M1 to M6.

use crate::{
    shared::{asks_anew_after_a_material_change, tells_a_small_change},
    site::{Site, jar, others},
};

const NAME: &str = "vendor";

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

/// As C13 and T7: a significant change is announced and asks anew, a small one is announced; use alone agrees to nothing.
#[tokio::test]
async fn m6() {
    asks_anew_after_a_material_change(NAME, "install_id").await;
    tells_a_small_change(NAME, "25 May 2018", "install_id").await;
}
