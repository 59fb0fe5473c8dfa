//! The table. Knows nothing of how the figures came about.

use std::fs;
use std::time::Duration;

use crate::Result;
use crate::measure::Figure;
use crate::options::Options;
use crate::tools::{self, Tool};

/// The columns of tools after betterform's.
const OTHERS: [&str; 2] = ["make", "ninja"];

/// What one kind of run took, by tool.
#[derive(Debug)]
pub(crate) struct Row {
    what: &'static str,
    tools: Vec<(&'static str, Vec<Figure>)>,
}

impl Row {
    pub(crate) fn new(what: &'static str, tools: &[Tool]) -> Self {
        Self {
            what,
            tools: tools.iter().map(|tool| (tool.name, Vec::new())).collect(),
        }
    }

    /// Adds a figure of the tool at `index`.
    pub(crate) fn add(&mut self, index: usize, figure: Figure) {
        if let Some((_, figures)) = self.tools.get_mut(index) {
            figures.push(figure);
        }
    }

    /// The row as Markdown.
    pub(crate) fn line(&self, size: usize) -> String {
        let ours = self.wall("betterform");
        let mut cells = vec![size.to_string(), self.what.to_owned(), shown(ours)];
        cells.extend(OTHERS.map(|name| shown(self.wall(name))));
        cells.extend(OTHERS.map(|name| ratio(ours, self.wall(name))));
        let names = ["betterform", OTHERS[0], OTHERS[1]];
        cells.extend(names.map(|name| memory(self.peak(name))));
        format!("| {} |", cells.join(" | "))
    }

    fn figures(&self, name: &str) -> &[Figure] {
        let found = self.tools.iter().find(|(tool, _)| *tool == name);
        found.map_or(&[], |(_, figures)| figures)
    }

    fn wall(&self, name: &str) -> Option<Duration> {
        median(self.figures(name).iter().map(|figure| figure.wall))
    }

    fn peak(&self, name: &str) -> Option<u64> {
        median(self.figures(name).iter().map(|figure| figure.peak))
    }
}

/// The middle one; of an even number the lower.
fn median<T: Ord + Copy>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    let middle = values.len().checked_sub(1)? / 2;
    values.get(middle).copied()
}

/// The two lines above the rows.
pub(crate) fn head(jobs: usize) -> String {
    let columns = [
        "stages".to_owned(),
        "run".to_owned(),
        format!("betterform -j{jobs}"),
        format!("make -j{jobs}"),
        format!("ninja -j{jobs}"),
        "of make's".to_owned(),
        "of ninja's".to_owned(),
        "peak memory".to_owned(),
        "make's".to_owned(),
        "ninja's".to_owned(),
    ];
    let rule = ["--:", "---"].into_iter().chain(["--:"; 8]);
    let rule = rule.collect::<Vec<_>>().join(" | ");
    format!("| {} |\n| {rule} |", columns.join(" | "))
}

/// What was measured on, in one line.
pub(crate) fn machine(options: &Options) -> Result<String> {
    let cores = std::thread::available_parallelism()?;
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown processor", |(_, model)| model);
    let mut parts = vec![
        format!("{cores} cores"),
        model.to_owned(),
        std::env::consts::OS.to_owned(),
    ];
    for name in OTHERS {
        let version = tools::version(name)?;
        parts.push(match version {
            Some(version) if version.to_lowercase().contains(name) => version,
            Some(version) => format!("{name} {version}"),
            None => format!("no {name}"),
        });
    }
    parts.push(format!(
        "median of {}, seed {}",
        options.repeat, options.seed
    ));
    Ok(format!("Machine: {}.", parts.join("; ")))
}

fn shown(wall: Option<Duration>) -> String {
    match wall {
        None => "-".into(),
        Some(wall) if wall < Duration::from_secs(1) => {
            format!("{:.0} ms", wall.as_secs_f64() * 1000.0)
        }
        Some(wall) => format!("{:.2} s", wall.as_secs_f64()),
    }
}

fn ratio(ours: Option<Duration>, theirs: Option<Duration>) -> String {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) if !theirs.is_zero() => {
            format!("{:.2}", ours.as_secs_f64() / theirs.as_secs_f64())
        }
        _ => "-".into(),
    }
}

fn memory(peak: Option<u64>) -> String {
    peak.map_or("-".into(), |kib| {
        let tenths = kib * 10 / 1024;
        format!("{}.{} MiB", tenths / 10, tenths % 10)
    })
}
