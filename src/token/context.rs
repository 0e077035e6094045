//! What a request's handlers and its answer share of the token.

use std::{
    fmt,
    future::Future,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use http::{Extensions, HeaderMap, HeaderName, header};
use memchr::memmem::Finder;
use tokio::sync::OnceCell;

use super::{layer::Settings, presented::Presented, session::Session, sign_in::SignIn, tokens::Tokens};
use crate::{
    enforce::ConsentContext,
    signal::Signal,
    store::{StoreError, TokenRecord},
};

/// What the browser fetches for (Fetch Metadata).
static SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// What the token layer puts into a request's extensions: the way to the session without a framework.
///
/// ```
/// use http::{Request, StatusCode};
/// use tower_consent::{StoreError, TokenContext};
///
/// async fn handle<B>(request: Request<B>) -> Result<StatusCode, StoreError> {
///     let Some(context) = TokenContext::of(request.extensions()) else {
///         return Ok(StatusCode::INTERNAL_SERVER_ERROR); // no token layer
///     };
///     let session = context.session(request.headers());
///     Ok(match session.await? {
///         Some(session) => StatusCode::OK,
///         None => StatusCode::UNAUTHORIZED,
///     })
/// }
/// ```
#[derive(Clone)]
pub struct TokenContext(Arc<Inner>);

struct Inner {
    settings: Arc<Settings>,
    consent: Option<ConsentContext>,
    presented: OnceLock<Presented>,
    /// The browser fetches something for a page, and shows no page of it.
    is_part: AtomicBool,
    /// What the store said, if anybody asked. A failure too: one access a request.
    found: OnceCell<Result<Option<TokenRecord>, StoreError>>,
    /// A token was issued or ended in this request: in both cases the one that came with it is dead.
    is_changed: AtomicBool,
    /// The token that came with the request was found to be gone, by a log-out or by a rotation of another request: what
    /// the browser holds by now is not known.
    is_lost: AtomicBool,
    /// Who was signed in by this request.
    signed_in: OnceLock<Arc<str>>,
}

impl TokenContext {
    pub(super) fn new(settings: Arc<Settings>, consent: Option<ConsentContext>) -> Self {
        Self(Arc::new(Inner {
            settings,
            consent,
            presented: OnceLock::new(),
            is_part: AtomicBool::new(false),
            found: OnceCell::new(),
            is_changed: AtomicBool::new(false),
            is_lost: AtomicBool::new(false),
            signed_in: OnceLock::new(),
        }))
    }

    /// The context of a request, if a token layer handled it.
    #[must_use]
    pub fn of(extensions: &Extensions) -> Option<&Self> {
        extensions.get()
    }

    /// The session of the request with these headers; `None` where it is anonymous. Asks the store once a request,
    /// however often it is called.
    ///
    /// # Errors
    ///
    /// The store cannot tell.
    pub fn session(
        &self,
        headers: &HeaderMap,
    ) -> impl Future<Output = Result<Option<Session>, StoreError>> + Send + use<> {
        let presented = self.presented(headers);
        let context = self.clone();
        async move {
            let Presented::One { digest, by_cookie } = presented else { return Ok(None) };
            let look_up = || async { context.tokens().find(&digest).await };
            let found = context.0.found.get_or_init(look_up).await.clone()?;
            let is_gone = context.0.is_changed.load(Ordering::Acquire) || context.0.is_lost.load(Ordering::Acquire);
            Ok(found.filter(|_| !is_gone).map(|record| Session::new(record, by_cookie, context.clone())))
        }
    }

    /// The way to sign in with an answer to the request with these headers.
    #[must_use]
    pub fn sign_in(&self, headers: &HeaderMap) -> SignIn {
        SignIn::new(self.presented(headers), self.clone())
    }

    /// The tokens of the layer, within what the policy of this request promises.
    #[must_use]
    pub fn tokens(&self) -> Tokens {
        match &self.0.consent {
            Some(consent) => self.0.settings.tokens.within(consent.policy()),
            None => self.0.settings.tokens.clone(),
        }
    }

    /// The name of the token cookie.
    #[must_use]
    pub fn cookie_name(&self) -> &str {
        match &self.0.consent {
            Some(consent) => consent.policy().token_rules().cookie_name(),
            None => self.0.settings.cookie_name(),
        }
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    fn finder(&self) -> &Finder<'static> {
        match &self.0.consent {
            Some(consent) => consent.policy().token_finder(),
            None => &self.0.settings.finder,
        }
    }

    pub(super) fn presented(&self, headers: &HeaderMap) -> Presented {
        *self.0.presented.get_or_init(|| {
            let is_part = headers.get(&SEC_FETCH_DEST).is_some_and(|destination| destination != "document");
            self.0.is_part.store(is_part, Ordering::Relaxed);
            Presented::read(headers, self.finder())
        })
    }

    /// The signal under which nothing at all may be stored in the browser, if one is in force.
    pub(super) fn forbids_cookies(&self) -> Option<Signal> {
        self.0.consent.as_ref()?.peek().stores_nothing_by()
    }

    /// The token that came with the request is no more; another may have taken its place.
    pub(super) fn note_change(&self) {
        self.0.is_changed.store(true, Ordering::Release);
    }

    pub(super) fn note_loss(&self) {
        self.0.is_lost.store(true, Ordering::Release);
    }

    /// Somebody was signed in by this request; the first one counts.
    pub(super) fn note_sign_in(&self, subject: &str) {
        drop(self.0.signed_in.set(Arc::from(subject)));
    }

    /// Who was signed in by this request.
    pub(crate) fn signed_in(&self) -> Option<Arc<str>> {
        self.0.signed_in.get().cloned()
    }

    /// Whether the request with these headers comes with a token, whatever the store knows of it.
    pub(crate) fn is_presented(&self, headers: &HeaderMap) -> bool {
        headers.contains_key(header::AUTHORIZATION)
            || headers.get_all(header::COOKIE).iter().any(|line| self.finder().find(line.as_bytes()).is_some())
    }

    /// What the answer must do, after the handlers are done.
    pub(super) fn outcome(&self) -> Outcome {
        let presented = self.0.presented.get();
        let is_changed = self.0.is_changed.load(Ordering::Acquire);
        // A deletion names a cookie and not its value: the answer to a late picture could delete what a sign-in or a
        // rotation has just set. So a dead token that was not ended here is expired on a page only.
        let is_dead = match presented {
            Some(Presented::Malformed { .. } | Presented::One { .. }) if is_changed => true,
            Some(_) if self.0.is_part.load(Ordering::Relaxed) => false,
            Some(Presented::Malformed { .. }) => true,
            Some(Presented::One { .. }) => matches!(self.0.found.get(), Some(Ok(None))),
            Some(Presented::Nothing | Presented::AtOdds(_)) | None => false,
        };
        Outcome {
            was_asked: presented.is_some(),
            expires: is_dead && presented.is_some_and(Presented::is_by_cookie),
            is_changed,
        }
    }
}

/// What the answer must do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outcome {
    /// A handler asked: the answer is one visitor's.
    pub(super) was_asked: bool,
    /// The browser holds a dead token.
    pub(super) expires: bool,
    /// A token was issued or ended.
    pub(super) is_changed: bool,
}

impl fmt::Debug for TokenContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenContext").field("cookie", &self.cookie_name()).finish_non_exhaustive()
    }
}
