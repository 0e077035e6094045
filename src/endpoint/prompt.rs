//! The question in place of content: a handler's answer where one category or service is needed.

use bytes::Bytes;
use http::{HeaderMap, Response};
use serde::Serialize;

use super::{
    answer::{self, Answer},
    fault::{Fault, FaultKind, Problem},
    form::Asked,
    look::has_own_switch,
    own_path::own_path,
    service::ConsentPages,
    show,
    state::is_closed,
    visit,
};
use crate::{category::Category, decide::Decision, policy::Reason};

/// What content needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a policy has nothing else that could be needed")]
pub enum Needed<'n> {
    /// A whole category.
    Category(Category),
    /// A service, by its name in the policy.
    Service(&'n str),
}

impl From<Category> for Needed<'_> {
    fn from(category: Category) -> Self {
        Self::Category(category)
    }
}

impl<'n> From<&'n str> for Needed<'n> {
    fn from(service: &'n str) -> Self {
        Self::Service(service)
    }
}

/// A page that asks for the one consent that content needs, and leads back to it: 403, stored by nobody. A program gets a
/// problem of the code `consent-needed`.
///
/// In axum it is an answer; elsewhere, [`into_answer`](Self::into_answer).
#[derive(Clone, Debug)]
pub struct PromptPage(Answer);

impl PromptPage {
    /// The answer.
    #[must_use]
    pub fn into_answer(self) -> Response<Bytes> {
        self.0
    }
}

impl ConsentPages {
    /// The page for content that needs a category or a service which the decision does not allow. What is granted already
    /// stays granted. `path` is where the visitor is, as in [`fragments`](Self::fragments).
    ///
    /// ```
    /// # #[cfg(feature = "axum")] {
    /// use axum::{extract::State, http::{HeaderMap, Uri}, response::{Html, IntoResponse, Response}};
    /// use tower_consent::{ConsentPages, Decision};
    ///
    /// async fn film(State(pages): State<ConsentPages>, decision: Decision, headers: HeaderMap, uri: Uri) -> Response {
    ///     if decision.allows_service("youtube") {
    ///         return Html("the film").into_response();
    ///     }
    ///     pages.prompt_page(&decision, &headers, uri.path(), "youtube").into_response()
    /// }
    /// # }
    /// ```
    pub fn prompt_page<'n>(
        &self,
        decision: &Decision,
        headers: &HeaderMap,
        path: &str,
        needed: impl Into<Needed<'n>>,
    ) -> PromptPage {
        let settings = self.settings();
        let (category, service) = match self.find(decision, needed.into()) {
            Ok(found) => found,
            Err(fault) if visit::prefers_json(headers) => return PromptPage(answer::problem(&fault)),
            Err(fault) => {
                let html = show::fault(settings, headers, &fault);
                return PromptPage(answer::page(fault.kind.status(), html));
            }
        };
        let kind = FaultKind::ConsentNeeded;
        if visit::prefers_json(headers) {
            let fault = Fault::new(kind, "This content needs the visitor's consent.");
            let preferences = settings.path.root();
            let category = category.as_str();
            let body = ConsentNeeded { problem: fault.problem(), category, service, preferences };
            return PromptPage(answer::problem_with(&fault, &body));
        }
        let mut fields = fields(decision, category, service);
        fields.push(("asked".to_owned(), Asked::to_field(category, service)));
        let closed = is_closed(decision, category);
        let language = visit::language(settings, headers);
        let html = show::content(settings, decision, language, own_path(path), (category, service), fields, closed);
        PromptPage(answer::page(kind.status(), html))
    }

    fn find<'n>(&self, decision: &Decision, needed: Needed<'n>) -> Result<(Category, Option<&'n str>), Fault> {
        if !decision.has_layer() {
            return Err(Fault::no_layer());
        }
        let found = match needed {
            Needed::Category(category) => {
                decision.policy().categories().contains(&category).then_some((category, None))
            }
            Needed::Service(name) => {
                let service = decision.policy().services().find(|(known, _)| *known == name);
                service.map(|(_, category)| (category, Some(name)))
            }
        };
        let detail = || match needed {
            Needed::Category(category) => {
                format!("The content needs the category \"{category}\", which the policy does not have.")
            }
            Needed::Service(name) => {
                format!("The content needs the service \"{name}\", which the policy does not have.")
            }
        };
        found.ok_or_else(|| Fault::new(FaultKind::NotInPolicy, detail()))
    }
}

/// The switches that are ticked: of what is granted, and of what is needed.
fn fields(decision: &Decision, needed: Category, service: Option<&str>) -> Vec<(String, String)> {
    let policy = decision.policy();
    let is_needed = |category: Category| category == needed && service.is_none();
    let optional = policy.categories().iter().filter(|category| **category != Category::ESSENTIAL);
    let categories = optional
        .filter(|category| has_own_switch(policy, **category))
        .filter(|category| is_needed(**category) || decision.verdict(**category).reason() == Reason::Granted)
        .map(|category| ("category".to_owned(), category.to_string()));
    let services = policy
        .services()
        .filter(|(name, category)| {
            let is_granted = decision.service_verdict(name).reason() == Reason::Granted;
            is_granted || is_needed(*category) || service == Some(*name)
        })
        .map(|(name, _)| ("service".to_owned(), name.to_owned()));
    categories.chain(services).collect()
}

#[derive(Serialize)]
struct ConsentNeeded<'f> {
    #[serde(flatten)]
    problem: Problem<'f>,
    category: &'f str,
    service: Option<&'f str>,
    preferences: String,
}
