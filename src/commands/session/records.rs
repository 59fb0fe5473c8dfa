//! The state of a session, and the lock that protects it. Knows nothing of what is read from it or written to it.

use std::time::Duration;

use crate::commands::session::Session;
use crate::core::stage::{StageName, Status};
use crate::error::{Error, Result};
use crate::state::{Access, Opened, Records, Store};
use crate::system::lock::{Holder, Lock};
use crate::system::{clock, liveness};

impl Session {
    /// Opens the state to read it: needs no lock, and never waits.
    pub(in crate::commands) fn read(&self) -> Result<Opened> {
        self.open(Access::Read)
    }

    /// Takes the lock, and opens the state to write it.
    pub(in crate::commands) fn write(
        &self,
        command: &str,
        lock_timeout: Option<&str>,
    ) -> Result<(Lock, Opened)> {
        let lock = self.lock(command, lock_timeout)?;
        let opened = self.open(Access::Write)?;
        self.refuse_survivors(&opened.records)?;
        Ok((lock, opened))
    }

    /// Takes the lock of the state.
    pub(in crate::commands) fn lock(&self, command: &str, timeout: Option<&str>) -> Result<Lock> {
        self.project.refuse_rerun()?;
        let timeout = match timeout.or(self.project.environment.text("BETTERFORM_LOCK_TIMEOUT")) {
            Some(text) => Some(duration(text)?),
            None => None,
        };
        let holder = Holder {
            pid: std::process::id(),
            host: host(),
            command: command.to_owned(),
            started_ms: clock::now_ms(),
        };
        Lock::acquire(
            &self.project.beside_state("lock"),
            &holder,
            timeout,
            &mut |who| {
                self.warn(&format!("waiting: {who}"), None);
            },
        )
    }

    fn open(&self, access: Access) -> Result<Opened> {
        let early = self.early.take();
        let opened = Store::open_after(self.project.state_path(), access, early)?;
        for note in &opened.notes {
            self.warn(&note.to_string(), None);
        }
        Ok(opened)
    }

    /// Refuses to go on while processes of a stage still live whose attempt was interrupted.
    fn refuse_survivors(&self, records: &Records) -> Result<()> {
        let interrupted = |stage: &StageName| {
            let status = records.get(stage).map(|recorded| recorded.status);
            matches!(status, Some(Status::Running | Status::Stopping))
        };
        let survivors = liveness::survivors(&self.project.beside_state("running"))?;
        let living: Vec<_> = survivors
            .into_iter()
            .filter(|s| interrupted(&s.stage))
            .collect();
        if living.is_empty() {
            return Ok(());
        }
        let named = living.iter().map(|survivor| {
            let pids: Vec<_> = survivor.pids.iter().map(ToString::to_string).collect();
            format!(
                "`{}` (run {}, pid {})",
                survivor.stage,
                survivor.run,
                pids.join(" ")
            )
        });
        let named: Vec<_> = named.collect();
        Err(Error::locked(format!(
            "processes of an interrupted run still live: {}",
            named.join(", ")
        ))
        .hint("wait until they have ended, or end them"))
    }

    /// Says that nothing is recorded although files of stages lie there; whether that is so.
    pub(in crate::commands) fn warn_without_record(&self, records: &Records) -> bool {
        let wave = &self.project.wave;
        let lies_there = |stage: &StageName| {
            [&wave.genfiles, &wave.output_dir]
                .iter()
                .any(|d| d.join(stage.as_str()).is_dir())
        };
        let unrecorded = records.is_empty() && self.stages().iter().any(lies_there);
        if unrecorded {
            self.warn(
                &format!(
                    "no record was found at `{}`, but files of stages lie here: what is up is not known",
                    self.project.state_path().display()
                ),
                Some("if stages are up, say so with `betterform mark up STAGE…`; `apply` runs them all again"),
            );
        }
        unrecorded
    }
}

/// A duration such as `5m`, as the settings have them.
fn duration(text: &str) -> Result<Duration> {
    crate::source::settings::Timespan::parse(text)
        .map(|span| span.0)
        .map_err(|message| Error::usage(format!("`{text}` is not a duration: {message}")))
}

/// The name of this machine.
pub(super) fn host() -> String {
    let name = rustix::system::uname();
    name.nodename().to_string_lossy().into_owned()
}
