//! The policies of the table of records, without the services' own conditions.

use uuid::Uuid;

use crate::support::{Service, report_record};

/// The number of records that dossier's role sees after it has entered by this call of `zp_enter`.
async fn seen(service: &Service, enter: &str) -> i64 {
    let mut connection = service.process.database.as_superuser().await;
    sqlx::raw_sql("SET ROLE dossier_app").execute(&mut connection).await.unwrap();
    let query = format!(
        "SELECT count(n) FROM {enter} AS tenant
         CROSS JOIN LATERAL (SELECT 1 AS n FROM record WHERE organisation_id = tenant LIMIT 10) AS r"
    );
    sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_one(&mut connection).await.unwrap()
}

#[tokio::test]
async fn a_wrong_condition_shows_no_record_of_another_section() {
    let service = Service::start().await;
    let client = service.client(1, "C1").await;
    service.report(1, report_record("C1", "R1", "2027-05-03T12:00:00", "x")).await.unwrap();
    let organisation = testkit::caller::organisation(1);
    let person = |sections: &str, since: &str| {
        format!("zp_enter('{organisation}', '{client}', '{{{sections}}}', {since})")
    };
    let stranger = Uuid::nil();
    for (enter, expected) in [
        (person("1", "NULL"), 1),
        (person("3,1,6", "NULL"), 1),
        (person("6", "NULL"), 0),
        (person("11", "NULL"), 0),
        (person("", "NULL"), 0),
        // R24: to the second.
        (person("1", "'2027-05-03T10:00:00Z'"), 1),
        (person("1", "'2027-05-03T10:00:01Z'"), 0),
        (format!("zp_enter('{organisation}', '{client}', NULL, NULL)"), 1),
        (format!("zp_enter('{organisation}', '{client}')"), 0),
        (format!("zp_enter('{organisation}', NULL)"), 1),
        (format!("zp_enter('{organisation}', '{stranger}', '{{1}}', NULL)"), 0),
    ] {
        assert_eq!(seen(&service, &enter).await, expected, "{enter}");
    }
}
