//! The filters that templates use.

#![expect(
    clippy::inline_always,
    clippy::unused_self,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    reason = "askama prescribes the signature of a filter"
)]

use std::{fmt::Display, sync::Arc};

use askama::{Result, Template, Values, filters::Safe};
use chassis::calendar::{date_in_words, day_in_words, month_in_words, time_in_words};
use jiff::{Timestamp, civil::Date};

use super::{Language, decimal_in_words, isolated, number_in_words, page_values, zone};

/// The text for a Fluent key.
#[askama::filter_fn]
pub fn t<T: AsRef<str>>(key: T, values: &dyn Values) -> Result<Arc<str>> {
    Ok(page_values(values)?.words.text(key.as_ref()))
}

/// The text for a Fluent key, as HTML: telephone number and e-mail address are links, and what the organisation wrote
/// is marked as Dutch.
#[askama::filter_fn]
pub fn linked<T: AsRef<str>>(key: T, values: &dyn Values) -> Result<Safe<Arc<str>>> {
    Ok(Safe(page_values(values)?.words.linked(key.as_ref())))
}

/// A telephone number as people in the Netherlands write it; another text stays.
#[askama::filter_fn]
pub fn phone<T: AsRef<str>>(number: T, _: &dyn Values) -> Result<String> {
    Ok(number_in_words(number.as_ref()))
}

/// The text for a Fluent key, with one value.
#[askama::filter_fn]
pub fn t_with<T: AsRef<str>, V: Display>(
    key: T,
    values: &dyn Values,
    name: &'static str,
    value: V,
) -> Result<Arc<str>> {
    Ok(page_values(values)?.words.text_with(key.as_ref(), &[(name, isolated(&value))]))
}

/// The text for a Fluent key, with two values.
#[askama::filter_fn]
pub fn t_with2<T: AsRef<str>, V: Display, W: Display>(
    key: T,
    values: &dyn Values,
    name: &'static str,
    value: V,
    second_name: &'static str,
    second_value: W,
) -> Result<Arc<str>> {
    let values_of_text = [(name, isolated(&value)), (second_name, isolated(&second_value))];
    Ok(page_values(values)?.words.text_with(key.as_ref(), &values_of_text))
}

/// The text for a Fluent key, with three values.
#[askama::filter_fn]
#[expect(clippy::too_many_arguments, reason = "three pairs of a name and a value")]
pub fn t_with3<T: AsRef<str>, V: Display, W: Display, X: Display>(
    key: T,
    values: &dyn Values,
    name: &'static str,
    value: V,
    second_name: &'static str,
    second_value: W,
    third_name: &'static str,
    third_value: X,
) -> Result<Arc<str>> {
    let values_of_text = [
        (name, isolated(&value)),
        (second_name, isolated(&second_value)),
        (third_name, isolated(&third_value)),
    ];
    Ok(page_values(values)?.words.text_with(key.as_ref(), &values_of_text))
}

/// The first sentence of a text.
#[askama::filter_fn]
pub fn sentence<T: AsRef<str>>(text: T, _: &dyn Values) -> Result<String> {
    let text = text.as_ref();
    let end = text.find(['.', '?', '!']).map_or(text.len(), |at| at + 1);
    Ok(text.get(..end).unwrap_or(text).to_owned())
}

/// Whether a setting of the organisation is on, by its name.
#[askama::filter_fn]
pub fn is_on<T: AsRef<str>>(name: T, values: &dyn Values) -> Result<bool> {
    let values = page_values(values)?;
    Ok(match name.as_ref() {
        "organisation-remembered" => values.is_remembered,
        name => values.words.is_on(name),
    })
}

/// A text in the language of the page: the Dutch text, or the English one.
#[askama::filter_fn]
pub fn or_english<T: Display, V: Display>(dutch: T, values: &dyn Values, english: V) -> Result<String> {
    Ok(match page_values(values)?.language() {
        Language::Nl => dutch.to_string(),
        Language::En => english.to_string(),
    })
}

/// A day in words.
#[askama::filter_fn]
pub fn day(day: &Date, values: &dyn Values) -> Result<String> {
    Ok(day_in_words(page_values(values)?.language(), *day))
}

/// The day of an instant, in words.
#[askama::filter_fn]
pub fn day_of(at: &Timestamp, values: &dyn Values) -> Result<String> {
    let day = at.to_zoned(zone()).date();
    Ok(date_in_words(page_values(values)?.language(), day))
}

/// The hidden field with the form's stamp: the account and the client that the form is for.
#[askama::filter_fn]
pub fn stamped<T: Display>(name: T, values: &dyn Values) -> Result<Safe<String>> {
    let stamp = page_values(values)?.stamp();
    // The stamp is Base64, which needs no escaping.
    Ok(Safe(format!("<input type=\"hidden\" name=\"{name}\" value=\"{stamp}\">")))
}

/// A day in words, without the day of the week.
#[askama::filter_fn]
pub fn date(day: &Date, values: &dyn Values) -> Result<String> {
    Ok(date_in_words(page_values(values)?.language(), *day))
}

/// A month in words, by a day of it.
#[askama::filter_fn]
pub fn month(day: &Date, values: &dyn Values) -> Result<String> {
    Ok(month_in_words(page_values(values)?.language(), *day))
}

/// A number in words: with at most three decimals, and the decimal sign of the language.
#[askama::filter_fn]
pub fn decimal(number: &f64, values: &dyn Values) -> Result<String> {
    Ok(decimal_in_words(page_values(values)?.language(), *number))
}

/// A part of a page that has a template of its own.
#[askama::filter_fn]
pub fn part<T: Template>(part: &T, values: &dyn Values) -> Result<Safe<String>> {
    let mut html = String::with_capacity(1024);
    part.render_into_with_values(&mut html, values)?;
    Ok(Safe(html))
}

/// The same where the part is a page of its own: its headings are one level higher, and what could be opened is open.
/// What people wrote is escaped, so that it holds no tag.
#[askama::filter_fn]
pub fn part_alone<T: Template>(part: &T, values: &dyn Values) -> Result<Safe<String>> {
    let html = part.render_with_values(values)?;
    let mut html = html.replace("<details class=\"zp-open\">", "<details class=\"zp-open\" open>");
    for (level, above) in [("h3", "h2"), ("h4", "h3")] {
        html = html.replace(&format!("<{level} "), &format!("<{above} "));
        html = html.replace(&format!("</{level}>"), &format!("</{above}>"));
    }
    Ok(Safe(html))
}

/// A time of day in words.
#[askama::filter_fn]
pub fn clock(at: &Timestamp, values: &dyn Values) -> Result<String> {
    Ok(time_in_words(page_values(values)?.language(), *at))
}

/// HTML that a template has rendered already, so that it is not escaped again.
#[askama::filter_fn]
pub fn rendered<T: Display>(content: T, _: &dyn Values) -> Result<Safe<T>> {
    Ok(Safe(content))
}
