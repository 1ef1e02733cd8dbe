#![doc = include_str!("../README.md")]

pub mod audit;
pub mod consumer;
pub mod db;
pub mod dead_letter;
pub mod due;
pub mod error;
pub mod event;
pub mod feed;
pub mod housekeeping;
pub mod log;
pub mod migrate;
pub mod organisation;
pub mod page;
mod readers;
pub mod relay;
pub mod republish;
pub mod revocation;
pub mod service;
pub mod stream;
pub mod tx;

pub use db::Db;
pub use error::StoreError;
pub use event::About;
pub use tx::{Mode, Tx};
