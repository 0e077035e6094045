//! What a banner's cookies say, copies included.

use super::{
    answers::{Answers, Mapping, Unlisted},
    banner::Format,
    jar::Jar,
};
use crate::consent::Verdicts;

/// Bytes above which a value is not looked at: browsers store no more (R26).
pub(crate) const MAX_VALUE: usize = 4_096;
/// Copies of one cookie that are looked at; a browser sends one for each domain and path.
const MAX_COPIES: usize = 4;

/// What a reader is given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input<'a> {
    /// The raw value of the format's first cookie.
    pub(crate) value: &'a [u8],
    /// All cookies of the banner, the first one included.
    pub(crate) jar: &'a Jar<'a>,
    /// The banner's revision that counts now, if the site names one.
    pub(crate) revision: Option<&'a [u8]>,
}

impl Input<'_> {
    /// Whether a record of this revision is outdated. Where the site names a revision, a record without one is.
    pub(crate) fn is_outdated(&self, revision: Option<&[u8]>) -> bool {
        self.revision.is_some_and(|now| revision != Some(now))
    }
}

/// What a reader found. The answers themselves go to [`Answers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// Nobody has decided: defaults, or a notice that was only waved away.
    Nothing,
    /// Not this tool's format, or broken.
    Malformed,
    /// Two cookies of one name differ where only one can be right.
    Ambiguous,
    /// Somebody decided.
    Choice(Made),
    /// Only an opt-out: what is refused counts, and nothing else was decided.
    OptOut,
}

/// A decision, apart from its answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Made {
    /// When, in Unix seconds, where the format says it.
    pub(crate) at: Option<i64>,
    /// When the banner itself lets it end, in Unix seconds, where the value says it.
    pub(crate) until: Option<i64>,
    /// It was made at another revision than the site's.
    pub(crate) is_outdated: bool,
    /// What the tool does with refusals.
    pub(crate) unlisted: Unlisted,
}

impl Made {
    /// A decision of a tool that writes no time and no revision.
    pub(crate) const fn plain(unlisted: Unlisted) -> Self {
        Self { at: None, until: None, is_outdated: false, unlisted }
    }
}

/// What the cookies of a banner say, in the policy's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BannerReading {
    Nothing,
    Malformed,
    Ambiguous,
    Choice(BannerChoice),
    /// What is refused.
    OptOut(Verdicts),
}

/// A choice that a banner took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BannerChoice {
    pub(crate) granted: Verdicts,
    pub(crate) refused: Verdicts,
    pub(crate) at: Option<i64>,
    pub(crate) until: Option<i64>,
    pub(crate) is_outdated: bool,
}

/// Reads a banner's cookies. Of copies that differ (a host's and its parent domain's) the newest counts if all of them
/// carry their time, and otherwise what all of them allow.
pub(crate) fn read(
    format: &Format,
    jar: &Jar<'_>,
    name: &[u8],
    mapping: &Mapping,
    revision: Option<&str>,
) -> BannerReading {
    if jar.is_full() {
        return BannerReading::Malformed;
    }
    let mut seen: [&[u8]; MAX_COPIES] = [&[]; MAX_COPIES];
    let mut copies = 0;
    let mut together = None;
    for value in format.first_values(jar, name) {
        if seen.iter().take(copies).any(|known| *known == value) {
            continue;
        }
        let Some(place) = seen.get_mut(copies) else {
            return BannerReading::Ambiguous;
        };
        *place = value;
        copies += 1;
        let input = Input { value, jar, revision: revision.map(str::as_bytes) };
        let reading = read_one(format, &input, mapping);
        together = Some(match together {
            None => reading,
            Some(before) => both(before, reading),
        });
    }
    together.unwrap_or(BannerReading::Nothing)
}

fn read_one(format: &Format, input: &Input<'_>, mapping: &Mapping) -> BannerReading {
    if input.value.len() > MAX_VALUE {
        return BannerReading::Malformed;
    }
    let mut answers = Answers::new(mapping);
    match (format.read)(input, &mut answers) {
        Said::Nothing => BannerReading::Nothing,
        Said::Malformed => BannerReading::Malformed,
        Said::Ambiguous => BannerReading::Ambiguous,
        Said::Choice(Made { at, until, is_outdated, unlisted }) => {
            let (granted, refused) = answers.finish(unlisted);
            if granted.is_empty() && refused.is_empty() {
                // A decision about other things.
                return BannerReading::Nothing;
            }
            BannerReading::Choice(BannerChoice { granted, refused, at, until, is_outdated })
        }
        Said::OptOut => match answers.finish(Unlisted::Undecided).1 {
            // Of what the policy does not have.
            refused if refused.is_empty() => BannerReading::Nothing,
            refused => BannerReading::OptOut(refused),
        },
    }
}

fn both(one: BannerReading, other: BannerReading) -> BannerReading {
    use BannerReading::{Ambiguous, Choice, Malformed, Nothing, OptOut};
    match (one, other) {
        (Malformed, _) | (_, Malformed) => Malformed,
        (Ambiguous, _) | (_, Ambiguous) => Ambiguous,
        (Nothing, Nothing) => Nothing,
        (Choice(one), Choice(other)) => Choice(match (one.at, other.at) {
            (Some(first), Some(second)) if first > second => one,
            (Some(first), Some(second)) if first < second => other,
            _ => stricter(one, other),
        }),
        (Choice(choice), OptOut(refused)) | (OptOut(refused), Choice(choice)) => {
            Choice(stricter(choice, BannerChoice { granted: choice.granted, refused, ..choice }))
        }
        // A copy that says nothing grants nothing: what was refused stays.
        (Choice(choice), Nothing) | (Nothing, Choice(choice)) if choice.refused.is_empty() => Nothing,
        (Choice(choice), Nothing) | (Nothing, Choice(choice)) => {
            Choice(BannerChoice { granted: Verdicts::NONE, ..choice })
        }
        (OptOut(one), OptOut(other)) => OptOut(one.union(&other)),
        (OptOut(refused), Nothing) | (Nothing, OptOut(refused)) => OptOut(refused),
    }
}

/// What both allow. It counts from the earlier of the two, and ends with the earlier.
fn stricter(one: BannerChoice, other: BannerChoice) -> BannerChoice {
    let earlier = |one: Option<i64>, other: Option<i64>| one.into_iter().chain(other).min();
    let refused = one.refused.union(&other.refused);
    BannerChoice {
        granted: one.granted.intersection(&other.granted).without(&refused),
        refused,
        at: earlier(one.at, other.at),
        until: earlier(one.until, other.until),
        is_outdated: one.is_outdated || other.is_outdated,
    }
}
