//! Events for people: what stages print as prefixed lines, in blocks or not at all, how they fare, and at the end what failed.
//! Knows nothing of what made it happen.

use std::collections::BTreeMap;
use std::io::{Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::SpooledTempFile;

use crate::core::event::{Counts, Event, Sink};
use crate::core::stage::{Action, Outcome, StageName};
use crate::ui::color::{Colors, DONE, FAILED, STAGES, WARNING, paint};
use crate::ui::diagnostic::{printable, warning};
use crate::ui::sink::lines::{Lines, shown};
use crate::ui::sink::stream::{Stream, lost};
use crate::ui::sink::waiting::{Silence, Stopping};
use crate::ui::table::duration;

/// How much of a stage's block is kept in memory; more than that is kept in a file without a name.
const BLOCK: usize = 1024 * 1024;

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
    pub(super) style: Style,
    colors: Colors,
    pub(super) out: Stream<'w>,
    err: Stream<'w>,
    pub(super) stages: BTreeMap<StageName, Running>,
    next_color: usize,
    /// What failed and what was blocked, told again at the end.
    failures: Vec<String>,
    blocked: Vec<String>,
    pub(super) stopping: Option<Stopping>,
    pub(super) silence: Silence,
}

/// A stage whose `ctl` runs.
pub(super) struct Running {
    color: usize,
    lines: Lines,
    block: SpooledTempFile,
}

/// A stage that did not succeed.
struct Failure<'a> {
    stage: &'a StageName,
    action: Action,
    outcome: &'a Outcome,
    took: String,
    log: &'a Path,
    tail: &'a [String],
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
            out: Stream::new(out),
            err: Stream::new(err),
            stages: BTreeMap::new(),
            next_color: 0,
            failures: Vec::new(),
            blocked: Vec::new(),
            stopping: None,
            silence: Silence::default(),
        }
    }

    pub(super) fn event_at(&mut self, event: &Event, now: Instant) {
        self.silence.note(event, now);
        match event {
            Event::StageStarted {
                stage,
                action,
                attempt,
                reasons,
                ..
            } => self.started(stage, *action, *attempt, reasons),
            Event::Output { stage, text, .. } => self.output(stage, text),
            Event::StageFinished {
                stage,
                action,
                outcome,
                duration_ms,
                log,
                tail,
            } => self.finished(&Failure {
                stage,
                action: *action,
                outcome,
                took: duration(*duration_ms),
                log,
                tail,
            }),
            Event::Stopping {
                level, grace_ms, ..
            } => self.stop(*level, Duration::from_millis(*grace_ms), now),
            Event::RunFinished {
                counts,
                duration_ms,
                ..
            } => self.ended(counts, *duration_ms),
            other => self.noted(other),
        }
        self.out.flush();
        self.err.flush();
        if let Some(error) = self.out.take_failure() {
            self.err.write(&lost(&error, self.colors.stderr));
        }
    }

    /// Events that are told in a line and change nothing.
    fn noted(&mut self, event: &Event) {
        match event {
            Event::StageRetrying {
                stage,
                attempt,
                delay_ms,
                outcome,
            } => {
                self.end_lines(stage);
                let delay = duration(*delay_ms);
                self.say(&format!("{stage}: {outcome}; attempt {attempt} in {delay}"));
            }
            Event::StageSilent {
                stage, running_ms, ..
            } if self.style != Style::Quiet => {
                let since = duration(running_ms / 1000 * 1000);
                let prefix = self.prefix(stage);
                self.out
                    .write(&format!("{prefix} still running, {since}\n"));
            }
            Event::StageStamped {
                stage,
                written,
                removed,
                unchanged,
            } => self.say(&format!(
                "{stage}: {written} written, {removed} removed, {unchanged} unchanged"
            )),
            Event::StageBlocked { stage, by } => {
                let by: Vec<_> = by.iter().map(StageName::as_str).collect();
                let told = format!("{stage}: blocked by {}", by.join(", "));
                self.blocked.push(told);
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
                self.err.write(&text);
            }
            _ => {}
        }
    }

    pub(super) fn say(&mut self, text: &str) {
        self.err.write(&format!("{text}\n"));
    }

    fn started(&mut self, stage: &StageName, action: Action, attempt: u32, reasons: &[String]) {
        if !self.stages.contains_key(stage) {
            let running = Running {
                color: self.next_color,
                lines: Lines::default(),
                block: SpooledTempFile::new(BLOCK),
            };
            self.next_color += 1;
            self.stages.insert(stage.clone(), running);
        }
        if self.style != Style::Quiet && attempt == 1 {
            let why = if reasons.is_empty() {
                String::new()
            } else {
                format!(" ({})", reasons.join(", "))
            };
            self.say(&format!("{stage}: {action}{}", printable(&why)));
        }
    }

    // What stages print.

    fn output(&mut self, stage: &StageName, text: &str) {
        let Some(running) = self.stages.get_mut(stage) else {
            return;
        };
        if self.style != Style::Quiet {
            let lines = running.lines.feed(text);
            self.show(stage, &lines);
        }
    }

    fn end_lines(&mut self, stage: &StageName) {
        let running = self.stages.get_mut(stage);
        let last = running.and_then(|running| running.lines.finish());
        self.show(stage, last.as_slice());
    }

    fn show(&mut self, stage: &StageName, lines: &[String]) {
        let color = self.colors.stdout;
        match self.style {
            Style::Quiet => {}
            Style::Prefix => {
                let prefix = self.prefix(stage);
                let lines = lines.iter().map(|line| match shown(line, color) {
                    empty if empty.is_empty() => format!("{prefix}\n"),
                    line => format!("{prefix} {line}\n"),
                });
                self.out.write(&lines.collect::<String>());
            }
            Style::Group => {
                let Some(running) = self.stages.get_mut(stage) else {
                    return;
                };
                let text: String = lines
                    .iter()
                    .map(|line| format!("{}\n", shown(line, color)))
                    .collect();
                // Where the block cannot be kept (a full disk), it is shown as it comes.
                if running.block.write_all(text.as_bytes()).is_err() {
                    self.show_block(stage);
                    self.out.write(&text);
                }
            }
        }
    }

    pub(super) fn prefix(&self, stage: &StageName) -> String {
        let number = self.stages.get(stage).map_or(0, |running| running.color);
        let style = STAGES.get(number % STAGES.len()).copied();
        paint(
            self.colors.stdout,
            style.unwrap_or_default(),
            &format!("[{stage}]"),
        )
    }

    fn show_block(&mut self, stage: &StageName) {
        let prefix = self.prefix(stage);
        let Some(running) = self.stages.get_mut(stage) else {
            return;
        };
        let mut block = std::mem::replace(&mut running.block, SpooledTempFile::new(BLOCK));
        let has_text = block.stream_position().is_ok_and(|position| position > 0);
        if has_text && block.rewind().is_ok() {
            self.out.write(&format!("{prefix}\n"));
            self.out.copy(&mut block);
        }
    }

    // How stages fare.

    fn finished(&mut self, end: &Failure<'_>) {
        self.end_lines(end.stage);
        self.show_block(end.stage);
        let was_running = self.stages.remove(end.stage).is_some();
        if *end.outcome != Outcome::Succeeded {
            self.failed(end, was_running);
        } else if self.style != Style::Quiet {
            let done = paint(self.colors.stderr, DONE, "done");
            let Failure {
                stage,
                action,
                took,
                ..
            } = end;
            self.say(&format!("{stage}: {action} {done} in {took}"));
        }
    }

    fn failed(&mut self, end: &Failure<'_>, was_running: bool) {
        let Failure {
            stage,
            action,
            outcome,
            took,
            ..
        } = end;
        let line = if **outcome == Outcome::Interrupted {
            let interrupted = paint(self.colors.stderr, WARNING, "interrupted");
            format!("{stage}: {action} {interrupted} after {took}")
        } else {
            let failed = paint(self.colors.stderr, FAILED, "failed");
            let how = printable(&outcome.to_string());
            if was_running {
                format!("{stage}: {action} {failed} after {took}: {how}")
            } else {
                format!("{stage}: {failed}: {how}")
            }
        };
        self.say(&line);
        let mut told = line;
        for line in end.tail {
            told.push_str("\n    ");
            told.push_str(&printable(line));
        }
        if !end.log.as_os_str().is_empty() {
            told.push_str(&format!("\n  log: {}", end.log.display()));
        }
        self.failures.push(told);
    }

    // The end.

    fn ended(&mut self, counts: &Counts, duration_ms: u64) {
        let failures = std::mem::take(&mut self.failures);
        let blocked = std::mem::take(&mut self.blocked);
        if !failures.is_empty() {
            self.say("");
        }
        for told in failures.iter().chain(&blocked) {
            self.say(told);
        }
        let parts = [
            (counts.ran, "done"),
            (counts.failed, "failed"),
            (counts.interrupted, "interrupted"),
            (counts.blocked, "blocked"),
            (counts.not_started, "not started"),
            (counts.up_to_date + counts.restamped, "up to date"),
        ];
        let parts: Vec<_> = (parts.iter().filter(|(count, _)| *count > 0))
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        if parts.len() > usize::from(counts.up_to_date + counts.restamped > 0) {
            let took = duration(duration_ms);
            self.say(&format!("{} in {took}", parts.join(", ")));
        }
    }
}

impl Sink for Text<'_> {
    fn event(&mut self, event: &Event) {
        let now = Instant::now();
        self.event_at(event, now);
        // While one stage keeps printing, nobody else calls `tick`.
        self.tick_at(now);
    }

    fn tick(&mut self) {
        self.tick_at(Instant::now());
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
