//! Revisions: what asks anew, what only tells, what stays; and a policy that is published while the server runs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{convert::Infallible, sync::Arc};

use http::{HeaderMap, Request, Response, header};
use tower::{Layer, ServiceExt, service_fn};
use tower_consent::{
    Category, CategoryEntry, ConsentChange, ConsentContext, ConsentLayer, Decision, Lifetime, ManualClock,
    OutdatedGrants, Policy, PolicyBuilder, PolicyHandle, Prompt, PublishError, Reason, Regime, Revision, Selection,
    ServiceEntry, Signal, SignalScope, Text, UndecidedReason,
};

const DAY: i64 = 86_400;
/// 15 January 2027.
const START: i64 = 1_800_000_000;

fn first() -> PolicyBuilder {
    Policy::builder()
        .cookies(Category::ANALYTICS, ["_ga"])
        .cookies(Category::MARKETING, ["_fbp"])
        .service("ads", "marketing")
        .revision(Revision::new(1).on(2026, 1, 1))
}

fn build(builder: PolicyBuilder) -> Arc<Policy> {
    Arc::new(builder.build().unwrap())
}

/// A browser that holds the consent cookie, at a site whose policy changes.
struct Visitor {
    handle: PolicyHandle,
    clock: ManualClock,
    cookie: Option<String>,
    headers: HeaderMap,
}

impl Visitor {
    fn new(policy: PolicyBuilder) -> Self {
        let handle = PolicyHandle::new(build(policy));
        Self { handle, clock: ManualClock::at(START), cookie: None, headers: HeaderMap::new() }
    }

    /// The decision of a page, and of what the answer changes.
    async fn page(&mut self, change: impl FnOnce(&Decision) -> Option<ConsentChange>) -> Decision {
        let change = std::sync::Mutex::new(Some(change));
        let seen = std::sync::Mutex::new(None);
        let service = service_fn(async |request: Request<()>| {
            let context = ConsentContext::of(request.extensions()).unwrap();
            let decision = context.decision().clone();
            let mut response = Response::new(());
            let change = change.lock().unwrap().take().unwrap();
            if let Some(change) = change(&decision) {
                change.apply(response.headers_mut());
            }
            *seen.lock().unwrap() = Some(decision);
            Ok::<_, Infallible>(response)
        });
        let layer = ConsentLayer::new(self.handle.clone()).with_clock(self.clock.clone());
        let mut request = Request::new(());
        *request.headers_mut() = self.headers.clone();
        if let Some(cookie) = &self.cookie {
            request.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
        }
        let response = layer.layer(service).oneshot(request).await.unwrap();
        for line in response.headers().get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap();
            if line.starts_with("__Host-consent=") {
                self.cookie = line.split(';').next().map(str::to_owned);
            }
        }
        seen.into_inner().unwrap().unwrap()
    }

    async fn look(&mut self) -> Decision {
        self.page(|_| None).await
    }

    async fn accept(&mut self) {
        self.page(|decision| Some(decision.grant_all_unrecorded())).await;
    }

    async fn refuse(&mut self) {
        self.page(|decision| Some(decision.refuse_all())).await;
    }
}

fn second(kind: fn(Revision) -> Revision) -> PolicyBuilder {
    first().revision(kind(Revision::new(2).on(2027, 1, 1).changes("New recipients.")))
}

fn material(revision: Revision) -> Revision {
    revision
}

#[tokio::test]
async fn a_material_revision_closes_grants_and_asks_anew() {
    let mut visitor = Visitor::new(first());
    visitor.accept().await;
    visitor.handle.publish(build(second(material))).unwrap();
    let decision = visitor.look().await;
    assert!(!decision.allows(Category::ANALYTICS));
    assert_eq!(decision.prompt(), Some(Prompt::Ask(Reason::Undecided(UndecidedReason::Outdated))));
    assert!(!decision.knows_revision());
    visitor.accept().await;
    let decision = visitor.look().await;
    assert!(decision.allows(Category::ANALYTICS) && decision.knows_revision());
    assert_eq!(decision.prompt(), None);
}

/// R91, R90: a refusal may stay, and is not asked about again.
#[tokio::test]
async fn a_refusal_stays_and_is_only_told() {
    let mut visitor = Visitor::new(first());
    visitor.refuse().await;
    visitor.handle.publish(build(second(material))).unwrap();
    let decision = visitor.look().await;
    assert_eq!(decision.verdict(Category::ANALYTICS).reason(), Reason::Refused);
    assert_eq!(decision.prompt(), Some(Prompt::Notice(2)));
    assert!(!decision.knows_revision(), "a gate asks everybody");
    let before = visitor.cookie.clone().unwrap();
    visitor.page(Decision::note_revision).await;
    let after = visitor.cookie.clone().unwrap();
    assert_eq!(after, before.replace("=1:1:", "=1:1.2:"), "nothing but what was seen has changed");
    let decision = visitor.look().await;
    assert_eq!((decision.prompt(), decision.knows_revision()), (None, true));
    assert_eq!(decision.verdict(Category::ANALYTICS).reason(), Reason::Refused);
}

/// L6, T7, B5: a notice keeps consent, and is shown until it was seen.
#[tokio::test]
async fn a_notice_keeps_every_choice_and_is_shown_until_seen() {
    let mut visitor = Visitor::new(first());
    visitor.accept().await;
    visitor.handle.publish(build(second(Revision::notice))).unwrap();
    for _ in 0..3 {
        let decision = visitor.look().await;
        assert!(decision.allows(Category::ANALYTICS));
        assert_eq!(decision.prompt(), Some(Prompt::Notice(2)), "until it was seen");
        assert!(decision.knows_revision(), "a notice holds nobody up");
    }
    visitor.clock.advance(30 * DAY);
    visitor.page(Decision::note_revision).await;
    let decision = visitor.look().await;
    assert!(decision.allows(Category::ANALYTICS));
    assert_eq!(decision.prompt(), None);
    let choice = decision.choice().unwrap();
    assert_eq!((choice.revision(), choice.seen_revision()), (1, 2));
    assert_eq!(choice.day(), time::macros::date!(2027 - 01 - 15), "to take note renews nothing");
    visitor.clock.set(START + 181 * DAY);
    assert!(!visitor.look().await.allows(Category::ANALYTICS), "six months from the choice, not from the note");
    // To take note where there is nothing new, or nothing chosen, changes nothing.
    assert!(decision.note_revision().is_none());
    let mut stranger = Visitor::new(second(Revision::notice));
    assert!(stranger.look().await.note_revision().is_none());
    assert_eq!(stranger.look().await.prompt(), Some(Prompt::Ask(Reason::Undecided(UndecidedReason::None))));
}

/// A note of a later revision does not make an old grant cover what came with it.
/// Who refused everything has refused it, whatever the names are by now: also once a notice was taken note of.
#[tokio::test]
async fn taking_note_loses_no_refusal_of_names_that_are_gone() {
    let of = |name: &'static str| Policy::builder().category(CategoryEntry::new(name)).regime(Regime::OptOut);
    let mut visitor = Visitor::new(of("statistics").revision(Revision::new(1)));
    visitor.refuse().await;
    visitor.handle.publish(build(of("social").revision(Revision::new(2).notice()))).unwrap();
    let social = Category::new("social").unwrap();
    assert!(!visitor.look().await.allows(social));
    visitor.page(Decision::note_revision).await;
    let decision = visitor.look().await;
    assert_eq!(decision.prompt(), None);
    assert!(!decision.allows(social), "{:?}", visitor.cookie);
}

#[tokio::test]
async fn taking_note_widens_nothing() {
    let mut visitor = Visitor::new(first());
    visitor.accept().await;
    let newer = second(Revision::notice)
        .service_entry(ServiceEntry::new("more-ads", "marketing").since(2))
        .category(CategoryEntry::new("social").since(2));
    visitor.handle.publish(build(newer)).unwrap();
    visitor.page(Decision::note_revision).await;
    let decision = visitor.look().await;
    assert!(decision.allows_service("ads") && !decision.allows_service("more-ads"));
    assert!(!decision.allows(Category::new("social").unwrap()));
    assert!(matches!(decision.prompt(), Some(Prompt::Ask(Reason::NewCategory | Reason::NewService))));
}

/// L5: the old grant keeps its old scope until the visitor says yes.
#[tokio::test]
async fn a_policy_can_keep_the_old_scope_and_ask_for_what_is_new() {
    let keep = |builder: PolicyBuilder| builder.outdated_grants(OutdatedGrants::KeepScope);
    let mut visitor = Visitor::new(first());
    visitor.page(|decision| decision.choose_unrecorded(&Selection::none().grant(Category::MARKETING)).ok()).await;
    let newer = keep(second(material)).service_entry(ServiceEntry::new("more-ads", "marketing").since(2));
    visitor.handle.publish(build(newer)).unwrap();
    let decision = visitor.look().await;
    assert!(decision.allows_service("ads"), "what was granted stays");
    assert!(!decision.allows_service("more-ads"), "and covers nothing else");
    assert_eq!(decision.verdict(Category::ANALYTICS).reason(), Reason::Refused);
    assert_eq!(decision.prompt(), Some(Prompt::Ask(Reason::NewService)));
    // Where nothing is new there is nothing to ask; the change is told.
    let mut other = Visitor::new(first());
    other.accept().await;
    other.handle.publish(build(keep(second(material)))).unwrap();
    assert_eq!(other.look().await.prompt(), Some(Prompt::Notice(2)));
}

#[tokio::test]
async fn a_refusal_holds_its_full_period_and_is_asked_after_it() {
    let mut visitor = Visitor::new(first());
    visitor.refuse().await;
    // Six months from the end of 15 January 2027: 16 July.
    let end = 1_815_696_000;
    visitor.clock.set(end - 1);
    assert_eq!(visitor.look().await.prompt(), None);
    visitor.clock.set(end);
    assert_eq!(visitor.look().await.prompt(), Some(Prompt::Ask(Reason::Undecided(UndecidedReason::Expired))));
}

#[tokio::test]
async fn under_an_honoured_signal_nobody_is_asked_unless_the_policy_says_so() {
    let partly = |builder: PolicyBuilder| builder.signal(Signal::Gpc, [Category::MARKETING]);
    for (policy, prompt) in [
        (first(), None),
        (partly(first()), None),
        (partly(first()).banner_under_signal(), Some(Prompt::Ask(Reason::Undecided(UndecidedReason::None)))),
        (first().signal(Signal::Gpc, SignalScope::Ignore), Some(Prompt::Ask(Reason::Undecided(UndecidedReason::None)))),
        (first().signal(Signal::Gpc, SignalScope::NoCookies).banner_under_signal(), None),
    ] {
        let mut visitor = Visitor::new(policy);
        visitor.headers.insert("sec-gpc", "1".parse().unwrap());
        assert_eq!(visitor.look().await.prompt(), prompt);
    }
}

/// R100: who opted out is not asked to opt in again for twelve months.
#[tokio::test]
async fn who_opted_out_is_left_alone_for_a_year() {
    let opt_out = |builder: PolicyBuilder| builder.regime(Regime::OptOut);
    let mut visitor = Visitor::new(opt_out(first()).grant_lifetime(Lifetime::months(13)));
    assert_eq!(visitor.look().await.prompt(), None, "where everything passes nothing is asked");
    visitor.page(|decision| decision.choose_unrecorded(&Selection::none().grant(Category::ANALYTICS)).ok()).await;
    visitor.handle.publish(build(opt_out(second(material)).grant_lifetime(Lifetime::months(13)))).unwrap();
    visitor.clock.set(START + 364 * DAY);
    let decision = visitor.look().await;
    assert_eq!(decision.asks(), Some(Reason::Undecided(UndecidedReason::Outdated)));
    assert_eq!(decision.prompt(), None);
    // The choice was made at eight in the morning: this is still within the year.
    visitor.clock.set(START + 365 * DAY - 4 * 3_600);
    assert_eq!(visitor.look().await.prompt(), None);
    // It ends with the day on which it was made, a year later.
    let end = START - START % DAY + DAY + 365 * DAY;
    visitor.clock.set(end - 1);
    assert_eq!(visitor.look().await.prompt(), None);
    for moment in [end, START + 366 * DAY] {
        visitor.clock.set(moment);
        assert_eq!(visitor.look().await.prompt(), Some(Prompt::Ask(Reason::Undecided(UndecidedReason::Outdated))));
    }
}

/// Under a signal that stores nothing a notice would come back with every page: taking note of it cannot be written.
#[tokio::test]
async fn a_notice_is_not_shown_to_who_cannot_be_remembered() {
    let no_cookies = |builder: PolicyBuilder| builder.signal(Signal::Dnt, SignalScope::NoCookies);
    let mut visitor = Visitor::new(no_cookies(first()));
    visitor.accept().await;
    visitor.handle.publish(build(no_cookies(second(Revision::notice)))).unwrap();
    let prompt = visitor.look().await.prompt().unwrap();
    assert_eq!((prompt, prompt.to_string()), (Prompt::Notice(2), "tell of revision 2".to_owned()));
    assert_eq!(Prompt::Ask(Reason::NewCategory).to_string(), format!("ask: {}", Reason::NewCategory));
    visitor.headers.insert("dnt", "1".parse().unwrap());
    assert_eq!(visitor.look().await.prompt(), None);
}

#[tokio::test]
async fn a_gate_holds_nobody_up_who_cannot_be_remembered() {
    let mut visitor = Visitor::new(first().signal(Signal::Dnt, SignalScope::NoCookies));
    visitor.headers.insert("dnt", "1".parse().unwrap());
    assert!(visitor.look().await.knows_revision());
    visitor.headers.clear();
    assert!(!visitor.look().await.knows_revision());
    assert!(!Decision::no_layer().knows_revision() && Decision::no_layer().prompt().is_none());
}

#[test]
fn only_a_later_policy_with_the_same_cookies_is_published() {
    let handle = PolicyHandle::new(build(second(material)));
    let refused = handle.publish(build(first())).unwrap_err();
    assert!(matches!(refused, PublishError::Revision { number: 1, published: 2, .. }), "{refused:?}");
    assert_eq!(refused.to_string(), "revision 1 is below 2, which is published");
    let renamed = second(material).consent_cookie(tower_consent::ConsentCookie::default().with_name("__Host-other"));
    let refused = handle.publish(build(renamed)).unwrap_err();
    assert!(refused.to_string().contains("__Host-consent") && refused.to_string().contains("__Host-other"));
    assert_eq!(handle.current().consent_cookie_name(), "__Host-consent", "nothing was published");
    handle.publish(build(second(material).cookies(Category::ANALYTICS, ["_gid"]))).unwrap();
    assert!(handle.current().lookup(b"_gid").is_some(), "the same revision, with a cookie that had been forgotten");
}

/// A request that is under way ends by the policy that it began with.
#[tokio::test]
async fn a_request_has_one_policy() {
    let handle = PolicyHandle::new(build(first()));
    let publisher = handle.clone();
    let service = service_fn(async |request: Request<()>| {
        publisher.publish(build(second(material))).unwrap();
        let context = ConsentContext::of(request.extensions()).unwrap();
        let mut response = Response::new(());
        context.decision().grant_all_unrecorded().apply(response.headers_mut());
        Ok::<_, Infallible>(response)
    });
    let layer = ConsentLayer::new(handle.clone()).with_clock(ManualClock::at(START));
    let response = layer.layer(service).oneshot(Request::new(())).await.unwrap();
    let line = response.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(line.starts_with("__Host-consent=1:1:"), "{line}");
    assert_eq!(layer.policy().revision().number(), 2);
}

#[test]
fn the_last_material_revision_counts() {
    let numbers = |list: &[(u32, bool)]| {
        let revisions = list.iter().map(|(number, is_material)| {
            let revision = Revision::new(*number);
            if *is_material { revision } else { revision.notice() }
        });
        let policy = revisions.fold(Policy::builder(), PolicyBuilder::revision).build().unwrap();
        (policy.revision().number(), policy.material_revision())
    };
    assert_eq!(numbers(&[]), (1, 1));
    assert_eq!(numbers(&[(3, true)]), (3, 3));
    assert_eq!(numbers(&[(3, false)]), (3, 3), "nobody chose before the first one");
    assert_eq!(numbers(&[(1, true), (4, true), (5, false), (9, false)]), (9, 4));
    assert_eq!(numbers(&[(20_260_101, true), (20_261_122, false)]), (20_261_122, 20_260_101));
}

#[test]
fn texts_are_found_by_language() {
    let text: Text = toml::from_str::<std::collections::BTreeMap<String, Text>>(
        "one = { de = 'Zweck', en = 'purpose', pt-BR = 'finalidade' }\ntwo = 'only'",
    )
    .unwrap()
    .remove("one")
    .unwrap();
    for (language, expected) in [
        ("de", "Zweck"),
        ("de-AT", "Zweck"),
        ("DE", "Zweck"),
        ("pt-br", "finalidade"),
        ("pt", "purpose"),
        ("", "purpose"),
    ] {
        assert_eq!(text.in_language(language), expected, "{language}");
    }
    let written = serde_json::to_string(&text).unwrap();
    assert_eq!(serde_json::from_str::<Text>(&written).unwrap().in_language("pt-BR"), "finalidade");
    let error = toml::from_str::<PolicyBuilder>("[about]\ncontroller = 3").unwrap_err().to_string();
    assert!(error.contains("expected a text, or a table of languages and texts"), "{error}");
}
