//! What is asked of a database before it is used, and the tables that are made there.

use deadpool_postgres::Client;
use tokio_postgres::{Error, GenericClient, IsolationLevel};

use super::{
    error::{Stage, failed},
    statements::{VERSION, lock, quoted, steps},
};
use crate::store::error::{StoreError, StoreErrorKind};

/// The oldest server: statements here use what it brought.
const OLDEST: i32 = 120_000;

/// What a store wants to be sure of.
#[derive(Clone, Debug, Default)]
pub(super) struct Demands {
    pub(super) schema: Option<String>,
    pub(super) accepts_unsafe: bool,
}

impl Demands {
    /// Whether the name of the schema is one that needs no quotes anywhere.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let Some(schema) = &self.schema else { return Ok(()) };
        let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        let is_good = schema.len() <= 63
            && schema.bytes().next().is_some_and(is_letter)
            && schema.bytes().all(|byte| is_letter(byte) || byte.is_ascii_digit())
            && !schema.starts_with("pg_");
        if is_good {
            return Ok(());
        }
        let message = format!("schema {schema:?}: lower-case letters, digits and `_`, at most 63, and not `pg_` first");
        Err(StoreError::new(StoreErrorKind::Config, message))
    }
}

/// Looks at the server, makes what is missing, and gives the schema that the tables stand in.
pub(super) async fn prepare(client: &mut Client, demands: &Demands) -> Result<String, StoreError> {
    let said = |error| failed(Stage::Opening, "looking at the server's settings", error);
    let question = "SELECT current_setting('server_version_num')::int, pg_is_in_recovery(), \
                    current_setting('fsync'), current_setting('synchronous_commit'), current_schema()::text";
    let row = client.query_one(question, &[]).await.map_err(said)?;
    let number: i32 = row.try_get(0).map_err(said)?;
    if number < OLDEST {
        let message = format!("PostgreSQL {}: {} or later is needed", number / 10_000, OLDEST / 10_000);
        return Err(StoreError::new(StoreErrorKind::Config, message));
    }
    if row.try_get(1).map_err(said)? {
        return Err(standby("opening"));
    }
    for (column, setting) in [(2, "fsync"), (3, "synchronous_commit")] {
        let value: &str = row.try_get(column).map_err(said)?;
        if value == "off" && !demands.accepts_unsafe {
            let message = format!(
                "{setting} = off at the server, the database or the role: after a crash a token that was deleted can \
                 be back; set it to on, or call accept_unsafe"
            );
            return Err(StoreError::new(StoreErrorKind::Unsafe, message));
        }
    }
    let found: Option<String> = row.try_get(4).map_err(said)?;
    let schema = demands.schema.clone().or(found).ok_or_else(|| {
        let message = "no schema of the search_path exists: create one, or name one to the builder";
        StoreError::new(StoreErrorKind::Config, message)
    })?;
    // Most of the time nothing is to be done, and then no right to do it is needed.
    if version(&***client, &schema).await? < VERSION {
        migrate(client, &schema).await?;
    }
    Ok(schema)
}

/// A standby lags behind: it can still find what was deleted.
pub(super) fn standby(what: &str) -> StoreError {
    let message = format!("{what}: the server is a standby, whose answers can be out of date");
    StoreError::new(StoreErrorKind::Unavailable, message)
}

/// The version of the tables; 0 where there are none.
async fn version(client: &impl GenericClient, schema: &str) -> Result<i32, StoreError> {
    let said = |error| failed(Stage::Opening, "reading the version of the tables", error);
    let table = format!("{}.tower_consent_version", quoted(schema));
    let row = client.query_one("SELECT to_regclass($1) IS NOT NULL", &[&table]).await.map_err(said)?;
    if !row.try_get::<_, bool>(0).map_err(said)? {
        return Ok(0);
    }
    let row = client.query_one(&format!("SELECT coalesce(max(version), 0) FROM {table}"), &[]).await.map_err(said)?;
    let version = row.try_get(0).map_err(said)?;
    if version > VERSION {
        let message = format!(
            "the tables in schema {schema:?} are of version {version}, and this release of tower-consent knows none \
             after {VERSION}: it must be at least as new as the newest server"
        );
        return Err(StoreError::new(StoreErrorKind::Config, message));
    }
    Ok(version)
}

/// Brings the tables to this version: all of it or nothing, and one server at a time.
async fn migrate(client: &mut Client, schema: &str) -> Result<(), StoreError> {
    let said = |error: Error| failed(Stage::Opening, &format!("making the tables in schema {schema:?}"), error);
    // After the wait for the lock, what another server has made must be seen.
    let builder = client.build_transaction().isolation_level(IsolationLevel::ReadCommitted).read_only(false);
    let transaction = builder.start().await.map_err(said)?;
    let limits = "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; SET LOCAL synchronous_commit = on";
    transaction.batch_execute(limits).await.map_err(said)?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&lock("tables", schema)]).await.map_err(said)?;
    let question = "SELECT to_regnamespace($1) IS NOT NULL";
    let row = transaction.query_one(question, &[&quoted(schema)]).await.map_err(said)?;
    if !row.try_get::<_, bool>(0).map_err(said)? {
        transaction.batch_execute(&format!("CREATE SCHEMA {}", quoted(schema))).await.map_err(said)?;
    }
    let found = version(&*transaction, schema).await?;
    let table = format!("{}.tower_consent_version", quoted(schema));
    for (version, step) in (1..).zip(&steps(schema)) {
        if version <= found {
            continue;
        }
        transaction.batch_execute(step).await.map_err(said)?;
        let note = format!(
            "CREATE TABLE IF NOT EXISTS {table} (version integer PRIMARY KEY, since timestamptz NOT NULL DEFAULT now());
             INSERT INTO {table} (version) VALUES ({version})"
        );
        transaction.batch_execute(&note).await.map_err(said)?;
    }
    transaction.commit().await.map_err(said)
}
