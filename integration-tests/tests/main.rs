//! Tests of the whole system: journeys, bad input, outages, and rules that read the repository itself.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on panics; the kill run prints its seed"
)]

mod audit;
mod bad_input;
mod browser;
mod circles;
mod dependencies;
mod dossier;
mod edge;
mod fuzz;
mod hilverzorg;
mod house;
mod import;
mod json;
mod keys;
mod kill;
mod outage;
mod pages;
mod profila;
mod replay;
mod rooms;
mod rows;
mod rozelaar;
mod styleguide;
mod surface;
mod thuisgenoten;
mod trace;
mod vivre;
mod walk;
