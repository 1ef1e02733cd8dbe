//! The conformance suite: the guarantees of outbox, relay, inbox and consumers, with a real NATS and
//! Postgres.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod audit;
mod crash;
mod due;
mod feed;
mod locks;
mod matrix;
mod order;
mod organisation;
mod outage;
mod poison;
mod replay;
mod support;
mod tell;
mod tenancy;
mod trail;
mod verify;
