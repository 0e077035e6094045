//! Servers of the fleet as processes of their own, and the stores that they share.
//!
//! A server is this very program, begun again with an environment that says so. It ends when its input ends: also when the
//! test's process was killed.

use std::{
    env,
    io::{BufRead as _, BufReader, Read as _},
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::{
    postgres_server,
    servers::RedisServer,
    site::{Keys, site},
    stores::Stores,
};

const STORE: &str = "TOWER_CONSENT_FLEET_STORE";
const THREADS: &str = "TOWER_CONSENT_FLEET_THREADS";
const SWEEP: &str = "TOWER_CONSENT_FLEET_SWEEP";

/// The keys of every server.
pub(crate) fn keys() -> Keys {
    Keys::read(&"1f".repeat(64)).unwrap()
}

/// Serves until the input ends, where the environment says so; `false` where it does not.
pub(crate) fn serve_if_asked() -> bool {
    let Ok(store) = env::var(STORE) else { return false };
    let number = |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let threads = number(THREADS).unwrap_or(2);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(usize::try_from(threads).unwrap())
        .enable_all()
        .build()
        .unwrap();
    thread::spawn(|| {
        drop(std::io::stdin().read_to_end(&mut Vec::new()));
        std::process::exit(0);
    });
    runtime.block_on(async {
        let stores = Stores::open(&store, number(SWEEP).map(Duration::from_secs)).await.unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        println!("listening on {}", listener.local_addr().unwrap());
        axum::serve(listener, site(&stores, &keys()).unwrap()).await.unwrap();
    });
    true
}

/// One server.
pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    child: Child,
    _input: ChildStdin,
}

impl Server {
    /// Begins one, and waits until it listens. `arguments` lead this program to [`serve_if_asked`].
    pub(crate) fn start(store: &str, arguments: &[&str], settings: Settings) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(arguments).env(STORE, store).env(THREADS, settings.threads.to_string());
        if let Some(sweep) = settings.sweep {
            command.env(SWEEP, sweep.to_string());
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        // The harness writes lines of its own.
        let addr = output.find_map(|line| Some(line.unwrap().split_once("listening on ")?.1.parse().unwrap()));
        let addr = addr.expect("the server listens");
        // Nobody reads what it says later, and it must not wait for that.
        thread::spawn(move || output.for_each(drop));
        Self { addr, child, _input: input }
    }

    /// Ends it at once, in the middle of whatever it does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Its memory that is in RAM, in bytes.
    pub(crate) fn resident(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// How a server runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// Threads that serve.
    pub(crate) threads: usize,
    /// Seconds between two sweeps, in place of the store's own.
    pub(crate) sweep: Option<u64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { threads: 2, sweep: None }
    }
}

/// Which store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Memory,
    Redb,
    Redis,
    Postgres,
}

/// What keeps the data of a fleet.
pub(crate) enum Backend {
    Memory,
    Redb(TempDir),
    Redis(RedisServer),
    Postgres { server: Arc<postgres_server::Server>, address: String },
}

impl Backend {
    /// A store of its own; `None`, and a line that says so, where its server is not installed.
    pub(crate) async fn start(kind: Kind, settings: &[&str]) -> Option<Self> {
        Some(match kind {
            Kind::Memory => Self::Memory,
            Kind::Redb => Self::Redb(tempfile::tempdir().unwrap()),
            Kind::Redis => Self::Redis(RedisServer::start(settings)?),
            Kind::Postgres => {
                let server = Arc::new(postgres_server::Server::start(settings)?);
                let address = server.database().await;
                Self::Postgres { server, address }
            }
        })
    }

    /// What opens it.
    pub(crate) fn address(&self) -> String {
        match self {
            Self::Memory => "memory".to_owned(),
            Self::Redb(folder) => format!("redb:{}", file(folder.path())),
            Self::Redis(server) => server.url(),
            Self::Postgres { address, .. } => address.clone(),
        }
    }

    /// Whether what it acknowledged survives the servers.
    pub(crate) const fn is_durable(&self) -> bool {
        !matches!(self, Self::Memory)
    }

    /// Ends the store's server at once, if it has one.
    pub(crate) fn kill(&mut self) {
        match self {
            Self::Memory | Self::Redb(_) => {}
            Self::Redis(server) => server.kill(),
            Self::Postgres { server, .. } => server.end("QUIT"),
        }
    }

    /// Starts it again, on what it left.
    pub(crate) fn start_again(&mut self) {
        match self {
            Self::Memory | Self::Redb(_) => {}
            Self::Redis(server) => server.start_again(),
            Self::Postgres { server, .. } => server.start_again(),
        }
    }
}

fn file(folder: &Path) -> String {
    folder.join("fleet.redb").display().to_string()
}
