//! Runs a stage's `ctl`, as often as its settings allow, and logs what it prints. Knows nothing of what is recorded.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::core::decode::Decoder;
use crate::core::event::Event;
use crate::core::record::RunId;
use crate::core::stage::{Action, Outcome, StageName};
use crate::error::{Error, Result};
use crate::execute::site::Site;
use crate::source::settings::{CtlCwd, StageSettings};
use crate::system::clock;
use crate::system::environment::Environment;
use crate::system::liveness::Liveness;
use crate::system::log::Log;
use crate::system::process::{self, Call, Ending};

/// The variable that names the file to which `ctl` may report its inputs.
pub(super) const INPUTS_FILE: &str = "BETTERFORM_INPUTS_FILE";

/// What is run.
pub struct Task<'a> {
    /// The stage.
    pub stage: &'a StageName,
    /// What is asked of it.
    pub action: Action,
    /// How.
    pub settings: &'a StageSettings,
    /// The environment, without what is added here.
    pub environment: Environment,
    /// The run that it is part of.
    pub run: &'a RunId,
    /// Why it runs.
    pub reasons: Vec<String>,
}

/// How it ended.
#[derive(Debug)]
pub struct Finished {
    /// How the last attempt ended.
    pub outcome: Outcome,
    /// How long all attempts took.
    pub duration: Duration,
    /// When the first attempt started.
    pub started_ms: i64,
    /// What `ctl` wrote to `$BETTERFORM_INPUTS_FILE`, a line each.
    pub reported: Vec<OsString>,
    /// The last lines that it printed.
    pub tail: Vec<String>,
    /// Where all of it is.
    pub log: PathBuf,
}

impl Finished {
    /// It never started, or something around it failed.
    pub fn broken(error: &Error) -> Self {
        let mut tail: Vec<String> = error.to_string().lines().map(str::to_owned).collect();
        tail.dedup();
        // The outcome says it already, unless it has several lines, which are shown better here.
        tail.retain(|line| line != error.message());
        Self {
            outcome: if error.is_interruption() {
                Outcome::Interrupted
            } else {
                Outcome::Broken {
                    message: error.located(),
                }
            },
            duration: Duration::ZERO,
            started_ms: clock::now_ms(),
            reported: Vec::new(),
            tail,
            log: PathBuf::new(),
        }
    }
}

impl Finished {
    /// The same where how it ended cannot be recorded, so that nothing may be built on it.
    #[must_use]
    pub fn unrecorded(self, error: &Error) -> Self {
        let message = format!(
            "it ended ({}), which cannot be recorded: {}",
            self.outcome,
            error.message()
        );
        let outcome = Outcome::Broken { message };
        Self { outcome, ..self }
    }

    /// What to tell of it.
    pub fn event(&self, stage: &StageName, action: Action) -> Event {
        Event::StageFinished {
            stage: stage.clone(),
            action,
            outcome: self.outcome.clone(),
            duration_ms: clock::millis(self.duration),
            log: self.log.clone(),
            tail: match self.outcome {
                Outcome::Succeeded => Vec::new(),
                _ => self.tail.clone(),
            },
        }
    }
}

/// Runs a task to its end. Failures are outcomes.
pub fn run(site: &Site<'_>, task: &Task<'_>, say: &dyn Fn(Event)) -> Finished {
    let start = Instant::now();
    let started_ms = clock::now_ms();
    match attempt_all(site, task, say) {
        Ok((outcome, log, reported)) => Finished {
            outcome,
            duration: start.elapsed(),
            started_ms,
            reported,
            tail: log.tail(),
            log: log.path().to_owned(),
        },
        Err(error) => Finished {
            duration: start.elapsed(),
            started_ms,
            ..Finished::broken(&error.mapped(&|text| site.secrets.mask_text(text)))
        },
    }
}

fn attempt_all(
    site: &Site<'_>,
    task: &Task<'_>,
    say: &dyn Fn(Event),
) -> Result<(Outcome, Log, Vec<OsString>)> {
    let liveness = Liveness::create(&site.liveness_dir(), task.run, task.stage)?;
    let mut log = site.log(task.run, task.stage, task.action);
    let inputs = site
        .reports_dir()?
        .join(format!("{}.{}", task.stage, task.action));
    let tries = match task.action {
        Action::Up => task.settings.retries + 1,
        Action::Down => 1,
    };
    let mut outcome = Outcome::Interrupted;
    for attempt in 1..=tries {
        say(Event::StageStarted {
            stage: task.stage.clone(),
            action: task.action,
            attempt,
            reasons: task.reasons.clone(),
            log: log.path().to_owned(),
        });
        outcome = attempt_once(site, task, &liveness, &inputs, &mut log, say)?;
        if outcome == Outcome::Succeeded || attempt == tries || site.stop.is_asked() {
            break;
        }
        let delay = delay(task.settings.retry_delay, attempt);
        say(Event::StageRetrying {
            stage: task.stage.clone(),
            attempt: attempt + 1,
            delay_ms: clock::millis(delay),
            outcome: outcome.clone(),
        });
        if process::sleep(delay, &site.stop) {
            outcome = Outcome::Interrupted;
            break;
        }
    }
    Ok((outcome, log, reported(&inputs)?))
}

/// What `ctl` wrote to `$BETTERFORM_INPUTS_FILE`, a line each; the file is there only if it wrote something.
fn reported(path: &Path) -> Result<Vec<OsString>> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(Error::io(
                "cannot read the reported inputs in",
                path,
                &error,
            ));
        }
    };
    let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let lines = lines.filter(|line| !line.is_empty());
    Ok(lines
        .map(|line| OsString::from_vec(line.to_vec()))
        .collect())
}

fn attempt_once(
    site: &Site<'_>,
    task: &Task<'_>,
    liveness: &Liveness,
    inputs: &Path,
    log: &mut Log,
    say: &dyn Fn(Event),
) -> Result<Outcome> {
    let directory = site.project.wave.genfiles.join(task.stage.as_str());
    let mut environment = task.environment.clone();
    environment.set(INPUTS_FILE, inputs);
    let grace = process::grace(task.settings.grace, &site.project.environment);
    let nested = clock::millis(process::nested_grace(grace));
    environment.set(process::GRACE, nested.to_string());
    let call = Call {
        program: directory.join("ctl"),
        args: vec![OsString::from(task.action.as_str())],
        cwd: match task.settings.ctl_cwd {
            CtlCwd::Stage => directory.clone(),
            CtlCwd::Caller => site.project.deployment.clone(),
        },
        environment,
        terminal: site.is_interactive(),
        timeout: task.settings.timeout,
        grace,
        inherit: liveness.file(),
    };
    let mut masked = site.masker();
    let mut decoder = Decoder::default();
    let ended = process::run(&call, &site.stop, &mut |chunk| {
        tell(task, &masked.feed(chunk), &mut decoder, log, say);
    })?;
    tell(task, &masked.finish(), &mut decoder, log, say);
    say_text(task, decoder.finish(), say);
    if ended.held_open {
        say(held_open(task));
    }
    Ok(outcome(ended.ending))
}

fn outcome(ending: Ending) -> Outcome {
    match ending {
        Ending::Exited(0) => Outcome::Succeeded,
        Ending::Exited(code) => Outcome::Failed { code },
        Ending::Signalled(signal) => Outcome::Killed { signal },
        Ending::TimedOut => Outcome::TimedOut,
        Ending::Interrupted => Outcome::Interrupted,
        Ending::WantedTerminal => Outcome::Broken {
            message: "it wanted to ask at the terminal, which it was not given (`--interactive` gives it)".into(),
        },
    }
}

fn held_open(task: &Task<'_>) -> Event {
    Event::Warning {
        stage: Some(task.stage.clone()),
        message: "a process that it left holds its output open; its further output is not shown"
            .into(),
        help: Some(
            "let background processes close their output, as in `server >/dev/null 2>&1 &`".into(),
        ),
    }
}

fn tell(task: &Task<'_>, text: &[u8], decoder: &mut Decoder, log: &mut Log, say: &dyn Fn(Event)) {
    log.write(text);
    if let Some(error) = log.take_failure() {
        say(Event::Warning {
            stage: Some(task.stage.clone()),
            message: error.message().to_owned(),
            help: Some("the stage goes on, and what it prints is not logged".into()),
        });
    }
    say_text(task, decoder.feed(text), say);
}

fn say_text(task: &Task<'_>, text: String, say: &dyn Fn(Event)) {
    if !text.is_empty() {
        say(Event::Output {
            stage: task.stage.clone(),
            action: task.action,
            text,
        });
    }
}

/// How long to wait before the next attempt: twice as long each time, 10 minutes at most, and up to a quarter more or less, so
/// that stages that failed together do not try again together.
fn delay(first: Duration, attempt: u32) -> Duration {
    let doubled = first.saturating_mul(1_u32.checked_shl(attempt - 1).unwrap_or(u32::MAX));
    let mut random = [0; 1];
    let _ = getrandom::fill(&mut random);
    let share = 0.75 + f64::from(random[0]) / 512.0;
    doubled.min(Duration::from_secs(600)).mul_f64(share)
}
