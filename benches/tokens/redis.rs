//! The store in Redis, beside the driver itself.

use std::{convert::Infallible, hint::black_box};

use ::redis::{Client, aio::MultiplexedConnection, cmd};
use http::{Request, Response, header};
use tokio::{runtime, task::JoinSet};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_consent::{RedisStore, TokenContext, TokenLayer, TokenStore as _, Tokens};

use super::{
    Done, Result, Size,
    accounts::{LIFE, digest, record, text, unix_seconds},
    figures::{Contest, Goal, Sheet},
    flood::{in_turn, together},
    servers::RedisServer,
};

const TOKENS: usize = 10_000;
/// Requests over which commands are counted.
const COUNTED: usize = 100;

pub(crate) fn section(size: Size) -> Result<Done> {
    let Some(server) = RedisServer::start(&[]) else { return Ok(Done::Skipped("redis-server")) };
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let store = runtime.block_on(RedisStore::connect(server.url()))?;
    let tokens = Tokens::new(store.clone());
    let mut raw = runtime.block_on(Client::open(server.url())?.get_multiplexed_async_connection())?;
    runtime.block_on(fill(&store))?;
    // The keys as the store writes them.
    let keys: Vec<_> = (0..TOKENS).map(|number| format!("tower-consent:t:{}", digest(number))).collect();
    let keys: &'static [String] = keys.leak();

    let look = |connection: MultiplexedConnection| {
        move |number: usize| {
            let mut connection = connection.clone();
            async move {
                let mut get = cmd("GET");
                let row: Option<Vec<u8>> = get.arg(&keys[number * 7 % TOKENS]).query_async(&mut connection).await?;
                black_box(row).ok_or("a row is missing")?;
                Ok(())
            }
        }
    };
    let verify = |tokens: Tokens| {
        let texts: std::sync::Arc<[String]> = (0..TOKENS).map(text).collect();
        move |number: usize| {
            let (tokens, texts) = (tokens.clone(), texts.clone());
            async move {
                black_box(tokens.verify(&texts[number * 7 % TOKENS]).await?).ok_or("a token is not alive")?;
                Ok(())
            }
        }
    };
    let (look, verify) = (look(raw.clone()), verify(tokens.clone()));
    let mut contest = Contest::default();
    contest.add("raw GET, one in flight", || runtime.block_on(in_turn(&look)));
    contest.add("verify, one in flight", || runtime.block_on(in_turn(&verify)));
    contest.add("raw GET, 64 in flight, each", || runtime.block_on(together(look.clone())));
    contest.add("verify, 64 in flight, each", || runtime.block_on(together(verify.clone())));
    let times = contest.run(size.rounds)?;

    let mut sheet = Sheet::new(format!("RedisStore, {TOKENS} tokens, redis-server on a unix socket"));
    times.list(&mut sheet);
    let one = times.ratio("verify, one in flight", "raw GET, one in flight");
    sheet.row("verify / raw GET on a multiplexed connection", one, Goal::AtMost(1.15));
    let many = times.ratio("raw GET, 64 in flight, each", "verify, 64 in flight, each");
    sheet.row("throughput of 64 tasks on one connection / raw GETs alike", many, Goal::AtLeast(0.8));
    let with = runtime.block_on(commands(&mut raw, &tokens, true))?;
    let without = runtime.block_on(commands(&mut raw, &tokens, false))?;
    sheet.row("commands per request with a token (session asked for)", with, Goal::Exactly(1.0));
    sheet.row("commands per request without one", without, Goal::Exactly(0.0));
    sheet.print();
    Ok(Done::Measured)
}

async fn fill(store: &RedisStore) -> Result<()> {
    let now_at = unix_seconds();
    let mut waiting = JoinSet::new();
    for number in 0..TOKENS {
        if waiting.len() == 200
            && let Some(done) = waiting.join_next().await
        {
            done??;
        }
        let (store, record) = (store.clone(), record(number, now_at, now_at + LIFE)?);
        waiting.spawn(async move { store.insert_new(record).await });
    }
    while let Some(done) = waiting.join_next().await {
        done??;
    }
    Ok(())
}

/// Commands that the server counts for a request through the layer, whose handler asks for the session twice.
async fn commands(raw: &mut MultiplexedConnection, tokens: &Tokens, has_token: bool) -> Result<f64> {
    let handler = service_fn(|request: Request<()>| async move {
        let mut found = false;
        for _ in 0..2 {
            if let Some(context) = TokenContext::of(request.extensions()) {
                found = context.session(request.headers()).await.is_ok_and(|session| session.is_some());
            }
        }
        Ok::<_, Infallible>(Response::new(found))
    });
    let service = TokenLayer::new(tokens.clone()).layer(handler);
    cmd("CONFIG").arg("RESETSTAT").exec_async(raw).await?;
    for number in 0..COUNTED {
        let mut request = Request::new(());
        if has_token {
            let cookie = format!("lang=en; __Host-token={}", text(number)).try_into()?;
            request.headers_mut().insert(header::COOKIE, cookie);
        }
        let answer = service.clone().oneshot(request).await?;
        if *answer.body() != has_token {
            return Err("the layer does not do its work".into());
        }
    }
    let told: String = cmd("INFO").arg("commandstats").query_async(raw).await?;
    // cmdstat_get:calls=100,usec=…
    let calls = told.lines().filter(|line| !line.contains("config") && !line.contains("cmdstat_info"));
    let calls = calls.filter_map(|line| line.split_once("calls=")?.1.split(',').next()?.parse::<f64>().ok());
    Ok(calls.fold(0.0, |sum, calls| sum + calls) / COUNTED as f64)
}
