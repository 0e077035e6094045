//! The pages as a `tower` service, and their settings.

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use tower::Service;

use super::{
    asset::Asset,
    description,
    look::{self, DefaultLook, Languages, Look},
    origin::{Origin, OriginError},
    public_path::PublicPath,
    visit,
};
use crate::record::Records;

/// The bytes of a body that are read, unless the application says otherwise.
const BODY_LIMIT: usize = 16 << 10;

/// The consent pages, the forms and the JSON API, as one plain `tower` service.
///
/// It stands inside of a [`ConsentLayer`](crate::ConsentLayer), whose policy and decision it takes from the request. Its
/// paths are listed in the [manual](crate::manual). Cheap to clone.
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::Router;
/// use tower_consent::{Category, ConsentLayer, ConsentPages, MemoryStore, Policy};
///
/// let policy = Policy::builder().cookies(Category::ANALYTICS, ["_ga"]).build()?;
/// let pages = ConsentPages::at("/privacy", MemoryStore::new()).with_trusted_origins(["https://app.example.com"])?;
/// let app: Router = Router::new().nest_service("/privacy", pages).layer(ConsentLayer::new(policy));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Defaults
///
/// | setting | default |
/// |---|---|
/// | [`with_trusted_origins`](Self::with_trusted_origins) | none: only this very site |
/// | [`with_languages`](Self::with_languages) | English, German, French, Spanish, Arabic |
/// | [`with_look`](Self::with_look) | [`DefaultLook`] |
/// | [`with_stylesheet`](Self::with_stylesheet) | none besides the default one |
/// | [`with_google_consent`](Self::with_google_consent) | not informed |
/// | [`with_body_limit`](Self::with_body_limit) | 16 KiB |
#[derive(Clone)]
pub struct ConsentPages(Arc<Settings>);

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) path: PublicPath,
    pub(super) records: Records,
    pub(super) trusted: Vec<Origin>,
    pub(super) body_limit: usize,
    pub(super) languages: Languages,
    pub(super) look: Arc<dyn Look>,
    pub(super) stylesheets: Vec<String>,
    pub(super) google_consent: Option<Vec<String>>,
    pub(super) style: Asset,
    pub(super) script: Asset,
    pub(super) description: Bytes,
}

impl ConsentPages {
    /// The pages at this public path, with the records that prove choices. Where the layer has
    /// [records](crate::ConsentLayer::with_records) of its own, those are written.
    ///
    /// The path is the one that visitors see, also where a router strips it. It is brought into a plain form: one slash
    /// between segments, none at the end, no `.` and `..`, and what cannot stand in a path percent-encoded. A path that
    /// ends in the name of one of the pages (`/cookies`) works too, but its root may be taken for that page.
    pub fn at(path: &str, records: impl Into<Records>) -> Self {
        let path = PublicPath::new(path);
        Self(Arc::new(Settings {
            records: records.into(),
            trusted: Vec::new(),
            body_limit: BODY_LIMIT,
            languages: Languages::default(),
            look: Arc::new(DefaultLook),
            stylesheets: Vec::new(),
            google_consent: None,
            style: Asset::style(look::STYLE),
            script: Asset::script(look::SCRIPT),
            description: description::at(&path),
            path,
        }))
    }

    /// Trusts pages of these origins (`https://app.example.com`, with the port where it is not the scheme's own): consent
    /// may come from there, and the JSON API answers them with CORS.
    ///
    /// # Errors
    ///
    /// What is no origin.
    pub fn with_trusted_origins<I>(self, origins: I) -> Result<Self, OriginError>
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        let trusted = origins.into_iter().map(|origin| Origin::parse(origin.as_ref())).collect::<Result<_, _>>()?;
        Ok(self.set(|settings| settings.trusted = trusted))
    }

    /// With these languages.
    #[must_use]
    pub fn with_languages(self, languages: Languages) -> Self {
        self.set(|settings| settings.languages = languages)
    }

    /// With pages of the application's own.
    #[must_use]
    pub fn with_look(self, look: impl Look) -> Self {
        self.set(|settings| settings.look = Arc::new(look))
    }

    /// With a style sheet of the application's own after the default one: a path of this site, because the pages' content
    /// security policy allows no other.
    #[must_use]
    pub fn with_stylesheet(self, path: impl Into<String>) -> Self {
        self.set(|settings| settings.stylesheets = vec![path.into()])
    }

    /// Keeps Google's Consent Mode (v2, in its basic form: no tag is loaded before its service is allowed) informed.
    /// `services`: the names of the policy's services that are Google's; without any, it goes by category. The script tells
    /// them what [`GoogleConsent::of_services`](crate::GoogleConsent::of_services) says, which is in `/api/state` too.
    #[must_use]
    pub fn with_google_consent<I>(self, services: I) -> Self
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        let services = services.into_iter().map(|name| name.as_ref().to_owned()).collect();
        self.set(|settings| settings.google_consent = Some(services))
    }

    /// Reads so many bytes of a body at most; larger ones are answered with 413.
    #[must_use]
    pub fn with_body_limit(self, bytes: usize) -> Self {
        self.set(|settings| settings.body_limit = bytes)
    }

    /// The public path, without a slash at its end; empty for the root.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.path.as_str()
    }

    fn set(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    pub(super) fn settings(&self) -> &Arc<Settings> {
        &self.0
    }
}

impl fmt::Debug for ConsentPages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsentPages")
            .field("path", &self.0.path)
            .field("trusted_origins", &self.0.trusted)
            .field("body_limit", &self.0.body_limit)
            .finish_non_exhaustive()
    }
}

impl<B> Service<Request<B>> for ConsentPages
where
    B: Body<Data: Send> + Send + 'static,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = PagesFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> PagesFuture {
        let settings = Arc::clone(&self.0);
        PagesFuture(Box::pin(async move { visit::serve(settings, request).await.map(Full::new) }))
    }
}

/// The future of an answer of [`ConsentPages`].
pub struct PagesFuture(Pin<Box<dyn Future<Output = Response<Full<Bytes>>> + Send>>);

impl Future for PagesFuture {
    type Output = Result<Response<Full<Bytes>>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx).map(Ok)
    }
}

impl fmt::Debug for PagesFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PagesFuture")
    }
}
