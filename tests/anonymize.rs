//! What is cut off of addresses, user agents and referrers leaves no trace.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use tower_consent::anonymize::{self, Agent, BrowserFamily, SystemFamily};

fn cases() -> ProptestConfig {
    let cases = if std::env::var_os("CI").is_some() { 100_000 } else { 5_000 };
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

// Addresses.

#[test]
fn addresses_become_networks() {
    for (address, network) in [
        ("192.0.2.77", "192.0.2.0"),
        ("255.255.255.255", "255.255.255.0"),
        ("0.0.0.1", "0.0.0.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff::"),
        // One client, whichever socket it came to.
        ("::ffff:192.0.2.77", "192.0.2.0"),
        ("::ffff:0:192.0.2.77", "192.0.2.0"),
        ("64:ff9b::192.0.2.77", "192.0.2.0"),
        // The whole of an IPv4 address stands in the first 48 bits.
        ("2002:c000:24d:1::1", "2002:c000:200::"),
        ("2002:c000:2ff:ffff::1", "2002:c000:200::"),
        // /48 keeps none of it.
        ("64:ff9b:1:c000:2:4d00::", "64:ff9b:1::"),
        ("64:ff9b:1::192.0.2.77", "64:ff9b:1::"),
        ("::192.0.2.77", "::"),
        ("::1", "::"),
        ("2001:db8:1:2:0:5efe:192.0.2.77", "2001:db8:1::"),
        // Of Teredo half of the server's.
        ("2001:0:c000:24d:8000:63bf:3fff:fdb2", "2001:0:c000::"),
        // Neighbours of those forms are no IPv4 clients.
        ("64:ff9b::1:192.0.2.77", "64:ff9b::"),
        ("64:ff9b:0:1::192.0.2.77", "64:ff9b::"),
        ("::1:ffff:192.0.2.77", "::"),
        ("2003:c000:24d::1", "2003:c000:24d::"),
        ("fe80::1234:56ff:fe78:9abc", "fe80::"),
    ] {
        let address: IpAddr = address.parse().unwrap();
        assert_eq!(anonymize::address(address), network.parse::<IpAddr>().unwrap(), "{address}");
    }
}

fn v6(bits: u128) -> IpAddr {
    Ipv6Addr::from_bits(bits).into()
}

/// IPv6 addresses, half of them of the forms that hold an IPv4 address.
fn any_v6() -> impl Strategy<Value = u128> {
    let prefixes = prop_oneof![
        Just((0xffff_u128 << 32, 96)),
        Just((0xffff_u128 << 48, 96)),
        Just((0x64_ff9b_u128 << 96, 96)),
        Just((0x64_ff9b_0001_u128 << 80, 48)),
        Just((0x2002_u128 << 112, 16)),
        Just((0x2001_0000_u128 << 96, 32)),
        Just((0_u128, 96)),
        Just((0_u128, 0)),
        Just((0x2001_0db8_u128 << 96, 32)),
    ];
    (prefixes, any::<u128>()).prop_map(|((prefix, length), rest)| match length {
        0 => rest,
        length => prefix | (rest & (u128::MAX >> length)),
    })
}

proptest! {
    #![proptest_config(cases())]

    /// 256 IPv4 addresses have one network, and no two networks have an address in common.
    #[test]
    fn a_v4_network_hides_its_hosts(bits: u32, other: u8) {
        let network = anonymize::address(Ipv4Addr::from_bits(bits).into());
        let neighbour = Ipv4Addr::from_bits(bits & !0xff | u32::from(other));
        prop_assert_eq!(anonymize::address(neighbour.into()), network);
        prop_assert_eq!(network, IpAddr::from(Ipv4Addr::from_bits(bits >> 8 << 8)));
        prop_assert_eq!(anonymize::address(network), network);
    }

    /// The last 80 bits of an IPv6 address leave no trace, but for those forms whose last 32 are an IPv4 client.
    #[test]
    fn a_v6_network_hides_its_hosts(bits in any_v6(), other: u128) {
        let network = anonymize::address(v6(bits));
        prop_assert_eq!(anonymize::address(network), network);
        let is_v4 = matches!(network, IpAddr::V4(_));
        let hidden = if is_v4 { 0xff } else { u128::MAX >> 48 };
        prop_assert_eq!(anonymize::address(v6(bits & !hidden | other & hidden)), network);
        if let IpAddr::V6(network) = network {
            prop_assert_eq!(network.to_bits() & hidden, 0);
        }
    }

    /// Wherever 32 bits are an IPv4 address, its last eight leave no trace.
    #[test]
    fn no_form_keeps_more_than_24_bits_of_v4(client: u32, last: u8, low: u64, server: u32, prefix: u32) {
        let client = u128::from(client);
        let neighbour = client & !0xff | u128::from(last);
        let low = u128::from(low);
        let forms: [&dyn Fn(u128) -> u128; 11] = [
            &|v4| v4,
            &|v4| 0xffff << 32 | v4,
            &|v4| 0xffff << 48 | v4,
            &|v4| 0x64_ff9b << 96 | v4,
            &|v4| 0x64_ff9b_0001 << 80 | v4,
            // RFC 6052 with prefixes of 48, 40 and 32: the bits go around the 64th to 71st.
            &|v4| 0x64_ff9b_0001 << 80 | v4 >> 16 << 64 | (v4 & 0xffff) << 40,
            &|v4| u128::from(prefix | 0x2000_0000) << 96 | v4 >> 8 << 64 | (v4 & 0xff) << 48,
            &|v4| u128::from(prefix | 0x2000_0000) << 96 | v4 << 64,
            &|v4| 0x2002 << 112 | v4 << 80 | low,
            &|v4| 0x2001_0000 << 96 | u128::from(server) << 64 | !v4 & 0xffff_ffff,
            &|v4| u128::from(prefix | 0x2000_0000) << 96 | 0x5efe << 32 | v4,
        ];
        for (at, form) in forms.iter().enumerate() {
            prop_assert_eq!(anonymize::address(v6(form(client))), anonymize::address(v6(form(neighbour))), "form {}", at);
        }
        // 6rd with a /24: AT&T's 2602:300::/24.
        let rapid = |v4: u128| v6(0x26_0203 << 104 | v4 << 72 | low);
        prop_assert_eq!(anonymize::address(rapid(client)), anonymize::address(rapid(neighbour)));
    }
}

// User agents.

use BrowserFamily as B;
use SystemFamily as S;

#[test]
fn user_agents_become_families() {
    const WEBKIT: &str = "AppleWebKit/537.36 (KHTML, like Gecko)";
    let chrome = format!("{WEBKIT} Chrome/142.0.0.0 Safari/537.36");
    for (text, browser, system) in [
        (&*format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {chrome}"), B::Chrome, S::Windows),
        (&format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {chrome} Edg/142.0.0.0"), B::Edge, S::Windows),
        (&format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {chrome} OPR/120.0.0.0"), B::Opera, S::Windows),
        (&format!("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {chrome}"), B::Chrome, S::ChromeOs),
        (&format!("Mozilla/5.0 (X11; Linux x86_64) {chrome}"), B::Chrome, S::Linux),
        (
            &format!("Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/142.0.0.0 Mobile Safari/537.36"),
            B::Chrome,
            S::Android,
        ),
        (
            &format!("Mozilla/5.0 (Linux; Android 10; CUBOT_X18) {WEBKIT} Chrome/142.0.0.0 Mobile Safari/537.36"),
            B::Chrome,
            S::Android,
        ),
        (
            &format!(
                "Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-S918B) {WEBKIT} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36"
            ),
            B::Samsung,
            S::Android,
        ),
        (
            &format!(
                "Mozilla/5.0 (Linux; Android 10; HD1913) {WEBKIT} Chrome/142.0.0.0 Mobile Safari/537.36 EdgA/142.0.0.0"
            ),
            B::Edge,
            S::Android,
        ),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0", B::Firefox, S::Windows),
        ("Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0", B::Firefox, S::Android),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 Firefox/145.0", B::Firefox, S::MacOs),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15",
            B::Safari,
            S::MacOs,
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1",
            B::Safari,
            S::Ios,
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
            B::Safari,
            S::Ios,
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0.0.0 Mobile/15E148 Safari/604.1",
            B::Chrome,
            S::Ios,
        ),
        (
            "Mozilla/5.0 (iPad; CPU OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/145.0 Mobile/15E148 Safari/605.1.15",
            B::Firefox,
            S::Ios,
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 EdgiOS/142.0.0.0 Mobile/15E148 Safari/604.1",
            B::Edge,
            S::Ios,
        ),
        ("Opera/9.80 (J2ME/MIDP; Opera Mini/7.1) Presto/2.12 Version/12.16", B::Opera, S::Other),
        (
            &format!(
                "Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950) {WEBKIT} Chrome/52.0 Mobile Safari/537.36 Edge/15.15063"
            ),
            B::Edge,
            S::Other,
        ),
        (
            &format!("Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) {WEBKIT} Chrome/94.0 TV Safari/537.36"),
            B::Chrome,
            S::Other,
        ),
        (
            "Mozilla/5.0 (Linux; U; Android 4.0.3; de-de; GT-I9100) AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 Mobile Safari/534.30",
            B::Other,
            S::Android,
        ),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", B::Bot, S::Other),
        (
            &format!(
                "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) {WEBKIT} Chrome/141.0 Mobile Safari/537.36 (compatible; Googlebot/2.1)"
            ),
            B::Bot,
            S::Android,
        ),
        (&format!("Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/142.0 Safari/537.36"), B::Bot, S::Linux),
        ("Slackbot-LinkExpanding 1.0", B::Bot, S::Other),
        ("curl/8.14.1", B::Bot, S::Other),
        ("python-requests/2.32", B::Bot, S::Other),
        ("w3m/0.5.3", B::Other, S::Other),
        ("", B::Other, S::Other),
        ("\u{1f98a} firefox", B::Other, S::Other),
    ] {
        let agent = anonymize::user_agent(text);
        assert_eq!((agent.browser, agent.system), (browser, system), "{text}");
        assert_eq!(anonymize::user_agent(&text.to_uppercase()), agent, "{text}");
        assert_eq!(agent.to_string(), format!("{} on {}", browser.as_str(), system.as_str()));
        let json = serde_json::to_value(agent).unwrap();
        assert_eq!(
            (json["browser"].as_str(), json["system"].as_str()),
            (Some(browser.as_str()), Some(system.as_str()))
        );
    }
}

#[test]
fn the_families_are_a_short_list() {
    let names: std::collections::BTreeSet<_> = BrowserFamily::ALL.iter().map(|family| family.as_str()).collect();
    assert_eq!(names.len(), BrowserFamily::ALL.len());
    let names: std::collections::BTreeSet<_> = SystemFamily::ALL.iter().map(|family| family.as_str()).collect();
    assert_eq!(names.len(), SystemFamily::ALL.len());
}

/// What stays is one of 56 values.
fn is_listed(agent: Agent) -> bool {
    BrowserFamily::ALL.contains(&agent.browser) && SystemFamily::ALL.contains(&agent.system)
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_user_agent_is_read(text in ".{0,16}", long in "[a-z/;() ]{40}") {
        let long = long.repeat(27);
        prop_assert!(is_listed(anonymize::user_agent(&text)));
        prop_assert!(is_listed(anonymize::user_agent(&long)));
    }

    /// Version, device, build, language: nothing of it decides. A device whose name has one of the words in it, such as
    /// `AA-BOT`, is none of these.
    #[test]
    fn a_version_and_a_device_leave_no_trace(
        version in "[0-9]{1,3}(\\.[0-9]{1,5}){0,3}", build in "[0-9._]{1,12}", device in "[A-Z]{2}-[A-Z][0-9]{2,4}[A-Z]?",
        other_version in "[0-9]{1,3}(\\.[0-9]{1,5}){0,3}", other_build in "[0-9._]{1,12}", other_device in "[A-Z]{2}-[A-Z][0-9]{2,4}[A-Z]?",
    ) {
        let texts = |version: &str, build: &str, device: &str| [
            format!("Mozilla/5.0 (Linux; Android {build}; {device}) AppleWebKit/{build} (KHTML, like Gecko) Chrome/{version} Mobile Safari/{build}"),
            format!("Mozilla/5.0 (Windows NT {build}; rv:{version}) Gecko/{build} Firefox/{version}"),
            format!("Mozilla/5.0 (iPhone; CPU iPhone OS {build} like Mac OS X) AppleWebKit/{build} Version/{version} Mobile/{device} Safari/{build}"),
            format!("Mozilla/5.0 (X11; Linux {device}) AppleWebKit/{build} (KHTML, like Gecko) Chrome/{version} Safari/{build} Edg/{version}"),
            format!("Mozilla/5.0 (Macintosh; Intel Mac OS X {build}) AppleWebKit/{build} Version/{version} Safari/{build}"),
        ].map(|text| anonymize::user_agent(&text));
        let agents = texts(&version, &build, &device);
        prop_assert_eq!(agents, texts(&other_version, &other_build, &other_device));
        prop_assert_eq!(agents.map(|agent| agent.browser), [B::Chrome, B::Firefox, B::Safari, B::Edge, B::Safari]);
    }

    /// What stands behind 1,024 bytes is not looked at.
    #[test]
    fn a_long_tail_leaves_no_trace(tail in ".{0,16}") {
        let head = format!("{:1024}", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0");
        prop_assert_eq!(anonymize::user_agent(&format!("{head}{tail}")), anonymize::user_agent(&head));
    }
}

// Referrers.

#[test]
fn referrers_become_origins() {
    for (text, origin, path) in [
        ("https://example.com", "https://example.com", ""),
        ("https://example.com/", "https://example.com", "/"),
        ("HTTPS://Example.COM:443/Path?q=secret#part", "https://example.com", "/Path"),
        ("http://example.com:80/", "http://example.com", "/"),
        ("http://example.com:443/a/b", "http://example.com:443", "/a/b"),
        ("https://anna:secret@example.com/a", "https://example.com", "/a"),
        ("https://anna@x@example.com:8443/a", "https://example.com:8443", "/a"),
        ("https://example.com?secret", "https://example.com", ""),
        ("https://example.com#secret", "https://example.com", ""),
        ("https://example.com\\secret@other.example/", "https://example.com", "/secret@other.example/"),
        ("https://example.com/shop;jsessionid=secret/cart;v=1?x", "https://example.com", "/shop/cart"),
        ("https://[2001:DB8::1]:8443/a", "https://[2001:db8::1]:8443", "/a"),
        ("https://[::1]/", "https://[::1]", "/"),
        ("https://192.0.2.1:/x", "https://192.0.2.1", "/x"),
        ("https://xn--bcher-kva.example./", "https://xn--bcher-kva.example.", "/"),
    ] {
        assert_eq!(anonymize::referrer(text).as_deref(), Some(origin), "{text}");
        assert_eq!(anonymize::referrer_path(text), Some(format!("{origin}{path}")), "{text}");
    }
    for text in [
        "",
        "about:blank",
        "example.com",
        "//example.com/",
        "/path?q=secret",
        "ftp://example.com/",
        "android-app://com.example/",
        "data:text/html,https://example.com/",
        "https://",
        "https:///path",
        "https://?q",
        "https://anna:secret@/",
        "https://exa mple.com/",
        "https://b\u{fc}cher.example/",
        "https://example.com:65536/",
        "https://example.com:+80/",
        "https://example.com:secret/",
        "https://[example.com]/",
        "https://[::1/",
        "https://[::1]secret/",
        " https://example.com/",
        "https://exa\nmple.com/",
        "https://%65xample.com/",
    ] {
        assert_eq!(anonymize::referrer(text), None, "{text}");
        assert_eq!(anonymize::referrer_path(text), None, "{text}");
    }
    assert_eq!(anonymize::referrer_path("https://example.com/a b"), None);
    assert_eq!(anonymize::referrer_path("https://example.com/a\r\nb"), None);
    assert_eq!(anonymize::referrer(&format!("https://{}/", "a".repeat(255))), None);
    let long = anonymize::referrer_path(&format!("https://example.com/{}", "a".repeat(9_000))).unwrap();
    assert_eq!(long.len(), "https://example.com".len() + 2_048);
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn only_the_origin_stays(
        scheme in "https?", host in "[a-z0-9-]{1,20}(\\.[a-z]{2,5}){0,2}", port in proptest::option::of(1..=65_535_u16),
        user in "([a-z:@]{0,8}@)?", other_user in "([!-\"$-.0-;=@-Z^-~]{0,8}@)?",
        path in "(/[a-z.-]{0,6}){0,3}", query in "(\\?[!-~]{0,12})?", other_query in "(\\?[!-~]{0,12})?(#[!-~]{0,9})?",
    ) {
        let place = format!("{host}{}", port.map(|port| format!(":{port}")).unwrap_or_default());
        let text = format!("{scheme}://{user}{place}{path}{query}");
        let other = format!("{scheme}://{other_user}{place}{path}{other_query}");
        let (origin, with_path) = (anonymize::referrer(&text).unwrap(), anonymize::referrer_path(&text).unwrap());
        prop_assert_eq!(anonymize::referrer(&other), Some(origin.clone()));
        prop_assert_eq!(anonymize::referrer_path(&other), Some(with_path.clone()));
        prop_assert_eq!(&with_path, &format!("{origin}{path}"));
        prop_assert_eq!(anonymize::referrer(&with_path), Some(origin.clone()));
        let own = if scheme == "https" { 443 } else { 80 };
        let shown = port.filter(|port| *port != own).map(|port| format!(":{port}")).unwrap_or_default();
        prop_assert_eq!(origin, format!("{scheme}://{host}{shown}"));
    }

    #[test]
    fn any_referrer_is_read(text in "(https?://)?.{0,16}", lines in "https?://[a-z\\[\\]:;/?#@\\\\\\r\\n\\x00é. -]{0,60}") {
        for text in [&text, &lines] {
            let (origin, path) = (anonymize::referrer(text), anonymize::referrer_path(text));
            for kept in [&origin, &path].into_iter().flatten() {
                prop_assert!(kept.bytes().all(|byte| byte.is_ascii_graphic()), "{}", kept);
            }
            if let Some(origin) = &origin {
                prop_assert_eq!(anonymize::referrer(origin), Some(origin.clone()));
                prop_assert!(origin.len() <= 268 && !origin.contains(['@', '?', '#']));
            }
            if let Some(path) = &path {
                prop_assert_eq!(anonymize::referrer_path(path), Some(path.clone()));
                prop_assert_eq!(anonymize::referrer(path), origin);
                prop_assert!(!path.contains(['?', '#', ';']));
            }
        }
    }
}
