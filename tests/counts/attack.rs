//! Somebody who has a report, knows the policy and how a day's numbers hang together, and works out what he can.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tower_consent::{
    DayReport, Regime, Signal, SignalScope, SignalsSeen as Seen, VisitOutcome as Outcome,
    anonymize::{BrowserFamily as Browser, SystemFamily as System},
};

use super::{
    lines::Equations,
    site::{ALL, ANALYTICS, DAY, MARKETING, NOTHING, Site, policy},
};

fn cases() -> ProptestConfig {
    let cases = if std::env::var_os("CI").is_some() { 2_000 } else { 300 };
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// What the visitors of a day do alike.
#[derive(Clone, Debug)]
struct Crowd {
    choice: usize,
    signals: Seen,
    agent: usize,
    path: usize,
    is_visit: bool,
    times: u64,
}

const CHOICES: [Option<(&str, &str)>; 5] = [Some(ALL), Some(ANALYTICS), Some(MARKETING), Some(NOTHING), None];
const AGENTS: [(&str, Browser, System); 6] = [
    (super::site::FIREFOX, Browser::Firefox, System::Linux),
    ("Mozilla/5.0 (Windows NT 10.0) Firefox/145.0", Browser::Firefox, System::Windows),
    ("Mozilla/5.0 (Windows NT 10.0) Chrome/142.0 Safari/537.36", Browser::Chrome, System::Windows),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X) AppleWebKit/605 Version/26 Safari/605", Browser::Safari, System::MacOs),
    ("Mozilla/5.0 (Linux; Android 16) Chrome/142.0 Mobile Safari/537.36 EdgA/142.0", Browser::Edge, System::Android),
    ("curl/8", Browser::Bot, System::Other),
];
const PATHS: [&str; 5] = ["/", "/a", "/b", "/c", "/users/anna"];

fn crowds() -> impl Strategy<Value = Vec<Crowd>> {
    let signals = prop_oneof![6 => Just(Seen::None), 1 => Just(Seen::Dnt), 2 => Just(Seen::Gpc), 1 => Just(Seen::Both)];
    let times = prop_oneof![3 => 1..12_u64, 1 => 10..40_u64];
    let crowd = (0..CHOICES.len(), signals, 0..AGENTS.len(), 0..PATHS.len(), prop::bool::weighted(0.8), times);
    let crowd = crowd.prop_map(|(choice, signals, agent, path, is_visit, times)| Crowd {
        choice,
        signals,
        agent,
        path,
        is_visit,
        times,
    });
    prop::collection::vec(crowd, 1..14)
}

/// A policy whose signals always win and that asks first, or one that ignores signals and lets pass.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rules {
    Strict,
    Loose,
}

type Group = (bool, Outcome, Seen);

impl Rules {
    fn group(self, crowd: &Crowd) -> Group {
        let outcome = match (self, crowd.choice) {
            (Self::Strict, _) if crowd.signals != Seen::None => Outcome::Closed,
            (_, 0) => Outcome::GrantedAll,
            (_, 1 | 2) => Outcome::GrantedSome,
            (_, 3) => Outcome::Refused,
            _ => Outcome::Undecided,
        };
        let is_tracked = match outcome {
            Outcome::GrantedAll => true,
            Outcome::GrantedSome => crowd.choice == 1,
            Outcome::Undecided => self == Self::Loose,
            _ => false,
        };
        (is_tracked, outcome, crowd.signals)
    }

    /// Whether the policy lets such a group be at all.
    fn can_be(self, (is_tracked, outcome, signals): Group) -> bool {
        match outcome {
            Outcome::Closed => self == Self::Strict && !is_tracked && signals != Seen::None,
            _ if self == Self::Strict && signals != Seen::None => false,
            Outcome::GrantedAll => is_tracked,
            Outcome::Undecided => is_tracked == (self == Self::Loose),
            Outcome::Refused => !is_tracked,
            _ => true,
        }
    }

    fn site(self, minimum: u64) -> Site {
        let policy = match self {
            Self::Strict => policy(),
            Self::Loose => (policy().regime(Regime::OptOut))
                .signal(Signal::Dnt, SignalScope::Ignore)
                .signal(Signal::Gpc, SignalScope::Ignore),
        };
        Site::with(policy, |counts| counts.minimum(minimum).pages(4))
    }
}

fn visit(site: &Site, crowd: &Crowd) {
    let place = ("sec-fetch-site", if crowd.is_visit { "none" } else { "same-origin" });
    let mut fields = vec![("sec-fetch-dest", "document"), place, ("user-agent", AGENTS[crowd.agent].0)];
    fields.extend(CHOICES[crowd.choice]);
    if matches!(crowd.signals, Seen::Dnt | Seen::Both) {
        fields.push(("dnt", "1"));
    }
    if matches!(crowd.signals, Seen::Gpc | Seen::Both) {
        fields.push(("sec-gpc", "1"));
    }
    site.pages(crowd.times, PATHS[crowd.path], &fields);
}

/// Every number that there is about a day. A group that is the sum of others is one, too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Number {
    Visits,
    VisitsOf(bool),
    Views,
    ViewsOf(bool),
    Group(Group),
    Browser(Browser),
    System(System),
    Page(&'static str),
    // Sums that nobody shows.
    Outcome(Outcome),
    Signals(Seen),
    OutcomeAndSignals(Outcome, Seen),
    OutcomeOf(bool, Outcome),
    /// Views that came from a page of the site.
    Inside,
    InsideOf(bool),
}

fn truth(rules: Rules, crowds: &[Crowd]) -> BTreeMap<Number, u64> {
    let mut numbers = BTreeMap::<Number, u64>::new();
    let mut paths = Vec::new();
    for crowd in crowds {
        let group @ (is_tracked, outcome, signals) = rules.group(crowd);
        let mut counted = vec![Number::Views, Number::ViewsOf(is_tracked)];
        if crowd.is_visit {
            counted.extend([
                Number::Visits,
                Number::VisitsOf(is_tracked),
                Number::Group(group),
                Number::Outcome(outcome),
            ]);
            counted.extend([Number::Signals(signals), Number::OutcomeAndSignals(outcome, signals)]);
            counted.push(Number::OutcomeOf(is_tracked, outcome));
        } else {
            counted.extend([Number::Inside, Number::InsideOf(is_tracked)]);
        }
        if is_tracked {
            let path = PATHS[crowd.path];
            let is_named = paths.contains(&path) || paths.len() < 4;
            if is_named && !paths.contains(&path) {
                paths.push(path);
            }
            counted.push(Number::Page(if is_named { path } else { "other" }));
            if crowd.is_visit {
                let (_, browser, system) = AGENTS[crowd.agent];
                counted.extend([Number::Browser(browser), Number::System(system)]);
            }
        }
        counted.into_iter().for_each(|number| *numbers.entry(number).or_default() += crowd.times);
    }
    numbers
}

/// The numbers that a day shows; a sum of two groups stands under the sum's name.
fn shown(day: &DayReport) -> BTreeMap<Number, u64> {
    let mut numbers = BTreeMap::new();
    let totals = [
        (Number::Visits, day.visits),
        (Number::VisitsOf(true), day.tracked_visits),
        (Number::Views, day.page_views),
        (Number::ViewsOf(true), day.tracked_page_views),
    ];
    numbers.extend(totals.into_iter().filter_map(|(number, count)| Some((number, count?))));
    numbers.extend(day.outcomes.iter().map(|cell| match cell.is_tracked {
        Some(is_tracked) => (Number::Group((is_tracked, cell.outcome, cell.signals)), cell.count),
        None => (Number::OutcomeAndSignals(cell.outcome, cell.signals), cell.count),
    }));
    numbers.extend(day.browsers.iter().map(|cell| (Number::Browser(cell.name), cell.count)));
    numbers.extend(day.systems.iter().map(|cell| (Number::System(cell.name), cell.count)));
    let path = |name: &str| [&PATHS[..], &["other"]].concat().into_iter().find(|path| *path == name).expect("a path");
    numbers.extend(day.pages.iter().map(|cell| (Number::Page(path(&cell.name)), cell.count)));
    numbers
}

fn groups(rules: Rules) -> Vec<Group> {
    let both = [true, false].into_iter();
    let outcomes = both.flat_map(|is_tracked| Outcome::ALL.map(|outcome| (is_tracked, outcome)));
    let groups = outcomes.flat_map(|(is_tracked, outcome)| Seen::ALL.map(|signals| (is_tracked, outcome, signals)));
    groups.filter(|group| rules.can_be(*group)).collect()
}

/// How the numbers of any day hang together, whatever they are.
fn knowledge(rules: Rules) -> (Equations, BTreeMap<Number, usize>) {
    let mut equations = Equations::default();
    let mut places = BTreeMap::new();
    let mut sum = |whole: Number, parts: &mut dyn Iterator<Item = Number>| {
        let mut factors: Vec<_> =
            parts.map(|part| (*places.entry(part).or_insert_with(|| equations.number()), 1.0)).collect();
        factors.push((*places.entry(whole).or_insert_with(|| equations.number()), -1.0));
        equations.equal(factors, 0);
    };
    let of = |is_meant: &dyn Fn(Group) -> bool| {
        let groups: Vec<_> = groups(rules).into_iter().filter(|group| is_meant(*group)).map(Number::Group).collect();
        groups.into_iter()
    };
    sum(Number::Visits, &mut [true, false].map(Number::VisitsOf).into_iter());
    sum(Number::Views, &mut [true, false].map(Number::ViewsOf).into_iter());
    for is_tracked in [true, false] {
        sum(Number::VisitsOf(is_tracked), &mut of(&|group| group.0 == is_tracked));
        for outcome in Outcome::ALL {
            sum(Number::OutcomeOf(is_tracked, outcome), &mut of(&|group| (group.0, group.1) == (is_tracked, outcome)));
        }
    }
    for outcome in Outcome::ALL {
        sum(Number::Outcome(outcome), &mut of(&|group| group.1 == outcome));
        for signals in Seen::ALL {
            sum(
                Number::OutcomeAndSignals(outcome, signals),
                &mut of(&|group| (group.1, group.2) == (outcome, signals)),
            );
        }
    }
    Seen::ALL.into_iter().for_each(|signals| sum(Number::Signals(signals), &mut of(&|group| group.2 == signals)));
    sum(Number::VisitsOf(true), &mut Browser::ALL.map(Number::Browser).into_iter());
    sum(Number::VisitsOf(true), &mut System::ALL.map(Number::System).into_iter());
    sum(Number::ViewsOf(true), &mut PATHS.into_iter().chain(["other"]).map(Number::Page));
    // Every visit is a view.
    sum(Number::Views, &mut [Number::Visits, Number::Inside].into_iter());
    for is_tracked in [true, false] {
        sum(Number::ViewsOf(is_tracked), &mut [Number::VisitsOf(is_tracked), Number::InsideOf(is_tracked)].into_iter());
    }
    (equations, places)
}

fn check(rules: Rules, minimum: u64, crowds: &[Crowd]) {
    let site = rules.site(minimum);
    crowds.iter().for_each(|crowd| visit(&site, crowd));
    let report = site.report();
    let day = report.days().first().expect("a day");
    assert_eq!((day.day, report.days().len()), (DAY, 1));
    let (truth, shown) = (truth(rules, crowds), shown(day));
    let of = |number: &Number| truth.get(number).copied().unwrap_or(0);

    // What is shown is true, and no small group is.
    for (number, count) in &shown {
        assert_eq!(*count, of(number), "{number:?} of {day:?}");
        assert!(*count == 0 || *count >= minimum, "{number:?} of {day:?}");
    }
    // Where nothing is small, nothing is hidden.
    let is_cell = |number: &Number| match number {
        Number::Visits | Number::VisitsOf(_) | Number::Views | Number::ViewsOf(_) => true,
        Number::Group(_) | Number::Browser(_) | Number::System(_) | Number::Page(_) => true,
        Number::Outcome(_) | Number::Signals(_) | Number::OutcomeAndSignals(..) | Number::OutcomeOf(..) => false,
        Number::Inside | Number::InsideOf(_) => false,
    };
    if truth.values().all(|count| *count >= minimum) {
        truth.keys().filter(|number| is_cell(number)).for_each(|number| match number {
            Number::VisitsOf(false) | Number::ViewsOf(false) => {}
            number => assert!(shown.contains_key(number), "{number:?} of {day:?}"),
        });
    }

    // Nothing that is hidden can be told from another value, or from one that is not small.
    let (mut equations, places) = knowledge(rules);
    shown.iter().for_each(|(number, count)| equations.equal(vec![(places[number], 1.0)], *count));
    let solutions = equations.solve();
    for (number, count) in &truth {
        // What is large enough to be shown may also follow: a sum of groups, what a total and its other part leave, or all of
        // the group that a sum is shown of.
        let is_shown = match number {
            _ if !is_cell(number) => true,
            Number::VisitsOf(false) => shown.contains_key(&Number::VisitsOf(true)),
            Number::ViewsOf(false) => shown.contains_key(&Number::ViewsOf(true)),
            Number::Group((_, outcome, signals)) => {
                shown.contains_key(number) || shown.contains_key(&Number::OutcomeAndSignals(*outcome, *signals))
            }
            number => shown.contains_key(number),
        };
        if is_shown && *count >= minimum {
            continue;
        }
        let (least, most) = solutions.bounds(places[number]);
        assert!(most >= minimum as f64 - 0.01, "{number:?} is {count}, known to be at most {most}: {day:?}");
        assert!(most - least > 0.5, "{number:?} is {count}, known to be {most}: {day:?}");
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn nothing_that_is_hidden_can_be_worked_out(
        is_strict: bool, minimum in prop_oneof![4 => Just(10_u64), 1 => 2..30_u64], crowds in crowds(),
    ) {
        check(if is_strict { Rules::Strict } else { Rules::Loose }, minimum, &crowds);
    }
}
