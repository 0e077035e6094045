//! The example, as a process, on recordings of real browsers: `record/` makes them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::LazyLock,
};

use serde_json::{Value, json};
use tower_consent::Category;

use crate::policy_of;

fn recording(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inventory").join(name)
}

/// The example. `cargo test` builds it; for this test alone it takes `cargo build --all-features --example inventory`.
static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
    // Beside `deps`, where this test is.
    let folder = std::env::current_exe().unwrap();
    let folder = folder.parent().unwrap().parent().unwrap().join("examples");
    let program = folder.join(format!("inventory{}", std::env::consts::EXE_SUFFIX));
    let age = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
    let built = age(&program);
    for source in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/inventory")).unwrap() {
        let source = age(&source.unwrap().path());
        assert!(built >= source, "the example is not built, or is old: cargo build --all-features --example inventory");
    }
    program
});

/// Runs `examples/inventory`. Whatever it is given, no value gets out.
fn inventory(arguments: &[&str]) -> Output {
    let output = Command::new(&*PROGRAM).args(arguments).output().unwrap();
    for stream in [&output.stdout, &output.stderr] {
        assert!(!String::from_utf8_lossy(stream).contains("SECRET"), "a value gets out\n{output:?}");
    }
    output
}

fn text(stream: &[u8]) -> String {
    String::from_utf8(stream.to_vec()).unwrap()
}

/// The draft of these files.
fn draft(files: &[&Path]) -> String {
    let files: Vec<_> = files.iter().map(|file| file.to_str().unwrap()).collect();
    let output = inventory(&files);
    assert!(output.status.success(), "{output:?}");
    text(&output.stdout)
}

/// Runs the check: how it ends, and what it lists.
fn check(policy: &str, file: &Path) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.toml");
    fs::write(&path, policy).unwrap();
    let output = inventory(&["--check", path.to_str().unwrap(), file.to_str().unwrap()]);
    (output.status.code(), text(&output.stdout))
}

#[test]
fn a_recording_becomes_a_policy() {
    for file in ["chromium.har", "firefox.har"] {
        let file = recording(file);
        let recorded = fs::read_to_string(&file).unwrap();
        assert!(recorded.matches("SECRET").count() > 20, "the values are there to be told");
        for path in ["/tmp", "/home", "/root", "C:\\"] {
            assert!(!recorded.contains(path), "{path} in {}", file.display());
        }
        let text = draft(&[&file]);
        let policy = policy_of(&text);
        for (name, target) in [
            ("sessionid", Some((Category::ESSENTIAL, None))),
            ("csrftoken", Some((Category::ESSENTIAL, None))),
            ("django_language", Some((Category::FUNCTIONAL, None))),
            ("_ga", Some((Category::ANALYTICS, None))),
            ("_ga_ABC123DEF4", Some((Category::ANALYTICS, None))),
            ("_fbp", Some((Category::MARKETING, None))),
            ("_hjSessionUser_1234567", Some((Category::FUNCTIONAL, Some("hotjar")))),
            ("promo_box", None),
            ("seen_intro", None),
            ("tracker_id", None),
        ] {
            assert_eq!(policy.lookup(name.as_bytes()), target, "{name}\n{text}");
        }
        assert!(text.contains("\n#   pixel.tracker.test: tracker_id\n"), "{text}");
        assert!(text.contains("promo_box: 1 in requests") || text.contains("promo_box: 2 in requests"), "{text}");
        assert!(text.contains("auth_cookies = [\n") && text.contains("\n    \"sessionid\",\n"), "{text}");

        // With the draft as policy only the questions are left; once they are answered nothing is.
        let (code, listed) = check(&text, &file);
        let names: Vec<_> = listed.lines().map(|line| line.split(':').next().unwrap()).collect();
        assert_eq!((code, &names[..]), (Some(1), &["promo_box", "seen_intro"][..]), "{listed}");
        let answered = text
            .replace("\n#[[cookies]]\n#name", "\n[[cookies]]\nname")
            .replace("\n#category = \"\"", "\ncategory = \"functional\"");
        assert_eq!(check(&answered, &file), (Some(0), String::new()));
    }
}

#[test]
fn several_files_and_other_hosts_go_together() {
    let (chromium, firefox) = (recording("chromium.har"), recording("firefox.har"));
    let both = draft(&[&chromium, &firefox]);
    policy_of(&both);
    let host = inventory(&["--host", "Tracker.test", chromium.to_str().unwrap()]);
    let text = text(&host.stdout);
    assert!(text.contains("#   www.shop.test: "), "{text}");
    assert!(text.contains("#name = \"tracker_id\"") || text.contains("name = \"tracker_id\""), "{text}");
    assert_eq!(policy_of(&text).lookup(b"sessionid"), None);
}

/// A check of hosts that the recording never asks is no check; a host is read as a URL has it.
#[test]
fn a_host_that_is_not_there_is_told() {
    let file = recording("chromium.har");
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.toml");
    fs::write(&policy, "").unwrap();
    let with = |host: &str| {
        let output = inventory(&["--host", host, "--check", policy.to_str().unwrap(), file.to_str().unwrap()]);
        (output.status.code(), text(&output.stderr))
    };
    for host in ["shop.test", "WWW.shop.test", "www%2Eshop.test"] {
        assert_eq!(with(host).0, Some(1), "{host}");
    }
    for host in ["shop.example", "op.test", "notshop.test", "127.0.0.1", "[::1]"] {
        let (code, said) = with(host);
        assert_eq!((code, said.contains("no request")), (Some(2), true), "{host}: {said}");
    }
    for host in ["", "shop.test:8080", "https://shop.test", "::1", "shop test"] {
        let (code, said) = with(host);
        assert_eq!((code, said.contains(&format!("{host:?}"))), (Some(2), true), "{host}: {said}");
    }
}

/// A recording of one exchange.
fn har(request: Value, response: Value) -> Value {
    let mut request = request;
    request["url"] = json!("https://www.example.com/");
    json!({ "log": { "version": "1.2", "entries": [
        { "startedDateTime": "2026-11-22T09:00:00.000+01:00", "request": request, "response": response },
    ] } })
}

fn in_file(content: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("visit.har");
    fs::write(&path, content).unwrap();
    (folder, path)
}

/// Files may be named in any order.
#[test]
fn the_first_day_is_the_earliest() {
    let on = |day: &str| {
        let mut har = har(json!({ "headers": [{ "name": "cookie", "value": "a=SECRET" }] }), json!({}));
        har["log"]["entries"][0]["startedDateTime"] = json!(format!("{day}T09:00:00Z"));
        in_file(har.to_string().as_bytes())
    };
    let ((_one, early), (_other, late)) = (on("2026-10-01"), on("2026-11-22"));
    for files in [[&*early, &*late], [&late, &early]] {
        let text = draft(&files);
        assert!(text.contains("# Seen from 2026-10-01 to 2026-11-22: 1 names"), "{text}");
    }
}

/// The shapes in which browsers have written the same thing.
#[test]
fn all_shapes_of_cookies_are_read() {
    let shapes = [
        (
            "lines, joined as Chrome joins them",
            har(
                json!({ "headers": [{ "name": "cookie", "value": "shown=SECRET; more=SECRET" }] }),
                json!({ "headers": [{ "name": "set-cookie", "value": "mine=SECRET; Path=/; Max-Age=86400; Secure\nother=SECRET" }] }),
            ),
        ),
        (
            "lists alone, as where header fields are left out",
            har(
                json!({ "headers": [], "cookies": [{ "name": "shown", "value": "SECRET" }, { "name": "more", "value": "SECRET" }] }),
                json!({ "cookies": [
                { "name": "mine", "value": "SECRET", "path": "/", "expires": "2026-11-23T08:00:00Z", "secure": true, "httpOnly": false },
                { "name": "other", "value": "SECRET", "expires": -1, "domain": null, "sameSite": "" },
            ] }),
            ),
        ),
        (
            "both: the lines count",
            har(
                json!({ "headers": [{ "name": "Cookie", "value": "shown=SECRET; more=SECRET" }], "cookies": [{ "name": "shown", "value": "SECRET" }] }),
                json!({
                    "headers": [
                        { "name": "Set-Cookie", "value": "mine=SECRET; Path=/; Max-Age=86400; Secure" },
                        { "name": "Set-Cookie", "value": "other=SECRET" },
                    ],
                    "cookies": [{ "name": "mine", "value": "SECRET" }],
                }),
            ),
        ),
    ];
    for (why, shape) in shapes {
        let (_folder, path) = in_file(&[b"\xef\xbb\xbf", serde_json::to_vec(&shape).unwrap().as_slice()].concat());
        let text = draft(&[&path]);
        for line in [
            "# mine: set 1 time; Secure, no SameSite; lives 24 hours; host-only, Path=/\n",
            "# more: 1 in requests\n",
            "# other: set 1 time; no SameSite; ends with the browser session; host-only, no Path\n",
            "# shown: 1 in requests\n",
        ] {
            assert!(text.contains(line), "{why}: {line}{text}");
        }
    }
}

/// Every error names the file and the place, and no value.
#[test]
fn what_cannot_be_read_is_said() {
    let good = har(json!({ "headers": [{ "name": "cookie", "value": "a=SECRET" }] }), json!({}));
    let mut no_date = good.clone();
    no_date["log"]["entries"][0]["startedDateTime"] = json!("SECRET");
    let mut no_url = good.clone();
    no_url["log"]["entries"][0]["request"]["url"] = json!("SECRET");
    let control = har(json!({ "headers": [{ "name": "cookie", "value": "a=SECRET\u{1}" }] }), json!({}));
    let number = har(json!({ "headers": [{ "name": "cookie", "value": ["SECRET"] }] }), json!({}));
    for (content, place) in [
        (b"{\"log\": {\"SECRET\"".to_vec(), ":1:17: the file ends too early"),
        (b"{\n  SECRET".to_vec(), ":2:3: not JSON"),
        (b"{\"other\": \"SECRET\"}".to_vec(), ":1:19: missing field `log`"),
        (b"{\"log\": \"SECRET\"}".to_vec(), ":1:16: something else stands here than HAR 1.2 has"),
        (number.to_string().into_bytes(), ": something else stands here than HAR 1.2 has"),
        (no_date.to_string().into_bytes(), ": entry 1: startedDateTime is not a date of RFC 3339"),
        (no_url.to_string().into_bytes(), ": entry 1: request.url: relative URL without a base"),
        (control.to_string().into_bytes(), ": entry 1: a cookie field with a control character"),
    ] {
        let (_folder, path) = in_file(&content);
        let output = inventory(&[path.to_str().unwrap()]);
        let said = text(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{said}");
        assert!(said.starts_with(path.to_str().unwrap()) && said.contains(place), "{said} lacks {place}");
    }
    for arguments in [&[][..], &["--host"], &["--unknown", "x.har"], &["no-such-file.har"]] {
        let output = inventory(arguments);
        assert_eq!((output.status.code(), output.stderr.is_empty()), (Some(2), false), "{arguments:?}");
    }
    // A recording without cookies would pass every check.
    let (_folder, path) = in_file(har(json!({}), json!({})).to_string().as_bytes());
    assert_eq!(check("", &path).0, Some(2));
    assert_eq!(inventory(&[path.to_str().unwrap()]).status.code(), Some(0));
    assert_eq!(check("unknown_field = 1", &recording("chromium.har")).0, Some(2));
}
