//! Days and times in words, in Dutch time (TIME-01).

use std::sync::LazyLock;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// A language of pages and messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Dutch.
    #[default]
    Nl,
    /// English.
    En,
}

impl Language {
    /// The language of a code such as `nl` or `nl-NL`; `None` for a language that the portal does not have.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        match code.get(..2)?.to_ascii_lowercase().as_str() {
            "nl" => Some(Self::Nl),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// The language's code: `nl` or `en`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Nl => "nl",
            Self::En => "en",
        }
    }
}

const DAYS: [[&str; 7]; 2] = [
    ["maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"],
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
];
const MONTHS: [[&str; 12]; 2] = [
    [
        "januari",
        "februari",
        "maart",
        "april",
        "mei",
        "juni",
        "juli",
        "augustus",
        "september",
        "oktober",
        "november",
        "december",
    ],
    [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
];

/// The time zone in which the portal shows all days and times: Europe/Amsterdam.
#[must_use]
pub fn zone() -> TimeZone {
    static ZONE: LazyLock<TimeZone> =
        LazyLock::new(|| TimeZone::get("Europe/Amsterdam").unwrap_or(TimeZone::UTC));
    ZONE.clone()
}

/// The first moment of a day in the Netherlands.
#[must_use]
pub fn midnight(day: Date) -> Option<Timestamp> {
    Some(day.to_zoned(zone()).ok()?.timestamp())
}

/// A date in words: "3 mei 2027".
#[must_use]
pub fn date_in_words(language: Language, day: Date) -> String {
    let months = match language {
        Language::Nl => &MONTHS[0],
        Language::En => &MONTHS[1],
    };
    let month = usize::try_from(day.month() - 1).ok().and_then(|month| months.get(month)).unwrap_or(&"");
    format!("{} {month} {}", day.day(), day.year())
}

/// A month in words: "mei 2027".
#[must_use]
pub fn month_in_words(language: Language, day: Date) -> String {
    let date = date_in_words(language, day);
    date.split_once(' ').map_or(String::new(), |(_, month)| month.to_owned())
}

/// A day in words: "maandag 3 mei 2027".
#[must_use]
pub fn day_in_words(language: Language, day: Date) -> String {
    let days = match language {
        Language::Nl => &DAYS[0],
        Language::En => &DAYS[1],
    };
    let weekday = usize::try_from(day.weekday().to_monday_zero_offset()).ok();
    let weekday = weekday.and_then(|weekday| days.get(weekday)).unwrap_or(&"");
    format!("{weekday} {}", date_in_words(language, day))
}

/// A time of day in words: "10.00 uur", or "10:00".
#[must_use]
pub fn time_in_words(language: Language, at: Timestamp) -> String {
    let time = at.to_zoned(zone()).time();
    match language {
        Language::Nl => format!("{:02}.{:02} uur", time.hour(), time.minute()),
        Language::En => format!("{:02}:{:02}", time.hour(), time.minute()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times_are_written_out_in_dutch_time() {
        let at: Timestamp = "2027-05-03T08:00:00Z".parse().unwrap();
        assert_eq!(day_in_words(Language::Nl, at.to_zoned(zone()).date()), "maandag 3 mei 2027");
        assert_eq!(time_in_words(Language::Nl, at), "10.00 uur");
        assert_eq!(time_in_words(Language::En, at), "10:00");
        let winter: Timestamp = "2027-12-31T23:30:00Z".parse().unwrap();
        assert_eq!(day_in_words(Language::En, winter.to_zoned(zone()).date()), "Saturday 1 January 2028");
    }
}
