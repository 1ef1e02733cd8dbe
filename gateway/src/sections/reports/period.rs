//! The period that reports are read by.

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
    /// From and until a day of one's own.
    Custom,
}

/// A period, by its name and its days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Period {
    /// Which of those to choose from.
    pub preset: Preset,
    /// The first day, as ISO 8601; empty: from the beginning.
    pub from: String,
    /// The last day, included; empty: to the newest.
    pub until: String,
}

impl Period {
    /// The period that was asked for. Days of one's own win over a name without days.
    #[must_use]
    pub fn of(preset: Option<Preset>, from: Option<String>, until: Option<String>, today: Date) -> Self {
        let (from, until) = (from.unwrap_or_default(), until.unwrap_or_default());
        let own = !from.is_empty() || !until.is_empty();
        let preset = match preset {
            None | Some(Preset::Custom) if own => Preset::Custom,
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

    /// Whether this is the period's name.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        name == self.name()
    }

    /// The period's name.
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
        Period::of(preset, Some(from.to_owned()), Some(until.to_owned()), date(2027, 3, 31))
    }

    #[test]
    fn a_week_is_seven_days_with_today() {
        assert_eq!(period(Some(Preset::Week), "", "").from, "2027-03-25");
        assert_eq!(period(Some(Preset::Month), "", "").from, "2027-02-28");
        assert_eq!(period(Some(Preset::Year), "", "").from, "2026-03-31");
    }

    #[test]
    fn days_of_ones_own_count_and_without_any_everything_is_shown() {
        assert_eq!(period(None, "2027-01-01", "").preset, Preset::Custom);
        assert_eq!(period(Some(Preset::Custom), "", "").preset, Preset::All);
        assert_eq!(period(Some(Preset::Week), "2027-01-01", "").from, "2027-03-25");
    }
}
