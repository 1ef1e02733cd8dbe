//! The filters of templates.

#![expect(
    clippy::inline_always,
    clippy::unused_self,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    reason = "the shape of a filter is askama's"
)]

use std::fmt::Display;

use askama::{Result, Values, filters::Safe};
use chassis::calendar::{date_in_words, day_in_words, time_in_words};
use jiff::{Timestamp, civil::Date};

use super::{Language, speaker, zone};

/// The words for a key.
#[askama::filter_fn]
pub fn t<T: Display>(key: T, values: &dyn Values) -> Result<String> {
    Ok(speaker(values)?.say(&key.to_string(), &[]))
}

/// The words for a key, with one value.
#[askama::filter_fn]
pub fn t_with<T: Display, V: Display>(
    key: T,
    values: &dyn Values,
    name: &'static str,
    value: V,
) -> Result<String> {
    Ok(speaker(values)?.say(&key.to_string(), &[(name, value.to_string())]))
}

/// The words for a key, with two values.
#[askama::filter_fn]
pub fn t_with2<T: Display, V: Display, W: Display>(
    key: T,
    values: &dyn Values,
    name: &'static str,
    value: V,
    other: &'static str,
    second: W,
) -> Result<String> {
    let own = [(name, value.to_string()), (other, second.to_string())];
    Ok(speaker(values)?.say(&key.to_string(), &own))
}

/// Whether a setting of the organisation is on, by its name.
#[askama::filter_fn]
pub fn is_on<T: Display>(name: T, values: &dyn Values) -> Result<bool> {
    Ok(speaker(values)?.settings.contains(&&*name.to_string()))
}

/// A text in the language of the page: Dutch, or the one beside it.
#[askama::filter_fn]
pub fn either<T: Display, V: Display>(dutch: T, values: &dyn Values, english: V) -> Result<String> {
    Ok(match speaker(values)?.language {
        Language::Nl => dutch.to_string(),
        Language::En => english.to_string(),
    })
}

/// A day in words.
#[askama::filter_fn]
pub fn day(day: &Date, values: &dyn Values) -> Result<String> {
    Ok(day_in_words(speaker(values)?.language, *day))
}

/// The day of an instant, in words.
#[askama::filter_fn]
pub fn day_of(at: &Timestamp, values: &dyn Values) -> Result<String> {
    let day = at.to_zoned(zone()).date();
    Ok(date_in_words(speaker(values)?.language, day))
}

/// The hidden field that says for whom and about whom a form is.
#[askama::filter_fn]
pub fn stamped<T: Display>(name: T, values: &dyn Values) -> Result<Safe<String>> {
    let stamp = &speaker(values)?.stamp;
    // Base64 needs no escaping.
    Ok(Safe(format!("<input type=\"hidden\" name=\"{name}\" value=\"{stamp}\">")))
}

/// A time of day in words.
#[askama::filter_fn]
pub fn clock(at: &Timestamp, values: &dyn Values) -> Result<String> {
    Ok(time_in_words(speaker(values)?.language, *at))
}

/// Content that a template has rendered already.
#[askama::filter_fn]
pub fn rendered<T: Display>(content: T, _: &dyn Values) -> Result<Safe<T>> {
    Ok(Safe(content))
}
