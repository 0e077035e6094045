//! Numbers, days, spans and lists, written in a language.

use time::{Date, Month};

use super::{
    language::Language,
    messages::{Plural, PluralForm},
};
use crate::policy::{Lifetime, Revision};

impl Language {
    /// A text that depends on a number.
    pub(super) fn count(&self, plural: &Plural, number: u32) -> String {
        let text = plural.form(plural_form(self.tag(), number));
        text.map(|text| text.fill(&[("n", &number.to_string())])).unwrap_or_else(|| number.to_string())
    }

    /// A span: "6 months".
    pub(super) fn span(&self, lifetime: Lifetime) -> String {
        let messages = self.messages();
        let (number, unit) = lifetime.number_and_unit();
        let plural = match unit {
            "month" => &messages.months,
            "day" => &messages.days,
            "hour" => &messages.hours,
            "minute" => &messages.minutes,
            _ => &messages.seconds,
        };
        self.count(plural, number)
    }

    /// A day: "22 November 2026".
    pub(super) fn day(&self, day: Date) -> String {
        let messages = self.messages();
        let month = match day.month() {
            Month::January => &messages.january,
            Month::February => &messages.february,
            Month::March => &messages.march,
            Month::April => &messages.april,
            Month::May => &messages.may,
            Month::June => &messages.june,
            Month::July => &messages.july,
            Month::August => &messages.august,
            Month::September => &messages.september,
            Month::October => &messages.october,
            Month::November => &messages.november,
            Month::December => &messages.december,
        };
        // French counts the first of a month by its ordinal.
        let pattern = if day.day() == 1 { &messages.date_first_day } else { &messages.date };
        pattern.fill(&[("day", &day.day().to_string()), ("month", month.as_str()), ("year", &day.year().to_string())])
    }

    /// A revision: "Revision 3 of 22 November 2026".
    pub(super) fn revision(&self, revision: &Revision) -> String {
        let number = revision.number().to_string();
        match revision.date() {
            Some(date) => self.messages().revision_on.fill(&[("number", &number), ("date", &self.day(date))]),
            None => self.messages().revision.fill(&[("number", &number)]),
        }
    }

    /// A list: "a, b and c".
    pub(super) fn list<'t>(&self, items: impl IntoIterator<Item = &'t str>) -> String {
        let mut items: Vec<&str> = items.into_iter().collect();
        let last = items.pop();
        let mut items = items.into_iter();
        let Some(first) = items.next() else { return last.unwrap_or_default().to_owned() };
        let before =
            items.fold(first.to_owned(), |list, item| self.messages().comma.fill(&[("first", &list), ("last", item)]));
        self.messages().and.fill(&[("first", &before), ("last", last.unwrap_or_default())])
    }
}

/// The form that a whole number takes (Unicode CLDR, plural rules). A language that is not named knows one and other.
fn plural_form(tag: &str, number: u32) -> PluralForm {
    use PluralForm::{Few, Many, One, Other, Two, Zero};
    let language = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let (tens, ones) = (number % 100, number % 10);
    match (language.as_str(), number) {
        ("ar", 0) => Zero,
        ("ar" | "he", 2) => Two,
        ("ar", _) if (3..=10).contains(&tens) => Few,
        ("ar", _) if (11..=99).contains(&tens) => Many,
        ("fr" | "pt", 0) => One,
        ("zh" | "ja" | "ko" | "vi" | "th" | "id", _) => Other,
        ("ru" | "uk", _) if (11..=14).contains(&tens) => Many,
        ("bs" | "hr" | "sr", _) if (11..=14).contains(&tens) => Other,
        ("ru" | "uk" | "bs" | "hr" | "sr", _) if ones == 1 => One,
        ("ru" | "uk" | "bs" | "hr" | "sr", _) if (2..=4).contains(&ones) => Few,
        ("ru" | "uk", _) => Many,
        ("cs" | "sk", 2..=4) => Few,
        ("pl", 1) => One,
        ("pl", _) if (2..=4).contains(&ones) && !(12..=14).contains(&tens) => Few,
        ("pl", _) => Many,
        (_, 1) => One,
        _ => Other,
    }
}
