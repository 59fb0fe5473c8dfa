//! Tells once for each time that the user asked to stop. Knows nothing of how stages are ended.

use crate::core::event::{Event, Sink};
use crate::execute::site::Site;
use crate::system::{clock, process};

/// How much of it was told.
#[derive(Debug, Default)]
pub(super) struct Stopping(u8);

impl Stopping {
    /// Tells what was not told yet.
    pub(super) fn tell(&mut self, site: &Site<'_>, sink: &mut dyn Sink) {
        while self.0 < site.stop.level() {
            self.0 += 1;
            sink.event(&Event::Stopping {
                signal: site.stop.signal().unwrap_or_default(),
                level: self.0,
                grace_ms: longest_grace(site),
            });
        }
    }
}

fn longest_grace(site: &Site<'_>) -> u64 {
    let stages = 0..site.graph.len();
    let longest = stages.map(|stage| site.settings(stage).grace).max();
    let longest = longest.unwrap_or_default();
    clock::millis(process::grace(longest, &site.project.environment))
}
