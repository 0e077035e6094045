//! Just inside of the consent layer: handlers see what they may.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, request::Parts};
use tower::{Layer, Service, layer::util::Stack};

use super::HiddenFields;
use crate::enforce::{ConsentContext, ConsentLayer};

/// What [`ConsentLayer::with_hidden`] puts inside of the consent layer.
#[derive(Clone, Debug)]
pub struct HiddenLayer {
    fields: Shared,
}

/// The service of [`HiddenLayer`].
#[derive(Clone, Debug)]
pub struct HiddenService<S> {
    inner: S,
    fields: Shared,
}

/// Shared by both ways.
#[derive(Clone, Debug)]
pub(super) struct Shared(pub(super) Arc<HiddenFields>);

impl<L> ConsentLayer<L> {
    /// Hides header fields by which visitors are told apart without cookies, where a visit may not be tracked. See
    /// [`HiddenFields`]. What is added to the layer before this stands inside, and does not see them either.
    #[must_use]
    pub fn with_hidden(self, fields: HiddenFields) -> ConsentLayer<Stack<L, HiddenLayer>> {
        let fields = Shared(Arc::new(fields));
        self.with_answer_rule(fields.clone()).with_inside(HiddenLayer { fields })
    }
}

impl<S> Layer<S> for HiddenLayer {
    type Service = HiddenService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        HiddenService { inner, fields: self.fields.clone() }
    }
}

impl<S, B> Service<Request<B>> for HiddenService<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> S::Future {
        let (mut parts, body) = request.into_parts();
        self.fields.hide_from(&mut parts);
        // A layer further in may learn that this visit may not be tracked after all.
        parts.extensions.insert(self.fields.clone());
        self.inner.call(Request::from_parts(parts, body))
    }
}

impl Shared {
    fn hide_from(&self, parts: &mut Parts) {
        let hides = ConsentContext::of(&parts.extensions).is_some_and(|context| {
            let decision = context.peek();
            decision.is_enforced() && !decision.may_track()
        });
        if hides {
            self.0.hide(&parts.uri, &mut parts.headers);
        }
    }
}

/// Hides from handlers what is to be hidden by a decision that a layer inside has narrowed.
pub(crate) fn hide_again(parts: &mut Parts) {
    if let Some(fields) = parts.extensions.get::<Shared>().cloned() {
        fields.hide_from(parts);
    }
}
