//! Where the database is, and how to get there: the address as given, its name in messages, TLS.

use std::{fmt, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use tokio_postgres::{
    Config,
    config::{Host, SslNegotiation, TargetSessionAttrs},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::store::error::{StoreError, StoreErrorKind};

/// Which certificates of servers are trusted.
#[derive(Clone, Default)]
pub(super) enum Roots {
    /// What browsers trust.
    #[default]
    Web,
    /// These alone, as PEM.
    Own(Vec<u8>),
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Web => f.write_str("Web"),
            Self::Own(pem) => write!(f, "Own({} bytes)", pem.len()),
        }
    }
}

/// Reads an address. What it says about a bad one never repeats it: any part of it may be the password.
pub(super) fn parse(address: &str) -> Result<Config, StoreError> {
    let mut config: Config = address.parse().map_err(|error| {
        let message = format!("the address of the database: {}", complaint(&error));
        StoreError::new(StoreErrorKind::Config, message)
    })?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(StoreError::new(StoreErrorKind::Config, "the address of the database names no host"));
    }
    if config.get_application_name().is_none() {
        config.application_name("tower-consent");
    }
    // Of several servers, the one that takes writes. A single one is asked later, with a better answer.
    if config.get_hosts().len().max(config.get_hostaddrs().len()) > 1
        && config.get_target_session_attrs() == TargetSessionAttrs::Any
    {
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
    Ok(config)
}

/// What is wrong with an address. Only names of options that exist are repeated.
fn complaint(error: &tokio_postgres::Error) -> String {
    let options = ["sslmode", "port", "host", "hostaddr", "connect_timeout", "target_session_attrs", "channel_binding"];
    let said = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let option = options.iter().find(|option| said == format!("invalid value for option `{option}`"));
    match option {
        Some(&"sslmode") => {
            "sslmode is disable, prefer or require (which checks the certificate and its name)".to_owned()
        }
        Some(option) => format!("{option} has a value that it cannot have"),
        None => "is neither a URL (postgres://user:password@host/database, special characters as %40) \
                 nor pairs (host=… user=… dbname=…) of known names"
            .to_owned(),
    }
}

/// `host:port/database`, without user or password.
pub(super) fn name(config: &Config) -> String {
    let hosts: Vec<String> = if config.get_hosts().is_empty() {
        config.get_hostaddrs().iter().map(ToString::to_string).collect()
    } else {
        config.get_hosts().iter().map(host_name).collect()
    };
    let ports = config.get_ports();
    let with_port = |(index, host): (usize, String)| {
        let port = ports.get(index).or_else(|| ports.first()).copied().unwrap_or(5432);
        format!("{host}:{port}")
    };
    let places: Vec<String> = hosts.into_iter().enumerate().map(with_port).collect();
    match config.get_dbname() {
        Some(database) => format!("{}/{database}", places.join(",")),
        None => places.join(","),
    }
}

fn host_name(host: &Host) -> String {
    match host {
        // An `@` in a password that was not written as %40 leaves the password's end here.
        Host::Tcp(host) => host.rsplit('@').next().unwrap_or_default().to_owned(),
        #[cfg(unix)]
        Host::Unix(folder) => folder.display().to_string(),
    }
}

/// TLS with these roots; whether it is used is said by the address (`sslmode`).
pub(super) fn tls(config: &Config, roots: &Roots) -> Result<MakeRustlsConnect, StoreError> {
    let bad = |message: String| StoreError::new(StoreErrorKind::Config, message);
    let mut store = RootCertStore::empty();
    match roots {
        Roots::Web => store.roots = webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        Roots::Own(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|error| bad(format!("root certificates: {error}")))?;
                store.add(certificate).map_err(|error| bad(format!("root certificates: {error}")))?;
            }
            if store.is_empty() {
                return Err(bad("root certificates: no certificate in PEM form".to_owned()));
            }
        }
    }
    // Named here, so that no provider of the process is needed, and none is disturbed.
    let mut tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(format!("TLS: {error}")))?
        .with_root_certificates(store)
        .with_no_client_auth();
    if config.get_ssl_negotiation() == SslNegotiation::Direct {
        tls.alpn_protocols.push(b"postgresql".to_vec());
    }
    Ok(MakeRustlsConnect::new(tls))
}
