//! What a server must be, and what is said of one that is not.

use std::time::{Duration, Instant};

use ::redis::Client;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tower_consent::{RedisStore, StoreError, StoreErrorKind, TokenStore};

use super::super::{
    contract::Run,
    servers::{POLL, RedisCluster, RedisServer, SAFE, ask, free_port},
};

async fn refused(server: &RedisServer) -> StoreError {
    RedisStore::connect(server.url()).await.expect_err("it is refused")
}

#[tokio::test]
async fn unsafe_settings_are_refused_by_place_and_value() {
    let always = ["--appendonly", "yes", "--appendfsync", "always"];
    let evicting = |policy| [&SAFE[..], &["--maxmemory", "100mb", "--maxmemory-policy", policy]].concat();
    let weak = "weak persistence";
    let table: [(Vec<&str>, &str, &str); 10] = [
        (vec!["--appendonly", "yes", "--appendfsync", "everysec"], weak, "appendfsync: everysec, wanted always"),
        (vec!["--appendonly", "yes", "--appendfsync", "no"], weak, "appendfsync: no, wanted always"),
        (vec!["--appendonly", "yes"], weak, "appendfsync: everysec, wanted always"),
        (
            [&always[..], &["--no-appendfsync-on-rewrite", "yes"]].concat(),
            weak,
            "no-appendfsync-on-rewrite: yes, wanted no",
        ),
        (vec!["--save", "60 1"], weak, "appendonly: no, wanted yes (a restart brings tokens back"),
        (vec!["--save", ""], weak, "appendonly: no, wanted yes (and save is off"),
        (evicting("allkeys-lru"), "eviction", "maxmemory-policy: allkeys-lru, wanted noeviction"),
        (evicting("volatile-ttl"), "eviction", "maxmemory-policy: volatile-ttl, wanted noeviction"),
        (
            [&always[..], &["--maxmemory-policy", "allkeys-random"]].concat(),
            "eviction",
            "maxmemory-policy: allkeys-random, wanted noeviction",
        ),
        (
            [&always[..], &["--rename-command", "CONFIG", ""]].concat(),
            weak,
            "appendfsync: cannot be read, wanted always",
        ),
    ];
    for (settings, what, expected) in table {
        let Some(server) = RedisServer::start_with(&settings) else { return };
        let error = refused(&server).await;
        assert_eq!(error.kind(), StoreErrorKind::Unsafe, "{settings:?}: {error}");
        let text = error.to_string();
        assert!(text.contains(expected), "{settings:?}: {text}");
        assert!(text.contains(server.socket().to_str().unwrap()), "it names the place: {text}");

        // It is taken by who says so, and not by who says something else.
        let (mut right, mut wrong) = (RedisStore::builder(), RedisStore::builder());
        if what == weak {
            (right, wrong) = (right.accept_weak_persistence(), wrong.accept_eviction());
        } else {
            (right, wrong) = (right.accept_eviction(), wrong.accept_weak_persistence());
        }
        assert_eq!(wrong.connect(server.url()).await.unwrap_err().kind(), StoreErrorKind::Unsafe, "{settings:?}");
        for builder in [right, RedisStore::builder().accept_unsafe()] {
            let (store, run) = (builder.connect(server.url()).await.unwrap(), Run::new("redis unsafe"));
            let record = run.record("s");
            assert!(store.insert_new(record.clone()).await.unwrap());
            assert!(store.get(record.digest()).await.unwrap().is_some());
        }
    }
    let both = ["--save", "", "--maxmemory-policy", "allkeys-lfu"];
    let Some(server) = RedisServer::start_with(&both) else { return };
    let text = refused(&server).await.to_string();
    assert!(text.contains("maxmemory-policy: allkeys-lfu") && text.contains("appendonly: no"), "all at once: {text}");
}

/// What a user may not ask for is not taken to be safe.
#[tokio::test]
async fn settings_that_cannot_be_read_are_unsafe() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let url = server.url_of("app", "secret-of-app");
    let rules = |more| format!("ACL SETUSER app reset on >secret-of-app ~tower-consent:* +@all {more}");
    for (more, expected) in [
        ("-config", "appendfsync: cannot be read, wanted always"),
        ("-info", "INFO: cannot be read, wanted that this user may ask for it"),
    ] {
        let rules = rules(more);
        ask(&server.url(), &rules.split(' ').collect::<Vec<_>>()).await;
        let error = RedisStore::connect(&url).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unsafe, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!format!("{error}{error:?}").contains("secret-of-app"));
        let store = RedisStore::builder().accept_unsafe().connect(&url).await.unwrap();
        assert!(store.insert_new(Run::new("redis unread").record("s")).await.unwrap());
        assert!(!format!("{store:?}").contains("secret-of-app"));
    }
}

/// The permissions that the documentation names are enough.
#[tokio::test]
async fn the_permissions_that_it_needs() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let rules = "ACL SETUSER app reset on >pw ~tower-consent:* +get +set +getdel +del +eval +getrange +setrange +zadd \
                 +zrem +zrange +zrangebyscore +zrevrangebyscore +zremrangebyscore +zscore +pexpireat +time +info \
                 +config|get";
    ask(&server.url(), &rules.split(' ').collect::<Vec<_>>()).await;
    let store = RedisStore::connect(server.url_of("app", "pw")).await.unwrap();
    let (run, other) = (Run::new("redis permissions"), Run::new("redis permissions other"));
    let (one, two) = (run.record("s"), run.record("s"));
    for record in [&one, &two] {
        assert!(store.insert_new(record.clone()).await.unwrap());
    }
    assert!(!store.insert_new(other.record("s").with_digest(*one.digest())).await.unwrap());
    assert!(store.touch(one.digest(), one.seen_at() + 1).await.unwrap());
    assert_eq!(store.list_of(one.subject()).await.unwrap().len(), 2);
    assert!(store.delete(one.digest()).await.unwrap());
    assert_eq!(store.delete_all_of(two.subject()).await.unwrap(), 1);
    assert_eq!(ask(&server.url(), &["DBSIZE"]).await, "0");

    // What is forbidden while it runs is a failure, and no answer.
    assert!(store.insert_new(one.clone()).await.unwrap());
    ask(&server.url(), &["ACL", "SETUSER", "app", "-get", "-getdel"]).await;
    let error = store.get(one.digest()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(!format!("{error} {error:?}").contains(&one.digest().to_string()), "no digest: {error}");
    assert_eq!(store.delete(one.digest()).await.unwrap_err().kind(), StoreErrorKind::Unavailable);
}

#[tokio::test]
async fn wrong_passwords_are_not_repeated() {
    let Some(server) = RedisServer::start(&["--requirepass", "right-password"]) else { return };
    let right = server.url_of("", "right-password").replace("user=&", "");
    assert!(RedisStore::connect(&right).await.is_ok());
    for url in [
        server.url_of("", "wrong-password").replace("user=&", ""),
        server.url_of("some-user", "wrong-password"),
        server.url(),
    ] {
        let error = RedisStore::connect(&url).await.unwrap_err();
        let text = format!("{error} {error:?}");
        assert_eq!(error.kind(), StoreErrorKind::Config, "{text}");
        assert!(text.contains(server.socket().to_str().unwrap()), "{text}");
        assert!(!text.contains("wrong-password") && !text.contains("some-user"), "{text}");
    }
}

#[tokio::test]
async fn addresses_that_lead_nowhere() {
    let port = free_port();
    let builder = || {
        let time = Duration::from_millis(300);
        RedisStore::builder().response_timeout(time).connect_timeout(time)
    };
    let nobody = format!("redis://user:hush-hush@127.0.0.1:{port}");
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("redis://user:hush-hush@{}", silent.local_addr().unwrap());
    for (url, kinds) in [
        (nobody.as_str(), &[StoreErrorKind::Unavailable][..]),
        ("redis+unix:///nowhere/at/all?pass=hush-hush", &[StoreErrorKind::Unavailable]),
        // It takes connections, and then says nothing.
        (&silent, &[StoreErrorKind::Timeout, StoreErrorKind::Unavailable]),
        // A network for documentation: no answer, or no way there.
        ("redis://user:hush-hush@192.0.2.1:6379", &[StoreErrorKind::Timeout, StoreErrorKind::Unavailable]),
        ("http://user:hush-hush@127.0.0.1", &[StoreErrorKind::Config]),
        ("redis://user:hush-hush@127.0.0.1/database", &[StoreErrorKind::Config]),
        ("hush-hush", &[StoreErrorKind::Config]),
        ("", &[StoreErrorKind::Config]),
    ] {
        let start = Instant::now();
        let cluster = builder().connect_cluster([url]).await.unwrap_err();
        // The nodes of a cluster have no sockets of this kind.
        let is_right = url.starts_with("redis+unix") && cluster.kind() == StoreErrorKind::Config;
        assert!(is_right || kinds.contains(&cluster.kind()), "{url}: {cluster}");
        let single = builder().connect(url).await.unwrap_err();
        assert!(kinds.contains(&single.kind()), "{url}: {single}");
        for error in [single, cluster] {
            let text = format!("{error} {error:?}");
            assert!(!text.contains("hush-hush"), "{text}");
        }
        assert!(start.elapsed() < Duration::from_secs(2), "{url}: {:?}", start.elapsed());
    }
    let error = builder().connect(&nobody).await.unwrap_err();
    assert!(error.to_string().contains(&format!("127.0.0.1:{port}")), "{error}");
    assert!(builder().connect_cluster(<[&str; 0]>::default()).await.is_err());
}

/// A replica still has what its primary has deleted a moment ago.
#[tokio::test]
async fn replicas_are_refused() {
    let port = free_port().to_string();
    let Some(primary) = RedisServer::start(&["--port", &port, "--bind", "127.0.0.1"]) else { return };
    let Some(mut server) = RedisServer::start(&[]) else { return };
    let store = RedisStore::connect(server.url()).await.unwrap();
    let record = Run::new("redis replica").record("s");
    assert!(store.insert_new(record.clone()).await.unwrap());

    ask(&server.url(), &["REPLICAOF", "127.0.0.1", &port]).await;
    for builder in [RedisStore::builder(), RedisStore::builder().accept_unsafe()] {
        let error = builder.connect(server.url()).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unsafe);
        assert!(error.to_string().contains("role: slave, wanted master"), "{error}");
    }
    let client = Client::open(server.url()).unwrap();
    let manager = client.get_connection_manager().await.unwrap();
    assert_eq!(RedisStore::builder().with_connection(manager).await.unwrap_err().kind(), StoreErrorKind::Unsafe);

    while !ask(&server.url(), &["INFO", "replication"]).await.contains("master_link_status:up") {
        tokio::time::sleep(POLL).await;
    }
    // A store that was open is sent away at its first write, or when it connects again.
    assert!(store.insert_new(record.clone()).await.is_err());
    assert_eq!(store.get(record.digest()).await.unwrap_err().kind(), StoreErrorKind::Unsafe);
    ask(&server.url(), &["REPLICAOF", "NO", "ONE"]).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(store.get(record.digest()).await.unwrap(), None, "the replica took over what its primary had: nothing");
    assert!(store.insert_new(record.clone()).await.unwrap());
    drop(primary);
    server.kill();
}

#[tokio::test]
async fn clusters_and_single_servers_are_told_apart() {
    let Some(cluster) = RedisCluster::start().await else { return };
    let error = RedisStore::connect(&cluster.urls()[0]).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Config);
    assert!(error.to_string().contains("use `connect_cluster`"), "{error}");

    // One node is enough to find the others; and each of them must be safe.
    assert!(RedisStore::builder().connect_cluster(&cluster.urls()[1..2]).await.is_ok());
    cluster.ask(2, &["CONFIG", "SET", "appendfsync", "everysec"]).await;
    let error = RedisStore::builder().connect_cluster(cluster.urls()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unsafe);
    let expected = format!("127.0.0.1:{}: appendfsync: everysec", cluster.ports[2]);
    assert!(error.to_string().contains(&expected), "{error}");
    let accepting = RedisStore::builder().accept_weak_persistence();
    assert!(accepting.connect_cluster(cluster.urls()).await.is_ok());

    let port = free_port().to_string();
    let Some(_single) = RedisServer::start(&["--port", &port, "--bind", "127.0.0.1"]) else { return };
    let error = RedisStore::builder().connect_cluster([format!("redis://127.0.0.1:{port}")]).await.unwrap_err();
    assert!(error.to_string().contains(&format!("127.0.0.1:{port}")), "{error}");
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

/// A certificate authority and what it signed: for the server and for a client.
struct Certificates {
    root: String,
    server: (String, String),
    client: (String, String),
}

fn certificates() -> Certificates {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    // Else issuer and certificates have one name, and OpenSSL takes each for its own issuer.
    params.distinguished_name.push(DnType::CommonName, "root of a test");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let signed = |name: &str| {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &root).unwrap();
        (pem("CERTIFICATE", certificate.der()), pem("PRIVATE KEY", &key.serialize_der()))
    };
    Certificates { root: pem("CERTIFICATE", root.der()), server: signed("localhost"), client: signed("client") }
}

#[tokio::test]
async fn tls() {
    let (ours, theirs) = (certificates(), certificates());
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (root, certificate) = (file("root", &ours.root), file("certificate", &ours.server.0));
    let (key, port) = (file("key", &ours.server.1), free_port().to_string());
    let tls = ["--tls-port", &port, "--bind", "127.0.0.1", "--tls-ca-cert-file", &root];
    let tls = [&tls[..], &["--tls-cert-file", &certificate, "--tls-key-file", &key, "--tls-auth-clients"]].concat();
    let Some(server) = RedisServer::start(&[&tls[..], &["no"]].concat()) else { return };
    let url = format!("rediss://localhost:{port}");

    let trusting = || RedisStore::builder().root_certificates(ours.root.clone());
    let store = trusting().connect(&url).await.unwrap();
    let record = Run::new("redis tls").record("s");
    assert!(store.insert_new(record.clone()).await.unwrap());
    assert!(store.get(record.digest()).await.unwrap().is_some());
    for (name, builder, url) in [
        ("the roots of the world", RedisStore::builder(), url.clone()),
        ("another root", RedisStore::builder().root_certificates(theirs.root.clone()), url.clone()),
        ("another name", trusting(), format!("rediss://127.0.0.1:{port}")),
    ] {
        let error = builder.connect(url).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{name}: {error}");
        assert!(error.to_string().contains("certificate"), "{name}: {error}");
    }
    for root in ["", "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n"] {
        let broken = RedisStore::builder().root_certificates(root).connect(&url).await;
        assert!(broken.is_err(), "{root:?}");
    }
    drop(server);

    // With a certificate of the client's own.
    let Some(_server) = RedisServer::start(&[&tls[..], &["yes"]].concat()) else { return };
    assert!(trusting().connect(&url).await.is_err());
    let strange = trusting().client_certificate(theirs.client.0, theirs.client.1);
    assert!(strange.connect(&url).await.is_err());
    let known = trusting().client_certificate(ours.client.0, ours.client.1.clone());
    assert!(!format!("{known:?}").contains(&ours.client.1));
    known.connect(&url).await.unwrap();
}
