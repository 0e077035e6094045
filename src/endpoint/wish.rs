//! What a visitor wants, from the names that a form or a program gives.

use std::collections::BTreeSet;

use super::{
    fault::{Fault, FaultKind},
    look::has_own_switch,
};
use crate::{category::Category, cookies::change::Selection, policy::Policy};

/// What is to be done.
#[derive(Clone, Debug)]
pub(super) enum Wish {
    All,
    Selected(Selection),
    RefuseAll,
    Withdraw,
}

impl Wish {
    /// Whether it may open something: then it must come from a page that can be trusted.
    pub(super) const fn is_grant(&self) -> bool {
        matches!(self, Self::All | Self::Selected(_))
    }
}

/// Categories and services that can be chosen.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    pub(super) categories: BTreeSet<Category>,
    pub(super) services: BTreeSet<String>,
}

impl Names {
    /// Reads the ticked switches of a form.
    pub(super) fn read<'n>(
        policy: &Policy,
        categories: impl Iterator<Item = &'n str>,
        services: impl Iterator<Item = &'n str>,
    ) -> Result<Self, Fault> {
        Ok(Self {
            categories: categories.map(|name| category(policy, "category", name)).collect::<Result<_, _>>()?,
            services: services.map(|name| service(policy, "service", name)).collect::<Result<_, _>>()?,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.categories.is_empty() && self.services.is_empty()
    }

    /// What a form with these switches ticked grants. A category whose services are all ticked, and that has no switch of
    /// its own, is granted by name: what it stands for later needs no new question.
    pub(super) fn switches(&self, policy: &Policy) -> Wish {
        if self.is_empty() {
            return Wish::RefuseAll;
        }
        let mut selection = Selection::none();
        for category in policy.categories().iter().filter(|category| **category != Category::ESSENTIAL) {
            let services: Vec<&str> =
                policy.services().filter(|(_, of)| of == category).map(|(name, _)| name).collect();
            let (ticked, others): (Vec<&str>, Vec<&str>) =
                services.iter().partition(|name| self.services.contains(**name));
            if self.categories.contains(category) {
                selection = others.into_iter().fold(selection.grant(*category), Selection::refuse_service);
            } else if others.is_empty() && !ticked.is_empty() && !has_own_switch(policy, *category) {
                selection = selection.grant(*category);
            } else {
                selection = ticked.into_iter().fold(selection, Selection::grant_service);
            }
        }
        Wish::Selected(selection)
    }
}

/// A category that can be chosen.
pub(super) fn category(policy: &Policy, field: &'static str, name: &str) -> Result<Category, Fault> {
    let known = policy.categories().iter().find(|known| known.as_str() == name);
    match known {
        Some(category) if *category == Category::ESSENTIAL => Err(always_on(field, name)),
        Some(category) => Ok(*category),
        None => Err(Fault::of_field(FaultKind::UnknownName, field, name, "the policy has no such category")),
    }
}

/// A service that can be chosen.
pub(super) fn service(policy: &Policy, field: &'static str, name: &str) -> Result<String, Fault> {
    match policy.services().find(|(known, _)| *known == name) {
        Some((_, category)) if category == Category::ESSENTIAL => Err(always_on(field, name)),
        Some(_) => Ok(name.to_owned()),
        None => Err(Fault::of_field(FaultKind::UnknownName, field, name, "the policy has no such service")),
    }
}

fn always_on(field: &'static str, name: &str) -> Fault {
    Fault::of_field(FaultKind::UnknownName, field, name, "it is essential, and cannot be chosen")
}
