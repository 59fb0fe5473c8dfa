//! What is told while nothing happens: that a silent stage still runs, and for what betterform waits before it stops.
//! Knows nothing of how it is told.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::core::event::Event;
use crate::core::stage::{Action, StageName};
use crate::system::clock;
use crate::ui::sink::text::Text;
use crate::ui::table::duration;

/// How long a stage may be silent before something is said for it.
const SILENCE: Duration = Duration::from_secs(60);

/// How often it is said for what betterform still waits once it is to stop.
const REMINDER: Duration = Duration::from_secs(30);

/// That the user asked to stop.
pub(super) struct Stopping {
    /// When what still runs is killed.
    end: Option<Instant>,
    told: Instant,
}

impl Text<'_> {
    pub(super) fn stop(&mut self, level: u8, grace: Duration, now: Instant) {
        let end = match level {
            1 => now.checked_add(grace),
            _ => self.stopping.as_ref().and_then(|stopping| stopping.end),
        };
        self.stopping = Some(Stopping { end, told: now });
        let how = match level {
            1 if self.stages.is_empty() => "nothing new starts".to_owned(),
            1 => self.awaited(now) + "; again: SIGTERM",
            2 => self.awaited(now) + "; SIGTERM was sent; again: SIGKILL",
            _ => "SIGKILL was sent".to_owned(),
        };
        self.say(&format!("stopping: {how}"));
    }

    /// For what is waited, and how long.
    fn awaited(&self, now: Instant) -> String {
        let names: Vec<_> = self.stages.keys().map(StageName::as_str).collect();
        let end = self.stopping.as_ref().and_then(|stopping| stopping.end);
        let left = end.map(|end| end.saturating_duration_since(now).as_secs() * 1000);
        let left = left.map(|left| format!(", SIGKILL in {}", duration(left)));
        format!(
            "waiting for {}{}",
            names.join(", "),
            left.unwrap_or_default()
        )
    }

    pub(super) fn tick_at(&mut self, now: Instant) {
        let waiting = !self.stages.is_empty();
        if let Some(stopping) = &mut self.stopping
            && waiting
            && now.saturating_duration_since(stopping.told) >= REMINDER
        {
            stopping.told = now;
            let awaited = self.awaited(now);
            self.say(&format!("stopping: {awaited}"));
        }
        for event in self.silence.due(now) {
            self.event_at(&event, now);
        }
    }
}

/// The stages that run: since when, and when each was last heard of.
#[derive(Default)]
pub(super) struct Silence(BTreeMap<StageName, Heard>);

struct Heard {
    action: Action,
    started: Instant,
    last: Instant,
}

impl Silence {
    /// Hears an event.
    pub(super) fn note(&mut self, event: &Event, now: Instant) {
        match event {
            Event::StageStarted { stage, action, .. } => {
                let heard = self.0.entry(stage.clone()).or_insert(Heard {
                    action: *action,
                    started: now,
                    last: now,
                });
                heard.last = now;
            }
            Event::Output { stage, .. } => {
                if let Some(heard) = self.0.get_mut(stage) {
                    heard.last = now;
                }
            }
            Event::StageFinished { stage, .. } => {
                self.0.remove(stage);
            }
            _ => {}
        }
    }

    /// What is to be said of stages that were silent long enough. Counts as having heard of them.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Event> {
        let silent = (self.0.iter_mut())
            .filter(|(_, heard)| now.saturating_duration_since(heard.last) >= SILENCE);
        let told = silent.map(|(stage, heard)| {
            heard.last = now;
            Event::StageSilent {
                stage: stage.clone(),
                action: heard.action,
                running_ms: clock::millis(now.saturating_duration_since(heard.started)),
            }
        });
        told.collect()
    }
}
