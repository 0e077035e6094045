//! The tables of consent records and every statement on them, for one schema.

use crate::store::postgres::statements::quoted;

/// The texts, made once.
pub(in crate::store::postgres) struct Statements {
    pub(super) append: String,
    pub(super) entries_of_record: String,
    pub(super) entries_of_subject: String,
    pub(super) entries_after: String,
    pub(super) chains: String,
    pub(super) keep_text: String,
    pub(super) text: String,
    pub(super) count: String,
    pub(super) counts: String,
    pub(super) advance: String,
    pub(super) purge_entries: String,
    pub(super) purge_texts: String,
    pub(super) purge_counts: String,
}

impl Statements {
    pub(in crate::store::postgres) fn new(schema: &str) -> Self {
        let schema = quoted(schema);
        let columns = "e.chain, e.number, e.time, e.kind, e.commitment, e.link, e.salt, e.record_id, e.subject, e.data";
        let entries_of = |owner: &str| {
            format!(
                "SELECT pg_is_in_recovery(), {columns} FROM (VALUES (1)) AS one (n) \
                 LEFT JOIN {schema}.tower_consent_entries AS e ON e.{owner} = $1 ORDER BY e.time, e.chain, e.number"
            )
        };
        Self {
            append: append(&schema),
            entries_of_record: entries_of("record_id"),
            entries_of_subject: entries_of("subject"),
            entries_after: format!(
                "SELECT pg_is_in_recovery(), {columns} FROM (VALUES (1)) AS one (n) \
                 LEFT JOIN (SELECT * FROM {schema}.tower_consent_entries AS e WHERE e.chain = $1 AND e.number > $2 \
                     ORDER BY e.number LIMIT $3) AS e ON true ORDER BY e.number"
            ),
            chains: format!(
                "SELECT pg_is_in_recovery(), c.chain, c.number, c.link, c.seal FROM (VALUES (1)) AS one (n) \
                 LEFT JOIN {schema}.tower_consent_chains AS c ON true"
            ),
            keep_text: format!(
                "INSERT INTO {schema}.tower_consent_texts AS t (hash, text, last_day) VALUES ($1, $2, $3) \
                 ON CONFLICT (hash) DO UPDATE SET last_day = excluded.last_day WHERE t.last_day < excluded.last_day"
            ),
            text: format!(
                "SELECT pg_is_in_recovery(), t.text FROM (VALUES (1)) AS one (n) \
                 LEFT JOIN {schema}.tower_consent_texts AS t ON t.hash = $1"
            ),
            // A counter stays at the largest number there is.
            count: format!(
                "INSERT INTO {schema}.tower_consent_counts AS c (day, what, count) VALUES ($1, $2, $3) \
                 ON CONFLICT (day, what) DO UPDATE \
                 SET count = c.count + least(excluded.count, 9223372036854775807 - c.count)"
            ),
            counts: format!(
                "SELECT pg_is_in_recovery(), c.day, c.what, c.count FROM (VALUES (1)) AS one (n) \
                 LEFT JOIN {schema}.tower_consent_counts AS c ON true ORDER BY c.day, c.what"
            ),
            advance: format!(
                "INSERT INTO {schema}.tower_consent_chains AS c (chain, number, link, seal) \
                 SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bytea[], $4::bytea[]) \
                 ON CONFLICT (chain) DO UPDATE \
                 SET number = excluded.number, link = excluded.link, seal = excluded.seal \
                 WHERE c.number IS NULL OR c.number < excluded.number RETURNING chain, number"
            ),
            purge_entries: format!(
                "DELETE FROM {schema}.tower_consent_entries AS e USING unnest($1::bytea[], $2::bigint[]) \
                 AS p (chain, number) WHERE e.chain = p.chain AND e.number <= p.number"
            ),
            purge_texts: format!("DELETE FROM {schema}.tower_consent_texts WHERE last_day < $1"),
            purge_counts: format!("DELETE FROM {schema}.tower_consent_counts WHERE day < $1"),
        }
    }
}

/// All of a batch in one statement; it answers with a place that is taken, and then it has changed nothing.
///
/// The rows of its chains are locked, so that no purge moves a checkpoint while it looks. What it cannot see, since it
/// came later, breaks the uniqueness of a chain or a place: then the server takes the whole statement back, and sent
/// again it sees.
fn append(schema: &str) -> String {
    format!(
        "WITH new AS MATERIALIZED ( \
            SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::smallint[], $5::bytea[], $6::bytea[], \
                $7::bytea[], $8::bytea[], $9::bytea[], $10::bytea[]) \
            AS n (chain, number, time, kind, commitment, link, salt, record_id, subject, data) \
         ), held AS MATERIALIZED ( \
            SELECT c.chain, c.number FROM {schema}.tower_consent_chains AS c WHERE c.chain = ANY ($1) \
            ORDER BY c.chain FOR SHARE \
         ), taken AS MATERIALIZED ( \
            SELECT n.chain, n.number FROM new AS n JOIN held AS h ON h.chain = n.chain AND n.number <= h.number \
            UNION ALL \
            SELECT n.chain, n.number FROM new AS n CROSS JOIN LATERAL ( \
                SELECT FROM {schema}.tower_consent_entries AS e WHERE e.chain = n.chain AND e.number = n.number \
                OFFSET 0) AS there \
            LIMIT 1 \
         ), begun AS ( \
            INSERT INTO {schema}.tower_consent_chains (chain) SELECT DISTINCT n.chain FROM new AS n \
            WHERE NOT EXISTS (SELECT FROM taken) AND n.chain NOT IN (SELECT h.chain FROM held AS h) \
            ORDER BY n.chain \
         ), added AS ( \
            INSERT INTO {schema}.tower_consent_entries \
                (chain, number, time, kind, commitment, link, salt, record_id, subject, data) \
            SELECT n.chain, n.number, n.time, n.kind, n.commitment, n.link, n.salt, n.record_id, n.subject, n.data \
            FROM new AS n WHERE NOT EXISTS (SELECT FROM taken) \
         ), erased AS ( \
            UPDATE {schema}.tower_consent_entries AS e \
            SET salt = NULL, record_id = NULL, subject = NULL, data = NULL \
            FROM unnest($11::bytea[], $12::bigint[]) AS p (chain, number) \
            WHERE e.chain = p.chain AND e.number = p.number AND e.salt IS NOT NULL \
            AND NOT EXISTS (SELECT FROM taken) \
         ) \
         SELECT t.chain, t.number FROM taken AS t"
    )
}

/// The tables, as the second version of the schema brought them.
pub(in crate::store::postgres) fn tables(schema: &str) -> String {
    format!(
        "CREATE TABLE {schema}.tower_consent_chains (
            chain bytea PRIMARY KEY CHECK (octet_length(chain) = 16),
            number bigint,
            link bytea,
            seal bytea,
            CHECK ((number IS NULL) = (link IS NULL) AND (number IS NULL) = (seal IS NULL))
        );
        CREATE TABLE {schema}.tower_consent_entries (
            chain bytea NOT NULL CHECK (octet_length(chain) = 16),
            number bigint NOT NULL,
            time bigint NOT NULL,
            kind smallint NOT NULL,
            commitment bytea NOT NULL CHECK (octet_length(commitment) = 32),
            link bytea NOT NULL CHECK (octet_length(link) = 32),
            salt bytea,
            record_id bytea,
            subject bytea,
            data bytea,
            PRIMARY KEY (chain, number),
            CHECK ((salt IS NULL) = (data IS NULL)),
            CHECK (salt IS NOT NULL OR (record_id IS NULL AND subject IS NULL))
        );
        CREATE INDEX tower_consent_entries_record_id ON {schema}.tower_consent_entries (record_id)
            WHERE record_id IS NOT NULL;
        CREATE INDEX tower_consent_entries_subject ON {schema}.tower_consent_entries (subject)
            WHERE subject IS NOT NULL;
        CREATE TABLE {schema}.tower_consent_texts (
            hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
            text bytea NOT NULL,
            last_day integer NOT NULL
        );
        CREATE TABLE {schema}.tower_consent_counts (
            day integer NOT NULL,
            what bytea NOT NULL,
            count bigint NOT NULL,
            PRIMARY KEY (day, what)
        );"
    )
}
