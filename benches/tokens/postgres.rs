//! The store in PostgreSQL, beside the driver itself on a pool of the same kind.

use std::{hint::black_box, time::Duration};

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use tokio::{runtime, task::JoinSet};
use tokio_postgres::NoTls;
use tower_consent::{PostgresStore, TokenStore as _, Tokens};

use super::{
    Done, Result, Size,
    accounts::{LIFE, digest, record, text, unix_seconds},
    figures::{Contest, Goal, Sheet},
    flood::{in_turn, together},
    postgres_server::Server,
};

const TOKENS: usize = 10_000;
/// Verifications over which statements are counted.
const COUNTED: usize = 100;
/// Connections of both pools: the default of the store's.
const CONNECTIONS: usize = 10;

const SELECT: &str = "SELECT digest, subject, issued_at, expires_at, seen_at, form, label, data \
     FROM tower_consent_tokens WHERE digest = $1";

pub(crate) fn section(size: Size) -> Result<Done> {
    let Some(server) = Server::start(&[]) else { return Ok(Done::Skipped("PostgreSQL")) };
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let address = runtime.block_on(server.database());
    let store = runtime.block_on(PostgresStore::connect(&address))?;
    let tokens = Tokens::new(store.clone());
    runtime.block_on(fill(&store))?;
    let manager = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let raw = Pool::builder(Manager::from_config(address.parse()?, NoTls, manager)).max_size(CONNECTIONS).build()?;

    let digests: std::sync::Arc<[_]> = (0..TOKENS).map(digest).collect();
    let texts: std::sync::Arc<[_]> = (0..TOKENS).map(text).collect();
    let look = move |number: usize| {
        let (raw, digests) = (raw.clone(), digests.clone());
        async move {
            let client = raw.get().await?;
            let statement = client.prepare_cached(SELECT).await?;
            let digest = &digests[number * 7 % TOKENS].as_bytes()[..];
            let rows = client.query(&statement, &[&digest]).await?;
            black_box(rows).pop().ok_or("a row is missing")?;
            Ok(())
        }
    };
    let verifying = tokens.clone();
    let verify = move |number: usize| {
        let (tokens, texts) = (verifying.clone(), texts.clone());
        async move {
            black_box(tokens.verify(&texts[number * 7 % TOKENS]).await?).ok_or("a token is not alive")?;
            Ok(())
        }
    };
    let mut contest = Contest::default();
    contest.add("raw SELECT, one in flight", || runtime.block_on(in_turn(&look)));
    contest.add("verify, one in flight", || runtime.block_on(in_turn(&verify)));
    contest.add("raw SELECT, 64 in flight, each", || runtime.block_on(together(look.clone())));
    contest.add("verify, 64 in flight, each", || runtime.block_on(together(verify.clone())));
    let times = contest.run(size.rounds)?;

    let mut sheet = Sheet::new(format!(
        "PostgresStore, {TOKENS} tokens, a server on a unix socket, pools of {CONNECTIONS} connections"
    ));
    times.list(&mut sheet);
    let one = times.ratio("verify, one in flight", "raw SELECT, one in flight");
    sheet.row("verify / raw prepared SELECT", one, Goal::AtMost(1.15));
    let many = times.ratio("verify, 64 in flight, each", "raw SELECT, 64 in flight, each");
    sheet.row("verify / raw prepared SELECT, 64 in flight", many, Goal::AtMost(1.15));
    sheet.row("statements per verify", runtime.block_on(statements(&server, &address))?, Goal::Exactly(1.0));
    sheet.print();
    Ok(Done::Measured)
}

async fn fill(store: &PostgresStore) -> Result<()> {
    let now_at = unix_seconds();
    let mut waiting = JoinSet::new();
    for number in 0..TOKENS {
        if waiting.len() == 100
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

/// Statements that the server logs for a verification.
async fn statements(server: &Server, address: &str) -> Result<f64> {
    let logged = format!("{address} options='-c log_statement=all'");
    let tokens = Tokens::new(PostgresStore::builder().pool_size(1).connect(&logged).await?);
    // The first one prepares, and a store that is opened sweeps.
    tokens.verify(text(0)).await?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let before = server.log().len();
    for number in 0..COUNTED {
        tokens.verify(text(number)).await?.ok_or("a token is not alive")?;
    }
    let log = server.log();
    let is_statement = |line: &&str| line.contains("execute ") || line.contains("statement: ");
    Ok(log[before..].lines().filter(is_statement).count() as f64 / COUNTED as f64)
}
