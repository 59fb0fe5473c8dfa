//! Logs of stages: a file for each run, stage and action, and its last lines in memory. Knows nothing of secrets: what is
//! written here was masked before.

use std::collections::VecDeque;
use std::fs::{DirBuilder, File};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anstream::adapter::strip_bytes;

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
    was_opened: bool,
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
            was_opened: false,
            failure: None,
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The last lines, without colours and the like.
    pub fn tail(&self) -> Vec<String> {
        self.lines.iter().map(|line| readable(line)).collect()
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
        if self.file.is_none() && !self.was_opened {
            self.was_opened = true;
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
                extend(line, piece);
            }
        }
    }
}

/// Adds a piece of a line to what is kept of it: its beginning, or, where a progress bar went back, that of what it showed last.
fn extend(line: &mut Vec<u8>, piece: &[u8]) {
    let end = piece.ends_with(b"\n");
    let mut text = piece.strip_suffix(b"\n").unwrap_or(piece);
    let whole = text.strip_suffix(b"\r").unwrap_or(text);
    if let Some(back) = whole.iter().rposition(|byte| *byte == b'\r') {
        line.clear();
        text = text.get(back + 1..).unwrap_or_default();
    } else if line.ends_with(b"\r") && !text.is_empty() {
        line.clear();
    }
    // A CR that may be the last character must be known of, however long the line is.
    let is_back = text.ends_with(b"\r");
    let room = WIDTH.saturating_sub(line.len()).min(whole.len());
    line.extend_from_slice(text.get(..room.min(text.len())).unwrap_or_default());
    if is_back && !line.ends_with(b"\r") {
        line.push(b'\r');
    }
    if end {
        line.push(b'\n');
    }
}

/// A line as text, as far as it was kept, without what moves a terminal.
fn readable(line: &[u8]) -> String {
    let is_cut = line.trim_ascii_end().len() >= WIDTH;
    let line = strip_bytes(line).into_vec();
    let text = String::from_utf8_lossy(&line);
    let text = text.trim_end();
    // The cut may have gone through a character.
    let text = if is_cut {
        text.trim_end_matches('\u{fffd}')
    } else {
        text
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

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
    fn the_last_lines_are_as_they_were_seen() {
        let directory = tempfile::tempdir().unwrap();
        let run = RunId::new("r1").unwrap();
        let stage = StageName::new("net").unwrap();
        let mut log = Log::new(directory.path(), &run, &stage, Action::Down);
        let whole = "\u{1b}[31mred\u{1b}[0m\r\n1%\r2%\r3%\r\n";
        for pieces in [vec![whole], whole.split_inclusive('\r').collect()] {
            for piece in pieces {
                log.write(piece.as_bytes());
            }
        }
        log.write("é".repeat(WIDTH).as_bytes());
        log.write(b"\rlast\r");
        log.write(b"\n");
        log.write(format!("x{}", "é".repeat(WIDTH)).as_bytes());
        let cut = format!("x{}", "é".repeat((WIDTH - 1) / 2));
        assert_eq!(log.tail(), ["red", "3%", "red", "3%", "last", &cut]);
        let mode = std::fs::metadata(log.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
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
