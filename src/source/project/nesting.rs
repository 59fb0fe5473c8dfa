//! A betterform that was started by a `ctl`, and the betterform that started that `ctl`.
//!
//! The parent tells its children who it is with variables of the environment. Knows nothing of what either does.

use std::path::{Path, PathBuf};

use crate::core::stage::StageName;
use crate::error::{Error, Result};
use crate::source::disk;
use crate::source::project::Project;
use crate::system::environment::Environment;

const DEPLOYMENT: &str = "BETTERFORM_PARENT_DEPLOYMENT";
const IMPL_DIR: &str = "BETTERFORM_PARENT_IMPL_DIR";
const STATE: &str = "BETTERFORM_PARENT_STATE";
const CONFIG_JSON_FILE: &str = "BETTERFORM_PARENT_CONFIG_JSON_FILE";
const CONFIG_JSONNET_FILE: &str = "BETTERFORM_PARENT_CONFIG_JSONNET_FILE";

/// Variables that speak of this run and mean nothing, or the wrong thing, to another one.
const OWN: [&str; 4] = [
    "BETTERFORM_STATE",
    "BETTERFORM_JOBS",
    "BETTERFORM_LOCK_TIMEOUT",
    "BETTERFORM_INPUTS_FILE",
];

/// The betterform whose `ctl` started this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    /// Its deployment.
    pub deployment: PathBuf,
    /// Its library.
    pub impl_dir: PathBuf,
    /// The file of its state.
    pub state: PathBuf,
    /// Its configuration as JSON.
    pub config_json_file: PathBuf,
    /// Its jsonnet file, if it has one.
    pub config_jsonnet_file: Option<PathBuf>,
}

impl Parent {
    /// The parent that the environment tells of, if any.
    pub fn of(environment: &Environment) -> Option<Self> {
        let path = |name: &str| environment.get(name).map(PathBuf::from).unwrap_or_default();
        environment.get(DEPLOYMENT)?;
        Some(Self {
            deployment: path(DEPLOYMENT),
            impl_dir: path(IMPL_DIR),
            state: path(STATE),
            config_json_file: path(CONFIG_JSON_FILE),
            config_jsonnet_file: Some(path(CONFIG_JSONNET_FILE))
                .filter(|path| !path.as_os_str().is_empty()),
        })
    }
}

impl Project {
    /// The environment of stamping and of every `ctl`: that of the call, the wave variables, and who we are.
    ///
    /// Without the variables that name a state, a lock or a number of jobs. `INTERACTIVE` is `true` only if stages may
    /// ask. `PWD` is that of the call, also where `ctl` starts elsewhere.
    pub fn ctl_environment(&self, stage: Option<&StageName>) -> Environment {
        let mut environment = self.environment.clone();
        for name in OWN {
            environment.remove(name);
        }
        let wave = &self.wave;
        let jsonnet = wave.config_jsonnet_file.as_deref().unwrap_or(Path::new(""));
        for (name, path) in [
            ("IMPL_DIR", wave.impl_dir.as_path()),
            ("GENFILES", &wave.genfiles),
            ("OUTPUT_DIR", &wave.output_dir),
            ("CONFIG_JSON_FILE", &wave.config_json_file),
            ("CONFIG_JSONNET_FILE", jsonnet),
            (DEPLOYMENT, &self.deployment),
            (IMPL_DIR, &wave.impl_dir),
            (STATE, self.state_path()),
            (CONFIG_JSON_FILE, &wave.config_json_file),
            (CONFIG_JSONNET_FILE, jsonnet),
        ] {
            environment.set(name, path);
        }
        let interactive = wave.interactive.unwrap_or(false);
        environment.set("INTERACTIVE", if interactive { "true" } else { "false" });
        match stage {
            Some(stage) => environment.set("STAGE_NAME", stage.as_str()),
            None => environment.remove("STAGE_NAME"),
        }
        environment
    }

    /// Refuses to run what the parent is running: commands that bring stages up or take them down ask this first.
    ///
    /// # Errors
    /// The library and the deployment, or the state, are the parent's own.
    pub fn refuse_rerun(&self) -> Result<()> {
        let Some(parent) = &self.parent else {
            return Ok(());
        };
        let stage = self.environment.text("STAGE_NAME").unwrap_or("?");
        let library = disk::same(&self.wave.impl_dir, &parent.impl_dir);
        if library && disk::same(&self.deployment, &parent.deployment) {
            let message = format!(
                "stage `{stage}` runs the library `{}` in the deployment `{}`, which is the one that it is a stage of",
                self.wave.impl_dir.display(),
                self.deployment.display(),
            );
            return Err(Error::failed(message)
                .hint("in its `ctl`, set `IMPL_DIR` to the library that the stage is to run"));
        }
        if disk::same(self.state_path(), &parent.state) {
            let message = format!(
                "stage `{stage}` runs betterform with the state of the betterform that runs the stage, `{}`",
                parent.state.display(),
            );
            return Err(Error::failed(message)
                .hint("in its `ctl`, set `GENFILES=$GENFILES/$STAGE_NAME` and `OUTPUT_DIR=$OUTPUT_DIR/$STAGE_NAME`"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::project::Library;
    use crate::source::sandbox::Sandbox;

    #[test]
    fn ctl_gets_the_environment_of_the_call_and_the_wave_variables() {
        let mut sandbox = Sandbox::new();
        for (name, value) in [
            ("BETTERFORM_STATE", "s/state.db"),
            ("BETTERFORM_JOBS", "3"),
            ("BETTERFORM_INPUTS_FILE", "i"),
            ("STAGE_NAME", "outer"),
            ("OTHER", ""),
        ] {
            sandbox.environment.set(name, value);
        }
        let project = sandbox.load().unwrap();
        let stage = StageName::new("one").unwrap();
        let root = sandbox.root.path().display().to_string();
        let seen = |stage: Option<&StageName>| -> Vec<String> {
            let environment = project.ctl_environment(stage);
            let all = environment.iter();
            all.map(|(n, v)| format!("{}={}", n.display(), v.display()).replace(&root, "@"))
                .collect()
        };
        let mut expected = vec![
            "BETTERFORM_PARENT_CONFIG_JSONNET_FILE=",
            "BETTERFORM_PARENT_CONFIG_JSON_FILE=@/dep/genfiles/config.json",
            "BETTERFORM_PARENT_DEPLOYMENT=@/dep",
            "BETTERFORM_PARENT_IMPL_DIR=@/lib",
            "BETTERFORM_PARENT_STATE=@/dep/s/state.db",
            "CONFIG_JSONNET_FILE=",
            "CONFIG_JSON_FILE=@/dep/genfiles/config.json",
            "GENFILES=@/dep/genfiles",
            "IMPL_DIR=@/lib",
            "INTERACTIVE=false",
            "OTHER=",
            "OUTPUT_DIR=@/dep/output",
            "STAGE_NAME=one",
        ];
        assert_eq!(seen(Some(&stage)), expected);
        expected.pop();
        assert_eq!(seen(None), expected);
    }

    #[test]
    fn a_nested_betterform_knows_its_parent() {
        let outer = Sandbox::new();
        let parent = outer.load().unwrap();
        let stage = StageName::new("one").unwrap();
        let mut inner = Sandbox::new();
        inner.environment = parent.ctl_environment(Some(&stage));
        inner.overrides.state = Some("s".into());
        let rerun = |sandbox: &Sandbox, cwd: &Path| {
            let (overrides, environment) = (sandbox.overrides.clone(), sandbox.environment.clone());
            let project =
                Project::load(cwd, None, overrides, environment, Library::Needed).unwrap();
            project.refuse_rerun().err().map(|error| outer.told(&error))
        };
        // All inherited.
        assert_eq!(
            rerun(&inner, &outer.path("dep")).unwrap(),
            "stage `one` runs the library `@/lib` in the deployment `@/dep`, which is the one that it is a stage of\n\
         help: in its `ctl`, set `IMPL_DIR` to the library that the stage is to run"
        );
        // Its own library, but where the parent keeps its state.
        let library = inner.path("lib");
        inner.environment.set("IMPL_DIR", library);
        inner.overrides.state = None;
        assert_eq!(
            rerun(&inner, &outer.path("dep")).unwrap(),
            "stage `one` runs betterform with the state of the betterform that runs the stage, `@/dep/.betterform/genfiles/state.db`\n\
         help: in its `ctl`, set `GENFILES=$GENFILES/$STAGE_NAME` and `OUTPUT_DIR=$OUTPUT_DIR/$STAGE_NAME`"
        );
        inner
            .environment
            .set("GENFILES", outer.path("dep/genfiles/one"));
        assert_eq!(rerun(&inner, &outer.path("dep")), None);
        assert_eq!(
            outer
                .load()
                .unwrap()
                .refuse_rerun()
                .err()
                .map(|it| it.to_string()),
            None
        );
    }

    #[test]
    fn a_jsonnet_file_of_its_own_leaves_the_parents_configuration_alone() {
        let outer = Sandbox::new();
        outer.write("dep/config.jsonnet", "{}");
        let parent = outer.load().unwrap();
        let mut inner = Sandbox::new();
        inner.environment = parent.ctl_environment(None);
        inner
            .environment
            .set("GENFILES", outer.path("dep/genfiles/one"));
        let json = |sandbox: &Sandbox| sandbox.load().unwrap().wave.config_json_file;
        assert_eq!(json(&inner), outer.path("dep/genfiles/config.json"));
        inner.environment.set("CONFIG_JSONNET_FILE", "own.jsonnet");
        assert_eq!(json(&inner), outer.path("dep/genfiles/one/config.json"));
        inner.environment.set("CONFIG_JSON_FILE", "own.json");
        assert_eq!(json(&inner), inner.path("dep/own.json"));
    }
}
