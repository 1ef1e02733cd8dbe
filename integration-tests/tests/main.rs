//! Journeys, bad input and outages, on the whole system.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

mod audit;
mod bad_input;
mod browser;
mod dependencies;
mod house;
mod json;
mod kill;
mod outage;
mod replay;
mod surface;
mod trace;
