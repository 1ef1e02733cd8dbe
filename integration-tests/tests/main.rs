//! Journeys, bad input and outages, on the whole system.

mod bad_input;
mod browser;
mod json;
mod outage;
