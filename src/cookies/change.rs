//! Changing the consent: what a visitor answers, and the `Set-Cookie` line that remembers it.

use std::{error::Error, fmt};

use cookie::{Cookie, SameSite as CookieSameSite};
use http::{HeaderMap, HeaderValue, header};
use time::Duration;

use crate::{
    category::{Category, CategorySet},
    consent::{Choice, RecordId, SourceIndex, Target, Verdicts},
    decide::{Decision, grants_end, refusals_end},
    policy::{MAX_COOKIE_SECONDS, Policy, Reason, Regime, SameSite, Scope, day_of, expiry_line},
    signal::Signals,
};

/// What a visitor answers: what is named is granted (or, for a service, refused), everything else is refused.
///
/// ```
/// use tower_consent::{Category, Selection};
///
/// let only_statistics = Selection::none().grant(Category::ANALYTICS);
/// let all_but_videos = Selection::all().refuse_service("youtube");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Selection {
    all: bool,
    granted: Vec<Category>,
    granted_services: Vec<String>,
    refused_services: Vec<String>,
}

impl Selection {
    /// Nothing is granted.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Every category that the policy asks for is granted, each by its name.
    #[must_use]
    pub fn all() -> Self {
        Self { all: true, ..Self::default() }
    }

    /// Grants a category.
    #[must_use]
    pub fn grant(mut self, category: Category) -> Self {
        self.granted.push(category);
        self
    }

    /// Grants a service whose category is refused.
    #[must_use]
    pub fn grant_service(mut self, name: impl Into<String>) -> Self {
        self.granted_services.push(name.into());
        self
    }

    /// Refuses a service whose category is granted.
    #[must_use]
    pub fn refuse_service(mut self, name: impl Into<String>) -> Self {
        self.refused_services.push(name.into());
        self
    }
}

/// A selection that names a category or service which the policy does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectionError {
    what: &'static str,
    name: String,
}

impl fmt::Display for SelectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the policy has no {} {:?} that can be chosen", self.what, self.name)
    }
}

impl Error for SelectionError {}

/// A changed consent, to be put into the response. The layer sees it there, and filters this very response by it.
///
/// In axum it is a response part; elsewhere, [`apply`](Self::apply) or [`header_value`](Self::header_value).
#[derive(Clone, Debug)]
#[must_use = "a choice takes effect when it is put into the response"]
pub struct ConsentChange {
    line: Option<HeaderValue>,
    choice: Option<Choice>,
    is_grant: bool,
    reverses_opt_out: bool,
    closed: CategorySet,
}

impl ConsentChange {
    /// The value of the `Set-Cookie` header. `None` if nothing is to be written: the policy obeys a signal before every
    /// choice, and all that was granted is closed by it.
    #[must_use]
    pub const fn header_value(&self) -> Option<&HeaderValue> {
        self.line.as_ref()
    }

    /// Categories that were granted but not written, because a signal that the policy always obeys closes them: so
    /// that they do not open when the signal goes away.
    #[must_use]
    pub const fn closed_by_signal(&self) -> &CategorySet {
        &self.closed
    }

    /// Whether anything is granted. A refusal may come from anywhere; a grant only from a page of your own, so check
    /// `Origin` or `Sec-Fetch-Site` before you put one into a response.
    #[must_use]
    pub const fn is_grant(&self) -> bool {
        self.is_grant
    }

    /// Whether it opens what the visitor has opted out of in an opt-out region: that takes a second step of confirmation
    /// (11 CCR 7028(a), R100).
    #[must_use]
    pub const fn reverses_opt_out(&self) -> bool {
        self.reverses_opt_out
    }

    /// What is written, if anything is.
    pub(crate) const fn choice(&self) -> Option<&Choice> {
        self.choice.as_ref()
    }

    /// The same change under the number of its record. A choice that grants nothing gets none.
    pub(crate) fn with_record_id(mut self, id: RecordId, decision: &Decision) -> Self {
        if let Some(choice) = self.choice.as_mut().filter(|choice| !choice.granted.is_empty()) {
            choice.record_id = Some(id);
            self.line = consent_line(decision.policy(), choice, decision.now());
        }
        self
    }

    /// Adds the `Set-Cookie` line.
    pub fn apply(self, headers: &mut HeaderMap) {
        if let Some(line) = self.line {
            headers.append(header::SET_COOKIE, line);
        }
    }
}

impl Decision {
    /// The visitor accepts all. *Unrecorded*: no proof of it is kept.
    pub fn grant_all_unrecorded(&self) -> ConsentChange {
        self.change(self.full(Answers::grant))
    }

    /// The visitor chooses. *Unrecorded*: no proof of it is kept.
    ///
    /// # Errors
    ///
    /// A category or service that the policy does not have, or an essential one: that cannot be chosen.
    pub fn choose_unrecorded(&self, selection: &Selection) -> Result<ConsentChange, SelectionError> {
        Ok(self.change(self.answers(selection)?))
    }

    /// The visitor refuses all that is not essential.
    pub fn refuse_all(&self) -> ConsentChange {
        self.change(self.full(Answers::refuse))
    }

    /// The visitor takes back what was granted. Written as a refusal of everything: to delete the cookie would be to
    /// forget it, and to ask again.
    pub fn withdraw(&self) -> ConsentChange {
        self.refuse_all()
    }

    /// The visitor has taken note of the published revision: the choice stays as it is, with its day. `None` where there is
    /// no choice that could be kept.
    pub fn note_revision(&self) -> Option<ConsentChange> {
        let latest = self.policy().latest_revision();
        let held = self.raw_choice().filter(|choice| choice.seen < latest && self.forbids_storing().is_none())?;
        // A banner's, of no revision of this policy: our cookie has no way to write that down.
        if is_of_no_revision(held) {
            return None;
        }
        // Who refused everything is written down with the names of today: of those that are gone nothing would be left.
        let is_partly_gone = held.refuses_all && !held.is_whole;
        let refused = if is_partly_gone { full_refusal(self).refused } else { held.refused };
        let choice = Choice { seen: latest, refused, source: SourceIndex::OWN, is_dated: true, ..*held };
        let line = consent_line(self.policy(), &choice, self.now());
        let (is_grant, reverses_opt_out) = (false, false);
        Some(ConsentChange { line, choice: Some(choice), is_grant, reverses_opt_out, closed: CategorySet::default() })
    }

    /// The browser's own choice with these taken out of it, for an account that objects to them. What stays granted keeps
    /// its day; nothing is granted anew.
    pub(crate) fn object_to(&self, objected: &[Target]) -> ConsentChange {
        let policy = self.policy();
        let mut choice = match self.raw_choice() {
            // A banner's, of no revision of this policy: what it granted is closed, and what it refused stands.
            Some(held) if is_of_no_revision(held) => Choice { refused: held.refused, ..full_refusal(self) },
            Some(held) => Choice { source: SourceIndex::OWN, is_dated: true, ..*held },
            None => Choice { refused: Verdicts::NONE, signals: self.signals(), ..full_refusal(self) },
        };
        let is_objected = |target: Target| {
            objected.contains(&target)
                || policy.category_of(target).is_some_and(|category| objected.contains(&Target::Category(category)))
        };
        policy.askable().filter(|target| is_objected(*target)).for_each(|target| choice.granted.remove(target));
        objected.iter().for_each(|target| choice.refused.insert(*target));
        if choice.granted.is_empty() {
            // A refusal begins today, and is nobody's number.
            let Choice { revision, seen, refused, signals, .. } = choice;
            choice = Choice { revision, seen, refused, signals, ..full_refusal(self) };
        }
        let line = if self.has_layer() { consent_line(policy, &choice, self.now()) } else { None };
        let (is_grant, reverses_opt_out) = (false, false);
        ConsentChange { line, choice: Some(choice), is_grant, reverses_opt_out, closed: CategorySet::default() }
    }

    /// What this selection takes away from what is open by the browser's own choice, without what it would grant; `None`
    /// where that is nothing.
    pub(crate) fn refusals_of(&self, selection: &Selection) -> Option<ConsentChange> {
        let answers = self.answers(selection).ok()?;
        let is_refused = |target: &Target| {
            let category = self.policy().category_of(*target).map(Target::Category);
            answers.refused.contains(*target)
                || (!answers.granted.contains(*target) && category.is_some_and(|of| answers.refused.contains(of)))
        };
        let is_granted = |target: &Target| self.judge(*target).reason() == Reason::Granted;
        let refused: Vec<_> =
            self.policy().askable().filter(|target| is_refused(target) && is_granted(target)).collect();
        (!refused.is_empty()).then(|| self.object_to(&refused))
    }

    fn full(&self, insert: fn(&mut Answers, Target)) -> Answers {
        let mut answers = Answers::default();
        let categories = self.policy().askable().filter(|target| matches!(target, Target::Category(_)));
        categories.for_each(|target| insert(&mut answers, target));
        answers
    }

    fn answers(&self, selection: &Selection) -> Result<Answers, SelectionError> {
        let names = &self.policy().names;
        let askable = |target: Option<Target>, what: &'static str, name: &str| {
            target
                .filter(|target| self.policy().askable().any(|known| known == *target))
                .ok_or_else(|| SelectionError { what, name: name.to_owned() })
        };
        let category = |name: &Category| {
            askable(names.category_index(name.as_bytes()).map(Target::Category), "category", name.as_str())
        };
        let service =
            |name: &String| askable(names.service_index(name.as_bytes()).map(Target::Service), "service", name);
        let mut answers = self.full(if selection.all { Answers::grant } else { Answers::refuse });
        for target in selection.granted.iter().map(category) {
            answers.grant(target?);
        }
        // A service is written only where it differs from its category: the cookie stays small.
        let differs = |answers: &Answers, target: Target, granted: bool| {
            let category = self.policy().category_of(target).map(Target::Category);
            category.is_some_and(|category| answers.granted.contains(category) != granted)
        };
        for target in selection.granted_services.iter().map(service) {
            let target = target?;
            if differs(&answers, target, true) {
                answers.grant(target);
            }
        }
        for target in selection.refused_services.iter().map(service) {
            let target = target?;
            if differs(&answers, target, false) {
                answers.refuse(target);
            }
        }
        Ok(answers)
    }

    /// The change that these answers make, less what a signal closes for good.
    fn change(&self, mut answers: Answers) -> ConsentChange {
        if !self.has_layer() {
            let closed = CategorySet::default();
            return ConsentChange { line: None, choice: None, is_grant: false, reverses_opt_out: false, closed };
        }
        let policy = self.policy();
        let mut closed = Vec::new();
        for target in policy.askable() {
            let Some(category) = policy.category_of(target) else { continue };
            if answers.granted.contains(target) && self.is_closed_always(category) {
                answers.granted.remove(target);
                // An earlier refusal of it stands: it was not this answer that lifted it.
                if self.raw_choice().is_some_and(|held| held.refused.contains(target)) {
                    answers.refused.insert(target);
                }
                closed.extend(policy.names.category(category));
            }
        }
        let choice = Choice {
            revision: policy.latest_revision(),
            seen: policy.latest_revision(),
            day: day_of(self.now()),
            is_dated: true,
            until: None,
            granted: answers.granted,
            refused: answers.refused,
            refuses_all: answers.granted.is_empty(),
            is_whole: true,
            signals: self.signals().objections().fold(Signals::NONE, Signals::with),
            record_id: None,
            source: SourceIndex::OWN,
        };
        // An answer that names nothing would only be a cookie for its own sake.
        let is_empty = choice.granted.is_empty() && choice.refused.is_empty();
        let line = (!is_empty).then(|| consent_line(policy, &choice, self.now())).flatten();
        let opens_again = |target: &Target| {
            let closed = matches!(self.judge(*target).reason(), Reason::Refused | Reason::Signal(_) | Reason::Narrowed);
            choice.granted.contains(*target) && closed
        };
        ConsentChange {
            choice: line.is_some().then_some(choice),
            line,
            is_grant: !choice.granted.is_empty(),
            reverses_opt_out: self.regime() == Regime::OptOut && policy.askable().any(|target| opens_again(&target)),
            closed: closed.into_iter().collect(),
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Answers {
    granted: Verdicts,
    refused: Verdicts,
}

impl Answers {
    fn grant(&mut self, target: Target) {
        self.refused.remove(target);
        self.granted.insert(target);
    }

    fn refuse(&mut self, target: Target) {
        self.granted.remove(target);
        self.refused.insert(target);
    }
}

/// Whether a choice was made at no revision of the policy, as a banner's is at an older one of the banner's own.
const fn is_of_no_revision(choice: &Choice) -> bool {
    choice.revision == 0
}

/// A refusal of everything, made now.
pub(crate) fn full_refusal(decision: &Decision) -> Choice {
    let mut refused = Verdicts::NONE;
    decision.policy().askable().for_each(|target| refused.insert(target));
    Choice {
        revision: decision.policy().latest_revision(),
        seen: decision.policy().latest_revision(),
        day: day_of(decision.now()),
        is_dated: true,
        until: None,
        granted: Verdicts::NONE,
        refused,
        refuses_all: true,
        is_whole: true,
        signals: Signals::NONE,
        record_id: None,
        source: SourceIndex::OWN,
    }
}

/// The line that sets the consent cookie. It lives as long as the longest part of the choice; the server ends each part
/// by its own day.
pub(crate) fn consent_line(policy: &Policy, choice: &Choice, now: i64) -> Option<HeaderValue> {
    let settings = &policy.consent_cookie;
    let granted_until = if choice.granted.is_empty() { now } else { grants_end(policy, choice) };
    let refused_until = if choice.refused.is_empty() { now } else { refusals_end(policy, choice) };
    let left = granted_until.max(refused_until).saturating_sub(now).clamp(0, MAX_COOKIE_SECONDS);
    let mut line = Cookie::build((settings.name.as_str(), policy.write_consent(choice)))
        .path("/")
        .secure(settings.secure)
        .http_only(settings.http_only)
        .same_site(match settings.same_site {
            SameSite::None => CookieSameSite::None,
            SameSite::Lax => CookieSameSite::Lax,
            SameSite::Strict => CookieSameSite::Strict,
        })
        .max_age(Duration::seconds(left));
    if let Some(domain) = &settings.domain {
        line = line.domain(domain.as_str());
    }
    HeaderValue::try_from(line.build().to_string()).ok()
}

/// The line that deletes the consent cookie: only for a visitor under whose signal nothing at all may be stored.
pub(crate) fn consent_deletion(policy: &Policy) -> Option<HeaderValue> {
    let settings = &policy.consent_cookie;
    let scope = settings.domain.as_ref().map_or_else(Scope::host_only, Scope::domain);
    expiry_line(settings.name.as_bytes(), &scope, settings.secure, false)
}
