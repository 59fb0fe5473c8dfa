//! A library and a deployment on a real disk, for tests.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::{Error, Result};
use crate::source::lexical;
use crate::source::project::{Library, Overrides, Project};
use crate::system::environment::Environment;

/// A deployment `dep` and a library `lib` with the stage `one`, below a temporary directory.
pub(crate) struct Sandbox {
    pub(crate) root: TempDir,
    pub(crate) environment: Environment,
    pub(crate) overrides: Overrides,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let mut sandbox = Self {
            root,
            environment: Environment::default(),
            overrides: Overrides::default(),
        };
        sandbox.write("lib/betterform_dag.mk", "$(call define_stage, one, )\n");
        sandbox.write("lib/one/ctl", "#!/bin/sh\n");
        fs::create_dir(sandbox.path("dep")).unwrap();
        sandbox.environment.set("IMPL_DIR", "../lib");
        sandbox
    }

    /// A path in the sandbox.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        lexical::absolute(self.root.path(), Path::new(path))
    }

    #[expect(clippy::disallowed_methods, reason = "a test makes its files")]
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[expect(clippy::disallowed_methods, reason = "a test moves its files")]
    pub(crate) fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    pub(crate) fn load_in(&self, cwd: &str, directory: Option<&str>) -> Result<Project> {
        let directory = directory.map(Path::new);
        let (overrides, environment) = (self.overrides.clone(), self.environment.clone());
        Project::load(
            &self.path(cwd),
            directory,
            overrides,
            environment,
            Library::Needed,
        )
    }

    pub(crate) fn load(&self) -> Result<Project> {
        self.load_in("dep", None)
    }

    /// The message of the error of loading, with `@` for the sandbox.
    pub(crate) fn complaint(&self) -> String {
        self.told(&self.load().unwrap_err())
    }

    pub(crate) fn told(&self, error: &Error) -> String {
        let root = self.root.path().display().to_string();
        error.to_string().replace(&root, "@")
    }
}
