//! Every statement, for one schema.

use sha2::{Digest as _, Sha256};

use super::ledger;

/// The version of the tables that this library makes and reads.
pub(super) const VERSION: i32 = 2;

/// Tokens that one batch of a sweep deletes at most: some milliseconds of work.
pub(super) const BATCH: i64 = 1_000;

/// The texts, made once: their names stand in the statement cache of each connection.
pub(super) struct Statements {
    pub(super) insert: String,
    pub(super) get: String,
    pub(super) list: String,
    pub(super) is_anything_left: String,
    pub(super) delete: String,
    pub(super) delete_all: String,
    pub(super) touch: String,
    pub(super) sweep: String,
    pub(super) sweep_lock: i64,
    pub(super) ledger: ledger::Statements,
}

impl Statements {
    pub(super) fn new(schema: &str) -> Self {
        let table = format!("{}.tower_consent_tokens", quoted(schema));
        let columns = "t.digest, t.subject, t.issued_at, t.expires_at, t.seen_at, t.session, t.form, t.label, t.data";
        Self {
            insert: format!(
                "INSERT INTO {table} (digest, subject, issued_at, expires_at, seen_at, session, form, label, data) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (digest) DO NOTHING"
            ),
            // One row at least, so that a standby cannot answer "no such token" either.
            get: format!(
                "SELECT pg_is_in_recovery(), {columns} FROM (VALUES (1)) AS one (n) \
                 LEFT JOIN {table} AS t ON t.digest = $1"
            ),
            list: format!(
                "SELECT pg_is_in_recovery(), {columns} FROM (VALUES (1)) AS one (n) \
                 LEFT JOIN {table} AS t ON t.subject = $1"
            ),
            is_anything_left: format!("SELECT pg_is_in_recovery(), EXISTS (SELECT FROM {table} WHERE subject = $1)"),
            delete: format!("DELETE FROM {table} WHERE digest = $1"),
            delete_all: format!("DELETE FROM {table} WHERE subject = $1"),
            touch: format!("UPDATE {table} SET seen_at = greatest(seen_at, $2) WHERE digest = $1"),
            // The lock ends with the statement, so nothing can leave it behind. Rows that somebody else is deleting are
            // left to them.
            sweep: format!(
                "WITH turn AS MATERIALIZED (SELECT pg_try_advisory_xact_lock($1) AS is_ours) \
                 DELETE FROM {table} WHERE digest = ANY (ARRAY( \
                     SELECT t.digest FROM {table} AS t \
                     WHERE (SELECT is_ours FROM turn) \
                     AND t.expires_at <= floor(extract(epoch FROM now()))::bigint - $2::bigint \
                     ORDER BY t.expires_at LIMIT {BATCH} FOR UPDATE OF t SKIP LOCKED))"
            ),
            sweep_lock: lock("sweep", schema),
            ledger: ledger::Statements::new(schema),
        }
    }
}

/// The key of an advisory lock: other applications on the same database have other ones.
pub(super) fn lock(purpose: &str, schema: &str) -> i64 {
    let digest: [u8; 32] = Sha256::digest(format!("tower-consent {purpose} {schema}")).into();
    digest.first_chunk().map_or(0, |first| i64::from_be_bytes(*first))
}

/// A name as SQL writes it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The steps from each version to the next; the first one makes the tables.
pub(super) fn steps(schema: &str) -> [String; VERSION as usize] {
    let schema = quoted(schema);
    // Text would not hold every subject and label: it knows no NUL.
    let tokens = format!(
        "CREATE TABLE {schema}.tower_consent_tokens (
            digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
            subject bytea NOT NULL,
            issued_at bigint NOT NULL,
            expires_at bigint NOT NULL,
            seen_at bigint NOT NULL,
            session bigint NOT NULL,
            form smallint NOT NULL,
            label bytea NOT NULL,
            data bytea NOT NULL
        );
        CREATE INDEX tower_consent_tokens_subject ON {schema}.tower_consent_tokens (subject);
        CREATE INDEX tower_consent_tokens_expires_at ON {schema}.tower_consent_tokens (expires_at);"
    );
    [tokens, ledger::tables(&schema)]
}
