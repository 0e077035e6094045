//! The table of names that a choice is kept over, and the bits that index it.

use crate::category::Category;

/// A category is a bit of a `u32`.
pub(crate) const MAX_CATEGORIES: usize = 32;
/// A service is a bit of four `u64`.
pub(crate) const MAX_SERVICES: usize = 256;

/// The place of a category in [`Names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CategoryIndex(pub(crate) u8);

/// The place of a service in [`Names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ServiceIndex(pub(crate) u8);

/// What a cookie, a grant or a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Category(CategoryIndex),
    Service(ServiceIndex),
}

/// A set of categories of one table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CategoryBits(u32);

impl CategoryBits {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) const fn contains(self, index: CategoryIndex) -> bool {
        self.0 & 1u32.wrapping_shl(index.0 as u32) != 0
    }

    pub(crate) const fn insert(&mut self, index: CategoryIndex) {
        self.0 |= 1u32.wrapping_shl(index.0 as u32);
    }

    pub(crate) const fn remove(&mut self, index: CategoryIndex) {
        self.0 &= !1u32.wrapping_shl(index.0 as u32);
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// A set of services of one table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ServiceBits([u64; MAX_SERVICES / 64]);

impl ServiceBits {
    pub(crate) const NONE: Self = Self([0; MAX_SERVICES / 64]);

    const fn bit(index: ServiceIndex) -> (usize, u64) {
        (index.0 as usize / 64, 1 << (index.0 % 64))
    }

    pub(crate) fn contains(&self, index: ServiceIndex) -> bool {
        let (word, bit) = Self::bit(index);
        self.0.get(word).is_some_and(|bits| bits & bit != 0)
    }

    pub(crate) fn insert(&mut self, index: ServiceIndex) {
        let (word, bit) = Self::bit(index);
        if let Some(bits) = self.0.get_mut(word) {
            *bits |= bit;
        }
    }

    pub(crate) fn remove(&mut self, index: ServiceIndex) {
        let (word, bit) = Self::bit(index);
        if let Some(bits) = self.0.get_mut(word) {
            *bits &= !bit;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|bits| *bits == 0)
    }

    pub(crate) fn union(self, other: &Self) -> Self {
        self.with_each(other, |to, from| to | from)
    }

    pub(crate) fn intersection(self, other: &Self) -> Self {
        self.with_each(other, |to, from| to & from)
    }

    pub(crate) fn without(self, other: &Self) -> Self {
        self.with_each(other, |to, from| to & !from)
    }

    fn with_each(mut self, other: &Self, join: fn(u64, u64) -> u64) -> Self {
        for (to, from) in self.0.iter_mut().zip(other.0) {
            *to = join(*to, from);
        }
        self
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = ServiceIndex> {
        (0..=u8::MAX).map(ServiceIndex).filter(move |index| self.contains(*index))
    }
}

/// The names that a choice can speak of: the categories and services of one policy, in its order.
///
/// Readers and writers of consent cookies borrow this table and need nothing else of a policy.
#[derive(Clone, Debug, Default)]
pub struct Names {
    categories: Vec<Category>,
    services: Vec<Box<str>>,
}

impl Names {
    pub(crate) fn new(categories: Vec<Category>, services: Vec<Box<str>>) -> Self {
        Self { categories, services }
    }

    /// The categories.
    #[must_use]
    pub fn categories(&self) -> &[Category] {
        &self.categories
    }

    /// The services.
    pub fn services(&self) -> impl ExactSizeIterator<Item = &str> {
        self.services.iter().map(AsRef::as_ref)
    }

    pub(crate) fn category_index(&self, name: &[u8]) -> Option<CategoryIndex> {
        let place = self.categories.iter().position(|category| category.as_bytes() == name)?;
        u8::try_from(place).ok().map(CategoryIndex)
    }

    pub(crate) fn service_index(&self, name: &[u8]) -> Option<ServiceIndex> {
        let place = self.services.iter().position(|service| service.as_bytes() == name)?;
        u8::try_from(place).ok().map(ServiceIndex)
    }

    pub(crate) fn category(&self, index: CategoryIndex) -> Option<Category> {
        self.categories.get(usize::from(index.0)).copied()
    }

    pub(crate) fn service(&self, index: ServiceIndex) -> Option<&str> {
        self.services.get(usize::from(index.0)).map(AsRef::as_ref)
    }

    pub(crate) fn category_indices(&self) -> impl Iterator<Item = CategoryIndex> + use<> {
        (0..self.categories.len()).filter_map(|place| u8::try_from(place).ok()).map(CategoryIndex)
    }

    pub(crate) fn service_indices(&self) -> impl Iterator<Item = ServiceIndex> + use<> {
        (0..self.services.len()).filter_map(|place| u8::try_from(place).ok()).map(ServiceIndex)
    }
}
