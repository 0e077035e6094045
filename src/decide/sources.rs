//! Which of several sources counts.

use time::{Date, OffsetDateTime};

use crate::{
    consent::{Choice, Reading, SourceIndex, Verdicts},
    policy::{BannerSource, Policy, day_of},
    signal::Signals,
    sources::reading::{BannerChoice, BannerReading},
};

/// What one source of a policy said.
#[derive(Debug)]
pub(crate) enum Found<'p> {
    Own(Reading),
    Banner(&'p BannerSource, BannerReading),
}

/// A reading that may count, and what is known of its age.
struct Candidate {
    reading: Reading,
    /// The day of the choice, where it is known.
    day: Option<Date>,
    is_outdated: bool,
}

/// The reading that counts, of all in the policy's order: the first that is there, unless a later one is known to be
/// newer, or the first is of an outdated revision of its banner. Pure opt-outs take away from any.
///
/// What is there but unusable counts like any other: it may hold a refusal. Only what stands *behind* a choice is not
/// missed when it cannot be read, because an older source must not lock out a banner that asks no more.
pub(crate) fn weigh<'p>(policy: &Policy, found: impl Iterator<Item = Found<'p>>, now: i64) -> Reading {
    let mut best: Option<Candidate> = None;
    let mut opted_out = None;
    for source in found {
        let candidate = match source {
            Found::Own(Reading::Nothing) | Found::Banner(_, BannerReading::Nothing) => continue,
            Found::Own(reading) => {
                let day = if let Reading::Choice(choice) = &reading { Some(choice.day) } else { None };
                Candidate { reading, day, is_outdated: false }
            }
            Found::Banner(_, BannerReading::Malformed) => unusable(Reading::Malformed),
            Found::Banner(_, BannerReading::Ambiguous) => unusable(Reading::Ambiguous),
            Found::Banner(banner, BannerReading::OptOut(refused)) => {
                let (_, before) = opted_out.unwrap_or((banner.index, Verdicts::NONE));
                opted_out = Some((banner.index, before.union(&refused)));
                continue;
            }
            Found::Banner(banner, BannerReading::Choice(choice)) => match to_choice(policy, banner, choice, now) {
                Some(candidate) => candidate,
                None => continue,
            },
        };
        best = match best {
            Some(best) if !candidate.replaces(&best) => Some(best),
            Some(best) => Some(candidate.after(policy, &best)),
            None => Some(candidate),
        };
    }
    let reading = best.map_or(Reading::Nothing, |best| best.reading);
    match (opted_out, reading) {
        (None, reading) => reading,
        (Some((_, refused)), Reading::Choice(choice)) => Reading::Choice(without(policy, choice, &refused)),
        (Some((source, refused)), Reading::Nothing) => {
            let revision = policy.latest_revision();
            Reading::Choice(Choice {
                revision,
                seen: revision,
                day: day_of(now),
                is_dated: false,
                until: None,
                granted: Verdicts::NONE,
                refused,
                // It was no answer to a question: what it does not name is undecided.
                refuses_all: false,
                is_whole: true,
                signals: Signals::NONE,
                record_id: None,
                source,
            })
        }
        (Some(_), unusable) => unusable,
    }
}

const fn unusable(reading: Reading) -> Candidate {
    Candidate { reading, day: None, is_outdated: false }
}

impl Candidate {
    fn replaces(&self, best: &Self) -> bool {
        let are_choices = matches!((&self.reading, &best.reading), (Reading::Choice(_), Reading::Choice(_)));
        let is_newer = match (self.day, best.day) {
            (Some(day), Some(before)) => Some(day > before),
            _ => None,
        };
        are_choices && (is_newer == Some(true) || (best.is_outdated && is_newer.is_none()))
    }

    /// In the place of another: what that one refused stands, unless this one is known to be newer.
    fn after(mut self, policy: &Policy, best: &Self) -> Self {
        if let (Reading::Choice(choice), Reading::Choice(before)) = (self.reading, &best.reading)
            && (self.day.is_none() || best.day.is_none())
        {
            self.reading = Reading::Choice(without(policy, choice, &before.refused));
        }
        self
    }
}

/// A banner's choice in the policy's terms; `None` if the banner itself has let it end, and nothing was refused.
fn to_choice(policy: &Policy, banner: &BannerSource, choice: BannerChoice, now: i64) -> Option<Candidate> {
    let BannerChoice { mut granted, refused, at, until, is_outdated } = choice;
    // By what was chosen: that its grants have ended makes a record no refusal of what it granted.
    let refuses_all = granted.is_empty() && !refused.is_empty();
    if until.is_some_and(|until| until <= now) {
        granted = Verdicts::NONE;
        if refused.is_empty() {
            return None;
        }
    }
    let day = at.map(|at| OffsetDateTime::from_unix_timestamp(at).map_or(Date::MAX, OffsetDateTime::date));
    // A revision of the policy that no choice of it can have: what it granted is closed, what it refused stands.
    let revision = if is_outdated { 0 } else { policy.revision_in_force(day) };
    let reading = Reading::Choice(Choice {
        revision,
        seen: revision,
        // Where the banner tells no time, only the browser ends the choice.
        day: day.unwrap_or_else(|| day_of(now)),
        is_dated: day.is_some(),
        until,
        granted,
        refused,
        refuses_all,
        is_whole: false,
        signals: Signals::NONE,
        record_id: None,
        source: banner.index,
    });
    Some(Candidate { reading, day, is_outdated })
}

/// A choice less what was opted out of, services of a category included.
fn without(policy: &Policy, mut choice: Choice, refused: &Verdicts) -> Choice {
    let is_out = |target| {
        let category = policy.category_of(target).map(crate::consent::Target::Category);
        refused.contains(target) || category.is_some_and(|category| refused.contains(category))
    };
    policy.askable().filter(|target| is_out(*target)).for_each(|target| choice.granted.remove(target));
    choice.refused = choice.refused.union(refused);
    choice
}

impl crate::decide::Decision {
    /// The banner that the choice was read from; `None` for our own cookie, and where there is no choice.
    #[must_use]
    pub fn banner(&self) -> Option<crate::sources::Banner> {
        self.banner_source().map(|source| source.banner)
    }

    pub(crate) fn banner_source(&self) -> Option<&BannerSource> {
        let index = self.raw_choice()?.source;
        if index == SourceIndex::OWN { None } else { self.policy().banners().get(usize::from(index.0)) }
    }
}
