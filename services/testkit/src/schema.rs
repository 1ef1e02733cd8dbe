//! The rules that every table must follow, checked against the database's own catalogue.

use sqlx::PgConnection;

/// Tables that do not belong to one organisation. Each group says why this is allowed.
const EXEMPT: [&str; 10] = [
    // The tables behind the bus: they hold no care content, and only the relay's role reads their events.
    "outbox",
    "event_log",
    "event_position",
    "inbox",
    "dead_letter",
    // The intents of audit records: a service may only add them, within its organisation.
    "audit_intent",
    // Which events will tell of records: the audit role alone reaches them.
    "audit_untold",
    // The list of organisations itself.
    "organisation",
    // The versions of the migrations, kept by sqlx.
    "_sqlx_migrations",
    "_store_migrations",
];

/// Descriptions of all tables and functions that break a rule; empty if none does.
pub async fn faults(connection: &mut PgConnection) -> Vec<String> {
    // The trail's partitions are made when they are needed: make one, so that it is checked too.
    sqlx::query("SELECT zp_audit_month('2027-05-01')").execute(&mut *connection).await.unwrap();
    let mut faults = Vec::new();
    for (rule, query) in RULES {
        let tables: Vec<String> =
            sqlx::query_scalar(*query).bind(EXEMPT.as_slice()).fetch_all(&mut *connection).await.unwrap();
        faults.extend(tables.into_iter().map(|table| format!("{table}: {rule}")));
    }
    faults
}

const RULES: &[(&str, &str)] = &[
    (
        "has no organisation_id NOT NULL",
        "SELECT c.relname::text FROM pg_class c WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
         AND c.relname <> ALL($1) AND NOT EXISTS (SELECT FROM pg_attribute a
             WHERE a.attrelid = c.oid AND a.attname = 'organisation_id' AND a.attnotnull)",
    ),
    (
        "has no forced row-level security",
        "SELECT c.relname::text FROM pg_class c WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
         AND c.relname <> ALL($1) AND NOT (c.relrowsecurity AND c.relforcerowsecurity)",
    ),
    (
        "has no policy on the organisation",
        "SELECT c.relname::text FROM pg_class c WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
         AND c.relname <> ALL($1) AND NOT EXISTS (SELECT FROM pg_policy p
             WHERE p.polrelid = c.oid AND pg_get_expr(p.polqual, p.polrelid) LIKE '%organisation_id =%')",
    ),
    (
        "has client_id but no restrictive policy on it",
        "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'client_id'
         WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
         AND c.relname <> ALL($1) AND NOT EXISTS (SELECT FROM pg_policy p
             WHERE p.polrelid = c.oid AND NOT p.polpermissive
             AND pg_get_expr(p.polqual, p.polrelid) LIKE '%client_id =%')",
    ),
    (
        "has an index that does not begin with organisation_id",
        "SELECT DISTINCT c.relname::text FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
         WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
         AND c.relname <> ALL($1) AND a.attname <> 'organisation_id'",
    ),
    (
        "has a foreign key that may lead to another organisation",
        "SELECT DISTINCT c.relname::text FROM pg_class c JOIN pg_constraint f ON f.conrelid = c.oid AND f.contype = 'f'
         WHERE c.relnamespace = 'public'::regnamespace AND $1::text[] IS NOT NULL
         AND NOT EXISTS (SELECT FROM pg_attribute a
             WHERE a.attrelid = c.oid AND a.attnum = ANY(f.conkey) AND a.attname = 'organisation_id')",
    ),
    (
        "has a permissive policy beside that on the organisation",
        "SELECT c.relname::text FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid AND p.polpermissive
         WHERE c.relnamespace = 'public'::regnamespace AND c.relname <> ALL($1) AND p.polcmd <> 'a'
         AND coalesce(pg_get_expr(p.polqual, p.polrelid), '') NOT LIKE '%organisation_id =%'",
    ),
    (
        "is a partition that a role other than the owner may reach directly",
        "SELECT c.relname::text FROM pg_class c, aclexplode(c.relacl) AS right_of
         WHERE c.relispartition AND c.relnamespace = 'public'::regnamespace AND $1::text[] IS NOT NULL
         AND right_of.grantee <> c.relowner",
    ),
    (
        "is a partition without forced row-level security",
        "SELECT c.relname::text FROM pg_class c
         WHERE c.relispartition AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
         AND $1::text[] IS NOT NULL AND NOT (c.relrowsecurity AND c.relforcerowsecurity)",
    ),
    (
        "is a function that asks the database for the time",
        "SELECT p.proname::text FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
         AND $1::text[] IS NOT NULL AND p.prosrc ~* '\\mnow\\(|current_(date|time)|clock_timestamp'",
    ),
    (
        "has a default that asks the database for the time",
        "SELECT DISTINCT c.relname::text FROM pg_class c JOIN pg_attrdef d ON d.adrelid = c.oid
         WHERE c.relnamespace = 'public'::regnamespace AND c.relname <> '_sqlx_migrations'
         AND c.relname <> '_store_migrations' AND $1::text[] IS NOT NULL
         AND pg_get_expr(d.adbin, d.adrelid) ~* 'now\\(|current_|clock_timestamp'",
    ),
];
