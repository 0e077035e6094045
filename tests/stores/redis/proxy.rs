//! A network between store and server that loses what it is told to lose.

use std::{
    net::Ipv4Addr,
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
    task::JoinHandle,
    time,
};
use tower_consent::{RedisStore, StoreErrorKind, TokenStore};

use super::super::{
    contract::{self, Run},
    servers::{POLL, RedisCluster, RedisServer},
};

pub(crate) struct Proxy {
    pub(crate) port: u16,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    server: OnceLock<PathBuf>,
    /// The connection breaks when the next `GETDEL`, or the next append of a record, is done, before its answer comes through.
    is_cutting: AtomicBool,
    /// Connections that are older than this are silent.
    age: AtomicU64,
    /// Milliseconds for which what is asked is on its way.
    delay: AtomicU64,
}

impl Proxy {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let (port, shared) = (listener.local_addr().unwrap().port(), Arc::<Shared>::default());
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { port, shared, task }
    }

    pub(crate) fn lead_to(&self, server: &RedisServer) {
        self.shared.server.set(server.socket()).unwrap();
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn cut(&self, is_cutting: bool) {
        self.shared.is_cutting.store(is_cutting, Ordering::SeqCst);
    }

    fn delay(&self, milliseconds: u64) {
        self.shared.delay.store(milliseconds, Ordering::SeqCst);
    }

    /// From now on nothing passes on the connections that there are; new ones are well.
    fn silence(&self) {
        self.shared.age.fetch_add(1, Ordering::SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(forward(client, Arc::clone(&shared)));
    }
}

async fn forward(mut client: TcpStream, shared: Arc<Shared>) -> Option<()> {
    let born = shared.age.load(Ordering::SeqCst);
    let mut server = UnixStream::connect(shared.server.get()?).await.ok()?;
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            length = client.read(&mut asked) => {
                let words = asked.get(..length.ok().filter(|length| *length > 0)?)?;
                if shared.age.load(Ordering::SeqCst) > born {
                    // Neither an answer nor an end, for longer than any test.
                    time::sleep(Duration::from_secs(600)).await;
                }
                match shared.delay.load(Ordering::SeqCst) {
                    0 => {}
                    delay => time::sleep(Duration::from_millis(delay)).await,
                }
                server.write_all(words).await.ok()?;
                let is_write = words.windows(6).any(|word| [b"GETDEL", b"HSETNX"].contains(&word.try_into().unwrap()));
                if is_write && shared.is_cutting.swap(false, Ordering::SeqCst) {
                    // Its first byte says that it was done; nobody sees it.
                    let _lost = server.read_u8().await.ok()?;
                    return None;
                }
            }
            length = server.read(&mut answered) => {
                let words = answered.get(..length.ok().filter(|length| *length > 0)?)?;
                client.write_all(words).await.ok()?;
            }
        }
    }
}

/// A delete that was done and whose answer is lost: an error. A client that asked again would be told "not there", and
/// would take its own rotation or log-out for somebody else's.
async fn a_lost_answer_is_an_error(store: &RedisStore, proxies: &[&Proxy]) {
    let run = Run::new("redis lost");
    for _ in 0..10 {
        let record = run.record("s");
        assert!(store.insert_new(record.clone()).await.unwrap());
        for proxy in proxies {
            proxy.cut(true);
        }
        let error = store.delete(record.digest()).await.expect_err("its answer is lost");
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
        for proxy in proxies {
            proxy.cut(false);
        }
        // It was done all the same. A cluster's driver takes a moment to connect again.
        let mut looks = 0;
        let found = loop {
            match store.get(record.digest()).await {
                Ok(found) => break found,
                Err(error) => assert!(looks < 100, "{error}"),
            }
            looks += 1;
            time::sleep(POLL).await;
        };
        assert_eq!(found, None);
    }
}

#[tokio::test]
async fn lost_answers() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let proxy = Proxy::start().await;
    proxy.lead_to(&server);
    let store = RedisStore::connect(proxy.url()).await.unwrap();
    a_lost_answer_is_an_error(&store, &[&proxy]).await;
}

#[tokio::test]
async fn lost_answers_in_a_cluster() {
    let proxies = [Proxy::start().await, Proxy::start().await, Proxy::start().await];
    let ports: Vec<_> = proxies.iter().map(|proxy| proxy.port).collect();
    let Some(cluster) = RedisCluster::start_behind(&ports).await else { return };
    for (proxy, node) in proxies.iter().zip(&cluster.nodes) {
        proxy.lead_to(node);
    }
    let store = RedisStore::builder().connect_cluster([proxies[0].url()]).await.unwrap();
    a_lost_answer_is_an_error(&store, &proxies.each_ref()).await;
}

/// A connection whose other end is gone without a word: one time-out, and then a new connection.
#[tokio::test]
async fn a_silent_connection_is_given_up() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let proxy = Proxy::start().await;
    proxy.lead_to(&server);
    let time = Duration::from_millis(300);
    let builder = RedisStore::builder().response_timeout(time).connect_timeout(time);
    let (store, record) = (builder.connect(proxy.url()).await.unwrap(), Run::new("redis silent").record("s"));
    assert!(store.insert_new(record.clone()).await.unwrap());
    for _ in 0..3 {
        proxy.silence();
        assert_eq!(store.get(record.digest()).await.unwrap_err().kind(), StoreErrorKind::Timeout);
        assert_eq!(store.get(record.digest()).await.unwrap().as_ref(), Some(&record));
    }
}

/// A list whose commands take longer than the rotations under it: most of its looks come too late, and it looks again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_slow_list_shows_a_rotating_session() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let proxy = Proxy::start().await;
    proxy.lead_to(&server);
    let (one, other) =
        (RedisStore::connect(server.url()).await.unwrap(), RedisStore::connect(proxy.url()).await.unwrap());
    proxy.delay(2);
    let run = Arc::new(Run::new("redis slow list"));
    contract::a_rotating_session_is_listed(&run, &Arc::new(one), &Arc::new(other), 1).await;
}

/// A log-out whose commands take longer than those of the rotations that it follows.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_slow_log_out_beats_rotations() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let proxy = Proxy::start().await;
    proxy.lead_to(&server);
    let handles = (RedisStore::connect(server.url()).await.unwrap(), RedisStore::connect(proxy.url()).await.unwrap());
    proxy.delay(2);
    contract::a_log_out_beats_rotations("redis slow log-out", (10, 2, 6), handles).await;
}
