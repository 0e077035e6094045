//! What a page may load, by the decision: in real browsers, from hosts of services that are essential, allowed and refused.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};
use tower_consent::{
    ConsentLayer, ConsentPages, ContentSecurityPolicy, Decision, Fragments, MemoryStore, Policy, Records, ServiceEntry,
};

use crate::{
    HOST,
    driver::{Browser, Options},
    process::Engine,
    tls::TlsServer,
};

const PAY: &str = "pay.example.test";
const CHAT: &str = "chat.example.test";
const ADS: &str = "ads.example.test";
const NONCE: &str = "c2l0ZQ";

/// What the page is to have, for each host of a service.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// Everything stands in the page, as where nobody has thought of consent.
    Careless,
    /// Scripts wait for consent.
    Waiting,
    /// A trusted script loads the others.
    Loader,
}

/// Three services on a server of their own, and a site that loads from them.
struct World {
    vendors: TlsServer,
    site: TlsServer,
    asked: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone)]
struct App {
    pages: ConsentPages,
    origin: [String; 3],
    style: Style,
    own: Option<&'static str>,
}

impl World {
    async fn start(
        style: Style,
        own: Option<&'static str>,
        change: fn(ContentSecurityPolicy) -> ContentSecurityPolicy,
    ) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let counted = middleware::from_fn(move |request: Request, next: Next| {
            let host = request.uri().host().map(str::to_owned);
            let host = host.or_else(|| Some(request.headers().get(header::HOST)?.to_str().ok()?.to_owned()));
            let host = host.unwrap_or_default().split('.').next().unwrap_or_default().to_owned();
            log.lock().expect("no panic").push(format!("{host} {}", request.uri().path()));
            next.run(request)
        });
        let script = (
            [(header::CONTENT_TYPE, "text/javascript")],
            "window.ran.push(new URL(document.currentScript.src).hostname)",
        );
        let image = r#"<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>"#;
        let image = ([(header::CONTENT_TYPE, "image/svg+xml")], image);
        let frame = Html("<script>parent.postMessage(location.hostname, '*')</script>");
        let anybody = [(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
        let vendors = Router::new()
            .route("/tag.js", get(async move || script))
            .route("/pixel", get(async move || image))
            .route("/frame", get(async move || frame))
            .route("/data", get(async move || (anybody, "data")))
            .layer(counted);
        let vendors = TlsServer::start(vendors).await;
        let origin = [PAY, CHAT, ADS].map(|host| vendors.url(host, ""));
        let service = |name: &str, category: &str, host: &String| ServiceEntry::new(name, category).hosts([host]);
        let [pay, chat, ads] = &origin;
        let policy = Policy::builder()
            .service_entry(service("pay", "essential", pay))
            .service_entry(service("chat", "functional", chat))
            .service_entry(service("ads", "marketing", ads))
            .mac_key("k", [7; 32])
            .build()
            .expect("a policy");
        let records = Records::builder(MemoryStore::new()).chain_key([7; 32]).build();
        let pages = ConsentPages::at("/privacy", records.clone());
        let csp = change(ContentSecurityPolicy::new().scripts().images().frames().connections());
        let app = App { pages: pages.clone(), origin, style, own };
        let site = Router::new()
            .route("/", get(page))
            .nest_service("/privacy", pages)
            .with_state(app)
            .layer(ConsentLayer::new(policy).with_records(records).with_csp(csp));
        Self { vendors, site: TlsServer::start(site).await, asked }
    }

    /// The hosts of services that were asked for anything since the last time, each with what for.
    fn take_asked(&self) -> Vec<String> {
        let mut asked = std::mem::take(&mut *self.asked.lock().expect("no panic"));
        asked.sort_unstable();
        asked.dedup();
        asked
    }

    /// Opens the page and waits until all that it tries has come or failed.
    async fn open(&self, browser: &Browser) {
        browser.goto(&self.site.url(HOST, "/")).await;
        settled(browser).await;
    }

    /// That the page as it stands has loaded everything from these hosts, and has asked no other for anything.
    async fn assert_loads(&self, browser: &Browser, hosts: &[&str]) {
        let expected: Vec<_> = hosts.iter().map(|host| json!(format!("{host}.example.test"))).collect();
        browser.wait_until(&format!("window.frames.length >= {}", hosts.len())).await;
        for kind in ["ran", "images", "frames", "data"] {
            let came = browser.run(&format!("return window.{kind}.sort()")).await;
            assert_eq!(came, Value::Array(expected.clone()), "{kind}");
        }
        let mut asked: Vec<_> = hosts
            .iter()
            .flat_map(|host| ["data", "frame", "pixel", "tag.js"].map(|path| format!("{host} /{path}")))
            .collect();
        asked.sort_unstable();
        assert_eq!(self.take_asked(), asked, "the vendors themselves");
        assert_eq!(browser.run("return window.inline").await, 1, "the page's own script, with its nonce");
    }
}

/// Waits until nothing is awaited any more. That a frame is refused no browser tells: it is given the time to come.
async fn settled(browser: &Browser) {
    browser.wait_until("document.readyState === 'complete' && window.awaited === 0").await;
    browser.run_async("setTimeout(arguments[arguments.length - 1], 200)", Vec::new()).await;
}

async fn page(State(app): State<App>, decision: Decision, headers: HeaderMap) -> Response {
    // The same for everybody, as a careless cache key would have it.
    let tag = "\"page\"";
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == tag) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
    }
    let Fragments { head, banner, footer, .. } = app.pages.fragments_with_nonce(&decision, &headers, "/", NONCE);
    let of_all = |what: &dyn Fn(&String) -> String| app.origin.iter().map(what).collect::<String>();
    let scripts = match app.style {
        Style::Careless => of_all(&|origin| format!("<script src='{origin}/tag.js'></script>")),
        Style::Waiting => {
            let named = ["chat", "ads"].into_iter().zip(&app.origin[1..]).map(|(name, origin)| {
                format!(
                    "<script type='text/plain' data-consent-service='{name}' data-src='{origin}/tag.js'></script>\
                     <script type='text/plain' data-consent-service='{name}' nonce='{NONCE}'>window.woken.push('{name}')</script>"
                )
            });
            format!("<script src='{}/tag.js'></script>", app.origin[0]) + &named.collect::<String>()
        }
        Style::Loader => format!(
            "<script nonce='{NONCE}'>for (const origin of {origins}) {{
                const script = document.createElement('script');
                script.src = origin + '/tag.js'; script.onload = script.onerror = () => {{ window.awaited -= 1; }};
                window.awaited += 1; document.head.append(script); }}</script>",
            origins = serde_json::to_string(&app.origin).expect("text")
        ),
    };
    let html = format!(
        r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Site</title><link rel="icon" href="data:,">
<script nonce="{NONCE}">
    window.ran = []; window.woken = []; window.images = []; window.frames_ = []; window.data = []; window.awaited = 0;
    window.violations = []; window.changes = 0; window.inline = 1;
    Object.defineProperty(window, 'frames', {{ get: () => window.frames_ }});
    addEventListener('message', (event) => {{ window.frames_.push(event.data); }});
    document.addEventListener('securitypolicyviolation', (event) =>
        window.violations.push(`${{event.disposition}} ${{event.effectiveDirective}} ${{new URL(event.blockedURI, location).hostname}}`));
    document.addEventListener('consent:change', (event) => {{
        window.changes += 1;
        if (window.keepsThePage) event.preventDefault();
    }});
</script>
{head}{scripts}</head><body>{banner}
<script nonce="{NONCE}">
    for (const origin of {origins}) {{
        const host = new URL(origin).hostname;
        const image = new Image(), frame = document.createElement('iframe');
        window.awaited += 2;
        image.onload = () => {{ window.images.push(host); window.awaited -= 1; }};
        image.onerror = () => {{ window.awaited -= 1; }};
        image.src = origin + '/pixel'; frame.src = origin + '/frame'; document.body.append(image, frame);
        fetch(origin + '/data').then(() => window.data.push(host), () => {{}}).finally(() => {{ window.awaited -= 1; }});
    }}
</script>
<footer>{footer}</footer></body></html>"#,
        origins = serde_json::to_string(&app.origin).expect("text")
    );
    let mut answer = ([(header::ETAG, tag)], Html(html)).into_response();
    if let Some(own) = app.own {
        answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, own.parse().expect("a value"));
    }
    answer
}

/// Chooses these services through the API, from the page.
async fn choose(browser: &Browser, services: &[&str]) {
    let call = "const done = arguments[arguments.length - 1];
        fetch('/privacy/api/choice', { method: 'POST', headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ revision: 1, grant_services: arguments[0] }) }).then((answer) => done(answer.status));";
    assert_eq!(browser.run_async(call, vec![json!(services)]).await, 200);
}

const OWN: &str = "default-src 'self'; script-src 'self' https: 'nonce-c2l0ZQ'; img-src * data:; frame-src *; connect-src *; \
                   style-src 'self'";

async fn whole_story(engine: Engine) {
    let options =
        Options { engine, hosts: ["example.test", PAY, CHAT, ADS].map(str::to_owned).into(), ..Options::default() };
    let Some(browser) = Browser::start_with(options).await else { return };
    let world = World::start(Style::Careless, Some(OWN), |csp| csp).await;

    // Nobody has decided: what is essential loads, and nothing else is even asked for.
    world.open(&browser).await;
    world.assert_loads(&browser, &["pay"]).await;
    let violations = browser.run("return window.violations").await;
    for directive in ["script-src-elem", "img-src", "frame-src", "connect-src"] {
        let blocked = format!("enforce {directive} {ADS}");
        assert!(violations.as_array().expect("a list").contains(&json!(blocked)), "{blocked} in {violations}");
    }

    // One is allowed, the other refused.
    choose(&browser, &["chat"]).await;
    world.take_asked();
    world.open(&browser).await;
    world.assert_loads(&browser, &["chat", "pay"]).await;

    // Withdrawn in the page: it is loaded anew, and the page that the browser has kept is not shown as it was.
    browser.run("window.isTheOldPage = true").await;
    browser.click("footer button[value=withdraw]").await;
    browser.wait_until("!window.isTheOldPage && document.readyState === 'complete'").await;
    settled(&browser).await;
    world.assert_loads(&browser, &["pay"]).await;
    world.open(&browser).await;
    world.assert_loads(&browser, &["pay"]).await;
    drop(world.vendors);
    browser.close().await;
}

#[tokio::test]
async fn a_refused_service_loads_nothing_in_chromium() {
    whole_story(Engine::Chromium).await;
}

#[tokio::test]
async fn a_refused_service_loads_nothing_in_firefox() {
    whole_story(Engine::Firefox).await;
}

#[tokio::test]
async fn what_waits_for_consent_runs_after_a_click_and_once() {
    let Some(browser) = Browser::start().await else { return };
    let world = World::start(Style::Waiting, Some(OWN), |csp| csp).await;

    // A refusal of what was not open changes nothing in the page: it stays.
    world.open(&browser).await;
    browser.run("window.isTheOldPage = true").await;
    browser.click("button[value=reject-all]").await;
    browser.wait_until("window.changes === 1").await;
    assert_eq!(browser.run("return window.isTheOldPage").await, true);
    assert_eq!(browser.run("return [window.ran, window.woken]").await, json!([[PAY], []]));

    // A grant loads it anew: this page was told what it may load when it was sent.
    browser.forget_cookies().await;
    world.open(&browser).await;
    world.take_asked();
    browser.run("window.isTheOldPage = true").await;
    browser.click("button[value=accept-all]").await;
    browser.wait_until("!window.isTheOldPage && document.readyState === 'complete'").await;
    settled(&browser).await;
    browser.wait_until("window.woken.length === 2").await;
    assert_eq!(
        browser.run("return [window.ran.sort(), window.woken]").await,
        json!([[ADS, CHAT, PAY], ["chat", "ads"]])
    );
    assert_eq!(browser.run("return window.violations").await, json!([]));

    // An application that keeps the page has what its header lets in, and the rest after the next load.
    browser.forget_cookies().await;
    world.open(&browser).await;
    browser.run("window.isTheOldPage = window.keepsThePage = true").await;
    browser.click("button[value=accept-all]").await;
    browser.wait_until("window.woken.length === 2").await;
    assert_eq!(browser.run("return [window.isTheOldPage, window.changes, window.ran]").await, json!([true, 1, [PAY]]));
    assert_eq!(browser.run("return document.querySelectorAll('[data-consent-banner]').length").await, 0);
    world.open(&browser).await;
    browser.wait_until("window.woken.length === 2").await;
    assert_eq!(browser.run("return window.ran.sort()").await, json!([ADS, CHAT, PAY]));

    // The pages of the library's own load nothing of a service: they stay, and say what was done.
    browser.goto(&world.site.url(HOST, "/privacy")).await;
    browser.run("window.isTheOldPage = true").await;
    browser.click("button[value=withdraw]").await;
    browser.wait_until("document.querySelector('[data-consent-status]').textContent").await;
    assert_eq!(browser.run("return window.isTheOldPage").await, true);
    browser.close().await;
}

/// The application trusts a script, and what that loads; the header does not.
#[tokio::test]
async fn a_trusted_script_loads_nothing_refused() {
    let Some(browser) = Browser::start().await else { return };
    let strict =
        "script-src 'nonce-c2l0ZQ' 'strict-dynamic' 'unsafe-inline' https:; object-src 'none'; base-uri 'none'";
    let world = World::start(Style::Loader, Some(strict), |csp| csp).await;
    world.open(&browser).await;
    world.assert_loads(&browser, &["pay"]).await;
    choose(&browser, &["ads"]).await;
    world.open(&browser).await;
    world.assert_loads(&browser, &["ads", "pay"]).await;
    browser.close().await;
}

/// Where the application has no policy of its own its inline scripts need a word of the base sources; and nothing that it
/// forbids is opened.
#[tokio::test]
async fn never_weaker_than_the_applications_own() {
    let Some(browser) = Browser::start().await else { return };
    let inline = |csp: ContentSecurityPolicy| {
        csp.sources(tower_consent::Load::Scripts, ["'self'", "'unsafe-inline'"]).expect("sources")
    };
    let world = World::start(Style::Careless, None, inline).await;
    world.open(&browser).await;
    world.assert_loads(&browser, &["pay"]).await;

    // What the application forbids stays forbidden, essential or not.
    let own = "script-src 'nonce-c2l0ZQ' 'self'; img-src data:; frame-src 'none'; connect-src 'self'";
    let world = World::start(Style::Careless, Some(own), |csp| csp).await;
    world.open(&browser).await;
    world.assert_loads(&browser, &[]).await;
    browser.close().await;
}

#[tokio::test]
async fn report_only_forbids_nothing() {
    let Some(browser) = Browser::start().await else { return };
    let world = World::start(Style::Careless, Some(OWN), ContentSecurityPolicy::report_only).await;
    world.open(&browser).await;
    world.assert_loads(&browser, &["ads", "chat", "pay"]).await;
    let violations = browser.run("return window.violations").await;
    assert!(
        violations.as_array().expect("a list").contains(&json!(format!("report script-src-elem {ADS}"))),
        "{violations}"
    );
    browser.close().await;
}
