//! Logs of stages: a file for each run, stage and action, and its last lines in memory. Knows nothing of secrets: what is
//! written here was masked before.

use std::collections::VecDeque;
use std::fs::{DirBuilder, File};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::core::record::RunId;
use crate::core::stage::{Action, StageName};
use crate::error::{Error, Result};

/// How many of the last lines are kept in memory.
const TAIL: usize = 20;

/// How much of a line is kept in memory, in bytes.
const WIDTH: usize = 400;

/// A log that is being written.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: Option<File>,
    lines: VecDeque<Vec<u8>>,
    is_open: bool,
    failure: Option<Error>,
}

/// Where the log of a stage's action in a run lies.
pub fn path(directory: &Path, run: &RunId, stage: &StageName, action: Action) -> PathBuf {
    directory
        .join(run.as_str())
        .join(format!("{stage}.{action}.log"))
}

impl Log {
    /// Begins a log; the file is there when something is written.
    pub fn new(directory: &Path, run: &RunId, stage: &StageName, action: Action) -> Self {
        Self {
            path: path(directory, run, stage, action),
            file: None,
            lines: VecDeque::new(),
            is_open: false,
            failure: None,
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The last lines.
    pub fn tail(&self) -> Vec<String> {
        let lines = self.lines.iter();
        lines
            .map(|line| String::from_utf8_lossy(line).trim_end().to_owned())
            .collect()
    }

    /// Why not all of it could be written, said once.
    pub fn take_failure(&mut self) -> Option<Error> {
        self.failure.take()
    }

    /// Adds to the log. Where that fails (a full disk), `ctl` goes on; [`Self::take_failure`] says why.
    pub fn write(&mut self, text: &[u8]) {
        if text.is_empty() {
            return;
        }
        self.remember(text);
        if self.file.is_none() && !self.is_open {
            self.is_open = true;
            match self.create() {
                Ok(file) => self.file = Some(file),
                Err(error) => self.failure = Some(error),
            }
        }
        if let Some(file) = &mut self.file
            && let Err(error) = file.write_all(text)
        {
            self.failure = Some(Error::io("cannot write the log", &self.path, &error));
            self.file = None;
        }
    }

    fn create(&self) -> Result<File> {
        if let Some(directory) = self.path.parent() {
            // It lies below the state's directory, which ignores itself for git.
            let mut builder = DirBuilder::new();
            let made = builder.recursive(true).mode(0o700).create(directory);
            made.map_err(|error| Error::io("cannot create the directory", directory, &error))?;
        }
        let mut options = File::options();
        options.create(true).append(true).mode(0o600);
        options
            .open(&self.path)
            .map_err(|error| Error::io("cannot write the log", &self.path, &error))
    }

    fn remember(&mut self, text: &[u8]) {
        for piece in text.split_inclusive(|byte| *byte == b'\n') {
            let begins = self.lines.back().is_none_or(|line| line.ends_with(b"\n"));
            if begins {
                self.lines.push_back(Vec::new());
                if self.lines.len() > TAIL {
                    self.lines.pop_front();
                }
            }
            if let Some(line) = self.lines.back_mut() {
                let ends = piece.ends_with(b"\n");
                let room = WIDTH.saturating_sub(line.len());
                let text = if ends {
                    &piece[..piece.len() - 1]
                } else {
                    piece
                };
                line.extend_from_slice(text.get(..room.min(text.len())).unwrap_or_default());
                if ends {
                    line.push(b'\n');
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_there_once_something_is_written_and_its_last_lines_are_known() {
        let directory = tempfile::tempdir().unwrap();
        let run = RunId::new("r1").unwrap();
        let stage = StageName::new("net").unwrap();
        let mut log = Log::new(&directory.path().join("logs"), &run, &stage, Action::Up);
        assert!(!log.path().exists());
        log.write(b"one\ntw");
        log.write(b"o\n");
        let long = vec![b'x'; 2000];
        log.write(&long);
        for number in 0..18 {
            log.write(format!("\n{number}").as_bytes());
        }
        assert_eq!(log.tail().len(), TAIL);
        assert_eq!(log.tail()[0], "two");
        assert_eq!(log.tail()[1].len(), WIDTH);
        assert_eq!(log.tail().last().map(String::as_str), Some("17"));
        assert!(
            std::fs::read(log.path())
                .unwrap()
                .starts_with(b"one\ntwo\nxxx")
        );
    }

    #[test]
    fn what_cannot_be_written_is_said_once() {
        let run = RunId::new("r1").unwrap();
        let stage = StageName::new("net").unwrap();
        let mut log = Log::new(Path::new("/dev/null/logs"), &run, &stage, Action::Up);
        log.write(b"text\n");
        log.write(b"text\n");
        assert!(log.take_failure().is_some());
        assert!(log.take_failure().is_none());
        assert_eq!(log.tail(), ["text", "text"]);
    }
}
