//! Ten thousand requests at once: each is in flight until all of them are, over as many sockets as the system allows and
//! the streams of HTTP/2. What the whole stack holds for each of them is measured beside the bare server, in the same test.

use std::{
    env,
    net::{Ipv4Addr, SocketAddr},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    routing::{get, post},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    runtime,
    sync::{Notify, Semaphore},
};
use tower_consent::{
    Category, ConsentLayer, ConsentPages, ContentSecurityPolicy, Decision, HiddenFields, ManualClock, MemorySink,
    MemoryStore, NewToken, Records, Session, SignIn, SignedIn, StoreError, Tokens, VisitLog,
};

use crate::{
    site::{CONSENT, FORM, KEY, NOON, TOKEN, policy},
    wire::{self, Fields, Protocol},
};

const REQUESTS: usize = 10_000;
/// Streams over one connection: what a server of hyper's allows.
const STREAMS: usize = 200;
/// Says to the child what it is to serve.
const ROLE: &str = "ATTACKS_IN_FLIGHT";
/// Bytes that the stack may hold for a request that waits, beside what the bare server holds for it.
const MOST_PER_REQUEST: i64 = 3_500;
/// What the stack may keep of each request once all is answered: lines that the log has not written yet.
const MOST_AFTERWARDS: i64 = 1_024;
/// Longer than it takes on any machine; a test that hangs ends here.
const LIMIT: Duration = Duration::from_secs(300);

/// Bytes for each request, on the server's thread.
#[derive(Clone, Copy, Debug)]
struct Figures {
    sockets: usize,
    in_flight: i64,
    afterwards: i64,
}

/// The memory of a process is one thing for all of its tests, and so are its sockets: each measurement has a process of its
/// own, with as many sockets as the system gives.
#[test]
fn ten_thousand_requests_in_flight_hold_little_memory() {
    if let Ok(role) = env::var(ROLE) {
        let limit = env::var("LIMIT_OF_FILES").unwrap().parse().unwrap_or(100_000);
        let Figures { sockets, in_flight, afterwards } = measure(role == "stack", limit);
        println!("\nfigures {sockets} {in_flight} {afterwards}");
        return;
    }
    let name = "many::ten_thousand_requests_in_flight_hold_little_memory";
    // `sh` can raise the limit; Rust's library cannot.
    let script = "ulimit -n \"$(ulimit -Hn)\"; LIMIT_OF_FILES=$(ulimit -n) exec \"$0\" \"$@\"";
    let children = ["bare", "stack"].map(|role| {
        let mut command = Command::new("sh");
        command.args(["-c", script]).arg(env::current_exe().unwrap()).args(["--exact", name, "--nocapture"]);
        command.env(ROLE, role).stdout(Stdio::piped()).stderr(Stdio::piped());
        (role, command.spawn().unwrap())
    });
    let [bare, stack] = children.map(|(role, child)| {
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let said = || format!("{role}: {text}{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{}", said());
        let line = text.lines().find_map(|line| line.strip_prefix("figures ")).unwrap_or_else(|| panic!("{}", said()));
        let figures: Vec<i64> = line.split(' ').map(|figure| figure.parse().unwrap()).collect();
        Figures { sockets: usize::try_from(figures[0]).unwrap(), in_flight: figures[1], afterwards: figures[2] }
    });
    println!("bytes for each of {REQUESTS} requests: {bare:?}, {stack:?}");
    assert!(stack.sockets >= 100 && bare.sockets == stack.sockets, "{stack:?}");
    assert!(bare.in_flight > 500, "the count counts: {bare:?}");
    let more = stack.in_flight - bare.in_flight;
    assert!(more > 100, "the stack is there: {bare:?} {stack:?}");
    assert!(more <= MOST_PER_REQUEST, "{more} bytes more for each request: {bare:?}, {stack:?}");
    let kept = stack.afterwards - bare.afterwards;
    assert!(kept <= MOST_AFTERWARDS, "{kept} bytes of each request are kept: {bare:?}, {stack:?}");
}

/// Where requests wait for each other.
#[derive(Clone)]
struct Hold(Arc<Inner>);

struct Inner {
    held: AtomicUsize,
    all_held: Notify,
    gate: Semaphore,
    connections: AtomicUsize,
    all_closed: Notify,
}

impl Hold {
    fn new() -> Self {
        Self(Arc::new(Inner {
            held: AtomicUsize::new(0),
            all_held: Notify::new(),
            gate: Semaphore::new(0),
            connections: AtomicUsize::new(0),
            all_closed: Notify::new(),
        }))
    }

    /// Until everybody is there and the gate opens.
    async fn wait(&self) {
        if self.0.held.fetch_add(1, Ordering::SeqCst) + 1 == REQUESTS {
            self.0.all_held.notify_one();
        }
        let _closed = self.0.gate.acquire().await;
    }
}

fn bare(hold: Hold) -> Router {
    Router::new().route("/hold", get(async |State(hold): State<Hold>| hold.wait().await)).with_state(hold)
}

fn stack(hold: Hold) -> Router {
    async fn wait(State(hold): State<Hold>, decision: Decision, session: Option<Session>) -> String {
        hold.wait().await;
        let subject = session.map_or_else(|| "nobody".to_owned(), |session| session.subject().to_owned());
        format!("{subject} {}", decision.allows(Category::ANALYTICS))
    }
    async fn login(sign_in: SignIn) -> Result<(SignedIn, &'static str), StoreError> {
        Ok((sign_in.issue(NewToken::of("user-17")).await?, "in"))
    }
    let clock = ManualClock::at(NOON);
    let records = Records::builder(MemoryStore::new()).chain_key(KEY).clock(clock.clone()).build();
    let tokens = Tokens::builder(MemoryStore::new()).clock(clock.clone()).build().unwrap();
    let visits = VisitLog::builder(MemorySink::new()).clock(clock.clone()).build().unwrap();
    let layer = ConsentLayer::new(policy().build().unwrap())
        .with_clock(clock)
        .with_records(records.clone())
        .with_tokens(tokens)
        .with_hidden(HiddenFields::new())
        .with_csp(ContentSecurityPolicy::new().scripts())
        .with_visits(visits);
    Router::new()
        .route("/hold", get(wait))
        .route("/login", post(login))
        .nest_service("/privacy", ConsentPages::at("/privacy", records))
        .with_state(hold)
        .layer(layer)
}

fn measure(is_stack: bool, limit_of_files: usize) -> Figures {
    let (hold, ready) = (Hold::new(), Arc::new(Notify::new()));
    let (tell, told) = mpsc::channel();
    let server = {
        let (hold, ready) = (hold.clone(), Arc::clone(&ready));
        thread::spawn(move || serve(is_stack, &hold, &ready, &tell))
    };
    let address = told.recv().unwrap();
    // Both ends of each connection are files of this process.
    let sockets = (limit_of_files.saturating_sub(500) / 2).min(6_000);
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime
        .block_on(async { tokio::time::timeout(LIMIT, visit(address, &hold, &ready, is_stack, sockets)).await })
        .unwrap();
    drop(runtime);
    let (in_flight, afterwards) = server.join().unwrap();
    let each = |bytes: i64| bytes / i64::try_from(REQUESTS).unwrap();
    Figures { sockets, in_flight: each(in_flight), afterwards: each(in_flight + afterwards) }
}

/// Serves on this thread alone, whose memory is counted; gives what it held when all requests were in flight, and what came
/// to that until all connections were closed.
fn serve(is_stack: bool, hold: &Hold, ready: &Notify, tell: &mpsc::Sender<SocketAddr>) -> (i64, i64) {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let app = if is_stack { stack(hold.clone()) } else { bare(hold.clone()) };
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        tell.send(listener.local_addr().unwrap()).unwrap();
        tokio::spawn(accept(listener, app, hold.clone()));
        ready.notified().await;
    });
    let in_flight = allocation_counter::measure(|| runtime.block_on(hold.0.all_held.notified()));
    let afterwards = allocation_counter::measure(|| {
        runtime.block_on(async {
            while hold.0.connections.load(Ordering::SeqCst) > 0 {
                hold.0.all_closed.notified().await;
            }
        });
    });
    (in_flight.bytes_current, afterwards.bytes_current)
}

async fn accept(listener: TcpListener, app: Router, hold: Hold) {
    while let Ok((stream, _)) = listener.accept().await {
        let (service, hold) = (TowerToHyperService::new(app.clone()), hold.clone());
        hold.0.connections.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(async move {
            let server = auto::Builder::new(TokioExecutor::new());
            let _closed = server.serve_connection(TokioIo::new(stream), service).await;
            hold.0.connections.fetch_sub(1, Ordering::SeqCst);
            hold.0.all_closed.notify_one();
        });
    }
}

/// A jar as many visitors have it.
async fn jar(address: SocketAddr, is_stack: bool) -> String {
    let (consent, token) = if is_stack {
        let fields: Fields<'_> = &[("content-type", FORM), ("sec-fetch-site", b"same-origin")];
        let form = b"action=accept-all&revision=3";
        let answer = wire::ask(address, Protocol::Http1, "POST /privacy/choice", fields, form).await;
        let consent = answer.sets(CONSENT).unwrap();
        let answer = wire::ask(address, Protocol::Http1, "POST /login", &[], b"").await;
        (consent, answer.sets(TOKEN).unwrap())
    } else {
        ("x".repeat(130), "x".repeat(43))
    };
    let others: String =
        (0..10).map(|number| format!("; _ga_{number}=GS2.1.s1767225600$o14$g1; unknown_{number}=1")).collect();
    format!("{CONSENT}={consent}; {TOKEN}={token}{others}")
}

async fn visit(address: SocketAddr, hold: &Hold, ready: &Notify, is_stack: bool, sockets: usize) {
    let jar = jar(address, is_stack).await;
    while hold.0.connections.load(Ordering::SeqCst) > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    ready.notify_one();
    let agent = b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let fields: Fields<'_> = &[("cookie", jar.as_bytes()), ("user-agent", agent), ("accept-language", b"de, en;q=0.5")];
    let mut http1 = Vec::new();
    for _ in 0..sockets {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&wire::request("/hold", fields, b"")).await.unwrap();
        http1.push(stream);
    }
    let mut http2 = Vec::new();
    let mut rest = REQUESTS - sockets;
    while rest > 0 {
        let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
        let (mut sender, connection) =
            hyper::client::conn::http2::Builder::new(TokioExecutor::new()).handshake(stream).await.unwrap();
        tokio::spawn(connection);
        sender.ready().await.unwrap();
        for _ in 0..rest.min(STREAMS) {
            let mut sender = sender.clone();
            let request = wire::http2_request("/hold", fields, b"");
            http2.push(tokio::spawn(async move { wire::read(sender.send_request(request).await.unwrap()).await }));
        }
        rest -= rest.min(STREAMS);
    }
    while hold.0.held.load(Ordering::SeqCst) < REQUESTS {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // The server's thread has to see it before anything ends.
    tokio::time::sleep(Duration::from_millis(100)).await;
    hold.0.gate.close();
    let expected = if is_stack { "user-17 true" } else { "" };
    for mut stream in http1 {
        let mut raw = Vec::new();
        stream.read_to_end(&mut raw).await.unwrap();
        let answer = wire::parse(&raw, false);
        assert_eq!((answer.status, answer.text()), (200, expected));
    }
    for answer in http2 {
        let answer = answer.await.unwrap();
        assert_eq!((answer.status, answer.text()), (200, expected));
    }
}
