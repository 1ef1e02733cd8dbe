//! A record as the trail holds it.

use chassis::time;
use proto::event::v1::{AccessPerson, AccessRecord, Actor};
use sqlx::PgConnection;
use uuid::Uuid;

use super::chain::HashInput;

/// A row of `audit_record`.
pub(super) struct StoredRecord {
    pub(super) organisation_id: Uuid,
    pub(super) writer_id: Uuid,
    pub(super) day: jiff_sqlx::Date,
    pub(super) sequence: i64,
    pub(super) record_id: Uuid,
    pub(super) client_id: Option<Uuid>,
    pub(super) recorded_at: jiff_sqlx::Timestamp,
    pub(super) actor_kind: i32,
    pub(super) actor_id: String,
    pub(super) person_name: String,
    pub(super) person_relation: String,
    pub(super) person_ground: String,
    pub(super) person_impersonator: String,
    pub(super) section: i32,
    pub(super) method: String,
    pub(super) outcome: i32,
    pub(super) correlation_id: String,
    pub(super) object_kind: String,
    pub(super) object_id: String,
    pub(super) event_id: Uuid,
    pub(super) hash: Vec<u8>,
}

impl StoredRecord {
    /// The records of which an event tells, by the ids of organisation, writer and event.
    pub(super) async fn list_of_event(
        connection: &mut PgConnection,
        [organisation, writer, event]: [Uuid; 3],
        day: jiff_sqlx::Date,
        after: i64,
    ) -> Result<Vec<Self>, sqlx::Error> {
        sqlx::query_as!(
            Self,
            "SELECT organisation_id, writer_id, day, sequence, record_id, client_id, recorded_at, actor_kind,
                 actor_id, person_name, person_relation, person_ground, person_impersonator, section, method,
                 outcome, correlation_id, object_kind, object_id, event_id, hash
             FROM audit_record WHERE organisation_id = $1 AND writer_id = $2 AND day = $3 AND sequence > $4
                 AND event_id = $5
             ORDER BY sequence",
            organisation,
            writer,
            day as _,
            after,
            event,
        )
        .fetch_all(connection)
        .await
    }

    pub(super) fn hash_input(&self) -> HashInput<'_> {
        HashInput {
            organisation: self.organisation_id,
            writer: self.writer_id,
            sequence: self.sequence,
            record: self.record_id,
            event: self.event_id,
            client: self.client_id,
            recorded_at: self.recorded_at.to_jiff(),
            actor_kind: self.actor_kind,
            section: self.section,
            outcome: self.outcome,
            texts: [
                &self.actor_id,
                &self.person_name,
                &self.person_relation,
                &self.person_ground,
                &self.person_impersonator,
                &self.method,
                &self.correlation_id,
                &self.object_kind,
                &self.object_id,
            ],
        }
    }

    /// What an event tells of the record.
    pub(super) fn public(&self) -> AccessRecord {
        AccessRecord {
            record_id: self.record_id.to_string(),
            client_id: self.client_id.map(|id| id.to_string()).unwrap_or_default(),
            actor: Some(Actor { kind: self.actor_kind, id: self.actor_id.clone() }),
            section: self.section,
            method: self.method.clone(),
            recorded_at: Some(time::to_proto(self.recorded_at.to_jiff())),
            outcome: self.outcome,
            object_kind: self.object_kind.clone(),
            object_id: self.object_id.clone(),
        }
    }

    /// The part of the event that only dossier may see.
    pub(super) fn person(&self) -> AccessPerson {
        AccessPerson {
            name: self.person_name.clone(),
            relation: self.person_relation.clone(),
            ground: self.person_ground.clone(),
            impersonator: self.person_impersonator.clone(),
        }
    }
}
