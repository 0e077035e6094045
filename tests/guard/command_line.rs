//! The whole program: its command line, its keys, and its records in a file.

use std::{fs, net::Ipv4Addr};

use tempfile::TempDir;
use tokio::{net::TcpListener, task::LocalSet, time::sleep};
use tower_consent::{Records, RedbStore};

use crate::{
    guard::{self, Options},
    site::Site,
    visitor::{Browser, Front, LONG, SHORT},
};

fn read(line: &str) -> Result<Options, String> {
    Options::read(line.split_whitespace().map(str::to_owned)).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_choice_outlives_the_guard() {
    let (site, _) = Site::start().await;
    let folder = TempDir::new().expect("a folder");
    let policy = folder.path().join("policy.toml");
    let text = "auth_cookies = [\"session\"]\n[[cookies]]\nname = \"_ga\"\ncategory = \"analytics\"\n";
    fs::write(&policy, text).expect("a file");
    let data = folder.path().join("data");
    let line = format!(
        "--policy {} --data {} --upstream http://{}/ --pages /about-cookies",
        policy.display(),
        data.display(),
        site.addr
    );
    let mut consent = String::new();
    for run in 1..=2 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let front = Front::at(listener.local_addr().expect("its address"));
        let local = LocalSet::new();
        let options = read(&line).expect("a command line");
        // The error type is not `Send`.
        let server = local.spawn_local(async move { guard::run(listener, options).await.map_err(|it| it.to_string()) });
        let visit = async {
            // HTTP/2 in one, HTTP/1.1 in the other.
            let browser = Browser::over(run == 1);
            if run == 1 {
                let headers =
                    [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
                let form = "action=accept-all&revision=1&return=/";
                let answer = browser.post(&front, "POST", "/about-cookies/choice", &headers, form).await;
                assert_eq!(answer.status, 303, "{answer:?}");
                consent = answer.cookies()[0].split(';').next().expect("a pair").to_owned();
            }
            let answer = browser.ask(&front, "GET", "/", &[("cookie", &consent)]).await;
            assert!(answer.cookies().iter().any(|line| line.starts_with("_ga=")), "{run}: {answer:?}");
            // A choice that somebody else has made up opens nothing.
            let forged = format!("{}{}", &consent[..consent.len() - 1], if consent.ends_with('A') { 'B' } else { 'A' });
            assert_ne!(forged, consent);
            let answer = browser.ask(&front, "GET", "/", &[("cookie", &forged)]).await;
            assert!(!answer.cookies().iter().any(|line| line.starts_with("_ga=")), "{run}: {answer:?}");
        };
        local.run_until(visit).await;
        assert!(!server.is_finished());
        server.abort();
        drop(local);
        // Connections that end at this moment hold the file.
        let open = async {
            loop {
                match RedbStore::open(data.join("guard.redb")) {
                    Ok(store) => return store,
                    Err(_held) => sleep(SHORT / 30).await,
                }
            }
        };
        let store = tokio::time::timeout(LONG, open).await.expect("in time");
        let keys = fs::read(data.join("guard.keys")).expect("the keys");
        let records = Records::builder(store).chain_key(&keys[32..]).build();
        assert_eq!(records.latest(10).await.expect("readable").len(), 1);
        assert!(records.verify().await.expect("readable").is_intact());
    }
}

#[test]
fn a_wrong_command_line_is_refused_in_words() {
    let complete = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/policies/complete.json");
    let toml = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let site = "--upstream http://127.0.0.1:1";
    for (line, words) in [
        (String::new(), "usage: guard"),
        (site.to_owned(), "usage: guard"),
        (format!("{site} --policy"), "usage: guard"),
        (format!("{site} --policy {complete} --unknown 1"), "usage: guard"),
        (format!("{site} --policy /nowhere"), "--policy /nowhere: "),
        (format!("{site} --policy {toml}"), "unknown field"),
        (format!("--upstream https://a --policy {complete}"), "--upstream https://a: not of the form"),
        (format!("--upstream http://a/b --policy {complete}"), "--upstream http://a/b: not of the form"),
        (format!("{site} --policy {complete} --pages /"), "--pages"),
        (format!("{site} --policy {complete} --listen a"), "--listen a: "),
        (format!("{site} --policy {complete} --timeout a"), "--timeout a: "),
        (format!("{site} --policy {complete} --trust a"), "--trust: \"a\""),
    ] {
        let refused = read(&line).err();
        assert!(refused.as_ref().is_some_and(|it| it.contains(words)), "{line}: {refused:?}");
    }
    assert!(read(&format!("{site} --policy {complete} --tell --timeout 5 --trust ::1 --trust 10.0.0.0/8")).is_ok());
}
