//! The period whose reports are shown.

use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
    pub fn new(preset: Option<Preset>, from: Option<String>, until: Option<String>, today: Date) -> Self {
        let (from, until) = (from.unwrap_or_default(), until.unwrap_or_default());
        let has_days = !from.is_empty() || !until.is_empty();
        let preset = match preset {
            None | Some(Preset::Custom) if has_days => Preset::Custom,
            None | Some(Preset::Custom) => Preset::All,
            Some(preset) => preset,
        };
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
        Period::new(preset, Some(from.to_owned()), Some(until.to_owned()), date(2027, 3, 31))
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
        assert_eq!(period(Some(Preset::Custom), "", "").preset, Preset::All);
        assert_eq!(period(Some(Preset::Week), "2027-01-01", "").from, "2027-03-25");
    }
}
