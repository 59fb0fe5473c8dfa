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

    /// Ends a run: records how, and tells. The run is told as failed if that cannot be recorded; what was recorded of stages is
    /// durable all the same.
    ///
    /// # Errors
    /// The state cannot be written.
    pub(in crate::commands) fn end(
        &self,
        mut store: Store,
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
        let mut record = || {
            store.finish_run(&run.id, result)?;
            store.gc_if_worth_it()?;
            Ok(())
        };
        let recorded = record().and_then(|()| store.close());
        teller.event(&Event::RunFinished {
            result: recorded.as_ref().map_or(RunResult::Failed, |()| result),
            counts,
            duration_ms: clock::millis(run.start.elapsed()),
        });
        recorded.map(|()| result)
    }

    /// Tells that a run ends before its end, as when the state cannot be written. What was wrong is told by whoever has the error.
    pub(in crate::commands) fn break_off(store: &mut Store, run: &Run, teller: &mut dyn Sink) {
        teller.event(&Event::RunFinished {
            result: RunResult::Failed,
            counts: Counts::default(),
            duration_ms: clock::millis(run.start.elapsed()),
        });
        // Where it cannot be recorded, the run has no result.
        let _ = store.finish_run(&run.id, RunResult::Failed);
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
