//! A small site with consent pages: a shop, a film, a gate, tags that wait for consent, and a strict security policy.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, Uri, header},
    middleware::{self, Next},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use tower_consent::{
    About, Category, CategoryEntry, Clock, ConsentLayer, ConsentPages, CookieRule, Decision, Fragments, GoogleConsent,
    Lifetime, ManualClock, MemoryStore, Policy, PolicyBuilder, PolicyHandle, Records, Regime, RequireRevision,
    Revision, RuleTarget, ServiceEntry, SystemClock, Text,
};

use crate::tls::TlsServer;

pub(super) const CONSENT: &str = "__Host-consent";
/// In the regime of opt-in.
pub(super) const HOST: &str = "www.example.test";
/// In the regime of opt-out.
pub(super) const OPT_OUT_HOST: &str = "us.example.test";
const KEY: [u8; 32] = [7; 32];

/// The policy, up to revision 1.
pub(super) fn policy() -> PolicyBuilder {
    let service = |name: &str| RuleTarget::service(name);
    Policy::builder()
        .about(
            About::new(Text::new("Example Ltd").with("ar", "شركة المثال"))
                .contact("privacy@example.test")
                .privacy_policy("/privacy-policy")
                .imprint("/imprint")
                .transfers("United States")
                .statement("This site is not meant for people under 18."),
        )
        .revision(Revision::new(1).on(2026, 1, 1).changes("The first policy of this site."))
        .site_domain("example.test")
        .essential(["cart"])
        .category(CategoryEntry::from(Category::FUNCTIONAL))
        .category(CategoryEntry::from(Category::ANALYTICS))
        .cookie(CookieRule::new("theme", Category::FUNCTIONAL).purpose("Keeps the colours that you chose"))
        .cookie(
            CookieRule::new("_ga", Category::ANALYTICS)
                .max_age(Lifetime::months(6))
                .provider("Google")
                .purpose("Counts visits"),
        )
        .cookie(CookieRule::new("_ga_*", Category::ANALYTICS).provider("Google").purpose("Tells visits apart"))
        .service_entry(
            ServiceEntry::new("google-ads", "marketing")
                .label("Google Ads")
                .provider("Google Ireland Ltd")
                .purpose("Shows advertisements and measures them")
                .transfers("United States")
                .privacy_policy("https://policies.google.com/privacy"),
        )
        .service_entry(ServiceEntry::new("meta", "marketing").label("Meta").provider("Meta Platforms Ireland Ltd"))
        .service_entry(ServiceEntry::new("youtube", "functional").label("YouTube").purpose("Shows films"))
        .cookie(CookieRule::new("_gcl_au", service("google-ads")).purpose("Links clicks on advertisements to orders"))
        .cookie(CookieRule::new("_fbp", service("meta")).purpose("Recognises the browser"))
        .regime_resolver([header::HOST], |parts| {
            let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
            let host = host.or_else(|| parts.uri.host()).unwrap_or_default();
            if host.starts_with("us.") { Regime::OptOut } else { Regime::OptIn }
        })
        .mac_key("k1", KEY)
}

/// The next revision, which asks anew.
pub(super) fn material() -> Revision {
    Revision::new(2).on(2026, 6, 1).changes("We also advertise with Meta.")
}

pub(super) struct Site {
    pub(super) handle: PolicyHandle,
    pub(super) clock: ManualClock,
    server: TlsServer,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Site {
    pub(super) async fn start(policy: PolicyBuilder) -> Self {
        // Browsers live by the real time.
        let clock = ManualClock::at(SystemClock.unix_seconds());
        let handle = PolicyHandle::new(policy.build().expect("a policy"));
        let records = Records::builder(MemoryStore::new()).chain_key(KEY).clock(clock.clone()).build();
        let pages = ConsentPages::at("/privacy", records.clone()).with_google_consent(["google-ads"]);
        let layer = ConsentLayer::new(handle.clone()).with_clock(clock.clone()).with_records(records);
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        let counted = middleware::from_fn(move |request: Request, next: Next| {
            log.lock().expect("no panic").push(format!("{} {}", request.method(), request.uri().path()));
            next.run(request)
        });
        let router = Router::new()
            .route("/members", get(async || plain("For members", "members only")))
            .route_layer(RequireRevision::new(pages.clone()))
            .route("/shop", get(shop))
            .route("/film", get(film))
            .route("/google", get(google))
            .route("/frame", get(async || plain("Film", "a moving picture")))
            .route("/site.css", get(async || ([(header::CONTENT_TYPE, "text/css")], SITE_CSS)))
            .route("/ads.js", get(async || ([(header::CONTENT_TYPE, "text/javascript")], ADS)))
            .nest_service("/privacy", pages.clone())
            .with_state(pages)
            .layer(layer)
            .layer(counted);
        Self { handle, clock, server: TlsServer::start(router).await, requests }
    }

    pub(super) fn url(&self, path: &str) -> String {
        self.server.url(HOST, path)
    }

    pub(super) fn opt_out_url(&self, path: &str) -> String {
        self.server.url(OPT_OUT_HOST, path)
    }

    /// Takes the requests since the last time, sorted.
    pub(super) fn take_requests(&self) -> Vec<String> {
        let mut requests = std::mem::take(&mut *self.requests.lock().expect("no panic"));
        requests.sort_unstable();
        requests
    }

    /// The UTC day by the site's clock.
    pub(super) fn today(&self) -> String {
        time::OffsetDateTime::from_unix_timestamp(self.clock.unix_seconds()).expect("a day").date().to_string()
    }
}

const SITE_CSS: &str = ":root { color-scheme: light dark; background: Canvas; color: CanvasText }
     body { font: 1rem/1.5 system-ui, sans-serif; margin: 1rem }
     iframe, #placeholder { display: block; box-sizing: border-box; width: 100%; height: 9rem; margin: 1rem 0 }
     [hidden] { display: none !important }";

fn plain(title: &str, text: &str) -> Html<String> {
    Html(format!("<!doctype html><html lang=en><title>{title}</title><main><h1>{title}</h1><p>{text}</p></main>"))
}

/// An external tag: what it finds when it runs.
const ADS: &str = "window.ran.push('ads'); window.told = [...(window.dataLayer || [])].map((entry) => [...entry])";

async fn shop(State(pages): State<ConsentPages>, decision: Decision, headers: HeaderMap) -> Response {
    let nonce = "c2l0ZQ";
    let Fragments { head, banner, footer, .. } = pages.fragments_with_nonce(&decision, &headers, "/shop", nonce);
    // As the script would set it: so nothing moves when it comes.
    let (on, off) = if decision.allows_service("youtube") { ("", " hidden") } else { (" hidden", "") };
    let html = format!(
        r#"<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Shop</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/site.css">
<script nonce="{nonce}">window.ran = [];</script>
{head}
<script type="text/plain" data-consent="analytics" nonce="{nonce}">
window.ran.push('analytics'); document.cookie = '_ga_tag=1; Domain=example.test; Path=/; Secure; Max-Age=9999';</script>
<script type="text/plain" data-consent-service="google-ads" data-src="/ads.js" nonce="{nonce}"></script>
<script type="text/plain" data-consent-service="google-ads" nonce="{nonce}">window.ran.push('after ads');</script>
</head><body>
<header><a href="/shop" id="first">Shop</a></header>
<main><h1>Teapots</h1><p>Our finest teapots.</p>
<p data-consent-placeholder="youtube" id="placeholder"{off}>The film needs your consent.</p>
<iframe title="Film" data-consent-service="youtube" data-src="/frame"{on}></iframe>
<p><a href="/film">The film</a> <a href="/members">For members</a></p></main>
{banner}
<footer>{footer}</footer></body></html>"#
    );
    let mut response = Html(html).into_response();
    for line in [
        "cart=1; Path=/; Secure",
        "theme=dark; Path=/; Secure; Max-Age=9999",
        "_ga=GA1; Path=/; Secure; Max-Age=9999",
        "_gcl_au=1; Path=/; Secure; Max-Age=9999",
        "_fbp=1; Domain=example.test; Path=/; Secure; Max-Age=9999",
    ] {
        response.headers_mut().append(header::SET_COOKIE, line.parse().expect("a line"));
    }
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src data:; connect-src 'self'; \
         frame-src 'self'; form-action 'self'; base-uri 'none'"
    );
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy.parse().expect("a value"));
    response
}

/// A page without our script: the server puts the tag in, after what it tells it.
async fn google(decision: Decision) -> Response {
    let (nonce, google) = ("bm9uY2U=", GoogleConsent::of_services(&decision, ["google-ads"]));
    let tag = if google.has_grants() {
        google.default_script(Some(nonce)).expect("a nonce")
            + &format!("<script src=\"/ads.js\" nonce=\"{nonce}\"></script>")
    } else {
        String::new()
    };
    let html = format!(
        "<!doctype html><html lang=en><title>Google</title><link rel=icon href=data:,>\
         <script nonce=\"{nonce}\">window.ran = [];</script>{tag}<h1>Google</h1>"
    );
    let policy = format!("default-src 'none'; script-src 'nonce-{nonce}'; img-src data:");
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(html)).into_response()
}

async fn film(State(pages): State<ConsentPages>, decision: Decision, headers: HeaderMap, uri: Uri) -> Response {
    if decision.allows_service("youtube") {
        return plain("Film", "the film").into_response();
    }
    pages.prompt_page(&decision, &headers, uri.path(), "youtube").into_response()
}
