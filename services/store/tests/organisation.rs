use proto::identity::v1::OrganisationSettings;
use store::{Mode, organisation};
use testkit::caller;

use crate::support::Suite;

async fn keep(suite: &Suite, version: i64, name: &str) -> bool {
    let mut tx = suite.db.in_organisation(&suite.ctx(), Mode::Write).await.unwrap();
    let settings = OrganisationSettings {
        key: "k".to_owned(),
        name: name.to_owned(),
        ..OrganisationSettings::default()
    };
    let kept = organisation::keep(&mut tx, caller::organisation(1), version, &settings).await.unwrap();
    tx.commit().await.unwrap();
    kept
}

#[tokio::test]
async fn older_settings_that_come_later_change_nothing() {
    let suite = Suite::quiet().await;
    assert!(keep(&suite, 3, "new").await);
    assert!(!keep(&suite, 2, "old").await);
    assert!(!keep(&suite, 3, "again").await);
    let mut tx = suite.db.in_organisation(&suite.ctx(), Mode::Read).await.unwrap();
    let known = organisation::find(&mut tx).await.unwrap().unwrap();
    assert_eq!((known.version, &*known.settings.name), (3, "new"));
}
