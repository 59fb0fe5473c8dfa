//! A run of a session, from its first event to its last. Knows nothing of what happens in between.

use std::time::Instant;

use crate::commands::session::Session;
use crate::commands::session::records::host;
use crate::core::event::{Counts, Event, Sink, VERSION};
use crate::core::record::{RunId, RunResult};
use crate::error::Result;
use crate::source::settings::OutputStyle;
use crate::state::{NewRun, Store};
use crate::system::clock;
use crate::ui::sink::{Json, Style, Text};

/// A run that has begun.
pub(in crate::commands) struct Run {
    /// What it is called.
    pub(in crate::commands) id: RunId,
    start: Instant,
}

impl Session {
    /// Begins a run of so many stages, so many at once.
    pub(in crate::commands) fn begin(
        &self,
        store: &mut Store,
        command: &str,
        (stages, jobs): (usize, usize),
        teller: &mut dyn Sink,
    ) -> Result<Run> {
        let start = Instant::now();
        let user = self.project.environment.text("USER").unwrap_or("");
        let id = store.start_run(NewRun {
            command: command.to_owned(),
            arguments: self.command_line.clone(),
            user: user.to_owned(),
            host: host(),
        })?;
        teller.event(&Event::RunStarted {
            version: VERSION,
            run: id.to_string(),
            command: command.to_owned(),
            stages,
            jobs,
            time_ms: clock::now_ms(),
        });
        Ok(Run { id, start })
    }

    /// Ends a run: tells how, and records it.
    pub(in crate::commands) fn end(
        &self,
        store: &mut Store,
        run: &Run,
        counts: Counts,
        failed: bool,
        teller: &mut dyn Sink,
    ) -> Result<RunResult> {
        let result = match (self.stop.is_asked(), failed) {
            (true, _) => RunResult::Interrupted,
            (false, true) => RunResult::Failed,
            (false, false) => RunResult::Done,
        };
        teller.event(&Event::RunFinished {
            result,
            counts,
            duration_ms: clock::millis(run.start.elapsed()),
        });
        store.finish_run(&run.id, result)?;
        Ok(result)
    }

    /// Who is told what happens.
    pub(in crate::commands) fn sink(&self, json: bool) -> Box<dyn Sink> {
        if json {
            return Box::new(Json::new(Box::new(std::io::stdout())));
        }
        let style = match self
            .project
            .settings
            .file
            .output
            .unwrap_or(OutputStyle::Prefix)
        {
            OutputStyle::Live | OutputStyle::Prefix => Style::Prefix,
            OutputStyle::Group => Style::Group,
            OutputStyle::Quiet => Style::Quiet,
        };
        let out = Box::new(std::io::stdout());
        let err = Box::new(std::io::stderr());
        Box::new(Text::new(style, self.colors, out, err))
    }
}
