//! The sinks: what happens in a run as prefixed lines, as one block a stage, as failures alone, or as JSON. What stages print
//! goes to stdout, everything else to stderr. A reader who goes away ends the telling, not the run.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use crate::core::event::{Event, Sink};
use crate::core::stage::{Action, Outcome, StageName};
use crate::ui::color::{Colors, DONE, FAILED, STAGES, paint};
use crate::ui::diagnostic::{printable, warning};
use crate::ui::table::duration;
use crate::ui::veil::veiled;

/// How long a stage may be silent before something is said for it.
const SILENCE: Duration = Duration::from_secs(60);

/// How long a line may be before it is broken: a stage that never ends its line must not fill the memory.
const LINE: usize = 64 * 1024;

/// How what stages print is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Each line behind the name of its stage.
    Prefix,
    /// Each stage's output in one piece when it ends.
    Group,
    /// Failures alone.
    Quiet,
}

/// Tells people.
pub struct Text<'w> {
    style: Style,
    colors: Colors,
    out: Box<dyn Write + 'w>,
    err: Box<dyn Write + 'w>,
    stages: BTreeMap<StageName, Running>,
    next_color: usize,
    /// What failed, told again at the end.
    failures: Vec<String>,
    blocked: Vec<String>,
}

struct Running {
    color: usize,
    started: Instant,
    heard: Instant,
    line: String,
    block: String,
}

impl<'w> Text<'w> {
    /// A sink that writes to `out` and `err`.
    pub fn new(
        style: Style,
        colors: Colors,
        out: Box<dyn Write + 'w>,
        err: Box<dyn Write + 'w>,
    ) -> Self {
        Self {
            style,
            colors,
            out,
            err,
            stages: BTreeMap::new(),
            next_color: 0,
            failures: Vec::new(),
            blocked: Vec::new(),
        }
    }

    fn say(&mut self, text: &str) {
        let _ = writeln!(self.err, "{text}");
    }

    fn output(&mut self, stage: &StageName, text: &str) {
        let Some(running) = self.stages.get_mut(stage) else {
            return;
        };
        running.heard = Instant::now();
        match self.style {
            Style::Quiet => {}
            Style::Group => {
                running.block.push_str(text);
                // Rather in pieces than without end.
                if running.block.len() > 16 * LINE {
                    self.flush_block(stage);
                }
            }
            Style::Prefix => {
                running.line.push_str(text);
                self.flush_lines(stage, false);
            }
        }
    }

    fn prefix(&self, stage: &StageName) -> String {
        let color = self.stages.get(stage).map_or(0, |running| running.color);
        paint(
            self.colors.stdout,
            STAGES[color % STAGES.len()],
            &format!("[{stage}]"),
        )
    }

    fn flush_lines(&mut self, stage: &StageName, all: bool) {
        let prefix = self.prefix(stage);
        let Some(running) = self.stages.get_mut(stage) else {
            return;
        };
        let end = match running.line.rfind('\n') {
            _ if all || running.line.len() > LINE => running.line.len(),
            Some(at) => at + 1,
            None => return,
        };
        let lines: String = running.line.drain(..end).collect();
        for line in lines.lines() {
            // Progress bars write over their line: what they showed last counts.
            let shown = line
                .trim_end_matches('\r')
                .rsplit('\r')
                .next()
                .unwrap_or_default();
            let _ = writeln!(self.out, "{prefix} {shown}");
        }
    }

    fn flush_block(&mut self, stage: &StageName) {
        let prefix = self.prefix(stage);
        let Some(running) = self.stages.get_mut(stage) else {
            return;
        };
        let block = std::mem::take(&mut running.block);
        if !block.is_empty() {
            let end = if block.ends_with('\n') { "" } else { "\n" };
            let _ = write!(self.out, "{prefix}\n{block}{end}");
        }
    }

    fn started(&mut self, stage: &StageName, action: Action, attempt: u32, reasons: &[String]) {
        let color = self.next_color;
        self.next_color += 1;
        let now = Instant::now();
        self.stages.entry(stage.clone()).or_insert_with(|| Running {
            color,
            started: now,
            heard: now,
            line: String::new(),
            block: String::new(),
        });
        if self.style != Style::Quiet && attempt == 1 {
            let why = if reasons.is_empty() {
                String::new()
            } else {
                format!(" ({})", reasons.join(", "))
            };
            self.say(&format!("{stage}: {action}{}", printable(&why)));
        }
    }

    fn finished(&mut self, event: &Event) {
        let Event::StageFinished {
            stage,
            action,
            outcome,
            duration_ms,
            log,
            tail,
        } = event
        else {
            return;
        };
        self.flush_lines(stage, true);
        self.flush_block(stage);
        let was_running = self.stages.remove(stage).is_some();
        let took = duration(*duration_ms);
        if *outcome == Outcome::Succeeded {
            if self.style != Style::Quiet {
                let done = paint(self.colors.stderr, DONE, "done");
                self.say(&format!("{stage}: {action} {done} in {took}"));
            }
            return;
        }
        let failed = paint(self.colors.stderr, FAILED, "failed");
        let how = match outcome {
            Outcome::Broken { message } => message.clone(),
            other => other.to_string(),
        };
        let line = format!(
            "{stage}: {action} {failed} after {took}: {}",
            printable(&how)
        );
        if was_running || self.style == Style::Quiet {
            self.say(&line);
        } else {
            self.say(&format!("{stage}: {failed}: {}", printable(&how)));
        }
        let mut told = line;
        for line in tail {
            told.push_str("\n    ");
            told.push_str(&printable(line));
        }
        if !log.as_os_str().is_empty() {
            told.push_str(&format!("\n  log: {}", log.display()));
        }
        self.failures.push(told);
    }

    fn ended(&mut self, event: &Event) {
        let Event::RunFinished {
            counts,
            duration_ms,
            ..
        } = event
        else {
            return;
        };
        let failures = std::mem::take(&mut self.failures);
        let blocked = std::mem::take(&mut self.blocked);
        if !failures.is_empty() {
            self.say("");
        }
        failures
            .iter()
            .chain(&blocked)
            .for_each(|told| self.say(told));
        let parts = [
            (counts.ran, "done"),
            (counts.failed, "failed"),
            (counts.blocked, "blocked"),
            (counts.left, "not started"),
            (counts.up_to_date, "up to date"),
        ];
        let parts: Vec<_> = (parts.iter().filter(|(count, _)| *count > 0))
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        if counts.ran + counts.failed + counts.blocked + counts.left > 0 {
            self.say(&format!(
                "{} in {}",
                parts.join(", "),
                duration(*duration_ms)
            ));
        }
    }
}

impl Sink for Text<'_> {
    fn event(&mut self, event: &Event) {
        match event {
            Event::StageStarted {
                stage,
                action,
                attempt,
                reasons,
                ..
            } => {
                self.started(stage, *action, *attempt, reasons);
            }
            Event::Output { stage, text, .. } => self.output(stage, text),
            Event::StageRetrying {
                stage,
                attempt,
                delay_ms,
                outcome,
            } => {
                self.flush_lines(stage, true);
                let delay = duration(*delay_ms);
                self.say(&format!("{stage}: {outcome}; attempt {attempt} in {delay}"));
            }
            Event::StageFinished { .. } => self.finished(event),
            Event::StageStamped {
                stage,
                written,
                removed,
                unchanged,
            } => {
                self.say(&format!(
                    "{stage}: {written} written, {removed} removed, {unchanged} unchanged"
                ));
            }
            Event::StageBlocked { stage, by } => {
                let by: Vec<_> = by
                    .iter()
                    .map(super::super::core::stage::StageName::as_str)
                    .collect();
                self.blocked
                    .push(format!("{stage}: blocked by {}", by.join(", ")));
            }
            Event::Stopping { level, .. } => {
                let how = match level {
                    1 => "stopping: waiting for running stages (again: SIGTERM)",
                    2 => "stopping: SIGTERM was sent (again: SIGKILL)",
                    _ => "stopping: SIGKILL was sent",
                };
                self.say(how);
            }
            Event::Warning {
                stage,
                message,
                help,
            } => {
                let message = match stage {
                    Some(stage) => format!("{stage}: {message}"),
                    None => message.clone(),
                };
                let text = warning(&message, help.as_deref(), self.colors.stderr);
                let _ = self.err.write_all(text.as_bytes());
            }
            Event::RunFinished { .. } => self.ended(event),
            Event::RunStarted { .. } | Event::StageUpToDate { .. } => {}
        }
        let _ = self.out.flush();
    }

    fn tick(&mut self) {
        if self.style == Style::Quiet {
            return;
        }
        let now = Instant::now();
        let mut told = Vec::new();
        for (stage, running) in &mut self.stages {
            if now.duration_since(running.heard) >= SILENCE {
                running.heard = now;
                let since = now.duration_since(running.started).as_secs() * 1000;
                told.push((stage.clone(), duration(since)));
            }
        }
        for (stage, since) in told {
            let prefix = self.prefix(&stage);
            let _ = writeln!(self.out, "{prefix} still running, {since}");
        }
    }
}

/// Tells programs: one JSON object a line.
pub struct Json<W> {
    out: W,
}

impl<W: Write> Json<W> {
    /// A sink that writes to `out`.
    pub fn new(out: W) -> Self {
        Self { out }
    }
}

impl<W: Write> Sink for Json<W> {
    fn event(&mut self, event: &Event) {
        if let Ok(line) = serde_json::to_string(event) {
            let _ = writeln!(self.out, "{line}");
            let _ = self.out.flush();
        }
    }
}

/// Writes a whole text to stdout; a reader who went away is no error.
///
/// # Errors
/// The text cannot be written for another reason.
pub fn print(text: &str) -> crate::error::Result<()> {
    let mut out = io::stdout().lock();
    match out
        .write_all(veiled(text).as_bytes())
        .and_then(|()| out.flush())
    {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(
            crate::error::Error::failed(format!("cannot write the output: {error}")),
        ),
        _ => Ok(()),
    }
}

/// Writes a whole text to stderr, as far as that is possible.
pub fn complain(text: &str) {
    let _ = io::stderr().lock().write_all(veiled(text).as_bytes());
}
