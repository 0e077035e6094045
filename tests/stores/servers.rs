//! `redis-server` processes, single and as a cluster, which end with the values that own them.

use std::{
    env,
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, TcpListener},
    os::unix::net::UnixStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// How long a server may take to come up.
const PATIENCE: Duration = Duration::from_secs(20);

/// Pause between two looks at something that is about to change.
pub(crate) const POLL: Duration = Duration::from_millis(10);

/// What a server must be set to for tokens.
pub(crate) const SAFE: [&str; 6] = ["--save", "", "--appendonly", "yes", "--appendfsync", "always"];

/// One server, on a unix socket in a folder of its own.
pub(crate) struct RedisServer {
    folder: TempDir,
    settings: Vec<String>,
    child: Child,
}

impl RedisServer {
    /// A server that is safe for tokens, with more settings; `None` where there is no `redis-server`.
    pub(crate) fn start(more: &[&str]) -> Option<Self> {
        Self::start_with(&[&SAFE, more].concat())
    }

    /// A server with these settings alone.
    pub(crate) fn start_with(settings: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut all = ["--dir", "{dir}", "--unixsocket", "{dir}/socket", "--loglevel", "warning"].to_vec();
        if !settings.contains(&"--port") {
            all.extend(["--port", "0"]);
        }
        all.extend(settings);
        let settings: Vec<_> = all.iter().map(|word| word.replace("{dir}", folder.path().to_str().unwrap())).collect();
        let child = spawn(&settings)?;
        let mut server = Self { folder, settings, child };
        server.wait();
        Some(server)
    }

    pub(crate) fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    /// The URL for a user with a password.
    pub(crate) fn url_of(&self, user: &str, password: &str) -> String {
        format!("{}?user={user}&pass={password}", self.url())
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Stops it as it is: it keeps its connections and answers nothing.
    pub(crate) fn stop(&self) {
        self.signal("STOP");
    }

    pub(crate) fn resume(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let status = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.child.id())]).status().unwrap();
        assert!(status.success());
    }

    /// Ends it at once, in the middle of whatever it does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again, on what it left.
    pub(crate) fn start_again(&mut self) {
        self.child = spawn(&self.settings).unwrap();
        self.wait();
    }

    /// Waits until it answers.
    fn wait(&mut self) {
        let start = Instant::now();
        loop {
            if let Ok(mut stream) = UnixStream::connect(self.socket()) {
                stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
                let mut answer = [0; 5];
                let asked = stream.write_all(b"PING\r\n").and_then(|()| stream.read_exact(&mut answer));
                // Without a password it does not say more.
                if asked.is_ok() && (answer.starts_with(b"+PONG") || answer.starts_with(b"-NOAU")) {
                    return;
                }
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none() && start.elapsed() < PATIENCE, "no start: {ended:?}, {:?}", self.settings);
            thread::sleep(POLL);
        }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn spawn(settings: &[String]) -> Option<Child> {
    let child = Command::new("redis-server").args(settings).stdin(Stdio::null()).stdout(Stdio::null()).spawn();
    match child {
        Ok(child) => Some(child),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            assert_ne!(env::var("CI").as_deref(), Ok("true"), "no redis-server");
            println!("skipped: no redis-server (not in PATH)");
            None
        }
        Err(error) => panic!("redis-server: {error}"),
    }
}

/// A port of the loopback that is free now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Three primaries, each with a third of the slots.
pub(crate) struct RedisCluster {
    pub(crate) nodes: Vec<RedisServer>,
    pub(crate) ports: Vec<u16>,
}

impl RedisCluster {
    pub(crate) async fn start() -> Option<Self> {
        Self::start_with(&[]).await
    }

    /// One that names other ports to its clients than it listens on.
    pub(crate) async fn start_behind(ports: &[u16]) -> Option<Self> {
        Self::start_with(ports).await
    }

    async fn start_with(announced: &[u16]) -> Option<Self> {
        let (mut nodes, mut ports) = (Vec::new(), Vec::new());
        for index in 0..3 {
            let (port, bus) = (free_port(), free_port());
            let (port_text, bus) = (port.to_string(), bus.to_string());
            let settings = ["--bind", "127.0.0.1", "--port", &port_text, "--cluster-port", &bus];
            let mut cluster = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"].to_vec();
            let announced = announced.get(index).map(u16::to_string);
            if let Some(announced) = &announced {
                cluster.extend(["--cluster-announce-port", announced]);
            }
            nodes.push(RedisServer::start(&[&settings[..], &cluster].concat())?);
            ports.push(port);
        }
        let cluster = Self { nodes, ports };
        for (index, (first, last)) in [(0, 5_460), (5_461, 10_922), (10_923, 16_383)].into_iter().enumerate() {
            cluster.ask(index, &["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &last.to_string()]).await;
        }
        for index in [1, 2] {
            let bus = &cluster.nodes[index].settings;
            let bus = bus[bus.iter().position(|word| word == "--cluster-port").unwrap() + 1].clone();
            let port = cluster.ports[index].to_string();
            cluster.ask(0, &["CLUSTER", "MEET", "127.0.0.1", &port, &bus]).await;
        }
        cluster.wait().await;
        Some(cluster)
    }

    /// Waits until every node knows of the others, and that all is well.
    pub(crate) async fn wait(&self) {
        let start = Instant::now();
        for index in 0..self.nodes.len() {
            loop {
                let info = self.ask(index, &["CLUSTER", "INFO"]).await;
                let nodes = self.ask(index, &["CLUSTER", "NODES"]).await;
                let are_linked = nodes.lines().filter(|line| line.contains(" connected ")).count() == 3;
                if info.contains("cluster_state:ok") && are_linked {
                    break;
                }
                assert!(start.elapsed() < PATIENCE, "no cluster: {info}\n{nodes}");
                tokio::time::sleep(POLL).await;
            }
        }
    }

    pub(crate) fn urls(&self) -> Vec<String> {
        self.ports.iter().map(|port| format!("redis://127.0.0.1:{port}")).collect()
    }

    /// Sends one command to one node, and gives its answer as text.
    pub(crate) async fn ask(&self, node: usize, words: &[&str]) -> String {
        ask(&self.nodes[node].url(), words).await
    }
}

/// Sends one command to a server, and gives its answer as text.
pub(crate) async fn ask(url: &str, words: &[&str]) -> String {
    let client = ::redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut command = ::redis::cmd(words[0]);
    command.arg(&words[1..]);
    match command.query_async(&mut connection).await.unwrap() {
        ::redis::Value::BulkString(text) => String::from_utf8_lossy(&text).into_owned(),
        ::redis::Value::Int(number) => number.to_string(),
        ::redis::Value::SimpleString(text) => text,
        ::redis::Value::Okay => "OK".to_owned(),
        other => format!("{other:?}"),
    }
}
