//! What every view needs besides the decision, and what every question must say.

use std::collections::BTreeSet;

use serde::Serialize;

use super::language::Language;
use crate::{
    decide::Decision,
    policy::{Policy, Text},
};

/// Where the pages stand, and for whom they are written.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Scene<'a> {
    /// The public path of the pages, without a slash at its end: `/privacy`.
    pub base: &'a str,
    /// The language, with its messages.
    pub language: &'a Language,
    /// The own path that a form leads back to.
    pub return_to: &'a str,
}

impl<'a> Scene<'a> {
    /// A scene of the pages at `base`, in this language.
    #[must_use]
    pub const fn new(base: &'a str, language: &'a Language, return_to: &'a str) -> Self {
        Self { base, language, return_to }
    }

    /// The address of the page of preferences, which leads back to where the visitor is.
    #[must_use]
    pub fn settings(&self) -> String {
        let mut link = format!("{}/?return=", self.base);
        for byte in self.return_to.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.' | b'~') {
                link.push(char::from(byte));
            } else {
                link.push_str(&format!("%{byte:02X}"));
            }
        }
        link
    }
}

/// What a question for consent says besides its purposes (GDPR Art. 13; guidelines on consent requests).
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Facts {
    /// The number of the revision.
    pub revision: u32,
    /// The revision with its day.
    pub revision_text: String,
    /// Who is responsible; may be empty.
    pub controller: String,
    /// An e-mail address, or the address of a page.
    pub contact: Option<String>,
    /// Where the contact leads.
    pub contact_link: Option<String>,
    /// How many get data; empty where nobody does.
    pub recipients: String,
    /// Where the recipients are listed.
    pub recipients_link: String,
    /// The third countries that data goes to; may be empty.
    pub transfers: String,
    /// How long an answer counts.
    pub lifetimes: String,
    /// How long the proof of an answer is kept.
    pub proof: String,
    /// The privacy policy.
    pub privacy_policy: Option<String>,
    /// The imprint.
    pub imprint: Option<String>,
}

impl Facts {
    pub(super) fn of(decision: &Decision, scene: &Scene<'_>) -> Self {
        let (policy, language, messages) = (decision.policy(), scene.language, scene.language.messages());
        let about = policy.about();
        let text = |text: &Text| text.in_language(language.tag()).to_owned();
        let recipients = recipients(policy);
        let grant = language.span(policy.grant_lifetime());
        let lifetimes = match policy.refusal_lifetime() {
            Some(refusal) => messages.lifetimes.fill(&[("grant", &grant), ("refusal", &language.span(refusal))]),
            None => messages.lifetimes_refusal_stays.fill(&[("grant", &grant)]),
        };
        let proof = language.span(policy.retention().consent_records());
        Self {
            revision: policy.revision().number(),
            revision_text: language.revision(policy.revision()),
            controller: text(about.controller()),
            contact: about.contact.clone(),
            contact_link: about.contact.as_deref().and_then(contact_link),
            recipients: if recipients == 0 { String::new() } else { language.count(&messages.recipients, recipients) },
            recipients_link: about.recipients.clone().unwrap_or_else(|| format!("{}/cookies", scene.base)),
            transfers: text(&about.transfers),
            lifetimes,
            proof: messages.proof_kept.fill(&[("lifetime", &proof)]),
            privacy_policy: about.privacy_policy.clone(),
            imprint: about.imprint.clone(),
        }
    }
}

/// How many get data: the companies behind the services; a service that names none counts by itself.
fn recipients(policy: &Policy) -> u32 {
    let companies: BTreeSet<_> = policy
        .declared_services()
        .map(|service| match service.provider {
            Some(provider) => (true, provider.in_language("en")),
            None => (false, service.name),
        })
        .collect();
    u32::try_from(companies.len()).unwrap_or(u32::MAX)
}

/// A link for an own path, a web address or an e-mail address; nothing else becomes one. Browsers drop line breaks and tabs
/// from an address and read a backslash as a slash, so that `/\host` leads to another site.
fn contact_link(contact: &str) -> Option<String> {
    if contact.contains(|next: char| next.is_control() || next.is_whitespace() || next == '\\') {
        return None;
    }
    let is_web = contact.starts_with("https://") || (contact.starts_with('/') && !contact.starts_with("//"));
    let is_mail = contact.contains('@') && !contact.contains([' ', ':', '/', '?', '&', '\\']);
    if is_web { Some(contact.to_owned()) } else { is_mail.then(|| format!("mailto:{contact}")) }
}
