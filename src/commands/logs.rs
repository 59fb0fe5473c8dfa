//! `logs STAGE`: what a stage printed.

use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::time::Duration;

use crate::cli::{Global, Logs as Options};
use crate::commands::selection;
use crate::commands::session::{Call, Library, Session};
use crate::core::mask::Masker;
use crate::core::record::RunId;
use crate::core::stage::{Action, StageName, Status};
use crate::error::{Error, Result};
use crate::system::{log, process};

pub(super) fn run(call: &Call, global: &Global, options: &Options) -> Result<u8> {
    let session = Session::load(call, global, None, Library::Optional)?;
    let opened = session.read()?;
    let stage = selection::one(&options.stage, &session.all_stages(&opened.records))?;
    let run = match &options.run {
        Some(text) => Some(RunId::new(text).ok_or_else(|| {
            Error::usage(format!("`{text}` is not the name of a run"))
                .hint(format!("`betterform state show {stage}` lists its runs"))
        })?),
        None => opened.store.last_run_of(&stage)?,
    };
    let Some(run) = run else {
        return Err(Error::failed(format!("`{stage}` never ran")));
    };
    let paths = paths(&session, &run, &stage);
    if paths.is_empty() && !options.follow {
        let known = opened.store.attempts(&stage)?;
        if known.iter().any(|attempt| attempt.run == run) {
            return Ok(0);
        }
        let runs: Vec<String> = known
            .iter()
            .take(5)
            .map(|attempt| attempt.run.to_string())
            .collect();
        let error = Error::failed(format!("`{stage}` did not run in `{run}`"));
        return Err(if runs.is_empty() {
            error
        } else {
            error.hint(format!("its last runs: {}", runs.join(", ")))
        });
    }
    follow(&session, &run, &stage, options.follow)?;
    Ok(0)
}

fn paths(session: &Session, run: &RunId, stage: &StageName) -> Vec<PathBuf> {
    let directory = session.project.beside_state("logs");
    let all = [Action::Up, Action::Down].map(|action| log::path(&directory, run, stage, action));
    all.into_iter().filter(|path| path.exists()).collect()
}

/// A log that is shown. It was masked when it was written; what counts as secret since is masked here.
struct Shown<'a> {
    path: PathBuf,
    file: File,
    masker: Masker<'a>,
}

impl Shown<'_> {
    /// Shows what was not shown yet; whether anybody reads it.
    fn show_more(&mut self) -> Result<bool> {
        // In pieces: a log may be larger than the memory.
        let mut piece = vec![0; 64 * 1024];
        loop {
            let read = self.file.read(&mut piece);
            let count = read.map_err(|error| Error::io("cannot read", &self.path, &error))?;
            if count == 0 {
                return Ok(true);
            }
            if !put(&self.masker.feed(piece.get(..count).unwrap_or_default())) {
                return Ok(false);
            }
        }
    }
}

fn follow(session: &Session, run: &RunId, stage: &StageName, follow: bool) -> Result<()> {
    let mut open: Vec<Shown<'_>> = Vec::new();
    loop {
        let was_running = follow && is_running(session, run, stage)?;
        for path in paths(session, run, stage) {
            if !open.iter().any(|shown| shown.path == path) {
                let file =
                    File::open(&path).map_err(|error| Error::io("cannot read", &path, &error))?;
                let masker = session.secrets.masker();
                open.push(Shown { path, file, masker });
            }
        }
        for shown in &mut open {
            if !shown.show_more()? {
                return Ok(());
            }
        }
        if !was_running || process::sleep(Duration::from_millis(200), &session.stop) {
            let _ = open.iter_mut().all(|shown| put(&shown.masker.finish()));
            return Ok(());
        }
    }
}

/// Writes a text; whether anybody reads it.
fn put(text: &[u8]) -> bool {
    let mut out = std::io::stdout().lock();
    out.write_all(text).and_then(|()| out.flush()).is_ok()
}

fn is_running(session: &Session, run: &RunId, stage: &StageName) -> Result<bool> {
    let records = session.read()?.records;
    let recorded = records
        .get(stage)
        .filter(|recorded| recorded.run.as_ref() == Some(run));
    Ok(recorded.is_some_and(|r| matches!(r.status, Status::Running | Status::Stopping)))
}
