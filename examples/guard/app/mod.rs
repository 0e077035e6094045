//! The guard without its command line: the layer, the pages, and everything else from the site.

mod body;
mod fields;
mod forward;
mod fragments;
mod peers;
mod refusal;

use std::{
    convert::Infallible,
    io,
    net::IpAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, header::ACCEPT, uri::Authority};
use http_body_util::{BodyExt, Empty, combinators::UnsyncBoxBody};
use hyper::{body::Incoming, service::service_fn as hyper_service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_consent::{ConsentContext, ConsentLayer, ConsentPages, Decision, GpcResource, PolicyHandle, Records};

pub(crate) use self::peers::Prefix;
use self::{
    body::{BoxError, Moving},
    fields::Visitor,
    forward::{Connections, Way},
};

/// Every body that goes out.
type Outgoing = UnsyncBoxBody<Bytes, BoxError>;

/// Who has more connections open than this waits for the next one.
const MOST_CONNECTIONS: usize = 10_000;

/// More than this in header fields is answered with 431. Sites and other proxies take 8 to 16 KiB.
const LONGEST_HEAD: usize = 64 * 1024;

/// What the guard stands before, and how.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    /// Host and port of the site.
    pub(crate) site: Authority,
    pub(crate) policy: PolicyHandle,
    pub(crate) records: Records,
    /// The path of the consent pages.
    pub(crate) pages: String,
    /// The proxies before the guard whose word counts.
    pub(crate) trusted: Vec<Prefix>,
    /// Whether the site is told with each page what the visitor allows.
    pub(crate) tells: bool,
    pub(crate) patience: Patience,
}

/// How long the guard waits.
#[derive(Clone, Debug)]
pub(crate) struct Patience {
    /// For the head of a request.
    pub(crate) head: Duration,
    /// For a connection to the site.
    pub(crate) connect: Duration,
    /// For the site's answer, from the last piece of the request on.
    pub(crate) answer: Duration,
    /// For the next piece of a body, in either direction. Server-sent events must come more often than that.
    pub(crate) idle: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { head: seconds(20), connect: seconds(5), answer: seconds(60), idle: seconds(120) }
    }
}

/// What all requests share.
#[derive(Debug)]
struct Site {
    guard: Guard,
    pages: ConsentPages,
    gpc: GpcResource,
    connections: Connections,
}

/// From where a connection comes.
#[derive(Clone, Copy, Debug)]
struct Peer(IpAddr);

/// Serves until it is dropped.
pub(crate) async fn serve(listener: TcpListener, guard: Guard) -> Infallible {
    let layer = ConsentLayer::new(guard.policy.clone()).with_records(guard.records.clone());
    let pages = ConsentPages::at(&guard.pages, guard.records.clone());
    let patience = guard.patience.clone();
    let connections = forward::connections(&patience);
    let site = Arc::new(Site { gpc: GpcResource::of(guard.policy.clone()), guard, pages, connections });
    let service = layer.layer(service_fn(move |request| answer(Arc::clone(&site), request)));
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let place = Arc::clone(&places).acquire_owned().await;
        match listener.accept().await {
            Ok((stream, peer)) => {
                let (service, patience) = (service.clone(), patience.clone());
                tokio::spawn(async move {
                    if let Err(error) = converse(stream, Peer(peer.ip().to_canonical()), service, &patience).await {
                        tracing::debug!(error, "a connection ended");
                    }
                    drop(place);
                });
            }
            // No file descriptors left, for one: others end soon.
            Err(error) => {
                tracing::warn!(%error, "cannot take a connection");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Answers all requests of a connection.
async fn converse<S>(stream: TcpStream, peer: Peer, service: S, patience: &Patience) -> Result<(), BoxError>
where
    S: Service<Request<Moving<Incoming>>, Response = Response<Outgoing>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    stream.set_nodelay(true)?;
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new()).header_read_timeout(patience.head).max_buf_size(LONGEST_HEAD);
    server
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(patience.head)
        .keep_alive_timeout(patience.head)
        .max_concurrent_streams(128)
        .max_header_list_size(u32::try_from(LONGEST_HEAD)?);
    let has_asked = AtomicBool::new(false);
    let idle = patience.idle;
    let service = hyper_service_fn(|request: Request<Incoming>| {
        has_asked.store(true, Ordering::Relaxed);
        let mut request = request.map(|body| Moving::new(body, idle));
        request.extensions_mut().insert(peer);
        service.clone().oneshot(request)
    });
    let mut connection = pin!(server.serve_connection_with_upgrades(TokioIo::new(stream), service));
    match timeout(patience.head, connection.as_mut()).await {
        Ok(ended) => ended,
        // Which protocol it is shows only with its first bytes: until then no other clock runs.
        Err(_elapsed) if !has_asked.load(Ordering::Relaxed) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
        Err(_elapsed) => connection.await,
    }
}

/// Answers a request that has passed the layer.
async fn answer(site: Arc<Site>, request: Request<Moving<Incoming>>) -> Result<Response<Outgoing>, Infallible> {
    let is_head = request.method() == Method::HEAD;
    let answer = respond(site, request).await?;
    // Over HTTP/2 hyper would send what stands there.
    Ok(if is_head { answer.map(|_none| nothing()) } else { answer })
}

async fn respond(site: Arc<Site>, request: Request<Moving<Incoming>>) -> Result<Response<Outgoing>, Infallible> {
    let path = request.uri().path();
    if let Some(below) = path.strip_prefix(site.pages.path()).filter(|rest| rest.is_empty() || rest.starts_with('/')) {
        if let Some(answer) = fragments::answer(&site.pages, below, &request) {
            return Ok(answer);
        }
        return site.pages.clone().oneshot(request).await.map(whole);
    }
    if path == "/.well-known/gpc.json" {
        return site.gpc.clone().oneshot(request).await.map(whole);
    }
    let address = request.extensions().get().map_or(IpAddr::from([0, 0, 0, 0]), |Peer(address)| *address);
    let is_trusted = site.guard.trusted.iter().any(|prefix| prefix.contains(address));
    let tells = site.guard.tells && is_page(request.headers());
    let decision = ConsentContext::of(request.extensions()).filter(|_| tells).map(ConsentContext::decision);
    let way = Way {
        connections: &site.connections,
        site: &site.guard.site,
        patience: &site.guard.patience,
        visitor: Visitor { address, is_trusted },
        allows: decision.and_then(allowed),
    };
    Ok(way.forward(request).await)
}

/// A body of no length.
fn nothing() -> Outgoing {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

fn whole<B>(answer: Response<B>) -> Response<Outgoing>
where
    B: http_body::Body<Data = Bytes, Error = Infallible> + Send + 'static,
{
    answer.map(|body| body.map_err(|never| match never {}).boxed_unsync())
}

/// Whether a browser asks for a page, as the layer tells it. Nothing else is told of the choice: an answer that may follow
/// from it is kept out of shared caches.
fn is_page(headers: &HeaderMap) -> bool {
    match headers.get("sec-fetch-dest") {
        Some(destination) => destination == "document",
        None => headers.get_all(ACCEPT).iter().any(|accept| accept.to_str().is_ok_and(|it| it.contains("text/html"))),
    }
}

/// The names of the categories and services that are allowed.
fn allowed(decision: &Decision) -> Option<HeaderValue> {
    let policy = decision.policy();
    let categories = policy.categories().iter().filter(|category| decision.allows(**category));
    let services = policy.services().map(|(name, _)| name).filter(|name| decision.allows_service(name));
    let names: Vec<_> = categories.map(|category| category.as_str()).chain(services).collect();
    HeaderValue::from_str(&names.join(", ")).ok()
}
