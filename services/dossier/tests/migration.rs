//! The reports of before the table `record` move in, with their ids.

use chassis::id::ClientId;
use jiff::Timestamp;
use proto::dossier::v1::{GetRecordRequest, ReportKind};
use testkit::records::report_of;
use uuid::Uuid;

use crate::support::{Service, ecd};

const MIGRATION: &str = include_str!("../migrations/0003_record.sql");

#[tokio::test]
async fn reports_move_into_the_table_of_records_with_their_ids() {
    let service = Service::start().await;
    let client: ClientId = service.client(1, "C1").await;
    let mut superuser = service.process.database.as_superuser().await;
    // The table as it was, with a long text, a text of other letters, and a time before 1970.
    sqlx::raw_sql(
        "SET ROLE dossier_owner; DROP TABLE record, source_seen;
         CREATE TABLE report (organisation_id uuid NOT NULL, id uuid NOT NULL, client_id uuid NOT NULL,
             source text NOT NULL, external_id text NOT NULL, version bigint NOT NULL, text text NOT NULL,
             author text NOT NULL, author_role text NOT NULL, written_at timestamptz NOT NULL, kind integer NOT NULL);
         RESET ROLE",
    )
    .execute(&mut superuser)
    .await
    .unwrap();
    let long = "é".repeat(10_000);
    let reports = [
        ("1969-12-31T23:59:58.5Z", long.as_str(), ReportKind::Incident),
        ("2027-05-03T10:00:00Z", "فاطمة", ReportKind::Conversation),
        ("2027-05-03T10:00:00.123456Z", "x", ReportKind::Daily),
    ];
    let ids: Vec<Uuid> = (1..).take(reports.len()).map(Uuid::from_u128).collect();
    for ((at, text, kind), id) in reports.iter().zip(&ids) {
        sqlx::query(
            "INSERT INTO report SELECT organisation_id, $1, client_id, 'ecd', $1::text, 7, $2, 'Sanne', 'helpende',
                 $3::timestamptz, $4 FROM client",
        )
        .bind(id)
        .bind(text)
        .bind(at)
        .bind(i32::from(*kind))
        .execute(&mut superuser)
        .await
        .unwrap();
    }
    sqlx::raw_sql("SET ROLE dossier_owner").execute(&mut superuser).await.unwrap();
    sqlx::raw_sql(MIGRATION).execute(&mut superuser).await.unwrap();
    for ((at, text, kind), id) in reports.iter().zip(&ids) {
        let request = GetRecordRequest { record_id: id.to_string() };
        let found = service.call_as(&ecd(1)).get_record(request).await.unwrap().into_inner();
        assert_eq!((found.client_id, found.origin.unwrap().version), (client.to_string(), 7));
        let entry = found.entry.unwrap();
        let report = report_of(entry.content);
        assert_eq!((&*report.text, report.kind()), (*text, *kind));
        let at: Timestamp = at.parse().unwrap();
        assert_eq!(chassis::time::from_proto(report.written_at.as_ref()), Some(at));
        assert_eq!(chassis::time::from_proto(entry.at.as_ref()), Some(at));
    }
}
