//! The connection of a store: made when it is needed, given up when it is broken, and every wait bounded.
//!
//! Why not the driver's `ConnectionManager`: after an attempt to reconnect that fails by anything but I/O (too many
//! clients, a changed password) it never tries again, and its first command after an outage gets the error of an
//! attempt that was made long before.

use std::{
    fmt,
    future::Future,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, PushInfo, PushKind, RedisError, RedisResult,
    ServerErrorKind, Value, cluster::ClusterClient,
};
use tokio::{sync, time::timeout};

use super::{
    connection::{Connection, RedisConnection},
    fault, safety,
};
use crate::store::error::{StoreError, StoreErrorKind};

/// How long after a failed attempt to connect its error stands for others: nobody hammers a server that is down.
const PAUSE: Duration = Duration::from_millis(50);

/// Commands that can wait for the driver's task at a time.
const QUEUE: usize = 1_024;

/// Where connections come from.
pub(super) enum Origin {
    Server(Box<Client>),
    Cluster(Box<ClusterClient>),
    /// The application has given one, and cares for it.
    Given,
}

pub(super) struct Link {
    origin: Origin,
    address: String,
    response_timeout: Duration,
    connect_timeout: Duration,
    current: Mutex<Option<Open>>,
    // Held while a connection is made; the last attempt that failed.
    connecting: sync::Mutex<Option<(Instant, StoreError)>>,
}

#[derive(Clone)]
struct Open {
    connection: Connection,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    is_closed: AtomicBool,
    answers: AtomicU64,
}

impl Link {
    pub(super) fn new(origin: Origin, address: String, response_timeout: Duration, connect_timeout: Duration) -> Self {
        let (current, connecting) = (Mutex::default(), sync::Mutex::default());
        Self { origin, address, response_timeout, connect_timeout, current, connecting }
    }

    pub(super) fn given(connection: RedisConnection, response_timeout: Duration, connect_timeout: Duration) -> Self {
        let link = Self::new(Origin::Given, connection.0.name().to_owned(), response_timeout, connect_timeout);
        *link.current() = Some(Open { connection: connection.0, state: Arc::default() });
        link
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Sends a command that may change something: once.
    ///
    /// After an error it is not known whether it was done.
    pub(super) async fn run<T: FromRedisValue>(&self, name: &str, command: &Cmd) -> Result<T, StoreError> {
        self.attempt(name, command)
            .await?
            .map_err(|error| self.fault(name, error))
            .and_then(|value| self.read(name, value))
    }

    /// Sends a command that changes nothing: again, on a new connection, if the first broke.
    pub(super) async fn look<T: FromRedisValue>(&self, name: &str, command: &Cmd) -> Result<T, StoreError> {
        let answer = match self.attempt(name, command).await? {
            Err(error) if error.is_connection_dropped() => self.attempt(name, command).await?,
            answer => answer,
        };
        answer.map_err(|error| self.fault(name, error)).and_then(|value| self.read(name, value))
    }

    /// Works with the connection itself, for as long as connecting may take.
    pub(super) async fn with<T, F>(&self, work: impl FnOnce(Connection) -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let open = self.open().await?;
        let late = |_| fault::no_answer(&self.address, "settings", self.connect_timeout);
        timeout(self.connect_timeout, work(open.connection)).await.map_err(late)?
    }

    fn fault(&self, name: &str, error: RedisError) -> StoreError {
        fault::of_command(&self.address, name, error)
    }

    fn read<T: FromRedisValue>(&self, name: &str, value: Value) -> Result<T, StoreError> {
        redis::from_redis_value(value).map_err(|error| self.fault(name, error.into()))
    }

    /// One attempt. The outer error is one of ours: no connection, no answer.
    async fn attempt(&self, name: &str, command: &Cmd) -> Result<RedisResult<Value>, StoreError> {
        let mut open = self.open().await?;
        let before = open.state.answers.load(Ordering::Relaxed);
        let Ok(answer) = timeout(self.response_timeout, open.connection.send(command)).await else {
            // A connection on which nothing at all was heard may be one whose other end is gone. In a cluster that is
            // the business of the driver: other nodes answer.
            if !open.connection.is_cluster() && open.state.answers.load(Ordering::Relaxed) == before {
                self.give_up(&open);
            }
            return Err(fault::no_answer(&self.address, name, self.response_timeout));
        };
        match &answer {
            Err(error) if self.is_broken_by(error) => self.give_up(&open),
            _ => {
                open.state.answers.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(answer)
    }

    fn is_broken_by(&self, error: &RedisError) -> bool {
        match self.origin {
            Origin::Server(_) => {
                error.is_io_error()
                    || error.is_unrecoverable_error()
                    // It became a replica: the address may lead to the new primary.
                    || error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
            }
            // Nodes that drop are found again by the driver.
            Origin::Cluster(_) => error.kind() == ErrorKind::ClusterConnectionNotFound,
            Origin::Given => false,
        }
    }

    fn give_up(&self, open: &Open) {
        if matches!(self.origin, Origin::Given) {
            return;
        }
        let mut current = self.current();
        // Somebody else may have a new one already.
        if current.as_ref().is_some_and(|current| Arc::ptr_eq(&current.state, &open.state)) {
            *current = None;
        }
    }

    fn current(&self) -> MutexGuard<'_, Option<Open>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn living(&self) -> Option<Open> {
        self.current().as_ref().filter(|open| !open.state.is_closed.load(Ordering::Acquire)).cloned()
    }

    /// The connection; a new one where there is none. One caller makes it, the others wait.
    async fn open(&self) -> Result<Open, StoreError> {
        if let Some(open) = self.living() {
            return Ok(open);
        }
        let late = |_| fault::no_answer(&self.address, "connecting", self.connect_timeout);
        let mut failed = timeout(self.connect_timeout, self.connecting.lock()).await.map_err(late)?;
        if let Some(open) = self.living() {
            return Ok(open);
        }
        if let Some((_, error)) = failed.as_ref().filter(|(at, _)| at.elapsed() < PAUSE) {
            return Err(error.clone());
        }
        let connected = timeout(self.connect_timeout, self.connect()).await.map_err(late).flatten();
        match connected {
            Ok(open) => {
                *failed = None;
                *self.current() = Some(open.clone());
                Ok(open)
            }
            Err(error) => {
                *failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    async fn connect(&self) -> Result<Open, StoreError> {
        let state = Arc::<State>::default();
        let fault = |error| fault::of_connecting(&self.address, error);
        let connection = match &self.origin {
            Origin::Server(client) => {
                let seen = Arc::clone(&state);
                let config = AsyncConnectionConfig::new()
                    // Both are bounded here.
                    .set_connection_timeout(None)
                    .set_response_timeout(None)
                    .set_pipeline_buffer_size(QUEUE)
                    // So that a write after a quiet time does not meet a connection that ended meanwhile.
                    .set_push_sender(move |push: PushInfo| {
                        if push.kind == PushKind::Disconnection {
                            seen.is_closed.store(true, Ordering::Release);
                        }
                        Ok::<_, redis::aio::SendError>(())
                    });
                let connected = client.get_multiplexed_async_connection_with_config(&config).await;
                let mut connection = Connection::Single(connected.map_err(fault)?);
                safety::check_role(&mut connection, &self.address).await?;
                connection
            }
            Origin::Cluster(client) => Connection::Cluster(client.get_async_connection().await.map_err(fault)?),
            Origin::Given => {
                return Err(StoreError::new(StoreErrorKind::Unavailable, format!("{}: is gone", self.address)));
            }
        };
        Ok(Open { connection, state })
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("address", &self.address).finish_non_exhaustive()
    }
}
