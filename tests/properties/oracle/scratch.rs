//! What every stage does, worked out by running it by hand. No betterform is involved.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use crate::oracle::Oracle;
use crate::world::name;

impl Oracle {
    /// Runs every `ctl` by hand in a directory of its own, with templates filled in by hand.
    pub(super) fn from_scratch(&self) -> BTreeMap<usize, (String, String)> {
        let scratch = tempfile::tempdir().expect("a temporary directory");
        let at = |path: String| scratch.path().join(path);
        for directory in ["output", "fail"] {
            fs::create_dir_all(at(directory.into())).expect("a directory");
        }
        fs::write(at("config.json".into()), self.world.json()).expect("a file");
        let mut results = BTreeMap::new();
        for stage in self.world.present() {
            let home = at(format!("dep/genfiles/{}", name(stage)));
            fs::create_dir_all(&home).expect("a directory");
            for (file, text, executable) in self.world.templates(stage) {
                let text = match file.as_str() {
                    "conf" => self.world.conf(stage),
                    "read" => self.world.read(stage),
                    _ => text,
                };
                fs::write(home.join(&file), text).expect("a file");
                use std::os::unix::fs::PermissionsExt;
                let mode = if executable { 0o755 } else { 0o644 };
                fs::set_permissions(home.join(&file), fs::Permissions::from_mode(mode))
                    .expect("a mode");
            }
            let mut command = Command::new(home.join("ctl"));
            command.arg("up").current_dir(&home).env_clear();
            command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
            for (index, value) in self.world.variables.iter().enumerate() {
                if let Some(value) = value {
                    command.env(format!("APP_{index}"), value.to_string());
                }
            }
            let status = command
                .env("STAGE_NAME", name(stage))
                .env("LIBRARY", self.sandbox.path("lib"))
                .env("OUTPUT_DIR", at("output".into()))
                .env("GENFILES", at("dep/genfiles".into()))
                .env("CONFIG_JSON_FILE", at("config.json".into()))
                .env("BETTERFORM_INPUTS_FILE", at("reported".into()))
                .env("FAIL_DIR", at("fail".into()))
                .env("ORDER_LOG", at("order.log".into()))
                .status()
                .expect("ctl starts");
            assert!(status.success(), "the oracle's own run failed");
            let effect = fs::read_to_string(home.join("effect.txt")).expect("effect");
            let output =
                fs::read_to_string(at(format!("output/{}/out", name(stage)))).expect("out");
            results.insert(stage, (effect, output));
        }
        results
    }
}
