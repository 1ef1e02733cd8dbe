//! Journeys, bad input and outages, on the whole system.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on panics; the kill run says its seed"
)]

mod audit;
mod bad_input;
mod browser;
mod circles;
mod dependencies;
mod hilverzorg;
mod house;
mod json;
mod kill;
mod outage;
mod pages;
mod profila;
mod replay;
mod rooms;
mod rows;
mod rozelaar;
mod surface;
mod thuisgenoten;
mod trace;
mod vivre;
mod walk;
