//! The shared files of a library: all that lies outside stage directories and is not betterform's own.
//!
//! Knows nothing of which of them count for which stage.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::error::Result;
use crate::observe::patterns::Patterns;
use crate::observe::tree::Tree;
use crate::system::tree::{Follow, Walk};

/// The DAG, and betterform's settings: not inputs of any stage.
const OWN: [&[u8]; 2] = [b"betterform_dag.mk", b"betterform.toml"];

/// Whether a directory of the library is known to be a stage's.
pub type IsStage<'a> = &'a dyn Fn(&[u8]) -> bool;

/// What is left out of the shared files.
#[derive(Clone, Debug, Default)]
pub struct Exclusions {
    /// `GENFILES`, `OUTPUT_DIR`, the directory of the state, `CONFIG_JSON_FILE`: with all that lies in them.
    pub generated: Vec<PathBuf>,
    /// The jsonnet files that only the configuration imports, and the configuration's own.
    pub configuration: Vec<PathBuf>,
}

/// Finds the shared files of one library.
#[derive(Debug)]
pub struct SharedFiles {
    library: PathBuf,
    left_out: Vec<Vec<u8>>,
    ignored: Gitignore,
}

impl SharedFiles {
    /// The rules for a library; reads its `.gitignore`.
    pub fn new(library: &Path, exclusions: &Exclusions) -> Self {
        let paths = exclusions.generated.iter().chain(&exclusions.configuration);
        let below = paths.filter_map(|path| path.strip_prefix(library).ok());
        let mut builder = GitignoreBuilder::new(library);
        // Lines that cannot be read ignore nothing, as with git.
        let _ = builder.add(library.join(".gitignore"));
        Self {
            library: library.to_owned(),
            left_out: below
                .map(|path| path.as_os_str().as_bytes().to_vec())
                .collect(),
            ignored: builder.build().unwrap_or_else(|_| Gitignore::empty()),
        }
    }

    /// The shared files by the rule, by names relative to the library. Directories are followed through links. `is_stage` knows
    /// directories of the library that are certain to be a stage's, so that nobody has to look into them.
    ///
    /// # Errors
    /// A directory that cannot be read.
    pub fn list(&self, is_stage: IsStage<'_>) -> Result<Tree> {
        let skip = |name: &[u8], directory: bool| {
            self.is_never_shared(name, directory, is_stage)
                || is_leftover(name)
                || self.is_ignored(name, directory)
        };
        let follow = Follow::All;
        Tree::list(
            &self.library,
            Walk {
                follow,
                skip: &skip,
            },
        )
    }

    /// The shared files that patterns name, which replace the rule: files that git ignores can be among them.
    ///
    /// # Errors
    /// A directory that cannot be read.
    pub fn declared(&self, patterns: &Patterns, is_stage: IsStage<'_>) -> Result<Tree> {
        let skip = |name: &[u8], directory: bool| {
            let wanted = if directory {
                patterns.may_be_below(name)
            } else {
                patterns.matches(name)
            };
            !wanted || self.is_never_shared(name, directory, is_stage)
        };
        let follow = Follow::All;
        Tree::list(
            &self.library,
            Walk {
                follow,
                skip: &skip,
            },
        )
    }

    fn is_never_shared(&self, name: &[u8], directory: bool, is_stage: IsStage<'_>) -> bool {
        let top = !name.contains(&b'/');
        let stage = || directory && top && (is_stage(name) || holds_ctl(&self.path(name)));
        let git = name == b".git" || name.ends_with(b"/.git");
        let own = OWN.contains(&name) || self.left_out.iter().any(|left_out| left_out == name);
        own || git || stage()
    }

    fn is_ignored(&self, name: &[u8], directory: bool) -> bool {
        let matched = self.ignored.matched(OsStr::from_bytes(name), directory);
        matched.is_ignore()
    }

    fn path(&self, name: &[u8]) -> PathBuf {
        self.library.join(OsStr::from_bytes(name))
    }
}

/// Whether a directory holds a `ctl`, even if that is a link that leads nowhere. A directory of that name is none.
pub(super) fn holds_ctl(directory: &Path) -> bool {
    let ctl = directory.join("ctl").symlink_metadata();
    ctl.is_ok_and(|ctl| !ctl.is_dir())
}

/// What interpreters and editors leave behind.
fn is_leftover(name: &[u8]) -> bool {
    let base = name.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    base == b"__pycache__" || base.ends_with(b".pyc") || base.ends_with(b"~")
}
