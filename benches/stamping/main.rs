//! Stamping one stage of five files, embedded and with one gomplate process: prints a Markdown table. Knows nothing of how
//! either renders.
//!
//! `cargo bench --bench stamping -- 51` takes 51 turns (default 31). In each turn every way stamps the stage once, so that a
//! slow minute of the machine falls on all of them; each figure is the median of the turns. gomplate is `GOMPLATE`, else the
//! one on `PATH`; without it, only the embedded stamper is measured.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program of its own, which starts another and prints what it measured"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use betterform::core::stage::StageName;
use betterform::stamp::choose::{Choice, Chosen};
use betterform::stamp::embedded::InProcess;
use betterform::stamp::sync::sync;
use betterform::stamp::{RenderedFiles, Request, StampSettings, Stamper};
use betterform::system::environment::Environment;
use serde_json::json;
use walkdir::WalkDir;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let number = std::env::args().find_map(|argument| argument.parse().ok());
    let turns: usize = number.filter(|turns| *turns > 0).unwrap_or(31);
    let bench = Bench::new()?;
    let (mut rendered, mut stamped, mut process) = (Vec::new(), Vec::new(), Vec::new());
    let gomplate = installed();
    let first = bench.check(gomplate.as_deref())?;
    for turn in 0..turns {
        rendered.push(timed(|| bench.render().map(drop))?);
        stamped.push(timed(|| bench.stamp(turn))?);
        if let Some(gomplate) = &gomplate {
            process.push(timed(|| bench.run(gomplate, &bench.output(turn)))?);
        }
    }
    let (rendered, stamped) = (median(rendered), median(stamped));
    println!(
        "Median of {turns} turns; the first rendering in a process took {}.\n",
        shown(first)
    );
    println!("| a stage of 5 files | time | gomplate's, of it |\n| --- | --: | --: |");
    let process = (!process.is_empty()).then(|| median(process));
    let row = |name: &str, time: Duration| {
        let ratio =
            process.map(|process| format!("{:.0}", process.as_secs_f64() / time.as_secs_f64()));
        println!(
            "| {name} | {} | {} |",
            shown(time),
            ratio.unwrap_or_default()
        );
    };
    row("embedded, rendered in memory", rendered);
    row("embedded, rendered and written", stamped);
    match process {
        Some(process) => row("one gomplate process", process),
        None => println!("\ngomplate is not installed, so there is nothing to compare with."),
    }
    Ok(())
}

/// The stage, and where it is stamped.
struct Bench {
    place: tempfile::TempDir,
    name: StageName,
    stage: PathBuf,
    config: serde_json::Value,
    environment: Environment,
    stamper: Chosen,
}

impl Bench {
    fn new() -> Result<Self> {
        let place = tempfile::Builder::new()
            .prefix("betterform-bench-")
            .tempdir()?;
        let config = configuration();
        std::fs::write(place.path().join("config.json"), config.to_string())?;
        let mut environment = Environment::default();
        environment.set("STAGE_NAME", "stage");
        Ok(Self {
            name: StageName::new("stage").map_err(|error| format!("{error:?}"))?,
            stage: Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/stamping/stage"),
            place,
            config,
            environment,
            stamper: Chosen::new(Choice::Embedded, Some(Box::<InProcess>::default())),
        })
    }

    fn render(&self) -> Result<RenderedFiles> {
        let rendered = self.stamper.render(&Request {
            stage: &self.name,
            template_dir: &self.stage,
            config_json_file: &self.place.path().join("config.json"),
            config: &self.config,
            environment: &self.environment,
            deployment: self.place.path(),
            settings: &StampSettings::default(),
        });
        Ok(rendered.map_err(|error| error.to_string())?.files)
    }

    /// Renders, and writes into a directory that is not there yet, as a first `apply` does.
    fn stamp(&self, turn: usize) -> Result<()> {
        let directory = self.place.path().join(format!("stamped-{turn}"));
        sync(&directory, &self.render()?, &BTreeSet::new()).map_err(|error| error.to_string())?;
        Ok(())
    }

    fn output(&self, turn: usize) -> PathBuf {
        self.place.path().join(format!("gomplate-{turn}"))
    }

    fn run(&self, gomplate: &Path, output: &Path) -> Result<()> {
        let mut context = std::ffi::OsString::from("cfg=");
        context.push(self.place.path().join("config.json"));
        let status = Command::new(gomplate)
            .arg("--context")
            .arg(context)
            .arg("--input-dir")
            .arg(&self.stage)
            .arg("--output-dir")
            .arg(output)
            .current_dir(self.place.path())
            .env_clear()
            .envs(self.environment.iter())
            .stdin(Stdio::null())
            .status()?;
        if status.success() {
            Ok(())
        } else {
            Err("gomplate failed".into())
        }
    }

    /// Renders for the first time, which makes what later ones share, and says how long that took. Both ways must make the
    /// same files.
    fn check(&self, gomplate: Option<&Path>) -> Result<Duration> {
        let start = Instant::now();
        let ours = self.render()?;
        let taken = start.elapsed();
        assert_eq!(ours.len(), 5, "the stage has five files");
        let Some(gomplate) = gomplate else {
            return Ok(taken);
        };
        let output = self.place.path().join("checked");
        self.run(gomplate, &output)?;
        let mut theirs = BTreeMap::new();
        for found in WalkDir::new(&output) {
            let found = found?;
            if found.file_type().is_file() {
                theirs.insert(
                    found.path().strip_prefix(&output)?.to_owned(),
                    std::fs::read(found.path())?,
                );
            }
        }
        let ours: BTreeMap<_, _> = ours
            .into_iter()
            .map(|(path, file)| (path, file.content.to_vec()))
            .collect();
        assert_eq!(ours, theirs, "both ways make the same files");
        Ok(taken)
    }
}

fn configuration() -> serde_json::Value {
    let service = |version: &str, replicas: u32| json!({ "version": version, "replicas": replicas, "memory": 512 * replicas });
    let mut services = json!({ "api": service("1.4.2", 3), "cache": service("7.2", 1), "worker": service("1.4.2", 5) });
    services["api"]["env"] = json!({ "log_level": "info", "database": "db.internal:5432" });
    json!({
        "name": "ordersService", "namespace": "orders", "region": "eu-north-1", "registry": "registry.example.org/team",
        "prefix": "10.7", "zones": ["a", "b", "c"], "labels": { "team": "orders", "tier": "backend" }, "services": services,
    })
}

/// The gomplate of this machine.
fn installed() -> Option<PathBuf> {
    let named = std::env::var_os("GOMPLATE")
        .filter(|name| !name.is_empty())
        .map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = || {
        std::env::split_paths(&path)
            .map(|directory| directory.join("gomplate"))
            .find(|path| path.is_file())
    };
    named.or_else(on_path)
}

fn timed(action: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let start = Instant::now();
    action()?;
    Ok(start.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn shown(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1000.0)
}
