//! The period whose reports are shown.

use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::form::form;

/// The periods to choose from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// The last seven days.
    Week,
    /// The last month.
    Month,
    /// The last year.
    Year,
    /// Everything.
    All,
    /// From and until a day that the person chooses.
    Custom,
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
    /// The last day, included, as ISO 8601; empty: until the newest report.
    pub until: String,
}

impl Period {
    /// The period that was asked for. Its days count where no preset is given, or the preset is `custom`.
    #[must_use]
    pub fn new(preset: Option<Preset>, days: &Days, today: Date) -> Self {
        let Days { from, until } = days.clone();
        let has_days = !from.is_empty() || !until.is_empty();
        let preset = preset.unwrap_or(if has_days { Preset::Custom } else { Preset::All });
        let since = |day: Result<Date, _>| day.map(|day| day.to_string()).unwrap_or_default();
        let from = match preset {
            Preset::Week => since(today.checked_sub(6.days())),
            Preset::Month => since(today.checked_sub(1.month())),
            Preset::Year => since(today.checked_sub(1.year())),
            Preset::All => String::new(),
            Preset::Custom => from,
        };
        let until = if preset == Preset::Custom { until } else { String::new() };
        Self { preset, from, until }
    }

    /// Whether it is known which days: a period of one's own needs at least one day.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.preset != Preset::Custom || !self.from.is_empty() || !self.until.is_empty()
    }

    /// Whether the preset has this name.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        name == self.name()
    }

    /// The name of the preset.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self.preset {
            Preset::Week => "week",
            Preset::Month => "month",
            Preset::Year => "year",
            Preset::All => "all",
            Preset::Custom => "custom",
        }
    }

    /// The period as the query of a link.
    #[must_use]
    pub fn query(&self) -> String {
        match self.preset {
            Preset::Custom => format!("period=custom&from={}&until={}", self.from, self.until),
            _ => format!("period={}", self.name()),
        }
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
    }

    #[test]
    fn chosen_days_count_only_without_another_preset() {
        assert_eq!(period(None, "2027-01-01", "").preset, Preset::Custom);
        assert_eq!(period(None, "", "").preset, Preset::All);
        assert!(!period(Some(Preset::Custom), "", "").is_complete());
        assert_eq!(period(Some(Preset::Week), "2027-01-01", "").from, "2027-03-25");
    }
}
