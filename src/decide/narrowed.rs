//! What the application has taken away from a request, by the policy's names.

use crate::{
    category::Category,
    consent::{CategoryIndex, Target, Verdicts},
    policy::{Narrow, Policy},
};

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Narrowed {
    all: bool,
    some: Verdicts,
}

impl Narrowed {
    pub(super) fn new(policy: &Policy, narrow: &Narrow) -> Self {
        let mut some = Verdicts::NONE;
        let mut all = narrow.all;
        for name in narrow.categories.iter() {
            match policy.names.category_index(name.as_bytes()) {
                Some(category) => some.insert(Target::Category(category)),
                None => all |= !Category::BUILT_IN.contains(&name),
            }
        }
        for name in &narrow.services {
            match policy.names.service_index(name.as_bytes()) {
                Some(service) => some.insert(Target::Service(service)),
                None => all = true,
            }
        }
        Self { all, some }
    }

    pub(super) fn covers(&self, target: Target, category: CategoryIndex) -> bool {
        self.all || self.some.categories.contains(category) || self.some.contains(target)
    }

    /// Both together.
    pub(super) fn with(self, more: &Self) -> Self {
        Self { all: self.all || more.all, some: self.some.union(&more.some) }
    }
}
