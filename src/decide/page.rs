//! What header fields of an answer need to know.

use super::Decision;
use crate::signal::Signal;

impl Decision {
    /// The same decision where header fields of the page say what it may load.
    pub(crate) const fn on_next_page(mut self, acts_on_next_page: bool) -> Self {
        self.acts_on_next_page = acts_on_next_page;
        self
    }

    /// Whether what a choice allows loads only with the next page, because header fields of this one forbid it.
    #[cfg(feature = "pages")]
    pub(crate) fn acts_on_next_page(&self) -> bool {
        self.acts_on_next_page && self.is_enforced()
    }

    /// The signal because of which really nothing is stored: a policy that is only reported stores all the same.
    pub(crate) fn stores_nothing_by(&self) -> Option<Signal> {
        self.forbids_storing().filter(|_| self.is_enforced())
    }

    /// Whether there are visits of this policy that may be tracked.
    pub(crate) fn can_be_tracked(&self) -> bool {
        self.policy.visits.needs.is_some()
    }
}
