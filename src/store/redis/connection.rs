//! One connection, of whichever kind, and what is sent over it.

use redis::{
    Cmd, ErrorKind, RedisError, RedisResult, ServerErrorKind, Value,
    aio::{ConnectionLike, ConnectionManager, MultiplexedConnection},
    cluster_async::ClusterConnection,
    cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo, SingleNodeRoutingInfo},
};

/// How often a command follows the slots of a cluster before that is an error.
const REDIRECTS: u32 = 5;

/// A connection of the application's own, for [`with_connection`](super::RedisStoreBuilder::with_connection): made from
/// a `ConnectionManager`, a `MultiplexedConnection` or a `ClusterConnection` of the crate `redis`.
#[derive(Clone)]
pub struct RedisConnection(pub(super) Connection);

impl std::fmt::Debug for RedisConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RedisConnection").field(&self.0.name()).finish()
    }
}

impl From<ConnectionManager> for RedisConnection {
    fn from(connection: ConnectionManager) -> Self {
        Self(Connection::Manager(connection))
    }
}

impl From<MultiplexedConnection> for RedisConnection {
    fn from(connection: MultiplexedConnection) -> Self {
        Self(Connection::Single(connection))
    }
}

impl From<ClusterConnection> for RedisConnection {
    fn from(connection: ClusterConnection) -> Self {
        Self(Connection::Cluster(connection))
    }
}

#[derive(Clone)]
pub(super) enum Connection {
    Single(MultiplexedConnection),
    Manager(ConnectionManager),
    Cluster(ClusterConnection),
}

impl Connection {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Single(_) => "MultiplexedConnection",
            Self::Manager(_) => "ConnectionManager",
            Self::Cluster(_) => "ClusterConnection",
        }
    }

    pub(super) fn is_cluster(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }

    /// Sends a command, and gives its answer.
    pub(super) async fn send(&mut self, command: &Cmd) -> RedisResult<Value> {
        let answer = match self {
            Self::Single(connection) => connection.send_packed_command(command).await,
            Self::Manager(connection) => connection.send_packed_command(command).await,
            Self::Cluster(connection) => follow(connection, command).await,
        };
        answer?.extract_error()
    }

    /// Asks every primary, and gives their answers with their addresses; the address is empty where there is but one.
    pub(super) async fn ask_all(&mut self, command: &Cmd) -> RedisResult<Vec<(String, Value)>> {
        let Self::Cluster(connection) = self else {
            return Ok(vec![(String::new(), self.send(command).await?)]);
        };
        let all = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
        let answers = connection.route_command(command.clone(), all).await?.extract_error()?;
        match answers {
            Value::Map(answers) => {
                answers.into_iter().map(|(node, answer)| Ok((redis::from_redis_value(node)?, answer))).collect()
            }
            _ => Err((ErrorKind::UnexpectedReturnType, "no answer for each node").into()),
        }
    }
}

/// Sends a command to the node that has its key.
///
/// A connection of our own never sends a command twice by itself: a delete that was done, and whose answer was lost,
/// would answer "not there". What is sent again here, the node refused without doing it.
async fn follow(connection: &mut ClusterConnection, command: &Cmd) -> RedisResult<Value> {
    let mut redirects = 0;
    loop {
        let answer = connection.req_packed_command(command).await.and_then(Value::extract_error);
        let error = match answer {
            Err(error) if redirects < REDIRECTS => error,
            answer => return answer,
        };
        redirects += 1;
        match error.kind() {
            // The driver reads the slots anew before it sends what comes next.
            ErrorKind::Server(ServerErrorKind::Moved) => {}
            ErrorKind::Server(ServerErrorKind::Ask) => return ask(connection, command, error).await,
            _ => return Err(error),
        }
    }
}

/// While a slot moves to another node, that node answers for it only when it is told that it is asked.
async fn ask(connection: &mut ClusterConnection, command: &Cmd, error: RedisError) -> RedisResult<Value> {
    let Some((host, port)) = error.redirect_node().and_then(|(address, _slot)| address.rsplit_once(':')) else {
        return Err(error);
    };
    let Ok(port) = port.parse() else { return Err(error) };
    let node = SingleNodeRoutingInfo::ByAddress { host: host.to_owned(), port };
    let mut both = redis::pipe();
    both.cmd("ASKING").add_command(command.clone());
    let answers = connection.route_pipeline(both, 0, 2, node).await?;
    answers.into_iter().next_back().ok_or(error)?.extract_error()
}
