//! What people are told while nothing happens: that a silent stage still runs, and for what betterform waits before it stops.
//! Knows nothing of events.

use std::time::{Duration, Instant};

use crate::core::stage::StageName;
use crate::ui::sink::text::{Style, Text};
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
        if self.style == Style::Quiet {
            return;
        }
        let mut silent = Vec::new();
        for (stage, running) in &mut self.stages {
            if now.saturating_duration_since(running.heard) >= SILENCE {
                running.heard = now;
                let since = now.saturating_duration_since(running.started).as_secs();
                silent.push((stage.clone(), duration(since * 1000)));
            }
        }
        for (stage, since) in silent {
            let prefix = self.prefix(&stage);
            self.out
                .write(&format!("{prefix} still running, {since}\n"));
            self.out.flush();
        }
    }
}
