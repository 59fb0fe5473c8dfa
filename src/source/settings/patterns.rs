//! Names, paths and patterns in `betterform.toml`, checked when they are read.
//! Knows nothing of the keys that hold them.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::source::lexical;

/// A path, relative to the file that names it; empty if it is not set.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(inline, with = "String")]
pub struct Location(pub PathBuf);

impl Location {
    /// Whether it says that there is no such path.
    pub fn is_empty(&self) -> bool {
        self.0.as_os_str().is_empty()
    }

    /// Makes it absolute, lexically. Until then it is as written.
    pub fn anchor(&mut self, base: &Path) {
        if !self.is_empty() {
            self.0 = lexical::absolute(base, &self.0);
        }
    }
}

/// A glob over paths, with the directory that it is relative to.
///
/// A pattern that begins with `/` or with a `$NAME` is not relative to anything.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String", extend("minLength" = 1))]
pub struct PathPattern {
    /// The directory of the `betterform.toml` that names it.
    pub base: PathBuf,
    /// The pattern as written.
    pub text: String,
}

/// A glob that was checked to be one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String", extend("minLength" = 1))]
pub struct Glob(pub String);

/// A glob over the files below some directory: relative, without `..`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String", extend("pattern" = "^[^/]"))]
pub struct Below(pub String);

/// The name of an environment variable, or a pattern with `*`; `!` in front takes names out again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String", extend("pattern" = "^!?[^=$!]+$"))]
pub struct NamePattern(pub String);

/// A delimiter of templates: not empty, without white space.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String", extend("pattern" = "^\\S+$"))]
pub struct Delimiter(pub String);

impl TryFrom<String> for Glob {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() {
            return Err("a pattern must not be empty".to_owned());
        }
        // A `!` in front negates, where the list allows that.
        let glob = text.strip_prefix('!').unwrap_or(&text);
        match globset::Glob::new(glob) {
            Ok(_) => Ok(Self(text)),
            Err(error) => Err(format!("`{text}` is not a glob: {}", error.kind())),
        }
    }
}

impl TryFrom<String> for PathPattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Glob::try_from(text).map(|Glob(text)| Self {
            base: PathBuf::new(),
            text,
        })
    }
}

impl TryFrom<String> for Below {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let Glob(text) = Glob::try_from(text)?;
        if lexical::stays_below(Path::new(&text)) {
            Ok(Self(text))
        } else {
            Err(format!(
                "`{text}` leaves its directory: it must be relative and without `..`"
            ))
        }
    }
}

impl TryFrom<String> for NamePattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let name = text.strip_prefix('!').unwrap_or(&text);
        if name.is_empty() || name.contains(['=', '\0', '$', '!']) {
            Err(format!(
                "`{}` is not the name of an environment variable, nor a pattern such as `APP_*` or `!APP_DEBUG`",
                text.escape_debug()
            ))
        } else {
            Ok(Self(text))
        }
    }
}

impl TryFrom<String> for Delimiter {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() || text.contains(char::is_whitespace) {
            Err("a delimiter must not be empty or contain white space".to_owned())
        } else {
            Ok(Self(text))
        }
    }
}
