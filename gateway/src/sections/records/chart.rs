//! The line chart of a measurement: SVG made on the server, with the same numbers in a table and in words (R27).

use askama::Template;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::i18n::filters;

/// The width and height of the SVG drawing, in units of its `viewBox`.
const SIZE: (f64, f64) = (640.0, 240.0);
/// The empty margin on each side of the lines, in the same units: points at the edge stay whole.
const ROOM: f64 = 20.0;
/// The part of the mean by which the last values must differ from the first for a trend.
const TREND: f64 = 0.02;

/// One value of a measurement.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ValueView {
    /// Which value; empty: the measurement has one value.
    pub name: String,
    /// The number.
    pub value: f64,
    /// The unit in words; empty: none.
    pub unit: String,
}

/// One measurement of a chart.
#[derive(Clone, Debug)]
pub struct Point {
    /// When it was measured.
    pub at: Timestamp,
    /// The values.
    pub values: Vec<ValueView>,
    /// A remark; empty: none.
    pub remark: String,
}

/// A line of a chart, with what a text says of it.
#[derive(Clone, Debug)]
pub struct Line {
    /// Which value; empty: the measurement has one value.
    pub name: String,
    /// The unit; empty: none.
    pub unit: String,
    /// How the line is drawn: 0 without gaps, 1 with dashes, 2 with dots.
    pub dash: usize,
    /// The places of the points, oldest first, in units of the drawing.
    pub places: Vec<(f64, f64)>,
    /// The lowest value.
    pub lowest: f64,
    /// The highest value.
    pub highest: f64,
    /// The newest value.
    pub last: f64,
    /// The Fluent key of how the values develop.
    pub trend: &'static str,
}

/// The chart of the measurements of one type.
#[derive(Clone, Debug, Template)]
#[template(path = "records/chart.html")]
pub struct Chart {
    /// What was measured.
    pub name: String,
    /// The measurements, newest first, as the table shows them.
    pub points: Vec<Point>,
    /// The lines; none where there are fewer than two measurements.
    pub lines: Vec<Line>,
}

impl Chart {
    /// A chart of measurements of one type, newest first.
    #[must_use]
    pub fn new(name: String, points: Vec<Point>) -> Self {
        // One line for each name and unit, in the order of the newest measurements.
        let mut kinds: Vec<(&str, &str)> = Vec::new();
        for value in points.iter().flat_map(|point| &point.values) {
            let kind = (value.name.as_str(), value.unit.as_str());
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        let lines = if points.len() < 2 { Vec::new() } else { kinds };
        let lines = lines.into_iter().filter_map(|(name, unit)| line(&points, name, unit)).zip(0..);
        let lines = lines.map(|(line, number)| Line { dash: number % 3, ..line }).collect();
        let mut chart = Self { name, points, lines };
        chart.place();
        chart
    }

    /// Brings the values into the drawing: all lines have one scale.
    fn place(&mut self) {
        let lowest = self.lines.iter().map(|line| line.lowest).fold(f64::INFINITY, f64::min);
        let highest = self.lines.iter().map(|line| line.highest).fold(f64::NEG_INFINITY, f64::max);
        let height = (highest - lowest).max(f64::MIN_POSITIVE);
        let (width, tall) = (SIZE.0 - 2.0 * ROOM, SIZE.1 - 2.0 * ROOM);
        for (x, y) in self.lines.iter_mut().flat_map(|line| &mut line.places) {
            *x = (ROOM + *x * width).round();
            let share = if highest > lowest { (*y - lowest) / height } else { 0.5 };
            *y = (SIZE.1 - ROOM - share * tall).round();
        }
    }

    /// The lowest and the highest value of all lines; `None`: no line.
    #[must_use]
    pub fn range(&self) -> Option<(f64, f64)> {
        let lowest = self.lines.iter().map(|line| line.lowest).reduce(f64::min)?;
        Some((lowest, self.lines.iter().map(|line| line.highest).reduce(f64::max)?))
    }

    /// The oldest and the newest moment; `None`: no measurement.
    #[must_use]
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        Some((self.points.last()?.at, self.points.first()?.at))
    }
}

impl Line {
    /// The Fluent key of how the line is drawn; `None`: without gaps.
    #[must_use]
    pub fn dash_word(&self) -> Option<String> {
        (self.dash > 0).then(|| format!("chart-line-{}", self.dash))
    }

    /// The points of an SVG polyline.
    #[must_use]
    pub fn svg(&self) -> String {
        self.places.iter().map(|(x, y)| format!("{x},{y}")).collect::<Vec<_>>().join(" ")
    }
}

/// The line of the values with this name and unit: its places are shares of the time, and values.
fn line(points: &[Point], name: &str, unit: &str) -> Option<Line> {
    let (oldest, newest) = (points.last()?.at, points.first()?.at);
    let span = newest.duration_since(oldest).as_secs_f64();
    let share = |moment: Timestamp| {
        if span > 0.0 { moment.duration_since(oldest).as_secs_f64() / span } else { 0.5 }
    };
    let known = points.iter().rev().filter_map(|point| {
        let value = point.values.iter().find(|it| it.name == name && it.unit == unit)?;
        Some((share(point.at), value.value))
    });
    let places: Vec<(f64, f64)> = known.collect();
    let values: Vec<f64> = places.iter().map(|(_, value)| *value).collect();
    Some(Line {
        name: name.to_owned(),
        unit: unit.to_owned(),
        dash: 0,
        lowest: values.iter().copied().fold(f64::INFINITY, f64::min),
        highest: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        last: *values.last()?,
        trend: trend(&values),
        places,
    })
}

/// How values develop, oldest first: the mean of the last third against that of the first.
fn trend(values: &[f64]) -> &'static str {
    let third = values.len().div_ceil(3);
    let mean = |part: &[f64]| {
        let count = u32::try_from(part.len()).unwrap_or(u32::MAX);
        part.iter().sum::<f64>() / f64::from(count.max(1))
    };
    let first = mean(values.get(..third).unwrap_or_default());
    let last = mean(values.get(values.len() - third..).unwrap_or_default());
    let margin = TREND * mean(values).abs();
    if last - first > margin {
        "chart-rises"
    } else if first - last > margin {
        "chart-falls"
    } else {
        "chart-steady"
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn chart(values: &[&[f64]]) -> Chart {
        let newest = Timestamp::from_second(1_800_000_000).unwrap();
        let points = values.iter().rev().enumerate().map(|(ago, values)| Point {
            at: newest - SignedDuration::from_hours(24 * i64::try_from(ago).unwrap()),
            values: values
                .iter()
                .zip(["", "onder"])
                .map(|(value, name)| ValueView {
                    name: name.to_owned(),
                    value: *value,
                    unit: "kg".to_owned(),
                })
                .collect(),
            remark: String::new(),
        });
        Chart::new("Gewicht".to_owned(), points.collect())
    }

    #[test]
    fn lines_lie_within_the_drawing_on_one_scale() {
        let drawn = chart(&[&[120.0, 80.0], &[140.0, 90.0], &[130.0, 85.0]]);
        let [upper, lower] = &drawn.lines[..] else { panic!("{drawn:?}") };
        assert_eq!(upper.svg(), "20,87 320,20 620,53");
        assert_eq!(lower.svg(), "20,220 320,187 620,203");
        assert_eq!((upper.lowest, upper.highest, upper.last), (120.0, 140.0, 130.0));
    }

    #[test]
    fn values_are_joined_by_name_and_unit_whatever_their_place() {
        let mut drawn = chart(&[&[120.0, 80.0], &[130.0, 82.0]]);
        drawn.points[0].values.reverse();
        drawn
            .points
            .push(Point { values: vec![drawn.points[0].values[0].clone()], ..drawn.points[1].clone() });
        drawn.points[1].values[0].unit = "g".to_owned();
        let drawn = Chart::new(drawn.name, drawn.points);
        let lines = drawn.lines.iter().map(|it| (&*it.name, &*it.unit, it.places.len())).collect::<Vec<_>>();
        assert_eq!(lines, [("onder", "kg", 3), ("", "kg", 1), ("", "g", 1)]);
    }

    #[test]
    fn trend_compares_the_last_third_with_the_first() {
        let trend_of = |values: &[f64]| {
            let values: Vec<&[f64]> = values.iter().map(std::slice::from_ref).collect();
            chart(&values).lines[0].trend
        };
        assert_eq!(trend_of(&[70.0, 71.0, 74.0]), "chart-rises");
        assert_eq!(trend_of(&[74.0, 71.0, 70.0]), "chart-falls");
        assert_eq!(trend_of(&[70.0, 90.0, 70.1]), "chart-steady");
        assert_eq!(trend_of(&[0.0, 0.0]), "chart-steady");
    }

    #[test]
    fn odd_measurements_make_no_odd_lines() {
        assert!(chart(&[]).lines.is_empty() && chart(&[&[1.0]]).lines.is_empty());
        assert_eq!(chart(&[&[5.0], &[5.0]]).lines[0].svg(), "20,120 620,120", "all the same");
        let gap = chart(&[&[1.0, 2.0], &[3.0]]);
        assert_eq!((gap.lines[0].places.len(), gap.lines[1].places.len()), (2, 1));
        let huge = chart(&[&[-1e9], &[1e9]]);
        assert!(huge.lines[0].places.iter().all(|(x, y)| x.is_finite() && y.is_finite()), "{huge:?}");
    }
}
