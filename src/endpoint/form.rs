//! The form of a choice, read and checked.

use super::{
    fault::{Fault, FaultKind},
    own_path::own_path,
    urlencoded::Fields,
    wish::{Names, Wish},
};
use crate::{category::Category, policy::Policy, record::ChoiceMethod};

/// What a form asks for.
#[derive(Clone, Debug)]
pub(super) struct ChoiceForm {
    pub(super) action: Action,
    /// The ticked switches, or what is wrong with them.
    names: Result<Names, Fault>,
    /// The path to go back to, if it is one of this site.
    pub(super) back: Option<String>,
    pub(super) revision: Option<u32>,
    pub(super) method: ChoiceMethod,
    pub(super) is_confirmed: bool,
    pub(super) language: Option<String>,
    /// What the question stood in place of, where it stood in place of content: its text is what the record keeps.
    pub(super) asked: Option<Asked>,
}

/// A category, or a service of it, that content needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) category: Category,
    pub(super) service: Option<String>,
}

impl Asked {
    /// Its form in a field: `category:NAME` or `service:NAME`.
    pub(super) fn to_field(category: Category, service: Option<&str>) -> String {
        service.map_or_else(|| format!("category:{category}"), |service| format!("service:{service}"))
    }

    fn read(text: &str, policy: &Policy) -> Option<Self> {
        match text.split_once(':')? {
            ("category", name) => {
                let category = policy.categories().iter().find(|known| known.as_str() == name)?;
                Some(Self { category: *category, service: None })
            }
            ("service", name) => {
                let (service, category) = policy.services().find(|(known, _)| *known == name)?;
                Some(Self { category, service: Some(service.to_owned()) })
            }
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    AcceptAll,
    RejectAll,
    Save,
    Withdraw,
    OptOut,
    Note,
}

impl Action {
    const ALL: [Self; 6] = [Self::AcceptAll, Self::RejectAll, Self::Save, Self::Withdraw, Self::OptOut, Self::Note];

    const fn is_refusal(self) -> bool {
        matches!(self, Self::RejectAll | Self::Withdraw | Self::OptOut)
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::AcceptAll => "accept-all",
            Self::RejectAll => "reject-all",
            Self::Save => "save",
            Self::Withdraw => "withdraw",
            Self::OptOut => "opt-out",
            Self::Note => "note",
        }
    }
}

impl ChoiceForm {
    pub(super) fn read(fields: &Fields, policy: &Policy) -> Result<Self, Fault> {
        let expected = "one of accept-all, reject-all, save, withdraw, opt-out and note is expected";
        let action = fields.one("action")?.ok_or_else(|| Fault::missing("action", expected))?;
        let action = Action::ALL
            .into_iter()
            .find(|known| known.as_str() == action)
            .ok_or_else(|| Fault::malformed("action", action, expected))?;
        let names = Names::read(policy, fields.all("category"), fields.all("service"));
        if action.is_refusal() {
            return Ok(Self::refusing(action, fields));
        }
        let revision = fields.one("revision")?.map(|revision| {
            // Digits alone: `u32` would take a `+` too.
            let digits = Some(revision).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
            let number = digits.and_then(|digits| digits.parse().ok());
            number.ok_or_else(|| Fault::malformed("revision", revision, "the number of a revision is expected"))
        });
        let method = method(fields.one("method")?)?;
        let is_confirmed = match fields.one("confirm")? {
            None => false,
            Some("yes") => true,
            Some(other) => return Err(Fault::malformed("confirm", other, "yes is expected, or nothing")),
        };
        let language = fields.one("language")?.map(|language| {
            let tag = Some(language).filter(|tag| is_language(tag));
            tag.map(str::to_owned)
                .ok_or_else(|| Fault::malformed("language", language, "the tag of a language is expected"))
        });
        let asked = fields.one("asked")?.map(|asked| {
            let expected = "category:NAME or service:NAME of the policy is expected";
            Asked::read(asked, policy).ok_or_else(|| Fault::malformed("asked", asked, expected))
        });
        Ok(Self {
            action,
            names,
            back: fields.one("return")?.and_then(own_path).map(str::to_owned),
            revision: revision.transpose()?,
            method,
            is_confirmed,
            language: language.transpose()?,
            asked: asked.transpose()?,
        })
    }

    /// A refusal needs nothing but itself: what else stands in the form, on a page of long ago perhaps, holds nothing up.
    fn refusing(action: Action, fields: &Fields) -> Self {
        let first = |name| fields.all(name).next();
        Self {
            action,
            names: Ok(Names::default()),
            back: first("return").and_then(own_path).map(str::to_owned),
            revision: None,
            method: method(first("method")).unwrap_or(ChoiceMethod::Page),
            is_confirmed: false,
            language: first("language").filter(|tag| is_language(tag)).map(str::to_owned),
            asked: None,
        }
    }

    /// What is wrong with the names of a page of an earlier revision is the revision.
    fn rather_outdated(&self, fault: &Fault, policy: &Policy) -> Fault {
        self.revision.and_then(|shown| check_revision(Some(shown), policy).err()).unwrap_or_else(|| fault.clone())
    }

    /// The fields again, to be sent once more.
    pub(super) fn fields(&self) -> Vec<(String, String)> {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut fields = vec![field("action", self.action.as_str()), field("method", self.method.as_str())];
        if let Ok(names) = &self.names {
            fields.extend(names.categories.iter().map(|category| field("category", category.as_str())));
            fields.extend(names.services.iter().map(|service| field("service", service)));
        }
        fields.extend(self.back.iter().map(|back| field("return", back)));
        fields.extend(self.language.iter().map(|language| field("language", language)));
        fields.extend(self.revision.map(|revision| field("revision", &revision.to_string())));
        fields
    }

    /// What is to be done; `None` for a notice that was seen.
    pub(super) fn wish(&self, policy: &Policy) -> Result<Option<Wish>, Fault> {
        Ok(match self.action {
            Action::RejectAll | Action::OptOut => Some(Wish::RefuseAll),
            Action::Withdraw => Some(Wish::Withdraw),
            Action::AcceptAll | Action::Save | Action::Note => {
                let names = self.names.as_ref().map_err(|fault| self.rather_outdated(fault, policy))?;
                match self.action {
                    Action::AcceptAll => Some(Wish::All),
                    Action::Save => Some(names.switches(policy)),
                    _ => None,
                }
            }
        })
    }
}

fn method(name: Option<&str>) -> Result<ChoiceMethod, Fault> {
    match name {
        None | Some("page") => Ok(ChoiceMethod::Page),
        Some("banner") => Ok(ChoiceMethod::Banner),
        Some("footer") => Ok(ChoiceMethod::Footer),
        Some(other) => Err(Fault::malformed("method", other, "banner, page or footer is expected")),
    }
}

/// Whether this can be a tag of a language (RFC 5646): it goes into a record.
pub(super) fn is_language(tag: &str) -> bool {
    let is_subtag = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    tag.len() <= 35 && tag.split('-').all(is_subtag)
}

/// A grant is for the revision that was shown, and for no other.
pub(super) fn check_revision(shown: Option<u32>, policy: &Policy) -> Result<(), Fault> {
    let current = policy.latest_revision();
    match shown {
        Some(shown) if shown == current => Ok(()),
        Some(shown) => Err(Fault::of_field(
            FaultKind::Outdated,
            "revision",
            &shown.to_string(),
            &format!("the policy is at revision {current} by now, so nothing was switched on"),
        )),
        None => Err(Fault::missing("revision", "a consent names the revision of the policy that was shown")),
    }
}
