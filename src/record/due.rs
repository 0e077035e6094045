//! When a request of a person must be answered.

use std::collections::BTreeSet;

use time::{Date, Duration, Weekday};

/// How long there is to answer a request: calendar days, or working days with holidays.
///
/// ```
/// use time::macros::date;
/// use tower_consent::{DueRule, WorkingDays};
///
/// // GDPR and most others; and 15 working days, as the law of mainland China has it.
/// assert_eq!(DueRule::days(30).due(date!(2026 - 11 - 22)), date!(2026 - 12 - 22));
/// let holidays = [date!(2026 - 10 - 01), date!(2026 - 10 - 02)];
/// let rule = DueRule::from(WorkingDays::new(15).holidays(holidays));
/// assert_eq!(rule.due(date!(2026 - 09 - 30)), date!(2026 - 10 - 23));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueRule(Rule);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    Days(u16),
    Working(WorkingDays),
}

/// Working days: Monday to Friday, less the holidays, plus the weekends that are worked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "make a `DueRule` of it"]
pub struct WorkingDays {
    count: u16,
    holidays: BTreeSet<Date>,
    worked: BTreeSet<Date>,
}

impl DueRule {
    /// Calendar days after the day of the request.
    #[must_use]
    pub const fn days(count: u16) -> Self {
        Self(Rule::Days(count))
    }

    /// The last day on which an answer is in time.
    #[must_use]
    pub fn due(&self, received: Date) -> Date {
        match &self.0 {
            Rule::Days(count) => received.checked_add(Duration::days(i64::from(*count))).unwrap_or(Date::MAX),
            Rule::Working(days) => days.due(received),
        }
    }
}

impl Default for DueRule {
    /// 30 days.
    fn default() -> Self {
        Self::days(30)
    }
}

impl From<WorkingDays> for DueRule {
    fn from(days: WorkingDays) -> Self {
        Self(Rule::Working(days))
    }
}

impl WorkingDays {
    /// So many working days after the day of the request.
    pub const fn new(count: u16) -> Self {
        Self { count, holidays: BTreeSet::new(), worked: BTreeSet::new() }
    }

    /// Days on which nobody works: the application knows those of its country.
    pub fn holidays(mut self, days: impl IntoIterator<Item = Date>) -> Self {
        self.holidays.extend(days);
        self
    }

    /// Saturdays and Sundays that are worked, in exchange for a bridge day.
    pub fn worked_weekends(mut self, days: impl IntoIterator<Item = Date>) -> Self {
        self.worked.extend(days);
        self
    }

    fn is_worked(&self, day: Date) -> bool {
        let is_weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        !self.holidays.contains(&day) && (!is_weekend || self.worked.contains(&day))
    }

    fn due(&self, received: Date) -> Date {
        let (mut day, mut left) = (received, self.count);
        while left > 0 {
            let Some(next) = day.next_day() else { return Date::MAX };
            day = next;
            left -= u16::from(self.is_worked(day));
        }
        day
    }
}
