//! Errors that users read: what went wrong, where, and what to do about it.
//! Knows nothing of how they are printed.

use std::fmt;
use std::io::ErrorKind;
use std::path::Path;

/// The result of anything that can fail with a message for the user.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What an error means for the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A stage, the library or betterform itself failed: exit code 1.
    Failed,
    /// The command line is wrong: exit code 64.
    Usage,
    /// Another run holds the lock, or its processes still live: exit code 75.
    Locked,
    /// A signal ended the run: exit code 128 + the signal's number.
    Interrupted(i32),
}

/// A place in a text file, with what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong, lower case, values in backticks.
    pub message: String,
    /// The file as the user should see it (relative where that is shorter).
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1; `None` if it is not known.
    pub column: Option<usize>,
    /// How many characters the caret underlines; at least 1.
    pub width: usize,
    /// The text of the line, without its end; empty if it is not known.
    pub text: String,
    /// What to do, if that can be said.
    pub help: Option<String>,
}

/// An error for the user.
#[derive(Clone, Debug)]
pub struct Error {
    kind: Kind,
    message: String,
    diagnostics: Vec<Diagnostic>,
    hints: Vec<String>,
}

impl Error {
    /// An error of the given kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            diagnostics: Vec::new(),
            hints: Vec::new(),
        }
    }

    /// Something failed: exit code 1.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, message)
    }

    /// The command line is wrong: exit code 64.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// Someone else is at work on the same state: exit code 75.
    pub fn locked(message: impl Into<String>) -> Self {
        Self::new(Kind::Locked, message)
    }

    /// The operating system refused to do `what` (as in `cannot read`) with the file at `path`.
    pub fn io(what: &str, path: &Path, error: &std::io::Error) -> Self {
        let told = Self::failed(format!("{what} `{}`: {error}", path.display()));
        match error.kind() {
            ErrorKind::StorageFull => told.hint("free some space there, and run again"),
            ErrorKind::QuotaExceeded => told.hint("your quota there is used up (`quota`)"),
            ErrorKind::FileTooLarge => told.hint("the size of files is limited (`ulimit -f`)"),
            ErrorKind::PermissionDenied => told.hint(
                "see to whom it belongs and what its mode allows, and those of its directories",
            ),
            ErrorKind::ReadOnlyFilesystem => told.hint(
                "mount it to be written; `plan`, `status`, `explain` and `graph` work without that",
            ),
            _ => told,
        }
    }

    /// An error that consists of places in files; `diagnostics` must not be empty.
    pub fn at(diagnostics: Vec<Diagnostic>) -> Self {
        let message = diagnostics
            .first()
            .map(|first| first.message.clone())
            .unwrap_or_default();
        Self {
            diagnostics,
            ..Self::failed(message)
        }
    }

    /// Adds a line on what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Says in front of the message what was being done.
    #[must_use]
    pub fn context(mut self, what: impl fmt::Display) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// The same error with every text in it changed, as by masking secrets.
    #[must_use]
    pub fn mapped(&self, change: &dyn Fn(&str) -> String) -> Self {
        let diagnostics = self.diagnostics.iter().map(|diagnostic| Diagnostic {
            message: change(&diagnostic.message),
            text: change(&diagnostic.text),
            help: diagnostic.help.as_deref().map(change),
            ..diagnostic.clone()
        });
        Self {
            kind: self.kind,
            message: change(&self.message),
            diagnostics: diagnostics.collect(),
            hints: self.hints.iter().map(|hint| change(hint)).collect(),
        }
    }

    /// What the error means for the exit code.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether it only says that the user asked to stop.
    pub fn is_interruption(&self) -> bool {
        matches!(self.kind, Kind::Interrupted(_))
    }

    /// The message alone, in one line where possible.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The message behind the place that it is about, as in `net/main.tf:3:7: …`, for where that is not shown otherwise.
    pub fn located(&self) -> String {
        let Some(Diagnostic {
            path, line, column, ..
        }) = self.diagnostics.first()
        else {
            return self.message.clone();
        };
        let column = column.map_or(String::new(), |column| format!("{column}:"));
        format!("{path}:{line}:{column} {}", self.message)
    }

    /// The places it is about.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// What to do about it.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// The exit code of a program that ends with this error.
    pub fn exit_code(&self) -> u8 {
        match self.kind {
            Kind::Failed => 1,
            Kind::Usage => 64,
            Kind::Locked => 75,
            Kind::Interrupted(signal) => u8::try_from(128 + signal).unwrap_or(1),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for hint in &self.hints {
            write!(f, "\nhelp: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
