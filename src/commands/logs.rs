//! `logs STAGE`: what a stage printed.

use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::time::Duration;

use crate::cli::{Global, Logs as Options};
use crate::commands::selection;
use crate::commands::session::{Call, Library, Session};
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

fn follow(session: &Session, run: &RunId, stage: &StageName, follow: bool) -> Result<()> {
    let mut open: Vec<(PathBuf, File)> = Vec::new();
    loop {
        let was_running = follow && is_running(session, run, stage)?;
        for path in paths(session, run, stage) {
            if !open.iter().any(|(known, _)| *known == path) {
                let file =
                    File::open(&path).map_err(|error| Error::io("cannot read", &path, &error))?;
                open.push((path, file));
            }
        }
        for (path, file) in &mut open {
            let mut text = Vec::new();
            file.read_to_end(&mut text)
                .map_err(|error| Error::io("cannot read", path, &error))?;
            let mut out = std::io::stdout().lock();
            if out.write_all(&text).and_then(|()| out.flush()).is_err() {
                return Ok(());
            }
        }
        if !was_running || process::sleep(Duration::from_millis(200), &session.stop) {
            return Ok(());
        }
    }
}

fn is_running(session: &Session, run: &RunId, stage: &StageName) -> Result<bool> {
    let records = session.read()?.records;
    let recorded = records
        .get(stage)
        .filter(|recorded| recorded.run.as_ref() == Some(run));
    Ok(recorded.is_some_and(|r| matches!(r.status, Status::Running | Status::Stopping)))
}
