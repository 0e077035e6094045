//! Which of a banner's keys stand for which category or service: the site's own lists, and the tool's usual ones.

use super::{
    ServiceFacts,
    checks::Result,
    error::{ConfigError, ConfigErrorKind as Kind},
    source::{ConsentSource, Kinds},
};
use crate::{
    category::Category,
    consent::{Names, Target},
    sources::{
        answers::Mapping,
        banner::{OBJECTION, Usual},
    },
};

pub(super) fn mapping(
    source: &ConsentSource,
    usual: Usual,
    names: &Names,
    services: &[ServiceFacts],
    at: &dyn Fn(&str) -> String,
) -> Result<Mapping> {
    let is_objection = |keys: &[&str]| keys == [OBJECTION];
    let has_objections = matches!(usual, Usual::Keys(table) if table.iter().any(|(_, keys)| is_objection(keys)));
    let mut entries: Vec<(Target, Vec<&str>, bool)> = Vec::new();
    let listed = |keys: &'_ [String], place: String| {
        if keys.is_empty() { Err(ConfigError::new(Kind::NoKeys, place, "[]")) } else { Ok(()) }
    };
    for (category, keys) in &source.categories {
        let place = at(&format!("categories.{category}"));
        if category == Category::ESSENTIAL.as_str() {
            return Err(ConfigError::new(Kind::EssentialIsBuiltIn, place, category));
        }
        listed(keys, place.clone())?;
        match names.category_index(category.as_bytes()) {
            Some(index) => {
                entries.push((Target::Category(index), keys.iter().map(String::as_str).collect(), false));
            }
            // A built-in one that nothing uses has nothing to open.
            None if Category::BUILT_IN.iter().any(|known| known.as_str() == category) => {}
            None => return Err(ConfigError::new(Kind::UnknownCategory, place, category)),
        }
    }
    for (service, keys) in &source.services {
        let place = at(&format!("services.{service}"));
        listed(keys, place.clone())?;
        let index = names
            .service_index(service.as_bytes())
            .ok_or_else(|| ConfigError::new(Kind::UnknownService, place, service))?;
        entries.push((Target::Service(index), keys.iter().map(String::as_str).collect(), false));
    }
    let is_free = |category: &Category| !source.categories.contains_key(category.as_str());
    match usual {
        Usual::OneQuestion(key) => {
            let categories = names.category_indices().skip(1);
            for index in categories.filter(|index| names.category(*index).is_some_and(|category| is_free(&category))) {
                entries.push((Target::Category(index), vec![key], true));
            }
        }
        Usual::Keys(table) => {
            // The site's own keys say what is consent. What the banner takes for an objection is one beside them.
            for (category, keys) in table.iter().filter(|(category, keys)| is_free(category) || is_objection(keys)) {
                if let Some(index) = names.category_index(category.as_bytes()) {
                    entries.push((Target::Category(index), keys.to_vec(), true));
                }
            }
        }
        Usual::SiteDefined if entries.is_empty() => {
            let value = match source.kind {
                Kinds::Banner(banner) => banner.as_str(),
                Kinds::Own => "own",
            };
            return Err(ConfigError::new(Kind::NoUsualKeys, at("categories"), value));
        }
        Usual::SiteDefined => {}
    }
    if has_objections {
        split_objections(&mut entries, services);
    }
    let count: usize = entries.iter().map(|(_, keys, _)| keys.len()).sum();
    Mapping::new(&entries).ok_or_else(|| ConfigError::new(Kind::TooManySources, at("categories"), count.to_string()))
}

/// Gives objections entries of their own: an answer to the other keys of a list needs none to them. They are also against
/// the services of their category that the site has named.
fn split_objections(entries: &mut Vec<(Target, Vec<&str>, bool)>, services: &[ServiceFacts]) {
    let mut against: Vec<Target> = Vec::new();
    for (target, keys, _) in entries.iter_mut() {
        if keys.contains(&OBJECTION) {
            keys.retain(|key| *key != OBJECTION);
            against.push(*target);
        }
    }
    let is_of_one = |target: &Target| match target {
        Target::Service(service) => services
            .get(usize::from(service.0))
            .is_some_and(|facts| against.contains(&Target::Category(facts.category))),
        Target::Category(_) => false,
    };
    let services: Vec<_> = entries.iter().map(|(target, ..)| *target).filter(is_of_one).collect();
    entries.retain(|(_, keys, _)| !keys.is_empty());
    entries.extend(against.into_iter().chain(services).map(|target| (target, vec![OBJECTION], true)));
}
