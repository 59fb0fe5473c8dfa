//! A case of `tests/stamping/`: sets it up, and has it rendered by gomplate itself or by a stamper.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use betterform::core::stage::StageName;
use betterform::error::Error;
use betterform::stamp::source::{Source, Treatment};
use betterform::stamp::{Rendered, Request, StampSettings, Stamper};
use betterform::system::environment::Environment;
use serde_json::Value;
use tempfile::TempDir;

use crate::outcome::{Failure, Outcome, ROOT};
use crate::tree::{copy_tree, mode, read_tree, write};

/// A case, set up in a directory of its own.
pub(crate) struct Case {
    pub(crate) directory: PathBuf,
    /// The temporary directory, without symlinks in its path.
    pub(crate) root: PathBuf,
    pub(crate) config: Value,
    pub(crate) settings: StampSettings,
    pub(crate) copied: Vec<PathBuf>,
    pub(crate) environment: Environment,
    _temporary: TempDir,
}

impl Case {
    pub(crate) fn set_up(directory: &Path) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path().canonicalize().unwrap();
        let parts = [
            ("stage", "library/stage"),
            ("shared", "shared"),
            ("deployment", "deployment"),
            ("output", "output"),
        ];
        for (from, to) in parts {
            copy_tree(&directory.join(from), &root.join(to));
        }
        let config = std::fs::read(directory.join("config.json"))
            .or_else(|_| std::fs::read(directory.with_file_name("config.json")))
            .unwrap();
        write(&root.join("config.json"), &config);
        let settings: Value = std::fs::read(directory.join("settings.json"))
            .map(|text| serde_json::from_slice(&text).unwrap())
            .unwrap_or_default();
        let text = |key: &str| settings[key].as_str().map(str::to_owned);
        let list = |key: &str| -> Vec<String> {
            let items = settings[key].as_array().into_iter().flatten();
            items
                .map(|item| item.as_str().unwrap().to_owned())
                .collect()
        };
        let case = Self {
            directory: directory.to_owned(),
            config: serde_json::from_slice(&config).unwrap(),
            settings: StampSettings {
                left_delim: text("left_delim"),
                right_delim: text("right_delim"),
                verbatim: list("verbatim"),
                ..StampSettings::default()
            },
            copied: list("copied").into_iter().map(PathBuf::from).collect(),
            environment: environment(directory, &root),
            root,
            _temporary: temporary,
        };
        case.prepare();
        case
    }

    /// Does what `setup` says.
    pub(crate) fn prepare(&self) {
        let text = std::fs::read_to_string(self.directory.join("setup")).unwrap_or_default();
        for line in text.lines() {
            let (command, rest) = line.split_once(' ').unwrap();
            match command {
                "mkdir" => std::fs::create_dir_all(self.root.join("library").join(rest)).unwrap(),
                "chmod" => {
                    let (mode, path) = rest.split_once(' ').unwrap();
                    let mode = u32::from_str_radix(mode, 8).unwrap();
                    let permissions = std::fs::Permissions::from_mode(mode);
                    let path = self.root.join("library").join(path);
                    std::fs::set_permissions(path, permissions).unwrap();
                }
                other => panic!("`setup` does not know `{other}`"),
            }
        }
    }

    pub(crate) fn with_request<T>(
        &self,
        stage_dir: &Path,
        action: impl FnOnce(&Request<'_>) -> T,
    ) -> T {
        action(&Request {
            stage: &StageName::new("stage").unwrap(),
            template_dir: stage_dir,
            config_json_file: &self.root.join("config.json"),
            config: &self.config,
            environment: &self.environment,
            deployment: &self.root.join("deployment"),
            settings: &self.settings,
        })
    }

    pub(crate) fn stage_dir(&self) -> PathBuf {
        self.root.join("library/stage")
    }

    /// What gomplate itself makes of it, with the files taken out that it is not to see.
    pub(crate) fn run_gomplate(&self, binary: &Path) -> Outcome {
        let stage = self.stage_dir();
        let own = stage.join(".betterformverbatim");
        let mut copies = BTreeMap::new();
        for path in &self.copied {
            let full = stage.join(path);
            copies.insert(
                path.clone(),
                (
                    std::fs::read(&full).unwrap(),
                    mode(&full) & self.all_that_umask_leaves(),
                ),
            );
        }
        let taken_out: Vec<_> = self.copied.iter().map(|path| stage.join(path)).collect();
        let taken_out: Vec<_> = taken_out
            .into_iter()
            .chain(own.exists().then_some(own))
            .collect();
        let aside: Vec<_> = taken_out
            .iter()
            .map(|path| (std::fs::read(path).unwrap(), mode(path)))
            .collect();
        for path in &taken_out {
            std::fs::remove_file(path).unwrap();
        }
        let outcome = self.run_gomplate_on(binary, &stage);
        for (path, (content, mode)) in taken_out.iter().zip(aside) {
            write(path, &content);
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        match outcome {
            Outcome::Files(mut files) => {
                files.extend(copies);
                Outcome::Files(files)
            }
            failure @ Outcome::Failure(_) => failure,
        }
    }

    /// The mode of a new file that asks for every permission.
    pub(crate) fn all_that_umask_leaves(&self) -> u32 {
        let path = self.root.join("probe");
        let mut options = std::fs::OpenOptions::new();
        options.create(true).write(true).truncate(true).mode(0o777);
        options.open(&path).unwrap();
        mode(&path)
    }

    #[expect(clippy::disallowed_methods, reason = "the test runs gomplate itself")]
    pub(crate) fn run_gomplate_on(&self, binary: &Path, stage: &Path) -> Outcome {
        let output_dir = self.root.join("direct");
        let mut context = OsString::from("cfg=");
        context.push(self.root.join("config.json"));
        let mut command = Command::new(binary);
        command.arg("--context").arg(context);
        command.arg("--input-dir").arg(stage);
        command.arg("--output-dir").arg(&output_dir);
        if stage.join(".gomplate.yaml").exists() {
            command.arg("--config").arg(stage.join(".gomplate.yaml"));
        }
        for (flag, delimiter) in [
            ("--left-delim", &self.settings.left_delim),
            ("--right-delim", &self.settings.right_delim),
        ] {
            command.args(delimiter.iter().flat_map(|text| [flag, text]));
        }
        command.env_clear().envs(self.environment.iter());
        command
            .current_dir(self.root.join("deployment"))
            .stdin(Stdio::null());
        let output = command.output().unwrap();
        if output.status.success() {
            return Outcome::Files(read_tree(&output_dir));
        }
        let stderr = String::from_utf8_lossy(&output.stderr);
        let record = stderr.lines().find(|line| line.starts_with("{\"time\""));
        let record: Value = serde_json::from_str(record.unwrap()).unwrap();
        let message = record["err"].as_str().unwrap();
        Outcome::Failure(self.failure(message))
    }

    /// gomplate's message, and the place that it names, worked out from the message alone.
    pub(crate) fn failure(&self, message: &str) -> Failure {
        let stage = format!("{}/", self.stage_dir().display());
        let expression = format!(
            r"template: {}([^:]+):(\d+)(?::(\d+))?: ",
            regex::escape(&stage)
        );
        let found = regex::Regex::new(&expression).unwrap().captures(message);
        let place = found.map(|found| {
            let file = found[1].to_owned();
            let line: usize = found[2].parse().unwrap();
            let content = std::fs::read(self.stage_dir().join(&file)).unwrap();
            let text = content
                .split(|byte| *byte == b'\n')
                .nth(line - 1)
                .unwrap()
                .to_owned();
            let column = found.get(3).map(|bytes| {
                let bytes: usize = bytes.as_str().parse().unwrap();
                String::from_utf8_lossy(&text[..bytes]).chars().count() + 1
            });
            (file, line, column)
        });
        let root = self.root.to_str().unwrap();
        let message = message.replace(root, ROOT);
        // gomplate's own file system has no leading slash.
        let message = message.replace(root.trim_start_matches('/'), ROOT);
        Failure { place, message }
    }

    /// What a stamper makes of it.
    pub(crate) fn render(&self, stamper: &dyn Stamper) -> Outcome {
        match self.with_request(&self.stage_dir(), |request| stamper.render(request)) {
            Ok(Rendered { files, .. }) => Outcome::Files(
                files
                    .into_iter()
                    .map(|(path, file)| (path, (file.content.to_vec(), file.mode)))
                    .collect(),
            ),
            Err(error) => Outcome::Failure(Failure {
                place: place_of(&error),
                message: error.message().to_owned(),
            }),
        }
    }

    /// Compares the files that need no rendering, and the list of files, with what is expected.
    pub(crate) fn check_source(&self, expected: &Outcome) -> Result<(), String> {
        let source = self.with_request(&self.stage_dir(), Source::read);
        let (source, expected) = match (source, expected) {
            (Ok(source), Outcome::Files(files)) => (source, files),
            (Err(_) | Ok(_), Outcome::Failure(_)) => return Ok(()),
            (Err(error), Outcome::Files(_)) => return Err(format!("cannot be read: {error}")),
        };
        for path in expected.keys() {
            if source.file(path).is_none() {
                return Err(format!("`{}` is left out", path.display()));
            }
        }
        for file in source
            .files
            .iter()
            .filter(|file| file.treatment != Treatment::Render)
        {
            let copy = file
                .copied()
                .map(|copy| (copy.content.to_vec(), copy.mode & 0o100));
            let wanted = expected.get(&file.path);
            let wanted = wanted.map(|(content, mode)| (content.clone(), mode & 0o100));
            if copy != wanted {
                return Err(format!("`{}` is copied wrongly", file.path.display()));
            }
        }
        Ok(())
    }
}

fn place_of(error: &Error) -> Option<(String, usize, Option<usize>)> {
    let at = error.diagnostics().first()?;
    let file = at.path.strip_prefix("stage/").unwrap_or(&at.path);
    Some((file.to_owned(), at.line, at.column))
}

/// The environment of a case, and nothing of ours.
fn environment(directory: &Path, root: &Path) -> Environment {
    let mut environment = Environment::default();
    let paths = [
        ("HOME", "home"),
        ("IMPL_DIR", "library"),
        ("GENFILES", "genfiles"),
        ("OUTPUT_DIR", "output"),
        ("CONFIG_JSON_FILE", "config.json"),
    ];
    for (name, path) in paths {
        environment.set(name, root.join(path));
    }
    environment.set("PATH", "/usr/bin:/bin");
    environment.set("STAGE_NAME", "stage");
    let text = std::fs::read_to_string(directory.join("env")).unwrap_or_default();
    for (name, value) in text.lines().filter_map(|line| line.split_once('=')) {
        environment.set(name, value);
    }
    environment
}
