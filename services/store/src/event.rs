//! The envelope around an event's message, and the event's subject on the bus.

use async_nats::HeaderMap;
use chassis::{
    Ctx,
    id::{ClientId, EventId, OrganisationId},
};
use jiff::{SignedDuration, Timestamp};
use prost::{Message, Name};
use prost_types::Any;
use proto::event::v1::Event;
use uuid::Uuid;

/// What an event is about: an aggregate at a version, and a client.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The id of the aggregate that changed.
    pub aggregate: Uuid,
    /// Rises with every change of the aggregate; a handler ignores a version older than the one it knows.
    pub version: i64,
    /// The client whom the event is about; `None` takes the Ctx's client, if any.
    pub client: Option<ClientId>,
}

impl About {
    /// About an aggregate at a version, and about the Ctx's client.
    #[must_use]
    pub const fn new(aggregate: Uuid, version: i64) -> Self {
        Self { aggregate, version, client: None }
    }

    /// Sets the client.
    #[must_use]
    pub const fn client(self, client: ClientId) -> Self {
        Self { client: Some(client), ..self }
    }
}

/// The JetStream stream that a message is published to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// `EVENTS`, subjects `event.…`: facts.
    Events,
    /// `DELIVERIES`, subjects `delivery.…`: messages that messaging must send out.
    Deliveries,
}

impl Stream {
    /// The subject of a message type in this stream.
    #[must_use]
    pub fn subject(self, type_name: &str) -> String {
        match self {
            Self::Events => format!("event.{type_name}"),
            Self::Deliveries => format!("delivery.{type_name}"),
        }
    }

    /// The stream's name on the bus.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Events => "EVENTS",
            Self::Deliveries => "DELIVERIES",
        }
    }

    /// How long the bus keeps a message: a delivery only until messaging has it.
    #[must_use]
    pub const fn life(self) -> SignedDuration {
        match self {
            Self::Events => SignedDuration::from_hours(30 * 24),
            Self::Deliveries => SignedDuration::from_hours(7 * 24),
        }
    }

    /// The form of the stream's subjects, for LIKE.
    #[must_use]
    pub const fn subjects(self) -> &'static str {
        match self {
            Self::Events => "event.%",
            Self::Deliveries => "delivery.%",
        }
    }
}

/// Puts a message into an envelope with a new event id.
#[must_use]
pub fn envelope<M: Message + Name>(ctx: &Ctx, about: About, message: &M) -> (EventId, Event) {
    let id = EventId::new(ctx.now);
    (id, envelope_with(id, ctx, about, message))
}

/// Puts a message into an envelope with this event id.
pub(crate) fn envelope_with<M: Message + Name>(id: EventId, ctx: &Ctx, about: About, message: &M) -> Event {
    Event {
        event_id: id.to_string(),
        organisation_id: ctx.organisation.to_string(),
        client_id: about.client.or(ctx.client).map(|client| client.to_string()).unwrap_or_default(),
        occurred_at: Some(chassis::time::to_proto(ctx.now)),
        actor: Some(ctx.actor.clone()),
        aggregate_id: about.aggregate.to_string(),
        aggregate_version: about.version,
        correlation_id: ctx.correlation_id.clone(),
        causation_id: ctx.causation_id.clone(),
        data: Some(Any { type_url: M::type_url(), value: message.encode_to_vec() }),
    }
}

/// The headers of an event on the bus.
pub(crate) fn headers(event: Uuid, traceparent: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(async_nats::header::NATS_MESSAGE_ID, event.to_string());
    if !traceparent.is_empty() {
        headers.insert("traceparent", traceparent);
    }
    headers
}

/// An event as a handler receives it.
#[derive(Clone, Debug)]
pub struct Received<M> {
    /// The event's id.
    pub id: EventId,
    /// The organisation.
    pub organisation: OrganisationId,
    /// The client whom the event is about.
    pub client: Option<ClientId>,
    /// The id of the aggregate that changed.
    pub aggregate: Uuid,
    /// The version of the aggregate.
    pub version: i64,
    /// When the event happened.
    pub occurred_at: Timestamp,
    /// The id of the request that caused this event, directly or through other events.
    pub correlation_id: String,
    /// The W3C trace context of the call or due work that emitted the event; an empty text if none was active.
    pub traceparent: String,
    /// The event's message.
    pub message: M,
}

/// Why bytes from the bus cannot be handled as an event.
#[derive(Debug, thiserror::Error)]
pub enum Undecodable {
    /// The bytes are no envelope, or the message is not of the expected type.
    #[error("the event cannot be decoded: {0}")]
    Message(#[from] prost::DecodeError),
    /// A field of the envelope is malformed.
    #[error("the envelope's field {0} is malformed")]
    Field(&'static str),
}

impl Received<Any> {
    /// Decodes an envelope; its message stays packed.
    ///
    /// # Errors
    /// When the bytes or a field of the envelope are malformed.
    pub fn read(payload: &[u8]) -> Result<Self, Undecodable> {
        let event = Event::decode(payload)?;
        let client = match event.client_id.as_str() {
            "" => None,
            id => Some(id.parse().map_err(|_| Undecodable::Field("client_id"))?),
        };
        Ok(Self {
            id: event.event_id.parse().map_err(|_| Undecodable::Field("event_id"))?,
            organisation: event.organisation_id.parse().map_err(|_| Undecodable::Field("organisation_id"))?,
            client,
            aggregate: event.aggregate_id.parse().map_err(|_| Undecodable::Field("aggregate_id"))?,
            version: event.aggregate_version,
            occurred_at: chassis::time::from_proto(event.occurred_at.as_ref())
                .ok_or(Undecodable::Field("occurred_at"))?,
            correlation_id: event.correlation_id,
            traceparent: String::new(),
            message: event.data.ok_or(Undecodable::Field("data"))?,
        })
    }

    /// Unpacks the message.
    ///
    /// # Errors
    /// When the message is of another type.
    pub(crate) fn unpack<M: Message + Name + Default>(self) -> Result<Received<M>, Undecodable> {
        let message = self.message.to_msg::<M>()?;
        Ok(Received {
            id: self.id,
            organisation: self.organisation,
            client: self.client,
            aggregate: self.aggregate,
            version: self.version,
            occurred_at: self.occurred_at,
            correlation_id: self.correlation_id,
            traceparent: self.traceparent,
            message,
        })
    }
}
