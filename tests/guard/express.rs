//! Before a real site: Express with its sessions, as `tests/all` installs them.

use std::{
    env,
    io::{self, BufRead, BufReader, Write},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    driver,
    visitor::{Browser, Front, LONG, PROTOCOLS, full},
};

struct Express {
    child: Child,
    addr: SocketAddr,
}

impl Drop for Express {
    fn drop(&mut self) {
        self.child.kill().unwrap_or(());
        drop(self.child.wait());
    }
}

impl Express {
    /// `None` where Express is not installed, which with `CI=true` is a panic.
    fn start() -> Option<Self> {
        let modules = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../npm/node_modules");
        if !modules.join("express").exists() || !modules.join("express-session").exists() {
            assert!(env::var_os("CI").is_none_or(|ci| ci != "true"), "{}: tests/all installs it", modules.display());
            writeln!(io::stderr(), "skipped: Express is not installed; tests/all does that").unwrap_or(());
            return None;
        }
        let child = Command::new("node")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/guard/express.js"))
            .env("NODE_PATH", modules)
            .env("NODE_ENV", "production")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node");
        let mut express = Self { child, addr: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let mut line = String::new();
        BufReader::new(express.child.stdout.take().expect("a pipe")).read_line(&mut line).expect("its port");
        express.addr.set_port(line.trim().parse().expect("a port"));
        Some(express)
    }
}

#[tokio::test]
async fn a_shop_on_express_keeps_the_policy() {
    let Some(express) = Express::start() else { return };
    let front = Front::with(express.addr, |guard| guard.tells = true).await;
    let page = ("sec-fetch-dest", "document");
    for http2 in PROTOCOLS {
        let browser = Browser::over(http2);
        let first = browser.ask(&front, "GET", "/", &[page]).await;
        let names = |reply: &crate::visitor::Reply| {
            let mut names: Vec<_> =
                reply.cookies().iter().map(|line| line.split('=').next().unwrap().to_owned()).collect();
            names.sort();
            names
        };
        assert_eq!(names(&first), ["connect.sid"], "{first:?}");
        assert!(first.body.contains("visits: 1") && first.body.contains("allows: essential<"), "{first:?}");
        let session = first.cookies()[0].split(';').next().unwrap().to_owned();
        let second = browser.ask(&front, "GET", "/", &[page, ("cookie", &session), ("cookie", "_ga=1; odd=1")]).await;
        assert!(second.body.contains("visits: 2"), "the session goes on: {second:?}");
        assert!(second.body.contains("cookies: connect.sid<"), "{second:?}");

        let form = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
        let accept = "action=accept-all&revision=1&return=/";
        let accepted = browser.post(&front, "POST", "/privacy/choice", &form, accept).await;
        let consent = accepted.cookies()[0].split(';').next().unwrap().to_owned();
        let third = browser.ask(&front, "GET", "/", &[page, ("cookie", &consent), ("cookie", &session)]).await;
        assert_eq!(names(&third), ["_ga"], "{third:?}");
        assert!(third.body.contains("visits: 3") && third.body.contains("allows: essential, analytics<"), "{third:?}");

        // A form, a redirect, and what was stored for the session.
        let order = browser.post(&front, "POST", "/order", &[form[0], ("cookie", &session)], "what=tea").await;
        assert_eq!((order.status.as_u16(), &order.headers["location"]), (303, &"/thanks".parse().unwrap()));
        assert_eq!(browser.ask(&front, "GET", "/thanks", &[("cookie", &session)]).await.body, "You ordered tea");

        let who = browser.ask(&front, "GET", "/who", &[("x-forwarded-for", "203.0.113.7")]).await;
        let who: Value = serde_json::from_str(&who.body).expect("JSON");
        assert_eq!(who, json!({ "ip": "127.0.0.1", "protocol": "http", "host": front.addr.to_string() }));

        // Events arrive before the answer is whole.
        let answer = browser.send(front.request("GET", "/events", &[]).body(full("")).unwrap()).await;
        let mut events = answer.into_body();
        let event = timeout(LONG, events.frame()).await.expect("in time").expect("an event").expect("unbroken");
        assert_eq!(event.into_data().expect("data"), "data: one\n\n");
        assert_eq!(browser.ask(&front, "GET", "/finish", &[]).await.body, "finished");
        let rest = timeout(LONG, events.collect()).await.expect("in time").expect("unbroken");
        assert_eq!(rest.to_bytes(), "data: two\n\n");
    }
}

#[tokio::test]
async fn a_real_browser_is_asked_on_a_page_of_express() {
    let Some(express) = Express::start() else { return };
    let Some(browser) = driver::Browser::start().await else { return };
    let front = Front::before(express.addr).await;
    let names = async || {
        let mut names: Vec<_> = browser.cookies().await.into_iter().map(|cookie| cookie.name).collect();
        names.sort();
        names
    };
    browser.goto(&front.url("/?page=2")).await;
    browser.wait_until("document.querySelector('[data-consent-banner]')?.checkVisibility()").await;
    assert_eq!(names().await, ["connect.sid"]);
    let counted = "return document.body.dataset.counted || null";
    assert!(browser.run(counted).await.is_null());
    let footer = "return document.querySelector('[data-consent-footer-here] a').getAttribute('href')";
    assert!(browser.run(footer).await.as_str().expect("a link").starts_with("/privacy/"));

    browser.wait_until("[...document.scripts].some(script => script.src.endsWith('/privacy/consent.js'))").await;
    browser.run("window.isTheSamePage = true").await;
    browser.click("[data-consent-banner] button[value=accept-all]").await;
    browser.wait_until("document.body.dataset.counted === 'yes'").await;
    assert_eq!(browser.run("return window.isTheSamePage").await, true, "no page was loaded");
    browser.goto(&front.url("/")).await;
    browser.wait_until("document.querySelector('[data-consent-withdraw]')?.checkVisibility()").await;
    assert_eq!(browser.run("return document.querySelector('[data-consent-banner]')").await, Value::Null);
    assert_eq!(names().await, ["__Host-consent", "_ga", "connect.sid"]);

    browser.click("[data-consent-withdraw], button[value=withdraw]").await;
    browser.wait_until("!document.querySelector('[data-consent-withdraw]')?.checkVisibility()").await;
    browser.goto(&front.url("/")).await;
    assert_eq!(names().await, ["__Host-consent", "connect.sid"]);
    assert!(browser.text("body").await.contains("visits: 3"), "the session went on");
    browser.close().await;
}
