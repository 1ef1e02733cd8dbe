#![doc = include_str!("../README.md")]

pub mod access;
pub mod aead;
pub mod calendar;
pub mod call;
pub mod channel;
pub mod clock;
pub mod config;
pub mod contract;
pub mod ctx;
pub mod failure;
pub mod fields;
pub mod id;
pub mod keyed_hash;
pub mod keys;
pub mod mail_address;
pub mod network;
pub mod person;
pub mod proof;
pub mod ring;
pub mod seal;
pub mod secret;
pub mod secret_file;
pub mod section;
pub mod server;
pub mod shutdown;
pub mod telemetry;
pub mod time;
pub mod token;
pub mod typed;

pub use clock::Clock;
pub use ctx::Ctx;
pub use failure::{Failure, Kind};
pub use fields::FieldFault;
