//! A test server that speaks TLS, as browsers keep `Secure` and `__Host-`
//! cookies for secure origins.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, LazyLock},
};

use axum::Router;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use rcgen::{CertifiedKey, KeyPair, PublicKeyData as _};
use sha2::{Digest as _, Sha256};
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivatePkcs8KeyDer},
};

/// The names the certificate is valid for.
const NAMES: [&str; 2] = ["example.test", "*.example.test"];

/// One certificate for all servers of a test run, so that a browser can be told of it before there is a server.
static CERTIFICATE: LazyLock<CertifiedKey<KeyPair>> =
    LazyLock::new(|| rcgen::generate_simple_self_signed(NAMES.map(str::to_owned)).expect("a self-signed certificate"));

/// What Chromium is told of the certificate: it is then as good as any, where an ignored error would change what the
/// browser does.
pub(crate) fn key_digest() -> String {
    STANDARD.encode(Sha256::digest(CERTIFICATE.signing_key.subject_public_key_info()))
}

/// A running server; dropping it closes the port and all connections.
pub(crate) struct TlsServer {
    addr: SocketAddr,
    task: JoinHandle<()>,
}

impl TlsServer {
    /// Serves `router` on a free port of 127.0.0.1, over HTTP/2 or HTTP/1.1 as
    /// the client prefers.
    pub(crate) async fn start(router: Router) -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(tls_config()));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let addr = listener.local_addr().expect("the address of the listener");
        let task = tokio::spawn(accept(listener, acceptor, router));
        Self { addr, task }
    }

    /// The address of `path` on this server under the name `host`.
    pub(crate) fn url(&self, host: &str, path: &str) -> String {
        format!("https://{host}:{}{path}", self.addr.port())
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn tls_config() -> ServerConfig {
    let CertifiedKey { cert, signing_key } = &*CERTIFICATE;
    let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());

    // Name the provider: rustls panics on its default if another dependency has
    // a second one compiled in.
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring supports the default TLS versions")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key.into())
        .expect("the key belongs to the certificate");
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, router: Router) {
    // Owned by this task, so that all connections end with it.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted.expect("the listener works");
                connections.spawn(serve(stream, acceptor.clone(), router.clone()));
            }
            // Let go of connections that have ended.
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, router: Router) -> io::Result<()> {
    // Browsers open connections they never use and close others half-way, so an
    // error here says nothing about the test; a page that fails to load does.
    let stream = acceptor.accept(stream).await?;
    auto::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .await
        .map_err(io::Error::other)
}
