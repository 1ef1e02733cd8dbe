//! The period whose records are shown.

use jiff::{ToSpan, civil::Date};
use proto::dossier::v1::Validity;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::form::form;

/// The periods to choose from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// The last seven days.
    Week,
    /// The last month.
    Month,
    /// The last year.
    Year,
    /// The last two years.
    TwoYears,
    /// The calendar year of today.
    ThisYear,
    /// The calendar year before.
    LastYear,
    /// What holds now, or will hold.
    Current,
    /// What is over.
    Expired,
    /// Everything.
    All,
    /// From and until a day that the person chooses.
    Custom,
}

impl Preset {
    /// The name, as in addresses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
            Self::TwoYears => "two-years",
            Self::ThisYear => "this-year",
            Self::LastYear => "last-year",
            Self::Current => "current",
            Self::Expired => "expired",
            Self::All => "all",
            Self::Custom => "custom",
        }
    }

    /// The Fluent key of the name.
    #[must_use]
    pub fn word(self) -> String {
        format!("period-{}", self.name())
    }
}

form! {
    /// The days of a period of one's own.
    pub struct Days, shown as PeriodFields {
        /// The first day, as ISO 8601.
        shown from: String,
        /// The last day, included, as ISO 8601.
        shown until: String,
    }
}

impl PeriodFields {
    /// The fields as the person filled them in, without an error.
    #[must_use]
    pub fn of(days: &Days) -> Self {
        let mut fields = Self::default();
        days.from.clone_into(&mut fields.from.value);
        days.until.clone_into(&mut fields.until.value);
        fields
    }
}

/// A period, by its name and its days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Period {
    /// The preset.
    pub preset: Preset,
    /// The first day, as ISO 8601; empty: from the beginning.
    pub from: String,
    /// The last day, included, as ISO 8601; empty: until the newest record.
    pub until: String,
}

impl Period {
    /// The period that was asked for. Its days count where no preset is given, or the preset is `custom`.
    #[must_use]
    pub fn new(preset: Option<Preset>, days: &Days, today: Date) -> Self {
        let Days { from, until } = days.clone();
        let has_days = !from.is_empty() || !until.is_empty();
        let preset = preset.unwrap_or(if has_days { Preset::Custom } else { Preset::All });
        let text = |day: Result<Date, _>| day.map(|day| day.to_string()).unwrap_or_default();
        let (from, until) = match preset {
            Preset::Week => (text(today.checked_sub(6.days())), String::new()),
            Preset::Month => (text(today.checked_sub(1.month())), String::new()),
            Preset::Year => (text(today.checked_sub(1.year())), String::new()),
            Preset::TwoYears => (text(today.checked_sub(2.years())), String::new()),
            Preset::ThisYear => (today.first_of_year().to_string(), today.last_of_year().to_string()),
            Preset::LastYear => {
                let year = today.checked_sub(1.year());
                (text(year.clone().map(Date::first_of_year)), text(year.map(Date::last_of_year)))
            }
            Preset::All | Preset::Current | Preset::Expired => (String::new(), String::new()),
            Preset::Custom => (from, until),
        };
        Self { preset, from, until }
    }

    /// Whether the records must have ended, or not.
    #[must_use]
    pub const fn validity(&self) -> Validity {
        match self.preset {
            Preset::Current => Validity::Current,
            Preset::Expired => Validity::Expired,
            _ => Validity::Unspecified,
        }
    }

    /// Whether it is known which days: a period of one's own needs at least one day.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.preset != Preset::Custom || !self.from.is_empty() || !self.until.is_empty()
    }

    /// The period of a preset, for a link: the page computes its days.
    #[must_use]
    pub const fn of(preset: Preset) -> Self {
        Self { preset, from: String::new(), until: String::new() }
    }

    /// Everything up to a day, the day included.
    #[must_use]
    pub fn up_to(day: Date) -> Self {
        Self { preset: Preset::Custom, from: String::new(), until: day.to_string() }
    }

    /// Whether the person chooses the days.
    #[must_use]
    pub fn is_custom(&self) -> bool {
        self.preset == Preset::Custom
    }

    /// Whether everything is shown.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.preset == Preset::All
    }

    /// The period as the query of a link, with a code unless empty.
    #[must_use]
    pub fn query(&self, code: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("period", self.preset.name());
        if self.preset == Preset::Custom && self.is_complete() {
            query.append_pair("from", &self.from).append_pair("until", &self.until);
        }
        if !code.is_empty() {
            query.append_pair("code", code);
        }
        query.finish()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn period(preset: Option<Preset>, from: &str, until: &str) -> Period {
        let days = Days { from: from.to_owned(), until: until.to_owned() };
        Period::new(preset, &days, date(2027, 3, 31))
    }

    #[test]
    fn a_week_is_seven_days_including_today() {
        assert_eq!(period(Some(Preset::Week), "", "").from, "2027-03-25");
        assert_eq!(period(Some(Preset::Month), "", "").from, "2027-02-28");
        assert_eq!(period(Some(Preset::Year), "", "").from, "2026-03-31");
        assert_eq!(period(Some(Preset::TwoYears), "", "").from, "2025-03-31");
    }

    #[test]
    fn calendar_years_have_a_first_and_a_last_day() {
        let days = |preset| {
            let found = period(Some(preset), "", "");
            (found.from, found.until)
        };
        assert_eq!(days(Preset::ThisYear), ("2027-01-01".to_owned(), "2027-12-31".to_owned()));
        assert_eq!(days(Preset::LastYear), ("2026-01-01".to_owned(), "2026-12-31".to_owned()));
    }

    #[test]
    fn what_was_typed_stays_one_value_of_the_link() {
        assert_eq!(
            period(None, "1&page=x", "é").query("a b"),
            "period=custom&from=1%26page%3Dx&until=%C3%A9&code=a+b"
        );
        assert_eq!(period(Some(Preset::Custom), "", "").query(""), "period=custom");
    }

    #[test]
    fn chosen_days_count_only_without_another_preset() {
        assert_eq!(period(None, "2027-01-01", "").preset, Preset::Custom);
        assert_eq!(period(None, "", "").preset, Preset::All);
        assert!(!period(Some(Preset::Custom), "", "").is_complete());
        assert_eq!(period(Some(Preset::Week), "2027-01-01", "").from, "2027-03-25");
    }
}
