use proto::identity::v1::OrganisationSettings;
use store::{Mode, organisation};
use testkit::caller;

use crate::support::Suite;

async fn save(suite: &Suite, version: i64, name: &str) -> bool {
    let mut tx = suite.db.in_organisation(&suite.ctx(), Mode::Write).await.unwrap();
    let settings = OrganisationSettings {
        key: "k".to_owned(),
        name: name.to_owned(),
        ..OrganisationSettings::default()
    };
    let saved =
        organisation::save_if_newer(&mut tx, caller::organisation(1), version, &settings).await.unwrap();
    tx.commit().await.unwrap();
    saved
}

#[tokio::test]
async fn older_settings_that_arrive_later_change_nothing() {
    let suite = Suite::without_relay().await;
    assert!(save(&suite, 3, "new").await);
    assert!(!save(&suite, 2, "old").await);
    assert!(!save(&suite, 3, "again").await);
    let mut tx = suite.db.in_organisation(&suite.ctx(), Mode::Read).await.unwrap();
    let known = organisation::find(&mut tx).await.unwrap().unwrap();
    assert_eq!((known.version, &*known.settings.name), (3, "new"));
}
