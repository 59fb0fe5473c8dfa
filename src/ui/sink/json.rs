//! Events for programs: one JSON object a line, each with its time. Knows nothing of terminals.

use std::io::{self, Write};
use std::time::Instant;

use serde::Serialize;

use crate::core::event::{Event, Sink};
use crate::system::clock;
use crate::ui::sink::stream::{Stream, lost};
use crate::ui::sink::waiting::Silence;

/// Tells programs.
pub struct Json<'w> {
    out: Stream<'w>,
    clock: fn() -> i64,
    silence: Silence,
}

/// An event that does not tell its time by itself.
#[derive(Serialize)]
struct Timed<'a> {
    #[serde(flatten)]
    event: &'a Event,
    time_ms: i64,
}

impl<'w> Json<'w> {
    /// A sink that writes to `out`.
    pub fn new(out: Box<dyn Write + 'w>) -> Self {
        Self {
            out: Stream::new(out),
            clock: clock::now_ms,
            silence: Silence::default(),
        }
    }
}

impl Json<'_> {
    fn tell(&mut self, event: &Event) {
        let time_ms = (self.clock)();
        let line = match event {
            Event::RunStarted { .. } => serde_json::to_string(event),
            _ => serde_json::to_string(&Timed { event, time_ms }),
        };
        if let Ok(line) = line {
            self.out.write(&format!("{line}\n"));
            self.out.flush();
        }
        if let Some(error) = self.out.take_failure() {
            let _ = io::stderr().write_all(lost(&error, false).as_bytes());
        }
    }

    fn tick_at(&mut self, now: Instant) {
        for event in self.silence.due(now) {
            self.tell(&event);
        }
    }
}

impl Sink for Json<'_> {
    fn event(&mut self, event: &Event) {
        let now = Instant::now();
        self.silence.note(event, now);
        self.tell(event);
        // While one stage keeps printing, nobody else calls `tick`.
        self.tick_at(now);
    }

    fn tick(&mut self) {
        self.tick_at(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::core::event::{Counts, VERSION};
    use crate::core::record::RunResult;
    use crate::core::stage::{Action, Outcome, StageName};

    #[test]
    fn an_event_is_a_line() {
        let stage = || StageName::new("net").unwrap();
        let events = [
            Event::RunStarted {
                version: VERSION,
                run: "r1".into(),
                command: "apply".into(),
                stages: 2,
                jobs: 1,
                time_ms: 1000,
            },
            Event::StageStarted {
                stage: stage(),
                action: Action::Up,
                attempt: 1,
                reasons: vec!["new".into()],
                log: "/l".into(),
            },
            Event::Output {
                stage: stage(),
                action: Action::Up,
                text: "a\n\"b\"".into(),
            },
            Event::StageFinished {
                stage: stage(),
                action: Action::Up,
                outcome: Outcome::Failed { code: 3 },
                duration_ms: 5,
                log: "/l".into(),
                tail: vec!["b".into()],
            },
            Event::StageBlocked {
                stage: stage(),
                by: vec![stage()],
            },
            Event::Stopping {
                signal: 2,
                level: 1,
                grace_ms: 300_000,
            },
            Event::Warning {
                stage: None,
                message: "odd".into(),
                help: None,
            },
            Event::RunFinished {
                result: RunResult::Failed,
                counts: Counts::default(),
                duration_ms: 6,
            },
        ];
        let mut out = Vec::new();
        let mut sink = Json {
            clock: || 1234,
            ..Json::new(Box::new(&mut out))
        };
        for event in &events {
            sink.event(event);
        }
        drop(sink);
        let expected = r#"{"event":"run-started","version":1,"run":"r1","command":"apply","stages":2,"jobs":1,"time_ms":1000}
{"event":"stage-started","stage":"net","action":"up","attempt":1,"reasons":["new"],"log":"/l","time_ms":1234}
{"event":"output","stage":"net","action":"up","text":"a\n\"b\"","time_ms":1234}
{"event":"stage-finished","stage":"net","action":"up","outcome":"failed","code":3,"duration_ms":5,"log":"/l","tail":["b"],"time_ms":1234}
{"event":"stage-blocked","stage":"net","by":["net"],"time_ms":1234}
{"event":"stopping","signal":2,"level":1,"grace_ms":300000,"time_ms":1234}
{"event":"warning","message":"odd","time_ms":1234}
{"event":"run-finished","result":"failed","counts":{"ran":0,"up_to_date":0,"restamped":0,"failed":0,"interrupted":0,"blocked":0,"not_started":0},"duration_ms":6,"time_ms":1234}
"#;
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn a_silent_stage_is_told_of_each_minute() {
        let stage = StageName::new("net").unwrap();
        let mut out = Vec::new();
        let mut sink = Json {
            clock: || 1234,
            ..Json::new(Box::new(&mut out))
        };
        let start = Instant::now();
        let started = Event::StageStarted {
            stage,
            action: Action::Down,
            attempt: 1,
            reasons: vec![],
            log: "/l".into(),
        };
        sink.silence.note(&started, start);
        for seconds in [59, 60, 61, 119, 120] {
            sink.tick_at(start + Duration::from_secs(seconds));
        }
        drop(sink);
        let line = |ms| {
            format!(
                r#"{{"event":"stage-silent","stage":"net","action":"down","running_ms":{ms},"time_ms":1234}}"#
            )
        };
        let expected = format!("{}\n{}\n", line(60_000), line(120_000));
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
