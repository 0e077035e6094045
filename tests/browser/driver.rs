//! A real Chromium or Firefox, driven over `WebDriver`.
//!
//! Every [`Browser`] has its own driver process, its own profile and its own
//! cookies, so tests may run side by side. It ends with the value that owns it,
//! also when the test panics.

use std::{
    fs,
    io::Write,
    net::SocketAddr,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use axum::http::Method;
use fantoccini::{
    Client, ClientBuilder, Locator,
    wd::{Capabilities, WebDriverCompatibleCommand, WindowHandle},
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::{ParseError, Url};

use crate::{
    process::{Driver, Engine, POLL},
    tls::key_digest,
};

/// How long an element or a condition may take to appear on a page.
const PAGE_PATIENCE: Duration = Duration::from_secs(10);

/// What a [`Browser`] is started with.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Which browser.
    pub(crate) engine: Engine,
    /// Chromium arguments on top of the ones every test needs.
    pub(crate) args: Vec<String>,
    /// Names that lead to this machine, each with all names below it. No other
    /// name resolves, so a test cannot reach the internet by mistake.
    pub(crate) hosts: Vec<String>,
    /// Send `DNT: 1` with every request.
    pub(crate) do_not_track: bool,
    /// Send `Sec-GPC: 1` with every request; Firefox only.
    pub(crate) global_privacy_control: bool,
    /// Let pages run scripts.
    pub(crate) javascript: bool,
    /// Keep cookies.
    pub(crate) keep_cookies: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            engine: Engine::Chromium,
            args: Vec::new(),
            hosts: vec!["example.test".to_owned()],
            do_not_track: false,
            global_privacy_control: false,
            javascript: true,
            keep_cookies: true,
        }
    }
}

impl Options {
    fn capabilities(&self, profile: &Path) -> Capabilities {
        let (name, settings) = match self.engine {
            Engine::Chromium => ("goog:chromeOptions", self.chromium(profile)),
            Engine::Firefox => ("moz:firefoxOptions", self.firefox()),
        };
        let capabilities = json!({
            // The test server's certificate is signed by nobody.
            "acceptInsecureCerts": true,
            // A hanging page should fail its test, not hold it for five minutes.
            "timeouts": { "pageLoad": 30_000, "script": 30_000 },
            name: settings,
        });
        match capabilities {
            Value::Object(map) => map,
            _ => unreachable!("the literal above is an object"),
        }
    }

    fn firefox(&self) -> Value {
        let keep_cookies = if self.keep_cookies { 0 } else { 2 };
        json!({
            "args": ["--headless", "--width=1000", "--height=700"],
            "prefs": {
                "privacy.globalprivacycontrol.enabled": self.global_privacy_control,
                "privacy.globalprivacycontrol.functionality.enabled": self.global_privacy_control,
                "privacy.donottrackheader.enabled": self.do_not_track,
                "javascript.enabled": self.javascript,
                "network.cookie.cookieBehavior": keep_cookies,
                // The test's names lead to this machine, and no other name leads anywhere.
                "network.dns.localDomains": self.hosts.iter().map(|host| format!("{host},www.{host},us.{host}"))
                    .collect::<Vec<_>>().join(","),
                "network.trr.mode": 5,
                "network.captive-portal-service.enabled": false,
                "network.connectivity-service.enabled": false,
            },
        })
    }

    fn chromium(&self, profile: &Path) -> Value {
        let mut args: Vec<String> = [
            "--headless",
            // Chromium refuses its sandbox to root and needs user namespaces for
            // it otherwise; containers often lack both. Only our own pages load.
            "--no-sandbox",
            "--disable-gpu",
            // /dev/shm is 64 MB in a default container, which crashes tabs.
            "--disable-dev-shm-usage",
            // The test server speaks TCP only.
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            // Steer Chromium through a pipe: no port of its own is opened, and it
            // ends by itself if chromedriver is killed and the pipe closes.
            "--remote-debugging-pipe",
            "--window-size=1000,700",
        ]
        .map(str::to_owned)
        .into();
        args.push(format!("--user-data-dir={}", profile.display()));
        args.push(format!("--host-resolver-rules={}", self.resolver_rules()));
        args.push(format!("--ignore-certificate-errors-spki-list={}", key_digest()));
        args.extend(self.args.iter().cloned());

        // chromedriver writes these into the profile's Preferences file.
        let mut preferences = json!({ "enable_do_not_track": self.do_not_track });
        if !self.javascript {
            // 2 means "block".
            preferences["profile.managed_default_content_settings.javascript"] = json!(2);
        }
        if !self.keep_cookies {
            preferences["profile.default_content_setting_values.cookies"] = json!(2);
        }
        json!({ "args": args, "prefs": preferences })
    }

    fn resolver_rules(&self) -> String {
        // The first rule that matches a name wins.
        let mut rules: Vec<String> = self
            .hosts
            .iter()
            .flat_map(|host| [format!("MAP {host} 127.0.0.1"), format!("MAP *.{host} 127.0.0.1")])
            .collect();
        rules.push("MAP * ~NOTFOUND".to_owned());
        rules.push("EXCLUDE 127.0.0.1".to_owned());
        rules.join(", ")
    }
}

/// A cookie as the browser stores it, `HttpOnly` ones included.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cookie {
    pub(crate) name: String,
    pub(crate) value: String,
    /// With a leading dot if the cookie was set with a `Domain`, without one if
    /// it belongs to a single host.
    pub(crate) domain: String,
    pub(crate) path: String,
    /// Seconds since 1970, or `None` for a session cookie.
    pub(crate) expires: Option<f64>,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    /// `Strict`, `Lax` or `None` as sent; `None` if the attribute was left out.
    pub(crate) same_site: Option<String>,
    pub(crate) partitioned: bool,
}

impl Cookie {
    fn from_devtools(cookie: &Value) -> Self {
        let text = |key: &str| cookie[key].as_str().map(str::to_owned);
        let flag = |key: &str| cookie[key].as_bool().unwrap_or_default();
        let required = |key: &str| text(key).unwrap_or_else(|| panic!("cookie without {key}: {cookie}"));
        Self {
            name: required("name"),
            value: required("value"),
            domain: required("domain"),
            path: required("path"),
            // Session cookies carry an `expires` of -1, so ask the flag.
            expires: cookie["expires"].as_f64().filter(|_| !flag("session")),
            secure: flag("secure"),
            http_only: flag("httpOnly"),
            same_site: text("sameSite"),
            partitioned: !cookie["partitionKey"].is_null(),
        }
    }

    /// From an `nsICookie`, as [`FIREFOX_JAR`] lists it.
    fn from_firefox(cookie: &Value) -> Self {
        let text =
            |key: &str| cookie[key].as_str().unwrap_or_else(|| panic!("cookie without {key}: {cookie}")).to_owned();
        let flag = |key: &str| cookie[key].as_bool().unwrap_or_default();
        Self {
            name: text("name"),
            value: text("value"),
            domain: text("host"),
            path: text("path"),
            expires: cookie["expiry"].as_f64().filter(|_| !flag("isSession")),
            secure: flag("isSecure"),
            http_only: flag("isHttpOnly"),
            same_site: match cookie["sameSite"].as_u64() {
                Some(0) => Some("None".to_owned()),
                Some(1) => Some("Lax".to_owned()),
                Some(2) => Some("Strict".to_owned()),
                _ => None,
            },
            partitioned: cookie["partitionKey"].as_str().is_some_and(|key| !key.is_empty()),
        }
    }
}

/// Runs inside of Firefox itself, not in a page.
const FIREFOX_JAR: &str = "return Services.cookies.cookies.map(
    ({ name, value, host, path, expiry, isSession, isSecure, isHttpOnly, sameSite, originAttributes: { partitionKey } }) =>
    ({ name, value, host, path, expiry, isSession, isSecure, isHttpOnly, sameSite, partitionKey }))";

/// A running browser with one open tab.
///
/// Methods panic when the browser reports an error: in a test, that is the
/// failure to show.
pub(crate) struct Browser {
    options: Options,
    // Fields drop from top to bottom: the processes must be gone before the
    // profile they write to is removed.
    client: Client,
    driver: Driver,
    profile: TempDir,
}

impl Browser {
    /// Starts a browser with default [`Options`]; see [`Browser::start_with`].
    pub(crate) async fn start() -> Option<Self> {
        Self::start_with(Options::default()).await
    }

    /// Starts a browser.
    ///
    /// Without its driver on this machine the result is `None` and a line
    /// says that the test is skipped. On CI (`CI=true`) it is a panic, so that a
    /// broken runner cannot pass for a green one.
    ///
    /// The environment variables `CHROMEDRIVER` and `GECKODRIVER` may name the programs to use.
    pub(crate) async fn start_with(options: Options) -> Option<Self> {
        let profile = tempfile::Builder::new().prefix("browser-test-").tempdir().expect("a folder for the profile");
        Self::start_in(profile, options).await
    }

    /// Closes the browser as a visitor does, and starts it again with the same profile.
    pub(crate) async fn restart(self) -> Self {
        let Self { options, client, mut driver, profile } = self;
        // Chromium itself ends with the session, and writes its cookies to the disk before; then chromedriver ends.
        client.close().await.expect("the browser closes");
        driver.session = None;
        tokio::task::spawn_blocking(|| drop(driver)).await.expect("chromedriver ends");
        Self::start_in(profile, options).await.expect("the driver was there a moment ago")
    }

    async fn start_in(profile: TempDir, options: Options) -> Option<Self> {
        let log = profile.path().join("driver.log");
        let engine = options.engine;

        let Some(mut driver) = Driver::start(engine, profile.path(), &log).await else {
            assert!(
                std::env::var_os("CI").is_none_or(|ci| ci != "true"),
                "{} is missing, and CI must run the browser tests",
                engine.driver()
            );
            // The print macros are swallowed in a passing test; this is not.
            let test = thread::current();
            let test = test.name().unwrap_or("browser test");
            writeln!(std::io::stderr(), "skipped {test}: {} is not installed", engine.driver()).unwrap_or(());
            return None;
        };

        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(options.capabilities(&profile.path().join("profile")))
            .connect(&format!("http://{}", driver.addr))
            .await
            .unwrap_or_else(|error| {
                let log = fs::read_to_string(&log).unwrap_or_default();
                panic!("{} opens no session: {error}\n{log}", engine.driver())
            });
        if engine == Engine::Firefox {
            let session = client.session_id().await.expect("the browser answers").expect("a session");
            driver.session = Some(format!("/session/{session}"));
        }
        Some(Self { options, client, driver, profile })
    }

    /// Ends the browser without blocking the test's other tasks.
    ///
    /// Dropping it does the same, only the thread waits meanwhile.
    pub(crate) async fn close(self) {
        tokio::task::spawn_blocking(|| drop(self)).await.expect("the browser closes");
    }

    /// Opens `url` and waits until the page has loaded.
    pub(crate) async fn goto(&self, url: &str) {
        self.client.goto(url).await.unwrap_or_else(|error| panic!("goto {url}: {error}"));
    }

    /// Goes back in the tab's history, as the browser's button does.
    pub(crate) async fn back(&self) {
        self.client.back().await.expect("the page before");
    }

    /// The address of the page.
    pub(crate) async fn address(&self) -> String {
        self.client.current_url().await.expect("an address").into()
    }

    /// Opens another tab and moves to it; gives the tab that was left.
    pub(crate) async fn open_tab(&self) -> WindowHandle {
        let left = self.client.window().await.expect("this tab");
        let tab = self.client.new_window(true).await.expect("another tab").handle;
        self.show_tab(tab).await;
        left
    }

    /// Moves to a tab.
    pub(crate) async fn show_tab(&self, tab: WindowHandle) {
        self.client.switch_to_window(tab).await.expect("the tab");
    }

    /// Types into the first element matching `css`.
    pub(crate) async fn type_into(&self, css: &str, text: &str) {
        self.element(css).await.send_keys(text).await.unwrap_or_else(|error| panic!("type into {css}: {error}"));
    }

    /// Clicks the first element matching `css`, and waits for the next page if
    /// the click leads to one.
    pub(crate) async fn click(&self, css: &str) {
        self.element(css).await.click().await.unwrap_or_else(|error| panic!("click {css}: {error}"));
    }

    /// Clicks the first element matching `css`, which leads to another page, and waits until the old one is gone.
    ///
    /// A plain click returns before a form is answered, and the next look would still see the old page.
    pub(crate) async fn follow(&self, css: &str) {
        let old = self.element("html").await;
        self.click(css).await;
        let start = Instant::now();
        while old.tag_name().await.is_ok() {
            assert!(start.elapsed() < PAGE_PATIENCE, "{css} leads nowhere");
            tokio::time::sleep(POLL).await;
        }
    }

    /// The text of the first element matching `css`, as a reader sees it: hidden
    /// text is left out.
    pub(crate) async fn text(&self, css: &str) -> String {
        self.element(css).await.text().await.unwrap_or_else(|error| panic!("text {css}: {error}"))
    }

    /// Runs `js` as a function body in the page and gives what it returns.
    pub(crate) async fn run(&self, js: &str) -> Value {
        self.client.execute(js, Vec::new()).await.unwrap_or_else(|error| panic!("run {js}: {error}"))
    }

    /// Waits until the expression `js` is true in the page.
    pub(crate) async fn wait_until(&self, js: &str) {
        let start = Instant::now();
        let script = format!("return Boolean({js});");
        while self.run(&script).await != Value::Bool(true) {
            assert!(start.elapsed() < PAGE_PATIENCE, "never came true: {js}");
            tokio::time::sleep(POLL).await;
        }
    }

    /// Every cookie in the browser, of all sites.
    ///
    /// `WebDriver` itself only shows those of the current page, and a script not
    /// even all of these, so this asks Chromium's own protocol, or Firefox itself.
    pub(crate) async fn cookies(&self) -> Vec<Cookie> {
        if self.options.engine == Engine::Firefox {
            self.context("chrome").await;
            let jar = self.run(FIREFOX_JAR).await;
            self.context("content").await;
            return jar.as_array().expect("a list of cookies").iter().map(Cookie::from_firefox).collect();
        }
        let answer = self.devtools("Storage.getCookies", json!({})).await;
        answer["cookies"]
            .as_array()
            .unwrap_or_else(|| panic!("no list of cookies: {answer}"))
            .iter()
            .map(Cookie::from_devtools)
            .collect()
    }

    /// Deletes every cookie, of all sites.
    pub(crate) async fn forget_cookies(&self) {
        if self.options.engine == Engine::Firefox {
            self.context("chrome").await;
            self.run("Services.cookies.removeAll()").await;
            return self.context("content").await;
        }
        self.devtools("Network.clearBrowserCookies", json!({})).await;
    }

    /// The cookie called `name`, which must not exist more than once.
    pub(crate) async fn cookie(&self, name: &str) -> Option<Cookie> {
        let mut found = self.cookies().await;
        found.retain(|cookie| cookie.name == name);
        assert!(found.len() < 2, "several cookies: {found:?}");
        found.pop()
    }

    /// Saves what the tab shows as a PNG image.
    pub(crate) async fn screenshot(&self, path: impl AsRef<Path>) {
        let path = path.as_ref();
        let png = self.client.screenshot().await.expect("a screenshot");
        fs::write(path, png).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Sends a command of the Chrome `DevTools` Protocol to the tab.
    pub(crate) async fn devtools(&self, method: &'static str, parameters: Value) -> Value {
        self.client.issue_cmd(DevTools { method, parameters }).await.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Runs `js` as a function body whose last argument is called with the result.
    pub(crate) async fn run_async(&self, js: &str, arguments: Vec<Value>) -> Value {
        self.client.execute_async(js, arguments).await.unwrap_or_else(|error| panic!("run {js}: {error}"))
    }

    /// Lets scripts run in Firefox itself (`chrome`), or in the page (`content`).
    async fn context(&self, context: &'static str) {
        self.client.issue_cmd(Context(context)).await.unwrap_or_else(|error| panic!("context {context}: {error}"));
    }

    /// Where the driver listens.
    pub(crate) fn driver_addr(&self) -> SocketAddr {
        self.driver.addr
    }

    /// The folder that holds everything this browser writes.
    pub(crate) fn folder(&self) -> &Path {
        self.profile.path()
    }

    async fn element(&self, css: &str) -> fantoccini::elements::Element {
        self.client
            .wait()
            .at_most(PAGE_PATIENCE)
            .for_element(Locator::Css(css))
            .await
            .unwrap_or_else(|error| panic!("no element {css}: {error}"))
    }
}

/// geckodriver's extension to `WebDriver` that leaves the page.
#[derive(Debug)]
struct Context(&'static str);

impl WebDriverCompatibleCommand for Context {
    fn endpoint(&self, base_url: &Url, session_id: Option<&str>) -> Result<Url, ParseError> {
        base_url.join(&format!("session/{}/moz/context", session_id.unwrap_or_default()))
    }

    fn method_and_body(&self, _request_url: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "context": self.0 }).to_string()))
    }
}

/// chromedriver's extension to `WebDriver` that passes a command on to Chromium.
#[derive(Debug)]
struct DevTools {
    method: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base_url: &Url, session_id: Option<&str>) -> Result<Url, ParseError> {
        let session_id = session_id.unwrap_or_default();
        base_url.join(&format!("session/{session_id}/goog/cdp/execute"))
    }

    fn method_and_body(&self, _request_url: &Url) -> (Method, Option<String>) {
        let body = json!({ "cmd": self.method, "params": self.parameters });
        (Method::POST, Some(body.to_string()))
    }
}
