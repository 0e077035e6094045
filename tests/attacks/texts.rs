//! Header and markup injection through the policy: whatever somebody writes into its texts, names and addresses is refused
//! when it is built, with place and value, or harmless in every answer.

use std::{cell::Cell, collections::BTreeSet};

use proptest::{prelude::*, test_runner::TestCaseError};
use tower_consent::{
    About, CategoryEntry, ConfigError, ConsentCookie, ConsentPages, ContentSecurityPolicy, CookieRule, Load,
    MemoryStore, Policy, PolicyBuilder, Revision, RuleTarget, Scope, ServiceEntry, Text, TokenRules,
};
use url::Url;

use crate::{
    site::{FORM, KEY, Site, TOKEN, server},
    splitting::assert_sound,
    wire::{Answer, BOTH, HOST, Protocol},
};

/// What would mean something in a header, a cookie, a Content-Security-Policy, HTML, JSON, a script, a template or an
/// address.
const HOSTILE: [&str; 46] = [
    "\r\nset-cookie: evil=1\r\n",
    "\r\n\r\n<evil>",
    "\n",
    "\r",
    "\0",
    "\t",
    "\u{7f}",
    " ",
    ";",
    "; Secure; Domain=evil.example",
    "; script-src *",
    ",",
    ", default-src *",
    "=",
    "\"",
    "'",
    "`",
    "\\",
    "\\\"",
    "<evil onload=evil()>",
    "<script>evil()</script>",
    "</script><evil>",
    "</title><evil>",
    "</textarea><evil>",
    "<!--<evil>",
    "--><evil>",
    "]]><evil>",
    "\"><evil>",
    "'><evil>",
    "\" onclick=\"evil()\" x=\"",
    "' onclick='evil()' x='",
    "&lt;evil&gt;",
    "&#60;evil&#62;",
    "&#x0a;",
    "{evil}",
    "{{ evil }}",
    "{% evil %}",
    "\u{2028}evil()",
    "\u{202e}live",
    "\u{feff}",
    "javascript:evil()",
    "//evil.example",
    "/\\evil.example",
    "%0d%0aset-cookie: evil=1",
    "%3Cevil%3E",
    "@evil.example",
];

/// The places of a policy that are checked, each with a value that passes.
const CHECKED: [(&str, &str); 18] = [
    ("about.privacy_policy", "/policy"),
    ("about.imprint", "https://example.com/imprint"),
    ("about.recipients", "/recipients"),
    ("services[0].privacy_policy", "https://video.example/privacy"),
    ("services[0].hosts[0]", "https://cdn.video.example:8443"),
    ("services[0].name", "youtube"),
    ("categories[0].name", "social"),
    ("site_domain", "example.com"),
    ("consent_cookie.name", "__Secure-consent"),
    ("consent_cookie.domain", "example.com"),
    ("tokens.cookie", "__Host-token"),
    ("cookies[0].name", "_ga"),
    ("cookies[0].scopes[0].domain", "www.example.com"),
    ("cookies[0].scopes[0].path", "/shop"),
    ("cookies[0].category", "analytics"),
    ("mac_keys[0]", "k1"),
    ("about.contact", "privacy@example.com"),
    ("stylesheet", "/own.css"),
];

/// A policy with one text everywhere, and one value at one of the checked places.
#[derive(Clone, Debug)]
struct Written {
    text: String,
    place: usize,
    value: String,
}

impl Written {
    fn at(&self, place: &str) -> &str {
        let (number, (_, usual)) = CHECKED.iter().enumerate().find(|(_, (known, _))| *known == place).unwrap();
        if number == self.place { &self.value } else { usual }
    }

    fn place(&self) -> &'static str {
        CHECKED[self.place].0
    }

    fn builder(&self) -> PolicyBuilder {
        let text = || Text::new(&*self.text).with("de", &*self.text);
        let about = About::new(text())
            .contact(self.at("about.contact"))
            .privacy_policy(self.at("about.privacy_policy"))
            .imprint(self.at("about.imprint"))
            .recipients(self.at("about.recipients"))
            .transfers(text())
            .statement(text());
        let service = ServiceEntry::new(self.at("services[0].name"), "functional")
            .label(text())
            .provider(text())
            .purpose(text())
            .transfers(text())
            .privacy_policy(self.at("services[0].privacy_policy"))
            .hosts([self.at("services[0].hosts[0]")]);
        let scope = Scope::domain(self.at("cookies[0].scopes[0].domain")).path(self.at("cookies[0].scopes[0].path"));
        let cookie = CookieRule::new(self.at("cookies[0].name"), RuleTarget::category(self.at("cookies[0].category")))
            .scope(scope)
            .purpose(text())
            .provider(text());
        Policy::builder()
            .about(about)
            .revision(Revision::new(1).on(2026, 1, 1).changes(text()))
            .revision(Revision::new(3).on(2026, 11, 1).changes(text()))
            .site_domain(self.at("site_domain"))
            .category(CategoryEntry::new("analytics").label(text()).purpose(text()))
            .category(CategoryEntry::new(self.at("categories[0].name")).label(text()).purpose(text()))
            .cookie(cookie)
            .service_entry(service)
            .consent_cookie(
                ConsentCookie::shared(self.at("consent_cookie.domain")).with_name(self.at("consent_cookie.name")),
            )
            .tokens(TokenRules::default().with_cookie_name(self.at("tokens.cookie")))
            .mac_key(self.at("mac_keys[0]"), KEY)
    }
}

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => proptest::sample::select(&HOSTILE[..]).prop_map(str::to_owned),
        1 => "[ -~]{1,6}",
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 1..4).prop_map(|pieces| pieces.concat())
}

fn written() -> impl Strategy<Value = Written> {
    (hostile(), 0..CHECKED.len(), hostile(), 0..4_u8).prop_map(|(text, place, hostile, joined)| {
        let usual = CHECKED[place].1;
        let value = match joined {
            0 => hostile,
            1 => format!("{hostile}{usual}"),
            2 => format!("{usual}{hostile}"),
            _ => format!("{usual}/{hostile}"),
        };
        Written { text, place, value }
    })
}

fn cases() -> u32 {
    if std::env::var_os("CI").is_some() { 300 } else { 60 }
}

/// What a tag has: its name, and the names of its attributes with their values, which are unescaped.
#[derive(Clone, Debug, PartialEq)]
struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

/// The tags and the text of a page, as a browser finds them (HTML, section 13.2.5), without the states that no page of ours
/// reaches: those are a panic.
fn markup(html: &str) -> (Vec<Tag>, String) {
    let (mut tags, mut text, mut rest) = (Vec::new(), String::new(), html);
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        rest = match after.chars().next() {
            Some('a'..='z' | 'A'..='Z') => {
                let (tag, behind) = tag(after);
                let is_raw = matches!(tag.name.as_str(), "script" | "style" | "title" | "textarea");
                let end = format!("</{}", tag.name);
                tags.push(tag);
                if is_raw {
                    // What stands inside is text up to the first end tag of the name.
                    let at = behind.to_ascii_lowercase().find(&end).expect("an end tag");
                    text.push_str(&behind[..at]);
                    &behind[at..]
                } else {
                    behind
                }
            }
            Some('/') => after.split_once('>').expect("an end tag").1,
            Some('!') if after.to_ascii_lowercase().starts_with("!doctype html>") => &after[14..],
            Some('!' | '?') => panic!("a comment: {after}"),
            // No tag begins here.
            _ => {
                text.push('<');
                after
            }
        };
    }
    text.push_str(rest);
    (tags, unescaped(&text))
}

fn tag(text: &str) -> (Tag, &str) {
    let is_end = |next: char| next.is_ascii_whitespace() || matches!(next, '/' | '>');
    let (name, mut rest) = text.split_at(text.find(is_end).expect("a whole tag"));
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|next: char| next.is_ascii_whitespace() || next == '/');
        if let Some(behind) = rest.strip_prefix('>') {
            return (Tag { name: name.to_ascii_lowercase(), attributes }, behind);
        }
        let (attribute, behind) =
            rest.split_at(rest.find(|next| is_end(next) || next == '=').expect("a whole attribute"));
        let (value, behind) = match behind.strip_prefix('=') {
            None => ("", behind),
            Some(behind) => match behind.chars().next() {
                Some(quote @ ('"' | '\'')) => behind[1..].split_once(quote).expect("a quote that ends"),
                _ => behind
                    .split_at(behind.find(|next: char| next.is_ascii_whitespace() || next == '>').expect("an end")),
            },
        };
        attributes.push((attribute.to_ascii_lowercase(), unescaped(value)));
        rest = behind;
    }
}

fn unescaped(text: &str) -> String {
    const REFERENCES: [(&str, &str); 9] = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&#38;", "&"),
    ];
    let mut whole = text.to_owned();
    for (reference, character) in REFERENCES {
        whole = whole.replace(reference, character);
    }
    whole.replace("&amp;", "&")
}

/// Every tag with each of its attributes, by name.
type Vocabulary = BTreeSet<(String, String)>;

fn vocabulary(html: &str) -> Vocabulary {
    let (tags, _) = markup(html);
    let of = |tag: Tag| {
        let names: Vec<_> = tag.attributes.into_iter().map(|(name, _)| name).chain([String::new()]).collect();
        names.into_iter().map(move |name| (tag.name.clone(), name))
    };
    tags.into_iter().flat_map(of).collect()
}

/// What a visitor does, and what came of it.
async fn tour(site: &Site, written: &Written, protocol: Protocol) -> Vec<(&'static str, Answer)> {
    let cookies = format!("{}=1; sid=1; _ga=2; {TOKEN}=x", written.at("cookies[0].name"));
    let cookies: &[u8] =
        if cookies.bytes().all(|byte| matches!(byte, b' '..=b'~')) { cookies.as_bytes() } else { b"_ga=2" };
    let own: (&str, &[u8]) = ("sec-fetch-site", b"same-origin");
    let page: (&str, &[u8]) = ("sec-fetch-dest", b"document");
    let mut answers = Vec::new();
    for what in [
        "/privacy/",
        "/privacy/cookies",
        "/privacy/update",
        "/privacy/your-data",
        "/privacy/?return=/x",
        "/page",
        "/film",
        "/gated",
        "/privacy/api/state",
        "POST /login",
    ] {
        answers.push((what, site.ask(protocol, what, &[("cookie", cookies), page], b"").await));
    }
    let german = [("accept-language", &b"de"[..]), ("cookie", cookies)];
    answers.push(("in German", site.ask(protocol, "/privacy/cookies", &german, b"").await));
    for (what, form) in [
        ("a grant", "action=accept-all&revision=3"),
        ("a refusal", "action=reject-all"),
        ("an old form", "action=accept-all&revision=1"),
        ("no form", "action=evil"),
    ] {
        let fields = [own, ("content-type", FORM), ("cookie", cookies)];
        answers.push((what, site.ask(protocol, "POST /privacy/choice", &fields, form.as_bytes()).await));
    }
    let (_, signed_in) = answers.iter().find(|(what, _)| *what == "POST /login").unwrap();
    if let Some(token) = signed_in.sets(written.at("tokens.cookie")) {
        let pair = format!("{}={token}", written.at("tokens.cookie"));
        let answer = site.ask(protocol, "POST /logout", &[("cookie", pair.as_bytes())], b"").await;
        assert_eq!(answer.lines("clear-site-data"), ["\"cache\", \"storage\""]);
        answers.push(("a log-out", answer));
    }
    answers
}

async fn site(written: &Written, policy: Policy) -> Site {
    let sheet = written.at("stylesheet").to_owned();
    Site::with(policy, |pages| pages.with_stylesheet(sheet), &server()).await
}

fn assert_harmless(written: &Written, known: &Vocabulary, answers: &[(&str, Answer)]) {
    let cookies =
        [written.at("consent_cookie.name"), written.at("tokens.cookie"), written.at("cookies[0].name"), "_ga"];
    let mut shown = String::new();
    for (what, answer) in answers {
        // Under another name the service that the film needs is not in the policy, which is the application's mistake.
        let is_renamed = *what == "/film" && written.at("services[0].name") != "youtube";
        assert!(answer.status < 500 || is_renamed, "{what}: {answer:?}");
        assert_sound(answer, &cookies);
        for line in answer.lines("set-cookie") {
            for (name, value) in line.split("; ").skip(1).filter_map(|part| part.split_once('=')) {
                let expected = match name {
                    "Domain" => vec![
                        written.at("site_domain"),
                        written.at("consent_cookie.domain"),
                        written.at("cookies[0].scopes[0].domain"),
                    ],
                    "Path" => vec!["/", written.at("cookies[0].scopes[0].path")],
                    "SameSite" => vec!["Lax"],
                    _ => continue,
                };
                let value = value.replace("\\\\", "\\");
                assert!(expected.contains(&value.as_str()), "{what}: {line}");
            }
        }
        for line in answer.lines("content-security-policy") {
            assert!(!line.contains(','), "{what}: {line}");
            for directive in line.split(';') {
                let mut words = directive.split_ascii_whitespace();
                let name = words.next().unwrap();
                assert!(
                    name.ends_with("-src") || ["form-action", "base-uri", "frame-ancestors"].contains(&name),
                    "{line}"
                );
                for source in words {
                    let is_usual = ["'self'", "'none'", "data:", "blob:"].contains(&source);
                    assert!(is_usual || source == written.at("services[0].hosts[0]"), "{what}: {source} in {line}");
                }
            }
        }
        let kind = answer.field("content-type").unwrap_or_default();
        if kind.starts_with("text/html") {
            let (tags, text) = markup(answer.text());
            shown.push_str(&text);
            for word in vocabulary(answer.text()) {
                assert!(known.contains(&word), "{what}: {word:?} in {}", answer.text());
            }
            tags.iter().for_each(|tag| assert_leads_nowhere(tag, what));
        } else if kind.contains("json") {
            let _parsed = answer.json();
        }
    }
    // Harmless, and there: nobody has thrown it away.
    assert!(shown.contains(&written.text), "{:?} is shown nowhere", written.text);
}

/// Links lead to this site by a path, to an address with `https`, or to a mail; scripts and forms to this site alone.
fn assert_leads_nowhere(tag: &Tag, what: &str) {
    let base = Url::parse(&format!("https://{HOST}/privacy/")).unwrap();
    for (name, value) in &tag.attributes {
        if !["href", "src", "action", "formaction", "data-consent-api"].contains(&name.as_str()) {
            continue;
        }
        // A style sheet from elsewhere is what the pages' own Content-Security-Policy forbids.
        if tag.name == "link" {
            continue;
        }
        let is_said = name == "href" && (value.starts_with("https://") || value.starts_with("mailto:"));
        let is_own = value.starts_with('/') && base.join(value).is_ok_and(|url| url.host_str() == Some(HOST));
        assert!(is_said || is_own, "{what}: {tag:?}");
        assert!(name == "href" || is_own, "{what}: {tag:?}");
    }
    if tag.name == "script" {
        assert!(tag.attributes.iter().any(|(name, value)| name == "src" && value == "/privacy/consent.js"), "{tag:?}");
    }
    for (name, value) in tag.attributes.iter().filter(|(name, _)| name == "data-consent-state") {
        let state: serde_json::Value = serde_json::from_str(value).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(state.is_object(), "{state}");
    }
}

/// An error says where, and what; and is one line whatever stood there.
fn assert_told(written: &Written, error: &ConfigError) {
    let said = error.to_string();
    assert_eq!(error.value(), written.at(written.place()), "{said}");
    let place = error.place();
    // The category of a rule is declared in a list of its own, and a key is told by its id.
    assert_eq!(place.replace("categories[1]", "categories[0]"), written.place(), "{said}");
    assert!(said.contains(place) && said.contains(&format!("{:?}", error.value())), "{said}");
    assert!(!said.chars().any(char::is_control), "{said:?}");
}

#[test]
fn policies_with_hostile_texts_are_refused_or_harmless() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let plain = Written { text: "a text".to_owned(), place: 0, value: CHECKED[0].1.to_owned() };
    let known: Vocabulary = runtime.block_on(async {
        let site = site(&plain, plain.builder().build().unwrap()).await;
        let answers = tour(&site, &plain, Protocol::Http1).await;
        assert!(answers.iter().any(|(what, answer)| *what == "a grant" && answer.status == 303));
        let html = answers
            .iter()
            .filter(|(_, answer)| answer.field("content-type").is_some_and(|kind| kind.starts_with("text/html")));
        let mut known: Vocabulary = html.flat_map(|(_, answer)| vocabulary(answer.text())).collect();
        assert_harmless(&plain, &known, &answers);
        // A contact that is no address is text and no link, and the other way round.
        known.extend([("a".to_owned(), "href".to_owned()), ("bdi".to_owned(), String::new())]);
        known
    });
    let (refused, harmless) = (Cell::new(0), Cell::new(0));
    let config = ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(written in written(), http2: bool)| {
        let protocol = BOTH[usize::from(http2)];
        match written.builder().build() {
            Err(error) => {
                assert_told(&written, &error);
                refused.set(refused.get() + 1);
            }
            Ok(policy) => {
                let outcome = runtime.block_on(async {
                    let site = site(&written, policy).await;
                    tour(&site, &written, protocol).await
                });
                assert_harmless(&written, &known, &outcome);
                harmless.set(harmless.get() + 1);
            }
        }
        Ok::<(), TestCaseError>(())?;
    });
    assert!(refused.get() > cases() / 10 && harmless.get() > cases() / 10, "{refused:?} {harmless:?}");
}

/// Each hostile text alone at each checked place: the property tries mixtures, and may miss one.
#[test]
fn every_place_refuses_what_would_break_out() {
    let breaks = ["\r\nset-cookie: evil=1", "\n", "\0", ";", ", *", " ", "\"", "<evil>"];
    for (place, (name, usual)) in CHECKED.iter().enumerate() {
        for hostile in breaks {
            let value = format!("{usual}{hostile}");
            let written = Written { text: "a".to_owned(), place, value };
            match written.builder().build() {
                Err(error) => assert_told(&written, &error),
                // A text, an address of the application's own that is escaped, or what cannot leave its place.
                Ok(_) => {
                    let is_escaped = ["about.contact", "stylesheet"].contains(name)
                        || (usual.contains('/') && !name.contains("scopes") && *hostile == *";");
                    let is_no_end = (*name == "cookies[0].name" && [" ", "\"", ", *", "<evil>"].contains(&hostile))
                        || (*name == "cookies[0].scopes[0].path" && ["\"", "<evil>"].contains(&hostile));
                    assert!(is_escaped || is_no_end, "{name} takes {:?}", written.value);
                }
            }
        }
    }
}

/// A contact is any text. One that browsers would take for the address of another site is no link.
#[tokio::test]
async fn contacts_that_lead_elsewhere_are_text() {
    let place = CHECKED.iter().position(|(place, _)| *place == "about.contact").unwrap();
    for (contact, is_link) in [
        ("privacy@example.com", true),
        ("/contact?topic=privacy", true),
        ("https://example.com/contact", true),
        ("datenschutz@b\u{fc}cher.example", true),
        ("/\\evil.example", false),
        ("/\t/evil.example", false),
        ("/\n/evil.example", false),
        ("//evil.example", false),
        ("\\\\evil.example", false),
        (" //evil.example", false),
        ("javascript:evil()//@", false),
        ("java\nscript:evil()", false),
        ("data:text/html,@", false),
        ("a\r\nbcc:b@example.com", false),
        ("a@example.com?bcc=b@example.com", false),
        ("a@example.com\n", false),
        ("Example Road 1, Dublin", false),
    ] {
        let written = Written { text: "a".to_owned(), place, value: contact.to_owned() };
        let site = site(&written, written.builder().build().unwrap()).await;
        let answer = site.ask(Protocol::Http1, "/privacy/", &[], b"").await;
        let (tags, text) = markup(answer.text());
        tags.iter().for_each(|tag| assert_leads_nowhere(tag, contact));
        assert!(text.contains(contact), "{contact:?} is not shown: {text}");
        let led: Vec<_> = tags.iter().flat_map(|tag| &tag.attributes).filter(|(name, _)| name == "href").collect();
        let has_link = led.iter().any(|(_, value)| *value == contact || *value == format!("mailto:{contact}"));
        assert_eq!(has_link, is_link, "{contact:?}: {led:?}");
    }
}

/// What is set beside the policy is held to the same.
#[test]
fn settings_beside_the_policy() {
    for hostile in HOSTILE {
        for (value, load) in [(format!("cdn.example.com{hostile}"), Load::Scripts), (hostile.to_owned(), Load::Images)]
        {
            let built = ContentSecurityPolicy::new().sources(load, [value.clone()]);
            let is_plain = value.bytes().all(|byte| byte.is_ascii_graphic() && !b";,'\"".contains(&byte));
            match built {
                Ok(_) => assert!(is_plain, "{value:?}"),
                Err(error) => assert!(error.to_string().contains(&format!("{value:?}")), "{error}"),
            }
        }
        for link in [format!("/reports{hostile}"), hostile.to_owned()] {
            let is_plain = link.bytes().all(|byte| byte.is_ascii_graphic() && !b";,".contains(&byte));
            match ContentSecurityPolicy::new().report_uri(&link) {
                Ok(_) => assert!(is_plain && !link.starts_with("//"), "{link:?}"),
                Err(error) => assert!(error.to_string().contains(&format!("{link:?}")), "{error}"),
            }
        }
        assert!(ContentSecurityPolicy::new().report_to(&format!("end{hostile}")).is_err(), "{hostile:?}");
        let pages = || ConsentPages::at("/privacy", MemoryStore::new());
        let origin = format!("https://app.example.com{hostile}");
        assert!(pages().with_trusted_origins([&origin]).is_err(), "{origin:?}");
        // A path is brought into a form in which it can stand anywhere.
        let path = ConsentPages::at(&format!("/privacy{hostile}"), MemoryStore::new()).path().to_owned();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~!$()*+,=:@%".contains(&byte);
        assert!(path.starts_with("/privacy") && path.bytes().all(is_plain), "{path:?}");
        assert!(!path.contains("//"), "{path:?}");
    }
}
