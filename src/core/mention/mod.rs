//! What the text of a stage mentions: environment variables, wave variables, tools, paths, shared files.
//!
//! *Text* is the bytes of the stage's templates, of its stamped files and of the shared files that count for it, whether
//! they are text or not. Whoever is in doubt says "mentioned": a stage that runs once too often costs time, one that does
//! not run when it should costs trust. Knows nothing of where the text comes from, nor of what a mention leads to.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

mod path;
mod scan;
mod shared;
mod variable;
mod word;

pub use path::{expand, is_system};
pub use scan::Scanner;

/// How many environment variables of a stage are remembered by name; a stage that names more mentions all.
pub const MOST_NAMES: usize = 4096;

/// How many paths of a stage are remembered; the rest is not looked at, and the user is told.
pub const MOST_PATHS: usize = 16384;

/// The variables of the wave interface that name a file or a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Wave {
    /// The library.
    ImplDir,
    /// What is generated.
    Genfiles,
    /// The outputs.
    OutputDir,
    /// The configuration.
    ConfigJsonFile,
    /// The source of the configuration.
    ConfigJsonnetFile,
}

impl Wave {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::ImplDir,
        Self::Genfiles,
        Self::OutputDir,
        Self::ConfigJsonFile,
        Self::ConfigJsonnetFile,
    ];

    /// The name of the environment variable.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ImplDir => "IMPL_DIR",
            Self::Genfiles => "GENFILES",
            Self::OutputDir => "OUTPUT_DIR",
            Self::ConfigJsonFile => "CONFIG_JSON_FILE",
            Self::ConfigJsonnetFile => "CONFIG_JSONNET_FILE",
        }
    }

    /// The variable of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|wave| wave.as_str() == name)
    }
}

/// Tools that environment variables tell where to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tool {
    /// Terraform and OpenTofu.
    Terraform,
    /// kubectl.
    Kubectl,
    /// Helm.
    Helm,
    /// The command line of AWS.
    Aws,
    /// The command line of Google Cloud.
    Gcloud,
    /// The command line of Azure.
    Az,
}

/// What a text mentions. Only good together with the [`Scanner::identity`] of the scanner that found it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mentions {
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    names: BTreeSet<String>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    waves: BTreeSet<Wave>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    tools: BTreeSet<Tool>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    paths: BTreeSet<String>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    outputs: BTreeSet<String>,
    /// Names of shared files, and of their directories with a `/` behind.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    shared: BTreeSet<String>,
    #[serde(skip_serializing_if = "is_false")]
    every_name: bool,
    #[serde(skip_serializing_if = "is_false")]
    truncated: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}

impl Mentions {
    /// Whether an environment variable is mentioned.
    pub fn name(&self, name: &str) -> bool {
        self.every_name || self.names.contains(name)
    }

    /// The environment variables that are mentioned by name.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Whether so many names occur that every environment variable counts as mentioned.
    pub fn every_name(&self) -> bool {
        self.every_name
    }

    /// Whether a wave variable is mentioned, by its name or its value. `GENFILES` is only if more than the stage's own
    /// `$GENFILES/$STAGE_NAME` may be meant.
    pub fn wave(&self, wave: Wave) -> bool {
        self.waves.contains(&wave)
    }

    /// Whether a tool is mentioned.
    pub fn tool(&self, tool: Tool) -> bool {
        self.tools.contains(&tool)
    }

    /// Whether any tool is mentioned.
    pub fn any_tool(&self) -> bool {
        !self.tools.is_empty()
    }

    /// Paths that stand in the text, outside `OUTPUT_DIR` and the system's directories, as `${VAR}/…` or absolute; [`expand`] says
    /// what they stand for. Whether such a file exists, and counts, is not known here.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(String::as_str)
    }

    /// Names of files below `OUTPUT_DIR`, in which `${STAGE_NAME}` and other variables may occur.
    pub fn outputs(&self) -> impl Iterator<Item = &str> {
        self.outputs.iter().map(String::as_str)
    }

    /// Whether a shared file of the library, by its escaped name relative to the library, counts.
    pub fn shared(&self, name: &str) -> bool {
        self.every_shared() || self.names_shared(name)
    }

    /// Whether a text names a shared file itself, or a directory that it lies in.
    pub fn names_shared(&self, name: &str) -> bool {
        let above = |(end, _)| {
            name.get(..=end)
                .is_some_and(|above| self.shared.contains(above))
        };
        self.shared.contains(name) || name.match_indices('/').any(above)
    }

    /// Whether all shared files count.
    pub fn every_shared(&self) -> bool {
        self.wave(Wave::ImplDir)
    }

    /// Whether there were more paths than are remembered.
    pub fn truncated(&self) -> bool {
        self.truncated
    }

    /// Adds what another text mentions.
    pub fn merge(&mut self, other: &Self) {
        self.waves.extend(&other.waves);
        self.tools.extend(&other.tools);
        self.shared.extend(other.shared.iter().cloned());
        self.every_name |= other.every_name;
        self.truncated |= other.truncated;
        other.names.iter().for_each(|name| self.add_name(name));
        other.paths.iter().for_each(|path| self.add_path(path));
        other.outputs.iter().for_each(|name| self.add_output(name));
    }

    /// Adds what the shared files mention that count for this text, and those that count because of them.
    /// `texts` are the mentions of each shared file, by its escaped name.
    pub fn close(&mut self, texts: &BTreeMap<String, Self>) {
        let mut left: Vec<_> = texts.iter().collect();
        loop {
            let (counts, others): (Vec<_>, Vec<_>) =
                left.into_iter().partition(|(name, _)| self.shared(name));
            if counts.is_empty() {
                return;
            }
            for (_, text) in counts {
                self.merge(text);
            }
            left = others;
        }
    }

    fn add_name(&mut self, name: &str) {
        if self.every_name || self.names.contains(name) {
        } else if self.names.len() < MOST_NAMES {
            self.names.insert(name.to_owned());
        } else {
            self.names.clear();
            self.every_name = true;
        }
    }

    fn add_path(&mut self, path: &str) {
        self.truncated |= add(&mut self.paths, path);
    }

    fn add_output(&mut self, name: &str) {
        self.truncated |= add(&mut self.outputs, name);
    }
}

/// Adds a path; says whether there was no room for it.
fn add(paths: &mut BTreeSet<String>, path: &str) -> bool {
    if paths.contains(path) {
        return false;
    }
    let room = paths.len() < MOST_PATHS;
    if room {
        paths.insert(path.to_owned());
    }
    !room
}

#[cfg(test)]
mod tests;
