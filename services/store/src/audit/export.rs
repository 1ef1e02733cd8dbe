//! A month of the trail leaves: an operator exports it to a file and removes it, at least five years after its end
//! (NL-03). A chain is of one day, so that every chain leaves whole.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use chassis::{keyed_hash::HashKeys, secret::sha256};
use futures::TryStreamExt;
use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};
use jiff_sqlx::ToSqlx;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row, postgres::PgConnectOptions};
use uuid::Uuid;

/// How many years a month stays after its end, at least.
const YEARS: i64 = 5;

/// Why a month cannot leave the trail.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The text names no month.
    #[error("the month must have the form YYYY-MM")]
    Month,
    /// The law asks to keep the month longer.
    #[error("the month may leave from {0} on: log lines are kept for five years")]
    TooYoung(Date),
    /// The trail has no such month.
    #[error("the trail has no records of this month")]
    NoRecords,
    /// The file exists already, or cannot be written.
    #[error("the file cannot be written: {0}")]
    File(#[from] io::Error),
    /// The database failed, or the role does not own the trail.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

/// What stays in the database of an organisation's month that has left.
pub(crate) struct LeftNote {
    pub(crate) organisation: Uuid,
    /// The first day of the month.
    pub(crate) month: Date,
    pub(crate) records: i64,
    pub(crate) chains: i64,
    /// The SHA-256 of the hashes of the last record of each chain.
    pub(crate) heads_sha256: Vec<u8>,
}

impl LeftNote {
    fn bytes(&self) -> Vec<u8> {
        let counts = [self.records.to_be_bytes(), self.chains.to_be_bytes()].concat();
        [self.month.to_string().as_bytes(), &counts, &self.heads_sha256].concat()
    }

    fn mac(&self, keys: &HashKeys) -> Vec<u8> {
        keys.hash("audit month", self.organisation, &self.bytes())
    }

    pub(crate) fn matches(&self, keys: &HashKeys, mac: &[u8]) -> bool {
        keys.matches(mac, "audit month", self.organisation, &self.bytes())
    }
}

/// Writes all records of a month to a file, one JSON object per line, and removes the month from the trail. Runs as
/// the owner of the database. Returns the number of records. The file is on disk before the month is removed.
///
/// # Errors
/// When the month is younger than five years, has no records, or the file or the database fails: nothing was
/// removed.
pub async fn export_month(
    options: &PgConnectOptions,
    keys: &HashKeys,
    month: &str,
    now: Timestamp,
    file: &Path,
) -> Result<i64, ExportError> {
    let month: Date = format!("{month}-01").parse().map_err(|_| ExportError::Month)?;
    let may_leave = month.saturating_add(Span::new().months(1).years(YEARS));
    if now.to_zoned(TimeZone::UTC).date() < may_leave {
        return Err(ExportError::TooYoung(may_leave));
    }
    let mut connection = options.connect().await?;
    let mut tx = connection.begin().await?;
    let partition = format!("audit_record_{}", month.strftime("%Y%m"));
    let exists =
        sqlx::query("SELECT to_regclass($1) IS NOT NULL").bind(&partition).fetch_one(&mut *tx).await?;
    if !exists.try_get::<bool, _>(0)? {
        return Err(ExportError::NoRecords);
    }
    // The owner, too, reads no row while row-level security is forced.
    run(&mut tx, format!("ALTER TABLE {partition} NO FORCE ROW LEVEL SECURITY")).await?;
    let notes = write(&mut tx, &partition, month, file).await?;
    for note in &notes {
        sqlx::query!(
            "INSERT INTO audit_left (organisation_id, month, records, chains, heads_sha256, left_at, mac)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            note.organisation,
            note.month.to_sqlx() as _,
            note.records,
            note.chains,
            note.heads_sha256,
            now.to_sqlx() as _,
            note.mac(keys),
        )
        .execute(&mut *tx)
        .await?;
    }
    run(&mut tx, format!("ALTER TABLE audit_record DETACH PARTITION {partition}")).await?;
    run(&mut tx, format!("DROP TABLE {partition}")).await?;
    tx.commit().await?;
    Ok(notes.iter().map(|note| note.records).sum())
}

async fn run(connection: &mut PgConnection, statement: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await.map(drop)
}

/// Writes the records in the order of their chains. Returns a note for each organisation.
async fn write(
    connection: &mut PgConnection,
    partition: &str,
    month: Date,
    file: &Path,
) -> Result<Vec<LeftNote>, ExportError> {
    let mut out = BufWriter::new(File::create_new(file)?);
    let statement = format!(
        "SELECT organisation_id, writer_id, day::text, hash, to_jsonb(record)::text FROM {partition} AS record
         ORDER BY organisation_id, writer_id, day, sequence"
    );
    let mut rows = sqlx::query(AssertSqlSafe(statement)).fetch(connection);
    let mut notes: Vec<LeftNote> = Vec::new();
    // The chain of the last record, and that record's hash: the chain's head, if the next record is of another chain.
    let mut last: Option<((Uuid, Uuid, String), Vec<u8>)> = None;
    let mut heads = Vec::new();
    while let Some(row) = rows.try_next().await? {
        let chain: (Uuid, Uuid, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let hash: Vec<u8> = row.try_get(3)?;
        writeln!(out, "{}", row.try_get::<String, _>(4)?)?;
        let is_new_chain = last.as_ref().is_none_or(|(known, _)| *known != chain);
        if let Some((known, head)) = last.as_ref().filter(|_| is_new_chain) {
            heads.push((known.0, head.clone()));
        }
        if notes.last().is_none_or(|note| note.organisation != chain.0) {
            let (records, chains, heads_sha256) = (0, 0, Vec::new());
            notes.push(LeftNote { organisation: chain.0, month, records, chains, heads_sha256 });
        }
        if let Some(note) = notes.last_mut() {
            note.records += 1;
            note.chains += i64::from(is_new_chain);
        }
        last = Some((chain, hash));
    }
    heads.extend(last.map(|(known, head)| (known.0, head)));
    for note in &mut notes {
        let of_note: Vec<&[u8]> = heads
            .iter()
            .filter(|(of, _)| *of == note.organisation)
            .map(|(_, head)| head.as_slice())
            .collect();
        note.heads_sha256 = sha256(&of_note).to_vec();
    }
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok(notes)
}
