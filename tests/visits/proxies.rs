//! Whose address is written where proxies stand in front.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::net::IpAddr;

use tower_consent::{ProxyHeader, TrustedProxies, VisitLayer};

use crate::site::{GRANT, Site, policy};

/// Connections come from the address in a field of the test's own.
fn behind(layer: VisitLayer, header: ProxyHeader) -> VisitLayer {
    let networks = ["10.0.0.0/8", "192.0.2.1", "fd00::/8"];
    layer
        .with_peer(|parts| parts.headers.get("test-peer")?.to_str().ok()?.parse().ok())
        .with_proxies(TrustedProxies::new(header, networks).unwrap())
}

async fn address(site: &Site, peer: &str, name: &str, values: &[&str]) -> Option<IpAddr> {
    let mut fields = vec![GRANT, ("test-peer", peer)];
    fields.extend(values.iter().map(|value| (name, *value)));
    site.visit("/", &fields).await.address()
}

#[tokio::test]
async fn x_forwarded_for() {
    let site = Site::with(policy(), |layer| behind(layer, ProxyHeader::XForwardedFor)).await;
    for (peer, values, client) in [
        // Nobody else is believed.
        ("203.0.113.9", &["198.51.100.7"][..], "203.0.113.9"),
        ("203.0.113.9", &[], "203.0.113.9"),
        ("11.0.0.1", &["198.51.100.7"], "11.0.0.1"),
        ("192.0.2.2", &["198.51.100.7"], "192.0.2.2"),
        ("fe00::1", &["198.51.100.7"], "fe00::1"),
        // One proxy, and what the visitor wrote in front.
        ("10.1.2.3", &["198.51.100.7"], "198.51.100.7"),
        ("10.1.2.3", &["1.1.1.1, 198.51.100.7"], "198.51.100.7"),
        ("10.1.2.3", &["1.1.1.1", "198.51.100.7"], "198.51.100.7"),
        ("::ffff:10.1.2.3", &["198.51.100.7"], "198.51.100.7"),
        ("192.0.2.1", &["198.51.100.7"], "198.51.100.7"),
        ("fdff::1", &["198.51.100.7"], "198.51.100.7"),
        // A chain of them.
        ("10.1.2.3", &["1.1.1.1, 198.51.100.7, 10.9.9.9"], "198.51.100.7"),
        ("10.1.2.3", &["1.1.1.1,198.51.100.7", "10.9.9.9 ,\t192.0.2.1"], "198.51.100.7"),
        ("10.1.2.3", &["10.4.4.4, 10.9.9.9"], "10.4.4.4"),
        ("10.1.2.3", &[], "10.1.2.3"),
        // Forms.
        ("10.1.2.3", &["2001:db8::7"], "2001:db8::7"),
        ("10.1.2.3", &["[2001:db8::7]:443"], "2001:db8::7"),
        ("10.1.2.3", &["[2001:db8::7]"], "2001:db8::7"),
        ("10.1.2.3", &["198.51.100.7:1234"], "198.51.100.7"),
        ("10.1.2.3", &["::ffff:198.51.100.7"], "198.51.100.7"),
        ("10.1.2.3", &["1.1.1.1, unknown"], "none"),
        ("10.1.2.3", &["1.1.1.1, "], "none"),
        ("10.1.2.3", &["1.1.1.1, 198.51.100"], "none"),
        ("10.1.2.3", &["1.1.1.1, 198.51.100.7 x"], "none"),
        ("10.1.2.3", &["1.1.1.1", "\u{e9}"], "none"),
        ("10.1.2.3", &["unknown, 198.51.100.7"], "198.51.100.7"),
        ("nobody", &["198.51.100.7"], "none"),
    ] {
        let seen = address(&site, peer, "x-forwarded-for", values).await;
        assert_eq!(seen, client.parse().ok(), "{peer} {values:?}");
    }
    // The other field is anybody's.
    let seen = address(&site, "10.1.2.3", "forwarded", &["for=198.51.100.7"]).await;
    assert_eq!(seen, "10.1.2.3".parse().ok());
}

#[tokio::test]
async fn forwarded() {
    let site = Site::with(policy(), |layer| behind(layer, ProxyHeader::Forwarded)).await;
    for (peer, values, client) in [
        ("203.0.113.9", &["for=198.51.100.7"][..], "203.0.113.9"),
        ("10.1.2.3", &["for=198.51.100.7"], "198.51.100.7"),
        ("10.1.2.3", &["For=\"198.51.100.7:47011\";proto=https;by=203.0.113.43"], "198.51.100.7"),
        ("10.1.2.3", &["proto=https ; FOR=\"[2001:db8::7]\""], "2001:db8::7"),
        ("10.1.2.3", &["for=\"[2001:db8::7]:47011\""], "2001:db8::7"),
        ("10.1.2.3", &["for=\"[2001:db8::7]:_port\""], "2001:db8::7"),
        ("10.1.2.3", &["for=\"198.51.100.7:_port\""], "198.51.100.7"),
        ("10.1.2.3", &["for=\"198\\.51.100.7\""], "198.51.100.7"),
        ("10.1.2.3", &["for=1.1.1.1, for=198.51.100.7, for=10.9.9.9"], "198.51.100.7"),
        ("10.1.2.3", &["for=1.1.1.1", "for=198.51.100.7;by=\"a, for=b\"", "for=10.9.9.9, ,"], "198.51.100.7"),
        // No address.
        ("10.1.2.3", &["for=1.1.1.1, for=unknown"], "none"),
        ("10.1.2.3", &["for=1.1.1.1, for=_hidden"], "none"),
        ("10.1.2.3", &["for=1.1.1.1, proto=https"], "none"),
        ("10.1.2.3", &["for=1.1.1.1, for=1.1.1.1;for=198.51.100.7"], "none"),
        // A visitor's open quote does not make the proxy's own element another's.
        ("10.1.2.3", &["for=1.1.1.1;x=\", for=198.51.100.7"], "none"),
        ("10.1.2.3", &["for=1.1.1.1;x=\", for=\"[2001:db8::7]\""], "none"),
        ("10.1.2.3", &["for=1.1.1.1;x=\"", "for=198.51.100.7"], "198.51.100.7"),
        ("10.1.2.3", &["for=1.1.1.1;x=\"", "for=10.9.9.9"], "none"),
        // Not written as RFC 7239 has it.
        ("10.1.2.3", &["for=2001:db8::7"], "none"),
        ("10.1.2.3", &["for =198.51.100.7"], "none"),
        ("10.1.2.3", &["198.51.100.7"], "none"),
        ("10.1.2.3", &["for=\"198.51.100.7"], "none"),
        ("10.1.2.3", &["for=\"198.51.100.7\"x"], "none"),
        ("10.1.2.3", &["for="], "none"),
        ("10.1.2.3", &["=198.51.100.7"], "none"),
        ("10.1.2.3", &[""], "10.1.2.3"),
    ] {
        assert_eq!(address(&site, peer, "forwarded", values).await, client.parse().ok(), "{peer} {values:?}");
    }
    let seen = address(&site, "10.1.2.3", "x-forwarded-for", &["198.51.100.7"]).await;
    assert_eq!(seen, "10.1.2.3".parse().ok());
}

#[test]
fn a_network_is_written_in_one_way() {
    let is_network = |text: &str| TrustedProxies::new(ProxyHeader::Forwarded, [text]).is_ok();
    for text in ["0.0.0.0/0", "::/0", "10.0.0.0/8", "192.0.2.1/32", "192.0.2.1", "2001:db8::/32", "::1/128", "::1"] {
        assert!(is_network(text), "{text}");
    }
    for text in [
        "",
        "/8",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.1/8",
        "10.0.0.0/+8",
        "10.0.0.0/-1",
        "10.0.0/8",
        "::/129",
        "2001:db8::1/32",
        "10.0.0.0/8/8",
        "localhost",
        "::ffff:10.0.0.0/104",
        "10.0.0.0/99999999999",
    ] {
        let error = TrustedProxies::new(ProxyHeader::Forwarded, [text]).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{text:?} is no network")), "{error}");
    }
}

/// Everybody, and nobody.
#[tokio::test]
async fn networks_of_no_and_of_all_bits() {
    for (network, trusted, other) in
        [("0.0.0.0/0", "203.0.113.9", "2001:db8::1"), ("::/0", "2001:db8::1", "203.0.113.9")]
    {
        let site = Site::with(policy(), |layer| {
            behind(layer, ProxyHeader::XForwardedFor)
                .with_proxies(TrustedProxies::new(ProxyHeader::XForwardedFor, [network]).unwrap())
        })
        .await;
        let client = "198.51.100.7".parse().ok();
        assert_eq!(address(&site, trusted, "x-forwarded-for", &["198.51.100.7"]).await, client, "{network}");
        assert_eq!(address(&site, other, "x-forwarded-for", &["198.51.100.7"]).await, other.parse().ok(), "{network}");
    }
}
