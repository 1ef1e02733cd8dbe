use store::service::Service as _;
use testkit::{postgres::Database, schema};

#[tokio::test]
async fn every_table_keeps_the_schema_rules() {
    let database = Database::create("messaging", messaging::Messaging::migrator()).await;
    assert_eq!(schema::faults(&mut database.as_superuser().await).await, Vec::<String>::new());
}
