//! The conformance suite: the guarantees of outbox, relay, inbox and consumers, on a real NATS and a real Postgres.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on panics")]

mod audit;
mod crash;
mod due;
mod feed;
mod matrix;
mod order;
mod organisation;
mod outage;
mod poison;
mod replay;
mod support;
mod tenancy;
