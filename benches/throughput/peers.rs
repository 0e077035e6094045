//! What the peers need: a user for axum-login, and tower-sessions' store in Redis.

use std::{convert::Infallible, fmt, future::Future, pin::Pin};

use ::redis::{Client, aio::ConnectionManager, cmd};
use axum_login::{AuthUser, AuthnBackend, UserId};
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store,
};

use super::Result;

/// Somebody who may sign in.
#[derive(Clone, Debug)]
pub(crate) struct User(String);

impl AuthUser for User {
    type Id = String;

    fn id(&self) -> String {
        self.0.clone()
    }

    fn session_auth_hash(&self) -> &[u8] {
        b"$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo"
    }
}

/// Users without a database: what an application asks of its own costs nothing here.
#[derive(Clone, Debug)]
pub(crate) struct Users;

impl AuthnBackend for Users {
    type User = User;
    type Credentials = String;
    type Error = Infallible;

    async fn authenticate(&self, name: String) -> Result<Option<User>, Infallible> {
        Ok(Some(User(name)))
    }

    async fn get_user(&self, name: &UserId<Self>) -> Result<Option<User>, Infallible> {
        Ok(Some(User(name.clone())))
    }
}

/// The least store in Redis. The published one, tower-sessions-redis-store 0.16, fits tower-sessions 0.14 only; here the
/// driver is the one that this library has too, on one multiplexed connection that reconnects.
#[derive(Clone)]
pub(crate) struct RedisSessions(ConnectionManager);

impl RedisSessions {
    pub(crate) async fn connect(url: &str) -> Result<Self> {
        Ok(Self(ConnectionManager::new(Client::open(url)?).await?))
    }
}

impl fmt::Debug for RedisSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RedisSessions").finish()
    }
}

/// As the trait's macro writes it.
type Answer<'a, T> = Pin<Box<dyn Future<Output = session_store::Result<T>> + Send + 'a>>;

fn backend(error: impl fmt::Display) -> session_store::Error {
    session_store::Error::Backend(error.to_string())
}

impl SessionStore for RedisSessions {
    fn save<'s: 'a, 'r: 'a, 'a>(&'s self, record: &'r Record) -> Answer<'a, ()> {
        Box::pin(async move {
            let text = serde_json::to_vec(record).map_err(backend)?;
            let mut set = cmd("SET");
            set.arg(record.id.to_string()).arg(text).arg("EXAT").arg(record.expiry_date.unix_timestamp());
            set.exec_async(&mut self.0.clone()).await.map_err(backend)
        })
    }

    fn load<'s: 'a, 'i: 'a, 'a>(&'s self, id: &'i Id) -> Answer<'a, Option<Record>> {
        Box::pin(async move {
            let row = cmd("GET").arg(id.to_string()).query_async(&mut self.0.clone()).await;
            let text: Option<Vec<u8>> = row.map_err(backend)?;
            text.map(|text| serde_json::from_slice(&text)).transpose().map_err(backend)
        })
    }

    fn delete<'s: 'a, 'i: 'a, 'a>(&'s self, id: &'i Id) -> Answer<'a, ()> {
        Box::pin(async move { cmd("DEL").arg(id.to_string()).exec_async(&mut self.0.clone()).await.map_err(backend) })
    }
}
