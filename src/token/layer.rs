//! The layer: what every service of it shares.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{Response, request::Parts};
use memchr::memmem::Finder;
use tower::{Layer, layer::util::Stack};

use super::{rejection::SessionRejection, service::TokenService, tokens::Tokens};
use crate::{
    enforce::ConsentLayer,
    policy::{ConfigError, TokenRules},
};

/// Brings [`Session`](super::Session) and [`SignIn`](super::SignIn) to handlers, and keeps their answers.
///
/// With a consent layer, [`ConsentLayer::with_tokens`] puts it where it belongs. Alone, it is a layer like any other:
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::{Router, routing::get};
/// use tower_consent::{MemoryStore, Session, TokenLayer, Tokens};
///
/// let app: Router = Router::new()
///     .route("/account", get(|session: Session| async move { session.subject().to_owned() }))
///     .layer(TokenLayer::new(Tokens::new(MemoryStore::new())));
/// # }
/// ```
///
/// It looks at nothing and asks no store until a handler asks for the session.
///
/// # Defaults
///
/// The cookie is `__Host-token`; inside of a consent layer, what the policy says ([`TokenRules`]).
#[derive(Clone, Debug)]
pub struct TokenLayer {
    settings: Arc<Settings>,
}

/// What all services of a layer share.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) tokens: Tokens,
    pub(super) finder: Finder<'static>,
    rules: TokenRules,
    pub(super) answer: Option<Answer>,
}

/// The application's own answer to a request without a session.
pub(super) type Answer = Arc<dyn Fn(&SessionRejection, &Parts) -> Response<Bytes> + Send + Sync>;

impl Settings {
    pub(super) fn cookie_name(&self) -> &str {
        self.rules.cookie_name()
    }

    fn set_cookie_name(&mut self, name: &str) {
        self.rules = TokenRules::default().with_cookie_name(name);
        self.finder = Finder::new(name).into_owned();
    }
}

impl TokenLayer {
    /// A layer over these tokens.
    #[must_use]
    pub fn new(tokens: Tokens) -> Self {
        let rules = TokenRules::default();
        let finder = Finder::new(rules.cookie_name()).into_owned();
        Self { settings: Arc::new(Settings { tokens, finder, rules, answer: None }) }
    }

    /// Another name of the cookie, where no consent layer stands outside. A name without the prefix `__Host-` can be
    /// planted by other hosts of the domain.
    ///
    /// # Errors
    ///
    /// A name that is no token of at most 128 bytes.
    pub fn with_cookie_name(mut self, name: &str) -> Result<Self, ConfigError> {
        TokenRules::default().with_cookie_name(name).check("tokens")?;
        Arc::make_mut(&mut self.settings).set_cookie_name(name);
        Ok(self)
    }

    /// The application's own answer where a handler needs a session and there is none, or the store cannot tell: a page,
    /// or a way to the sign-in.
    #[must_use]
    pub fn with_answer(
        mut self,
        answer: impl Fn(&SessionRejection, &Parts) -> Response<Bytes> + Send + Sync + 'static,
    ) -> Self {
        Arc::make_mut(&mut self.settings).answer = Some(Arc::new(answer));
        self
    }
}

impl From<Tokens> for TokenLayer {
    fn from(tokens: Tokens) -> Self {
        Self::new(tokens)
    }
}

impl<S> Layer<S> for TokenLayer {
    type Service = TokenService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TokenService::new(inner, Arc::clone(&self.settings))
    }
}

impl<L> ConsentLayer<L> {
    /// Adds sign-in tokens: one layer for both jobs. The name of the cookie, and how long a token lives at most, stand in
    /// the policy ([`PolicyBuilder::tokens`](crate::PolicyBuilder::tokens)); the cookie is essential by itself.
    ///
    /// For a policy of more than seven days make the tokens with [`TokensBuilder::policy`](super::TokensBuilder::policy):
    /// the shorter of both lives counts. Takes [`Tokens`], or a [`TokenLayer`] with more settings.
    #[must_use]
    pub fn with_tokens(self, tokens: impl Into<TokenLayer>) -> ConsentLayer<Stack<L, TokenLayer>> {
        let mut layer = tokens.into();
        // For requests from which the consent layer stands down: what the policy says of tokens holds there too.
        let settings = Arc::make_mut(&mut layer.settings);
        let policy = self.policy();
        settings.set_cookie_name(policy.token_rules().cookie_name());
        settings.tokens = settings.tokens.within(&policy);
        self.with_inside(layer)
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("tokens", &self.tokens)
            .field("cookie", &self.cookie_name())
            .field("has_answer", &self.answer.is_some())
            .finish()
    }
}
