//! Measures rates and percentiles in rounds, and writes the table of results.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde::Serialize;
use tokio::time::Instant;

/// How often floor and product are measured, in turns.
pub const ROUNDS: usize = 5;
/// The length of one measurement.
pub const TURN: Duration = Duration::from_secs(3);

/// The target of a row.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The product divided by the floor is at least this.
    AtLeast(f64),
    /// The product divided by the floor is at most this.
    AtMost(f64),
    /// The product is at most this; there is no floor.
    Below(f64),
}

/// One row of the table, with the figures of every round.
#[derive(Serialize)]
pub struct Row {
    /// What is measured.
    pub name: &'static str,
    /// The unit of the figures, such as `pages/s`.
    pub unit: &'static str,
    /// The floor, in words: what the product is compared with.
    pub against: &'static str,
    /// The floor's figures; empty for [`Target::Below`].
    pub floor: Vec<f64>,
    /// The product's figures.
    pub product: Vec<f64>,
    /// The target of the row.
    pub target: Target,
    /// CPU milliseconds for one operation, by process; empty where CPU was not measured.
    pub cpu_ms: BTreeMap<&'static str, f64>,
}

/// The CPU milliseconds of one operation, by process, from the CPU seconds before and after so many
/// operations.
pub fn cpu_ms(
    before: &BTreeMap<&'static str, f64>,
    after: &BTreeMap<&'static str, f64>,
    operations: f64,
) -> BTreeMap<&'static str, f64> {
    after
        .iter()
        .map(|(process, seconds)| (*process, (seconds - before[process]) * 1000.0 / operations))
        .collect()
}

/// The median.
pub fn median(figures: &[f64]) -> f64 {
    let mut figures = figures.to_vec();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

impl Row {
    /// The figure that the target is compared with: the median of the rounds' ratios, or, for
    /// [`Target::Below`], the largest figure of the product.
    fn figure(&self) -> f64 {
        match self.target {
            Target::Below(_) => self.product.iter().copied().fold(0.0, f64::max),
            _ => median(
                &self
                    .product
                    .iter()
                    .zip(&self.floor)
                    .map(|(product, floor)| product / floor)
                    .collect::<Vec<_>>(),
            ),
        }
    }

    fn is_met(&self) -> bool {
        match self.target {
            Target::AtLeast(least) => self.figure() >= least,
            Target::AtMost(most) | Target::Below(most) => self.figure() <= most,
        }
    }

    fn line(&self) -> String {
        let range = |figures: &[f64]| {
            let (least, most) =
                figures.iter().fold((f64::MAX, 0.0), |(a, b), f| (f64::min(a, *f), f64::max(b, *f)));
            format!("{} ({}–{})", short(median(figures)), short(least), short(most))
        };
        let floor = if self.floor.is_empty() { "–".to_owned() } else { range(&self.floor) };
        let (figure, target) = match self.target {
            Target::AtLeast(least) => {
                (format!("{:.0} %", self.figure() * 100.0), format!("≥ {:.0} %", least * 100.0))
            }
            Target::AtMost(most) => (format!("{:.1} ×", self.figure()), format!("≤ {most:.1} ×")),
            Target::Below(most) => (short(self.figure()), format!("≤ {}", short(most))),
        };
        let parts = self.cpu_ms.iter().filter(|(_, ms)| **ms >= 0.005);
        let parts: Vec<_> = parts.map(|(process, ms)| format!("{process} {ms:.2}")).collect();
        let cpu = match self.cpu_ms.values().sum::<f64>() {
            0.0 => "–".to_owned(),
            sum => format!("{sum:.2}: {}", parts.join(", ")),
        };
        let met = if self.is_met() { "yes" } else { "**no**" };
        format!(
            "| {} | {} | {} | {floor} | {} | {figure} | {target} | {met} | {cpu} |",
            self.name,
            self.unit,
            self.against,
            range(&self.product)
        )
    }
}

fn short(figure: f64) -> String {
    if figure >= 100.0 { format!("{figure:.0}") } else { format!("{figure:.2}") }
}

/// The rows of the table.
#[derive(Default, Serialize)]
pub struct Report {
    rows: Vec<Row>,
}

impl Report {
    /// Adds a row and prints it.
    pub fn add(&mut self, row: Row) {
        println!("{}", row.line());
        self.rows.push(row);
    }

    /// Writes `bench.md` and `bench.json` to a folder, and the table between the two marks of a README.
    pub fn write(&self, folder: &Path, readme: &Path) {
        let mut table = String::from(
            "| what | unit | against | floor: median (range) | product: median (range) | figure | target | met | CPU ms/op |\n\
             |---|---|---|---|---|---|---|---|---|\n",
        );
        for row in &self.rows {
            let _ = writeln!(table, "{}", row.line());
        }
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("bench.md"), &table).unwrap();
        fs::write(folder.join("bench.json"), serde_json::to_string_pretty(self).unwrap()).unwrap();
        let text = fs::read_to_string(readme).unwrap();
        let (before, rest) = text.split_once("<!-- bench -->\n").unwrap();
        let (_, after) = rest.split_once("<!-- /bench -->").unwrap();
        fs::write(readme, format!("{before}<!-- bench -->\n{table}<!-- /bench -->{after}")).unwrap();
    }
}

/// Operations per second of a closed loop: each caller starts its next operation when the last one has ended.
/// A failure ends the measurement.
pub async fn closed_loop_rate<F: Future<Output = ()> + Send + 'static>(
    callers: usize,
    operation: impl Fn(usize) -> F + Send + Sync + 'static,
) -> f64 {
    let (operation, done) = (Arc::new(operation), Arc::new(AtomicU64::new(0)));
    let began = Instant::now();
    let tasks = (0..callers).map(|caller| {
        let (operation, done) = (Arc::clone(&operation), Arc::clone(&done));
        tokio::spawn(async move {
            while began.elapsed() < TURN {
                operation(caller).await;
                done.fetch_add(1, Ordering::Relaxed);
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    done.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64()
}

/// The 99th percentile of the answer time in milliseconds, at a fixed rate. The time of a call starts when
/// the call was due, so that a slow answer also counts for the calls that wait behind it.
pub async fn p99<F: Future<Output = ()> + Send + 'static>(
    per_second: f64,
    callers: usize,
    operation: impl Fn(usize) -> F + Send + Sync + 'static,
) -> f64 {
    let operation = Arc::new(operation);
    let began = Instant::now();
    let gap = Duration::from_secs_f64(callers as f64 / per_second);
    let tasks = (0..callers).map(|caller| {
        let operation = Arc::clone(&operation);
        tokio::spawn(async move {
            let mut due = began + gap.mul_f64(caller as f64 / callers as f64);
            let mut waits = Vec::new();
            while began.elapsed() < TURN {
                tokio::time::sleep_until(due).await;
                operation(caller).await;
                waits.push(due.elapsed().as_secs_f64() * 1000.0);
                due += gap;
            }
            waits
        })
    });
    let mut waits = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        waits.extend(task.await.unwrap());
    }
    waits.sort_by(f64::total_cmp);
    waits.get(waits.len() * 99 / 100).copied().unwrap_or_default()
}
