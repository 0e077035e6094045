//! Settings of a store in Redis, and the ways to open one.

use std::{fmt, sync::Arc, time::Duration};

use redis::{
    Client, ClientTlsConfig, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion, TlsCertificates,
    cluster::ClusterClient, io::tcp::TcpSettings,
};

use super::{
    RedisStore, Shared,
    connection::RedisConnection,
    ledger::check_prefix,
    link::{Link, Origin},
    safety::{self, Accepted},
};
use crate::store::{
    error::{StoreError, StoreErrorKind},
    sweep::{DEFAULT_INTERVAL, whole_seconds},
};

/// The longest interval, in seconds: a hundred years. With it every time can still be written in milliseconds.
const MAX_INTERVAL: i64 = 3_200_000_000;

/// Settings of a [`RedisStore`].
///
/// # Defaults
///
/// See [`RedisStore`]. `Debug` shows no key and no certificate.
#[derive(Clone)]
#[must_use = "a builder does nothing until it connects"]
pub struct RedisStoreBuilder {
    prefix: String,
    interval: Duration,
    response_timeout: Duration,
    connect_timeout: Duration,
    accepted: Accepted,
    roots: Option<Vec<u8>>,
    identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl RedisStoreBuilder {
    pub(super) fn new() -> Self {
        Self {
            prefix: "tower-consent".to_owned(),
            interval: DEFAULT_INTERVAL,
            response_timeout: Duration::from_secs(1),
            connect_timeout: Duration::from_secs(2),
            accepted: Accepted::default(),
            roots: None,
            identity: None,
        }
    }

    /// What all keys begin with: two applications on one server need two.
    pub fn key_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How long after its end the server deletes a token: whole seconds, at least one.
    pub fn sweep_interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// How long to wait for the answer to one command.
    pub fn response_timeout(mut self, timeout: Duration) -> Self {
        self.response_timeout = timeout;
        self
    }

    /// How long to wait for a connection, and for its turn to make one.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Trusts these certificate authorities (PEM, one or more) instead of those that browsers trust.
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots = Some(pem.into());
        self
    }

    /// Shows the server this certificate (PEM, with its chain) and has its key (PEM).
    pub fn client_certificate(mut self, certificate: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.identity = Some((certificate.into(), key.into()));
        self
    }

    /// Takes a server that may evict keys when its memory is full, or that does not tell. Then people can be signed out
    /// at any time, a log-out of all devices can miss some, and consent records can be lost.
    pub fn accept_eviction(mut self) -> Self {
        self.accepted.eviction = true;
        self
    }

    /// Takes a server that can lose what it has acknowledged, or that does not tell: snapshots only, a log that is
    /// written every second, or nothing kept at all. Then **a token that was revoked can be valid again** after a crash of
    /// the server. Without log and snapshots a restart signs everybody out, and nothing comes back.
    pub fn accept_weak_persistence(mut self) -> Self {
        self.accepted.weak_persistence = true;
        self
    }

    /// Keeps consent records on a server whose append-only file is off, or that does not tell. Then **a restart loses the
    /// proof of consents**: all since the last snapshot, or all. [`accept_weak_persistence`](Self::accept_weak_persistence)
    /// is needed too, and is not enough: it is said of tokens, which can be issued again.
    pub fn accept_records_without_append_only_file(mut self) -> Self {
        self.accepted.records_without_log = true;
        self
    }

    /// Takes the server as it is for tokens: [`accept_eviction`](Self::accept_eviction) and
    /// [`accept_weak_persistence`](Self::accept_weak_persistence). A replica, or a version that is too old, is refused all
    /// the same, where the server lets this user ask for `INFO`.
    pub fn accept_unsafe(self) -> Self {
        self.accept_eviction().accept_weak_persistence()
    }

    /// Opens a store on one server: `redis://user:password@host:port/database`, `rediss://` with TLS, or
    /// `redis+unix:///path`.
    ///
    /// # Errors
    ///
    /// [`Config`](StoreErrorKind::Config) for a URL that cannot be used, a refused password, a server that is too old, a
    /// Sentinel, or a node of a cluster; [`Unsafe`](StoreErrorKind::Unsafe) for a replica, or settings that could lose a
    /// token or bring one back; [`Unavailable`](StoreErrorKind::Unavailable) or [`Timeout`](StoreErrorKind::Timeout)
    /// where nobody answers. None of them shows user or password.
    pub async fn connect(self, url: impl AsRef<str>) -> Result<RedisStore, StoreError> {
        let info = self.connection_info(url.as_ref())?;
        let address = info.addr().to_string();
        let client = match self.certificates(&[&info]) {
            Some(certificates) => Client::build_with_tls(info, certificates),
            None => Client::open(info),
        };
        let client = client.map_err(|error| config(&format!("{address}: TLS"), error))?;
        self.open_from(Origin::Server(Box::new(client)), address).await
    }

    /// Opens a store on a cluster, by the URLs of one or more of its nodes. Users and passwords must be the same in all.
    /// Nothing is read from replicas.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect); every primary must be safe.
    pub async fn connect_cluster<U: AsRef<str>>(
        self,
        urls: impl IntoIterator<Item = U>,
    ) -> Result<RedisStore, StoreError> {
        let nodes =
            urls.into_iter().map(|url| self.connection_info(url.as_ref())).collect::<Result<Vec<_>, StoreError>>()?;
        let addresses: Vec<String> = nodes.iter().map(|node| node.addr().to_string()).collect();
        let address = addresses.join(", ");
        let certificates = self.certificates(&nodes.iter().collect::<Vec<_>>());
        let mut builder = ClusterClient::builder(nodes)
            // A command that changes something is never sent twice by the driver: `connection.rs` says why.
            .retries(0)
            // Half, so that a node that does not answer leaves time to begin without it.
            .connection_timeout(self.connect_timeout / 2)
            .response_timeout(self.response_timeout)
            .overall_response_timeout(None)
            .tcp_settings(self.tcp_settings());
        if let Some(certificates) = certificates {
            builder = builder.certs(certificates);
        }
        let client = builder.build().map_err(|error| config(&format!("cluster {address}"), error))?;
        self.open_from(Origin::Cluster(Box::new(client)), address).await
    }

    /// Opens a store on a connection of the application's own: a `ConnectionManager`, a `MultiplexedConnection` or a
    /// `ClusterConnection` of the crate `redis`.
    ///
    /// Reconnecting is the connection's business: after a failover a `ConnectionManager` does not ask whether it has
    /// reached a replica, and a `MultiplexedConnection` never comes back. A `ClusterConnection` must be built with
    /// `retries(0)` or must be known not to drop: the driver sends a command again whose answer was lost, and then a
    /// delete that was done answers "not there". It must not read from replicas.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn with_connection(self, connection: impl Into<RedisConnection>) -> Result<RedisStore, StoreError> {
        let link = Link::given(connection.into(), self.response_timeout, self.connect_timeout);
        self.open(link).await
    }

    async fn open_from(self, origin: Origin, address: String) -> Result<RedisStore, StoreError> {
        let link = Link::new(origin, address, self.response_timeout, self.connect_timeout);
        self.open(link).await
    }

    async fn open(self, link: Link) -> Result<RedisStore, StoreError> {
        check_prefix(&self.prefix)?;
        let (address, accepted) = (link.address(), self.accepted);
        let check = |mut connection| async move { safety::check(&mut connection, address, accepted).await };
        let refusal = link.with(check).await?;
        let interval = whole_seconds(self.interval).min(MAX_INTERVAL);
        Ok(RedisStore(Arc::new(Shared { link, prefix: self.prefix, interval, refusal })))
    }

    fn connection_info(&self, url: &str) -> Result<ConnectionInfo, StoreError> {
        // The driver's words do not repeat the URL, which can hold a password.
        let info = url.into_connection_info().map_err(|error| config("URL", error))?;
        // Its third protocol tells when a connection ends.
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        Ok(info.set_redis_settings(settings).set_tcp_settings(self.tcp_settings()))
    }

    fn tcp_settings(&self) -> TcpSettings {
        let settings = TcpSettings::default().set_nodelay(true);
        // A host that is gone without a word is noticed by what it does not confirm.
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        let settings = settings.set_user_timeout(self.response_timeout + self.connect_timeout);
        settings
    }

    /// What TLS needs, where a node is reached with it.
    fn certificates(&self, nodes: &[&ConnectionInfo]) -> Option<TlsCertificates> {
        if !nodes.iter().any(|node| matches!(node.addr(), ConnectionAddr::TcpTls { .. })) {
            return None;
        }
        // The driver takes the cryptography of the process, and panics where there is none.
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // An error says that somebody else was faster, which is as good.
            drop(rustls::crypto::ring::default_provider().install_default());
        }
        let identity = self.identity.clone();
        Some(TlsCertificates {
            client_tls: identity.map(|(client_cert, client_key)| ClientTlsConfig { client_cert, client_key }),
            root_cert: self.roots.clone(),
        })
    }
}

fn config(place: &str, error: redis::RedisError) -> StoreError {
    StoreError::with_source(StoreErrorKind::Config, format!("{place}: {error}"), error)
}

impl fmt::Debug for RedisStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStoreBuilder")
            .field("key_prefix", &self.prefix)
            .field("sweep_interval", &self.interval)
            .field("response_timeout", &self.response_timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("accepted", &self.accepted)
            .finish_non_exhaustive()
    }
}
