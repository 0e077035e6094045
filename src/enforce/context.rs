//! What the layer tells the application about the request.

use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use http::Extensions;

use crate::{
    decide::Decision,
    policy::{Narrow, Policy},
};

/// The one value that the layer puts into a request's extensions: the decision, and whether the application asked for it.
///
/// ```
/// use tower_consent::{Category, ConsentContext};
///
/// fn handler(request: http::Request<()>) -> &'static str {
///     let decision = ConsentContext::of(request.extensions()).map(ConsentContext::decision);
///     match decision {
///         Some(decision) if decision.allows(Category::MARKETING) => "with advertisements",
///         _ => "without",
///     }
/// }
/// assert_eq!(handler(http::Request::new(())), "without");
/// ```
#[derive(Clone)]
pub struct ConsentContext(pub(super) Arc<Inner>);

pub(super) struct Inner {
    decision: Decision,
    /// The decision with what a layer inside has taken away. In a box, as the next: few requests have one.
    narrowed: OnceLock<Box<Decision>>,
    last: OnceLock<Box<Decision>>,
    asked: AtomicBool,
    /// Whether a layer inside still asks what else it has to take away.
    is_open: AtomicBool,
}

impl ConsentContext {
    pub(super) fn new(decision: Decision) -> Self {
        Self(Arc::new(Inner {
            decision,
            narrowed: OnceLock::new(),
            last: OnceLock::new(),
            asked: AtomicBool::new(false),
            is_open: AtomicBool::new(false),
        }))
    }

    /// The context of a request, if a consent layer handled it.
    #[must_use]
    pub fn of(extensions: &Extensions) -> Option<&Self> {
        extensions.get()
    }

    /// The decision. To ask for it marks the answer as this visitor's own, which keeps it out of shared caches.
    /// Asked for while the body is already being sent, it is too late for that: ask before the answer is made.
    #[must_use]
    pub fn decision(&self) -> &Decision {
        self.note_asked();
        self.peek()
    }

    /// Marks the answer as this visitor's own.
    pub(super) fn note_asked(&self) {
        self.0.asked.store(true, Ordering::Relaxed);
    }

    /// The decision, for a layer that does not change the answer by it: leaves caching alone. After the response has
    /// passed the consent layer it is the final one, which counts a choice made in that response.
    #[must_use]
    pub fn peek(&self) -> &Decision {
        self.0.last.get().map_or_else(|| self.first(), AsRef::as_ref)
    }

    /// The policy that this request is judged by.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        self.peek().policy()
    }

    /// Whether the application asked for the decision.
    #[must_use]
    pub fn was_asked(&self) -> bool {
        self.0.asked.load(Ordering::Relaxed)
    }

    /// The decision that the request was filtered by.
    pub(super) fn first(&self) -> &Decision {
        self.0.narrowed.get().map_or(&self.0.decision, AsRef::as_ref)
    }

    /// Takes more away, for a layer inside that learns more of the visitor: handlers, the answer and all that follows are
    /// judged by it. Only the first one counts.
    pub(crate) fn narrow_by(&self, narrow: &Narrow) -> &Decision {
        self.0.narrowed.get_or_init(|| Box::new(self.0.decision.clone().narrowed_by(narrow)))
    }

    /// Tells whether a layer inside still asks what else it has to take away.
    pub(crate) fn set_open(&self, is_open: bool) {
        self.0.is_open.store(is_open, Ordering::Relaxed);
    }

    /// Whether the visit may be tracked, as far as it is known: not while a layer inside still asks.
    pub(crate) fn may_track(&self) -> bool {
        !self.0.is_open.load(Ordering::Relaxed) && self.peek().may_track()
    }

    /// Puts the final decision in place.
    pub(super) fn conclude(&self, last: Decision) -> &Decision {
        self.0.last.get_or_init(|| Box::new(last))
    }
}

impl fmt::Debug for ConsentContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsentContext").field("decision", self.peek()).field("was_asked", &self.was_asked()).finish()
    }
}
