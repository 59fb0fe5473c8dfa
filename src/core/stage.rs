//! What a stage is called, what is done to it, and what is recorded of it.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The name of a stage: the name of its directory in the library.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StageName(Arc<str>);

/// Why a text cannot be the name of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidName {
    /// It is empty.
    Empty,
    /// It starts with a dot.
    Hidden,
    /// It has a character other than `A-Z a-z 0-9 . _ -`.
    Character(char),
    /// It is `config.json`, which is where the configuration lies.
    Reserved,
}

impl StageName {
    /// Checks a name.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if name.is_empty() {
            Err(InvalidName::Empty)
        } else if name.starts_with('.') {
            Err(InvalidName::Hidden)
        } else if let Some(c) = name.chars().find(|c| !allowed(*c)) {
            Err(InvalidName::Character(c))
        } else if name == "config.json" {
            Err(InvalidName::Reserved)
        } else {
            Ok(Self(name.into()))
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A name and its text are equal, ordered and hashed alike.
impl Borrow<str> for StageName {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for StageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for StageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("a stage name must not be empty"),
            Self::Hidden => f.write_str("a stage name must not start with `.`"),
            Self::Character(c) => write!(
                f,
                "a stage name must not contain `{}`: letters, digits, `.`, `_` and `-` are allowed",
                c.escape_debug()
            ),
            Self::Reserved => {
                f.write_str("`config.json` is the configuration's place and cannot name a stage")
            }
        }
    }
}

impl TryFrom<String> for StageName {
    type Error = InvalidName;

    fn try_from(name: String) -> Result<Self, InvalidName> {
        Self::new(&name)
    }
}

impl From<StageName> for String {
    fn from(name: StageName) -> Self {
        name.as_str().to_owned()
    }
}

/// What a `ctl` is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Bring the stage up, or bring it up to date.
    Up,
    /// Tear it down.
    Down,
}

impl Action {
    /// The argument that `ctl` is given.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is recorded of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// `ctl up` succeeded.
    Up,
    /// `ctl down` succeeded, or it was never up.
    Down,
    /// `ctl up` was started; unless it still runs, betterform was interrupted.
    Running,
    /// `ctl up` failed.
    Failed,
    /// `ctl down` was started; unless it still runs, betterform was interrupted.
    Stopping,
    /// `ctl down` failed.
    StopFailed,
}

impl Status {
    /// All of them, in the order in which they are described.
    pub const ALL: [Self; 6] = [
        Self::Up,
        Self::Down,
        Self::Running,
        Self::Failed,
        Self::Stopping,
        Self::StopFailed,
    ];

    /// The word that users see and the state stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Running => "running",
            Self::Failed => "failed",
            Self::Stopping => "stopping",
            Self::StopFailed => "stop-failed",
        }
    }

    /// The status that `word` names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether it is recorded as up.
    pub fn is_up(self) -> bool {
        self == Self::Up
    }

    /// Whether there may be something to tear down.
    pub fn may_be_up(self) -> bool {
        self != Self::Down
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a `ctl` ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    /// It exited with 0.
    Succeeded,
    /// It exited with another code.
    Failed {
        /// The exit code.
        code: i32,
    },
    /// A signal ended it that betterform did not send.
    Killed {
        /// The signal's number.
        signal: i32,
    },
    /// It ran longer than its `timeout`.
    TimedOut,
    /// betterform was interrupted and ended it.
    Interrupted,
    /// It could not be started, or something around it failed.
    Broken {
        /// What went wrong.
        message: String,
    },
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Succeeded => f.write_str("succeeded"),
            Self::Failed { code } => write!(f, "exit {code}"),
            Self::Killed { signal } => write!(f, "signal {signal}"),
            Self::TimedOut => f.write_str("timed out"),
            Self::Interrupted => f.write_str("interrupted"),
            Self::Broken { message } => f.write_str(message),
        }
    }
}
