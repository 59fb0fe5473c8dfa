//! Stamping: a stage template directory becomes the files of its stamped directory.
//!
//! A [`Stamper`] renders and writes nothing; only [`sync`] changes a stamped directory. Knows nothing of graphs, plans and
//! what is recorded.

mod blame;
pub mod choose;
mod datasources;
pub mod embedded;
mod given;
pub mod gomplate;
pub mod gomplate_config;
mod gomplate_output;
mod host;
pub mod ignore;
pub mod pattern;
mod place;
mod quoted;
pub mod reads;
mod regexp;
pub mod scan;
pub mod sensitive;
pub mod settings;
pub mod source;
mod stamped_dir;
pub mod sync;
pub mod umask;
mod uses;
pub mod verbatim;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::core::stage::StageName;
use crate::error::Result;
use crate::stamp::reads::Reads;
use crate::system::environment::Environment;

/// What one stage is stamped from.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The stage.
    pub stage: &'a StageName,
    /// Its stage template directory, absolute.
    pub template_dir: &'a Path,
    /// The file that holds the configuration, absolute; templates see it as `.cfg`.
    pub config_json_file: &'a Path,
    /// The configuration itself, as it is (or would be) written there.
    pub config: &'a serde_json::Value,
    /// What templates see as `.Env`: the environment of the call with `STAGE_NAME` and the wave variables set.
    pub environment: &'a Environment,
    /// The deployment, absolute: what relative paths in templates are relative to.
    pub deployment: &'a Path,
    /// What `betterform.toml` says of stamping this stage.
    pub settings: &'a StampSettings,
}

/// The `[stamp]` tables, resolved for one stage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct StampSettings {
    /// `left_delim`; `None` leaves it to `.gomplate.yaml`, then `GOMPLATE_LEFT_DELIM`, then `{{`.
    pub left_delim: Option<String>,
    /// `right_delim`, likewise.
    pub right_delim: Option<String>,
    /// `verbatim`: patterns in gitignore syntax of files that are copied as they are. Those of the stage template
    /// directory's `.betterformverbatim` come after them, so they win.
    pub verbatim: Vec<String>,
    /// `sensitive`: patterns, likewise, of files that are stamped for their owner alone. Applied by
    /// [`Sensitive::restrict`](sensitive::Sensitive::restrict) to what a stamper rendered.
    pub sensitive: Vec<String>,
}

/// A file as it belongs into the stamped directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedFile {
    /// Its bytes.
    pub content: Arc<[u8]>,
    /// Its permission bits, as gomplate writes them: the template's, without what the umask takes away.
    pub mode: u32,
}

impl RenderedFile {
    /// Whether its owner may execute it: the only part of the mode that counts as an input.
    pub fn is_executable(&self) -> bool {
        self.mode & 0o100 != 0
    }

    /// Whether nobody but its owner may do anything with it.
    pub fn is_private(&self) -> bool {
        self.mode.trailing_zeros() >= 6
    }
}

/// The files of a stamped directory by their path in it.
pub type RenderedFiles = BTreeMap<PathBuf, RenderedFile>;

/// A stage, rendered as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// All files, by their path below the stamped directory.
    pub files: RenderedFiles,
    /// What they were made from, apart from the templates.
    pub reads: Reads,
    /// What rendered it, with its version, as in `gomplate 5.2.0`: an input like any other setting.
    pub renderer: String,
    /// Why the real gomplate rendered it, a line each.
    pub because: Vec<String>,
    /// The files that it was made from, as they are.
    pub sources: Vec<(PathBuf, Arc<[u8]>)>,
    /// What the user should know although rendering succeeded, a line each.
    pub warnings: Vec<String>,
}

/// Renders stages. Writes nothing that outlives the call.
pub trait Stamper: Send + Sync {
    /// Renders all files of a stage, or none.
    ///
    /// # Errors
    /// Whatever keeps one of the files from being rendered, with its place in the template where there is one.
    fn render(&self, request: &Request<'_>) -> Result<Rendered>;

    /// What would render now a stage that `recorded` rendered, as long as its templates are the same.
    ///
    /// # Errors
    /// A program cannot be run.
    fn renderer_now(&self, request: &Request<'_>, recorded: &str) -> Result<String>;
}
