//! The examples, each on a copy: they work as they are written, and as their comments say.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::sandbox::{Ran, find, ran};

/// A copy of an example, and betterform to run on it.
struct Example {
    root: tempfile::TempDir,
    name: &'static str,
    place: String,
    variables: Vec<(&'static str, String)>,
}

impl Example {
    /// A copy of an example.
    fn copy(name: &'static str) -> Self {
        let root = tempfile::Builder::new()
            .prefix("betterform-example-")
            .tempdir()
            .expect("a temporary directory");
        let example = Self {
            root,
            name,
            place: "first".into(),
            variables: Vec::new(),
        };
        std::fs::create_dir(example.path("")).expect("a directory");
        let source = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("examples")
            .join(name);
        example.shell(&format!("cp -Rp '{}' .", source.display()));
        example.shell(&format!(
            "cd {name}/deployment && rm -rf genfiles output .betterform"
        ));
        example
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(&self.place).join(path)
    }

    fn deployment(&self) -> PathBuf {
        self.path(self.name).join("deployment")
    }

    fn file(&self, path: &str) -> PathBuf {
        self.path(self.name).join(path)
    }

    #[track_caller]
    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.file(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    #[track_caller]
    fn replace(&self, path: &str, old: &str, new: &str) {
        let text = self.read(path);
        assert!(text.contains(old), "`{old}` is not in {path}");
        std::fs::write(self.file(path), text.replace(old, new)).expect("written");
    }

    fn set(&mut self, name: &'static str, value: &str) {
        self.variables.push((name, value.into()));
    }

    /// Moves everything to another directory.
    fn relocate(&mut self) {
        let old = self.path("");
        self.place = "second/and deeper".into();
        std::fs::create_dir_all(self.root.path().join("second")).expect("a directory");
        std::fs::rename(old, self.path("")).expect("moved");
    }

    #[track_caller]
    fn shell(&self, line: &str) {
        let status = Command::new("sh")
            .args(["-euc", line])
            .current_dir(self.path(""))
            .status();
        assert!(status.expect("sh").success(), "{line}");
    }

    /// betterform with a clean environment, its own directory on PATH, under a umask.
    fn under(&self, umask: &str, arguments: &[&str]) -> Ran {
        let program = Path::new(env!("CARGO_BIN_EXE_betterform"));
        let mut path = program
            .parent()
            .expect("its directory")
            .as_os_str()
            .to_owned();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let mut command = Command::new("sh");
        command
            .args(["-c", "umask \"$0\"; exec \"$@\"", umask])
            .arg(program)
            .args(arguments)
            .current_dir(self.deployment())
            .env_clear()
            .env("PATH", path)
            .stdin(Stdio::null());
        for name in ["HOME", "GOMPLATE", "TMPDIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        ran(command.output().expect("betterform starts"))
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.under("022", arguments)
    }

    #[track_caller]
    fn is_up_to_date(&self) {
        self.run(&["plan", "--detailed-exitcode"]).exits(0);
        self.run(&["apply"]).exits(0).says("Nothing to do");
    }
}

#[test]
fn the_diamond_comes_up_stays_up_and_goes_down() {
    let example = Example::copy("diamond");
    example
        .run(&["apply", "--output", "prefix"])
        .exits(0)
        .says("[state_storage] bucket state-eu-north-1 in eu-north-1")
        .says("[parallel_a] network 10.0.0.0/16, state in s3://state-eu-north-1")
        .says("[parallel_b] database backed up to s3://state-eu-north-1");
    example.is_up_to_date();

    example.replace("library/config.libsonnet", "replicas: 2", "replicas: 3");
    example
        .run(&["plan", "--detailed-exitcode"])
        .exits(2)
        .says("final")
        .says("config .replicas changed")
        .never_says("parallel_a  stale");
    example
        .run(&["apply", "--output", "prefix"])
        .exits(0)
        .says("[final]")
        .never_says("[parallel_a]")
        .never_says("[state_storage]");
    let values = example.read("deployment/genfiles/final/values.yaml");
    assert_eq!(
        values,
        "replicas: 3\nzones: [a,b]\ndsn: \"postgres://db.eu-north-1.example\"\n"
    );
    assert_eq!(
        example.read("deployment/genfiles/final/chart/templates/deployment.yaml"),
        example.read("library/final/chart/templates/deployment.yaml"),
        "the chart is copied as it is"
    );
    example.is_up_to_date();

    example.replace("library/common.sh", "printf '%s\\n'", "printf '%s.\\n'");
    example
        .run(&["plan"])
        .exits(0)
        .says("shared common.sh changed");
    example.run(&["apply"]).exits(0);

    example
        .run(&["down", "--yes", "--output", "prefix", "-j1"])
        .exits(0)
        .says("4 stages taken down");
    example
        .run(&["down", "--yes"])
        .exits(0)
        .says("Nothing to do");
}

/// Applied, at the configured size; `None`, and a line that says so, where there is no terraform.
fn terraform() -> Option<Example> {
    if find("terraform").is_none() {
        println!("SKIPPED: terraform is not installed");
        return None;
    }
    let example = Example::copy("terraform");
    example.run(&["apply"]).exits(0);
    Some(example)
}

/// The id that the resource got when it was created.
fn id(example: &Example) -> String {
    let text = example.read("deployment/genfiles/database/terraform.tfstate");
    let state: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let id = &state["resources"][0]["instances"][0]["attributes"]["id"];
    id.as_str().expect("an id").to_owned()
}

#[test]
fn terraform_keeps_its_state_when_it_is_stamped_again() {
    let Some(example) = terraform() else { return };
    example.is_up_to_date();
    let created = id(&example);
    example.replace("deployment/config.jsonnet", "size: 10", "size: 20");
    example
        .run(&["plan", "--detailed-exitcode"])
        .exits(2)
        .says("config .size changed");
    example
        .run(&["apply", "--output", "prefix"])
        .exits(0)
        .says("0 added, 1 changed, 0 destroyed");
    assert_eq!(id(&example), created);
    example.is_up_to_date();
    example
        .run(&["down", "--yes", "--output", "prefix"])
        .exits(0)
        .says("1 destroyed");
}

#[test]
fn terraform_runs_again_for_its_variables_and_not_for_rotated_credentials() {
    let Some(mut example) = terraform() else {
        return;
    };
    example.set("AWS_SESSION_TOKEN", "rotated");
    example.set("AWS_ACCESS_KEY_ID", "another");
    example.is_up_to_date();
    example.set("TF_VAR_size", "30");
    example
        .run(&["plan", "--detailed-exitcode"])
        .exits(2)
        .says("env TF_VAR_size set");
    example
        .run(&["apply", "--output", "prefix"])
        .exits(0)
        .says("1 changed");
    example.is_up_to_date();
    example.set("TF_VAR_size", "40");
    example
        .run(&["down", "--yes"])
        .exits(1)
        .says("`TF_VAR_size` is not as when `database` was brought up");
    example
        .run(&["down", "--yes", "--accept-changed-env"])
        .exits(0);
}

#[test]
fn a_moved_terraform_deployment_runs_nothing_and_goes_down_there() {
    let Some(mut example) = terraform() else {
        return;
    };
    example.relocate();
    example
        .under("002", &["plan", "--detailed-exitcode"])
        .exits(0);
    example
        .under("002", &["apply"])
        .exits(0)
        .says("Nothing to do");
    example
        .run(&["down", "--yes", "--output", "prefix"])
        .exits(0)
        .says("1 destroyed");
}

#[test]
fn terraform_is_not_taken_down_without_its_state() {
    let Some(example) = terraform() else { return };
    std::fs::remove_dir_all(example.file("deployment/genfiles")).expect("removed");
    example.run(&["plan"]).exits(0).says("terraform.tfstate");
    example
        .run(&["down", "--yes"])
        .exits(1)
        .says("`terraform.tfstate` in the stamped directory of `database` is gone");
    example
        .run(&["down", "database", "--force", "--yes"])
        .exits(0);
}

#[test]
fn a_betterform_can_be_a_stage_of_another() {
    let example = Example::copy("nested");
    example
        .run(&["apply", "--output", "prefix"])
        .exits(0)
        .says("[inner] [greet] greet up: world")
        .says("[inner] [wave_goodbye] wave_goodbye up: world");
    example.is_up_to_date();

    example.replace("deployment/config.jsonnet", "world", "moon");
    example
        .run(&["apply", "--output", "prefix"])
        .exits(0)
        .says("greet up: moon");
    example.is_up_to_date();

    example
        .run(&["down", "--yes", "--output", "prefix"])
        .exits(0)
        .says("[inner] [wave_goodbye] wave_goodbye down: moon")
        .says("[inner] [greet] greet down: moon");
}

#[test]
fn what_a_nested_betterform_reads_is_an_input_of_its_stage() {
    let example = Example::copy("nested");
    example.run(&["apply"]).exits(0);
    example.replace("standalone/greet/ctl", "echo ", "echo Well, ");
    example
        .run(&["plan", "--detailed-exitcode"])
        .exits(2)
        .says("inner")
        .says("standalone/greet changed");
    example
        .run(&["apply", "--output", "prefix"])
        .exits(0)
        .says("[greet] Well, greet up: world")
        .never_says("[wave_goodbye]");
    example.is_up_to_date();

    std::fs::write(example.file("standalone/greet/new"), "new\n").expect("written");
    example
        .run(&["plan", "--detailed-exitcode"])
        .exits(2)
        .says("inner");
    example.run(&["apply"]).exits(0);
    example.is_up_to_date();

    let more = "$(call define_stage, greet, )\n$(call define_stage, wave_goodbye, )\n";
    std::fs::write(example.file("standalone/betterform_dag.mk"), more).expect("written");
    example
        .run(&["plan", "--detailed-exitcode"])
        .exits(2)
        .says("betterform_dag.mk");
}

#[test]
fn inputs_that_a_nested_library_declares_are_inputs_of_its_stage() {
    let example = Example::copy("nested");
    example.shell("mkdir -p nested/modules/deep && echo one > nested/modules/deep/file");
    let settings = "[stage.greet]\ninputs = [\"../modules/**\"]\n";
    std::fs::write(example.file("standalone/betterform.toml"), settings).expect("written");
    example.run(&["apply"]).exits(0);
    example.is_up_to_date();
    example.replace("modules/deep/file", "one", "two");
    example
        .run(&["apply", "--output", "prefix"])
        .exits(0)
        .says("[greet]")
        .never_says("[wave_goodbye]");
    example.is_up_to_date();
}

#[test]
fn a_moved_nested_deployment_runs_nothing_and_goes_down_there() {
    let mut example = Example::copy("nested");
    example.run(&["apply"]).exits(0);
    example.relocate();
    example.is_up_to_date();
    example.replace("standalone/greet/ctl", "echo ", "echo Well, ");
    example
        .run(&["apply", "--output", "prefix"])
        .exits(0)
        .says("[greet] Well, greet up: world")
        .never_says("[wave_goodbye]");
    example.is_up_to_date();
    example
        .run(&["down", "--yes", "--output", "prefix"])
        .exits(0)
        .says("Well, greet down: world");
}

#[test]
fn a_nested_betterform_whose_record_is_gone_is_not_taken_down() {
    let example = Example::copy("nested");
    example.run(&["apply"]).exits(0);
    std::fs::remove_dir_all(example.file("deployment/genfiles/inner")).expect("removed");
    example.run(&["plan"]).exits(0).says("state.db");
    example
        .run(&["down", "--yes", "--output", "prefix"])
        .exits(1)
        .says("state.db` in the stamped directory of `inner` is gone")
        .never_says("greet down");
}

#[test]
fn the_tour_works() {
    let tour = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/tour.sh");
    let output = Command::new("sh")
        .arg(tour)
        .env("BETTERFORM", env!("CARGO_BIN_EXE_betterform"))
        .stdin(Stdio::null())
        .output();
    ran(output.expect("sh")).exits(0);
}

/// [`Example::copy`] is called with each of these above.
#[test]
fn every_example_is_tried() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let entries = std::fs::read_dir(examples).expect("examples");
    let mut names: Vec<_> = (entries.map(|entry| entry.expect("an entry")))
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    let tried = include_str!("examples.rs");
    for name in &names {
        let copies = tried.contains(&format!("Example::copy(\"{name}\")"));
        assert!(copies, "no test tries the example `{name}`");
    }
    assert!(names.len() >= 3, "{names:?}");
}
