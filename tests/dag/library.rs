//! Libraries and deployments in temporary directories.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use betterform::core::graph::StageGraph;
use betterform::error::Error;
use betterform::source::dag::{Dag, Evaluator, load, load_by};
use betterform::system::environment::Environment;
use betterform::ui::diagnostic::render;

/// A library with a deployment beside it.
pub(crate) struct Library {
    _directory: tempfile::TempDir,
    pub(crate) path: PathBuf,
    pub(crate) deployment: PathBuf,
    pub(crate) environment: Environment,
}

impl Library {
    /// A library whose DAG file has this content, with these stages, each with its `ctl`.
    pub(crate) fn new(dag: impl AsRef<[u8]>, stages: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        let path = root.join("my library");
        let deployment = root.join("deployment");
        fs::create_dir(&deployment).unwrap();
        let new = Self {
            _directory: directory,
            path,
            deployment,
            environment: Environment::inherited(),
        };
        fs::create_dir(&new.path).unwrap();
        new.write("betterform_dag.mk", dag);
        for stage in stages {
            new.write(&format!("{stage}/ctl"), "#!/bin/sh\n");
            new.mode(&format!("{stage}/ctl"), 0o755);
        }
        new
    }

    #[expect(clippy::disallowed_methods, reason = "test fixture")]
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn mode(&self, path: &str, mode: u32) {
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(self.path.join(path), permissions).unwrap();
    }

    pub(crate) fn load(&self) -> Result<Dag, Error> {
        load(&self.path, &self.deployment, &self.environment)
    }

    pub(crate) fn load_by(&self, evaluator: Evaluator) -> Result<Dag, Error> {
        load_by(evaluator, &self.path, &self.deployment, &self.environment)
    }

    /// Runs make itself in the library.
    #[expect(clippy::disallowed_methods, reason = "asks what make does")]
    pub(crate) fn make(&self, arguments: &[&str]) {
        let mut make = std::process::Command::new("make");
        make.args(arguments).current_dir(&self.path);
        make.output().unwrap();
    }

    /// The stages, or the error as it is shown, with the library's path left out.
    pub(crate) fn shown(&self, result: Result<Dag, Error>) -> String {
        match result {
            Ok(dag) => stages(&dag.graph),
            Err(error) => self.without_paths(&render(&error, false)),
        }
    }

    fn without_paths(&self, text: &str) -> String {
        let at = |path: &Path| path.display().to_string();
        text.replace(&at(&self.path), "LIBRARY")
            .replace(&at(&self.deployment), "DEPLOYMENT")
    }

    /// All files of library and deployment, to see that nothing was written.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let root = self.path.parent().unwrap();
        let files = walkdir::WalkDir::new(root).sort_by_file_name();
        files
            .into_iter()
            .map(|entry| entry.unwrap().into_path())
            .collect()
    }
}

/// Whether GNU make is there; says so if it is not.
#[expect(clippy::disallowed_methods, reason = "asks for make itself")]
pub(crate) fn make_is_installed(test: &str) -> bool {
    let version = std::process::Command::new("make").arg("--version").output();
    let found = version.is_ok_and(|output| output.stdout.starts_with(b"GNU Make"));
    if !found {
        eprintln!("SKIPPED: no GNU make for {test}");
    }
    found
}

/// `a; b: a; c: a b`, in order of declaration.
pub(crate) fn stages(graph: &StageGraph) -> String {
    let shown = (0..graph.len()).map(|stage| {
        let stage = graph.ix(stage);
        let mut text = graph.name(stage).to_string();
        for (index, dependency) in graph.dependencies(stage).iter().enumerate() {
            text += if index == 0 { ": " } else { " " };
            text += graph.name(*dependency).as_str();
        }
        text
    });
    shown.collect::<Vec<_>>().join("; ")
}
