//! Log-outs, rotations and look-ups of one token at one time, over real connections.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::net::{TcpListener, TcpStream};
use tower_consent::{MemoryStore, TokenLayer, Tokens};

use crate::{
    site::{NAME, routes},
    watched::Watched,
};

/// A server on a port of its own, which ends with the test's runtime.
async fn serve(tokens: Tokens) -> SocketAddr {
    let app = routes().layer(TokenLayer::new(tokens));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = TowerToHyperService::new(app.clone());
            tokio::spawn(async move {
                auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await.unwrap();
            });
        }
    });
    address
}

/// Status, body and the value of the token cookie that the answer sets.
async fn ask(address: SocketAddr, method: &str, path: &str, token: &str) -> (u16, Option<String>) {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost")
        .header("connection", "close")
        .header("cookie", format!("{NAME}={token}"))
        .body(Empty::<Bytes>::new())
        .unwrap();
    let answer = sender.send_request(request).await.unwrap();
    let status = answer.status().as_u16();
    let lines = answer.headers().get_all("set-cookie").iter();
    let set = lines.filter_map(|line| line.to_str().unwrap().strip_prefix("__Host-token=")?.split(';').next()).next();
    let set = set.filter(|value| !value.is_empty()).map(str::to_owned);
    answer.into_body().collect().await.unwrap();
    (status, set)
}

/// What the clients of one round saw.
#[derive(Default)]
struct Seen {
    log_outs: usize,
    accepted: usize,
    refused_after: usize,
    /// The secrets that rotations gave out.
    given: Vec<String>,
}

/// 200 clients at one time. None is accepted that began after the first log-out was acknowledged.
async fn round(tokens: &Tokens, address: SocketAddr, kinds: &'static [(&'static str, &'static str)]) -> Seen {
    let token = tokens.issue("user-17").await.unwrap().token().expose();
    let is_out = Arc::new(AtomicBool::new(false));
    let seen = Arc::new(Mutex::new(Seen::default()));
    let clients: Vec<_> = (0..200_usize)
        .map(|number| {
            let (token, is_out, seen) = (token.clone(), Arc::clone(&is_out), Arc::clone(&seen));
            tokio::spawn(async move {
                // The first fifth looks up, so that the token is seen alive; then everything at once.
                let (method, path) = if number < 40 { ("GET", "/account") } else { kinds[number % kinds.len()] };
                tokio::time::sleep(Duration::from_micros(number as u64 * 100)).await;
                // The last tenth comes late, where there is a log-out to come after.
                for _ in 0..100 * u32::from(number >= 180) {
                    if is_out.load(Ordering::SeqCst) {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                let began_after = is_out.load(Ordering::SeqCst);
                let (status, set) = ask(address, method, path, &token).await;
                if path == "/logout" && status == 204 {
                    is_out.store(true, Ordering::SeqCst);
                }
                assert!([200, 204, 401, 410].contains(&status), "{path}: {status}");
                assert!(!(began_after && status != 401), "{path} began after the log-out: {status}");
                let mut seen = seen.lock().unwrap();
                seen.log_outs += usize::from(path == "/logout" && status == 204);
                seen.accepted += usize::from(status == 200);
                seen.refused_after += usize::from(began_after);
                if path == "/rotate" && status == 200 {
                    seen.given.push(set.expect("a rotation that succeeded gives a secret"));
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    assert_eq!(ask(address, "GET", "/account", &token).await.0, 401);
    Arc::into_inner(seen).unwrap().into_inner().unwrap()
}

/// The two stores: one that answers at once, and one that takes its time.
fn stores() -> [Tokens; 2] {
    let slow = Watched::over(MemoryStore::new(), Duration::from_millis(2));
    [Tokens::new(MemoryStore::new()), Tokens::new(slow)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_passes_after_a_log_out() {
    for tokens in stores() {
        let address = serve(tokens.clone()).await;
        let mut all = Seen::default();
        for _ in 0..5 {
            let seen = round(&tokens, address, &[("GET", "/account"), ("POST", "/logout"), ("GET", "/guarded")]).await;
            assert!(seen.log_outs > 0);
            all.accepted += seen.accepted;
            all.refused_after += seen.refused_after;
            assert!(tokens.list("user-17").await.unwrap().is_empty());
        }
        assert!(all.accepted > 0 && all.refused_after > 0, "the race was none: {} {}", all.accepted, all.refused_after);
    }
}

/// With rotations among them: the secret that came with the requests is dead, and one rotation at most has given out
/// another. Once a log-out was acknowledged that one is dead too; otherwise it is exactly what is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rotations_and_log_outs() {
    for tokens in stores() {
        let address = serve(tokens.clone()).await;
        for _ in 0..5 {
            let kinds = &[("POST", "/rotate"), ("POST", "/logout"), ("GET", "/account"), ("POST", "/rotate")];
            let seen = round(&tokens, address, kinds).await;
            let left = tokens.list("user-17").await.unwrap();
            assert!(seen.given.len() <= 1, "one secret has one successor");
            if seen.log_outs > 0 {
                assert!(left.is_empty(), "a session outlived its log-out");
            } else {
                assert_eq!(left.len(), seen.given.len(), "what a rotation could not hand over is gone");
            }
            for token in &seen.given {
                assert_eq!(tokens.revoke(token).await.unwrap(), seen.log_outs == 0);
            }
        }
    }
}
