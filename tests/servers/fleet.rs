//! Several servers on one store.

use std::net::SocketAddr;

use super::{
    person::{Person, Wire},
    process::{Backend, Kind, Server, Settings},
};

pub(crate) struct Fleet {
    // The servers go before the store.
    pub(crate) servers: Vec<Server>,
    pub(crate) wire: Wire,
    pub(crate) backend: Backend,
    settings: Settings,
    arguments: &'static [&'static str],
}

/// What leads the test program to the server: see `main.rs`.
pub(crate) const IN_TESTS: &[&str] = &["--exact", "one_server", "--ignored", "--nocapture"];

impl Fleet {
    pub(crate) async fn start(kind: Kind, count: usize) -> Option<Self> {
        Self::start_with(kind, count, &[], Settings::default(), IN_TESTS).await
    }

    /// So many servers, on a new store with these settings.
    pub(crate) async fn start_with(
        kind: Kind,
        count: usize,
        store: &[&str],
        settings: Settings,
        arguments: &'static [&'static str],
    ) -> Option<Self> {
        let backend = Backend::start(kind, store).await?;
        let mut fleet = Self { servers: Vec::new(), wire: Wire::new(), backend, settings, arguments };
        for _ in 0..count {
            fleet.add();
        }
        Some(fleet)
    }

    /// One more server.
    pub(crate) fn add(&mut self) {
        let server = Server::start(&self.backend.address(), self.arguments, self.settings);
        self.servers.push(server);
    }

    /// The addresses of all servers.
    pub(crate) fn all(&self) -> Vec<SocketAddr> {
        self.servers.iter().map(|server| server.addr).collect()
    }

    pub(crate) fn at(&self, number: usize) -> SocketAddr {
        self.servers[number % self.servers.len()].addr
    }

    pub(crate) fn person(&self) -> Person {
        Person::new(&self.wire)
    }

    /// Who may look at the records.
    pub(crate) async fn officer(&self, server: SocketAddr) -> Person {
        let mut officer = self.person();
        assert_eq!(officer.sign_in(server, "officer").await.expect("the server answers").status, 303);
        officer
    }

    /// What a server finds in the records of all.
    pub(crate) async fn verified_by(&self, server: SocketAddr) -> serde_json::Value {
        let mut officer = self.officer(server).await;
        let answer = officer.get(server, "/office/verify").await.expect("the server answers");
        assert_eq!(answer.status, 200, "{}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }
}
