//! The declaration of cookies, generated from the policy.

use askama::Template;
use serde::Serialize;

use super::{
    rows::{category_texts, label_of},
    scene::{Facts, Scene},
};
#[cfg(feature = "catalogue")]
use crate::catalogue::{Catalogue, framework_cookie};
use crate::{
    decide::Decision,
    policy::{CookieOrigin, DeclaredCookie, Text, UnknownCookies},
};

/// Every cookie that the policy declares, by category, and every recipient.
#[derive(Debug, Serialize, Template)]
#[template(path = "declaration.html", config = "src/endpoint/askama.toml")]
#[non_exhaustive]
pub struct Declaration<'a> {
    /// Where it stands.
    pub scene: Scene<'a>,
    /// The first sentence.
    pub intro: String,
    /// The categories.
    pub groups: Vec<DeclarationGroup>,
    /// What the privacy policy says beyond cookies ([`About::statement`](crate::About::statement)).
    pub statements: Vec<String>,
    /// Revision, recipients, links.
    pub facts: Facts,
}

/// The cookies and the services of one category.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct DeclarationGroup {
    /// The category's name in the policy.
    pub name: String,
    /// Its name for visitors.
    pub label: String,
    /// What it is for; may be empty.
    pub text: String,
    /// Its services.
    pub services: Vec<RecipientCard>,
    /// Its cookies.
    pub cookies: Vec<CookieCard>,
}

/// A service: who gets data.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct RecipientCard {
    /// Its name for visitors.
    pub label: String,
    /// What it is for; may be empty.
    pub text: String,
    /// The company; may be empty.
    pub provider: String,
    /// The third countries that data goes to; may be empty.
    pub transfers: String,
    /// Its own privacy policy.
    pub privacy_policy: Option<String>,
}

/// A cookie.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct CookieCard {
    /// Its name; a prefix ends with `*`.
    pub name: String,
    /// What it is for; may be empty.
    pub text: String,
    /// Who reads it: as the policy says, else as the catalogue knows it (feature `catalogue`); may be empty.
    pub provider: String,
    /// The name of its service for visitors; may be empty.
    pub service: String,
    /// How long it lives.
    pub lifetime: String,
}

impl<'a> Declaration<'a> {
    /// The declaration of the policy that a decision was made by.
    #[must_use]
    pub fn new(decision: &Decision, scene: Scene<'a>) -> Self {
        let (policy, language, messages) = (decision.policy(), scene.language, scene.language.messages());
        let text = |text: Option<&Text>| text.map_or_else(String::new, |text| label_of(Some(text), "", language));
        let groups = policy.declared_categories().map(|category| {
            let (label, purpose) = category_texts(&category, language);
            let services = policy.declared_services().filter(|service| service.category == category.category);
            let cookies = policy.declared_cookies().filter(|cookie| cookie.category == category.category);
            DeclarationGroup {
                name: category.category.to_string(),
                label,
                text: purpose,
                services: services
                    .map(|service| RecipientCard {
                        label: label_of(service.label, service.name, language),
                        text: text(service.purpose),
                        provider: text(service.provider),
                        transfers: text(service.transfers),
                        privacy_policy: service.privacy_policy.map(str::to_owned),
                    })
                    .collect(),
                cookies: cookies.map(|cookie| card(decision, &scene, &cookie)).collect(),
            }
        });
        let lets_nothing_else_through = decision.is_enforced() && policy.unknown == UnknownCookies::Strip;
        let intro = if lets_nothing_else_through { &messages.cookies_intro } else { &messages.cookies_intro_plain };
        let statements = policy.about().statements();
        Self {
            scene,
            intro: intro.to_string(),
            groups: groups.collect(),
            statements: statements.map(|statement| statement.in_language(language.tag()).to_owned()).collect(),
            facts: Facts::of(decision, &scene),
        }
    }

    /// The fragment.
    #[must_use]
    pub fn to_html(&self) -> String {
        super::html(self)
    }
}

fn card(decision: &Decision, scene: &Scene<'_>, cookie: &DeclaredCookie<'_>) -> CookieCard {
    let (language, messages) = (scene.language, scene.language.messages());
    let own = |purpose: &super::messages::Wording| (purpose.to_string(), messages.this_site.to_string());
    let (text, provider) = match cookie.origin {
        CookieOrigin::Consent | CookieOrigin::Banner => own(&messages.consent_cookie_purpose),
        CookieOrigin::Token => own(&messages.token_cookie_purpose),
        CookieOrigin::Rule => {
            let text =
                |text: Option<&Text>| text.map_or_else(String::new, |text| text.in_language(language.tag()).to_owned());
            (text(cookie.purpose), text(cookie.provider))
        }
    };
    let declared = decision.policy().declared_services().find(|service| Some(service.name) == cookie.service);
    let is_named = !provider.is_empty() || declared.as_ref().is_some_and(|service| service.provider.is_some());
    let provider = if is_named { provider } else { platform(cookie).to_owned() };
    let service = cookie
        .service
        .map_or_else(String::new, |name| label_of(declared.and_then(|service| service.label), name, language));
    CookieCard {
        name: format!("{}{}", cookie.name, if cookie.is_prefix { "*" } else { "" }),
        text,
        provider,
        service,
        lifetime: cookie.max_age.map_or_else(|| messages.lifetime_unstated.to_string(), |span| language.span(span)),
    }
}

/// Whose cookie the catalogue takes it for, where it agrees on the category. A page must not call an application's own
/// `sessionid` Instagram's: names that frameworks use, and matches by a short prefix, say nothing. A short prefix that is
/// declared as it is listed (`_ga_*`) does.
#[cfg(feature = "catalogue")]
fn platform(cookie: &DeclaredCookie<'_>) -> &'static str {
    let name = cookie.name.as_bytes();
    let as_listed = || Catalogue::lookup(name).filter(|entry| cookie.is_prefix && entry.prefix == Some(cookie.name));
    let known = Catalogue::lookup_to_enforce(name).or_else(as_listed).filter(|entry| entry.category == cookie.category);
    match known {
        Some(entry) if framework_cookie(name).is_none() => entry.platform,
        _ => "",
    }
}

#[cfg(not(feature = "catalogue"))]
const fn platform(_: &DeclaredCookie<'_>) -> &'static str {
    ""
}
