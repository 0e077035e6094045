//! The whole table of the decision, generated and held against a second, plain formulation of its rules.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{clock_at, decision_of, request};
use time::{Date, Month, macros::date};
use tower_consent::{
    Category, CategoryEntry, ConsentCookie, ConsentLayer, Narrow, Policy, PolicyBuilder, Reason, RecordId, Regime,
    Revision, SameSite, Selection, ServiceEntry, Signal, SignalScope, UndecidedReason,
};

const TODAY: Date = date!(2026 - 11 - 21);
const NAMES: [&str; 3] = ["functional", "analytics", "marketing"];
/// Two services of analytics: one as old as the policy, one newer than revision 1.
const SERVICES: [(&str, u32); 2] = [("matomo", 1), ("plausible", 2)];
const REVISION: u32 = 2;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mark {
    Granted,
    Refused,
    Unnamed,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    None,
    Unseen,
    Chosen,
    /// Chosen seven months ago.
    Old,
    Malformed,
    Ambiguous,
    FromTheFuture,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Scope {
    All,
    MarketingOnly,
    Always,
    NoCookies,
    Ignore,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Narrowing {
    Nothing,
    Marketing,
    All,
}

#[derive(Clone, Debug)]
struct Case {
    regime: Regime,
    scope: Scope,
    narrowing: Narrowing,
    state: State,
    revision: u32,
    dnt: Option<&'static str>,
    gpc: bool,
    known_dnt: bool,
    known_gpc: bool,
    categories: [Mark; 3],
    services: [Mark; 2],
}

/// Takes one of several by the next digits of a number.
fn pick<T: Copy>(number: &mut u64, of: &[T]) -> T {
    let index = (*number % of.len() as u64) as usize;
    *number /= of.len() as u64;
    of[index]
}

const MARKS: [Mark; 3] = [Mark::Granted, Mark::Refused, Mark::Unnamed];

impl Case {
    fn number(mut number: u64) -> Self {
        let n = &mut number;
        Self {
            regime: pick(n, &[Regime::OptIn, Regime::OptInWithExemptions, Regime::OptOut]),
            state: pick(
                n,
                &[
                    State::Chosen,
                    State::None,
                    State::Unseen,
                    State::Chosen,
                    State::Old,
                    State::Chosen,
                    State::Malformed,
                    State::Ambiguous,
                    State::FromTheFuture,
                ],
            ),
            revision: pick(n, &[2, 1, 2, 3]),
            scope: pick(n, &[Scope::All, Scope::MarketingOnly, Scope::Always, Scope::NoCookies, Scope::Ignore]),
            narrowing: pick(n, &[Narrowing::Nothing, Narrowing::Marketing, Narrowing::Nothing, Narrowing::All]),
            dnt: pick(n, &[None, Some("1"), Some("0"), Some("1xyz"), None]),
            gpc: pick(n, &[false, true]),
            known_dnt: pick(n, &[false, true]),
            known_gpc: pick(n, &[false, true]),
            categories: [pick(n, &MARKS), pick(n, &MARKS), pick(n, &MARKS)],
            services: [pick(n, &MARKS), pick(n, &MARKS)],
        }
    }

    fn policy(&self) -> PolicyBuilder {
        let scope = |all: SignalScope| match self.scope {
            Scope::All | Scope::Always => all,
            Scope::MarketingOnly => SignalScope::from([Category::MARKETING]),
            Scope::NoCookies => SignalScope::NoCookies,
            Scope::Ignore => SignalScope::Ignore,
        };
        let narrow = match self.narrowing {
            Narrowing::Nothing => Narrow::nothing(),
            Narrowing::Marketing => Narrow::categories([Category::MARKETING]),
            Narrowing::All => Narrow::all(),
        };
        let mut builder = Policy::builder()
            .regime(self.regime)
            .revision(Revision::new(REVISION))
            .category(CategoryEntry::new("functional").exempt_until_objected())
            .category("analytics")
            .category("marketing")
            .signal(Signal::Dnt, scope(SignalScope::All))
            .signal(Signal::Gpc, scope(SignalScope::All))
            .narrow(move |_| narrow.clone());
        for (name, since) in SERVICES {
            builder = builder.service_entry(ServiceEntry::new(name, "analytics").since(since));
        }
        if self.scope == Scope::Always { builder.signal_always() } else { builder }
    }

    fn day(&self) -> Date {
        match self.state {
            State::Old => date!(2026 - 04 - 20),
            State::FromTheFuture => date!(2026 - 11 - 23),
            _ => TODAY,
        }
    }

    fn value(&self) -> String {
        let mut value = format!("1:{}:{}", self.revision, self.day());
        for (name, mark) in NAMES.iter().zip(self.categories) {
            value += &written(mark, name);
        }
        for ((name, _), mark) in SERVICES.iter().zip(self.services) {
            value += &written(mark, &format!("@{name}"));
        }
        match (self.known_dnt, self.known_gpc) {
            (true, true) => value += ":dg",
            (true, false) => value += ":d",
            (false, true) => value += ":g",
            (false, false) => {}
        }
        value
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        let cookie = |value: &str| ("cookie", format!("__Host-consent={value}"));
        match self.state {
            State::None => {}
            State::Unseen => headers.push(("sec-fetch-site", "cross-site".to_owned())),
            State::Malformed => headers.push(cookie("1:2:2026-11-21+analytics?")),
            State::Ambiguous => {
                headers.push(cookie(&self.value()));
                headers.push(cookie("1:2:2026-11-20+analytics"));
            }
            State::Chosen | State::Old | State::FromTheFuture => headers.push(cookie(&self.value())),
        }
        if let Some(value) = self.dnt {
            headers.push(("dnt", value.to_owned()));
        }
        if self.gpc {
            headers.push(("sec-gpc", "1".to_owned()));
        }
        headers
    }

    // ---- the second formulation: sentences of the design, one after the other ----

    fn signals_in_force(&self) -> Vec<Signal> {
        let dnt = self.dnt.is_some_and(|value| value.starts_with('1')).then_some(Signal::Dnt);
        let gpc = self.gpc.then_some(Signal::Gpc);
        gpc.into_iter().chain(dnt).collect()
    }

    fn covers(&self, category: &str) -> bool {
        match self.scope {
            Scope::All | Scope::Always | Scope::NoCookies => true,
            Scope::MarketingOnly => category == "marketing",
            Scope::Ignore => false,
        }
    }

    fn regime_says(&self, category: &str) -> bool {
        match self.regime {
            Regime::OptIn => false,
            Regime::OptInWithExemptions => category == "functional",
            Regime::OptOut => true,
            _ => unreachable!(),
        }
    }

    /// `Some(true)`: granted by name, and the grant stands.
    fn by_choice(&self, category: usize, service: Option<usize>) -> (bool, &'static str) {
        let regime = (self.regime_says(NAMES[category]), "regime");
        match self.state {
            State::None => return regime,
            State::Unseen | State::Malformed | State::Ambiguous | State::FromTheFuture => return (false, "unusable"),
            State::Chosen | State::Old => {}
        }
        if self.revision > REVISION {
            return (false, "unusable");
        }
        let is_outdated = self.revision < REVISION;
        let grants_live = self.state == State::Chosen;
        // Where something passes until it is refused a refusal never lapses: opt-out, and *functional* by exemption.
        let refusals_live = grants_live || self.regime != Regime::OptIn;
        // The mark that counts: the service's own, then its category's. A grant by name that has ended leaves a refusal of the
        // category.
        let own = service.map(|service| self.services[service]);
        let since = service.map_or(1, |service| SERVICES[service].1);
        let is_refused_besides = self.categories[category] == Mark::Refused && refusals_live;
        let mark = match own {
            Some(Mark::Refused) => Mark::Refused,
            Some(Mark::Granted) if !grants_live && is_refused_besides => Mark::Refused,
            Some(Mark::Granted) if since <= self.revision => Mark::Granted,
            _ => match self.categories[category] {
                // A category's grant does not cover what came after it.
                Mark::Granted if since > self.revision => Mark::Unnamed,
                mark => mark,
            },
        };
        let granted_nothing = !self.categories.contains(&Mark::Granted) && !self.services.contains(&Mark::Granted);
        let refused_something = self.categories.contains(&Mark::Refused) || self.services.contains(&Mark::Refused);
        match mark {
            Mark::Refused if refusals_live => (false, "refused"),
            Mark::Refused if is_outdated => (false, "outdated"),
            Mark::Refused => regime,
            Mark::Granted if is_outdated => (false, "outdated"),
            Mark::Granted if grants_live => (true, "granted"),
            Mark::Granted => regime,
            Mark::Unnamed if granted_nothing && refused_something && refusals_live => (false, "refused"),
            Mark::Unnamed => regime,
        }
    }

    fn expected(&self, category: usize, service: Option<usize>) -> bool {
        let name = NAMES[category];
        let narrowed = match self.narrowing {
            Narrowing::Nothing => false,
            Narrowing::Marketing => name == "marketing",
            Narrowing::All => true,
        };
        if narrowed {
            return false;
        }
        let (allowed, why) = self.by_choice(category, service);
        let covering: Vec<_> = self.signals_in_force().into_iter().filter(|_| self.covers(name)).collect();
        if covering.is_empty() {
            return allowed;
        }
        // A signal closes it, but for a grant by name in knowledge of every such signal.
        let known = |signal: &Signal| match signal {
            Signal::Dnt => self.known_dnt,
            Signal::Gpc => self.known_gpc,
            _ => unreachable!(),
        };
        let beatable = !matches!(self.scope, Scope::Always | Scope::NoCookies);
        beatable && why == "granted" && covering.iter().all(known)
    }
}

fn written(mark: Mark, name: &str) -> String {
    match mark {
        Mark::Granted => format!("+{name}"),
        Mark::Refused => format!("!{name}"),
        Mark::Unnamed => String::new(),
    }
}

#[tokio::test]
async fn every_answer_is_what_the_plain_rules_say() {
    // 3 * 9 * 4 * 5 * 4 * 5 * 2 * 2 * 2 * 243 cases; every so manieth of them, so that all values of all columns meet.
    let all: u64 = 3 * 9 * 4 * 5 * 4 * 5 * 8 * 243;
    let wanted = if std::env::var_os("CI").is_some() { 120_000 } else { 6_000 };
    // Coprime to the number of cases, so that the walk visits each once before it repeats.
    let stride = all / wanted * 2 + 1;
    for turn in 0..wanted {
        let number = turn.wrapping_mul(stride) % all;
        let case = Case::number(number);
        let layer = ConsentLayer::new(case.policy().build().unwrap()).with_clock(clock_at(TODAY));
        let headers = case.headers();
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let decision = decision_of(&layer, request(&headers)).await;
        let context = || format!("case {number}: {case:?}\n{decision:?}");
        assert!(decision.allows(Category::ESSENTIAL), "{}", context());
        for (index, name) in NAMES.iter().enumerate() {
            let category = Category::new(name).unwrap();
            assert_eq!(decision.allows(category), case.expected(index, None), "{name}, {}", context());
        }
        for (index, (name, _)) in SERVICES.iter().enumerate() {
            assert_eq!(decision.allows_service(name), case.expected(1, Some(index)), "{name}, {}", context());
        }
        // The visitor is only asked for what is closed and could be opened.
        if decision.asks().is_some() {
            assert!(case.narrowing != Narrowing::All && case.state != State::Unseen, "{}", context());
        }
        let stores_nothing = case.scope == Scope::NoCookies && !case.signals_in_force().is_empty();
        assert_eq!(decision.forbids_storing().is_some(), stores_nothing, "{}", context());
        assert_eq!(decision.undecided().is_none(), is_decided(&case), "{}", context());
    }
}

fn is_decided(case: &Case) -> bool {
    let grants = case.categories.contains(&Mark::Granted) || case.services.contains(&Mark::Granted);
    // An old refusal of everything still stands where refusals never lapse.
    let old_but_stands = case.state == State::Old && !grants && case.regime != Regime::OptIn;
    (case.state == State::Chosen || old_but_stands) && case.revision == REVISION
}

#[tokio::test]
async fn every_answer_has_its_reason() {
    let policy = || {
        Policy::builder()
            .revision(Revision::new(2))
            .category("analytics")
            .category("marketing")
            .service_entry(ServiceEntry::new("new", "analytics").since(2))
    };
    let undecided = Reason::Undecided;
    type Case<'a> = (&'a [(&'a str, &'a str)], Reason, Option<Reason>);
    let cases: [Case<'_>; 14] = [
        (&[], undecided(UndecidedReason::None), Some(undecided(UndecidedReason::None))),
        (&[("sec-fetch-site", "cross-site")], undecided(UndecidedReason::Unseen), None),
        (&[("dnt", "1")], Reason::Signal(Signal::Dnt), None),
        (&[("sec-gpc", "1")], Reason::Signal(Signal::Gpc), None),
        (&[("sec-gpc", "1"), ("dnt", "1")], Reason::Signal(Signal::Gpc), None),
        (&[("dnt", "0")], undecided(UndecidedReason::None), Some(undecided(UndecidedReason::None))),
        (&[("cookie", "__Host-consent=1:2:2026-11-21+analytics+marketing")], Reason::Granted, None),
        (&[("cookie", "__Host-consent=1:2:2026-11-21!analytics!marketing")], Reason::Refused, None),
        (&[("cookie", "__Host-consent=1:2:2026-11-21+marketing")], Reason::NewCategory, Some(Reason::NewCategory)),
        (
            &[("cookie", "__Host-consent=1:2:2026-05-20+analytics+marketing")],
            undecided(UndecidedReason::Expired),
            Some(undecided(UndecidedReason::Expired)),
        ),
        (
            &[("cookie", "__Host-consent=1:1:2026-11-20+analytics+marketing")],
            undecided(UndecidedReason::Outdated),
            Some(undecided(UndecidedReason::Outdated)),
        ),
        (
            &[("cookie", "__Host-consent=yes")],
            undecided(UndecidedReason::Malformed),
            Some(undecided(UndecidedReason::Malformed)),
        ),
        (
            &[("cookie", "__Host-consent=1:2:2026-11-21+analytics; __Host-consent=1:2:2026-11-21")],
            undecided(UndecidedReason::Ambiguous),
            Some(undecided(UndecidedReason::Ambiguous)),
        ),
        (
            &[("cookie", "__Host-consent=1:3:2026-11-21+analytics+marketing")],
            undecided(UndecidedReason::Future),
            Some(undecided(UndecidedReason::Future)),
        ),
    ];
    for (headers, reason, asks) in cases {
        let layer = ConsentLayer::new(policy().build().unwrap()).with_clock(clock_at(TODAY));
        let decision = decision_of(&layer, request(headers)).await;
        assert_eq!(decision.verdict(Category::ANALYTICS).reason(), reason, "{headers:?}");
        assert_eq!(decision.asks(), asks, "{headers:?}");
        assert!(!reason.to_string().is_empty() && !reason.as_str().contains(' '));
    }
    let layer = ConsentLayer::new(policy().build().unwrap()).with_clock(clock_at(TODAY));
    let old = [("cookie", "__Host-consent=1:1:2026-11-21+analytics!marketing")];
    let decision = decision_of(&layer, request(&old)).await;
    // A refusal stands over a revision (R91); what the policy does not have is refused.
    assert_eq!(decision.verdict(Category::MARKETING).reason(), Reason::Refused);
    assert_eq!(decision.verdict(Category::FUNCTIONAL).reason(), Reason::NotInPolicy);
    assert_eq!(decision.service_verdict("nobody").reason(), Reason::NotInPolicy);
}

/// R97: the signal beats an older grant; a grant made in its knowledge beats the signal, and only what it names.
#[tokio::test]
async fn a_choice_in_knowledge_of_the_signal_beats_it() {
    for (value, signals, analytics, honoured) in [
        ("1:1:2026-11-21+analytics!marketing", &[("sec-gpc", "1")][..], false, 1),
        ("1:1:2026-11-21+analytics!marketing:g", &[("sec-gpc", "1")], true, 1),
        ("1:1:2026-11-21+analytics!marketing:d", &[("sec-gpc", "1")], false, 1),
        ("1:1:2026-11-21+analytics!marketing:g", &[("sec-gpc", "1"), ("dnt", "1")], false, 2),
        ("1:1:2026-11-21+analytics!marketing:dg", &[("sec-gpc", "1"), ("dnt", "1")], true, 2),
        ("1:1:2026-11-21+analytics+marketing:g", &[("sec-gpc", "1")], true, 0),
    ] {
        let policy = Policy::builder().category("analytics").category("marketing").build().unwrap();
        let layer = ConsentLayer::new(policy).with_clock(clock_at(TODAY));
        let cookie = format!("__Host-consent={value}");
        let headers: Vec<_> = signals.iter().copied().chain([("cookie", cookie.as_str())]).collect();
        let decision = decision_of(&layer, request(&headers)).await;
        assert_eq!(decision.allows(Category::ANALYTICS), analytics, "{value} {signals:?}");
        assert_eq!(decision.honoured_signals().objections().count(), honoured, "{value} {signals:?}");
    }
}

/// R92, R105-R107: six calendar months; equality at the end means expired; a refusal counts from the end of its day.
#[tokio::test]
async fn periods_end_on_the_calendar() {
    let start =
        |year, month, day| Date::from_calendar_date(year, month, day).unwrap().midnight().assume_utc().unix_timestamp();
    for (chosen, grant_ends, refusal_ends) in [
        ("2026-05-21", start(2026, Month::November, 21), start(2026, Month::November, 22)),
        ("2025-08-31", start(2026, Month::February, 28), start(2026, Month::March, 1)),
        ("2027-08-31", start(2028, Month::February, 29), start(2028, Month::March, 1)),
        ("2024-02-29", start(2024, Month::August, 29), start(2024, Month::September, 1)),
    ] {
        for (value, ends, live, over) in [
            (format!("1:1:{chosen}+analytics"), grant_ends, Reason::Granted, UndecidedReason::Expired),
            (format!("1:1:{chosen}!analytics"), refusal_ends, Reason::Refused, UndecidedReason::Expired),
        ] {
            for (now, reason) in
                [(ends - 1, live), (ends, Reason::Undecided(over)), (ends + 1, Reason::Undecided(over))]
            {
                let clock = tower_consent::ManualClock::at(now);
                let policy = Policy::builder().category("analytics").build().unwrap();
                let layer = ConsentLayer::new(policy).with_clock(clock);
                let cookie = format!("__Host-consent={value}");
                let decision = decision_of(&layer, request(&[("cookie", &cookie)])).await;
                assert_eq!(decision.verdict(Category::ANALYTICS).reason(), reason, "{value} at {now}");
            }
        }
    }
}

/// A service's grant ends with its day, and leaves what was said of its category; a refusal does not end with it.
#[tokio::test]
async fn a_services_lapsed_grant_leaves_its_category() {
    let expired = Reason::Undecided(UndecidedReason::Expired);
    for (value, regime, allowed, reason) in [
        ("1:1:2026-11-21!marketing+@youtube", Regime::OptOut, true, Reason::Granted),
        ("1:1:2026-01-01!marketing+@youtube", Regime::OptOut, false, Reason::Refused),
        ("1:1:2026-01-01+marketing+@youtube!analytics", Regime::OptOut, true, expired),
        ("1:1:2026-01-01+@youtube!analytics", Regime::OptOut, true, expired),
        ("1:1:2026-01-01+marketing+@youtube!analytics", Regime::OptIn, false, expired),
    ] {
        let policy = Policy::builder().category("analytics").service("youtube", "marketing").regime(regime);
        let layer = ConsentLayer::new(policy.build().unwrap()).with_clock(clock_at(TODAY));
        let cookie = format!("__Host-consent={value}");
        let verdict = decision_of(&layer, request(&[("cookie", &cookie)])).await.service_verdict("youtube");
        assert_eq!((verdict.is_allowed(), verdict.reason()), (allowed, reason), "{value} {regime:?}");
    }
}

/// A policy has up to 256 services, and each its own answer.
#[tokio::test]
async fn each_of_256_services_has_its_own_answer() {
    let names: Vec<_> = (0..256).map(|number| format!("s{number}")).collect();
    let policy = names.iter().fold(Policy::builder(), |policy, name| policy.service(name.as_str(), "analytics"));
    let layer = ConsentLayer::new(policy.build().unwrap()).with_clock(clock_at(TODAY));
    let decision = decision_of(&layer, request(&[])).await;
    for chosen in [0, 1, 3, 4, 5, 63, 64, 65, 127, 128, 191, 192, 255] {
        let change = decision.choose_unrecorded(&Selection::none().grant_service(&names[chosen])).unwrap();
        let line = change.header_value().unwrap().to_str().unwrap();
        let decision = decision_of(&layer, request(&[("cookie", line.split(';').next().unwrap())])).await;
        let allowed: Vec<_> = names.iter().filter(|name| decision.allows_service(name)).collect();
        assert_eq!(allowed, [&names[chosen]]);
        assert_eq!(decision.choice().unwrap().granted_services().collect::<Vec<_>>(), [&names[chosen]]);
    }
}

/// What an application reads of a choice.
#[tokio::test]
async fn a_choice_tells_its_revision_and_its_names() {
    let policy = Policy::builder().category("analytics").revision(Revision::new(3).on(2026, 1, 1)).build().unwrap();
    let layer = ConsentLayer::new(policy).with_clock(clock_at(TODAY));
    let decision = decision_of(&layer, request(&[("cookie", "__Host-consent=1:3:2026-11-20+analytics:g")])).await;
    let choice = decision.choice().unwrap();
    assert_eq!((choice.revision(), choice.seen_revision(), choice.day()), (3, 3, date!(2026 - 11 - 20)));
    assert_eq!(choice.signals().objections().collect::<Vec<_>>(), [Signal::Gpc]);
    assert_eq!(choice.granted().collect::<Vec<_>>(), [Category::ANALYTICS]);
    assert_eq!(choice.record_id(), None);
    let names = decision.policy().names();
    assert_eq!(names.categories(), decision.policy().categories());
    assert!(names.categories().contains(&Category::ANALYTICS));
    let verdicts: Vec<_> = decision.verdicts().map(|(category, verdict)| (category, verdict.reason())).collect();
    assert_eq!(verdicts, [(Category::ESSENTIAL, Reason::Essential), (Category::ANALYTICS, Reason::Granted)]);
    let error = "AAAA".parse::<RecordId>().unwrap_err();
    assert_eq!(error.to_string(), "a record id is written as 22 characters of base64url");
}

/// A cookie that is there and of no use may hold a refusal; what is not there, or was read, does not.
#[test]
fn four_reasons_tell_of_an_unusable_cookie() {
    use UndecidedReason::{Ambiguous, Expired, Future, Malformed, None, Outdated, Unauthentic, Unseen};
    for (reason, label, is_unusable) in [
        (None, "none", false),
        (Unseen, "unseen", false),
        (Expired, "expired", false),
        (Outdated, "outdated", false),
        (Malformed, "malformed", true),
        (Ambiguous, "ambiguous", true),
        (Unauthentic, "unauthentic", true),
        (Future, "future", true),
    ] {
        assert_eq!((reason.as_str(), reason.is_unusable()), (label, is_unusable));
    }
}

/// "From the future" means more than one day ahead.
#[tokio::test]
async fn a_clock_that_is_a_day_off_does_no_harm() {
    for (day, reason) in [
        ("2026-11-22", Reason::Granted),
        ("2026-11-23", Reason::Undecided(UndecidedReason::Future)),
        ("9999-12-31", Reason::Undecided(UndecidedReason::Future)),
        ("0000-01-01", Reason::Undecided(UndecidedReason::Expired)),
    ] {
        for hour in [0, 23] {
            let clock = clock_at(TODAY);
            clock.advance(hour * 3_600);
            let policy = Policy::builder().category("analytics").build().unwrap();
            let layer = ConsentLayer::new(policy).with_clock(clock);
            let cookie = format!("__Host-consent=1:1:{day}+analytics");
            let decision = decision_of(&layer, request(&[("cookie", &cookie)])).await;
            assert_eq!(decision.verdict(Category::ANALYTICS).reason(), reason, "{day}");
        }
    }
}

/// Only a cross-site request that is no top-level navigation by GET hides a Lax cookie.
#[tokio::test]
async fn a_request_that_hides_lax_cookies_is_unseen() {
    let navigation = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    let frame = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
    let image = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")];
    let own = [("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")];
    let cookie = ("cookie", "__Host-consent=1:1:2026-11-21+analytics");
    // A Strict cookie does not travel with a link from another site either; one without SameSite always does.
    for (same_site, headers, undecided) in [
        (SameSite::Strict, &navigation, UndecidedReason::Unseen),
        (SameSite::Strict, &own, UndecidedReason::None),
        (SameSite::None, &frame, UndecidedReason::None),
        (SameSite::None, &navigation, UndecidedReason::None),
    ] {
        let own_cookie = ConsentCookie::default().with_same_site(same_site);
        let policy = Policy::builder().regime(Regime::OptOut).consent_cookie(own_cookie).category("analytics");
        let layer = ConsentLayer::new(policy.build().unwrap()).with_clock(clock_at(TODAY));
        let decision = decision_of(&layer, request(headers)).await;
        assert_eq!(decision.undecided(), Some(undecided), "{same_site:?} {headers:?}");
        assert_eq!(decision.allows(Category::ANALYTICS), undecided == UndecidedReason::None);
    }
    for (method, headers, with_cookie, undecided) in [
        ("GET", &navigation, false, Some(UndecidedReason::None)),
        ("HEAD", &navigation, false, Some(UndecidedReason::None)),
        ("POST", &navigation, false, Some(UndecidedReason::Unseen)),
        ("GET", &frame, false, Some(UndecidedReason::Unseen)),
        ("GET", &image, false, Some(UndecidedReason::Unseen)),
        ("GET", &image, true, None),
        ("GET", &own, false, Some(UndecidedReason::None)),
    ] {
        for regime in [Regime::OptIn, Regime::OptInWithExemptions, Regime::OptOut] {
            let policy = Policy::builder().regime(regime).category("analytics").build().unwrap();
            let layer = ConsentLayer::new(policy).with_clock(clock_at(TODAY));
            let headers: Vec<_> = headers.iter().copied().chain(with_cookie.then_some(cookie)).collect();
            let mut request = request(&headers);
            *request.method_mut() = method.parse().unwrap();
            let decision = decision_of(&layer, request).await;
            assert_eq!(decision.undecided(), undecided, "{method} {headers:?}");
            if undecided == Some(UndecidedReason::Unseen) {
                assert!(!decision.allows(Category::ANALYTICS), "{regime:?}");
            }
        }
    }
}

#[test]
fn without_a_layer_everything_is_refused() {
    let decision = tower_consent::Decision::no_layer();
    for category in [Category::ESSENTIAL, Category::ANALYTICS] {
        assert!(!decision.allows(category));
        assert_eq!(decision.verdict(category).reason(), Reason::NoLayer);
    }
    assert_eq!(decision.service_verdict("x").reason(), Reason::NoLayer);
    assert!(!decision.is_enforced());
    assert_eq!(decision.grant_all_unrecorded().header_value(), None);
}

/// The same answer by a cookie's name; a nameless cookie and one that begins with `$` never pass.
#[tokio::test]
async fn a_cookie_is_judged_by_its_name() {
    let policy = Policy::builder().essential(["sid"]).cookies(Category::ANALYTICS, ["_ga"]).build().unwrap();
    let layer = ConsentLayer::new(policy).with_clock(clock_at(TODAY));
    let decision = decision_of(&layer, request(&[("cookie", "__Host-consent=1:1:2026-11-21+analytics")])).await;
    for (name, allowed, reason) in [
        ("sid", true, Reason::Essential),
        ("_ga", true, Reason::Granted),
        ("__Host-consent", true, Reason::OwnCookie),
        ("other", false, Reason::UnknownCookie),
        ("", false, Reason::UnknownCookie),
        ("$Version", false, Reason::UnknownCookie),
    ] {
        let verdict = decision.cookie_verdict(name.as_bytes());
        assert_eq!((verdict.is_allowed(), verdict.reason()), (allowed, reason), "{name}");
    }
    assert!(decision.grant_all_unrecorded().is_grant() && !decision.withdraw().is_grant());
    let nowhere = tower_consent::Decision::no_layer();
    assert_eq!(nowhere.cookie_verdict(b"sid").reason(), Reason::NoLayer);
}
