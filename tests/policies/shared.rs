//! What several of the policies promise in the same words ("as C2", "as T7"). Each test says of which one.

use tower_consent::{Revision, Signal, test::Visitor};

use crate::site::{Answer, CONSENT, Site, TOKEN, others, policy};

/// Forms that grant, refuse, choose and withdraw.
const CHOICES: [&str; 4] = ["accept-all", "reject-all", "save&category=functional", "withdraw"];

/// A browser that keeps no cookie at all: every page is there, no redirect leads back to itself, nothing is an error, and
/// the page says what does not work.
pub(crate) async fn works_without_cookies(name: &str) {
    let site = Site::of(name);
    for path in ["/page", "/privacy/", "/privacy/cookies", "/privacy/update", "/privacy/your-data"] {
        for _ in 0..2 {
            let answer = site.get(&mut site.visitor(), path).await;
            assert_eq!(answer.status, 200, "{path}");
        }
    }
    for choice in CHOICES {
        let answer = site.choose(&mut site.visitor(), choice).await;
        let (last, steps) = follow(&site, answer).await;
        assert!(steps <= 2 && last.status == 200, "{choice}: {steps} steps to {}", last.status);
        last.assert_says("Your browser keeps no cookies");
        last.assert_says("Nothing optional is switched on");
        last.assert_lacks(">Your choice has been saved.</p>");
    }
    // What waits for an answer that cannot be kept is held in place, again and again, and never redirects.
    for _ in 0..3 {
        let held = site.get(&mut site.visitor(), "/members").await;
        assert_eq!((held.status.as_u16(), held.field("location")), (403, ""));
    }
    // A sign-in cannot be remembered: that is told, and is no error of the server.
    let answer = site.sign_in(&mut site.visitor(), "ada").await;
    let (last, steps) = follow(&site, answer).await;
    assert_eq!((last.status.as_u16(), steps), (401, 1));
    let token = site.post(&mut site.visitor(), "/sign-in", "name=ada&bearer=true").await.body;
    assert_eq!(site.by_bearer("GET", "/account", &token).await.body, "ada", "there is a way without cookies");
}

/// Follows redirects as a browser without cookies does: the last answer, and how many there were.
async fn follow(site: &Site, mut answer: Answer) -> (Answer, usize) {
    for steps in 0..10 {
        assert!(!answer.status.is_server_error(), "{}", answer.status);
        if !answer.status.is_redirection() {
            return (answer, steps);
        }
        let next = answer.field("location").to_owned();
        answer = site.get(&mut site.visitor(), &next).await;
    }
    panic!("it goes round and round at {}", answer.field("location"));
}

/// Number and day of the revision stand on the page of cookies; a change that is not material keeps every choice and is
/// told until it was seen; and use is never taken as consent.
pub(crate) async fn tells_a_small_change(name: &str, day: &str, granted: &str) {
    let site = Site::of(name);
    let mut visitor = site.visitor();
    site.get(&mut visitor, "/privacy/cookies").await.assert_says(&format!("Revision 1 of {day}"));
    site.choose(&mut visitor, "accept-all").await;
    site.get(&mut visitor, "/page").await.assert_lacks("data-consent-notice");
    visitor.assert_holds(granted);

    let next = policy(name).revision(Revision::new(2).on(2026, 11, 20).notice().changes("A clearer sentence."));
    site.handle.publish(next.build().unwrap()).unwrap();
    for _ in 0..3 {
        let page = site.get(&mut visitor, "/page").await;
        page.assert_says("data-consent-notice");
        page.assert_says("A clearer sentence.");
        assert!(page.saw().contains(&granted), "the choice stays: {:?}", page.saw());
    }
    site.get(&mut visitor, "/privacy/cookies").await.assert_says("Revision 2 of 20 November 2026");
    site.choose(&mut visitor, "note").await;
    let page = site.get(&mut visitor, "/page").await;
    page.assert_lacks("data-consent-notice");
    assert!(page.saw().contains(&granted), "{:?}", page.saw());

    // Whoever only goes on using the site has consented to nothing, neither before the change nor after it.
    let mut user = site.visitor();
    for _ in 0..20 {
        let page = site.get(&mut user, "/page").await;
        page.assert_says("data-consent-banner");
        assert_eq!(others(&user), [""; 0]);
    }
    user.assert_lacks(CONSENT);
    assert!(site.state(&mut user).await["decided"].is_null());
}

/// A material revision is told, closes what was granted, holds the chosen routes until it was answered, and asks anew.
pub(crate) async fn asks_anew_after_a_material_change(name: &str, granted: &str) {
    let site = Site::of(name);
    let mut visitor = site.visitor();
    site.choose(&mut visitor, "accept-all").await;
    site.get(&mut visitor, "/page").await;
    visitor.assert_holds(granted);
    assert_eq!(site.get(&mut visitor, "/members").await.body, "members only");
    site.sign_in(&mut visitor, "ada").await;

    let next = policy(name).revision(Revision::new(2).on(2026, 11, 20).changes("We also count clicks."));
    site.handle.publish(next.build().unwrap()).unwrap();
    let held = site.get(&mut visitor, "/members").await;
    assert_eq!(held.status, 403, "its use is suspended");
    held.assert_says("Our privacy policy has changed");
    held.assert_says("We also count clicks.");
    held.assert_lacks("members only");
    let page = site.get(&mut visitor, "/page").await;
    page.assert_says("data-consent-banner");
    assert!(!page.saw().contains(&granted), "the old consent does not count: {:?}", page.saw());
    visitor.assert_lacks(granted);
    assert_eq!(site.get(&mut visitor, "/account").await.body, "ada", "what was not chosen goes on");

    site.choose(&mut visitor, "accept-all").await;
    assert_eq!(site.get(&mut visitor, "/members").await.body, "members only");
    let page = site.get(&mut visitor, "/page").await;
    page.assert_lacks("data-consent-banner");
    visitor.assert_holds(granted);
}

/// A named third party gets something where the visitor allowed it by name or by its category, and from nobody else.
pub(crate) async fn tells_a_vendor_only_by_consent(name: &str, vendor: &str, category: &str, label: &str) {
    let site = Site::of(name);
    let path = format!("/tell/{vendor}");
    let mut visitor = site.visitor();
    site.get(&mut visitor, "/privacy/").await.assert_says(label);
    let tell = async |visitor: &mut Visitor| {
        let said = site.post(visitor, &path, "text=hello").await.body;
        let told = site.told();
        assert_eq!(said == "told", told == [vendor], "{said} {told:?}");
        assert!(told.len() <= 1);
        said
    };
    assert_eq!(tell(&mut visitor).await, "kept", "nobody was asked");
    // Everything but this one.
    let all: Vec<_> = site.handle.current().services().map(|(service, _)| service.to_owned()).collect();
    let categories = site.handle.current().categories().iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut rest = "save".to_owned();
    for other in categories.iter().filter(|other| *other != category && *other != "essential") {
        rest.push_str(&format!("&category={other}"));
    }
    let of_essential = |service: &str| {
        site.handle.current().services().any(|(known, of)| known == service && of.to_string() == "essential")
    };
    for other in all.iter().filter(|other| *other != vendor && !of_essential(other)) {
        rest.push_str(&format!("&service={other}"));
    }
    site.choose(&mut visitor, &rest).await;
    assert_eq!(tell(&mut visitor).await, "kept", "{rest}");
    site.choose(&mut visitor, &format!("save&service={vendor}")).await;
    assert_eq!(tell(&mut visitor).await, "told", "by name alone");
    let state = site.state(&mut visitor).await;
    assert_eq!(
        (&state["services"][vendor]["allowed"], &state["services"][vendor]["reason"]),
        (&true.into(), &"granted".into())
    );
    site.choose(&mut visitor, "withdraw").await;
    assert_eq!(tell(&mut visitor).await, "kept", "withdrawn");
    site.choose(&mut visitor, "accept-all").await;
    assert_eq!(tell(&mut visitor).await, "told");
    // A signal that came later stands above the choice.
    for signal in Signal::ALL {
        let mut objecting = visitor.clone().with_signal(signal);
        assert_eq!(tell(&mut objecting).await, "kept", "{signal}");
    }
    assert_eq!(tell(&mut site.visitor()).await, "kept", "one visitor's consent is nobody else's");
}

/// A sign-in leaves the token and nothing else in the jar.
pub(crate) async fn signed_in(site: &Site, visitor: &mut Visitor, name: &str) -> String {
    assert_eq!(site.sign_in(visitor, name).await.status, 303);
    crate::site::value(visitor, TOKEN).expect("a token")
}
